/**
 * Who may import whom. The rooms of the firmware build on each other in one direction; the simulator's
 * cloud, modem and radio share no line with the firmware, so that each can judge the other.
 */
import { readFileSync, readdirSync } from "node:fs";
import { join, posix, relative, sep } from "node:path";
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
    .filter((file) => /\.m?ts$/.test(file) && !file.endsWith(".d.ts"))
    .flatMap((file) => importsIn(file, readFileSync(join(root, file), "utf8")));
}

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
        .filter((file) => /\.m?ts$/.test(file) && !file.endsWith(".d.ts"))
        .flatMap(
          (file) => readFileSync(join(root, file), "utf8").match(/^(import\b.*|.*\}) ?from "/gm) ?? [],
        );
      expect(importsOf(folder).length).toBeGreaterThanOrEqual(lines.length);
      expect(lines.length).toBeGreaterThan(20);
    }
  });
});

describe("the firmware", () => {
  const rooms: [room: string, may: string[]][] = [
    ["text", []],
    ["board", ["board"]],
    ["timing", []],
    ["coap", ["coap"]],
    ["journal", ["journal"]],
    ["model", ["model", "text"]],
    ["product", ["product", "model"]],
    ["modem", ["modem", "text", "timing"]],
    ["enos", ["enos", "coap", "text", "timing"]],
    ["device", ["device", "enos", "coap", "model", "journal", "modem", "text", "timing"]],
  ];

  test.each(rooms)("%s imports only from %j", (room, may) => {
    const imports = importsOf(`firmware/${room}`);
    const folders = may.map((each) => `firmware/${each}`);
    expect(offenders(imports, ({ target }) => below(target, folders))).toEqual([]);
  });

  it("has no room without a rule", () => {
    const found = readdirSync(join(root, "firmware"), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
    expect(found.sort()).toEqual([...rooms.map(([room]) => room), "platform"].sort());
  });

  it("names the runtime's modules in main.ts and platform only", () => {
    const imports = importsOf("firmware").filter(
      ({ file }) => file !== "firmware/main.ts" && !file.startsWith("firmware/platform/"),
    );
    expect(offenders(imports, ({ target }) => target.startsWith("firmware/"))).toEqual([]);
  });

  it("takes nothing but types into platform from the other rooms", () => {
    const imports = importsOf("firmware/platform").filter(({ target }) => target.startsWith("firmware/"));
    expect(
      offenders(imports, ({ target, typeOnly }) => typeOnly || below(target, ["firmware/platform"])),
    ).toEqual([]);
  });

  it("is wired together by main.ts alone: nothing imports it, or platform", () => {
    const imports = importsOf("firmware").filter(({ file }) => file !== "firmware/main.ts");
    expect(
      offenders(imports, ({ file, target }) => {
        if (target === "firmware/main") return false;
        return !below(target, ["firmware/platform"]) || file.startsWith("firmware/platform/");
      }),
    ).toEqual([]);
  });

  it("knows nothing of the simulator, of Node, or of anything else outside its folder", () => {
    const outside = ({ target }: Import): boolean =>
      !/^(node:|fs$|host-sim\/|test\/|bench\/|\.\.)/.test(target);
    expect(offenders(importsOf("firmware"), outside)).toEqual([]);
  });
});

describe("the simulator", () => {
  test.each(["cloud", "modem", "radio"])("%s shares nothing with the firmware", (folder) => {
    const imports = importsOf(`host-sim/${folder}`);
    expect(imports.length).toBeGreaterThan(2);
    expect(offenders(imports, ({ target }) => !target.startsWith("firmware"))).toEqual([]);
  });

  it("does not lean on the tests, save for the command that runs those that fuzz", () => {
    const fuzzes = (file: string, target: string): boolean =>
      file === "host-sim/cli/fuzz.ts" && target.startsWith("test/fuzz/");
    expect(
      offenders(importsOf("host-sim"), ({ file, target }) => !target.startsWith("test/") || fuzzes(file, target)),
    ).toEqual([]);
  });
});

it("no file names places that only the authors' machine has", () => {
  // Put together here, or this file would be the first to name them.
  const private_ = [["..", "shared"].join("/"), ["", "work", "shared"].join("/"), `.${"library"}`];
  const files = filesBelow(".");
  expect(files.length).toBeGreaterThan(50);
  const found = files.filter((file) => {
    const text = readFileSync(join(root, file), "latin1");
    return private_.some((place) => text.includes(place));
  });
  expect(found.map((file) => relative(root, join(root, file)).split(sep).join("/"))).toEqual([]);
});
