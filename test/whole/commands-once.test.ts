/**
 * Commands that come again and again to a board that sleeps deeply, restarts and loses its power. A server that
 * is not to be trusted, or one that never hears an answer, puts a command on each answer to a reading.
 */
import { afterEach, describe, expect, test } from "vitest";
import { decodeCoap, encodeCoap } from "../../host-sim/cloud/coap/coap-wire";
import { EngineMissing } from "../../host-sim/sim/engine/engine";
import { World } from "../../host-sim/sim/world/world";
import { mayBeAbsent } from "../absent";
import { density } from "../density";
import { toldBy } from "./told";
import type { LogEvent } from "../../host-sim/sim/world/device-log";
import type { WorldOptions } from "../../host-sim/sim/world/world";

const hour = 3_600_000;
const [path, payload] = [2100, 2102];
let world: World | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

interface Told {
  readonly time: number;
  readonly event: LogEvent;
}

/** A world in which each answer to a reading brings the command that `next` gives, if it gives one. */
async function begin(options: Partial<WorldOptions>, next: () => number | undefined): Promise<Told[]> {
  const told: Told[] = [];
  world = await World.create({
    seed: 1,
    engine: "node",
    edition: "tokenless",
    coverage: 0,
    loss: 0,
    powerKey: true,
    interval: 900,
    format: "compact",
    sleep: "deep",
    // How many commands are taken in a day is another matter.
    settings: { startSpread: 0, othersBudget: 0 },
    ...options,
    onEvent: (event) => {
      const line = toldBy(event);
      if (line !== undefined) told.push({ time: event.time, event: line });
    },
  });
  const { cell, device } = world;
  const topic = `/topic/sys/${device.productKey}/${device.deviceKey}/thing/model/down_raw`;
  const send = cell.sendDownlink.bind(cell);
  cell.sendDownlink = (datagram, peer) => {
    const message = decodeCoap(datagram);
    if ("malformed" in message || message.payload.length === 0) return send(datagram, peer);
    const id = next();
    if (id === undefined) return send(datagram, peer);
    // Sets the relay, by the layout of the product's model.
    const command = Uint8Array.of(2, id >> 24, id >> 16, id >> 8, id, 4, 0, 0, 0, 1);
    message.options.push({ number: path, value: Buffer.from(topic) }, { number: payload, value: command });
    send(encodeCoap(message), peer);
  };
  await world.start();
  return told;
}

const of = (told: readonly Told[], kind: LogEvent["kind"]) =>
  told.flatMap(({ event }) => (event.kind === kind && "id" in event ? [event] : []));

/** How often each id was executed, by the log. */
function executions(told: readonly Told[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { id } of of(told, "command executed")) {
    counts.set(String(id), (counts.get(String(id)) ?? 0) + 1);
  }
  return counts;
}

describe("a command with each answer, in deep sleep", () => {
  test("the same for six hours: executed once, answered each time", async () => {
    const told = await begin({}, () => 7);
    await world!.clock.run({ until: 6 * hour });
    expect(of(told, "command executed")).toHaveLength(1);
    expect(of(told, "command repeated").length).toBeGreaterThan(20);
    expect(of(told, "command answered").length).toBeGreaterThan(20);
    // The device need not stay awake for what it knows after sleep as well.
    expect(world!.boardAsleep / (6 * hour)).toBeGreaterThan(0.9);
  });

  test.each([17, 50])("%i in turn: each once", async (count) => {
    let n = 0;
    const told = await begin({ interval: 60 }, () => n++ % count);
    await world!.clock.run({ until: (2.5 * count * 60 + 600) * 1000 });
    expect(n).toBeGreaterThan(2 * count);
    const counts = executions(told);
    expect(counts.size).toBe(count);
    expect([...counts.values()].every((times) => times === 1)).toBe(true);
    expect(of(told, "command repeated").length).toBeGreaterThan(count);
    expect(told.some(({ event }) => event.kind === "command forgotten")).toBe(false);
  });

  test("on XS: the same again and again, and others in between, each once", async () => {
    let n = 0;
    let told: Told[];
    try {
      told = await begin({ engine: "xs", interval: 60 }, () => (n++ % 3) * (n >> 3));
    } catch (error) {
      if (error instanceof EngineMissing && mayBeAbsent()) return;
      throw error;
    }
    await world!.clock.run({ until: density(hour, hour / 3) });
    const counts = executions(told);
    expect(counts.size).toBeGreaterThanOrEqual(4);
    expect([...counts.values()].every((times) => times === 1)).toBe(true);
    expect(of(told, "command repeated").length).toBeGreaterThan(4);
  });
});

describe("power that fails between a command's arrival and its answer", () => {
  /** Commands, each brought by four answers; at the first of them `fail` is called. */
  async function cuts(
    count: number,
    fail: (n: number) => void,
    options: Partial<WorldOptions> = {},
  ): Promise<Told[]> {
    let answers = 0;
    const told = await begin({ interval: 60, ...options }, () => {
      const id = Math.floor(answers / 4);
      if (answers % 4 === 0 && id < count) fail(id);
      answers += 1;
      return Math.min(id, count - 1);
    });
    await world!.clock.run({ until: 4 * count * 70_000 + 600_000 });
    expect(answers).toBeGreaterThan(4 * count);
    return told;
  }

  function once(told: readonly Told[], count: number): void {
    const counts = executions(told);
    expect([...counts.values()].every((times) => times === 1)).toBe(true);
    // Whatever became of it, the cloud has been told.
    const answered = new Set(of(told, "command answered").map(({ id }) => String(id)));
    expect(answered.size).toBe(count);
    // One whose outcome is not known is never said to be executed behind that.
    const unknown = of(told, "command repeated").filter((event) => "code" in event && event.code === 241);
    for (const { id } of unknown) expect(counts.has(String(id))).toBe(false);
  }

  test("at any time", async () => {
    const count = density(120, 24);
    const step = 6_000 / count;
    const told = await cuts(count, (n) => world!.clock.after(n * step, () => world!.cutPower(500)));
    expect(world!.boots).toBeGreaterThan(count);
    once(told, count);
  });

  test("on XS", async () => {
    const count = density(24, 4);
    let told: Told[];
    try {
      told = await cuts(count, (n) => world!.clock.after(n * (6_000 / count), () => world!.cutPower(500)), {
        engine: "xs",
      });
    } catch (error) {
      if (error instanceof EngineMissing && mayBeAbsent()) return;
      throw error;
    }
    once(told, count);
  });

  test.each(["deep", "none"] as const)("in any of its writes, sleep %s", async (sleep) => {
    const count = density(64, 16);
    const told = await cuts(
      count,
      (n) => {
        const { power } = world!;
        power.cutAt = power.operations + 1 + (n % 8);
        power.onCut = () => world!.cutPower(500);
      },
      { sleep },
    );
    expect(world!.boots).toBeGreaterThan(count / 2);
    once(told, count);
  });
});
