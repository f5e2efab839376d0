/** The window in RAM over the journal in flash. */
import { describe, expect, it } from "vitest";
import { MemoryFlash } from "../../../host-sim/sim/flash/memory-flash";
import { PowerDomain } from "../../../host-sim/sim/flash/power-domain";
import { Random } from "../../../host-sim/sim/time/random";
import { queueOf } from "./journal-rig";
import type { QueueOwner, UploadQueue, UploadQueueOptions } from "../../../firmware/delivery/upload-queue";
import type { Entry, Reading } from "../../../firmware/delivery/entry";

const hour = 3_600_000;

function flashOf(blocks: number): MemoryFlash {
  return new MemoryFlash({
    size: 1_024 * blocks,
    blockLength: 1_024,
    power: new PowerDomain(),
    random: new Random(3),
  });
}

interface Rig {
  readonly queue: UploadQueue;
  readonly lost: string[];
  readonly log: string[];
}

function open(options: Partial<UploadQueueOptions & QueueOwner> = {}): Rig {
  return queueOf({ flash: flashOf(8), ...options });
}

const reading = (id: number, more: Partial<Reading> = {}): Reading => ({
  kind: "reading",
  id,
  takenAt: 1_000 * id,
  time: 1_700_000_000_000 + 1_000 * id,
  values: { n: id, name: `reading ${id}` },
  format: id % 3 === 0 ? "json" : "raw",
  ...more,
});

/** Takes everything out, as the uploader does, and gives what came. */
function drain(queue: UploadQueue, now = 0): Entry[] {
  const all: Entry[] = [];
  while (queue.length > 0) {
    const [first] = queue.next(now, hour);
    if (first === undefined) break;
    all.push(first);
    queue.release(first);
  }
  return all;
}

describe("a queue", () => {
  it("of more than there is room for in RAM comes back in order, value for value, after a restart too", () => {
    const flash = flashOf(16);
    const { queue } = open({ flash });
    for (let id = 1; id <= 150; id++) expect(queue.append(reading(id))).toBe("kept");
    expect(queue.length).toBe(150);
    const again = open({ flash, boot: 2 });
    expect(again.log[0]).toBe("journal: open waiting=150");
    for (const all of [drain(again.queue)]) {
      expect(all.map(({ id }) => id)).toEqual(Array.from({ length: 150 }, (_, i) => i + 1));
      for (const entry of all) {
        const { values, format, time } = reading(entry.id);
        expect(entry).toMatchObject({ kind: "reading", values, format, time });
      }
    }
    expect(again.queue.length).toBe(0);
    expect(open({ flash, boot: 3 }).queue.length).toBe(0);
  });

  it("lets what was just measured go first, if that is asked for", () => {
    const { queue } = open({ order: "live" });
    for (let id = 1; id <= 60; id++) queue.append(reading(id));
    const now = 60_000 + hour;
    // Of an hour and more ago: all but the last.
    expect(queue.next(now, hour)[0].id).toBe(60);
    const order = drain(queue, now).map(({ id }) => id);
    expect(order[0]).toBe(60);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
  });

  it("tells each loss after its work: what is appended on hearing of it is kept as well", () => {
    let next = 1_000;
    const rig: Rig = open({
      flash: flashOf(4),
      onLost: (id, _isReading, reason, entry) => {
        rig.lost.push(`${id} ${reason}`);
        if (next < 1_020) rig.queue.append(reading(next++));
        expect(entry === undefined || entry.id === id).toBe(true);
      },
    });
    for (let id = 1; id <= 200; id++) rig.queue.append(reading(id));
    const kept = drain(rig.queue).map(({ id }) => id);
    const lost = rig.lost.map((line) => Number(line.split(" ")[0]));
    expect(next).toBe(1_020);
    // Each of all 220 is there or was told, none both.
    expect([...kept, ...lost].sort((a, b) => a - b)).toEqual([
      ...Array.from({ length: 200 }, (_, i) => i + 1),
      ...Array.from({ length: 20 }, (_, i) => 1_000 + i),
    ]);
  });

  it("refuses what cannot be sent, and says when there is no room for more", () => {
    const { queue, lost } = open({ flash: flashOf(3), policy: "newest" });
    expect(queue.append(reading(1, { values: { n: 0.5 } }))).toEqual({
      refused: expect.stringContaining("n"),
    });
    const taken = Array.from({ length: 80 }, (_, i) => queue.append(reading(100 + i)));
    const kept = taken.filter((each) => each === "kept").length;
    expect(taken.lastIndexOf("kept")).toBe(kept - 1);
    expect(lost).toEqual(taken.slice(kept).map((_, i) => `${100 + kept + i} dropped`));
    expect(queue.length).toBe(kept);
  });

  it("keeps a question in RAM alone, and what it hears of to the end", () => {
    const flash = flashOf(8);
    const { queue } = open({ flash });
    const message = {
      kind: "message",
      takenAt: 0,
      time: undefined,
      topic: "t",
      params: { a: 1 },
      timed: true,
    } as const;
    const done = (): void => {};
    queue.append({ ...message, id: 1, done, volatile: true });
    queue.append({ ...message, id: 2, done, volatile: false });
    expect(queue.next(0, hour).map(({ id }) => id)).toEqual([1, 2]);
    const [only, ...others] = drain(open({ flash, boot: 2 }).queue);
    expect(others).toEqual([]);
    expect(only).toMatchObject({ id: 2, topic: "t", params: { a: 1 }, timed: true, done: undefined });
  });

  it("goes on in RAM when the flash fails, and says so", () => {
    const flash = flashOf(8);
    const { queue, log } = open({ flash });
    queue.append(reading(1));
    const write = flash.write.bind(flash);
    flash.write = () => {
      throw new Error("ESP_ERR_FLASH");
    };
    expect(queue.append(reading(2))).toBe("held");
    expect(log.at(-1)).toBe('journal: failed reason="ESP_ERR_FLASH"');
    expect(queue.safe).toBe(false);
    flash.write = write;
    expect(queue.append(reading(3))).toBe("kept");
    // What was held is in flash as well now.
    expect(queue.safe).toBe(true);
    expect(drain(queueOf({ flash, boot: 2 }).queue).map(({ id }) => id)).toEqual([1, 2, 3]);
  });

  it("sends what the journal has from before in front of what it could not take", () => {
    const flash = flashOf(8);
    open({ flash }).queue.append(reading(1));
    const { queue } = open({ flash, boot: 2, order: "oldest" });
    flash.write = () => {
      throw new Error("ESP_ERR_FLASH");
    };
    expect(queue.append(reading(2))).toBe("held");
    expect(queue.next(0, hour).map(({ id }) => id)).toEqual([1, 2]);
  });

  it("sends what could not be read in front of what was taken meanwhile", () => {
    const flash = flashOf(16);
    const first = open({ flash }).queue;
    for (let id = 1; id <= 4; id++) first.append(reading(id));
    const { queue, log } = open({ flash, boot: 2, order: "oldest" });
    const read = flash.read.bind(flash);
    flash.read = (buffer, offset) => {
      if (offset < 512) throw new Error("ESP_ERR_FLASH");
      return read(buffer, offset);
    };
    expect(queue.next(0, hour)).toEqual([]);
    queue.append(reading(5));
    expect(queue.next(0, hour).map(({ id }) => id)).toEqual([5]);
    flash.read = read;
    queue.append(reading(6));
    expect(log.at(-1)).toBe("journal: block 0 readable readings=4");
    expect(queue.next(0, hour).map(({ id }) => id)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(queue.length).toBe(6);
  });

  it("opens a journal of which nothing could be read at the start with the first reading for which it can be", () => {
    const flash = flashOf(8);
    const first = open({ flash }).queue;
    for (let id = 1; id <= 3; id++) first.append(reading(id));
    const read = flash.read.bind(flash);
    flash.read = () => {
      throw new Error("ESP_ERR_FLASH");
    };
    const { queue, log } = open({ flash, boot: 2, order: "oldest" });
    expect(queue.append(reading(4))).toBe("held");
    expect([queue.durable, queue.safe, queue.length]).toEqual([false, false, 1]);
    flash.read = read;
    expect(queue.append(reading(5))).toBe("kept");
    expect([queue.durable, queue.safe, queue.length]).toEqual([true, true, 5]);
    expect(log).toEqual([...Array(2).fill("journal: none: ESP_ERR_FLASH"), "journal: open waiting=3"]);
    expect(queue.next(0, hour).map(({ id }) => id)).toEqual([1, 2, 3, 4, 5]);
    expect(drain(open({ flash, boot: 3 }).queue).map(({ id }) => id)).toEqual([1, 2, 3, 4, 5]);
  });

  it("dates what was taken before there was a clock, boot by boot, and never two alike", () => {
    const flash = flashOf(16);
    for (let boot = 1; boot <= 3; boot++) {
      const { queue } = open({ flash, boot });
      for (let i = 0; i < 3; i++) {
        queue.append(reading(10 * boot + i, { takenAt: 900_000 * i, time: undefined }));
      }
    }
    const { queue, log } = open({ flash, boot: 4 });
    queue.append(reading(40, { takenAt: 5_000, time: undefined }));
    queue.date(1_700_000_000_000);
    expect(log).toContain("journal: dated estimated=9");
    const times = drain(queue).map(({ time }) => time!);
    expect(times.at(-1)).toBe(1_700_000_005_000);
    expect(times.every((time, i) => i === 0 || time > times[i - 1])).toBe(true);
    expect(times[2] - times[1]).toBe(900_000);
    // They are the same after the next restart.
    const later = open({ flash: flashOf(4) });
    expect(later.queue.length).toBe(0);
  });
});
