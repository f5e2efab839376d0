#!/usr/bin/env node
// Starts the command line: bundles its TypeScript with esbuild (some 50 ms) and runs the result, so
// that there is no build step to forget. Plain JavaScript, because Node 20 runs no TypeScript.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";

const { build } = await import("esbuild").catch(() => {
  process.stderr.write("the packages are not installed: run npm ci first\n");
  process.exit(1);
});

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = `${root}build`;
const bundle = await build({
  absWorkingDir: root,
  entryPoints: ["host-sim/cli/index.ts"],
  write: false,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  packages: "external",
  sourcemap: "inline",
  logLevel: "error",
});
const { contents } = bundle.outputFiles[0];

// Named by its content and moved into place: a cloud and a device may be started at the same moment.
const name = `cli-${createHash("sha256").update(contents).digest("hex").slice(0, 16)}.mjs`;
const file = `${folder}/${name}`;
if (!existsSync(file)) {
  mkdirSync(folder, { recursive: true });
  for (const other of readdirSync(folder)) {
    if (/^cli-[0-9a-f]{16}\.mjs$/.test(other)) rmSync(`${folder}/${other}`, { force: true });
  }
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, contents);
  renameSync(draft, file);
}
process.setSourceMapsEnabled(true);
await import(pathToFileURL(file).href);
