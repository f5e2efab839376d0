/** What outlives a restart of the board, seen from the server. */
import { describe, expect, it } from "vitest";
import { startDelay } from "../../../firmware/device/start-delay";
import { FakeEnos, keys } from "../enos/fake-enos";
import { AgentRig } from "../device/rig";
import type { ByteStore } from "../../../firmware/continuity/two-slot-state";
import type { AgentOptions } from "../../../firmware/device/agent";
import type { Boot } from "../../../firmware/device/application";

const minute = 60_000;
const hour = 60 * minute;
const epoch = 1_700_000_000_000;
const auth = `POST /auth/${keys.productKey}/${keys.deviceKey}`;

class MapStore implements ByteStore {
  readonly values = new Map<string, Uint8Array>();
  read(key: string): ArrayBuffer | undefined {
    return this.values.get(key)?.slice().buffer;
  }
  write(key: string, value: Uint8Array): void {
    this.values.set(key, value.slice());
  }
}

/** A device that has worked for an hour, and its server; the next boot is the caller's. */
function worked(options: ConstructorParameters<typeof AgentRig>[0] = {}): {
  server: FakeEnos;
  store: MapStore;
  rig: AgentRig;
} {
  const server = new FakeEnos();
  const store = new MapStore();
  const rig = new AgentRig({ store, ...options }, server);
  rig.agent.setTime(epoch, 0);
  rig.wait(hour - 1);
  server.seen.length = 0;
  return { server, store, rig };
}

const ids = (rig: AgentRig): string[] => rig.lines("report: taken").map((line) => /id=(\d+)/.exec(line)![1]);

describe("after a restart", () => {
  it("the session goes on: no authentication, a higher sequence, another message id, other ids", () => {
    const { server, store, rig: before } = worked();
    const rig = new AgentRig({ store }, server);
    rig.agent.setTime(epoch + hour + minute, 0);
    rig.wait(hour - 1);
    expect(server.lines.filter((line) => line === auth)).toEqual([]);
    expect(server.lines.length).toBeGreaterThan(3);
    expect(rig.agent.totals.acknowledged).toBe(rig.agent.totals.taken);
    expect(rig.lines("session: ")).toEqual(["session: resumed edition=token"]);
    expect(ids(rig).filter((id) => ids(before).includes(id))).toEqual([]);
  });

  it("a lifetime later the token is not tried", () => {
    const { server, store } = worked();
    const rig = new AgentRig({ store }, server);
    rig.agent.setTime(epoch + 30 * hour, 0);
    rig.wait(minute);
    expect(server.lines[0]).toBe(auth);
    expect(rig.lines("session: ")[0]).toBe("session: authenticating cause=first");
  });

  it("without a clock it is tried, and a server that has forgotten costs one authentication and no reading", () => {
    const { server, store } = worked();
    let refused = 0;
    server.script = (request) => {
      if (request.line === auth || refused > 0) return "default";
      refused += 1;
      return { code: "4.01" };
    };
    const rig = new AgentRig({ store, reports: 2 }, server);
    rig.wait(hour);
    expect(server.lines.filter((line) => line === auth)).toHaveLength(1);
    expect(rig.agent.totals).toMatchObject({ taken: 2, acknowledged: 2 });
  });

  it("the application hears of it, and of a restart by the supervisor once", () => {
    const store = new MapStore();
    const boots: Boot[] = [];
    const restarts: string[] = [];
    const start = (options: ConstructorParameters<typeof AgentRig>[0]): AgentRig => {
      const rig: AgentRig = new AgentRig({
        store,
        restart: (cause) => void restarts.push(cause),
        onStart: (boot) => void boots.push(boot),
        ...options,
      });
      rig.wait(1);
      return rig;
    };
    const first = start({ startReason: "power-on" });
    for (let i = 0; i < 10; i++) first.agent.fault(1_000 * i);
    expect(restarts).toEqual(["fault"]);
    start({ startReason: "software" });
    start({ startReason: "brownout" });
    expect(
      boots.map(({ boots: n, reason, restart, restarts: count }) => [n, reason, restart, count]),
    ).toEqual([
      [1, "power-on", "none", 0],
      [2, "software", "fault", 1],
      [3, "brownout", "none", 1],
    ]);
  });
});

describe("after power came back", () => {
  it("readings are taken at once, and the network is left alone for a while of the device's own", () => {
    const rig = new AgentRig({ startReason: "power-on", startSpread: 300 });
    rig.wait(hour - 1);
    const wait = Number(/waits (\d+)s/.exec(rig.lines("agent: waits")[0])![1]);
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThan(300);
    const after = /after=([\d.]+)s/.exec(rig.lines("report: acknowledged")[0])![1];
    expect(Number(after)).toBeGreaterThan(wait);
    // At once, when the wait is over, and every quarter of an hour from then on.
    expect(rig.agent.totals.taken).toBe(5);
    const software = new AgentRig({ startReason: "software", startSpread: 300 });
    software.wait(minute);
    expect(software.lines("agent: waits")).toEqual([]);
    expect(software.agent.totals.acknowledged).toBe(1);
  });

  /** When a device takes its readings in its first hour, and the number of its boot. */
  const readings = (options: ConstructorParameters<typeof AgentRig>[0]): [times: number[], boots: number] => {
    const times: number[] = [];
    let boots = -1;
    const rig = new AgentRig({
      startReason: "power-on",
      startSpread: 300,
      onStart: (boot) => void (boots = boot.boots),
      ...options,
    });
    rig.sample = () => {
      times.push(rig.now);
      return { n: times.length };
    };
    rig.wait(hour - 1);
    return [times, boots];
  };
  const session = (deviceKey: string): AgentOptions["session"] => ({
    credentials: { ...keys, deviceKey },
    ...{ address: "192.0.2.1", port: 5683, lifetime: 86_400 },
  });

  it("the second reading is taken when that is over, which two neighbours do apart, and the others in step", () => {
    const seconds = ["861234050000", "861234050001"].map((deviceKey) => {
      const [times, boots] = readings({ session: session(deviceKey) });
      const delay = startDelay(deviceKey, boots, 300_000);
      expect(times).toEqual([0, 1, 2, 3, 4].map((n) => (n === 0 ? 0 : delay + (n - 1) * 15 * minute)));
      return times[1];
    });
    expect(Math.abs(seconds[0] - seconds[1])).toBeGreaterThan(1_000);
    const [times, boots] = readings({ interval: 60, startReason: "brownout" });
    expect(times[1]).toBe(startDelay(keys.deviceKey, boots, 60_000));
  });

  it.each([
    ["software", 300],
    ["panic", 300],
    ["watchdog", 300],
    ["power-on", 0],
  ])(
    "a start for %s with a spread of %i s leaves its readings in step with the first",
    (startReason, startSpread) => {
      const [times] = readings({ startReason, startSpread });
      expect(times).toEqual([0, 1, 2, 3].map((n) => n * 15 * minute));
    },
  );
});

describe("keeping a session alive", () => {
  const lifetime = 3_600;
  const settings = (keepAlive: boolean, interval: number): AgentRig => {
    const rig = new AgentRig({ keepAlive, interval, lifetime });
    rig.agent.setTime(epoch, 0);
    return rig;
  };
  const queries = (rig: AgentRig): number =>
    rig.server.lines.filter((line) => line.endsWith("thing/tag/query")).length;

  it("asks a short question before the lifetime is over, when no report comes before", () => {
    const rig = settings(true, 7_200);
    rig.wait(6 * hour - minute);
    expect(rig.server.lines.filter((line) => line === auth)).toHaveLength(1);
    // Every 54 minutes or so, but for those in which a report was.
    expect(queries(rig)).toBe(6);
    expect(rig.agent.totals.acknowledged).toBe(3);
  });

  it("does not when a report comes before, nor unless it is asked to", () => {
    const often = settings(true, 1_800);
    often.wait(6 * hour);
    expect(queries(often)).toBe(0);
    const never = settings(false, 7_200);
    never.wait(6 * hour - minute);
    expect(queries(never)).toBe(0);
    expect(never.server.lines.filter((line) => line === auth)).toHaveLength(3);
  });

  it("is tried once when the server is silent: the next report authenticates anew", () => {
    const rig = settings(true, 14_400);
    rig.wait(30 * minute);
    rig.server.script = () => "silence";
    rig.wait(3 * hour);
    // One question, sent three times.
    expect(queries(rig)).toBe(3);
  });
});
