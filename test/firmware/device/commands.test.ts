import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { CommandMemory } from "../../../firmware/continuity/command-memory";
import { CommandExecutor } from "../../../firmware/device/commands";
import { logLine } from "../../../firmware/device/log";
import { defineThing } from "../../../firmware/model/thing";
import { nodeCryptography } from "../../../host-sim/sim/engine/node-cryptography";
import { runs } from "../../density";
import type { ByteStore } from "../../../firmware/continuity/two-slot-state";
import type { CommandHandlers } from "../../../firmware/device/application";
import type { CommandReply, Handled } from "../../../firmware/device/commands";
import type { CommandResult } from "../../../firmware/enos/command";
import type { ThingValues } from "../../../firmware/model/thing";

const thing = defineThing({
  product: "test",
  version: 1,
  fingerprint: "0",
  points: [
    { identifier: "temperature", number: 1, type: "double" },
    { identifier: "relay", number: 2, type: "int", writable: true },
    { identifier: "label", number: 3, type: "string", writable: true },
  ],
  attributes: [],
  events: [],
  services: [
    {
      identifier: "reboot",
      number: 17,
      inputs: [{ identifier: "delay", type: "int", optional: true }],
      outputs: [],
    },
    { identifier: "measure", number: 18, inputs: [], outputs: [{ identifier: "value", type: "double" }] },
    {
      identifier: "x",
      number: 19,
      inputs: [],
      outputs: [{ identifier: "text", type: "string", optional: true }],
    },
  ],
});
const set = "thing/service/measurepoint/set";
const get = "thing/service/measurepoint/get";
const raw = "thing/model/down_raw";

/** What outlives the device: `restart` of it is another device with the same store. */
class MapStore implements ByteStore {
  readonly values = new Map<string, Uint8Array>();
  writes = 0;
  bytes = 0;

  read(key: string): ArrayBuffer | undefined {
    return this.values.get(key)?.slice().buffer;
  }

  write(key: string, value: Uint8Array): void {
    this.writes += 1;
    this.bytes += value.length;
    this.values.set(key, value.slice());
  }
}

function device(over: Partial<CommandHandlers> = {}, store: ByteStore | undefined = new MapStore()) {
  const done: unknown[] = [];
  const note = (what: unknown): CommandResult => {
    done.push(what);
    return { code: 200 };
  };
  let wakes = 0;
  const handlers: CommandHandlers = {
    set: (values: ThingValues) => note(values),
    get: (id) => (({ temperature: 21.5, relay: 0 }) as Record<string, number>)[id],
    services: {
      reboot: (inputs) => note({ reboot: inputs }),
      measure: () => ({ code: 200, data: { value: 7 } }),
    },
    ...over,
  };
  const log: string[] = [];
  const clock: { epoch: number | undefined } = { epoch: Date.UTC(2026, 0, 1) };
  const memory = new CommandMemory({
    store,
    retained: undefined,
    crypto: nodeCryptography,
    clock,
    log: (event) => log.push(logLine(event)),
  });
  const executor = new CommandExecutor(thing, handlers, () => (wakes += 1), memory);
  return { done, executor, memory, log, clock, wakes: () => wakes };
}

/** The answer, or undefined when there is none. */
const reply = (handled: Handled): CommandReply | undefined =>
  typeof handled === "string" ? undefined : handled;
const handle = (executor: CommandExecutor, topic: string, payload: Uint8Array): CommandReply | undefined =>
  reply(executor.handle(topic, payload, 0));
const json = (topic: string, executor: CommandExecutor, body: unknown): CommandReply | undefined =>
  handle(executor, topic, Buffer.from(JSON.stringify(body), "utf8"));
const answer = (reply: CommandReply | undefined): unknown =>
  JSON.parse(Buffer.from(reply!.payload).toString("utf8"));
const hex = (reply: CommandReply | undefined): string => Buffer.from(reply!.payload).toString("hex");
const unhex = (digits: string): Uint8Array => Buffer.from(digits.replaceAll(" ", ""), "hex");

describe("ids of more digits than a double keeps", () => {
  const body = (id: string) => Buffer.from(`{"id":${id},"params":{"relay":1}}`);

  it("are told apart, and answered as they came", () => {
    const { done, executor } = device();
    const ids = ["12345678901234567890", "12345678901234567891", '"12345678901234567890"'];
    for (const id of ids) {
      const reply = handle(executor, set, body(id))!;
      expect(Buffer.from(reply.payload).toString()).toBe(`{"id":${id},"code":200,"data":{}}`);
      expect(reply).toMatchObject({ duplicate: false, id: id.replaceAll('"', "") });
    }
    expect(done).toHaveLength(3);
    expect(handle(executor, set, body(ids[0]))!.duplicate).toBe(true);
  });

  it("are so in bytes too, over a restart, and where the command is too long", () => {
    const store = new MapStore();
    const { done, executor } = device({}, store);
    const ids = ["1cd91d165a240000", "1cd91d165a240001"];
    for (const id of ids) {
      const reply = handle(executor, raw, unhex(`06 ${id} 02 02 00000001`));
      expect(hex(reply)).toBe(`06${id}02c8`);
      expect(reply).toMatchObject({ duplicate: false, kind: "set", code: 200 });
    }
    expect(handle(executor, raw, unhex(`06 ${ids[0]} 02 02 00000001`))).toMatchObject({
      ...{ duplicate: true, id: "2078724684846989312" },
    });
    expect(done).toHaveLength(2);
    // The low half alone is another command.
    expect(handle(executor, raw, unhex("02 5a240000 02 00000001"))).toMatchObject({ duplicate: false });
    const later = device({}, store);
    expect(hex(handle(later.executor, raw, unhex(`06 ${ids[1]} 02 02 00000001`)))).toBe(`06${ids[1]}02c8`);
    expect(later.done).toHaveLength(0);
    const refused = reply(later.executor.refuse(raw, unhex("06 1cd91d165a240002 11 01 00"), 0));
    expect(refused).toMatchObject({ id: "2078724684846989314", kind: "raw-17" });
    expect(hex(refused)).toMatch(/^061cd91d165a24000211/);
    expect(later.executor.refuse(raw, unhex("06 1cd91d165a24"), 0)).toBe("unreadable");
    expect(later.executor.handle(raw, unhex("06 1cd91d165a24"), 0)).toBe("unreadable");
  });
});

describe("set", () => {
  it("hands all points over at once and answers beside the topic", () => {
    const { done, executor } = device();
    const reply = json(set, executor, { id: "1", params: { relay: 1, label: "größe" } });
    expect(done).toEqual([{ relay: 1, label: "größe" }]);
    expect(answer(reply)).toEqual({ id: "1", code: 200, data: {} });
    expect(reply).toMatchObject({
      topic: `${set}_reply`,
      contentFormat: 50,
      duplicate: false,
      kind: "set",
      id: "1",
      code: 200,
    });
  });

  const refused: [what: string, params: object, code: number, message: string][] = [
    ["a point there is not", { relay: 1, nope: 1 }, 404, "nope is no measure point of the model"],
    ["a point that cannot be set", { relay: 1, temperature: 20 }, 400, "temperature cannot be set"],
    ["a value of the wrong type", { label: "a", relay: "1" }, 400, "relay takes a number, got a text"],
    ["an int out of range", { relay: 2 ** 31 }, 400, "relay takes -2147483648 to 2147483647, got 2147483648"],
    ["null", { relay: null }, 400, "relay takes a number, got null"],
    ["nothing", {}, 400, "no measure point"],
    ["a name out of the prototype", { constructor: 1 }, 404, "constructor is no measure point of the model"],
  ];
  test.each(refused)("%s: all or none, and the answer says why", (_what, params, code, message) => {
    const { done, executor } = device();
    expect(answer(json(set, executor, { id: 5, params }))).toEqual({ id: 5, code, message, data: {} });
    expect(done).toEqual([]);
  });

  it("__proto__ is a name like any other that is not there", () => {
    const { done, executor } = device();
    const reply = handle(executor, set, Buffer.from('{"id":"1","params":{"__proto__":{"relay":1}}}'));
    expect(reply!.code).toBe(404);
    expect(done).toEqual([]);
  });

  it("a name of a thousand characters is cut in the answer", () => {
    const reply = json(set, device().executor, { id: "1", params: { ["x".repeat(1000)]: 1 } });
    expect(reply!.payload.length).toBeLessThan(150);
  });
});

describe("get", () => {
  it("answers with the values", () => {
    expect(answer(json(get, device().executor, { id: "1", params: ["relay", "temperature"] }))).toEqual({
      id: "1",
      code: 200,
      data: { relay: 0, temperature: 21.5 },
    });
  });

  test.each([
    ["a point there is not", "nope"],
    ["one without a value", "label"],
  ])("%s is unknown", (_what, name) => {
    expect(json(get, device().executor, { id: "1", params: ["relay", name] })!.code).toBe(404);
  });
});

describe("services", () => {
  it("get their inputs and give their outputs", () => {
    const { done, executor } = device();
    json("thing/service/reboot", executor, { id: "1", params: { delay: 5 } });
    expect(done).toEqual([{ reboot: { delay: 5 } }]);
    const reply = json("thing/service/measure", executor, { id: "2" });
    expect(answer(reply)).toEqual({ id: "2", code: 200, data: { value: 7 } });
    expect(reply).toMatchObject({ topic: "thing/service/measure_reply", kind: "measure" });
  });

  test.each(["nope", "toString", "__proto__", "reboot/now"])("%s is unknown", (name) => {
    const { done, executor } = device();
    expect(json(`thing/service/${name}`, executor, { id: "1" })).toMatchObject({ code: 404 });
    expect(done).toEqual([]);
  });
});

describe("raw commands", () => {
  it("are answered in raw, with the code in one byte", () => {
    const { done, executor } = device();
    const reply = handle(executor, raw, unhex("02 00000014 02 00000001"));
    expect(done).toEqual([{ relay: 1 }]);
    expect(hex(reply)).toBe("0200000014c8");
    expect(reply).toMatchObject({
      topic: `${raw}_reply`,
      contentFormat: 42,
      id: 20,
      code: 200,
      duplicate: false,
    });
  });

  test.each([
    ["of another kind", "20 00000001 00", "2000000001fb", 404],
    ["for an unknown point", "02 00000001 09 00", "0200000001fb", 404],
    ["for a point that cannot be set", "02 00000001 01 4035800000000000", "0200000001fa", 400],
    ["cut short", "02 00000001 02 0000", "0200000001fa", 400],
    ["for nothing", "02 00000001", "0200000001fa", 400],
  ])("%s: told in a byte, %s -> %s", (_what, bytes, expected, code) => {
    const { done, executor } = device();
    const reply = handle(executor, raw, unhex(bytes));
    expect(hex(reply)).toBe(expected);
    expect(reply!.code).toBe(code);
    expect(done).toEqual([]);
  });

  it("too short for an id cannot be answered", () => {
    expect(handle(device().executor, raw, unhex("02 000000"))).toBeUndefined();
    expect(handle(device().executor, raw, unhex(""))).toBeUndefined();
  });
});

describe("once", () => {
  it("the same id is executed once and answered each time with the first answer", () => {
    const { done, executor } = device();
    const first = json(set, executor, { id: "1", params: { relay: 1 } });
    const again = json(set, executor, { id: "1", params: { relay: 0 } });
    expect(done).toEqual([{ relay: 1 }]);
    expect(again).toEqual({ ...first, duplicate: true });
    const rawFirst = handle(executor, raw, unhex("02 00000001 02 00000000"));
    expect(handle(executor, raw, unhex("02 00000001 02 00000000"))).toEqual({ ...rawFirst, duplicate: true });
    expect(done).toEqual([{ relay: 1 }, { relay: 0 }]);
  });

  it("a command that failed is not tried again under its id either", () => {
    let calls = 0;
    const { executor } = device({ set: () => ({ code: ++calls === 1 ? 503 : 200 }) });
    expect(json(set, executor, { id: "1", params: { relay: 1 } })!.code).toBe(503);
    expect(json(set, executor, { id: "1", params: { relay: 1 } })!.code).toBe(503);
    expect(calls).toBe(1);
  });

  it("the same id on another topic, or as a number, is another command", () => {
    const { done, executor } = device();
    json(set, executor, { id: "1", params: { relay: 1 } });
    json(set, executor, { id: 1, params: { relay: 0 } });
    json("thing/service/reboot", executor, { id: "1" });
    handle(executor, raw, unhex("02 00000001 02 00000001"));
    expect(done).toHaveLength(4);
  });

  it("fifty-two are remembered, each with its answer; one more displaces the first, and is told of", () => {
    const { done, executor, log } = device();
    for (let id = 0; id < 52; id++) json(set, executor, { id, params: { relay: 1 } });
    for (let id = 51; id >= 0; id--) {
      const reply = json(set, executor, { id, params: { relay: 1 } });
      expect(reply!.duplicate).toBe(true);
      expect(answer(reply)).toEqual({ id, code: 200, data: {} });
    }
    expect(done).toHaveLength(52);
    expect(log).toEqual([]);
    json(set, executor, { id: 52, params: { relay: 1 } });
    expect(log).toEqual(["command: forgotten age=0s"]);
    expect(json(set, executor, { id: 1, params: { relay: 1 } })!.duplicate).toBe(true);
    expect(json(set, executor, { id: 0, params: { relay: 1 } })!.duplicate).toBe(false);
  });
});

describe("an application that fails", () => {
  const failing: [what: string, topic: string, params: unknown, handlers: Partial<CommandHandlers>][] = [
    [
      "set throws",
      set,
      { relay: 1 },
      {
        set: () => {
          throw new Error("stuck");
        },
      },
    ],
    [
      "get throws",
      get,
      ["relay"],
      {
        get: () => {
          throw new Error("stuck");
        },
      },
    ],
    [
      "a service throws",
      "thing/service/x",
      {},
      {
        services: {
          x: () => {
            throw new Error("stuck");
          },
        },
      },
    ],
    [
      "a service throws no error",
      "thing/service/x",
      {},
      {
        services: {
          x: () => {
            throw "stuck";
          },
        },
      },
    ],
    [
      "a service gives nothing",
      "thing/service/x",
      {},
      { services: { x: () => undefined as unknown as CommandResult } },
    ],
    [
      "a service gives a BigInt",
      "thing/service/x",
      {},
      { services: { x: () => ({ code: 201, data: { n: 1n } }) } },
    ],
    [
      "a service gives a cycle",
      "thing/service/x",
      {},
      {
        services: {
          x: () => {
            const data: Record<string, unknown> = {};
            data.self = data;
            return { code: 201, data };
          },
        },
      },
    ],
  ];
  test.each(failing)("%s: answered with 500, nothing thrown", (_what, topic, params, handlers) => {
    const { executor } = device(handlers);
    const reply = json(topic, executor, { id: "1", params });
    expect(reply!.code).toBe(500);
    expect(answer(reply)).toMatchObject({ id: "1", code: 500, data: {} });
  });

  it("in raw too", () => {
    const { executor } = device({
      set: () => {
        throw new Error("stuck");
      },
    });
    expect(handle(executor, raw, unhex("02 00000001 02 00000001"))).toMatchObject({ code: 500 });
  });
});

it("any bytes on any topic: an answer for the reply topic, or none, and nothing thrown", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(set, get, raw, "thing/service/reboot", "thing/model/other", ""),
      fc.oneof(
        fc.uint8Array({ maxLength: 40 }),
        fc.json().map((text) => Buffer.from(text, "utf8")),
        fc
          .tuple(fc.string(), fc.jsonValue())
          .map(([id, params]) => Buffer.from(JSON.stringify({ id, params }), "utf8")),
        fc.uint8Array({ minLength: 3, maxLength: 20 }).map((rest) => new Uint8Array([2, 0, 0, ...rest])),
      ),
      (topic, payload) => {
        const { done, executor } = device();
        const reply = handle(executor, topic, payload);
        if (reply === undefined) {
          expect(done).toEqual([]);
          return;
        }
        expect(reply.topic).toBe(`${topic}_reply`);
        expect(handle(executor, topic, payload)).toEqual({ ...reply, duplicate: true });
        expect(done.length).toBeLessThanOrEqual(1);
      },
    ),
    { seed: 9, numRuns: runs(1000) },
  );
});
