/** An application that fails, a start after a panic, a server that misbehaves: the device goes on. */
import { describe, expect, it } from "vitest";
import { FakeEnos, keys } from "../enos/fake-enos";
import { StartRecord } from "../../../firmware/continuity/start-record";
import { RetainedRam } from "../continuity/retained-ram";
import { AgentRig } from "./rig";
import type { ByteStore } from "../../../firmware/continuity/two-slot-state";

const minute = 60_000;
const hour = 60 * minute;
const auth = `POST /auth/${keys.productKey}/${keys.deviceKey}`;
const set = "thing/service/measurepoint/set";

function storeOf(): ByteStore {
  const values = new Map<string, Uint8Array>();
  return {
    read: (key) => values.get(key)?.slice().buffer,
    write: (key, value) => void values.set(key, value.slice()),
  };
}

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
