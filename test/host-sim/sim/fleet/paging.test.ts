/** How a cell pages: how many at once, what one message takes of the air, and what becomes of who does not answer. */
import { describe, expect, it, test } from "vitest";
import { Paging, messageTime, usualPaging } from "../../../../host-sim/sim/fleet/paging";
import { VirtualClock } from "../../../../host-sim/sim/time/clock";
import type { Call, PagedDevice, PagingConfiguration } from "../../../../host-sim/sim/fleet/paging";
import type { Coverage } from "../../../../host-sim/sim/radio/link";

interface Called {
  readonly heard: number[];
  gaveUp: number | undefined;
  reachable: boolean;
  call: Call | undefined;
}

/** A cell in which all devices have one occasion a cycle, 2.56 s. */
class Cell {
  readonly clock = new VirtualClock();
  readonly paging: Paging;

  constructor(configuration: PagingConfiguration = usualPaging) {
    this.paging = new Paging(this.clock, configuration);
  }

  /** Pages a device at once. @param answers whether it answers as soon as it hears it */
  page(
    answers = true,
    { coverage = 0, ueId = 0, edrx }: { coverage?: Coverage; ueId?: number; edrx?: number } = {},
  ): Called {
    const { clock } = this;
    const called: Called = { heard: [], gaveUp: undefined, reachable: true, call: undefined };
    const device: PagedDevice = {
      ...{ coverage, edrx, identity: { ueId, hashed: 0 } },
      get reachable() {
        return called.reachable;
      },
      paged() {
        called.heard.push(clock.now);
        if (answers) called.call!.ended = true;
      },
      unanswered: () => (called.gaveUp = clock.now),
    };
    called.call = this.paging.page(device);
    return called;
  }
}

describe("a page", () => {
  it("is heard at the device's occasion, when message and repetitions are through", async () => {
    const cell = new Cell();
    const near = cell.page();
    await cell.clock.run();
    // Subframe 9 of frame 0, then 8 of control, 4 between, two times one subframe of data.
    expect(near.heard).toEqual([9 + 8 + 4 + 2]);
    expect(near.gaveUp).toBeUndefined();
    expect(cell.paging.load).toEqual({ pages: 1, blocked: 0, unanswered: 0, airtime: 14 });
  });

  it("waits for the window of a device with eDRX", async () => {
    const cell = new Cell();
    await cell.clock.run({ until: 15_000 });
    // Hyperframe 0 of each 81.92 s, in which the window begins with the first frame.
    const called = cell.page(true, { edrx: 81_920 });
    await cell.clock.run();
    expect(called.heard[0]).toBeGreaterThanOrEqual(81_920);
    expect(called.heard[0]).toBeLessThan(81_920 + 2_560);
  });

  it("is repeated for who hears worst, as long as 16 devices' records take", () => {
    expect(messageTime(1, 128, 32)).toBe(128 + 4 + 32);
    expect(messageTime(16, 128, 32)).toBe(128 + 4 + 320);
    expect(messageTime(2, 8, 2)).toBe(8 + 4 + 4);
  });
});

describe("a cell", () => {
  it("calls sixteen devices at an occasion, and the next ones a cycle later", async () => {
    const cell = new Cell();
    const all = Array.from({ length: 40 }, () => cell.page());
    await cell.clock.run();
    const cycles = all.map(({ heard }) => Math.floor(heard[0] / 2_560));
    for (const [cycle, count] of [
      [0, 16],
      [1, 16],
      [2, 8],
    ]) {
      expect(cycles.filter((each) => each === cycle)).toHaveLength(count);
    }
    expect(cell.paging.load).toMatchObject({ pages: 40, blocked: 24 + 8, unanswered: 0 });
  });

  it("has one message on the air at a time: an occasion behind a long one is lost", async () => {
    const cell = new Cell();
    const far = cell.page(true, { coverage: 2, ueId: 0 });
    // Its occasion is 80 ms later, and the message for the far one takes 164.
    const next = cell.page(true, { ueId: 1 });
    await cell.clock.run();
    expect(far.heard).toEqual([9 + 164]);
    expect(next.heard[0]).toBe(2_560 + 80 + 9 + 14);
    expect(cell.paging.load.blocked).toBe(1);
  });
});

describe("a device that does not answer", () => {
  it("is called three times, T3413 apart, and given up", async () => {
    const cell = new Cell();
    const deaf = cell.page(false);
    await cell.clock.run();
    expect(deaf.heard).toHaveLength(usualPaging.tries);
    for (let i = 1; i < deaf.heard.length; i++) {
      expect(deaf.heard[i] - deaf.heard[i - 1]).toBeGreaterThanOrEqual(usualPaging.t3413);
      expect(deaf.heard[i] - deaf.heard[i - 1]).toBeLessThan(usualPaging.t3413 + 2_600);
    }
    expect(deaf.gaveUp).toBe(deaf.heard[2] + usualPaging.t3413);
    expect(cell.paging.load).toMatchObject({ pages: 3, unanswered: 1 });
  });

  it.each([
    ["before its first occasion", 0, 0],
    ["between two pages", 5_000, 1],
  ])("is given up once it sleeps: %s", async (_, at, heard) => {
    const cell = new Cell();
    const asleep = cell.page(false);
    cell.clock.at(at, () => {
      asleep.reachable = false;
    });
    await cell.clock.run();
    expect(asleep.heard).toHaveLength(heard);
    expect(asleep.gaveUp).toBeDefined();
    expect(cell.paging.load).toMatchObject({ pages: heard, unanswered: 1 });
  });
});

test("a call that ended by itself takes no air", async () => {
  const cell = new Cell();
  const called = cell.page();
  called.call!.ended = true;
  await cell.clock.run();
  expect(called.heard).toEqual([]);
  expect(cell.paging.load).toEqual({ pages: 0, blocked: 0, unanswered: 0, airtime: 0 });
});
