import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { FakeEnos, keys, root } from "../enos/fake-enos";
import { flashOf } from "../delivery/journal-rig";
import { StartRecord } from "../../../firmware/continuity/start-record";
import { RetainedRam } from "../continuity/retained-ram";
import { AgentRig } from "./rig";
import { density } from "../../density";
import type { ByteStore } from "../../../firmware/continuity/two-slot-state";
import type { Answer, Seen } from "../enos/fake-enos";
import type { ThingValues } from "../../../firmware/model/thing";

const minute = 60_000;
const hour = 60 * minute;
const auth = `POST /auth/${keys.productKey}/${keys.deviceKey}`;
const up = "POST …thing/model/up_raw";
const down = "thing/model/down_raw";
const set = "thing/service/measurepoint/set";
const inform = "ota/device/inform";

const consecutive = (ids: number[]): boolean =>
  ids.every((id, i) => i === 0 || id === (ids[i - 1] + 1) >>> 0);

/** Calls on the stack just now. */
function stackDepth(): number {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = Infinity;
  const depth = new Error().stack!.split("\n").length;
  Error.stackTraceLimit = limit;
  return depth;
}

function storeOf(): ByteStore {
  const values = new Map<string, Uint8Array>();
  return {
    read: (key) => values.get(key)?.slice().buffer,
    write: (key, value) => void values.set(key, value.slice()),
  };
}

/** The body in blocks of 512 bytes, one with each request. */
function inBlocks(body: string): () => Answer {
  const size = 512;
  let number = 0;
  return () => {
    const payload = body.slice(size * number, size * (number + 1));
    const more = body.length > size * (number + 1);
    const value = (number << 4) | (more ? 8 : 0) | 5;
    number = more ? number + 1 : 0;
    return { code: "2.05", payload, options: [[23, Uint8Array.of(value >> 8, value & 0xff)]] };
  };
}

describe("JSON that would end a parser which recurses", () => {
  it.each([
    ["arrays", "[".repeat(8_000)],
    ["objects", '{"a":'.repeat(1_600)],
  ])("as a command in blocks, %s: ignored and told, and the device goes on", (_what, body) => {
    const rig = new AgentRig();
    const block = inBlocks(body);
    rig.server.downlinks.push({ topic: set, payload: body });
    rig.server.script = (request, server) => {
      if (!request.line.startsWith("GET ")) return "default";
      server.downlinks.length = 0;
      return block();
    };
    rig.wait(hour - 1);
    expect(rig.server.lines.filter((line) => line.startsWith("GET ")).length).toBeGreaterThan(15);
    expect(rig.lines("command:")).toEqual([`command: ignored topic=${set} reason="too-deep"`]);
    expect(rig.agent.totals).toMatchObject({ taken: 4, acknowledged: 4 });
  });
});

describe("starts after a panic", () => {
  /** When the first request of each boot reached the server, and what the log says of the wait. */
  const starts = (reasons: readonly string[]) => {
    const store = storeOf();
    const ram = new RetainedRam();
    return reasons.map((startReason) => {
      // It is the firmware that asks for a restart by software.
      if (startReason === "software") new StartRecord(ram.start(), "deep-sleep").ask();
      const record = new StartRecord(ram.start(startReason), startReason);
      const rig = new AgentRig({ store, startReason, starts: record });
      let first: number | undefined;
      rig.server.script = () => {
        first ??= rig.now;
        return "silence";
      };
      rig.wait(2 * minute);
      const [taken] = [rig.agent.totals.taken];
      if (first === undefined) rig.wait(hour);
      return { first: first!, taken, log: rig.lines("agent: waits") };
    });
  };

  it("wait before they use the network, longer each time, and take readings meanwhile", () => {
    const begun = starts(["power-on", "panic", "watchdog", "panic", "panic", "panic", "panic", "panic"]);
    expect(begun[0].first).toBeLessThan(10_000);
    expect(begun[0].log).toEqual([]);
    for (let n = 1; n < begun.length; n++) {
      const { first, taken, log } = begun[n];
      if (n < 7) expect(first).toBeGreaterThan(begun[n - 1].first);
      expect(first).toBeLessThan(hour + 10_000);
      expect(taken).toBe(1);
      expect(log).toEqual([expect.stringMatching(` before it uses the network: panics=${n} in a row$`)]);
    }
    expect(begun[7].first).toBeGreaterThan(hour / 2);
  });

  it("do not after a start of another kind, nor once the device has worked for hours", () => {
    expect(starts(["panic", "panic", "power-on", "software"]).map(({ log }) => log.length)).toEqual([
      1, 1, 0, 0,
    ]);
    const store = storeOf();
    const ram = new RetainedRam();
    const panicked = (): AgentRig =>
      new AgentRig({ store, startReason: "panic", starts: new StartRecord(ram.start("panic"), "panic") });
    panicked().wait(minute);
    const rig = panicked();
    rig.wait(3 * hour);
    rig.agent.supervise(rig.now);
    const after = panicked();
    after.wait(minute);
    expect(after.lines("agent: waits")).toEqual([expect.stringContaining("panics=1 in a row")]);
  });
});

describe("a good day", () => {
  it("takes a reading at once and every interval, authenticates once, and is idle between", () => {
    const rig = new AgentRig();
    rig.wait(hour - 1);
    expect(rig.agent.totals).toMatchObject({ taken: 4, acknowledged: 4, refused: 0, dropped: 0 });
    expect(rig.server.lines).toEqual([auth, up, up, up, up]);
    expect(consecutive(rig.readings)).toBe(true);
    expect(rig.agent).toMatchObject({ online: true, waiting: 0 });
    expect(rig.log.slice(0, 7)).toEqual([
      "journal: none: what waits is lost with the power",
      expect.stringMatching(/^report: taken id=\d+ format=raw$/),
      "session: authenticating cause=first",
      "session: online edition=token",
      expect.stringMatching(/^report: acknowledged id=\d+ after=11\.0s$/),
      "agent: idle next=889s",
      expect.stringMatching(/^report: taken id=\d+ format=raw$/),
    ]);
    expect(rig.agent.deadline).toBe(hour);
  });

  it.each(["power-on", "software", "panic", undefined])(
    "tells the firmware's version once, started by %s",
    (startReason) => {
      const rig = new AgentRig({ version: "1.4.2", startReason });
      rig.wait(hour - 1);
      const told = rig.server.seen.filter(({ line }) => line.endsWith(inform));
      expect(told.map(({ payload }) => (JSON.parse(payload) as { params: object }).params)).toEqual([
        { version: "1.4.2" },
      ]);
    },
  );

  it("tells no version after deep sleep, which is no start", () => {
    const rig = new AgentRig({ version: "1.4.2", startReason: "deep-sleep" });
    rig.wait(hour);
    expect(rig.server.lines.filter((line) => line.endsWith(inform))).toEqual([]);
  });

  it("keeps the version out of the journal: after an update it would be told of a firmware that is gone", () => {
    const flash = flashOf(8);
    const before = new AgentRig({ version: "1.4.2", flash });
    before.link.broken = true;
    before.wait(hour);
    expect(before.agent.waiting).toBeGreaterThan(1);
    const after = new AgentRig({ version: "1.5.0", flash });
    after.wait(hour - 1);
    const told = after.server.seen.filter(({ line }) => line.endsWith(inform));
    expect(told.map(({ payload }) => (JSON.parse(payload) as { params: object }).params)).toEqual([
      { version: "1.5.0" },
    ]);
    expect(after.agent.waiting).toBe(0);
  });

  it("stops after the readings that were asked for, and sleeps for ever", () => {
    const rig = new AgentRig({ reports: 3 });
    rig.wait(24 * hour);
    expect(rig.agent.totals.taken).toBe(3);
    expect(rig.server.lines).toHaveLength(4);
    expect(rig.agent.deadline).toBe(Infinity);
    expect(rig.log.at(-1)).toBe("agent: idle");
  });

  it("JSON carries the moment of the reading once the network has told the time", () => {
    const rig = new AgentRig({ format: "json", reports: 2 });
    rig.agent.setTime(1_700_000_000_000, 0);
    rig.wait(hour);
    const bodies = rig.server.seen.slice(1).map((request) => JSON.parse(request.payload));
    expect(bodies).toEqual(
      [0, 900_000].map((at, i) => ({
        id: expect.stringMatching(/^\d+$/),
        version: "1.0",
        method: "thing.measurepoint.post",
        params: { measurepoints: { n: i + 1 }, time: 1_700_000_000_000 + at },
      })),
    );
    expect(rig.server.seen.slice(1).map((request) => request.format)).toEqual([50, 50]);
  });

  it("without a clock JSON leaves the time out; alternate formats take turns", () => {
    const rig = new AgentRig({ format: "alternate", reports: 4 });
    rig.wait(hour);
    expect(rig.server.lines.slice(1)).toEqual([up, up, "POST …thing/measurepoint/post", up]);
    expect(rig.server.seen.slice(1).map(({ bytes }) => bytes.slice(0, 2))).toEqual(["01", "03", "7b", "01"]);
    expect((JSON.parse(rig.server.seen[3].payload) as { params: object }).params).toEqual({
      measurepoints: { n: 3 },
    });
  });

  it("asks for early release with the last reading of a session, not when more will follow", () => {
    const rig = new AgentRig({ interval: 10, reports: 4 });
    rig.link.broken = true;
    rig.wait(50_000);
    rig.link.broken = false;
    rig.wait(hour);
    expect(rig.server.lines).toEqual([auth, up, up, up, up]);
    expect(rig.released).toEqual([false, false, false, false, true]);
  });
});

describe("readings survive", () => {
  it("a server that is silent for hours: all arrive in order, tried less and less often", () => {
    const rig = new AgentRig();
    rig.wait(10 * minute);
    rig.server.script = () => "silence";
    const before = rig.server.seen.length;
    rig.wait(12 * hour);
    const tries = rig.server.seen.length - before;
    expect(tries).toBeLessThanOrEqual(3 * 30);
    expect(rig.agent.waiting).toBe(48);
    expect(rig.lines("report: kept").length).toBeGreaterThanOrEqual(12);
    rig.server.script = () => "default";
    rig.server.seen.length = 0;
    rig.wait(hour);
    expect(rig.agent).toMatchObject({ waiting: 0, totals: { acknowledged: rig.agent.totals.taken } });
    expect(consecutive([...new Set(rig.readings)])).toBe(true);
    expect(rig.readings).toHaveLength(new Set(rig.readings).size);
  });

  it("an answer that was lost: the reading is sent again under its own id", () => {
    const rig = new AgentRig({ reports: 1 });
    let heard = 0;
    rig.server.script = (request, server) => {
      const answer = server.answer(request);
      return request.line.endsWith("up_raw") && ++heard <= 3 ? "silence" : answer;
    };
    rig.wait(hour);
    // Three transmissions unheard, then a fresh request: the server has counted on in between.
    expect(new Set(rig.readings).size).toBe(1);
    expect(rig.readings).toHaveLength(4);
    expect(rig.agent.totals).toMatchObject({ taken: 1, acknowledged: 1 });
  });

  it("a link that does not come up", () => {
    const rig = new AgentRig();
    rig.link.broken = true;
    rig.wait(5 * hour);
    expect([rig.server.seen.length, rig.agent.waiting]).toEqual([0, 21]);
    expect(rig.link.connects).toBeGreaterThan(20);
    rig.link.broken = false;
    rig.wait(10 * minute);
    expect(rig.agent.waiting).toBe(0);
    expect(consecutive(rig.readings)).toBe(true);
    expect(rig.readings).toHaveLength(21);
  });

  it("a link that goes away between readings: it is asked for again", () => {
    const rig = new AgentRig({ reports: 2 });
    rig.wait(5 * minute);
    expect(rig.link.connects).toBeGreaterThan(0);
    rig.link.ready = false;
    const before = rig.link.connects;
    rig.wait(5 * minute);
    expect(rig.link.connects).toBe(before);
    rig.wait(hour);
    expect(rig.agent.totals.acknowledged).toBe(2);
  });

  test.each([
    ["4.03", "forbidden"],
    ["4.04", "no-such-path"],
    ["4.05", "method-not-allowed"],
    ["5.00", "server-error"],
  ])("%s: kept and tried again later", (code, reason) => {
    const rig = new AgentRig({ reports: 1 });
    rig.server.script = (request) => (request.line.endsWith("up_raw") ? { code } : "default");
    rig.wait(minute);
    expect(rig.agent.waiting).toBe(1);
    expect(rig.lines("report: kept")[0]).toContain(`reason="rejected ${code} ${reason}"`);
    rig.server.script = () => "default";
    rig.wait(hour);
    expect(rig.agent.totals).toMatchObject({ acknowledged: 1, refused: 0 });
  });

  it("a refused authentication, for the time the session says and no shorter", () => {
    const rig = new AgentRig({ reports: 1 });
    rig.server.script = () => ({ code: "4.03" });
    rig.wait(24 * hour);
    expect(rig.server.seen.length).toBeGreaterThan(20);
    expect(rig.server.seen.length).toBeLessThan(60);
    expect(rig.lines("session: not admitted")[0]).toMatch(
      /^session: not admitted reason=forbidden retry=\d+s$/,
    );
    rig.server.script = () => "default";
    rig.wait(hour);
    expect(rig.agent.totals.acknowledged).toBe(1);
  });

  it("pauses between tries double from half a minute to an hour, with a spread", () => {
    const rig = new AgentRig({ reports: 1 });
    rig.server.script = (request) => (request.line.endsWith("up_raw") ? { code: "5.00" } : "default");
    rig.wait(24 * hour);
    const pauses = rig.lines("report: kept").map((line) => Number(/retry=(\d+)s/.exec(line)![1]));
    pauses.forEach((pause, i) => {
      const step = Math.min(30 * 2 ** i, 3600);
      expect(pause).toBeGreaterThanOrEqual(Math.floor(step / 2));
      expect(pause).toBeLessThanOrEqual(step);
    });
    expect(pauses.length).toBeGreaterThan(24);
  });
});

describe("a success that does not mean that the reading was stored releases none", () => {
  const { raw, json } = {
    raw: (code: number) => (id: string) => Buffer.from(`${id}${code.toString(16).padStart(4, "0")}`, "hex"),
    json: (code: unknown) => () => JSON.stringify({ id: "1", code, data: {} }),
  };
  type Body = (id: string) => string | Uint8Array;
  const cases: [what: string, format: "raw" | "json", code: string, body: Body, reason: string][] = [
    ["2.01", "raw", "2.01", () => "", "rejected 2.01 not-stored"],
    ["2.02", "json", "2.02", () => "", "rejected 2.02 not-stored"],
    ["2.03", "raw", "2.03", () => "", "rejected 2.03 not-stored"],
    ["2.05", "raw", "2.05", raw(200), "rejected 2.05 not-stored"],
    ["2.05 with code 200", "json", "2.05", json(200), "rejected 2.05 not-stored"],
    ["2.31, as for a block", "json", "2.31", () => "", "rejected 2.31 not-stored"],
    ["a body that nobody can read", "raw", "2.04", () => "OK", "unreadable-answer"],
    ["a body that is no JSON", "json", "2.04", () => "OK", "unreadable-answer"],
    ["a body about another reading", "raw", "2.04", () => raw(200)("00000000"), "unreadable-answer"],
    ["a body cut short", "raw", "2.04", (id) => raw(200)(id).subarray(0, 5), "unreadable-answer"],
    ["no code", "json", "2.04", json(undefined), "unreadable-answer"],
    ["a code that is none", "json", "2.04", json("200 OK"), "unreadable-answer"],
    ["code 500", "json", "2.04", json(500), "enos-code=500"],
    ["code 0", "json", "2.04", json(0), "enos-code=0"],
    ["code 500 from the script", "raw", "2.04", raw(500), "enos-code=500"],
  ];

  test.each(cases)("%s (%s)", (_what, format, code, body, reason) => {
    const rig = new AgentRig({ format, reports: 5 });
    let wrong = true;
    rig.server.script = (request, server) => {
      if (!wrong || request.line === auth) return "default";
      server.answer(request);
      return { code, payload: body(request.bytes.slice(2, 10)) };
    };
    rig.wait(3 * hour);
    expect(rig.agent).toMatchObject({ waiting: 5, totals: { taken: 5, acknowledged: 0, refused: 0 } });
    expect(rig.lines("report: kept")[0]).toContain(`reason="${reason}"`);
    wrong = false;
    rig.wait(3 * hour);
    expect(rig.agent).toMatchObject({ waiting: 0, totals: { acknowledged: 5, refused: 0 } });
  });

  it("an empty ACK, behind which nothing follows", () => {
    const rig = new AgentRig({ reports: 1 });
    rig.server.script = () => "default";
    const receive = rig.server.receive.bind(rig.server);
    let wrong = true;
    rig.server.receive = (datagram) => {
      const answer = receive(datagram);
      if (!wrong || rig.server.seen.at(-1)?.line === auth) return answer;
      return Uint8Array.of(0x60, 0, datagram[2], datagram[3]);
    };
    rig.wait(hour);
    expect(rig.agent).toMatchObject({ waiting: 1, totals: { acknowledged: 0, refused: 0 } });
    expect(rig.lines("report: kept")[0]).toContain('reason="unanswered no-response"');
    wrong = false;
    rig.wait(3 * hour);
    expect(rig.agent.totals.acknowledged).toBe(1);
  });

  it.each<[string, "raw" | "json", Body]>([
    ["nothing", "raw", () => ""],
    ["nothing", "json", () => ""],
    ["the script's 200", "raw", raw(200)],
    ["JSON to a raw reading", "raw", json(200)],
    ["200", "json", json(200)],
    ["200 as text, as in the manual's scripts", "json", json("200")],
  ])("but a 2.04 with %s does (%s)", (_what, format, body) => {
    const rig = new AgentRig({ format, reports: 3 });
    rig.server.script = (request, server) => {
      if (request.line === auth) return "default";
      server.answer(request);
      return { code: "2.04", payload: body(request.bytes.slice(2, 10)) };
    };
    rig.wait(hour);
    expect(rig.agent.totals).toMatchObject({ acknowledged: 3, refused: 0 });
  });
});

describe("readings are given up, told and counted", () => {
  const cases: [name: string, answer: { code: string; payload?: string | Uint8Array }, reason: string][] = [
    ["4.00", { code: "4.00" }, "illegal-payload"],
    ["4.13", { code: "4.13" }, "too-large"],
  ];
  /** Answers so to each reading with one of these values of `n`; the signature is read all the same. */
  const refusing =
    (answer: Answer, ...values: number[]) =>
    (request: Seen, server: FakeEnos): Answer | "default" => {
      if (!request.line.endsWith("up_raw")) return "default";
      if (!values.includes(parseInt(request.bytes.slice(-8), 16))) return "default";
      server.answer(request);
      return answer;
    };

  test.each(cases)("when the server answers %s to what they say, however often", (_name, answer, reason) => {
    const rig = new AgentRig({ reports: 3 });
    rig.server.script = refusing(answer, 2);
    rig.wait(hour);
    expect(rig.agent.totals).toMatchObject({ taken: 3, acknowledged: 2, refused: 1 });
    expect(rig.lines("report: refused")).toEqual([expect.stringContaining(`reason="${reason}"`)]);
    // Told that it waits, and given up when the next one is stored by the same session.
    expect(rig.lines("report: kept")[0]).toContain(reason);
    const refused = rig.log.findIndex((line) => line.startsWith("report: refused"));
    expect(rig.log[refused + 1]).toMatch(/^report: acknowledged/);
  });

  test.each(cases)("but not when it answers %s once", (_name, answer) => {
    const rig = new AgentRig({ reports: 3 });
    let count = 0;
    rig.server.script = (request) => (request.line.endsWith("up_raw") && ++count === 2 ? answer : "default");
    rig.wait(hour);
    expect(rig.agent.totals).toMatchObject({ taken: 3, acknowledged: 3, refused: 0 });
    expect(rig.server.lines).toEqual([auth, up, up, auth, up, up]);
  });

  test.each(cases)("and not while it answers %s to each, for a week", (_name, answer) => {
    const rig = new AgentRig({ reports: 700 });
    let broken = false;
    rig.server.script = (request) => (broken && request.line.endsWith("up_raw") ? answer : "default");
    rig.wait(hour);
    broken = true;
    rig.server.seen.length = 0;
    rig.wait(7 * 24 * hour);
    expect(rig.agent.totals).toMatchObject({
      refused: 0,
      dropped: 0 + Math.max(0, rig.agent.totals.dropped),
    });
    // No more than two requests and an authentication for each reading that is new.
    expect(rig.server.seen.length).toBeLessThan(3 * 7 * 96);
    broken = false;
    rig.wait(12 * hour);
    expect(rig.agent).toMatchObject({ waiting: 0, totals: { refused: 0 } });
  });

  test.each(cases)(
    "two that are refused with %s keep each other no longer than until the next",
    (_n, answer) => {
      const rig = new AgentRig({ reports: 6 });
      rig.server.script = refusing(answer, 2, 3);
      rig.wait(24 * hour);
      expect(rig.agent.totals).toMatchObject({ taken: 6, acknowledged: 4, refused: 2 });
      expect(rig.server.seen.length).toBeLessThan(40);
    },
  );

  it("but not for 4.00 to a session's first signed request: the signature may be what cannot be read", () => {
    const rig = new AgentRig({ reports: 1 });
    let refusing = true;
    rig.server.script = (request) =>
      refusing && request.line.endsWith("up_raw") ? { code: "4.00" } : "default";
    rig.wait(5 * hour);
    expect(rig.agent).toMatchObject({ waiting: 1, totals: { refused: 0, acknowledged: 0 } });
    refusing = false;
    rig.wait(2 * hour);
    expect(rig.agent).toMatchObject({ waiting: 0, totals: { refused: 0, acknowledged: 1 } });
  });

  it.each([1204, 1206, 1207, 1209, 1212])("when EnOS's code in the body is %i, raw or JSON", (bad) => {
    const rig = new AgentRig({ format: "alternate", reports: 6 });
    let count = 0;
    rig.server.script = (request, server) => {
      if (request.line === auth) return server.answer(request);
      server.answer(request);
      const code = ++count <= 3 ? bad : 200;
      if (request.line.endsWith("up_raw")) {
        const script = Buffer.alloc(6);
        script.write(request.bytes.slice(2, 10), "hex");
        script.writeUInt16BE(code, 4);
        return { code: "2.04", payload: script };
      }
      return { code: "2.04", payload: JSON.stringify({ id: "1", code, data: {} }) };
    };
    rig.wait(2 * hour);
    expect(rig.agent.totals).toMatchObject({ taken: 6, acknowledged: 3, refused: 3 });
    expect(rig.lines("report: refused").map((line) => line.split(" ").at(-1))).toEqual(
      Array(3).fill(`reason="enos-code=${bad}"`),
    );
  });

  it("when they cannot be encoded, in any format, however many there are", () => {
    const rig = new AgentRig({ format: "alternate", interval: 60 });
    const depths: number[] = [];
    rig.log.push = (...lines: string[]) => {
      if (lines[0].includes("refused")) depths.push(stackDepth());
      return Array.prototype.push.apply(rig.log, lines);
    };
    rig.sample = (): ThingValues => ({ n: 0.5 });
    rig.link.broken = true;
    rig.wait(100 * minute - 1);
    rig.link.broken = false;
    rig.sample = () => ({ n: 1 });
    rig.wait(10 * minute);
    expect(rig.agent.totals.refused).toBe(100);
    expect(
      rig.lines("report: refused").filter((line) => line.includes("wrong-type n takes a whole number")),
    ).toHaveLength(100);
    expect(rig.agent.totals.acknowledged).toBeGreaterThan(8);
    // The stack of the device's engine is a few kilobytes: it must not grow with what waits.
    expect(Math.max(...depths.slice(90)) - Math.max(...depths.slice(0, 10))).toBeLessThanOrEqual(0);
  });

  it("the oldest, when 128 wait and another comes", () => {
    const rig = new AgentRig();
    rig.link.broken = true;
    rig.wait(129 * 15 * minute + minute);
    expect(rig.agent).toMatchObject({ waiting: 128, totals: { taken: 130, dropped: 2 } });
    const dropped = rig.lines("report: dropped").map((line) => Number(/id=(\d+)/.exec(line)![1]));
    expect(rig.lines("report: dropped")[0]).toMatch(/^report: dropped id=\d+ reason=full$/);
    rig.link.broken = false;
    rig.wait(hour);
    expect(consecutive([...dropped, ...rig.readings])).toBe(true);
  });

  it("but not the one that is under way: what is told as lost never arrives", () => {
    const rig = new AgentRig({ interval: 1 });
    rig.server.script = (request) => (request.line.endsWith("up_raw") ? "silence" : "default");
    rig.wait(140_000);
    rig.server.script = () => "default";
    rig.wait(10 * minute);
    const dropped = rig.lines("report: dropped").map((line) => /id=(\d+)/.exec(line)![1]);
    const acknowledged = rig.lines("report: acknowledged").map((line) => /id=(\d+)/.exec(line)![1]);
    expect(dropped.length).toBeGreaterThan(10);
    expect(acknowledged.length).toBeGreaterThan(1);
    expect(acknowledged.filter((id) => dropped.includes(id))).toEqual([]);
    const { taken, acknowledged: settled, refused, dropped: lost } = rig.agent.totals;
    expect(settled + refused + lost + rig.agent.waiting).toBe(taken);
  });
});

describe("an application that fails", () => {
  it("in sample loses that reading, and says so; the next is taken in its turn", () => {
    const rig = new AgentRig({ reports: 2 });
    rig.sample = () => {
      if (rig.samples === 1) throw new Error("i2c");
      return { n: 1 };
    };
    rig.wait(10 * minute);
    expect(rig.samples).toBe(1);
    expect(rig.log).toEqual([
      "journal: none: what waits is lost with the power",
      'report: missed count=1 reason="i2c"',
      "agent: idle next=900s",
      "session: keep alive",
      "session: authenticating cause=first",
      "session: online edition=token",
    ]);
    rig.wait(hour);
    expect(rig.agent.totals).toMatchObject({ taken: 2, acknowledged: 2 });
  });

  it("cannot end a line of the log with its message, nor make another of it", () => {
    const rig = new AgentRig({ reports: 1 });
    rig.sample = () => {
      throw new Error('i2c" id=1\nreport: acknowledged id=1 after=0.0s');
    };
    rig.wait(minute);
    expect(rig.lines("report: ")).toEqual([
      'report: missed count=1 reason="i2c\\" id=1\\nreport: acknowledged id=1 after=0.0s"',
    ]);
  });
});

describe("commands", () => {
  it("are executed once, answered each time, and the answer's response may bring the next", () => {
    const rig = new AgentRig({ reports: 1 }, new FakeEnos("tokenless"));
    const command = (id: string, relay: number) => ({
      topic: set,
      payload: JSON.stringify({ id, params: { relay } }),
    });
    rig.server.downlinks.push(command("a", 1), command("a", 1), command("b", 0));
    rig.wait(minute);
    expect(rig.sets).toEqual([{ relay: 1 }, { relay: 0 }]);
    const replies = rig.server.seen.filter((request) => request.line === `POST ${root}/${set}_reply`);
    expect(replies.map((request) => JSON.parse(request.payload))).toEqual(
      ["a", "a", "b"].map((id) => ({ id, code: 200, data: {} })),
    );
    expect(rig.agent.totals).toMatchObject({ commands: 2, repeatedCommands: 1 });
    expect(rig.lines("command: ")).toEqual([
      'command: executed kind=set id="a" code=200',
      'command: answered id="a"',
      'command: repeated kind=set id="a" code=200',
      'command: answered id="a"',
      'command: executed kind=set id="b" code=200',
      'command: answered id="b"',
    ]);
    expect(rig.log.at(-1)).toBe("agent: idle");
  });

  it("are fetched where the server has tokens, and a raw one is answered in raw", () => {
    const rig = new AgentRig({ reports: 1 });
    rig.server.downlinks.push({ topic: down, payload: "\x02\x00\x00\x00\x07\x02\x00\x00\x00\x01" });
    rig.wait(minute);
    expect(rig.sets).toEqual([{ relay: 1 }]);
    expect(rig.server.lines).toEqual([auth, up, `GET …${down}`, `POST …${down}_reply`]);
    expect(rig.server.seen.at(-1)).toMatchObject({ bytes: "0200000007c8", format: undefined });
  });

  it("that nobody can read are passed over and told", () => {
    const rig = new AgentRig({ reports: 1 });
    rig.server.downlinks.push({ topic: set, payload: "nonsense" });
    rig.wait(minute);
    expect(rig.lines("command: ")).toEqual([`command: ignored topic=${set} reason="unreadable"`]);
    expect(rig.agent.totals).toMatchObject({ acknowledged: 1, commands: 0 });
  });

  it("that are none of the topics that this firmware obeys are told as such", () => {
    const rig = new AgentRig({ reports: 1 });
    const payload = '{"id":"7","version":"1.0","method":"ota.device.upgrade","params":{"version":"2"}}';
    rig.server.downlinks.push({ topic: "ota/device/upgrade", payload });
    rig.wait(minute);
    expect(rig.lines("command: ")).toEqual([
      'command: ignored topic=ota/device/upgrade reason="not-for-this-firmware"',
    ]);
  });

  it("with an id that holds a line end stay one line of the log", () => {
    const rig = new AgentRig({ reports: 1 });
    rig.server.downlinks.push({
      topic: set,
      payload: JSON.stringify({ id: "a\nreport: forged", params: {} }),
    });
    rig.wait(minute);
    expect(rig.agent.totals.commands).toBe(1);
    for (const line of rig.log) expect(line).not.toContain("\n");
  });

  it("whose handler throws are answered with 500, and the reading that brought them counts", () => {
    const rig = new AgentRig({ reports: 1 });
    Object.defineProperty(rig.sets, "push", {
      value: () => {
        throw new Error("stuck");
      },
    });
    rig.server.downlinks.push({ topic: set, payload: JSON.stringify({ id: "a", params: { relay: 1 } }) });
    rig.wait(minute);
    expect(JSON.parse(rig.server.seen.at(-1)!.payload)).toEqual({
      id: "a",
      code: 500,
      message: "stuck",
      data: {},
    });
    expect(rig.agent.totals).toMatchObject({ acknowledged: 1, commands: 1 });
    expect(rig.agent.waiting).toBe(0);
  });
});

describe("closing", () => {
  it("ends what is under way, closes the socket, and nothing more is sent", () => {
    const rig = new AgentRig();
    rig.wait(10_000);
    expect(rig.server.lines).toEqual([auth, up]);
    rig.agent.close(rig.now);
    expect(rig.socket.closed).toBe(true);
    expect(rig.agent.waiting).toBe(1);
    rig.wait(hour);
    expect(rig.server.lines).toEqual([auth, up]);
  });
});

it("settings that cannot work are refused before anything is sent", () => {
  const session = {
    credentials: { ...keys, deviceKey: "a/b" },
    address: "192.0.2.1",
    port: 5683,
    lifetime: 3600,
  };
  expect(() => new AgentRig({ session })).toThrow("deviceKey has a slash");
});

it("whatever server and network do, every reading is accounted for, in order, and no secret is told", () => {
  const mood = fc.constantFrom(
    "default",
    "silence",
    "reset",
    "4.00",
    "4.01",
    "4.02",
    "4.03",
    "5.00",
    "2.04",
    "noise",
  );
  fc.assert(
    fc.property(
      fc.array(fc.tuple(mood, fc.integer({ min: 1, max: 90 }), fc.boolean()), {
        minLength: 1,
        maxLength: 12,
      }),
      fc.constantFrom("token" as const, "tokenless" as const),
      fc.constantFrom("raw" as const, "json" as const, "alternate" as const),
      (phases, edition, format) => {
        const rig = new AgentRig({ interval: 60, format }, new FakeEnos(edition));
        for (const [what, minutes, linkBreaks] of phases) {
          rig.server.script = () =>
            what === "default" || what === "silence" || what === "reset"
              ? what
              : what === "noise"
                ? {
                    code: "2.05",
                    payload: "{",
                    options: [
                      [2100, "/x"],
                      [2102, "\xff"],
                    ],
                  }
                : { code: what };
          rig.link.broken = linkBreaks;
          if (linkBreaks) rig.link.ready = false;
          rig.wait(minutes * minute);
          const { taken, acknowledged, refused, dropped } = rig.agent.totals;
          expect(acknowledged + refused + dropped + rig.agent.waiting).toBe(taken);
        }
        rig.link.broken = false;
        rig.server.script = () => "default";
        rig.wait(4 * hour);
        expect(rig.agent.waiting).toBeLessThanOrEqual(1);
        const settled = rig.lines("report: acknowledged").map((line) => Number(/id=(\d+)/.exec(line)![1]));
        expect(new Set(settled).size).toBe(settled.length);
        const log = rig.log.join("\n");
        for (const secret of [keys.deviceSecret, ...Array.from({ length: 40 }, (_, i) => `T${i + 1}-é`)]) {
          expect(log).not.toContain(secret);
        }
      },
    ),
    { seed: 15, numRuns: density(60, 15) },
  );
});

describe("a server that misbehaves", () => {
  it("and always has one more command does not keep the radio on", () => {
    for (const edition of ["token", "tokenless"] as const) {
      const rig = new AgentRig({ reports: 4 }, new FakeEnos(edition));
      let count = 0;
      rig.server.script = (_request, server) => {
        const payload = JSON.stringify({ id: String(++count), params: { relay: count % 2 } });
        if (server.downlinks.length === 0) server.downlinks.push({ topic: set, payload });
        return "default";
      };
      rig.wait(2 * hour);
      expect(rig.agent.totals.acknowledged).toBe(4);
      // A reading, and behind each at most eight commands with a GET and an answer.
      expect(rig.server.seen.length).toBeLessThanOrEqual(1 + 4 * (1 + 8 * 2));
      expect(rig.agent.totals.commands).toBeGreaterThan(4);
    }
  });

  it("and cannot digest one reading gets the others all the same", () => {
    const rig = new AgentRig({ reports: 40 });
    let poison: string | undefined;
    rig.server.script = (request) => {
      if (!request.line.endsWith("up_raw")) return "default";
      const id = request.bytes.slice(2, 10);
      if (rig.agent.totals.taken === 3) poison ??= id;
      return id === poison ? { code: "5.00" } : "default";
    };
    rig.wait(30 * hour);
    expect(poison).toBeDefined();
    expect(rig.agent).toMatchObject({ waiting: 1, totals: { acknowledged: 39, refused: 0, dropped: 0 } });
  });

  it("and answers with a passing trouble of its own loses no reading", () => {
    const rig = new AgentRig({ format: "json", reports: 20 });
    let broken = true;
    rig.server.script = (request, server) => {
      if (!broken || request.line === auth) return "default";
      server.answer(request);
      return { code: "2.04", payload: JSON.stringify({ id: "1", code: 500, data: {} }) };
    };
    rig.wait(6 * hour);
    expect(rig.agent).toMatchObject({ waiting: 20, totals: { acknowledged: 0, refused: 0 } });
    broken = false;
    rig.wait(3 * hour);
    expect(rig.agent).toMatchObject({ waiting: 0, totals: { acknowledged: 20, refused: 0 } });
  });
});
