/** When the board sleeps lightly, and when not. */
import { describe, expect, it, test } from "vitest";
import { LightSleep, losesLineEndOnly } from "../../../firmware/continuity/light-sleep";

/** One that is asked, with what it has the board do. */
function asked(mayMissAWord = true) {
  const slept: number[] = [];
  const modem = { mayMissAWord, ready: true, unknownLines: 0 };
  const sleep = new LightSleep({ sleepLightly: (duration) => slept.push(duration) }, modem);
  return { sleep, modem, slept };
}

describe("light sleep", () => {
  it("follows a turn that nothing from outside has brought, for the time until the next one", () => {
    const { sleep, slept } = asked();
    // The watchdog waits 30 s for a turn.
    expect(sleep.beforeWait(false)).toBe(20_000);
    sleep.afterTurn(1_500);
    expect(slept).toEqual([1_500]);
  });

  it("gives what has come a moment in which more of it may follow", () => {
    const { sleep, slept } = asked();
    expect(sleep.beforeWait(true)).toBe(20);
    sleep.afterTurn(20);
    expect(slept).toEqual([]);
  });

  it("waits awake while an answer of the modem's is due, or the cloud's may have been lost", () => {
    const { sleep, modem, slept } = asked(false);
    expect(sleep.beforeWait(false)).toBe(Infinity);
    sleep.afterTurn(1_500);
    expect(slept).toEqual([]);
    modem.mayMissAWord = true;
    sleep.beforeWait(false);
    sleep.afterTurn(1_500);
    expect(slept).toEqual([1_500]);
  });

  it("is done no more once a line that has ended it has no name that is known", () => {
    const { sleep, modem, slept } = asked();
    sleep.beforeWait(false);
    modem.unknownLines = 1;
    sleep.afterTurn(1_500);
    sleep.beforeWait(true);
    sleep.afterTurn(20);
    // That one came when the board was awake.
    expect(sleep.beforeWait(false)).toBe(20_000);
    sleep.afterTurn(1_500);
    expect(slept).toEqual([1_500, 1_500]);
    modem.unknownLines = 2;
    sleep.beforeWait(true);
    expect(sleep.beforeWait(false)).toBe(Infinity);
    sleep.afterTurn(1_500);
    expect(slept).toEqual([1_500, 1_500]);
  });

  it("goes on after what a modem says while it wakes, which may be noise", () => {
    const { sleep, modem, slept } = asked();
    modem.ready = false;
    sleep.beforeWait(false);
    sleep.afterTurn(1_500);
    modem.unknownLines = 1;
    sleep.beforeWait(true);
    modem.ready = true;
    sleep.beforeWait(false);
    sleep.afterTurn(1_500);
    expect(slept).toEqual([1_500, 1_500]);
  });

  it("is not worth it for a few ms", () => {
    const { sleep, slept } = asked();
    sleep.beforeWait(false);
    sleep.afterTurn(19);
    expect(slept).toEqual([]);
  });
});

test("the line end before a line of the modem's is all that is lost up to 9600 baud", () => {
  const rates = [4_800, 9_600, 19_200, 38_400, 115_200, 921_600];
  expect(rates.map((baud) => losesLineEndOnly(baud))).toEqual([true, true, false, false, false, false]);
});
