/** The fleet as the console's page keeps it up by events, and what an address shows of it. */
import { beforeEach, describe, expect, it, test } from "vitest";
import { FleetRows } from "../../../../host-sim/cloud/console/page/fleet/fleet-rows";
import {
  countsOf,
  firstOrder,
  fleetQueryOf,
  selected,
  sorts,
} from "../../../../host-sim/cloud/console/page/fleet/fleet-query";
import type { DeviceSummary } from "../../../../host-sim/cloud/console/page/fleet/fleet-rows";
import type { CloudEvent, CloudEventBody } from "../../../../host-sim/cloud/events";

const t = 1_700_000_000_000;
const minute = 60_000;
const pk = "PK";
const summary = (deviceKey: string, more: Partial<DeviceSummary> = {}): DeviceSummary => ({
  ...{ productKey: pk, deviceKey, state: "inactive", ...more },
});
const vitalPoints = { [pk]: { battery: { identifier: "vbat", unit: "V" }, signal: { identifier: "rssi" } } };

let fleet: FleetRows;
const row = (id: string): object | undefined => fleet.rows.get(`${pk}/${id}`);
const hear = (event: CloudEventBody, at = t): string => fleet.hear({ ...event, at } as CloudEvent);
const of = (deviceKey: string): { productKey: string; deviceKey: string } => ({ productKey: pk, deviceKey });
const stored = (deviceKey: string, points: object, more: object = {}): CloudEventBody =>
  ({
    ...{ type: "stored", kind: "reading", id: "1", format: "json", points, ...of(deviceKey), ...more },
  }) as CloudEventBody;

describe("a row", () => {
  beforeEach(() => {
    fleet = new FleetRows();
    fleet.replace({ items: [summary("a"), summary("b", { name: "Hall" })], total: 2, vitalPoints });
  });

  it("comes online, is seen, and goes offline, without being read again", () => {
    const peer = { address: "10.0.0.2", port: 1 };
    expect(hear({ type: "authenticated", lifetime: 600, peer, ...of("a") })).toBe("changed");
    hear({ type: "state", from: "inactive", to: "online", reason: "authenticated", ...of("a") });
    expect(row("a")).toMatchObject({
      state: "online",
      stateSince: t,
      lastSeen: t,
      sessionUntil: t + 600_000,
    });
    hear(
      { type: "command-offered", id: "1", path: "", delivered: true, ...of("a") } as CloudEventBody,
      t + minute,
    );
    expect(row("a")).toMatchObject({ lastSeen: t + minute, sessionUntil: t + minute + 600_000 });
    // What an operator does is no sign of life.
    hear({ type: "command-revoked", id: "1", ...of("a") }, t + 2 * minute);
    expect(row("a")).toMatchObject({ lastSeen: t + minute });
    hear({ type: "state", from: "online", to: "offline", reason: "silent", ...of("a") }, t + 900_000);
    expect(row("a")).toMatchObject({ state: "offline", lastSeen: t + minute, sessionUntil: undefined });
    expect(row("b")).toEqual({
      ...summary("b", { name: "Hall" }),
      id: "PK/b",
      called: "hall",
      searched: "pk/b hall ",
    });
    expect(fleet.staleCount).toBe(0);
  });

  it("is not put back by an event that is older than what was read", () => {
    const online = summary("a", { state: "online", stateSince: t, lastSeen: t + minute, lifetime: 60 });
    fleet.update(["PK/a"], { items: [online], total: 2, vitalPoints });
    hear({ type: "state", from: "online", to: "offline", reason: "silent", ...of("a") }, t - 1);
    hear(stored("a", {}), t + 1);
    expect(row("a")).toMatchObject({ state: "online", lastSeen: t + minute });
  });

  it("has the newest battery and signal by the time of their measuring", () => {
    hear(stored("a", { vbat: 3.6, rssi: { value: -81, quality: 0 }, other: 1 }, { time: t - minute }));
    expect(row("a")).toMatchObject({
      battery: { value: 3.6, time: t - minute },
      signal: { value: -81, time: t - minute },
    });
    hear(stored("a", { vbat: 3.1 }, { time: t - 2 * minute, late: true }));
    hear(stored("a", { vbat: 3.0 }, { late: true }), t + minute);
    hear(stored("a", { vbat: "text" }), t + minute);
    expect(row("a")).toMatchObject({ battery: { value: 3.6 } });
    // A clock that runs years ahead does not make its value the newest for ever.
    hear(stored("a", { vbat: 3.5 }, { time: t + 1e12 }), t + minute);
    expect(row("a")).toMatchObject({ battery: { value: 3.5, time: t + minute } });
  });

  it("of a product without a model has them by their identifiers", () => {
    fleet.replace({ items: [summary("a")], total: 1, vitalPoints: {} });
    hear(stored("a", { battery: 71, rsrp: -100 }));
    expect(row("a")).toMatchObject({ battery: { value: 71, time: t }, signal: { value: -100, time: t } });
  });

  test.each<[string, CloudEventBody, string, string[]]>([
    ["a report of an event", stored("a", {}, { kind: "event" }), "stale", ["PK/a"]],
    ["another firmware", stored("a", {}, { kind: "firmware" }), "stale", ["PK/a"]],
    ["another name", { type: "changed", ...of("a") }, "stale", ["PK/a"]],
    ["a new device", { type: "registered", ...of("new") }, "stale", ["PK/new"]],
    ["another model", { type: "product-put", productKey: pk }, "all-stale", []],
    ["a device that is gone", { type: "removed", ...of("a") }, "changed", []],
    ["one that was never there", { type: "removed", ...of("nobody") }, "nothing", []],
    ["a stranger", stored("nobody", {}), "nothing", []],
  ])("hears of %s", (_, event, heard, stale) => {
    expect(hear(event)).toBe(heard);
    expect(fleet.takeStale(50)).toEqual(stale);
    expect(fleet.staleCount).toBe(0);
  });

  it("that was asked for and not answered is gone; a new one is there", () => {
    fleet.update(["PK/a", "PK/new"], { items: [summary("new")], total: 2, vitalPoints });
    expect([...fleet.rows.keys()]).toEqual(["PK/b", "PK/new"]);
  });

  it("is read again for the first envelope, one under another key, and what is in doubt; not for each envelope", () => {
    const stored = (root: 0 | 1): Parameters<typeof hear>[0] => ({
      ...{ type: "stored", kind: "reading", id: "1", format: "raw", ...of("a") },
      sealed: { salt: "0".repeat(16), counter: 1, root },
    });
    const read = (sealed?: object): void => {
      fleet.takeStale(9);
      fleet.update(["PK/a"], {
        items: [summary("a", { sealed } as Partial<DeviceSummary>)],
        total: 1,
        vitalPoints,
      });
    };
    expect(hear(stored(0))).toBe("stale");
    read({ opened: 1, root: 0, doubts: 0 });
    expect(hear(stored(0))).toBe("changed");
    expect(hear(stored(1))).toBe("stale");
    read({ opened: 2, root: 1, doubts: 0 });
    expect(hear({ type: "seal-doubted", what: "replayed", times: 1, ...of("a") })).toBe("stale");
  });

  it("is read again some at a time, and once", () => {
    const items = Array.from({ length: 120 }, (_, i) => summary(`n${i}`));
    fleet.replace({ items, total: 120, vitalPoints });
    for (let turn = 0; turn < 2; turn++)
      items.forEach((each) => hear({ type: "changed", ...of(each.deviceKey) }));
    expect([50, 50, 50, 50].map((most) => fleet.takeStale(most).length)).toEqual([50, 50, 20, 0]);
  });
});

describe("an address", () => {
  const rows = (): ReturnType<FleetRows["rows"]["values"]> => fleet.rows.values();
  const keys = (query: string): string =>
    selected(rows(), fleetQueryOf(new URLSearchParams(query)))
      .map(({ deviceKey }) => deviceKey)
      .join(" ");

  beforeEach(() => {
    fleet = new FleetRows();
    const items = [
      summary("d", {
        state: "online",
        lastSeen: t,
        battery: { value: 3.1, time: t },
        firmwareVersion: "1.4.0",
      }),
      summary("c", { state: "offline", lastSeen: t - 9, name: "Attic", battery: { value: 3.6, time: t } }),
      summary("b", {
        alarms: { count: 7, level: "warning", at: t },
        sealed: { opened: 0, doubts: 2, doubtedAt: t },
      }),
      summary("a", {
        sealed: { opened: 9, root: 1, doubts: 0 },
        state: "online",
        lastSeen: t - 5,
        alarms: { count: 1, level: "error", at: t },
      }),
      { productKey: "QK", deviceKey: "e", state: "disabled" as const },
    ];
    fleet.replace({ items, total: 5, vitalPoints: {} });
  });

  test.each([
    ["", "a c b d e"],
    ["order=desc", "e d b c a"],
    ["state=online", "a d"],
    ["state=online&order=desc", "d a"],
    ["state=nonsense&sort=nonsense&order=nonsense", "a c b d e"],
    ["product=QK", "e"],
    ["alarms=yes", "a b"],
    ["seal=sealed", "a"],
    ["seal=unsealed", "c b d e"],
    ["seal=doubted", "b"],
    ["seal=older-key&state=online", "a"],
    ["seal=nonsense", "a c b d e"],
    ["q=ATT", "c"],
    ["q=1.4", "d"],
    ["q=qk/", "e"],
    ["q=%20%20", "a c b d e"],
    ["q=zzz", ""],
    ["sort=product", "a b c d e"],
    ["sort=state", "a d c b e"],
    ["sort=lastSeen", "d a c b e"],
    ["sort=lastSeen&order=asc", "c a d b e"],
    ["sort=battery", "d c a b e"],
    ["sort=battery&order=desc", "c d a b e"],
    ["sort=alarms", "a b c d e"],
    ["sort=firmware", "d a b c e"],
  ])("%s shows %s", (query, expected) => {
    // A device without a name stands by its key: "attic" between a and b.
    expect(keys(query)).toBe(expected);
  });

  it("orders the same rows the same way whatever it sorts by", () => {
    for (const sort of sorts) {
      expect(keys(`sort=${sort}`).split(" ").sort().join(" ")).toBe("a b c d e");
      expect(["asc", "desc"]).toContain(firstOrder(sort));
    }
  });

  it("counts by state, alarms and product", () => {
    expect(countsOf(rows())).toEqual({
      ...{ total: 5, states: { online: 2, offline: 1, inactive: 1, disabled: 1 }, alarms: 2 },
      seals: { sealed: 1, unsealed: 4, doubted: 1, "older-key": 1 },
      products: new Map([
        [pk, 4],
        ["QK", 1],
      ]),
    });
  });
});
