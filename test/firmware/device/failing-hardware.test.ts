/** Faults that a review of the store-and-forward proved: the device. */
import { describe, expect, it } from "vitest";
import { PersistentState } from "../../../firmware/continuity/persistent-state";
import { AgentRig } from "./rig";
import { Store, queueOf, flashOf, reading } from "../delivery/journal-rig";
import type { Completion } from "../../../firmware/device/application";
import type { Message } from "../../../firmware/delivery/entry";
const minute = 60_000,
  hour = 60 * minute;
it("flash that cannot be read does not make the device spin", () => {
  const flash = flashOf(16);
  const fill = queueOf({ flash });
  for (let id = 1; id <= 20; id++) fill.queue.append(reading(id));
  let reads = 0;
  const read = flash.read.bind(flash);
  const rig = new AgentRig({ flash, random: () => 0.5 });
  flash.read = () => {
    if (++reads > 5_000) throw new RangeError("SPIN");
    throw new Error("ESP_ERR_FLASH");
  };
  void read;
  let lines = 0;
  const push = rig.log.push.bind(rig.log);
  rig.log.push = (...l: string[]) => {
    if (++lines > 5_000) throw new Error("SPIN");
    return push(...l);
  };
  rig.wait(10 * minute);
  expect(lines).toBeLessThan(5_000);
});
it("after one failed write of the state no id is given twice", () => {
  const store = new Store();
  const log = () => {};
  const first = new PersistentState(store, () => 0.5, log);
  const ids = new Set<number>();
  for (let i = 0; i < 10; i++) ids.add(first.takeId());
  store.fail = true;
  for (let i = 0; i < 60; i++) ids.add(first.takeId());
  store.fail = false;
  for (let i = 0; i < 1_000; i++) ids.add(first.takeId());
  const second = new PersistentState(store, () => 0.5, log);
  let again = 0;
  for (let i = 0; i < 100; i++) if (ids.has(second.takeId())) again += 1;
  expect(again).toBe(0);
});
it("after one failed write of the state a new reading does not bear the id of one that waits in the journal", () => {
  const store = new Store();
  const flash = flashOf(16, 1024);
  const a = new AgentRig({ flash, store });
  a.link.broken = true;
  a.wait(hour);
  store.fail = true;
  a.wait(20 * hour);
  store.fail = false;
  a.wait(hour);
  const waiting = a.agent.waiting;
  const b = new AgentRig({ flash, store }, a.server);
  b.now = 0;
  b.wait(8 * hour);
  const waitingIds = a.lines("report: taken").map((l) => /id=(\d+)/.exec(l)![1]);
  const fresh = b.lines("report: taken").map((l) => /id=(\d+)/.exec(l)![1]);
  expect({ waiting, both: fresh.filter((id) => waitingIds.includes(id)).length }).toEqual({
    waiting,
    both: 0,
  });
});
it("without key-value storage readings of an earlier boot are not dated into the future", () => {
  const flash = flashOf(16, 1024);
  const a = new AgentRig({ flash });
  a.link.broken = true;
  a.wait(10 * hour);
  let r = 0.3;
  const b = new AgentRig({ flash, random: () => (r = (r * 9301 + 0.49297) % 1) });
  b.link.broken = true;
  b.wait(minute);
  const wall = 1_790_000_000_000;
  b.agent.setTime(wall, b.now);
  const times = drainTimes(flash);
  expect(times.filter((t) => t > wall).length).toBe(0);
});
function drainTimes(flash: ReturnType<typeof flashOf>): number[] {
  const { queue } = queueOf({ flash, boot: 9 });
  const out: number[] = [];
  while (queue.length > 0) {
    const [e] = queue.next(0, 1e12);
    if (!e) break;
    if (e.time !== undefined) out.push(e.time);
    queue.release(e);
  }
  return out;
}
it("a board that loses its power every night gets back on the air once its budget was spent", () => {
  const store = new Store();
  let server;
  let sent = 0;
  for (let night = 0; night < 10; night++) {
    const b = new AgentRig({ store, radioBudget: 600 }, server);
    server = b.server;
    let off = false;
    let since = -1;
    Object.defineProperty(b.link, "active", { get: () => !off });
    Object.assign(b.link, {
      suspend: () => {
        off = true;
        b.link.ready = false;
        b.link.deadline = Infinity;
      },
    });
    const connect = b.link.connect.bind(b.link);
    b.link.connect = (n) => {
      off = false;
      connect(n);
    };
    b.link.broken = night === 0;
    void since;
    b.wait(12 * hour);
    if (night > 0) sent += b.agent.totals.acknowledged;
  }
  expect(sent).toBeGreaterThan(0);
});
describe("the supervisor", () => {
  const run = (interval: number, deadline: (now: number) => number, hours: number) => {
    const restarts: string[] = [];
    const b = new AgentRig({ interval, restart: (c) => void restarts.push(c) });
    b.link.connect = () => {};
    b.link.poll = () => {};
    let due = 0;
    Object.defineProperty(b.link, "deadline", {
      get: () => {
        const d = deadline(b.now);
        due = d;
        return d;
      },
    });
    void due;
    for (let i = 0; i < hours * 6; i++) {
      b.wait(10 * minute);
      b.agent.supervise(b.now);
    }
    return restarts;
  };
  it("restarts a device whose modem's driver waits for nothing, at the usual interval of 15 minutes", () => {
    expect(run(900, () => Infinity, 48)).toContain("hung");
  });
  it("restarts it though the driver looks at the modem again and again, for which nobody waits", () => {
    const restarts: string[] = [];
    const b = new AgentRig({ restart: (cause) => void restarts.push(cause) });
    const { link } = b;
    link.connect = () => {};
    link.poll = (now) => void (now >= link.deadline && (link.deadline = now + 10 * minute));
    link.deadline = 10 * minute;
    Object.assign(link, { workDeadline: Infinity });
    for (let i = 0; i < 24; i++) {
      b.wait(10 * minute);
      b.agent.supervise(b.now);
    }
    expect(restarts).toContain("hung");
  });
  it("restarts none whose modem pauses for five hours after it was denied, at an interval of six", () => {
    let until = 5 * hour;
    expect(
      run(
        21_600,
        (now) => {
          while (until <= now) until += 5 * hour;
          return until;
        },
        24,
      ),
    ).toEqual([]);
  });
});
it("an application may use one object for all its readings", () => {
  const b = new AgentRig({ flash: flashOf(16, 1024) });
  const values = { n: 0 };
  b.sample = () => {
    values.n += 1;
    return values;
  };
  b.link.broken = true;
  b.wait(hour);
  b.link.broken = false;
  b.wait(3 * hour);
  const bodies = b.server.seen.filter((r) => r.line.endsWith("/up_raw")).map((r) => r.bytes.slice(10));
  expect(new Set(bodies).size).toBe(bodies.length);
});

describe("messages with a callback, in an outage", () => {
  const message = (id: number, done: (how: Completion) => void): Message => ({
    kind: "message",
    id,
    takenAt: id,
    time: 1e12 + id,
    topic: "/t",
    params: { a: id },
    timed: true,
    done,
    volatile: false,
  });

  it("do not fill the RAM, and the latest of them hear of their end", () => {
    const heard: number[] = [];
    const { queue, log } = queueOf({ flash: flashOf(256, 4096) });
    for (let id = 1; id <= 3_000; id++) queue.append(message(id, () => heard.push(id)));
    expect(queue.length).toBe(3_000);
    expect(queue.next(0, 1e12).length).toBeLessThan(64);
    expect(log.filter((line) => line.includes("callback forgotten")).length).toBeGreaterThan(2_000);
    while (queue.length > 0) {
      const [entry] = queue.next(0, 1e12);
      if (entry.kind === "message") entry.done?.({ kind: "accepted", data: {} });
      queue.release(entry);
    }
    // Those that never left the RAM, and the last of those that did.
    expect(heard.slice(-64)).toEqual(Array.from({ length: 64 }, (_, i) => 2_937 + i));
  });

  it("hear of it when they make room for others", () => {
    const heard: string[] = [];
    const lost: string[] = [];
    const { queue } = queueOf({
      flash: flashOf(4, 1024),
      onLost: (id, _isReading, reason, entry) => {
        lost.push(`${id} ${reason}`);
        if (entry?.kind === "message") entry.done?.({ kind: "dropped" });
      },
    });
    for (let id = 1; id <= 90; id++) queue.append(message(id, (how) => heard.push(`${id} ${how.kind}`)));
    expect(lost.length).toBeGreaterThan(0);
    expect(heard).toEqual(lost);
  });
});
