/**
 * Who may import whom: the whole plan of docs/architecture.md. Rooms build on each other in one direction, no
 * files form a circle, and the simulation's cloud, modem and radio share no line with the firmware, so that
 * each can judge the other.
 */
import { readFileSync, readdirSync } from "node:fs";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Paths from the root of all files below a folder, without what tools and installs put there. */
function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    if (entry.name.startsWith(".") || entry.name === "node_modules" || entry.name === "build") return [];
    const path = posix.join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : entry.isFile() ? [path] : [];
  });
}

interface Import {
  readonly file: string;
  /** A path from the root for what is ours, else the module's name. */
  readonly target: string;
  readonly typeOnly: boolean;
}

const statement =
  /\b(import|export)\s+(type\s)?(?:[\w\s{},*$]*?\bfrom\s+)?"([^"]+)"|\bimport\s*\(\s*"([^"]+)"/g;

function importsIn(file: string, source: string): Import[] {
  return [...source.matchAll(statement)].map((match) => {
    const name = match[3] ?? match[4];
    const target = name.startsWith(".") ? posix.join(posix.dirname(file), name) : name;
    return { file, target, typeOnly: match[2] !== undefined };
  });
}

function importsOf(folder: string): Import[] {
  return filesBelow(folder)
    .filter((file) => /\.(m?ts|tsx)$/.test(file) && !file.endsWith(".d.ts"))
    .flatMap((file) => importsIn(file, readFileSync(join(root, file), "utf8")));
}

/** A file's text without its comments. */
const codeOf = (file: string): string =>
  readFileSync(join(root, file), "utf8").replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");

/** `file -> target` for the imports that break a rule. */
const offenders = (imports: Import[], allowed: (each: Import) => boolean): string[] =>
  imports.filter((each) => !allowed(each)).map(({ file, target }) => `${file} -> ${target}`);

const below = (target: string, folders: readonly string[]): boolean =>
  folders.some((folder) => target.startsWith(`${folder}/`));

describe("the reader of imports", () => {
  test.each([
    ['import { a } from "./b";', "firmware/x/b", false],
    ['import type { a } from "../y/b";', "firmware/y/b", true],
    ['import {\n  a,\n  b as c,\n} from "./b";', "firmware/x/b", false],
    ['import a, * as b from "node:fs";', "node:fs", false],
    ['import "./b";', "firmware/x/b", false],
    ['export * from "./b";', "firmware/x/b", false],
    ['export type { a } from "./b";', "firmware/x/b", true],
    ['const a = await import("../../host-sim/b");', "host-sim/b", false],
  ])("sees %j", (source, target, typeOnly) => {
    expect(importsIn("firmware/x/a.ts", source)).toEqual([{ file: "firmware/x/a.ts", target, typeOnly }]);
  });

  it("misses no line that names a module", () => {
    for (const folder of ["firmware", "host-sim"]) {
      const lines = filesBelow(folder)
        .filter((file) => /\.(m?ts|tsx)$/.test(file) && !file.endsWith(".d.ts"))
        .flatMap(
          (file) => readFileSync(join(root, file), "utf8").match(/^(import\b.*|.*\}) ?from "/gm) ?? [],
        );
      expect(importsOf(folder).length).toBeGreaterThanOrEqual(lines.length);
      expect(lines.length).toBeGreaterThan(20);
    }
  });
});

/** Folders below one that hold files, by name. */
const foldersIn = (folder: string): string[] =>
  readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && filesBelow(posix.join(folder, entry.name)).length > 0)
    .map((entry) => entry.name)
    .sort();

describe("the firmware", () => {
  /** What a product's parts are, and where they are wired. */
  const wirings = /^firmware\/(product|room)\/wiring\.ts$/;

  /** Rooms that a product has or not, besides `seal`. */
  const optional = ["update", "health", "remote-settings"];

  /** Each room, and those that it may import from besides itself. */
  const rooms: [room: string, may: string[]][] = [
    ["text", []],
    ["timing", []],
    ["coap", []],
    ["journal", []],
    ["model", ["text"]],
    ["product", ["model", "application", "delivery", "device", "seal", ...optional]],
    ["room", ["model", "product", "delivery", "device", "enos", "seal", ...optional]],
    ["enos", ["coap", "text", "timing"]],
    ["modem/at", ["text"]],
    ["modem/family", ["modem/at", "text"]],
    ["modem/fitted", ["modem/family"]],
    ["modem/driver", ["modem/family", "modem/at", "modem/udp", "text", "timing"]],
    ["continuity", ["enos", "journal", "coap", "text", "timing"]],
    ["delivery", ["continuity", "enos", "journal", "model", "coap", "text", "timing"]],
    ["seal", ["delivery", "continuity", "enos", "journal", "model", "text"]],
    ["update", ["device", "continuity", "enos", "journal", "coap", "text", "timing"]],
    ["health", ["device", "continuity", "enos", "journal", "model", "modem", "text"]],
    ["remote-settings", ["device", "delivery", "continuity", "enos", "text"]],
    [
      "device",
      ["delivery", "continuity", "enos", "journal", "model", "modem", "update", "coap", "text", "timing"],
    ],
    ["board", ["device", "continuity", "enos", "journal", "update"]],
  ];

  test.each(rooms)("%s imports only from itself and %j", (room, may) => {
    const imports = importsOf(`firmware/${room}`);
    const allowed = [room, ...may].map((each) => `firmware/${each}`);
    const outside = ({ file, target }: Import): boolean =>
      // The board's bindings and a product's wiring name Moddable's modules; nobody else does.
      (!target.startsWith("firmware/") && (room === "board" || wirings.test(file))) ||
      below(target, allowed) ||
      allowed.includes(target);
    expect(filesBelow(`firmware/${room}`).length).toBeGreaterThan(0);
    expect(offenders(imports, outside)).toEqual([]);
  });

  it("has no room without a rule", () => {
    expect(foldersIn("firmware")).toEqual([...new Set(rooms.map(([room]) => room.split("/")[0]))].sort());
    expect(foldersIn("firmware/modem")).toEqual(["at", "driver", "family", "fitted"]);
  });

  it("has what seals in the products that seal, and nowhere else", () => {
    const imports = importsOf("firmware").filter(({ file }) => !file.startsWith("firmware/seal/"));
    const users = imports.filter(({ target }) => below(target, ["firmware/seal"]));
    expect(offenders(users, ({ file }) => /^firmware\/[^/]+\/sealing\.ts$/.test(file))).toEqual([]);
  });

  test.each(optional)("has %s in the products that have it, and nowhere else", (room) => {
    const imports = importsOf("firmware").filter(({ file }) => !file.startsWith(`firmware/${room}/`));
    const users = imports.filter(({ target, typeOnly }) => below(target, [`firmware/${room}`]) && !typeOnly);
    expect(offenders(users, ({ file }) => new RegExp(`^firmware/[^/]+/${room}\\.ts$`).test(file))).toEqual(
      [],
    );
  });

  it("names Moddable's modules in main.ts, board and a product's wiring only", () => {
    const imports = importsOf("firmware").filter(
      ({ file }) => file !== "firmware/main.ts" && !file.startsWith("firmware/board/") && !wirings.test(file),
    );
    expect(offenders(imports, ({ target }) => target.startsWith("firmware/"))).toEqual([]);
  });

  it("takes chance from one place, board/random.ts, and is handed it: never from Math.random", () => {
    const users = filesBelow("firmware").filter(
      (file) => file.endsWith(".ts") && /\bMath\.i?random\b/.test(codeOf(file)),
    );
    expect(users).toEqual([]);
    const drawing = filesBelow("firmware").filter(
      (file) => file.endsWith(".ts") && !file.endsWith(".d.ts") && /\benos_random\b/.test(codeOf(file)),
    );
    expect(drawing).toEqual(["firmware/board/random.ts"]);
  });

  it("takes nothing but types from the other rooms into board", () => {
    const imports = importsOf("firmware/board").filter(({ target }) => target.startsWith("firmware/"));
    expect(
      offenders(imports, ({ target, typeOnly }) => typeOnly || below(target, ["firmware/board"])),
    ).toEqual([]);
  });

  it("is wired together by main.ts alone: nothing imports it, a product's wiring, or board", () => {
    const imports = importsOf("firmware").filter(({ file }) => file !== "firmware/main.ts");
    expect(
      offenders(imports, ({ file, target }) => {
        if (target === "firmware/main" || wirings.test(`${target}.ts`)) return false;
        return !below(target, ["firmware/board"]) || file.startsWith("firmware/board/");
      }),
    ).toEqual([]);
  });

  it("knows nothing of the simulation, of Node, or of anything else outside its folder", () => {
    const outside = ({ target }: Import): boolean => !/^(node:|fs$|host-sim\/|test\/|\.\.)/.test(target);
    expect(offenders(importsOf("firmware"), outside)).toEqual([]);
  });
});

describe("the simulation", () => {
  /** From the top down: a wing imports from itself and from what stands after it. */
  const wings = ["cli", "tools", "inspect", "sim", "cloud", "model"];

  it("has these wings, and what all of them build on beside them", () => {
    expect(foldersIn("host-sim")).toEqual([...wings].sort());
    const files = readdirSync(join(root, "host-sim"), { withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    expect(files.map(({ name }) => name).sort()).toEqual([
      "bundled.d.mts",
      "bundled.mjs",
      "project.ts",
      "third-party.ts",
    ]);
  });

  test.each(wings)("%s imports nothing from above", (wing) => {
    const imports = importsOf(`host-sim/${wing}`);
    const above = wings.slice(0, wings.indexOf(wing)).map((each) => `host-sim/${each}`);
    expect(imports.length).toBeGreaterThan(2);
    expect(offenders(imports, ({ target }) => !below(target, above))).toEqual([]);
  });

  test.each(["cloud", "sim/modem", "sim/radio"])(
    "%s judges the firmware, and shares nothing with it",
    (folder) => {
      const imports = importsOf(`host-sim/${folder}`);
      expect(imports.length).toBeGreaterThan(2);
      expect(offenders(imports, ({ target }) => !target.startsWith("firmware"))).toEqual([]);
    },
  );

  it("has no chance but by its seeds: what draws its own is not part of a run", () => {
    const users = filesBelow("host-sim").filter(
      (file) => /\.(m?ts|tsx)$/.test(file) && /\bMath\.random\b/.test(codeOf(file)),
    );
    expect(users.sort()).toEqual([
      // Replaces the guests' own, by seeded numbers: a parsing script's, and the firmware's.
      "host-sim/cloud/script/script-prelude.ts",
      // Draws from what the prelude has put there.
      "host-sim/sim/board/guest/ffi.ts",
      "host-sim/sim/board/guest/prelude.ts",
      "host-sim/tools/bench/exchanges.ts",
    ]);
    const drawing = /\brandom(Bytes|UUID|Int|FillSync)\b.*"node:crypto"|\bgetRandomValues\b/;
    const sim = filesBelow("host-sim/sim").filter((file) => file.endsWith(".ts"));
    expect(sim.filter((file) => drawing.test(codeOf(file)))).toEqual([]);
  });

  it("does not lean on the tests", () => {
    expect(offenders(importsOf("host-sim"), ({ target }) => !target.startsWith("test/"))).toEqual([]);
  });
});

test.each(["firmware", "host-sim"])("no files of %s form a circle, not even by their types", (folder) => {
  const files = new Set(filesBelow(folder).filter((file) => /\.(m?ts|tsx)$/.test(file)));
  const graph = new Map<string, string[]>([...files].map((file) => [file, []]));
  for (const { file, target } of importsOf(folder)) {
    const found = [target, `${target}.ts`, `${target}.tsx`, `${target}/index.ts`].find((each) =>
      files.has(each),
    );
    if (found !== undefined) graph.get(file)!.push(found);
  }
  expect(circleIn(graph)).toEqual([]);
});

describe("the search for circles", () => {
  it("finds one, and none where there is none", () => {
    expect(
      circleIn(
        new Map([
          ["a", ["b"]],
          ["b", ["c"]],
          ["c", []],
        ]),
      ),
    ).toEqual([]);
    expect(
      circleIn(
        new Map([
          ["a", ["b"]],
          ["b", ["c"]],
          ["c", ["b"]],
        ]),
      ),
    ).toEqual(["b", "c", "b"]);
  });
});

/** The first circle of a graph, from a node back to itself; empty when there is none. */
function circleIn(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (node: string): string[] => {
    const at = path.indexOf(node);
    if (at >= 0) return [...path.slice(at), node];
    if (done.has(node)) return [];
    path.push(node);
    for (const next of graph.get(node)!) {
      const circle = visit(next);
      if (circle.length > 0) return circle;
    }
    path.pop();
    done.add(node);
    return [];
  };
  for (const node of graph.keys()) {
    const circle = visit(node);
    if (circle.length > 0) return circle;
  }
  return [];
}
