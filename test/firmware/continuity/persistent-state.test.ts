import { describe, expect, it } from "vitest";
import { logLine } from "../../../firmware/device/log";
import { PersistentState } from "../../../firmware/continuity/persistent-state";
import { TwoSlotState } from "../../../firmware/continuity/two-slot-state";
import { Random } from "../../../host-sim/sim/time/random";
import type { ByteStore } from "../../../firmware/continuity/two-slot-state";

class MapStore implements ByteStore {
  readonly values = new Map<string, Uint8Array>();
  writes = 0;
  broken = false;

  read(key: string): ArrayBuffer | undefined {
    return this.values.get(key)?.slice().buffer;
  }

  write(key: string, value: Uint8Array): void {
    if (this.broken) throw new Error("ESP_ERR_NVS_NOT_ENOUGH_SPACE");
    this.writes += 1;
    this.values.set(key, value.slice());
  }
}

const random = new Random("memory");
const log: string[] = [];
const boot = (store: ByteStore | undefined): PersistentState =>
  new PersistentState(
    store,
    () => random.next(),
    (event) => log.push(logLine(event)),
  );

const session = {
  edition: "token",
  token: Uint8Array.of(1, 2, 3),
  sequence: 5,
  lastContact: 1_700_000_000_000,
} as const;

describe("a device's memory", () => {
  it("counts boots, and gives no id twice over all of them, with few writes", () => {
    const store = new MapStore();
    const seen = new Set<number>();
    for (let n = 1; n <= 20; n++) {
      const memory = boot(store);
      expect(memory.boots).toBe(n);
      for (let i = 0; i < 100; i++) {
        const peeked = memory.peekId();
        expect(memory.takeId()).toBe(peeked);
        expect(seen.has(peeked)).toBe(false);
        seen.add(peeked);
      }
    }
    expect(store.writes).toBeLessThan(20 * 4);
  });

  it("starts message ids behind those of the boot before, and covers them before they are used", () => {
    const store = new MapStore();
    let next = boot(store).firstMessageId;
    for (let n = 0; n < 30; n++) {
      const memory = boot(store);
      const gap = (memory.firstMessageId - next) & 0xffff;
      expect(gap).toBeLessThan(200);
      next = memory.firstMessageId;
      for (let i = 0; i < 70; i++) {
        memory.coverMessageId(next);
        next = (next + 1) & 0xffff;
      }
    }
  });

  it("keeps the session, and its sequence goes on behind all that were used", () => {
    const store = new MapStore();
    let memory = boot(store);
    memory.keepSession(session);
    for (let sequence = 5; sequence < 100; sequence++) memory.coverSequence(sequence);
    memory = boot(store);
    expect(memory.session).toMatchObject({ edition: "token", lastContact: session.lastContact });
    expect([...memory.session!.token]).toEqual([1, 2, 3]);
    expect(memory.session!.sequence).toBeGreaterThanOrEqual(100);
    // Used in this boot without a word, up to the reserve, and the next boot stays clear of it.
    const used = memory.session!.sequence + 20;
    memory.coverSequence(used);
    expect(boot(store).session!.sequence).toBeGreaterThan(used);
  });

  it("forgets a session that is over, and one whose token has no room", () => {
    const store = new MapStore();
    boot(store).keepSession({ ...session, token: new Uint8Array(129) });
    expect(boot(store).session).toBeUndefined();
    boot(store).keepSession({ ...session, edition: "tokenless", token: new Uint8Array(0) });
    expect(boot(store).session).toMatchObject({ edition: "tokenless" });
    boot(store).keepSession(undefined);
    expect(boot(store).session).toBeUndefined();
  });

  it("keeps what was learnt, the escalation, the budget and why it was restarted", () => {
    const store = new MapStore();
    let memory = boot(store);
    memory.follow({
      endpoint: { rtoState: { srtt: 2_500, rttvar: 300, slowRto: 9_000, doubt: 1 } },
      link: { escalation: [1, 2, 3, 4, 5, 65_535] },
    });
    memory.keepBudget(1_234);
    memory.noteRestart("no-contact");
    memory = boot(store);
    expect(memory.rto).toEqual({ srtt: 2_500, rttvar: 300, slowRto: 9_000, doubt: 1 });
    expect(memory.escalation).toEqual([1, 2, 3, 4, 5, 65_535]);
    expect(memory.budget).toEqual({ spent: 1_234 });
    expect(memory.restart).toEqual({ cause: "no-contact", count: 1 });
    memory.restartTold();
    expect(boot(store).restart).toEqual({ cause: "none", count: 1 });
  });

  it("reads the state of firmware that counted no panics, and of one that counted them here", () => {
    const store = new MapStore();
    // What version 0.2.0 leaves: one boot, next id 64, a session without a token.
    const older =
      "01000200000038000100000040000000000000000001000000000000000000000000000000000000000000000000002500000000008056febc78420000000000d6a35f47";
    store.values.set("b", new Uint8Array(Buffer.from(older, "hex")));
    const memory = boot(store);
    expect(memory.boots).toBe(2);
    expect(memory.session).toMatchObject({ edition: "tokenless", lastContact: session.lastContact });
    expect(boot(store).boots).toBe(3);
    // Five panics in the bits above the flags, as firmware after 0.2.0 has them.
    const slots = new TwoSlotState(store, 1);
    const state = slots.load()!.slice();
    state[13] |= 5 << 3;
    slots.save(state);
    expect(boot(store).session).toMatchObject({ edition: "tokenless", lastContact: session.lastContact });
  });

  it.each<[string, (store: MapStore) => void]>([
    ["refuses", (store) => (store.broken = true)],
    ["takes what it does not keep", (store) => (store.write = () => {})],
  ])("gives no id twice over boots with storage that %s, from the first on or later", (_what, breakIt) => {
    for (const before of [0, 10, 63]) {
      const store = new MapStore();
      const seen = new Set<number>();
      for (let n = 0; n < 5; n++) {
        const memory = boot(store);
        for (let i = 0; i < 100; i++) {
          if (n === 2 && i === before) breakIt(store);
          const peeked = memory.peekId();
          if (memory.takeId() !== peeked || seen.has(peeked)) expect.fail(`${peeked} again, in boot ${n}`);
          seen.add(peeked);
        }
      }
    }
  });

  it("gives no id twice after a slot was damaged", () => {
    const seen = new Set<number>();
    const store = new MapStore();
    for (let n = 0; n < 40; n++) {
      const memory = boot(store);
      for (let i = 0; i < 10 + n * 3; i++) {
        const id = memory.takeId();
        expect(seen.has(id)).toBe(false);
        seen.add(id);
      }
      const bytes = store.values.get(n % 2 === 0 ? "a" : "b");
      if (bytes !== undefined) bytes[(n * 7) % bytes.length] ^= 4;
    }
  });

  it("works without storage, and with one that fails, which it says once and without the token", () => {
    const none = boot(undefined);
    expect(none.boots).toBe(1);
    expect(none.takeId()).toBe((none.takeId() - 1) >>> 0);
    const store = new MapStore();
    store.broken = true;
    log.length = 0;
    const memory = boot(store);
    memory.keepSession({ ...session, token: new TextEncoder().encode("SECRET") });
    for (let i = 0; i < 200; i++) memory.takeId();
    expect(log).toEqual(['memory: failed reason="ESP_ERR_NVS_NOT_ENOUGH_SPACE"']);
  });
});
