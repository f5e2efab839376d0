/**
 * Makes one script of the firmware and the simulated board's modules, for an engine that knows
 * neither files nor imports.
 */
import { createHash } from "node:crypto";
import { join, posix, relative, resolve } from "node:path";
import { bundled } from "../../bundled.mjs";
import { projectRoot } from "../../project";
import type { Plugin } from "esbuild";

/** What to bundle besides the simulated board. */
export interface BundleOptions {
  /** Main module of the firmware; left out, the module "main" of `modules`, or the board's own. */
  readonly entry?: string;
  /**
   * The firmware's modules by their names, absolute paths, as a manifest has them. They are then found as on
   * the board, by name, and one that is missing there is missing here. Left out, modules are found by file.
   */
  readonly modules?: ReadonlyMap<string, string>;
  /** Absolute path of what takes the place of firmware/application.ts: it exports a `DemoApplication`. */
  readonly application?: string;
}

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
 * @throws the bundler's error when a file or a module is missing
 */
export async function bundleFirmware(options: BundleOptions = {}): Promise<string> {
  const root = projectRoot();
  const { modules: named, application } = options;
  const entry = resolve(options.entry ?? named?.get("main") ?? join(root, "firmware/main.ts"));
  // What is kept of one manifest's modules, or with one application, must not serve another's.
  const set = named === undefined && application === undefined ? "" : `-${fingerprint(named, application)}`;
  const { files } = await bundled({
    root,
    name: `firmware-${relative(root, entry).replace(/\W+/g, "-")}${set}`,
    options: {
      entryPoints: ["host-sim/sim/board/guest/boot.ts"],
      // Below es2022 private fields would become WeakMaps, which a board does not pay for.
      format: "iife",
      target: "es2022",
      // Modules are strict; the script that they are made into has to say so.
      banner: { js: '"use strict";' },
      logLevel: "silent",
      plugins: [boardModules(root, entry, named ?? new Map(), application)],
    },
    sources: ["host-sim/sim/board/bundle.ts"],
  });
  return files.get("boot.js")!;
}

function fingerprint(named: ReadonlyMap<string, string> = new Map(), application = ""): string {
  return createHash("sha256")
    .update(JSON.stringify([...named, application]))
    .digest("hex")
    .slice(0, 8);
}

function boardModules(
  root: string,
  entry: string,
  named: ReadonlyMap<string, string>,
  application: string | undefined,
): Plugin {
  const folder = join(root, "host-sim/sim/board/guest");
  const wiring = join(root, "firmware/product/wiring.ts");
  const names = new Map([...named].map(([name, file]) => [file, name]));
  return {
    name: "board-modules",
    setup({ onResolve }) {
      onResolve({ filter: /^firmware:main$/ }, () => ({ path: entry }));
      onResolve({ filter: /^\.\.\/application$/ }, ({ importer }) => {
        return importer === wiring && application !== undefined ? { path: application } : undefined;
      });
      onResolve({ filter: /./ }, ({ path, importer }) => {
        const importing = names.get(importer);
        if (importing === undefined) return undefined;
        // Relative to the importing module's name, as XS resolves it, whatever its file is called.
        const name = path.startsWith(".") ? posix.join(posix.dirname(importing), path) : path;
        const file = named.get(name);
        if (file !== undefined) return { path: file };
        if (!path.startsWith(".")) return undefined;
        return {
          errors: [{ text: `${importing} imports "${path}", and the manifest has no module "${name}"` }],
        };
      });
      onResolve({ filter: /^[^./]/ }, ({ path, kind }) => {
        if (kind === "entry-point") return undefined;
        const file = modules[path];
        if (file !== undefined) return { path: join(folder, `${file}.ts`) };
        return { errors: [{ text: `the simulated board has no module "${path}"` }] };
      });
    },
  };
}
