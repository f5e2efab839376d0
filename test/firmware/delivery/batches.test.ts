import { describe, expect, it, test } from "vitest";
import { root } from "../enos/fake-enos";
import { AgentRig } from "../device/rig";
import type { Answer, Script, Seen } from "../enos/fake-enos";

const minute = 60_000;
const hour = 60 * minute;
const epoch = 1_700_000_000_000;
const post = `POST ${root}/thing/measurepoint/post`;
const resume = `POST ${root}/thing/measurepoint/resume`;

interface Sent {
  readonly id: string;
  readonly params:
    { measurepoints: { n: number }; time: number }[] | { measurepoints: { n: number }; time: number };
}
const sent = (request: Seen): Sent => JSON.parse(request.payload) as Sent;
/** The readings in a JSON request: their `n`. */
const numbers = (request: Seen): number[] =>
  [sent(request).params].flat().map((each) => each.measurepoints.n);
const reports = (rig: AgentRig): Seen[] => rig.server.seen.slice(1);

/** An agent whose link breaks after the first reading and comes back when `silent` ms are over. */
function afterOutage(options: ConstructorParameters<typeof AgentRig>[0], silent: number): AgentRig {
  const rig = new AgentRig({ format: "json", ...options });
  rig.agent.setTime(epoch, 0);
  rig.wait(5 * minute);
  rig.link.broken = true;
  rig.link.ready = false;
  rig.wait(silent);
  rig.link.broken = false;
  rig.server.seen.length = 1;
  rig.wait(20 * minute);
  return rig;
}

describe("several readings in one datagram", () => {
  it("wait for each other, as many as the setting says, and the radio stays off meanwhile", () => {
    const rig = new AgentRig({ format: "json", batch: 4 });
    rig.agent.setTime(epoch, 0);
    rig.wait(2 * hour - 1);
    // The first contact waits for no batch: until then the modem could not sleep.
    const lines = ["POST …thing/measurepoint/post", "POST …thing/measurepoint/post/batch"];
    expect(rig.server.lines.slice(1)).toEqual(lines);
    expect(reports(rig).map(numbers)).toEqual([[1], [2, 3, 4, 5]]);
    expect(sent(reports(rig)[1])).toMatchObject({
      method: "thing.measurepoint.post.batch",
      params: [1, 2, 3, 4].map((i) => ({ time: epoch + i * 900_000 })),
    });
    expect(rig.lines("agent: idle")).toContain("agent: idle waiting=3 next=900s");
    expect(rig.agent.totals).toMatchObject({ taken: 8, acknowledged: 5 });
  });

  it("the last ones wait for no others", () => {
    const rig = new AgentRig({ format: "json", batch: 4, reports: 6 });
    rig.agent.setTime(epoch, 0);
    rig.wait(3 * hour);
    expect(reports(rig).map(numbers)).toEqual([[1], [2, 3, 4, 5], [6]]);
  });

  test.each(["raw", "compact"] as const)("in %s have one head and their own times", (format) => {
    const rig = new AgentRig({ format, batch: 3, reports: 4 });
    rig.agent.setTime(epoch, 0);
    rig.wait(hour);
    const [, request] = reports(rig);
    const time = (epoch + 900_000).toString(16).padStart(12, "0");
    const later = "a0f736"; // 900,000 as LEB128
    const id = request.bytes.slice(2, 10);
    const one = (n: number): string =>
      format === "raw" ? `01010004${`0000000${n}`}` : `0101${`0000000${n}`}`;
    const kind = format === "raw" ? "04" : "05";
    expect(request.bytes).toBe(`${kind}${id}00${time}00${one(2)}${later}${one(3)}${later}${one(4)}`);
    expect(rig.agent.totals.acknowledged).toBe(4);
  });

  it("are no more than fit the payload limit, and never more than a datagram holds", () => {
    for (const [options, most] of [
      [{ payloadLimit: 400 }, 400],
      [{ maxDatagram: 512 }, 512 - 150],
    ] as const) {
      const rig = afterOutage(options, 8 * hour);
      const sizes = reports(rig).map((request) => request.bytes.length / 2);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(most);
      expect(Math.max(...sizes)).toBeGreaterThan(most / 2);
      expect(rig.agent.waiting).toBe(0);
      const all = reports(rig).flatMap(numbers);
      expect(all).toEqual(all.map((_, i) => i + 2));
    }
  });

  it("without a clock go one by one: nothing would tell when they were taken", () => {
    const rig = new AgentRig({ format: "json", batch: 3, reports: 3 });
    rig.wait(hour);
    expect(reports(rig).map((request) => request.line)).toEqual([post, post, post]);
  });

  it("that are of different formats do not share a datagram", () => {
    const rig = new AgentRig({ format: "alternate", batch: 6, reports: 6 });
    rig.agent.setTime(epoch, 0);
    rig.wait(2 * hour);
    expect(reports(rig)).toHaveLength(6);
  });

  it("are sent again as they were, under the same id, until they are answered", () => {
    const rig = new AgentRig({ format: "json", batch: 2, reports: 5, interval: 60 });
    rig.agent.setTime(epoch, 0);
    rig.wait(minute - 1);
    rig.server.script = () => "silence";
    rig.wait(20 * minute);
    rig.server.script = () => "default";
    rig.wait(hour);
    const requests = reports(rig).slice(1);
    const first = requests.filter((request) => sent(request).id === sent(requests[0]).id);
    expect(new Set(first.map((request) => request.payload)).size).toBe(1);
    expect(first.length).toBeGreaterThan(3);
    expect(requests.slice(first.length).map(numbers)).toEqual([[4, 5]]);
    expect(rig.agent.totals).toMatchObject({ taken: 5, acknowledged: 5 });
  });

  it("have an id that no single reading has", () => {
    const rig = new AgentRig({ format: "json", batch: 3, reports: 10 });
    rig.agent.setTime(epoch, 0);
    rig.wait(5 * hour);
    const ids = reports(rig)
      .slice(1)
      .map((request) => sent(request).id);
    const taken = rig.lines("report: taken").map((line) => /id=(\d+)/.exec(line)![1]);
    expect(ids).toHaveLength(3);
    expect(new Set([...ids, ...taken]).size).toBe(13);
  });
});

/** EnOS answers so whatever carries this reading, which it has read all the same. */
const refusing =
  (number: number, answer: Answer): Script =>
  (request, server) => {
    if (request.line.startsWith("POST /auth") || !numbers(request).includes(number)) return "default";
    server.answer(request);
    return answer;
  };

describe("when the server refuses several at once", () => {
  const bad = { code: "2.04", payload: JSON.stringify({ id: "1", code: 1204, data: {} }) };
  it("with an EnOS code, each goes by itself and only the guilty one is given up", () => {
    const rig = new AgentRig({ format: "json", batch: 4, reports: 9 });
    rig.agent.setTime(epoch, 0);
    rig.server.script = refusing(8, bad);
    rig.wait(4 * hour);
    expect(reports(rig).map(numbers)).toEqual([[1], [2, 3, 4, 5], [6, 7, 8, 9], [6], [7], [8], [9]]);
    expect(rig.agent.totals).toMatchObject({ taken: 9, acknowledged: 8, refused: 1, dropped: 0 });
    expect(rig.lines("report: apart")).toHaveLength(1);
  });

  it.each([
    ["4.00", { code: "4.00" }, ["auth", [6, 7, 8, 9]]],
    // Parts are smaller, so they are sent at once.
    ["4.13", { code: "4.13" }, []],
  ])(
    "with %s, only the guilty one is given up, once its session has had another accepted",
    (_what, answer, again) => {
      const rig = new AgentRig({ format: "json", batch: 4, reports: 13 });
      rig.agent.setTime(epoch, 0);
      rig.server.script = refusing(8, answer);
      rig.wait(4 * hour);
      const requests = reports(rig).map((request) =>
        request.line.startsWith("POST /auth") ? "auth" : numbers(request),
      );
      expect(requests).toEqual([
        ...[[1], [2, 3, 4, 5], [6, 7, 8, 9], ...again, [6], [7], [8], "auth", [8], [9]],
        [10, 11, 12, 13],
      ]);
      expect(rig.agent.totals).toMatchObject({ taken: 13, acknowledged: 12, refused: 1, dropped: 0 });
      expect(rig.lines("report: apart")).toHaveLength(1);
    },
  );

  it("because it has no such topic, they go as it can take them", () => {
    const rig = new AgentRig({ format: "json", batch: 3, reports: 7 });
    rig.agent.setTime(epoch, 0);
    rig.server.script = (request) => (request.line.endsWith("/batch") ? { code: "4.04" } : "default");
    rig.wait(4 * hour);
    expect(rig.server.lines.filter((line) => line.endsWith("/batch"))).toHaveLength(1);
    expect(
      reports(rig)
        .slice(2)
        .map((request) => request.line),
    ).toEqual(Array(6).fill(post));
    expect(rig.agent.totals).toMatchObject({ taken: 7, acknowledged: 7 });
  });

  it("a value that the model does not take keeps none of its neighbours back", () => {
    const rig = new AgentRig({ format: "json", batch: 4, reports: 5 });
    rig.agent.setTime(epoch, 0);
    rig.sample = () => ({ n: rig.samples === 4 ? NaN : rig.samples });
    rig.wait(2 * hour);
    expect(reports(rig).map(numbers)).toEqual([[1], [2, 3], [5]]);
    expect(rig.lines("report: refused")[0]).toContain("not-finite n takes a finite number, got NaN");
  });

  describe.each(["raw", "compact", "json"] as const)("one sensor that fails, %s", (format) => {
    const failing: [what: string, value: unknown, reason: string][] = [
      ["not a number", NaN, "not-finite n takes a finite number, got NaN"],
      ["no end", -Infinity, "not-finite n takes a finite number, got -Infinity"],
      ["null", null, "wrong-type n takes a number, got null"],
      ["a text", "warm", "wrong-type n takes a number, got a text"],
      ["out of range", 2 ** 31, "out-of-range n takes -2147483648 to 2147483647, got 2147483648"],
    ];
    it.each(failing)("%s: its point is left out, told once, and the rest goes", (_what, value, reason) => {
      const rig = new AgentRig({ format, batch: 1, interval: 60, reports: 12 });
      rig.agent.setTime(epoch, 0);
      rig.sample = () => ({ n: rig.samples < 12 ? (value as number) : 7, relay: 1, name: "a" });
      rig.wait(20 * minute);
      expect(rig.agent.totals).toMatchObject({ taken: 12, acknowledged: 12, refused: 0 });
      expect(rig.lines("report: left out").concat(rig.lines("report: back"))).toEqual([
        `report: left out point=n count=1 reason="${reason}"`,
        `report: left out point=n count=10 reason="${reason}"`,
        "report: back point=n count=11",
      ]);
    });

    it("a getter that throws, and a name that the model has not", () => {
      const rig = new AgentRig({ format, batch: 1, reports: 1 });
      rig.sample = () => ({
        get n(): number {
          throw new Error("mine");
        },
        relay: 1,
        nope: 2,
      });
      rig.wait(10 * minute);
      expect(rig.agent.totals).toMatchObject({ taken: 1, acknowledged: 1 });
      expect(rig.lines("report: left out")).toEqual([
        'report: left out point=n count=1 reason="fault mine"',
        'report: left out point=nope count=1 reason="unknown nope is no measure point of the model"',
      ]);
    });

    it("and has no value at all: nothing is said of it", () => {
      const rig = new AgentRig({ format, batch: 1, reports: 2 });
      rig.sample = () => ({ n: undefined!, relay: 1 });
      rig.wait(3 * hour);
      expect(rig.agent.totals).toMatchObject({ taken: 2, acknowledged: 2 });
      expect(rig.lines("report: left out")).toEqual([]);
    });
  });
});

describe("late readings", () => {
  it("go through resume, apart from those of the hour, and in the order in which they were taken", () => {
    const rig = afterOutage({ payloadLimit: 300 }, 3 * hour);
    const lines = reports(rig).map((request) =>
      request.line.slice(`POST ${root}/thing/measurepoint/`.length),
    );
    expect(lines.join()).toMatch(/^(resume\/batch,)+post\/batch(,post)*$/);
    const late = reports(rig).filter((request) => request.line.startsWith(resume));
    // Two intervals old is late; what is younger is news.
    expect(Math.max(...late.flatMap(numbers))).toBeLessThan(Math.max(...reports(rig).flatMap(numbers)));
    const all = reports(rig).flatMap(numbers);
    expect(all).toEqual([...all].sort((a, b) => a - b));
  });

  it("one alone goes to resume itself, or in raw as a batch of one that says so", () => {
    const json = afterOutage({ late: 3600, interval: 3600 }, 3 * hour);
    expect(json.agent.waiting).toBe(0);
    const single = afterOutage({ late: 2 * 3600, interval: 7200 }, 5 * hour);
    expect(single.server.lines.slice(1)).toContain("POST …thing/measurepoint/resume");
    const raw = afterOutage({ late: 2 * 3600, interval: 7200, format: "compact" }, 5 * hour);
    const kinds = reports(raw).map(({ bytes }) => [bytes.slice(0, 2), bytes.slice(10, 12)]);
    expect(kinds).toContainEqual(["05", "01"]);
  });

  it("a server without resume gets them as news", () => {
    const rig = new AgentRig({ format: "json", reports: 3, late: 0 });
    rig.agent.setTime(epoch, 0);
    rig.server.script = (request) => (request.line.includes("resume") ? { code: "4.04" } : "default");
    rig.wait(2 * hour);
    expect(rig.server.lines.at(-1)).toBe("POST …thing/measurepoint/post");
    expect(rig.agent.totals.acknowledged).toBe(3);
  });
});
