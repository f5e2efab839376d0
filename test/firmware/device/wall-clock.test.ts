/** Which of the network's times are believed. */
import { expect, it } from "vitest";
import { WallClock } from "../../../firmware/device/wall-clock";

const epoch = 1_700_000_000_000;
const hour = 3_600_000;

it("a step is believed when it is told again, and not when one telling is written twice", () => {
  const clock = new WallClock();
  expect(clock.tell(epoch, 0)).toBe("first");
  // SIM7020 writes one message of the network's as *PSUTTZ, and some firmwares write that twice.
  expect(clock.tell(epoch + 13 * hour, 0)).toBe("doubted");
  expect(clock.tell(epoch + 13 * hour + 40, 40)).toBe("doubted");
  expect(clock.tell(epoch + 13 * hour + 4_999, 4_999)).toBe("doubted");
  expect(clock.epoch).toBe(epoch);
  expect(clock.tell(epoch + 13 * hour + 5_000, 5_000)).toBe("jumped");
  expect(clock.epoch).toBe(epoch + 13 * hour);
});

it("what was told in between begins the count anew", () => {
  const clock = new WallClock();
  clock.tell(epoch, 0);
  expect(clock.tell(epoch + 13 * hour, 0)).toBe("doubted");
  expect(clock.tell(epoch + 50_000, 50_000)).toBe("set");
  expect(clock.tell(epoch + 13 * hour + 60_000, 60_000)).toBe("doubted");
  expect(clock.tell(epoch + 7 * hour + 70_000, 70_000)).toBe("doubted");
  expect(clock.tell(epoch + 7 * hour + 70_040, 70_040)).toBe("doubted");
  expect(clock.tell(epoch + 7 * hour + 80_000, 80_000)).toBe("jumped");
});

it("a time from before deep sleep counts as told long ago", () => {
  const clock = new WallClock();
  clock.resume(epoch, epoch + 13 * hour, 0);
  expect(clock.tell(epoch + 13 * hour + 100, 100)).toBe("jumped");
});

it("after hours of deep sleep, a step that was told before is none of the clock's drift", () => {
  const minute = 60_000;
  for (const [told, how] of [
    [8 * minute, "jumped"],
    [8 * minute + 20_000, "jumped"],
    [3 * minute, "set"],
    [-minute, "set"],
  ] as const) {
    const clock = new WallClock();
    clock.resume(epoch, epoch + 8 * minute, 9 * minute);
    expect(clock.tell(epoch + told, 0)).toBe(how);
    expect(clock.epoch).toBe(epoch + told);
  }
});
