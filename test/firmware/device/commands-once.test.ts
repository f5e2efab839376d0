/** Commands over restarts, losses of power and storage that fails: executed once at most, answered each time. */
import { describe, expect, it } from "vitest";
import { CommandMemory } from "../../../firmware/continuity/command-memory";
import { RetainedMemory } from "../../../firmware/continuity/retained-memory";
import { CommandExecutor } from "../../../firmware/device/commands";
import { logLine } from "../../../firmware/device/log";
import { defineThing } from "../../../firmware/model/thing";
import { PowerDomain } from "../../../host-sim/sim/flash/power-domain";
import { nodeCryptography } from "../../../host-sim/sim/engine/node-cryptography";
import { RetainedRam } from "../continuity/retained-ram";
import type { RetainedStore } from "../../../firmware/continuity/retained-memory";
import type { ByteStore } from "../../../firmware/continuity/two-slot-state";
import type { CommandReply } from "../../../firmware/device/commands";
import type { CommandResult } from "../../../firmware/enos/command";

const thing = defineThing({
  product: "test",
  version: 1,
  fingerprint: "0",
  points: [{ identifier: "relay", number: 2, type: "int", writable: true }],
  attributes: [],
  events: [],
  services: [
    { identifier: "measure", number: 18, inputs: [], outputs: [{ identifier: "text", type: "string" }] },
  ],
});
const set = "thing/service/measurepoint/set";
const get = "thing/service/measurepoint/get";
const measure = "thing/service/measure";
const raw = "thing/model/down_raw";
const day = 86_400_000;

/** What a write leaves behind in which the power fails. */
const remains = ["old value", "new value", "nothing", "half"] as const;

/** Key-value storage that fails with the board's power, or refuses. */
class Store implements ByteStore {
  readonly power = new PowerDomain();
  readonly values = new Map<string, Uint8Array>();
  remains: (typeof remains)[number] = "old value";
  refuses: "reads" | "writes" | undefined;

  read(key: string): ArrayBuffer | undefined {
    if (this.refuses === "reads") throw new Error("ESP_ERR_NVS_INVALID_STATE");
    return this.values.get(key)?.slice().buffer;
  }

  write(key: string, value: Uint8Array): void {
    if (this.refuses === "writes") throw new Error("ESP_ERR_NVS_NOT_ENOUGH_SPACE");
    const how = this.power.begin();
    if (how === "nothing") return;
    if (how === "done" || this.remains === "new value") this.values.set(key, value.slice());
    else if (this.remains === "nothing") this.values.delete(key);
    else if (this.remains === "half") this.values.set(key, value.slice(0, value.length >> 1));
    if (how === "torn") this.power.cut();
  }
}

/** A board, whose effects on the world outlive its firmware. */
class Board {
  /** Null for a board without. */
  readonly store: Store | null;
  readonly retained: RetainedStore | undefined;
  readonly power: PowerDomain;
  readonly effects: unknown[] = [];
  readonly log: string[] = [];
  now = 0;
  epoch: number | undefined = Date.UTC(2026, 0, 1);
  /** What the service gives back. */
  text = "fine";
  /** The power fails in the application, before its effect or behind it. */
  failsIn: "before" | "behind" | undefined;
  #executor!: CommandExecutor;

  constructor(store: Store | null = new Store(), retained?: RetainedStore) {
    this.store = store;
    this.retained = retained;
    this.power = store?.power ?? new PowerDomain();
    this.restart();
  }

  restart(reason = "power-on"): void {
    const obey = (what: unknown, result: CommandResult): CommandResult => {
      if (this.failsIn === "before") this.power.cut();
      if (!this.power.off) this.effects.push(what);
      if (this.failsIn === "behind") this.power.cut();
      return result;
    };
    const memory = new CommandMemory({
      store: this.store ?? undefined,
      retained: this.retained === undefined ? undefined : new RetainedMemory(this.retained, reason),
      crypto: nodeCryptography,
      clock: this,
      log: (event) => this.log.push(logLine(event)),
    });
    const handlers = {
      set: (values: unknown) => obey(values, { code: 200 }),
      get: () => this.effects.length,
      services: { measure: () => obey("measure", { code: 200, data: { text: this.text } }) },
    };
    this.#executor = new CommandExecutor(thing, handlers, () => {}, memory);
    this.failsIn = undefined;
    this.power.restore();
  }

  /** A command comes, as JSON or as hex digits. Undefined when the power fails at it: then the board starts anew. */
  take(topic: string, body: object | string): CommandReply | undefined {
    const bytes =
      typeof body === "string"
        ? Buffer.from(body.replaceAll(" ", ""), "hex")
        : Buffer.from(JSON.stringify(body));
    const handled = this.#executor.handle(topic, bytes, this.now);
    if (this.power.off) return void this.restart();
    if (typeof handled === "string") throw new Error(handled);
    return handled;
  }

  relay(id: string | number): CommandReply | undefined {
    return this.take(set, { id, params: { relay: 1 } });
  }
}

const stated = (reply: CommandReply | undefined): unknown =>
  JSON.parse(Buffer.from(reply!.payload).toString("utf8"));

describe("over restarts", () => {
  it("fifty commands in turn, each again and again: executed once, answered alike", () => {
    const board = new Board();
    const ids = Array.from({ length: 50 }, (_, i) => `20786847248469893${10 + i}`);
    for (let round = 0; round < 3; round++) {
      for (const id of ids) {
        expect(stated(board.relay(id))).toEqual({ id, code: 200, data: {} });
        board.restart();
      }
    }
    expect(board.effects).toHaveLength(50);
    expect(board.log).toEqual([]);
  });

  it("what a service gave back is given again, as bytes too", () => {
    const board = new Board();
    const first = board.take(measure, { id: "1" });
    const bytes = board.take(raw, "12 00000001");
    board.text = "changed";
    board.restart();
    expect(board.take(measure, { id: "1" })).toEqual({ ...first, duplicate: true });
    expect(board.take(raw, "12 00000001")).toEqual({ ...bytes, duplicate: true });
    expect(board.effects).toHaveLength(2);
  });

  it("an answer too long to be kept: 208 says that it went well", () => {
    const board = new Board();
    board.text = "x".repeat(200);
    expect(stated(board.take(measure, { id: "1" }))).toMatchObject({ code: 200, data: { text: board.text } });
    board.take(raw, "12 00000001");
    board.restart();
    expect(stated(board.take(measure, { id: "1" }))).toEqual({
      id: "1",
      code: 208,
      message: "executed before; the rest of its answer is not kept",
      data: {},
    });
    expect(Buffer.from(board.take(raw, "12 00000001")!.payload).toString("hex")).toBe("1200000001d0");
    expect(board.effects).toHaveLength(2);
  });

  it("what changes nothing takes no place and no write: values asked for, and commands refused", () => {
    const board = new Board();
    for (let id = 0; id < 100; id++) {
      expect(board.take(get, { id, params: ["relay"] })!.code).toBe(200);
      expect(board.take(set, { id, params: { nonsense: 1 } })!.code).toBe(404);
      board.restart();
    }
    expect(board.power.operations).toBe(0);
  });

  it("one more than fifty-two displaces the oldest, and the log says so as long as it may come again", () => {
    const board = new Board();
    for (let id = 0; id < 52; id++) board.relay(id);
    board.now += 3_600_000;
    board.restart();
    board.relay(64);
    expect(board.log).toEqual(["command: forgotten age=3600s"]);
    board.epoch = undefined;
    board.relay(65);
    expect(board.log[1]).toBe("command: forgotten");
    board.epoch = Date.UTC(2026, 0, 1);
    board.now = 31 * day;
    board.relay(66);
    expect(board.log).toHaveLength(2);
  });

  it.each([
    ["a year ahead, for hours", [365 * day, 0]],
    ["nine years ahead, and again after a loss of power", [3389 * day, 3389 * day]],
    ["years behind", [-365 * day, 0]],
    ["not told", [undefined, undefined]],
    ["right, a year later", [0, 0]],
  ] as const)("whatever the clock says, an id is executed once: %s", (_, errors) => {
    const epoch = Date.UTC(2026, 0, 1);
    const board = new Board();
    board.relay("a");
    for (const error of errors) {
      board.epoch = error === undefined ? undefined : epoch + error;
      board.now += 365 * day;
      expect(board.relay("a")).toMatchObject({ code: 200, duplicate: true });
      board.restart();
      expect(board.relay("a")).toMatchObject({ code: 200, duplicate: true });
    }
    expect(board.effects).toHaveLength(1);
  });
});

describe("power that fails", () => {
  const moments: [what: string, fail: (board: Board) => void][] = [
    ...[1, 2].flatMap((write) =>
      remains.map((left): [string, (board: Board) => void] => [
        `in write ${write}, leaving ${left}`,
        (board) => {
          board.store!.remains = left;
          board.power.cutAt = board.power.operations + write;
        },
      ]),
    ),
    ["in the application, before its effect", (board) => (board.failsIn = "before")],
    ["in the application, behind its effect", (board) => (board.failsIn = "behind")],
  ];

  it.each(moments)("%s: executed once at most, and every answer is the same", (_, fail) => {
    for (const topic of [set, raw]) {
      const board = new Board();
      const command = (n: number): object | string =>
        topic === raw ? `02 0000000${n} 02 0000000${n}` : { id: n, params: { relay: n } };
      for (let n = 0; n < 5; n++) board.take(topic, command(n));
      fail(board);
      // It may fail as often as it likes.
      expect(board.take(topic, command(5))).toBeUndefined();
      const replies = [1, 2, 3].map(() => {
        const reply = board.take(topic, command(5));
        board.restart();
        return reply!;
      });
      expect(board.effects.filter((effect) => (effect as { relay: number }).relay === 5).length).toBeLessThan(
        2,
      );
      expect(replies.every((reply) => reply.code === replies[0].code)).toBe(true);
      // What it answers is true: 200 for what was executed, or that it does not know.
      if (replies[0].code === 200) expect(board.effects).toHaveLength(6);
      else expect(replies[0].code).toBe(241);
      // Nothing else is forgotten.
      for (let n = 0; n < 5; n++) {
        expect(board.take(topic, command(n))).toMatchObject({ code: 200, duplicate: true });
      }
    }
  });

  it("at each write of thirty commands in turn, each sent until it is answered", () => {
    for (const left of remains) {
      for (let cutAt = 1; cutAt <= 60; cutAt++) {
        const board = new Board();
        board.store!.remains = left;
        board.power.cutAt = cutAt;
        for (let id = 0; id < 30; id++) {
          while (board.relay(id) === undefined);
          expect(board.relay(id)!.duplicate).toBe(true);
        }
        expect(board.effects.length).toBeGreaterThanOrEqual(29);
        expect(board.effects.length).toBeLessThanOrEqual(30);
        board.restart();
        for (let id = 0; id < 30; id++) expect(board.relay(id)!.duplicate).toBe(true);
      }
    }
  });
});

describe("storage", () => {
  it("that refuses: commands are obeyed, once until the board restarts, and the log says so once", () => {
    const board = new Board();
    board.store!.refuses = "writes";
    for (let id = 0; id < 20; id++) expect(board.relay(id)!.duplicate).toBe(false);
    for (let id = 0; id < 20; id++) expect(board.relay(id)!.duplicate).toBe(true);
    expect(board.effects).toHaveLength(20);
    expect(board.log).toEqual(['memory: failed reason="ESP_ERR_NVS_NOT_ENOUGH_SPACE"']);
    board.store!.refuses = undefined;
    board.relay(20);
    board.restart();
    // The first write that succeeds has all of the marks.
    for (let id = 0; id <= 20; id++) expect(board.relay(id)!.duplicate).toBe(true);
  });

  it("that cannot be read is left as it is: a later start may read it", () => {
    const board = new Board();
    board.relay("a");
    board.restart();
    board.store!.refuses = "reads";
    const { operations } = board.power;
    expect(board.relay("a")!.duplicate).toBe(false);
    expect(board.power.operations).toBe(operations);
    board.store!.refuses = undefined;
    board.restart();
    expect(board.relay("a")!.duplicate).toBe(true);
    expect(board.log).toHaveLength(1);
  });

  it("there is none: once until the board restarts", () => {
    const board = new Board(null);
    for (let id = 0; id < 52; id++) board.relay(id);
    for (let id = 0; id < 52; id++) expect(board.relay(id)!.duplicate).toBe(true);
    expect(board.effects).toHaveLength(52);
  });

  it.each(["refuses writes", "refuses reads", "is not there"])(
    "that %s, and retained memory that does not: once over sleep and panics, until the power fails",
    (how) => {
      const store = how === "is not there" ? null : new Store();
      const board = new Board(store, new RetainedRam());
      if (how !== "is not there") store!.refuses = how === "refuses writes" ? "writes" : "reads";
      for (const reason of ["deep-sleep", "panic", "watchdog", "software"]) {
        for (let id = 0; id < 50; id++) board.relay(id);
        board.restart(reason);
      }
      expect(board.effects).toHaveLength(50);
      board.restart("power-on");
      board.relay(0);
      expect(board.effects).toHaveLength(51);
    },
  );

  it("is written twice for a command, 27 entries of 32 bytes in NVS", () => {
    const board = new Board();
    board.relay("2078724684846989312");
    expect(board.power.operations).toBe(2);
    // Each blob has its index and a head beside its data.
    const entries = [...board.store!.values.values()].map(({ length }) => 2 + Math.ceil(length / 32));
    expect(entries.reduce((sum, each) => sum + each)).toBe(27);
  });

  it.each([0, 1, 7, 100])("full of nonsense (%s): nothing thrown, and it works again", (seed) => {
    const board = new Board();
    for (let id = 0; id < 10; id++) board.relay(id);
    let n = seed;
    for (const value of board.store!.values.values()) {
      for (let i = 0; i < value.length; i++) value[i] = (n = (n * 1_103_515_245 + 12_345) & 0x7fff_ffff) >> 8;
    }
    board.restart();
    expect(board.relay(0)!.duplicate).toBe(false);
    board.restart();
    expect(board.relay(0)!.duplicate).toBe(true);
  });
});
