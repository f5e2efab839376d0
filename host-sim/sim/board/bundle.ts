/**
 * Makes one script of the firmware and the simulated board's modules, for an engine that knows
 * neither files nor imports.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
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
  /** Without the white space that nobody's eyes need: what is written into an image. */
  readonly dense?: boolean;
  /** The product's folder, from the project's root; the demo's, firmware/product, when left out. */
  readonly product?: string;
  /** Text of sources that is made for the occasion, by the path from the project's root. */
  readonly sources?: ReadonlyMap<string, string>;
  /** Files that stand in for modules of the SDK, beside or in the place of the simulated board's; absolute paths. */
  readonly sdk?: ReadonlyMap<string, string>;
}

/** The folder of the demo's product. */
const demo = "firmware/product";

/** Moddable's modules that the simulated board has, and the file that stands in for each. */
const modules: Readonly<Record<string, string>> = Object.freeze({
  crypt: "crypt",
  "embedded:io/analog": "analog",
  "embedded:io/digital": "digital",
  "embedded:io/i2c": "i2c",
  "embedded:io/serial": "serial",
  "embedded:io/smbus": "smbus",
  "embedded:sensor/Humidity-Temperature/SHT3x": "sht3x",
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
  const { modules: named } = options;
  const entry = resolve(options.entry ?? named?.get("main") ?? join(root, "firmware/main.ts"));
  const { files } = await bundled({
    root,
    name: `firmware-${relative(root, entry).replace(/\W+/g, "-")}${fingerprint(options)}`,
    options: {
      entryPoints: ["host-sim/sim/board/guest/boot.ts"],
      // Below es2022 private fields would become WeakMaps, which a board does not pay for.
      format: "iife",
      target: "es2022",
      // Modules are strict; the script that they are made into has to say so.
      ...(options.dense === true ? { minifyWhitespace: true } : {}),
      banner: { js: '"use strict";' },
      logLevel: "silent",
      plugins: [boardModules(root, entry, options)],
    },
    sources: ["host-sim/sim/board/bundle.ts"],
  });
  return files.get("boot.js")!;
}

/** What is kept of one manifest's modules, or with one application, must not serve another's: empty for neither. */
function fingerprint({ modules: named, dense, application, product, sources, sdk }: BundleOptions): string {
  const chosen = [dense, application, product, named && [...named], sdk && [...sdk], sources && [...sources]];
  if (chosen.every((each) => each === undefined)) return "";
  return `-${createHash("sha256").update(JSON.stringify(chosen)).digest("hex").slice(0, 8)}`;
}

function boardModules(
  root: string,
  entry: string,
  {
    modules: named = new Map(),
    application,
    product = demo,
    sources = new Map(),
    sdk = new Map(),
  }: BundleOptions,
): Plugin {
  const folder = join(root, "host-sim/sim/board/guest");
  const wiring = join(root, demo, "wiring.ts");
  const names = new Map([...named].map(([name, file]) => [file, name]));
  return {
    name: "board-modules",
    setup({ onLoad, onResolve }) {
      onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const contents = sources.get(relative(root, path));
        return contents === undefined ? undefined : { contents, loader: "ts" };
      });
      onResolve({ filter: /^firmware:main$/ }, () => ({ path: entry }));
      onResolve({ filter: /^\.\.\/application$/ }, ({ importer }) => {
        return importer === wiring && application !== undefined ? { path: application } : undefined;
      });
      onResolve({ filter: /^\.\/product\// }, ({ path, importer }) => {
        if (importer !== join(root, "firmware/main.ts") || product === demo) return undefined;
        // What the product does not have, its version, is the demo's.
        const file = join(root, product, `${posix.basename(path)}.ts`);
        return existsSync(file) ? { path: file } : undefined;
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
        const own = sdk.get(path);
        if (own !== undefined) return { path: own };
        const file = modules[path];
        if (file !== undefined) return { path: join(folder, `${file}.ts`) };
        return { errors: [{ text: `the simulated board has no module "${path}"` }] };
      });
    },
  };
}
