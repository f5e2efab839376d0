/** Debian's Chromium without a window, where it is installed. */
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";
import type { Browser } from "playwright-core";

const executablePath = "/usr/bin/chromium";

/** Whether browser tests can run. In CI they have to. */
export const hasBrowser = existsSync(executablePath) || process.env.CI !== undefined;
if (!hasBrowser) console.warn(`skipped: ${executablePath} is not installed`);

const flags =
  "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking " +
  "--disable-component-update --disable-sync";

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath, headless: true, args: flags.split(" ") });
}
