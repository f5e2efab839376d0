/** Faults that a review of the store-and-forward proved: journal and device together. */
import { expect, it } from "vitest";
import { PowerDomain } from "../../../host-sim/sim/flash/power-domain";
import { AgentRig } from "../device/rig";
import { Store, queueOf, drain, flashOf, journalOf, reading } from "./journal-rig";
import { density, sweep } from "../../density";
const minute = 60_000,
  hour = 60 * minute;
it("a mark 'tried' survives a power cut while its record is copied", () => {
  const wrong: string[] = [];
  let moved = 0,
    cuts = 0;
  for (const at of sweep(1, 899, 7)) {
    const power = new PowerDomain();
    const flash = flashOf(4, 512, power, at);
    power.onCut = () => {
      cuts++;
      throw new Error("cut");
    };
    const where = new Map<number, number>();
    const tried = new Set<number>();
    try {
      const j = journalOf(flash, 1, {
        onMoved: (id, a) => {
          if (tried.has(id)) moved++;
          where.set(id, a);
        },
      });
      power.cutAt = at;
      for (let id = 1; id <= 160; id++) {
        if (power.off) throw new Error("cut");
        const r = j.append(1, id, 1e12 + id, true, new Uint8Array(20));
        if (r.kind !== "kept") break;
        where.set(id, r.address);
        if (id % 4 === 0) {
          j.markTried(r.address, "alone");
          if (power.off) throw new Error("cut");
          tried.add(id);
        } else {
          j.release(r.address);
          where.delete(id);
        }
        if (power.off) throw new Error("cut");
        const old = id - 48;
        if (where.has(old)) {
          const a = where.get(old)!;
          where.delete(old);
          tried.delete(old);
          j.release(a);
        }
      }
    } catch (e) {
      if ((e as Error).message !== "cut") throw e;
    }
    power.restore();
    power.cutAt = undefined;
    const j = journalOf(flash, 2);
    for (const a of j.oldest(500, () => false)) {
      const r = j.read(a)!;
      if (tried.has(r.id) && r.tried === "no") wrong.push(`cut ${at}: id ${r.id}`);
    }
  }
  expect(moved).toBeGreaterThan(density(100, 14));
  expect(cuts).toBeGreaterThan(density(100, 14));
  expect(wrong).toEqual([]);
});
it("one write that fails while a block is copied: same boot, nothing twice, counts right", () => {
  const wrong: string[] = [];
  let struck = 0;
  for (const n of sweep(1, 899, 5)) {
    const flash = flashOf(8);
    const b = queueOf({ flash, order: "live" });
    const acked = new Set<number>();
    let count = 0;
    let copying = false;
    const write = flash.write.bind(flash);
    flash.write = (x, o) => {
      count++;
      // A write of a record while a block is marked as being copied: not a release, whose failure is another matter.
      if (count === n) {
        copying = x.length > 8 && /reclaim|copyAll/i.test(new Error().stack ?? "");
        if (copying) {
          struck++;
          throw new Error("ESP_ERR_FLASH");
        }
      }
      write(x, o);
    };
    for (let id = 1; id <= 300; id++) {
      b.queue.append(reading(id));
      if (id % 5 === 0) continue;
      const e = b.queue.next(0, 1e9).find((x) => x.id === id);
      if (e) {
        b.queue.release(e);
        acked.add(id);
      }
    }
    if (!copying) continue;
    const waiting = b.queue.length;
    const ids = drain(b.queue);
    const lost = b.lost.map((l) => Number.parseInt(l));
    const twice = ids.filter((id, i) => ids.indexOf(id) !== i || acked.has(id));
    const gone = Array.from({ length: 300 }, (_, i) => i + 1).filter(
      (id) => !acked.has(id) && !ids.includes(id) && !lost.includes(id),
    );
    if (twice.length || gone.length || waiting !== ids.length)
      wrong.push(
        `write ${n}: twice=${twice} gone=${gone} length=${waiting} gave=${ids.length} lost=${lost.length}`,
      );
  }
  expect(struck).toBeGreaterThan(density(5, 1));
  expect(wrong.slice(0, 8).concat(`${wrong.length}`)).toEqual(["0"]);
});
it("a release mark that fails once: the acknowledged reading is not sent again in this boot", () => {
  const flash = flashOf(32);
  const b = queueOf({ flash });
  for (let id = 1; id <= 60; id++) b.queue.append(reading(id));
  const write = flash.write.bind(flash);
  let n = 0;
  flash.write = (x, o) => {
    if (++n === 3) throw new Error("ESP_ERR_FLASH");
    write(x, o);
  };
  const ids = drain(b.queue);
  expect({
    twice: ids.filter((id, i) => ids.indexOf(id) !== i),
    length: b.queue.length,
    all: new Set(ids).size,
  }).toEqual({ twice: [], length: 0, all: 60 });
});
it("ids after a failed state write", () => {
  const store = new Store();
  const flash = flashOf(16, 1024);
  const a = new AgentRig({ flash, store });
  a.link.broken = true;
  a.wait(hour);
  store.fail = true;
  a.wait(20 * hour);
  store.fail = false;
  a.wait(hour);
  const b = new AgentRig({ flash, store }, a.server);
  b.link.broken = true;
  b.wait(3 * hour);
  b.link.broken = false;
  b.wait(9 * hour);
  const acks = b.lines("report: acknowledged").map((l) => Number(/id=(\d+)/.exec(l)![1]));
  expect(acks.filter((id, i) => acks.indexOf(id) !== i)).toEqual([]);
});
it("one exception of the UART's write does not silence the device for good", () => {
  for (let n = 1; n < 8; n++) {
    const restarts: string[] = [];
    const b = new AgentRig({ restart: (c) => void restarts.push(c) });
    const carry = b.carry.bind(b);
    let k = 0;
    b.carry = (...x) => {
      if (++k === n) throw new Error("uart");
      carry(...x);
    };
    for (let i = 0; i < 24 * 6; i++) {
      try {
        b.wait(10 * minute);
      } catch (e) {
        if ((e as Error).message !== "uart") throw e;
        b.agent.fault(b.now);
      }
      b.agent.supervise(b.now);
    }
    expect(b.agent.waiting < 3 || restarts.includes("hung")).toBe(true);
  }
});
it("default budget, power lost every night, a network that takes three minutes to find", () => {
  const store = new Store();
  let server;
  const got: number[] = [];
  for (let night = 0; night < 8; night++) {
    const b: AgentRig = new AgentRig({ store, radioBudget: 3600 }, server);
    server = b.server;
    let off = true;
    Object.defineProperty(b.link, "active", { get: () => !off });
    Object.assign(b.link, {
      delay: 180_000,
      suspend: () => {
        off = true;
        b.link.ready = false;
        b.link.deadline = Infinity;
      },
      connect: (now: number) => {
        off = false;
        if (b.link.deadline === Infinity) {
          from = now;
          b.link.deadline = now + 1_000;
        }
      },
      poll: (now: number) => {
        if (now < b.link.deadline) return;
        b.link.ready = night > 0 && now - from >= 180_000;
        b.link.deadline = b.link.ready ? Infinity : now + 1_000;
      },
    });
    let from = 0;
    b.wait(12 * hour);
    got.push(b.agent.totals.acknowledged);
  }
  expect(got.slice(1).some((x) => x > 0)).toBe(true);
});
