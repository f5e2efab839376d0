/**
 * Every line that a device prints is one that the log's reader knows, in whole runs, in an outage and in a
 * campaign of faults; and a line that it does not know fails a run instead of missing from a count.
 */
import { afterAll, describe, expect, test, vi } from "vitest";
import { runOutage } from "../../host-sim/tools/chaos/outage";
import { randomScript } from "../../host-sim/tools/chaos/script";
import { runTrial } from "../../host-sim/tools/chaos/trial";
import { density } from "../density";
import { readLogLine } from "../../host-sim/sim/world/device-log";
import { Simulation } from "../../host-sim/sim/world/simulation";
import { World } from "../../host-sim/sim/world/world";
import { families } from "../../firmware/modem/family/index";
import type { SimulationOptions } from "../../host-sim/sim/world/simulation";
import type { WorldEvent } from "../../host-sim/sim/world/world";

const usual: SimulationOptions = {
  seed: 7,
  engine: "node",
  edition: "token",
  coverage: 0,
  reports: 6,
  interval: 900,
  format: "alternate",
  powerKey: true,
  command: true,
};

/** Kinds of lines that any of the runs printed. */
const seen = new Set<string>();

/** Takes a run's events, and keeps the lines that cannot be read. */
function listener(): {
  readonly onEvent: (event: WorldEvent) => void;
  readonly unread: string[];
  lines: number;
} {
  const heard = {
    unread: [] as string[],
    lines: 0,
    onEvent: (event: WorldEvent): void => {
      if (event.source !== "device") return;
      heard.lines += 1;
      const kind = readLogLine(event.text)?.kind;
      if (kind === undefined) heard.unread.push(event.text);
      else seen.add(kind);
    },
  };
  return heard;
}

describe("every line can be read", () => {
  test.each<[string, Partial<SimulationOptions>]>([
    ["the default", {}],
    ["the other edition, readings in JSON", { edition: "tokenless", format: "json" }],
    ["deep sleep, batches", { sleep: "deep", batch: 3, reports: 12 }],
    ["a bad cell", { coverage: 2, loss: 0.3 }],
    ["a board without a power key", { powerKey: false }],
    ["values in the log", { settings: { logValues: true, keepAlive: true } }],
    ["settings that cannot work", { settings: { interval: -1 }, reports: 1, command: false }],
  ])("of a run: %s", async (_what, options) => {
    const heard = listener();
    await new Simulation({ ...usual, ...options, onEvent: heard.onEvent }).run();
    expect(heard.unread).toEqual([]);
  });

  test.each(families.map(({ name }) => name))("of a run with %s", async (modem) => {
    const heard = listener();
    const result = await new Simulation({ ...usual, reports: 3, modem, onEvent: heard.onEvent }).run();
    expect(result.complete, result.shortfall).toBe(true);
    expect(heard.lines).toBeGreaterThan(15);
    expect(heard.unread).toEqual([]);
  });

  test("of an outage", async () => {
    const heard = listener();
    const { engine, edition, coverage, powerKey } = usual;
    await runOutage({
      seed: 7,
      engine,
      edition,
      coverage,
      powerKey,
      interval: 3_600,
      format: "raw",
      batch: 1,
      lifetime: 3_600,
      onEvent: heard.onEvent,
    });
    expect(heard.lines).toBeGreaterThan(100);
    expect(heard.unread).toEqual([]);
  });

  test.each(density([1, 2, 3, 4, 5, 6], [1, 2, 4]))("of the trial of seed %i", async (seed) => {
    const heard = listener();
    const { violations } = await runTrial(randomScript(seed, 24), { engine: "node", onEvent: heard.onEvent });
    expect(heard.unread).toEqual([]);
    expect(violations.filter(({ invariant }) => invariant === "log")).toEqual([]);
  });

  afterAll(() => {
    // These runs say much of what there is to say; the rest is read back word by word elsewhere.
    expect([...seen].sort()).toEqual(
      expect.arrayContaining([
        "agent idle",
        "agent start",
        "agent waits",
        "command answered",
        "command executed",
        "journal open",
        "modem asleep",
        "modem down",
        "modem identified",
        "modem note",
        "modem starting",
        "modem waking",
        "report acknowledged",
        "report kept",
        "report taken",
        "session authenticating",
        "session online",
        "session refused",
        "settings",
      ]),
    );
  });
});

describe("a line that nobody can read", () => {
  /** The log with another word in the lines that acknowledge a reading. */
  const reworded = (event: WorldEvent): WorldEvent =>
    event.source === "device"
      ? { ...event, text: event.text.replace("report: acknowledged ", "report: stored ") }
      : event;

  test("fails a run", async () => {
    const create = World.create.bind(World);
    const tapped = vi
      .spyOn(World, "create")
      .mockImplementation((options) =>
        create({ ...options, onEvent: (event) => options.onEvent?.(reworded(event)) }),
      );
    try {
      const result = await new Simulation({ ...usual, reports: 2, command: false }).run();
      expect(result.complete).toBe(false);
      expect(result.shortfall).toContain('room "report"');
    } finally {
      tapped.mockRestore();
    }
  });

  test("is a violation in a trial", async () => {
    const script = { ...randomScript(1, 3), faults: [] };
    const { violations } = await runTrial(script, { engine: "node", tamper: reworded });
    const found = violations.find(({ invariant }) => invariant === "log");
    expect(found?.sentence).toBe('the room "report" of the log has a line that its reader does not know');
  });
});
