#!/usr/bin/env node
// Starts the command line: bundles its TypeScript with esbuild, unless that was done before and no file has
// changed since, and runs the result, so that there is no build step to forget. Plain JavaScript, because
// Node 20 runs no TypeScript.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import * as nodeModule from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { bundled } from "../bundled.mjs";
import { mapStacks } from "./mapped-stacks.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
// Peers that only bench and fuzz need, development dependencies: a line of ours says so when one is missing.
const late = { coap: [], "coap-packet": ["generate", "parse"] };
const peers = {
  name: "peers",
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^(coap|coap-packet)$/ }, ({ path }) => ({ path, namespace: "peer" }));
    onLoad({ filter: /.*/, namespace: "peer" }, ({ path }) => ({
      contents:
        `import { createRequire } from "node:module";\n` +
        `let peer;\ntry {\n  peer = createRequire(import.meta.url)("${path}");\n} catch {\n` +
        `  process.stderr.write("${path} is not installed: run npm ci, without --omit=dev\\n");\n` +
        `  process.exit(1);\n}\n` +
        `export default peer;\nexport const { ${late[path].join(", ")} } = peer;\n`,
    }));
  },
};

// Loads Ajv where there is something to be bundled, and nowhere else.
const form = {
  name: "form",
  setup: async (build) => (await import("./compiled-form.mjs")).compileForm(build),
};

// Done again after each change of a file, which takes seconds where the machine has other work.
const notice = "putting the command line together, after a change of its files";
let isTold = false;
const telling = setTimeout(() => {
  isTold = process.stderr.isTTY;
  if (isTold) process.stderr.write(notice);
}, 700);
const bundle = await bundled({
  root,
  name: "cli",
  options: {
    // A campaign's workers run a script of their own.
    entryPoints: [
      "host-sim/cli/index.ts",
      "host-sim/tools/chaos/trial-worker.ts",
      "host-sim/tools/fleet/shard-worker.ts",
    ],
    entryNames: "[name]",
    outExtension: { ".js": ".mjs" },
    splitting: true,
    platform: "node",
    format: "esm",
    target: "node20",
    packages: "external",
    plugins: [peers, form],
    sourcemap: true,
    sourcesContent: false,
    logLevel: "error",
  },
  sources: [
    ...["host-sim/cli/run.mjs", "host-sim/cli/compiled-form.mjs", "host-sim/bundled.mjs"],
    "host-sim/model/model.schema.json",
  ],
}).catch((error) => {
  if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
  process.stderr.write("the packages are not installed: run npm ci first\n");
  process.exit(1);
});
clearTimeout(telling);
if (isTold) process.stderr.write(`\r${" ".repeat(notice.length)}\r`);
// Node 22.1 and later keep the compiled code, too.
nodeModule.enableCompileCache?.(join(root, "build/compiled"));
const index = pathToFileURL(join(bundle.folder ?? elsewhere(bundle.files), "index.mjs"));
mapStacks(new URL(".", index).href);
await import(index.href);

/**
 * Where the project cannot be written to: a folder that looks like it, but for build/, until this process ends.
 */
function elsewhere(files) {
  const project = mkdtempSync(join(tmpdir(), "enos-nbiot-xs-"));
  process.once("exit", () => rmSync(project, { recursive: true, force: true }));
  for (const name of readdirSync(root)) {
    if (name !== "build") symlinkSync(join(root, name), join(project, name));
  }
  const folder = join(project, "build/bundled");
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of files) writeFileSync(join(folder, name), text);
  return folder;
}
