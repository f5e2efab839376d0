/** The last test of a file: tshark reads all that the tests before have sent. */
import { expect } from "vitest";
import { tshark } from "./tshark";
import type { Judged } from "./meaning";

/**
 * What tshark 4.0 remarks on options that it does not know. It calls a message with a Request-Tag
 * malformed, for in its eyes no option has a number from 259 to 2047.
 */
const remarks: Readonly<Record<number, string>> = {
  292: "Invalid Option Number 292",
  2049: "Unknown Option Number 2049",
};

/** Fails unless tshark reads in each of at least so many datagrams what was meant. */
export async function expectTshark(judged: readonly Judged[], least: number): Promise<void> {
  expect(judged.length).toBeGreaterThanOrEqual(least);
  const witnesses = await tshark(judged.map(({ bytes }) => bytes));
  expect(witnesses).toHaveLength(judged.length);
  for (let i = 0; i < judged.length; i++) {
    const { complaints, ...read } = witnesses[i];
    const { meant, bytes } = judged[i];
    expect(read, bytes).toEqual(meant);
    expect(complaints, bytes).toEqual(meant.options.flatMap(([number]) => remarks[number] ?? []));
  }
}
