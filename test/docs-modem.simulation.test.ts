/**
 * docs/modem.md and the board's page say of a line what the firmware says behind it, and of each; and name the
 * firmwares that the simulated modems have.
 */
import { describe, expect, it, test } from "vitest";
import {
  adviceOf,
  causeAdvice,
  clockAdvice,
  downAdvice,
  grantedAdvice,
  lineAdvice,
  simAdvice,
} from "../firmware/device/advice";
import { families } from "../host-sim/sim/modem/families";
import { readLogLine } from "../host-sim/sim/world/device-log";
import { read } from "./docs-pages";

const page = read("docs/modem.md");
const rowsOf = (first: string, second: string): (readonly string[])[] =>
  page.tables.filter(([head]) => head[0] === first && head[1] === second).flatMap((table) => table.slice(1));

/** Lines in a cell, each in code. */
const linesIn = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, line]) => line);

describe("docs/modem.md, what a line means", () => {
  const rows = rowsOf("line", "what it means, and what to try");
  const lines = rows.flatMap(([cell, advice]) =>
    linesIn(cell).map((line): [string, string] => [line, advice]),
  );

  test.each(lines)("%s", (line, advice) => {
    const event = readLogLine(line);
    expect(event, "no line of the log").toBeDefined();
    expect(adviceOf(event!)).toBe(advice);
  });

  it("has each that the firmware has", () => {
    const all = [
      ...Object.values(downAdvice),
      ...Object.values(lineAdvice),
      ...simAdvice.map(([, advice]) => advice),
      ...Object.values(causeAdvice),
      ...Object.values(grantedAdvice),
      clockAdvice,
    ].filter((advice) => advice !== undefined);
    const documented = new Set(rows.map(([, advice]) => advice));
    expect([...new Set(all)].filter((advice) => !documented.has(advice))).toEqual([]);
    for (const cause of Object.keys(causeAdvice).filter((each) => each !== "0")) {
      expect(lines.map(([line]) => line)).toContain(`modem: denied cause=${cause}`);
    }
  });
});

describe("docs/modem.md, firmwares that are known", () => {
  it("are those that simulated modems have", () => {
    const documented = rowsOf("family", "firmware").map(([family, name]) =>
      `${family} ${name}`.replaceAll("`", ""),
    );
    const simulated = [...families].flatMap(([family, { manual }]) =>
      (manual?.generations ?? []).map(({ name }) => `${family} ${name}`),
    );
    expect(documented.sort()).toEqual(simulated.sort());
  });
});

describe("docs/lilygo-t-sim7080g-s3.md", () => {
  const board = read("docs/lilygo-t-sim7080g-s3.md");
  const shown = board.tables.flatMap((table) => table.slice(1)).flatMap(([cell]) => linesIn(cell));

  test.each(shown)("%s is how a line of the log begins", (line) => {
    // What is left out stands for a value: a word, or text in quotes.
    const tried = ["x", "1", "10s", "1.0s", '"x"', "123456789012345"].map((value) =>
      line.replaceAll("…", value),
    );
    const mixed = line.replace("…", "1").replaceAll("…", "1.0s");
    const completed = [...tried, mixed, `${line.replaceAll("…", "1")} retry=10s`, line.replace(/…$/, "")];
    expect(completed.some((each) => readLogLine(each) !== undefined)).toBe(true);
  });
});
