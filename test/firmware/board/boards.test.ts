/** The table of boards against the families, the manifests and the documentation. */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { describe, expect, it, test } from "vitest";
import { boardNamed, boards } from "../../../firmware/board/boards";
import { readSettings } from "../../../firmware/device/settings";
import { families } from "../../../firmware/modem/family/index";
import type { Board, ControlPin } from "../../../firmware/board/boards";

const folders = readdirSync("firmware/board", { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? [entry.name] : [],
);

/** Pins that an ESP32 or ESP32-S3 has for such things: not those of the flash, nor of USB. */
const usable = (pin: number): boolean => pin >= 0 && pin <= 48 && !(pin >= 6 && pin <= 11 && pin !== 7);

function pinsOf({ transmit, receive, powerKey, reset, wake, power }: Board): number[] {
  const lines: (ControlPin | undefined)[] = [powerKey, reset, wake];
  const controls = lines.flatMap((line) => (line === undefined ? [] : [line.pin]));
  return [transmit, receive, ...controls, ...(power === undefined ? [] : [power.data, power.clock])];
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
    expect(manifest.include).toEqual(["../../manifest.json", `../../modem/${modem}`]);
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

it("a firmware that hangs is restarted: the watchdog is on, and panics", () => {
  const settings = readFileSync("firmware/board/sdkconfig.defaults", "utf8");
  for (const name of ["ESP_TASK_WDT_EN", "ESP_TASK_WDT_INIT", "ESP_TASK_WDT_PANIC", "ESP_BROWNOUT_DET"]) {
    expect(settings).toMatch(new RegExp(`^CONFIG_${name}=y$`, "m"));
  }
  const { build } = JSON.parse(readFileSync("firmware/manifest.json", "utf8")) as {
    build: Record<string, string>;
  };
  expect(existsSync(`firmware/${build.SDKCONFIGPATH}/sdkconfig.defaults`)).toBe(true);
  expect(existsSync(`firmware/${build.PARTITIONS_FILE}`)).toBe(true);
});
