/**
 * The manifests against the tree. mcconfig's wildcards in `preload` match no TypeScript, so every module has to be
 * named; one that is forgotten costs RAM on the board and nothing tells.
 */
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, posix, relative, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it, test } from "vitest";
import { version } from "../firmware/product/version";
import { readSettings } from "../firmware/device/settings";
import { families } from "../firmware/modem/family/index";
import { bundleFirmware } from "../host-sim/sim/board/bundle";
import { readManifest } from "../host-sim/tools/footprint/manifest";
import { allBoards, firmwareWith, fittedModems } from "../host-sim/tools/footprint/modules";
import { generated, sound } from "./host-sim/model/script";
import type { Manifest } from "../host-sim/tools/footprint/manifest";

/** Files below a folder, as paths from the project's root. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = posix.join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

const modules = filesBelow("firmware").filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts"));
const manifests = filesBelow("firmware").filter((file) => /\/manifest[\w-]*\.json$/.test(file));

/** Files of a manifest's modules, from the project's root. */
const filesOf = ({ modules: named }: Manifest): string[] =>
  [...named.values()].map((file) => relative(resolve("."), file));

/** Imports of a manifest's modules, but of types, that it has no module for: names as on the board. */
function missing({ modules: named }: Manifest): string[] {
  return [...named].flatMap(([name, file]) =>
    [...readFileSync(file, "utf8").matchAll(/^(?:import|export) (?!type)[^"]*? from "(\.[^"]*)";$/gm)]
      .map(([, path]) => posix.join(posix.dirname(name), path))
      .filter((target) => !named.has(target))
      .map((target) => `${name} -> ${target}`),
  );
}

describe("each manifest", () => {
  it("is there for each room that stands alone, and for each modem", () => {
    expect(manifests).toEqual(
      expect.arrayContaining([
        "firmware/coap/manifest.json",
        "firmware/coap/manifest-server.json",
        "firmware/journal/manifest.json",
        "firmware/enos/manifest.json",
        "firmware/board/manifest-crypt.json",
        "firmware/modem/family/manifest.json",
        ...families.map(({ name }) => `firmware/modem/fitted/manifest-${name}.json`),
        ...families.map(({ name }) => `firmware/board/modem/manifest-${name}.json`),
      ]),
    );
  });

  // modem/manifest.json and firmware/manifest.json leave the modem to the board, and a product's has none: they are no whole.
  // Nor are those of the rooms that a product adds to the firmware.
  const whole = manifests.filter(
    (file) =>
      !/^firmware\/((modem|product|room|seal|update|board\/update|health|remote-settings)\/)?manifest\.json$/.test(
        file,
      ),
  );
  test.each(whole)("%s has all that its modules import, and preloads all of them", (file) => {
    const manifest = readManifest(file);
    expect(missing(manifest)).toEqual([]);
    const names = [...manifest.modules.keys()];
    expect([...manifest.preload].sort()).toEqual(names.sort());
  });

  test.each(manifests)("%s: no name of a module is preloaded twice, which would be linked twice", (file) => {
    const own = readManifest(file).files.flatMap(
      (path) => (JSON.parse(readFileSync(path, "utf8")) as { preload?: string[] }).preload ?? [],
    );
    expect(own.filter((name, at) => own.indexOf(name) !== at)).toEqual([]);
  });

  test.each(manifests)("%s: what it names of the project is there", (file) => {
    const { build = {} } = JSON.parse(readFileSync(file, "utf8")) as { build?: Record<string, string> };
    for (const value of Object.values(build)) {
      // One folder for each size of flash.
      const paths = ["flash-4mb", "flash-8mb", "flash-16mb"].map((flash) =>
        value.replace("$(ENOS_FLASH)", flash),
      );
      for (const path of paths) {
        if (path.startsWith("./")) expect(existsSync(join(dirname(file), path)), path).toBe(true);
      }
    }
  });
});

it("no module bears the name of one of the SDK's in the folder that both have", () => {
  const named = manifests.flatMap((file) => [...readManifest(file).modules.keys()]);
  for (const name of ["text/decoder", "text/encoder"]) expect(named).not.toContain(name);
});

it("all manifests together have every module of the firmware", () => {
  const placed = new Set(manifests.flatMap((file) => filesOf(readManifest(file))));
  expect([...placed].sort()).toEqual(modules.sort());
});

describe("a board", () => {
  test.each(allBoards())("$board: the modem of its row, and CoAP without its server half", (board) => {
    const files = filesOf(board.manifest);
    expect(files).toContain("firmware/coap/endpoint.ts");
    expect(files).not.toContain("firmware/coap/server-half.ts");
    expect(files.filter((file) => file.startsWith("firmware/modem/fitted/"))).toHaveLength(
      board.modem === "all" ? 0 : 1,
    );
  });

  test.each(families)(
    "with the modem $name parts joined datagrams where that may join them, and only there",
    ({ name, sockets }) => {
      const { modules } = firmwareWith(name).manifest;
      const joins = sockets.joinsDatagrams === true;
      expect(relative(resolve("."), modules.get("coap/joined-messages")!)).toBe(
        joins ? "firmware/coap/joined-messages.ts" : "firmware/coap/apart-messages.ts",
      );
    },
  );

  test("with all modems parts them", () => {
    const { modules } = readManifest("firmware/board/generic/manifest.json");
    expect(relative(resolve("."), modules.get("coap/joined-messages")!)).toBe(
      "firmware/coap/joined-messages.ts",
    );
  });

  test("manifest.json is that of the m5stack-nbiot", () => {
    expect(readManifest("manifest.json").modules).toEqual(
      readManifest("firmware/board/m5stack-nbiot/manifest.json").modules,
    );
  });
});

/** The file of each family's table, and what it shares with others. */
const tables: Readonly<Record<string, readonly string[]>> = {
  sim7020: ["sim7020", "supply-urc"],
  sim7080: ["sim7080", "simcom", "supply-urc"],
  sim7000: ["sim7000", "simcom", "supply-urc"],
  bc66: ["bc66", "quectel", "supply-urc"],
  bc660k: ["bc66", "quectel", "supply-urc"],
  bc95: ["bc95"],
  "sara-n2": ["bc95"],
  bg95: ["bg95", "quectel", "supply-urc"],
  "sara-r4": ["sara"],
  "sara-r5": ["sara"],
};

describe("a board with one modem", () => {
  it("can have any family that there is", () => {
    expect(fittedModems().sort()).toEqual(families.map(({ name }) => name).sort());
    expect(Object.keys(tables).sort()).toEqual(fittedModems().sort());
  });

  test.each(families)("$name: has this one, and its bundle no other", async (family) => {
    const { name } = family;
    const { modem, manifest } = firmwareWith(name);
    expect(modem).toBe(name);
    const fitted = (await import(`../firmware/modem/fitted/${name}.ts`)) as { families: unknown };
    expect(fitted.families).toEqual([family]);
    const script = await bundleFirmware({ modules: manifest.modules });
    // esbuild says of each piece which file it was.
    const pieces = [...script.matchAll(/^ *\/\/ (firmware\/modem\/(?:family|fitted)\/.*)\.ts$/gm)];
    expect(pieces.map(([, file]) => file.replace("firmware/modem/", "")).sort()).toEqual(
      ["family/family", ...tables[name].map((file) => `family/${file}`), `fitted/${name}`].sort(),
    );
  });

  test("the simulation's firmware has all of them", async () => {
    const script = await bundleFirmware();
    for (const files of Object.values(tables)) {
      for (const file of files) expect(script).toContain(`// firmware/modem/family/${file}.ts`);
    }
    expect(script).not.toContain("// firmware/modem/fitted/");
  });
});

describe("a product", () => {
  // Always the same place, so that the bundles that are kept of it do not grow in number.
  const root = resolve("build/test-product");
  const clear = (): void => rmSync(root, { recursive: true, force: true });
  beforeEach(clear);
  afterEach(clear);

  /** A board's manifest in a copy of the firmware whose product is the demo's, sealed like this; "plain" for the demo's own. */
  function firmwareOf(sealed: unknown): Manifest {
    mkdirSync(join(root, "firmware/product"), { recursive: true });
    for (const entry of readdirSync("firmware", { withFileTypes: true })) {
      const place = join("firmware", entry.name);
      if (entry.isFile()) copyFileSync(place, join(root, place));
      else if (entry.name !== "product") symlinkSync(resolve(place), join(root, place));
    }
    cpSync("firmware/product", join(root, "firmware/product"), { recursive: true });
    const demo = JSON.parse(readFileSync("firmware/product/model.json", "utf8")) as object;
    // What `npm run model` writes in that folder, and nothing else in it is changed.
    for (const [name, text] of Object.entries(generated(sound({ ...demo, sealed })).files)) {
      writeFileSync(join(root, "firmware/product", name), text);
    }
    return readManifest(join(root, "firmware/board/m5stack-nbiot/manifest.json"));
  }

  const room = readManifest("firmware/seal/manifest.json");

  test.each([true, { proof: true }, { mark: true, migrating: true }])(
    "sealed by one line of its model, %j, has the room that seals",
    async (sealed) => {
      const manifest = firmwareOf(sealed);
      expect([...manifest.modules.keys()]).toEqual(expect.arrayContaining([...room.modules.keys()]));
      expect(manifest.preload).toEqual(expect.arrayContaining([...room.preload, "product/sealing"]));
      expect(missing(manifest)).toEqual([]);
      const script = await bundleFirmware({ modules: manifest.modules });
      for (const word of ["enos-seal/1 ", "64 hex digits", "deviceKey"]) expect(script).toContain(word);
      // Neither the operator's part of it nor the cloud's.
      for (const word of ["enos-seal/1 mark", "enos-seal/1 nonce", "enos-seal/1 device"]) {
        expect(script).not.toContain(word);
      }
    },
  );

  test("that is plain has none of its bytes", async () => {
    const manifest = firmwareOf(undefined);
    expect([...manifest.modules.keys()].filter((name) => name.startsWith("seal/"))).toEqual([]);
    expect(manifest.preload).toContain("product/sealing");
    const script = await bundleFirmware({ modules: manifest.modules });
    expect(script).not.toContain("enos-seal");
    expect(script).not.toContain("firmware/seal/");
    // The same as the demo's, which is what all boards here carry.
    const demo = readManifest("firmware/board/m5stack-nbiot/manifest.json");
    expect([...manifest.modules.keys()]).toEqual([...demo.modules.keys()]);
  });
});

describe("the firmware's manifest", () => {
  const manifest = JSON.parse(readFileSync("firmware/manifest.json", "utf8")) as {
    config: Record<string, unknown>;
    creation: { stack: number; heap: { initial: number }; chunk: { initial: number } };
    modules: Record<string, string | string[]>;
  };

  test("lists the product's modules by name: beside it lies the parsing script, which is the cloud's", () => {
    const { modules: own } = JSON.parse(
      readFileSync("firmware/product/manifest.json", "utf8"),
    ) as typeof manifest;
    expect(Object.keys(manifest.modules).filter((name) => name.startsWith("product"))).toEqual([]);
    for (const file of ["thing", "version", "wiring"]) expect(own[`product/${file}`]).toBe(`./${file}`);
  });

  test("its configuration is one that the firmware takes, without mcconfig's own names", () => {
    expect(() => readSettings(manifest.config)).not.toThrow();
    // mcconfig puts a display's pixel format and rotation under these.
    for (const name of ["format", "rotation"]) expect(manifest.config).not.toHaveProperty(name);
    for (const name of ["productKey", "deviceKey", "deviceSecret"])
      expect(manifest.config).not.toHaveProperty(name);
  });

  test("asks for the stack that a report needs", () => {
    // Measured with the SDK's own XS on Linux: 640 slots carried a session, 512 overflowed.
    expect(manifest.creation.stack).toBeGreaterThanOrEqual(1024);
  });

  test("gives the heap 64 KiB to begin with, in the parts that npm run footprint measured", () => {
    const { heap, chunk } = manifest.creation;
    expect(16 * heap.initial + chunk.initial).toBe(65_536);
  });
});

test("the firmware's version is the package's", () => {
  const { version: packaged } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  expect(version).toBe(packaged);
});
