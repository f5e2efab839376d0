/** The table of boards against the families, the manifests and the documentation. */
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it, test } from "vitest";
import { boardNamed, boards } from "../../../firmware/board/boards";
import { readSettings } from "../../../firmware/device/settings";
import { families } from "../../../firmware/modem/family/index";
import { readPartitions } from "../../../host-sim/tools/provision/partitions";
import type { PartitionRow } from "../../../host-sim/tools/provision/partitions";
import type { Board, ControlPin } from "../../../firmware/board/boards";

/** What only boards with an optional part have. */
const parts: readonly string[] = ["health", "update"];
const folders = readdirSync("firmware/board", { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() && !parts.includes(entry.name) ? [entry.name] : [],
);

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
    const manifest = JSON.parse(readFileSync(`firmware/board/${name}/manifest.json`, "utf8")) as {
      include: string[];
      config: Record<string, unknown>;
    };
    const modem =
      name === "generic" ? "family/manifest.json" : `fitted/manifest-${boardNamed(name).modem}.json`;
    expect(manifest.include).toEqual([
      "../../manifest.json",
      `../../modem/${modem}`,
      "../../product/manifest.json",
    ]);
    expect(manifest.config.board).toBe(name);
    expect(readSettings({ server: "203.0.113.5", ...manifest.config }).board).toBe(name);
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

/** What a manifest says of its build, with those that it includes; the including one's word counts. */
function buildOf(path: string): Record<string, string> {
  const manifest = JSON.parse(readFileSync(path, "utf8")) as {
    include?: string[];
    build?: Record<string, string>;
  };
  const build: Record<string, string> = {};
  for (const include of manifest.include ?? []) {
    if (!include.startsWith("$(")) Object.assign(build, buildOf(join(dirname(path), include)));
  }
  for (const [name, value] of Object.entries(manifest.build ?? {})) {
    build[name] = value.startsWith("./") ? join(dirname(path), value) : value;
  }
  return build;
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

  it("has room for two applications, an update's difference, the journal and its keys in 4 MB", () => {
    const found = readPartitions(readFileSync(build["PARTITIONS_FILE"], "utf8"));
    if ("problem" in found) expect.fail(found.problem);
    const { rows } = found;
    const named = (each: string): PartitionRow => rows.find((row) => row.name === each)!;
    let end = 0x9000;
    for (const { name, type, offset, size } of rows) {
      expect(offset, `${name} begins behind the one before`).toBeGreaterThanOrEqual(end);
      expect(offset % (type === "app" ? 0x10000 : 0x1000), `${name} is aligned`).toBe(0);
      expect(size % 0x1000, `${name} is whole sectors`).toBe(0);
      end = offset + size;
    }
    expect(end).toBeLessThanOrEqual(0x40_0000);
    expect(rows.filter(({ type }) => type === "app").map(({ subtype }) => subtype)).toEqual([
      "ota_0",
      "ota_1",
    ]);
    expect(named("ota_0").size).toBe(named("ota_1").size);
    expect(named("ota_0").size).toBeGreaterThanOrEqual(1_792 * 1024);
    expect(named("otadata")).toMatchObject({ type: "data", subtype: "ota", size: 0x2000 });
    expect(named("journal")).toMatchObject({ type: "data", subtype: "0x40", size: 0x20000 });
    // Where every board so far has its keys.
    expect(named("nvs")).toMatchObject({ type: "data", subtype: "nvs", offset: 0x9000, size: 0x6000 });
    expect(named("update").size).toBeGreaterThanOrEqual(128 * 1024);
  });
});

it("the documentation names the partitions at their offsets", () => {
  const found = readPartitions(readFileSync("firmware/partitions.csv", "utf8"));
  if ("problem" in found) expect.fail(found.problem);
  const journal = found.rows.find(({ name }) => name === "journal")!;
  const hex = (value: number): string => `0x${value.toString(16)}`;
  expect(readFileSync("docs/provisioning.md", "utf8")).toContain(
    `erase_region ${hex(journal.offset)} ${hex(journal.size)}`,
  );
  const boardsPage = readFileSync("docs/boards.md", "utf8");
  for (const { name, offset } of found.rows)
    expect(boardsPage).toMatch(new RegExp(`\\| \`${name}\` \\| ${hex(offset)} `));
});
