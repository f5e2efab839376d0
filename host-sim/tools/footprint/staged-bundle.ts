/**
 * The firmware in two scripts, so that what a board has in flash can be told from what it has in RAM:
 *
 *   preloaded   the modules that the board's manifest preloads, and the SDK's own. On a board they have run on the
 *               developer's machine, and what they made lies in flash.
 *   main        what is not preloaded. It runs on the board, and what it makes takes RAM.
 *
 * The first leaves its modules in a global object, from which the second takes what it imports, and calls
 * main's function `startsAfter` ms after the boot event: time to evaluate the second.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, posix } from "node:path";
import { build } from "esbuild";
import { bundleFirmware } from "../../sim/board/bundle";
import { projectRoot } from "../../project";
import { products } from "../../sim/world/products";
import { boardFirmware, firmwareWith, stripTypes } from "./modules";
import type { ApplicationName } from "../../sim/world/device-options";
import type { BoardFirmware } from "./modules";
import type { Plugin } from "esbuild";

export interface StagedBundle {
  readonly preloaded: string;
  readonly main: string;
}

/** ms from the boot event to main's call. */
const startsAfter = 1;
/** ms after the start at which tags go out. */
const tagsAfter = 1_000_000;

/** Modules of the SDK that the firmware uses. Their stand-ins here are no part of the firmware. */
const sdk = (
  "timer time crypt resetReason mc/config mc/ffi " +
  "embedded:io/serial embedded:io/digital embedded:io/smbus embedded:storage/key-value embedded:storage/flash"
).split(" ");
/** Those that the example with real parts uses besides. */
const sdkOfRoom = ["embedded:io/i2c", "embedded:io/analog", "embedded:sensor/Humidity-Temperature/SHT3x"];

/** Classes of the products' applications, as the first script has them. */
const applications: Readonly<Record<ApplicationName, string>> = Object.freeze({
  demo: 'modules["application"].DemoApplication',
  room: 'modules["product/application"].RoomApplication',
});

/**
 * Readings are put together until a datagram is full, never beyond: only what an application sends goes in
 * blocks. So this one sets tags, once, of 20 times 40 characters.
 */
const tagger = (application: ApplicationName): string => `
const { prototype } = ${applications[application]};
const { start } = prototype;
prototype.start = function (device, boot) {
  start?.call(this, device, boot);
  modules["timer"].default.set(() => {
    const tags = {};
    for (let i = 0; i < 20; i++) tags["tag" + i] = "x".repeat(40);
    device.updateTags(tags);
  }, ${tagsAfter});
};
`;

/**
 * The scripts to evaluate: the first, then after the boot event the second.
 *
 * @param options.long the application sends a message too long for a datagram
 * @param options.modem the family that the board carries; its own when left out
 * @param options.application the product that it carries
 */
export async function stagedBundle(options: {
  readonly long: boolean;
  readonly modem?: string;
  readonly application?: ApplicationName;
}): Promise<StagedBundle> {
  const { application = "demo" } = options;
  const board = boardOf(options.modem, application);
  const used = application === "room" ? [...sdk, ...sdkOfRoom] : sdk;
  const places = new Map(used.map((name) => [name, name]));
  for (const { name, file, preloaded } of board.modules) {
    if (preloaded) places.set(name, join(projectRoot(), file));
  }
  const [preloaded, main] = await Promise.all([
    bundlePreloaded(places, board, options.long ? application : undefined),
    bundleMain(places, board),
  ]);
  return { preloaded, main };
}

/** What is measured: the usual board, or any board with this modem or product. */
export function boardOf(modem: string | undefined, application: ApplicationName = "demo"): BoardFirmware {
  if (application === "demo") return modem === undefined ? boardFirmware() : firmwareWith(modem);
  return firmwareWith(modem ?? boardFirmware().modem, projectRoot(), products[application].folder);
}

/** @param long the product whose application sends a message too long for a datagram; undefined for none that does */
async function bundlePreloaded(
  places: ReadonlyMap<string, string>,
  board: BoardFirmware,
  long: ApplicationName | undefined,
): Promise<string> {
  const names = [...places.keys()];
  const lines = names.map((name, i) => `import * as m${i} from ${JSON.stringify(places.get(name))};`);
  const entries = names.map((name, i) => `  ${JSON.stringify(name)}: m${i},`);
  const source = [
    ...lines,
    "const modules = {",
    ...entries,
    "};",
    long === undefined ? "" : tagger(long),
    "globalThis.firmware = modules;",
    `export default () => modules["timer"].default.set(() => modules.main(), ${startsAfter});`,
    "",
  ];
  const folder = join(projectRoot(), "build/footprint");
  mkdirSync(folder, { recursive: true });
  const product = places.has("product/application") ? "room" : "demo";
  const entry = join(
    folder,
    `preloaded-${process.pid}-${product}-${board.modem}-${long === undefined ? "short" : "long"}.js`,
  );
  writeFileSync(entry, source.join("\n"));
  try {
    return await bundleFirmware({ entry, modules: board.manifest.modules });
  } finally {
    rmSync(entry, { force: true });
  }
}

const startMain = `import main from "./firmware/main";\nglobalThis.firmware.main = main;\n`;
/** A function that lies in flash is called by the SDK's runtime all the same. */
const startPreloaded = `firmware.main = firmware.main.default;\n`;

async function bundleMain(places: ReadonlyMap<string, string>, board: BoardFirmware): Promise<string> {
  const root = projectRoot();
  const result = await build({
    absWorkingDir: root,
    stdin: {
      contents: places.has("main") ? startPreloaded : startMain,
      resolveDir: root,
    },
    bundle: true,
    write: false,
    format: "iife",
    target: "es2022",
    banner: { js: '"use strict";' },
    logLevel: "silent",
    plugins: [takeFromGlobal(places, board)],
  });
  return result.outputFiles[0].text;
}

/**
 * Imports of preloaded modules become constants, taken from the global object: a slot for each name, as
 * for an import on the board.
 */
function takeFromGlobal(places: ReadonlyMap<string, string>, board: BoardFirmware): Plugin {
  const names = new Map([...board.manifest.modules].map(([name, file]) => [file, name]));
  return {
    name: "preloaded",
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const source = stripTypes(readFileSync(path, "utf8"));
        const contents = source.replace(importLine, (line, clause: string, from: string) => {
          const own = posix.dirname(names.get(path) ?? "");
          const name = from.startsWith(".") ? posix.join(own, from) : from;
          return places.has(name) ? constants(clause, `firmware[${JSON.stringify(name)}]`) : line;
        });
        return { contents, loader: "js" };
      });
    },
  };
}

/** An import as the compiler writes it: on one line. */
const importLine = /^import (.+) from "([^"]+)";$/gm;

/** The names of `A`, `{ b, c as d }` or `A, { b }` as constants. */
function constants(clause: string, from: string): string {
  const [, whole, list] = /^([\w$]+)?(?:, )?(?:\{(.*)\})?$/.exec(clause) ?? [];
  if (whole === undefined && list === undefined)
    throw new Error(`an import that is not understood: ${clause}`);
  const named = list === undefined ? [] : list.split(",").map((each) => each.trim().replace(" as ", ": "));
  return `const { ${[...(whole === undefined ? [] : [`default: ${whole}`]), ...named].join(", ")} } = ${from};`;
}
