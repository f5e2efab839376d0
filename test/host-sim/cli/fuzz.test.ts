import { describe, expect, test } from "vitest";
import { complaintsIn, obeyed, run } from "./command-line";

describe("npm run fuzz", () => {
  test("says how far it came", async () => {
    const { code, stdout, stderr } = await obeyed([
      "fuzz",
      "--target",
      "decode",
      "--executions",
      "500",
      "--seed",
      "7",
    ]);
    expect(complaintsIn(stderr)).toBe("");
    expect(stdout).toContain("fuzzing 1 target on node, seed 7");
    expect(stdout).toMatch(
      /datagram +decode +5\d\d executions, 5\d\d inputs, in [\d.]+ s, \d+\/s, \d+ kept, \d+ features/,
    );
    expect(code).toBe(0);
  });

  test("for some seconds, guided by coverage", async () => {
    const { code, stdout } = await run(["fuzz", "--target", "decode", "--seconds", "5"]);
    const [, executions, reached] = /(\d+) executions, .* ([\d.]+) % of its code reached/.exec(stdout)!;
    expect(Number(executions)).toBeGreaterThan(100);
    expect(Number(reached)).toBeGreaterThan(5);
    expect(code).toBe(0);
  });

  test("--replay runs one input and tells what happens", async () => {
    const { code, stdout } = await obeyed(["fuzz", "--target", "decode", "--replay", "40011234"]);
    expect(stdout).toContain("40011234: 0 1 4660  [] ");
    expect(stdout).toContain("decode: no rule broken");
    expect(code).toBe(0);
  });

  test.each([
    [["--target", "nothing"], "--target takes decode, endpoint, blocks, answers, "],
    [["--target", "decode", "--engine", "xs"], "decode does not run on XS"],
    [["--seconds", "0"], "--seconds takes a whole number from 1"],
    [
      ["--seconds", "1", "--executions", "1"],
      "--executions and --seconds exclude each other: leave one of them out",
    ],
    [["--replay", "40"], "--replay needs --target"],
    [["--target", "decode", "--replay", "4"], "hex digits"],
    [["--seed", "x"], "--seed takes a whole number"],
  ])("%j is misuse", async (args, message) => {
    const { code, stderr } = await obeyed(["fuzz", ...args]);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });
});
