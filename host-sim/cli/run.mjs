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
// Peers that only bench and fuzz need, development dependencies: required when their command runs, for
// esbuild would move an import of them to the top of the bundle.
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
const bundle = await build({
  absWorkingDir: root,
  entryPoints: ["host-sim/cli/index.ts"],
  write: false,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  packages: "external",
  plugins: [peers],
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
