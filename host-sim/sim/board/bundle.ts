/**
 * Makes one script of the firmware and the simulated board's modules, for an engine that knows
 * neither files nor imports.
 */
import { join, relative, resolve } from "node:path";
import { bundled } from "../../bundled.mjs";
import { projectRoot } from "../../project";
import type { Plugin } from "esbuild";

/** Moddable's modules that the simulated board has, and the file that stands in for each. */
const modules: Readonly<Record<string, string>> = Object.freeze({
  crypt: "crypt",
  "embedded:io/digital": "digital",
  "embedded:io/serial": "serial",
  "embedded:io/smbus": "smbus",
  "embedded:storage/flash": "flash",
  "embedded:storage/key-value": "key-value",
  "mc/config": "config",
  "mc/ffi": "ffi",
  resetReason: "reset-reason",
  time: "time",
  timer: "timer",
});

/**
 * The script to evaluate in an engine.
 *
 * @param options.entry main module of the firmware; left out, the board's own
 * @throws the bundler's error when a file or a module is missing
 */
export async function bundleFirmware(options: { entry?: string } = {}): Promise<string> {
  const root = projectRoot();
  const entry = resolve(options.entry ?? join(root, "firmware/main.ts"));
  const { files } = await bundled({
    root,
    name: `firmware-${relative(root, entry).replace(/\W+/g, "-")}`,
    options: {
      entryPoints: ["host-sim/sim/board/guest/boot.ts"],
      // Below es2022 private fields would become WeakMaps, which a board does not pay for.
      format: "iife",
      target: "es2022",
      // Modules are strict; the script that they are made into has to say so.
      banner: { js: '"use strict";' },
      logLevel: "silent",
      plugins: [boardModules(join(root, "host-sim/sim/board/guest"), entry)],
    },
    sources: ["host-sim/sim/board/bundle.ts"],
  });
  return files.get("boot.js")!;
}

function boardModules(folder: string, entry: string): Plugin {
  return {
    name: "board-modules",
    setup({ onResolve }) {
      onResolve({ filter: /^firmware:main$/ }, () => ({ path: entry }));
      onResolve({ filter: /^[^./]/ }, ({ path, kind }) => {
        if (kind === "entry-point") return undefined;
        const file = modules[path];
        if (file !== undefined) return { path: join(folder, `${file}.ts`) };
        return { errors: [{ text: `the simulated board has no module "${path}"` }] };
      });
    },
  };
}
