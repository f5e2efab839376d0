/** The table of boards against the families, the manifests and the documentation. */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it, test } from "vitest";
import { boardNamed, boards } from "../../../firmware/board/boards";
import { readSettings } from "../../../firmware/device/settings";
import { families } from "../../../firmware/modem/family/index";
import { badBlockBytes } from "../../../firmware/update/staging";
import { logBlocks } from "../../../firmware/update/state-log";
import { readPartitions } from "../../../host-sim/tools/provision/partitions";
import type { PartitionRow } from "../../../host-sim/tools/provision/partitions";
import type { Board, ControlPin } from "../../../firmware/board/boards";

/** A manifest, as far as it is asked here. */
interface ManifestFile {
  readonly include?: readonly string[];
  readonly build?: Readonly<Record<string, string>>;
  readonly config?: Readonly<Record<string, unknown>>;
}

const manifestAt = (path: string): ManifestFile => JSON.parse(readFileSync(path, "utf8")) as ManifestFile;

/** Folders whose manifest is for a board: the others hold what boards and products add to the firmware. */
const folders = readdirSync("firmware/board", { withFileTypes: true }).flatMap((entry) => {
  const path = `firmware/board/${entry.name}/manifest.json`;
  return entry.isDirectory() && existsSync(path) && manifestAt(path).config !== undefined ? [entry.name] : [];
});

/** Boards with more than 4 MB of flash, by what their makers say: see docs/boards.md. */
const larger: Readonly<Record<string, string>> = { "lilygo-t-sim7080g-s3": "flash-16mb" };

/** Pins that an ESP32 or ESP32-S3 has for such things: not those of the flash, nor of USB. */
const usable = (pin: number): boolean => pin >= 0 && pin <= 48 && !(pin >= 6 && pin <= 11 && pin !== 7);

function pinsOf({ transmit, receive, powerKey, reset, wake, ring, power }: Board): number[] {
  const lines: (ControlPin | undefined)[] = [powerKey, reset, wake];
  const controls = lines.flatMap((line) => (line === undefined ? [] : [line.pin]));
  const rings = ring === undefined ? [] : [ring];
  return [
    transmit,
    receive,
    ...controls,
    ...rings,
    ...(power === undefined ? [] : [power.data, power.clock]),
  ];
}

describe("each board", () => {
  test.each(boards)("$name: its modem is one there is, and no pin has two uses", (board) => {
    expect(families.map(({ name }) => name)).toContain(board.modem);
    const pins = pinsOf(board);
    expect(new Set(pins).size).toBe(pins.length);
    for (const pin of pins) expect(usable(pin), String(pin)).toBe(true);
    // UART 0 is the debugger's.
    expect(board.port).toBeGreaterThan(0);
  });

  test.each(boards)("$name has a manifest that names it and adds nothing wrong", ({ name }) => {
    const { include, config = {} } = manifestAt(`firmware/board/${name}/manifest.json`);
    const flash = Object.hasOwn(larger, name) ? [`../${larger[name]}/manifest.json`] : [];
    const modem = name === "generic" ? "all" : boardNamed(name).modem;
    expect(include).toEqual([
      "../../manifest.json",
      ...flash,
      `../modem/manifest-${modem}.json`,
      "../../product/manifest.json",
    ]);
    expect(config.board).toBe(name);
    expect(readSettings({ server: "203.0.113.5", ...config }).board).toBe(name);
  });

  test.each(boards)("$name is told of in the documentation", ({ name }) => {
    expect(readFileSync("docs/boards.md", "utf8")).toContain(`\`${name}\``);
  });

  it("is frozen, rows too", () => {
    for (const board of boards) {
      expect(Object.isFrozen(board)).toBe(true);
      if (board.powerKey !== undefined) expect(Object.isFrozen(board.powerKey)).toBe(true);
    }
  });
});

it("there is no manifest without a board", () => {
  expect(folders.sort()).toEqual(boards.map(({ name }) => name).sort());
});

it("a name that is none of theirs is one clear line", () => {
  expect(() => boardNamed("m5stack")).toThrow(/^board is "m5stack", it must be one of m5stack-nbiot, /);
});

/** What a manifest says of its build, and after it those that it includes: as mcconfig reads them, the last word counts. */
function buildOf(path: string, build: Record<string, string> = {}): Record<string, string> {
  const { include = [], build: own = {} } = manifestAt(path);
  for (const [name, value] of Object.entries(own)) {
    const known = value.replace(/\$\((\w+)\)/g, (text, each: string) => build[each] ?? text);
    build[name] = known.startsWith("./") ? join(dirname(path), known) : known;
  }
  for (const each of include) if (!each.startsWith("$(")) buildOf(join(dirname(path), each), build);
  return build;
}

/** The same of a board whose product is updated from afar: that room is among what the product includes, the last of all. */
const updatedBuildOf = (path: string): Record<string, string> =>
  buildOf("firmware/update/manifest.json", buildOf(path));

/** The settings of the one file that mcconfig takes of this project. */
function settingsOf(build: Readonly<Record<string, string>>): Map<string, string> {
  return mergedSettings(readFileSync(join(build["SDKCONFIGPATH"], "sdkconfig.defaults"), "utf8"));
}

/** Settings by name of files that are merged in this order, as mcconfig does it: a later one wins, "n" is off. */
function mergedSettings(...texts: readonly string[]): Map<string, string> {
  const lines = texts
    .flatMap((text) => text.split(/[\r\n]+/))
    .filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(lines.map((line) => [line.split("=")[0], line.slice(line.indexOf("=") + 1)]));
}

describe.each(boards)("$name", ({ name }) => {
  const build = buildOf(`firmware/board/${name}/manifest.json`);
  const own = readFileSync(join(build["SDKCONFIGPATH"], "sdkconfig.defaults"), "utf8");

  it.each([
    ["nothing set", ""],
    // What the SDK's 8.2.3 defaults say of panics: those of the ESP32-S3, and those of instrumented builds.
    [
      "the SDK's defaults for the ESP32-S3",
      "CONFIG_ESP_SYSTEM_PANIC_GDBSTUB=y\n# CONFIG_ESP_TASK_WDT_EN is not set",
    ],
    ["the SDK's release build", "CONFIG_ESP_SYSTEM_PANIC_GDBSTUB=y\nCONFIG_ESP_SYSTEM_PANIC_GDBSTUB=n"],
  ])("restarts after a panic, and panics when it hangs, over %s", (_what, sdk) => {
    const settings = mergedSettings(sdk, own);
    for (const each of ["TASK_WDT_EN", "TASK_WDT_INIT", "TASK_WDT_PANIC", "BROWNOUT_DET"]) {
      expect(settings.get(`CONFIG_ESP_${each}`)).toBe("y");
    }
    const panics = [...settings].filter(
      ([key, value]) => key.startsWith("CONFIG_ESP_SYSTEM_PANIC_") && value === "y",
    );
    expect(panics).toEqual([["CONFIG_ESP_SYSTEM_PANIC_PRINT_REBOOT", "y"]]);
    // No file of a release or an instrumented build comes after ours.
    const others = readdirSync(build["SDKCONFIGPATH"]).filter((file) => file.startsWith("sdkconfig."));
    expect(others).toEqual(["sdkconfig.defaults"]);
  });

  it.each([
    [
      "the SDK's defaults for the ESP32",
      "CONFIG_BOOTLOADER_SKIP_VALIDATE_ALWAYS=y\nCONFIG_ESP_DEFAULT_CPU_FREQ_MHZ_240=y",
    ],
    ["those for the ESP32-S3", "CONFIG_ESP_DEFAULT_CPU_FREQ_MHZ_240=y\nCONFIG_ESP_SLEEP_POWER_DOWN_FLASH=y"],
    ["those for the ESP32-C3", "CONFIG_ESP_SLEEP_POWER_DOWN_FLASH=y"],
  ])(
    "may change its clock, starts with the default one, and checks no image at a wake, over %s",
    (_what, sdk) => {
      const settings = mergedSettings(sdk, own);
      const { processor } = readSettings({ server: "203.0.113.5" });
      const clocks = [...settings].filter(
        ([key, value]) => key.startsWith("CONFIG_ESP_DEFAULT_CPU_FREQ_MHZ_") && value === "y",
      );
      expect(clocks).toEqual([[`CONFIG_ESP_DEFAULT_CPU_FREQ_MHZ_${processor}`, "y"]]);
      expect(settings.get("CONFIG_PM_ENABLE")).toBe("y");
      expect(settings.get("CONFIG_BOOTLOADER_SKIP_VALIDATE_IN_DEEP_SLEEP")).toBe("y");
    },
  );

  it("is watched by the boot loader in a new image's first start, and checks each image, only where it is updated from afar", () => {
    const plain = settingsOf(build);
    const updated = settingsOf(updatedBuildOf(`firmware/board/${name}/manifest.json`));
    expect([...updated.keys()].filter((key) => plain.get(key) !== updated.get(key)).sort()).toEqual([
      "CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE",
      "CONFIG_BOOTLOADER_SKIP_VALIDATE_ALWAYS",
    ]);
    expect([...plain.keys()].filter((key) => !updated.has(key))).toEqual([]);
    expect(updated.get("CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE")).toBe("y");
    // The SDK has it on for the ESP32.
    expect(updated.get("CONFIG_BOOTLOADER_SKIP_VALIDATE_ALWAYS")).toBe("n");
  });
});

/** Sizes of flash, MB, with the folder of each one's files; the smallest has its own beside the firmware's manifest. */
const sizes = [
  { size: 4, folder: "firmware" },
  { size: 8, folder: "firmware/board/flash-8mb" },
  { size: 16, folder: "firmware/board/flash-16mb" },
];

describe.each(sizes)("$size MB of flash", ({ size, folder }) => {
  const found = readPartitions(readFileSync(`${folder}/partitions.csv`, "utf8"));
  const rows = "problem" in found ? [] : found.rows;
  const named = (each: string): PartitionRow => rows.find((row) => row.name === each)!;

  it("has partitions one behind the other, aligned, of whole sectors, and within it", () => {
    let end = 0x9000;
    for (const { name, type, offset, size: length } of rows) {
      expect(offset, `${name} begins behind the one before`).toBeGreaterThanOrEqual(end);
      expect(offset % (type === "app" ? 0x10000 : 0x1000), `${name} is aligned`).toBe(0);
      expect(length % 0x1000, `${name} is whole sectors`).toBe(0);
      end = offset + length;
    }
    expect(end).toBeGreaterThan(0x9000);
    expect(end).toBeLessThanOrEqual(size * 0x10_0000);
  });

  it("has room for two applications, an update's difference, the journal and its keys", () => {
    expect(rows.filter(({ type }) => type === "app").map(({ subtype }) => subtype)).toEqual([
      "ota_0",
      "ota_1",
    ]);
    expect(named("ota_0").size).toBe(named("ota_1").size);
    expect(named("ota_0").size).toBeGreaterThanOrEqual(size === 4 ? 1_792 * 1024 : 0x38_0000);
    // Where every board so far has them: what a board keeps when it is flashed with another table.
    const fixed = { nvs: [0x9000, 0x6000], otadata: [0xf000, 0x2000], phy_init: [0x11000, 0x1000] } as const;
    for (const [name, [offset, length]] of Object.entries(fixed)) {
      expect(named(name)).toMatchObject({ type: "data", offset, size: length });
    }
    expect(named("ota_0").offset).toBe(0x20000);
    expect(named("nvs").subtype).toBe("nvs");
    expect(named("otadata").subtype).toBe("ota");
    // The firmware finds these by their names, whatever their subtypes.
    for (const name of ["journal", "update", "log"]) expect(named(name).type).toBe("data");
    expect(named("journal").size).toBeGreaterThanOrEqual(0x20000);
    expect(named("update").size).toBeGreaterThanOrEqual(128 * 1024);
    // What is beyond is not used: see staging.ts.
    expect(named("update").size).toBeLessThanOrEqual((logBlocks + 8 * badBlockBytes) * 4096);
    expect(named("log").size).toBe(0x2000);
  });

  it("is said to ESP-IDF, with all that every board says, with updates and without", () => {
    const base = mergedSettings(readFileSync("firmware/board/sdkconfig.defaults", "utf8"));
    const paths = ["", "update/"].map((each) =>
      size === 4 && each === "" ? "firmware/board" : `firmware/board/${each}flash-${size}mb`,
    );
    for (const path of paths) {
      const settings = settingsOf({ SDKCONFIGPATH: path });
      for (const [key, value] of base) expect(settings.get(key), `${path} ${key}`).toBe(value);
      const said = [...settings].filter(([key]) => key.startsWith("CONFIG_ESPTOOLPY_FLASHSIZE_"));
      // The SDK's own defaults say 4 MB.
      const expected = [
        ["CONFIG_ESPTOOLPY_FLASHSIZE_4MB", "n"],
        [`CONFIG_ESPTOOLPY_FLASHSIZE_${size}MB`, "y"],
      ];
      expect(said).toEqual(size === 4 ? [] : expected);
    }
  });

  it("is told of in the documentation, partition by partition", () => {
    const page = readFileSync("docs/boards.md", "utf8");
    const column = sizes.findIndex((each) => each.size === size);
    for (const { name, offset, size: length } of rows) {
      const cells = new RegExp(`^\\| \`${name}\` \\|(.*)$`, "m").exec(page)?.[1].split("|");
      expect(cells?.[column]?.trim(), name).toBe(`0x${offset.toString(16)}, ${length / 1024}`);
    }
  });
});

it("a larger flash is one line more in a board's manifest, and its settings win in a product with updates and without", () => {
  const path = "firmware/board/lilygo-t-sim7080g-s3/manifest.json";
  const plain = buildOf(path);
  const updated = updatedBuildOf(path);
  for (const { PARTITIONS_FILE: table } of [plain, updated]) {
    expect(table).toBe("firmware/board/flash-16mb/partitions.csv");
  }
  expect(join(plain["SDKCONFIGPATH"])).toBe(join("firmware/board/flash-16mb/"));
  expect(join(updated["SDKCONFIGPATH"])).toBe("firmware/board/update/flash-16mb");
});

it.each(sizes)("the documentation names the journal's place in $size MB", ({ folder }) => {
  const found = readPartitions(readFileSync(`${folder}/partitions.csv`, "utf8"));
  if ("problem" in found) expect.fail(found.problem);
  const journal = found.rows.find(({ name }) => name === "journal")!;
  const hex = (value: number): string => `0x${value.toString(16)}`;
  expect(readFileSync("docs/provisioning.md", "utf8")).toContain(
    `erase_region ${hex(journal.offset)} ${hex(journal.size)}`,
  );
});
