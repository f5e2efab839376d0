/**
 * A story as somebody walks it: a stand-in in a process of its own, its console in Chromium, and at each stop what
 * has to hold everywhere: nothing is wider than the window, nothing serious bars anybody, and the browser has
 * nothing to complain about.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { launchChromium } from "../../../../../host-sim/inspect/report/pictures";
import { launch } from "../../../cli/command-line";
import { expectAccessible } from "../axe";
import { expectNoOverflow, watchRequests } from "../browser-rig";
import { slowDown } from "../slow-page";
import type { Browser, BrowserContext, Locator, Page } from "playwright-core";
import type { Running } from "../../../cli/command-line";

/** A window's width, CSS pixels, and its colours. */
export type Look = readonly [width: 1440 | 768 | 390, colours: "light" | "dark"];

/** All of them: each story takes a part in `npm test`, by its density. */
export const looks: readonly Look[] = [
  [1440, "light"],
  [1440, "dark"],
  [768, "light"],
  [768, "dark"],
  [390, "light"],
  [390, "dark"],
];

/** A stand-in that serves. */
interface StandIn {
  /** Of the console and the API: `http://127.0.0.1:PORT`. */
  readonly origin: string;
  /** Of CoAP. */
  readonly port: number;
  end(): Promise<void>;
}

/** A shell's command that runs. */
interface Ran {
  output(): string;
  end(): Promise<void>;
}

export interface Walk {
  readonly page: Page;
  readonly context: BrowserContext;
  /** For files of this walk. */
  readonly folder: string;
  /** Writes a file into the folder. @returns its path */
  file(name: string, content: unknown): string;
  standIn(args: readonly string[], env?: Record<string, string>): Promise<StandIn>;
  /** Runs what a page says, in this project's folder. */
  shell(command: string, env?: Record<string, string>): Ran;
  /** Another one's browser, whose pages have to please as this one's. */
  somebodyElse(): Promise<Page>;
  /** Checks what has to hold everywhere. @param name what is told when it does not */
  stop(name: string, page?: Page): Promise<void>;
  /** What the story itself provokes, from now on and before, such as a refusal. */
  forgive(pattern: RegExp): void;
}

let browser: Browser;
const endings: (() => Promise<void> | void)[] = [];

/** Starts the browser for the stories of a file, and ends after each what it began. Call it in a `describe`. */
export function useStories(): void {
  beforeAll(async () => void (browser = await launchChromium()));
  afterAll(() => browser?.close());
  afterEach(async () => {
    for (const end of endings.splice(0).reverse()) await end();
  });
}

export async function begin([width, colorScheme]: Look): Promise<Walk> {
  const folder = mkdtempSync(join(tmpdir(), "enos-story-"));
  endings.push(() => rmSync(folder, { recursive: true, force: true }));
  const complaints: string[] = [];
  const forgiven: RegExp[] = [];
  const origins = new Set<string>();
  const open = async (): Promise<{ context: BrowserContext; page: Page }> => {
    const context = await browser.newContext({
      ...{ viewport: { width, height: 900 }, colorScheme, locale: "en-GB", timezoneId: "UTC" },
      ...{ acceptDownloads: true, permissions: ["clipboard-read", "clipboard-write"] },
    });
    endings.push(() => context.close());
    const page = await context.newPage();
    await slowDown(page);
    watchRequests(page);
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(`${message.text()} ${message.location().url}`);
    });
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("request", (request) => {
      const url = new URL(request.url());
      const isOurs = origins.has(url.origin) || ["data:", "blob:", "file:"].includes(url.protocol);
      if (!isOurs) complaints.push(`request to ${url.href}`);
    });
    return { context, page };
  };
  const { context, page } = await open();
  return {
    ...{ page, context, folder },
    file(name, content) {
      const path = join(folder, name);
      writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
      return path;
    },
    async standIn(args, env) {
      const running = launch(["cloud", ...args], env);
      endings.push(() => ended(running));
      const [, port] = await running.until(/on coap:\/\/127\.0\.0\.1:(\d+)/);
      const [, origin] = await running.until(/(http:\/\/127\.0\.0\.1:\d+)/);
      origins.add(origin);
      return { origin, port: Number(port), end: () => ended(running) };
    },
    shell(command, env = {}) {
      const child = spawn("sh", ["-c", command], {
        ...{ detached: true, stdio: ["ignore", "pipe", "pipe"] },
        env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
      });
      let said = "";
      for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (said += String(text)));
      const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
      const end = async (): Promise<void> => {
        // The group: a shell's own children outlive it.
        if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid!, "SIGTERM");
        await closed;
      };
      endings.push(end);
      return { output: () => said, end };
    },
    somebodyElse: async () => (await open()).page,
    async stop(name, at = page) {
      try {
        await expectNoOverflow(at);
        await expectAccessible(at);
        expect(complaints.filter((each) => !forgiven.some((pattern) => pattern.test(each)))).toEqual([]);
      } catch (error) {
        throw new Error(`at the stop "${name}", ${width} px, ${colorScheme}: ${String(error)}`, {
          cause: error,
        });
      }
    },
    forgive: (pattern) => void forgiven.push(pattern),
  };
}

async function ended(running: Running): Promise<void> {
  if (running.process.exitCode === null && running.process.signalCode === null) {
    running.process.kill("SIGTERM");
  }
  await running.finished;
}

/** Puts a text in place of all that is in an editor, as people do: from the clipboard. */
export async function paste(field: Locator, text: string): Promise<void> {
  await field.page().evaluate(`navigator.clipboard.writeText(${JSON.stringify(text)})`);
  await field.press("Control+a");
  await field.press("Control+v");
}

/** What a button puts into the clipboard. */
export async function copied(button: Locator): Promise<string> {
  const page = button.page();
  await page.evaluate('navigator.clipboard.writeText("")');
  await button.click();
  const content = (): Promise<string> => page.evaluate("navigator.clipboard.readText()");
  await expect.poll(content).not.toBe("");
  return content();
}
