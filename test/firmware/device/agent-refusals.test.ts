/** What the cloud does not take: nothing is released that was not stored, and what is given up is told and counted. */
import { describe, expect, it, test } from "vitest";
import { keys } from "../enos/fake-enos";
import { AgentRig } from "./rig";
import type { Answer, FakeEnos, Seen } from "../enos/fake-enos";
import type { ThingValues } from "../../../firmware/model/thing";

const minute = 60_000;
const hour = 60 * minute;
const auth = `POST /auth/${keys.productKey}/${keys.deviceKey}`;
const up = "POST …thing/model/up_raw";

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
