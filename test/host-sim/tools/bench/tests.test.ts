import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { childrensTime } from "../../../../host-sim/tools/bench/tests";

test("the shell tells the processor time of its children, in minutes and seconds", () => {
  expect(childrensTime("0m0.01s 0m0.00s\n4m12.34s 1m31.20s\n")).toBeCloseTo(4 * 60 + 12.34 + 60 + 31.2);
  expect(childrensTime("0m0.010000s 0m0.000000s\n0m0.290000s 0m0.010000s\n")).toBeCloseTo(0.3);
});

test("another text tells nothing", () => {
  for (const text of ["", "0m0.01s 0m0.00s", "0m0.01s 0m0.00s\n4m12.34s\n", "user 3\nsys 1\n"]) {
    expect(childrensTime(text)).toBeNaN();
  }
});

test("this machine's shell tells it so", () => {
  const busy = `"${process.execPath}" -e "const end = Date.now() + 50; while (Date.now() < end);"`;
  const told = execFileSync("sh", ["-c", `${busy}; times`], { encoding: "utf8" });
  expect(childrensTime(told)).toBeGreaterThan(0.01);
});
