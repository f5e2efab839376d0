#!/usr/bin/env node
// Starts the command line: bundles its TypeScript with esbuild (some 50 ms) and runs the result, so
// that there is no build step to forget. Plain JavaScript, because Node 20 runs no TypeScript.
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("../../", import.meta.url));
const outfile = `${root}build/cli.mjs`;
mkdirSync(`${root}build`, { recursive: true });
await build({
  absWorkingDir: root,
  entryPoints: ["host-sim/cli/index.ts"],
  outfile,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  packages: "external",
  sourcemap: "inline",
  logLevel: "error",
});
process.setSourceMapsEnabled(true);
await import(outfile);
