/** What a session of the firmware takes of a board's RAM. */
import { beforeAll, describe, expect, test } from "vitest";
import { families } from "../../../../host-sim/sim/modem/families";
import { boardFirmware } from "../../../../host-sim/tools/footprint/modules";
import { heapGoal, ramLines, verdict } from "../../../../host-sim/tools/footprint/report";
import { bytesOf, fitsInto, measureSession, moments } from "../../../../host-sim/tools/footprint/session";
import { density, full } from "../../../density";
import { footprintMissing } from "./missing";
import type { SessionRoom } from "../../../../host-sim/tools/footprint/session";

describe.skipIf(footprintMissing !== undefined)("a session", () => {
  let short: Promise<SessionRoom>;
  beforeAll(() => {
    short = measureSession({ long: false });
  });

  test("is seen at all its moments, alike in every run, and nothing stays uncounted", async () => {
    const session = await measureSession();
    expect(session.moments.map(({ moment }) => moment)).toEqual([...moments]);
    expect(session.unknown).toBe(0);
    expect(await measureSession({ long: full })).toEqual(full ? session : await short);
    const at = Object.fromEntries(session.moments.map((room) => [room.moment, bytesOf(room)]));
    // What main made stays; a report comes on top, and blocks of 800 bytes above that.
    expect(at.started).toBeGreaterThan(at.loaded);
    expect(at["report in flight"]).toBeGreaterThan(at.started);
    expect(at["block-wise transfer in flight"]).toBeGreaterThan(at["report in flight"]);
    // The host's chunks are larger: pointers and headers are.
    expect(session.ratio).toBeGreaterThan(0.5);
    expect(session.ratio).toBeLessThan(1);
  });

  // 3,150 slots and what is left of 64 KiB for chunks, in this machine's bytes; it may not grow beyond.
  const modems = density([...families.keys()], ["sim7020", "sara-n2"]);
  test.each(modems)("with reports and a command fits into 64 KiB, modem %s", async (modem) => {
    const { ratio } = await short;
    const bytes = Math.floor((heapGoal - 16 * 3_150) / ratio);
    expect(await fitsInto({ slots: 3_150, bytes }, { modem, long: false })).toBe(true);
  });

  test("ends where there is less than what is alive, and not where there is half as much again", async () => {
    const { moments: rooms, stack, ratio } = await short;
    expect(stack).toBeLessThan(Number(boardFirmware().manifest.creation.stack));
    const slots = Math.max(...rooms.map((room) => room.slots));
    expect(await fitsInto({ slots: slots - 50, bytes: 1_000_000 }, { long: false })).toBe(false);
    // Half of what is alive: with little less than it needs it would collect garbage for minutes before it ends.
    const chunks = Math.max(...rooms.map((room) => room.chunks));
    const bytes = Math.floor(chunks / 2 / ratio);
    expect(await fitsInto({ slots: 100_000, bytes }, { long: false })).toBe(false);
    expect(await fitsInto({ slots: Math.round(1.5 * slots), bytes: 40_000 }, { long: false })).toBe(true);
  });
});

describe("the report", () => {
  const session = {
    moments: [
      { moment: "loaded", slots: 100, chunks: 40, looks: 1 },
      { moment: "report in flight", slots: 2_500, chunks: 9_000, looks: 7 },
    ] as const,
    stack: 700,
    keys: 3,
    preloaded: 20_000,
    unknown: 0,
    ratio: 0.8,
  };
  const small = { slots: 3_000, chunks: 10_000 };
  const large = { slots: 3_500, chunks: 10_000 };

  test("says whether it fits", () => {
    expect(verdict(session, { short: small, long: large })).toBe(
      "64 KiB of heap: with one exchange in flight 49,000 bytes are alive; a session of reports and commands " +
        "fits with 7,536 bytes to spare, one with a message in blocks is 464 bytes too large.",
    );
  });

  test("has a line for each moment, and says what is wrong with itself", () => {
    const lines = ramLines(session, { short: small, long: large }, 1024, "bc66");
    expect(lines[0]).toContain("modem bc66");
    expect(lines.find((line) => line.includes("report in flight"))).toMatch(/ 2,500 +40,000 +9,000 +49,000$/);
    expect(ramLines({ ...session, unknown: 12 }, { short: small, long: large }, 1024, "bc66").at(-1)).toMatch(
      /^12 bytes/,
    );
  });
});
