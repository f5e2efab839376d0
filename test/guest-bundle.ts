/** What runs inside an engine in a test: one script of a guest's module and all that it imports. */
import { build } from "esbuild";

/** @param guest its file, from the project's root */
export async function guestBundle(guest: string): Promise<string> {
  const built = await build({
    entryPoints: [guest],
    bundle: true,
    write: false,
    format: "iife",
    target: "es2022",
    banner: { js: '"use strict";' },
    logLevel: "silent",
  });
  return built.outputFiles[0].text;
}
