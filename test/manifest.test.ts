/**
 * manifest.json against the tree. mcconfig's wildcards in `preload` match no TypeScript, so every
 * module has to be named; one that is forgotten costs RAM on the board and nothing tells.
 */
import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { version } from "../firmware/product/version";
import { readSettings } from "../firmware/device/settings";

const manifest = JSON.parse(readFileSync("manifest.json", "utf8")) as {
  config: Record<string, unknown>;
  creation: { stack: number; heap: { initial: number }; chunk: { initial: number } };
  modules: Record<string, string | string[]>;
  preload: string[];
};

/** Folders below `folder`, as paths from it. */
function foldersBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (!entry.isDirectory()) return [];
    return [entry.name, ...foldersBelow(`${folder}/${entry.name}`).map((below) => `${entry.name}/${below}`)];
  });
}

/** Rooms of the firmware. */
const rooms = foldersBelow("firmware").filter((room) =>
  readdirSync(`firmware/${room}`).some((file) => file.endsWith(".ts")),
);

describe("manifest.json", () => {
  test("preloads every module of every room", () => {
    const wanted = rooms.flatMap((room) =>
      readdirSync(`firmware/${room}`)
        .filter((file) => file.endsWith(".ts"))
        .map((file) => `${room}/${file.replace(/\.ts$/, "")}`),
    );
    expect([...manifest.preload].sort()).toEqual(["application", ...wanted].sort());
  });

  test("lists every room", () => {
    for (const room of rooms.filter((each) => each !== "product")) {
      expect(manifest.modules[`${room}/*`]).toBe(`./firmware/${room}/*`);
    }
    // One by one: beside the firmware's table lies the parsing script, which is the cloud's.
    for (const file of ["thing", "version"])
      expect(manifest.modules[`product/${file}`]).toBe(`./firmware/product/${file}`);
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
