/** The device through a day and through what interrupts it: readings are taken, kept, sent and released, and every one is accounted for. */
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { FakeEnos, keys } from "../enos/fake-enos";
import { flashOf } from "../delivery/journal-rig";
import { AgentRig } from "./rig";
import { density } from "../../density";

const minute = 60_000;
const hour = 60 * minute;
const auth = `POST /auth/${keys.productKey}/${keys.deviceKey}`;
const up = "POST …thing/model/up_raw";
const inform = "ota/device/inform";

const consecutive = (ids: number[]): boolean =>
  ids.every((id, i) => i === 0 || id === (ids[i - 1] + 1) >>> 0);

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
