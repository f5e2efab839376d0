/** The device as a whole while others make its radio do things: it is guarded, told of, and goes on. */
import { describe, expect, it } from "vitest";
import { AgentRig, withTrouble } from "./rig";
import { Troubles } from "../../../firmware/device/trouble";
import type { Link } from "../../../firmware/device/agent";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** A rig whose link can attach anew, and whose socket takes what a test throws at it. */
function makeRig(options: ConstructorParameters<typeof AgentRig>[0] = {}) {
  const rig = new AgentRig({ othersBudget: 240, ...options });
  const left: number[] = [];
  const link = rig.link as Link & { kept?: number };
  link.leave = (now) => void left.push(now);
  link.kept = 0;
  link.keptOn = () => {
    const { kept = 0 } = link;
    link.kept = 0;
    return kept;
  };
  return { rig, left, link };
}

/** Pings, `every` ms, for so long. */
function harass(rig: AgentRig, every: number, ms: number): void {
  for (let i = 0; i < ms / every; i++) {
    rig.socket.deliver(Uint8Array.of(0x40, 0, i >> 8, i));
    rig.wait(every);
  }
}

describe("a device to which somebody sends a ping every five seconds", () => {
  it("answers one in a minute at first, then none, and attaches anew", () => {
    const { rig, left } = makeRig();
    rig.wait(minute);
    const before = rig.released.length;
    harass(rig, 5 * second, hour);
    expect(rig.lines("radio: guarded")).toEqual(["radio: guarded strangers=45s exchanges=0s until=86400s"]);
    expect(left).toHaveLength(1);
    // One RST; the rest are readings and what belongs to them.
    expect(rig.released.length - before).toBeLessThan(8);
  });

  it("sends its readings less often, all of them, and as usual again after a day", () => {
    const { rig, left } = makeRig();
    rig.wait(minute);
    harass(rig, 5 * second, 10 * minute);
    rig.wait(24 * hour);
    // A contact with the first reading after eight and a half intervals of 15 minutes.
    expect(left.length).toBeGreaterThan(9);
    expect(left.length).toBeLessThan(13);
    rig.wait(hour);
    const { acknowledged, taken } = rig.agent.totals;
    expect(taken).toBe(101);
    expect(taken - acknowledged).toBeLessThan(2);
    const attached = left.length;
    rig.wait(6 * hour);
    expect(left).toHaveLength(attached);
    expect(rig.agent.totals.acknowledged).toBeGreaterThan(acknowledged + 22);
  });

  it("is told of as an event with the next contact", () => {
    const { rig } = makeRig({ troubles: new Troubles(), model: withTrouble });
    rig.wait(minute);
    harass(rig, 5 * second, 5 * minute);
    rig.wait(2 * hour);
    const events = rig.server.seen.filter(({ line }) => line.includes("/event/"));
    expect(events).toHaveLength(1);
    expect(events[0].line).toMatch(/thing\/event\/trouble\/post$/);
    expect(events[0].payload).toContain("radio: guarded");
  });

  it("does nothing of it without a bound", () => {
    const { rig, left } = makeRig({ othersBudget: 0 });
    rig.wait(minute);
    const before = rig.released.length;
    harass(rig, 5 * second, 10 * minute);
    expect(rig.released.length - before).toBeGreaterThan(119);
    expect(rig.lines("radio: guarded")).toEqual([]);
    expect(left).toEqual([]);
  });
});

describe("a device whose modem was awake though it should have slept", () => {
  it("is guarded, and attaches anew behind the contact under way", () => {
    const { rig, left, link } = makeRig();
    rig.wait(hour);
    link.kept = 50 * minute;
    rig.wait(hour);
    expect(rig.lines("radio: guarded")).toEqual(["radio: guarded strangers=3000s exchanges=0s until=86400s"]);
    expect(left).toHaveLength(1);
  });
});

describe("a device whose server refuses each request, and says why not", () => {
  it("tries a few times in a day, at most once in a contact when it is guarded, and loses nothing", () => {
    const { rig } = makeRig({ sleepsDeeply: true });
    rig.wait(10 * minute);
    rig.server.script = (request) => (request.line.includes("up_raw") ? { code: "5.00" } : "default");
    const before = rig.server.seen.length;
    rig.wait(12 * hour);
    expect(rig.lines("radio: guarded")).toHaveLength(1);
    expect(rig.server.seen.length - before).toBeLessThan(20);
    rig.server.script = () => "default";
    rig.wait(36 * hour);
    expect(rig.agent.waiting).toBeLessThan(8);
    expect(rig.agent.totals).toMatchObject({ refused: 0, dropped: 0 });
  });
});

describe("a device in deep sleep to which somebody sends something when it has gone to sleep", () => {
  /** Readings come each 15 minutes; 4 s behind each one a ping comes, of which a board that sleeps hears nothing. */
  function harassed(rig: AgentRig, hours: number): number[] {
    const heard: number[] = [];
    for (let i = 0; i < hours * 4; i++) {
      rig.wait(15 * minute * Math.ceil((rig.now + 1) / (15 * minute)) + 4 * second - rig.now);
      if (rig.agent.sleepState() !== undefined) continue;
      heard.push(Math.floor(rig.now / (15 * minute)) / 4);
      rig.socket.deliver(Uint8Array.of(0x40, 0, 1, i));
      rig.wait(second);
    }
    return heard;
  }

  it("hears it behind one of 64 contacts, then behind the next one, and is guarded", () => {
    const { rig } = makeRig({ sleepsDeeply: true });
    Object.defineProperty(rig.link, "active", { value: false });
    expect(harassed(rig, 16.25)).toEqual([16, 16.25]);
    expect(rig.lines("radio: guarded")).toEqual(["radio: guarded strangers=60s exchanges=0s until=86400s"]);
  });

  it("sleeps again five seconds behind a contact to which it has listened", () => {
    const { rig } = makeRig({ sleepsDeeply: true });
    Object.defineProperty(rig.link, "active", { value: false });
    rig.wait(16 * hour + 4 * second);
    expect([rig.agent.sleepState(), rig.agent.deadline - rig.now <= 5 * second]).toEqual([undefined, true]);
    rig.wait(5 * second);
    expect(rig.agent.sleepState()).toMatchObject({ next: 16 * hour + 15 * minute });
  });
});

describe("a datagram that answers nothing", () => {
  it("leaves the answer waited for while a request is under way, and nothing when none is", () => {
    const { rig } = makeRig();
    rig.wait(minute);
    expect(rig.agent.totals.acknowledged).toBe(1);
    // The session's answer, behind which the reading went out at once, whose answer is waited for.
    const before = rig.socket.awaited;
    rig.socket.deliver(Uint8Array.of(0x40, 0, 0, 1));
    rig.wait(second);
    expect(rig.socket.awaited).toBe(before);
    const sent = rig.released.length;
    while (rig.agent.totals.taken < 2 || rig.released.length === sent) rig.wait(100);
    // A ping, a response to nobody's request, and what is no message.
    const strangers = [[0x40, 0, 0, 2], [0x51, 0x45, 0, 3, 9], [0xff]];
    for (const bytes of strangers) {
      rig.socket.deliver(Uint8Array.from(bytes));
      rig.wait(100);
    }
    expect(rig.socket.awaited).toBe(before + strangers.length);
    rig.wait(minute);
    expect(rig.agent.totals.acknowledged).toBe(2);
    expect(rig.socket.awaited).toBe(before + strangers.length);
  });
});

it("a radio whose budget is spent stays off though a guard begins, which would have the device leave its network", () => {
  const rig = new AgentRig({ othersBudget: 240, radioBudget: 600 });
  const link: Link & { active?: boolean; ready: boolean; broken: boolean } = rig.link;
  let [on, since] = [0, 0];
  const set = (active: boolean): void => {
    if (link.active === true && !active) on += rig.now - since;
    if (link.active !== true && active) since = rig.now;
    link.active = active;
  };
  link.active = false;
  rig.wait(minute);
  expect(rig.lines("report: acknowledged")).toHaveLength(1);
  // From now on there is no network, and what had come is nobody's.
  [link.ready, link.broken] = [false, true];
  link.connect = () => set(true);
  link.suspend = link.leave = () => set(false);
  harass(rig, 5 * second, 200 * second);
  rig.wait(12 * hour);
  set(false);
  expect(rig.lines("radio: guarded")).toHaveLength(1);
  expect(on).toBeLessThan(700 * second);
});
