/** Commands to a device of a product that seals its payloads: which are obeyed, which refused, and what that costs. */
import { describe, expect, it, test } from "vitest";
import { RetainedMemory } from "../../../firmware/continuity/retained-memory";
import { Troubles } from "../../../firmware/device/trouble";
import { RetainedRam } from "../continuity/retained-ram";
import { Store } from "../delivery/journal-rig";
import { root } from "../enos/fake-enos";
import { AgentRig, withTrouble } from "./rig";
import { SealedEnos, openUpload, sealCommand, sealingFor } from "./sealed-enos";
import type { RetainedStore } from "../../../firmware/continuity/retained-memory";
import type { AgentOptions } from "../../../firmware/device/agent";
import type { Answer } from "../enos/fake-enos";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const epoch = Date.UTC(2026, 0, 1);
const down = "thing/model/down_raw";

/** Sets the relay, as raw bytes. */
const relay = (id: number, value = 1): string =>
  `02${id.toString(16).padStart(8, "0")}02${value.toString(16).padStart(8, "0")}`;

interface Board {
  readonly store?: Store;
  readonly retained?: RetainedStore;
  readonly reason?: string;
  readonly time?: number | null;
}

function rigOf(
  edition: "token" | "tokenless",
  options: ConstructorParameters<typeof AgentRig>[0] = {},
  { store, retained, reason = "power-on", time = epoch }: Board = {},
  server = new SealedEnos(false, edition),
) {
  const memory = retained === undefined ? undefined : new RetainedMemory(retained, reason);
  const sealing = sealingFor(false, { store, retained: memory, startReason: reason });
  const rig = new AgentRig({ sealing, store, retained: memory, ...options }, server);
  if (time !== null) rig.agent.setTime(time, 0);
  return { rig, server };
}

describe.each(["token", "tokenless"] as const)("a sealed command, %s", (edition) => {
  it("is obeyed once, and answered in an envelope", () => {
    const { rig, server } = rigOf(edition);
    server.command(relay(7), epoch);
    rig.wait(minute);
    expect(rig.sets).toEqual([{ relay: 1 }]);
    expect(server.replies.map(({ plain }) => plain)).toEqual(["0200000007c8"]);
    expect(server.seen.some(({ bytes }) => bytes.includes("0200000007c8"))).toBe(false);
    expect(rig.lines("command:")).toEqual([
      "command: executed kind=set id=7 code=200",
      "command: answered id=7",
    ]);
    expect(rig.agent.totals).toMatchObject({ commands: 1, refusedCommands: 0 });
  });

  it("runs a service, whose outputs are in the envelope too", () => {
    const { rig, server } = rigOf(edition);
    server.command("11 00000001 00000003", epoch);
    rig.wait(minute);
    expect(server.replies.map(({ plain }) => plain)).toEqual([`1100000001c8401c000000000000`]);
  });

  it("that the model does not take is answered so", () => {
    const { rig, server } = rigOf(edition);
    server.command("02 00000001 09 00000001", epoch);
    rig.wait(minute);
    expect(server.replies.map(({ plain }) => plain)).toEqual(["0200000001fb"]);
    expect(rig.sets).toEqual([]);
  });

  it("that comes again is answered again, in another envelope, be it as it was or sealed anew", () => {
    const { rig, server } = rigOf(edition);
    const command = sealCommand(relay(7), epoch);
    server.command(command);
    server.command(command);
    server.command(relay(7), epoch + hour);
    rig.wait(hour);
    expect(rig.sets).toHaveLength(1);
    expect(server.replies.map(({ plain }) => plain)).toEqual(Array(3).fill("0200000007c8"));
    expect(new Set(server.replies.map(({ nonce }) => nonce)).size).toBe(3);
    expect(rig.agent.totals).toMatchObject({ commands: 1, repeatedCommands: 2, refusedCommands: 0 });
  });

  const refused: [what: string, topic: string, payload: string | Uint8Array, reason: string][] = [
    ["bytes that are not sealed", down, Buffer.from(relay(7), "hex"), "plain"],
    ["JSON that sets", "thing/service/measurepoint/set", '{"id":"1","params":{"relay":1}}', "plain"],
    ["JSON that asks", "thing/service/measurepoint/get", '{"id":"1","params":["n"]}', "plain"],
    ["JSON that runs a service", "thing/service/measure", '{"id":"1","params":{"times":1}}', "plain"],
    ["a flipped bit", down, flipped(sealCommand(relay(7), epoch), 30), "forged"],
    ["a later time on it", down, flipped(sealCommand(relay(7), epoch), 3), "forged"],
    ["another device's key", down, sealCommand(relay(7), epoch, Buffer.alloc(32, 1)), "forged"],
    ["its end missing", down, sealCommand(relay(7), epoch).subarray(0, 20), "truncated"],
    ["its last byte missing", down, sealCommand(relay(7), epoch).subarray(0, -1), "forged"],
  ];
  test.each(refused)("with %s is refused without an answer", (_what, topic, payload, reason) => {
    const { rig, server } = rigOf(edition);
    server.downlinks.push({ topic, payload });
    rig.wait(minute);
    expect(rig.sets).toEqual([]);
    expect(server.lines.filter((line) => line.endsWith("_reply"))).toEqual([]);
    expect(rig.lines("command:")).toEqual([`command: refused topic=${topic} reason=${reason}`]);
    expect(rig.agent.totals).toMatchObject({ commands: 0, refusedCommands: 1 });
    // What comes after it is obeyed.
    server.command(relay(8), epoch + minute);
    rig.wait(hour);
    expect(rig.sets).toEqual([{ relay: 1 }]);
  });

  test.each([down, "thing/service/measurepoint/set"])(
    "without a byte in it, on %s, is none that could be forged: it is ignored",
    (topic) => {
      const { rig, server } = rigOf(edition);
      server.downlinks.push({ topic, payload: new Uint8Array(0) });
      rig.wait(minute);
      expect(rig.lines("command:")).toEqual([`command: ignored topic=${topic} reason="unreadable"`]);
      expect(server.lines.filter((line) => line.endsWith("_reply"))).toEqual([]);
      expect(rig.agent.totals).toMatchObject({ commands: 0, refusedCommands: 0 });
      server.command(relay(8), epoch + minute);
      rig.wait(hour);
      expect(rig.sets).toEqual([{ relay: 1 }]);
    },
  );

  it("an upgrade of EnOS's is no command that could be forged: it is ignored as before", () => {
    const { rig, server } = rigOf(edition);
    server.downlinks.push({ topic: "ota/device/upgrade", payload: "{}" });
    rig.wait(minute);
    expect(rig.lines("command:")).toEqual([
      'command: ignored topic=ota/device/upgrade reason="not-for-this-firmware"',
    ]);
    expect(rig.agent.totals.refusedCommands).toBe(0);
  });

  it("that was kept back is refused once a later one was obeyed, and one of the same moment is not", () => {
    const { rig, server } = rigOf(edition);
    server.command(relay(1, 1), epoch + 5);
    server.command(relay(2, 2), epoch + 5);
    server.command(relay(3, 3), epoch + 4);
    server.command(relay(4, 4), epoch + 6);
    rig.wait(hour);
    expect(rig.sets).toEqual([1, 2, 4].map((value) => ({ relay: value })));
    expect(rig.lines("command: refused")).toEqual([`command: refused topic=${down} reason=stale`]);
    expect(server.replies.map(({ plain }) => parseInt(plain.slice(2, 10), 16))).toEqual([1, 2, 4]);
  });

  it("of more than two days ago is refused by a device that knows the time and has obeyed none yet", () => {
    for (const [age, obeyed] of [
      [47 * hour, 1],
      [49 * hour, 0],
    ]) {
      const { rig, server } = rigOf(edition, {}, { time: epoch });
      server.command(relay(1), epoch - age);
      rig.wait(minute);
      expect(rig.sets).toHaveLength(obeyed);
    }
    const clockless = rigOf(edition, {}, { time: null });
    clockless.server.command(relay(1), epoch - 49 * hour);
    clockless.rig.wait(minute);
    expect(clockless.rig.sets).toHaveLength(1);
  });

  it("in a row of 17 is obeyed once each, and each that comes again is answered again, the first of them too", () => {
    const { rig, server } = rigOf(edition, { store: new Store() }, { store: new Store() });
    for (let given = 0; given < 34; given++) {
      const id = (given % 17) + 1;
      server.command(relay(id, id), epoch + id);
      // As many as a device takes in one contact.
      if (given % 6 === 5) rig.wait(15 * minute);
    }
    rig.wait(hour);
    expect(rig.sets).toEqual(Array.from({ length: 17 }, (_, i) => ({ relay: i + 1 })));
    const ids = server.replies.map(({ plain }) => parseInt(plain.slice(2, 10), 16));
    expect(ids).toEqual([...Array(17).keys(), ...Array(17).keys()].map((i) => i + 1));
    expect(server.replies.every(({ plain }) => plain.endsWith("c8"))).toBe(true);
    expect(rig.agent.totals).toMatchObject({ commands: 17, repeatedCommands: 17, refusedCommands: 0 });
  });
});

function flipped(bytes: Buffer, at: number): Buffer {
  bytes[at] ^= 0x10;
  return bytes;
}

describe("over a restart", () => {
  const starts: [what: string, reason: string, keepsRetained: boolean, keepsStore: boolean][] = [
    ["a loss of power", "power-on", false, true],
    ["a panic", "panic", true, true],
    ["deep sleep with storage that fails", "deep-sleep", true, false],
  ];
  test.each(starts)("by %s old ones are refused and repeats answered again", (_what, reason, ram, nvs) => {
    const store = new Store();
    const retained = new RetainedRam();
    store.fail = !nvs;
    const before = rigOf("token", {}, { store, retained });
    before.server.command(relay(1, 1), epoch + 10);
    // One that the model does not take, which changes nothing.
    before.server.command("02 00000002 09 00000001", epoch + 20);
    before.server.command(relay(3, 3), epoch + 30);
    before.rig.wait(minute);
    expect(before.rig.sets).toEqual([{ relay: 1 }, { relay: 3 }]);

    const after = rigOf(
      "token",
      {},
      { store: nvs ? store : new Store(), retained: ram ? retained : new RetainedRam(), reason },
    );
    after.server.command(relay(1, 1), epoch + 10);
    after.server.command("02 00000002 09 00000001", epoch + 20);
    after.server.command(relay(4, 4), epoch + 25);
    after.server.command(relay(3, 3), epoch + 30);
    after.server.command(relay(5, 5), epoch + 30);
    after.rig.wait(hour);
    expect(after.rig.sets).toEqual([{ relay: 5 }]);
    expect(after.rig.lines("command: refused")).toEqual([`command: refused topic=${down} reason=stale`]);
    const codes = after.server.replies.map(({ plain }) => [
      parseInt(plain.slice(2, 10), 16),
      plain.slice(10),
    ]);
    // Where the outcome could not be stored the answer says that it was begun before.
    expect(codes).toEqual([
      [1, nvs ? "c8" : "f1"],
      [2, nvs ? "fb" : "f1"],
      [3, nvs ? "c8" : "f1"],
      [5, "c8"],
    ]);
  });

  it("an answer that is sealed again is under a nonce of its own", () => {
    const store = new Store();
    const nonces = [0, 1, 2].flatMap((boot) => {
      const { rig, server } = rigOf("token", {
        sealing: sealingFor(false, { store, random: () => (boot + 1) / 4 }),
        store,
      });
      server.command(relay(1), epoch);
      rig.wait(minute);
      return [...server.replies, ...server.uploads].map(({ nonce }) => nonce);
    });
    expect(nonces).toHaveLength(6);
    expect(new Set(nonces).size).toBe(6);
  });
});

describe("between an upload and its answer", () => {
  it("a command's answer does not take the upload's proof away", async () => {
    const server = new SealedEnos(true);
    const rig = new AgentRig({ sealing: sealingFor(true), reports: 3 }, server);
    rig.agent.setTime(epoch, 0);
    let finish = (): void => {};
    rig.measure = () => new Promise((resolve) => (finish = () => resolve({ code: 200, data: { value: 1 } })));
    server.command("11 00000001 00000003", epoch);
    rig.wait(14 * minute);
    expect(rig.lines("command: working")).toHaveLength(1);
    // The handler is done while the next reading is on its way.
    rig.wait(minute + 500);
    expect(rig.agent.totals).toMatchObject({ taken: 2, acknowledged: 1 });
    finish();
    await Promise.resolve();
    await Promise.resolve();
    rig.wait(minute);
    expect(server.replies).toHaveLength(1);
    expect(rig.agent.totals).toMatchObject({ taken: 2, acknowledged: 2, commands: 1 });
    expect(rig.lines("report: kept")).toEqual([]);
  });
});

describe("a command that is cut off", () => {
  it("is refused without an answer, as nobody can tell whether the rest of it would have opened", () => {
    const server = new SealedEnos(false, "tokenless");
    const long = sealCommand(`02 00000007 03 02bc ${"78".repeat(700)}`, epoch);
    let offering = true;
    server.script = ({ line }): Answer | "default" =>
      offering && line.endsWith("up_raw")
        ? {
            code: "2.04",
            options: [
              [2100, `${root}/${down}`],
              [2102, long],
            ],
          }
        : "default";
    const receive = server.receive.bind(server);
    server.receive = (datagram) => receive(datagram)?.slice(0, 512);
    const { rig } = rigOf("tokenless", {}, {}, server);
    rig.wait(2 * hour);
    expect(server.lines.filter((line) => line.endsWith("_reply"))).toEqual([]);
    expect(rig.lines("command: too long").length).toBeGreaterThan(1);
    expect(new Set(rig.lines("command: refused"))).toEqual(
      new Set([`command: refused topic=${down} reason=truncated`]),
    );
    expect(rig.agent.totals).toMatchObject({ refused: 0, dropped: 0 });
    offering = false;
    rig.wait(2 * hour);
    expect(rig.agent.waiting).toBeLessThan(2);
  });
});

describe("somebody who puts a forged command on every answer, for a day", () => {
  const forged = sealCommand(relay(1), epoch, Buffer.alloc(32, 2));

  /** Offers one on each answer, be it to a GET; the real one stays away. */
  function attack(edition: "token" | "tokenless", options: Partial<AgentOptions> = {}, hours = 24) {
    const server = new SealedEnos(false, edition);
    const troubles = new Troubles();
    let bytes = 0;
    const count = { gets: 0, downlinks: 0, down: 0 };
    const { rig } = rigOf(
      edition,
      { othersBudget: 240, troubles, model: withTrouble, ...options },
      { store: new Store() },
      server,
    );
    server.script = (request, enos) => {
      bytes += request.bytes.length / 2;
      if (request.line.startsWith("POST /auth")) return "default";
      const own = request.line.startsWith("GET ")
        ? ({ code: "2.05", payload: forged } as const)
        : enos.answer(request);
      if (request.line.startsWith("GET ")) count.gets += 1;
      count.downlinks += 1;
      const command = edition === "tokenless" ? ([[2102, forged]] as const) : [];
      return { ...own, options: [[2100, `${root}/${down}`], ...command] };
    };
    rig.wait(hours * hour);
    return { rig, server, count, bytes };
  }

  it("has it fetched sixteen times, which is what strangers may cost, and the readings go on", () => {
    const { rig, server, count } = attack("token");
    // 2.5 s of radio each: 40 s, a sixth of the budget.
    expect(count.gets).toBe(16);
    expect(rig.agent.totals).toMatchObject({ commands: 0, refusedCommands: 16, refused: 0, dropped: 0 });
    expect(rig.agent.totals.taken - rig.agent.totals.acknowledged).toBeLessThan(2);
    expect(rig.lines("radio: guarded")).toEqual([]);
    expect(server.lines.filter((line) => line.endsWith("_reply"))).toEqual([]);
    expect(rig.sets).toEqual([]);
  });

  it("costs as many requests as a day without him and those sixteen, and no other", () => {
    const quiet = rigOf("token", { othersBudget: 240, model: withTrouble }, { store: new Store() });
    quiet.rig.wait(day);
    const { server, rig } = attack("token");
    const more = server.seen.length - quiet.server.seen.length;
    // And the event that tells of him.
    expect(more).toBe(16 + 1);
    expect(rig.released.length - quiet.rig.released.length).toBe(more);
  });

  it("on the answers themselves costs no request at all", () => {
    const { rig, server, count } = attack("tokenless");
    expect(count.gets).toBe(0);
    expect(rig.agent.totals).toMatchObject({ commands: 0, refusedCommands: 16, refused: 0, dropped: 0 });
    expect(server.lines.filter((line) => line.endsWith("_reply"))).toEqual([]);
    const quiet = rigOf("tokenless", { othersBudget: 240, model: withTrouble }, { store: new Store() });
    quiet.rig.wait(day);
    expect(server.seen.length - quiet.server.seen.length).toBe(1);
  });

  it("is told to the cloud once a day, with how many there were", () => {
    const { rig, server } = attack("token", {}, 49);
    const told = server.uploads
      .map(({ plain }) => Buffer.from(plain, "hex").toString("latin1"))
      .filter((text) => text.includes("event.trouble.post"))
      .map(
        (text) => (JSON.parse(text.slice(text.indexOf("{"))) as { events: Record<string, unknown> }).events,
      );
    expect(told.map(({ what }) => what)).toEqual(Array(3).fill("command refused"));
    expect(told[0].line).toBe(`command: refused topic=${down} reason=forged`);
    expect(told.map(({ count }) => count)).toEqual([
      expect.any(Number),
      expect.any(Number),
      expect.any(Number),
    ]);
    expect(rig.lines("command: refused")).toHaveLength(48);
  });

  it("cannot keep a device from its commands for longer than its day", () => {
    const { rig, server } = attack("token");
    expect(rig.lines("session: downlink ignored").at(-1)).toContain("enough commands for today");
    server.script = () => "default";
    server.command(relay(9, 9), epoch + day);
    rig.wait(2 * hour);
    expect(rig.sets).toEqual([{ relay: 9 }]);
  });

  it("finds the count of today after a start, too, in the memory that outlives it", () => {
    const retained = new RetainedRam();
    let gets = 0;
    for (let boot = 0; boot < 4; boot++) {
      const memory = new RetainedMemory(retained, boot === 0 ? "power-on" : "panic");
      const { count } = attack("token", { retained: memory }, 3);
      gets += count.gets;
    }
    expect(gets).toBe(16);
  });
});

describe("what is answered", () => {
  it("is never plain, whatever the command", () => {
    const { rig, server } = rigOf("token");
    server.command(relay(1), epoch);
    server.command("11 00000002 00000003", epoch + 1);
    server.command("63 00000003", epoch + 2);
    server.command("06 0000000100000004 02 02 00000001", epoch + 3);
    rig.wait(hour);
    const answers = server.seen.filter(({ line }) => line.endsWith("_reply"));
    expect(answers).toHaveLength(4);
    for (const { bytes } of answers) expect(openUpload(Buffer.from(bytes, "hex"))).toBeDefined();
  });
});
