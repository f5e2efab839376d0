/**
 * Noise on the wire to the driver of each family: lines that its modem could say at the wrong moment,
 * such lines bent, and plain garbage. Nothing of it may throw, and afterwards all is well again.
 */
import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { families } from "../../../../host-sim/sim/modem/families";
import { ascii } from "../../../../firmware/text/ascii";
import { SimulatedBoard } from "../simulated-board";
import { runs } from "../../../density";

const hour = 3_600_000;

/** What a modem of this family said in a session with all that befalls it. */
async function vocabulary(family: string): Promise<string[]> {
  const board = new SimulatedBoard({ seed: "vocabulary", family });
  await board.up();
  for (let i = 0; i < 3; i++) {
    await board.exchange(Uint8Array.from({ length: 40 }, (_, at) => at + i));
    if (i === 1) board.modem.dropContext();
    await board.pass(10 * 60_000);
  }
  board.modem.reboot("vocabulary");
  await board.pass(60_000);
  const said = board.lines.filter((line) => line.startsWith("< ")).map((line) => line.slice(2));
  return [...new Set(said)];
}

/** Cuts, doubles, and swaps characters. */
const bend = (line: string, at: number, how: number): string => {
  const place = line.length === 0 ? 0 : at % line.length;
  if (how === 0) return line.slice(0, place);
  if (how === 1) return line.slice(place);
  if (how === 2) return line.slice(0, place) + line.slice(place).repeat(2);
  if (how === 3) return `${line.slice(0, place)}9999${line.slice(place + 1)}`;
  return `${line.slice(0, place)},${line.slice(place + 1)}`;
};

describe.each([...families.keys()])("%s", (family) => {
  it("bears it", async () => {
    const words = await vocabulary(family);
    expect(words.length).toBeGreaterThan(15);
    const noise = fc.oneof(
      fc.constantFrom(...words),
      fc
        .tuple(fc.constantFrom(...words), fc.nat(60), fc.nat(4))
        .map(([word, at, how]) => bend(word, at, how)),
      fc.uint8Array({ maxLength: 30 }).map((bytes) => String.fromCharCode(...bytes)),
    );
    const event = fc.record({ noise, wait: fc.nat(20_000), send: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 25 }), fc.nat(1_000), async (events, seed) => {
        const board = new SimulatedBoard({ seed, family });
        board.connect();
        for (const { noise, wait, send } of events) {
          board.uart.garbage(ascii(`\r\n${noise}\r\n`));
          if (send) board.send(Uint8Array.of(wait & 0xff, wait >> 8, 7));
          await board.pass(wait);
        }
        await board.exchange(ascii("after all"), 12 * hour);
        expect(board.returned.at(-1)).toBeDefined();
      }),
      { seed: 24_301, numRuns: runs(120) },
    );
  });
});
