/** What fails a bench, and what is only told. */
import { describe, expect, test } from "vitest";
import { Verdict, bars, knownMisses } from "../../../../host-sim/tools/bench/bars";

describe("a verdict", () => {
  test("a bar is met at its bound, and missed beyond it and by what is no number", () => {
    const verdict = new Verdict({});
    expect(verdict.judge("encode", 25)).toBe("(bar 25)");
    expect(verdict.judge("slots", 0)).toBe("(bar 0)");
    expect(verdict.failed).toBe(false);
    expect(verdict.lines()).toEqual(["bars: 2 met, 0 missed as known, 0 missed"]);
    expect(verdict.judge("encode", 24.9)).toBe("(bar 25: MISSED)");
    expect(verdict.judge("slots", 1)).toBe("(bar 0: MISSED)");
    expect(verdict.judge("standInHeap", NaN)).toBe("(bar 1.2: MISSED)");
    expect(verdict.failed).toBe(true);
    expect(verdict.lines()).toEqual([
      "bars: 2 met, 0 missed as known, 3 missed",
      "  MISSED CoAP encode, times as fast as coap-packet: 24.9, and is to be at least 25",
      "  MISSED slots that the firmware's heap on XS grows by in 1,000 reports: 1, and is to be at most 0",
      `  MISSED ${bars.standInHeap.what}: NaN, and is to be at most 1.2`,
    ]);
  });

  test("a known miss does not fail the run, is told with its reason, and told again when it is met", () => {
    const known = { standInScript: "the script is called twice" };
    const verdict = new Verdict(known);
    expect(verdict.judge("standInScript", 9.04)).toBe("(bar 4: missed, as known)");
    expect(verdict.failed).toBe(false);
    expect(verdict.lines()).toEqual([
      "bars: 0 met, 1 missed as known, 0 missed",
      `  missed, as known: ${bars.standInScript.what}: 9.04, and is to be at most 4. Why: the script is called twice`,
    ]);
    const mended = new Verdict(known);
    mended.judge("standInScript", 3.9);
    expect(mended.failed).toBe(false);
    expect(mended.lines()).toEqual([
      "bars: 1 met, 0 missed as known, 0 missed",
      `  met again: ${bars.standInScript.what}: take it out of knownMisses in host-sim/tools/bench/bars.ts`,
    ]);
    // What was not measured is neither, and one of two figures that is still missed keeps the entry.
    expect(new Verdict(known).lines()).toEqual(["bars: 0 met, 0 missed as known, 0 missed"]);
    mended.judge("standInScript", 4.1);
    expect(mended.lines().some((line) => line.includes("met again"))).toBe(false);
  });

  test("each known miss has a reason", () => {
    for (const reason of Object.values(knownMisses)) expect(reason).toMatch(/\w+ \w+ \w+/);
  });
});
