/** Faults that a review of the store-and-forward proved: the journal over failing flash. */
import { expect, it } from "vitest";
import { queueOf, drain, flashOf, reading } from "../delivery/journal-rig";

/** Work that has blocks copied: every fourth waits. */
function work(b: ReturnType<typeof queueOf>, from: number, to: number, acked: Set<number>) {
  for (let id = from; id <= to; id++) {
    b.queue.append(reading(id));
    if (id % 4 === 0) continue;
    const e = b.queue.next(0, 1e9).find((x) => x.id === id);
    if (e !== undefined) {
      b.queue.release(e);
      acked.add(id);
    }
  }
}
it("one write that fails while a block is copied: nothing twice", () => {
  const wrong: string[] = [];
  for (let n = 1; n < 260; n++) {
    const flash = flashOf(4);
    const b = queueOf({ flash, order: "live" });
    const acked = new Set<number>();
    let count = 0;
    const write = flash.write.bind(flash);
    flash.write = (x, o) => {
      if (++count === n) throw new Error("ESP_ERR_FLASH");
      write(x, o);
    };
    work(b, 1, 80, acked);
    const waiting = b.queue.length;
    const lost = b.lost.map((l) => Number.parseInt(l));
    const ids = drain(b.queue);
    const twice = ids.filter((id, i) => ids.indexOf(id) !== i || acked.has(id));
    const gone = Array.from({ length: 80 }, (_, i) => i + 1).filter(
      (id) => !acked.has(id) && !ids.includes(id) && !lost.includes(id),
    );
    if (twice.length || gone.length || waiting !== ids.length)
      wrong.push(`write ${n}: twice=${twice} gone=${gone} length=${waiting}/${ids.length}`);
  }
  expect(wrong.slice(0, 6).concat(`${wrong.length}`)).toEqual(["0"]);
});
it("the same, seen after a reboot", () => {
  const wrong: string[] = [];
  for (let n = 1; n < 260; n++) {
    const flash = flashOf(4);
    const b = queueOf({ flash, order: "live" });
    const acked = new Set<number>();
    let count = 0;
    let what = "";
    const write = flash.write.bind(flash);
    flash.write = (x, o) => {
      if (++count === n) {
        what = `${x.length}@${o}`;
        throw new Error("ESP_ERR_FLASH");
      }
      write(x, o);
    };
    work(b, 1, 80, acked);
    const before = b.queue.next(0, 1e9).map((e) => e.id);
    const after = queueOf({ flash, boot: 2 });
    const ids = drain(after.queue);
    const twice = ids.filter((id, i) => ids.indexOf(id) !== i || acked.has(id));
    if (twice.length) wrong.push(`write ${n} (${what}): twice=${twice} ${before.length}`);
  }
  expect(wrong.slice(0, 6).concat(`${wrong.length}`)).toEqual(["0"]);
});
it("a write that is done and reports a failure: nothing twice", () => {
  const flash = flashOf(8);
  const b = queueOf({ flash });
  const write = flash.write.bind(flash);
  b.queue.append(reading(1));
  flash.write = (x, o) => {
    write(x, o);
    throw new Error("ESP_ERR_FLASH_OP_TIMEOUT");
  };
  b.queue.append(reading(2));
  flash.write = write;
  b.queue.append(reading(3));
  expect(drain(b.queue)).toEqual([1, 2, 3]);
  expect(drain(queueOf({ flash, boot: 2 }).queue)).toEqual([]);
});
it("one block that cannot be erased does not hide what waits from all later boots", () => {
  const flash = flashOf(6);
  const b = queueOf({ flash });
  const erase = flash.eraseBlock.bind(flash);
  let bad = -1;
  flash.eraseBlock = (n) => {
    if (bad < 0) bad = n;
    if (n === bad) throw new Error("ESP_ERR_FLASH_OP_FAIL");
    erase(n);
  };
  let id = 1;
  const acked = new Set<number>();
  for (; id <= 200; id++) work(b, id, id, acked);
  // Nobody sends any more; power goes.
  const flashed = b.log.filter((l) => l.includes("failed")).length;
  const counted = new Set(drain(queueOf({ flash, boot: 3, log() {} }).queue));
  const c = queueOf({ flash, boot: 2 });
  expect({ flashed, first: c.log[0], durable: c.queue.durable, size: counted.size > 0 }).toMatchObject({
    durable: true,
    size: true,
  });
});
it("a copy that meets a bad cell is written elsewhere while the original is there", () => {
  const wrong: string[] = [];
  for (let cell = 0; cell < 2048; cell += 16) {
    const flash = flashOf(4);
    const write = flash.write.bind(flash);
    // A bit that cannot be cleared any more.
    flash.write = (x, o) => {
      write(x, o);
      if (cell >= o && cell < o + x.length) flash.bytes[cell] |= 0x01;
    };
    const b = queueOf({ flash, order: "live" });
    work(b, 1, 100, new Set());
    if (b.lost.some((l) => l.endsWith("corrupt"))) wrong.push(`cell ${cell}: ${b.lost}`);
  }
  expect(wrong.slice(0, 4).concat(String(wrong.length))).toEqual(["0"]);
});
