/** `npm run footprint`. */
import { describe, expect, test } from "vitest";
import { run } from "../../cli/command-line";
import { footprintMissing } from "./missing";

interface Answer {
  modules: { name: string; code: number; symbols: number; preloaded: boolean; budget: number | null }[];
  names: number;
}

describe("npm run footprint", () => {
  test.skipIf(footprintMissing !== undefined)(
    "prints rooms with their modules by size, as JSON too",
    async () => {
      const [text, json] = await Promise.all([
        run(["footprint", "--only", "code"]),
        run(["footprint", "--only", "code", "--json"]),
      ]);
      const { modules, names } = JSON.parse(json.stdout) as Answer;
      expect(modules.length).toBeGreaterThan(90);
      expect(names).toBeLessThan(modules.reduce((sum, { symbols }) => sum + symbols, 0));
      const total = modules.reduce((sum, { code }) => sum + code, 0);
      const lines = text.stdout.split("\n");
      const number = (value: number): string => value.toLocaleString("en-US");
      expect(lines.find((line) => line.startsWith(`${modules.length} modules`))).toContain(number(total));
      const rooms = lines.filter((line) => /^[a-z]+\/ /.test(line)).map((line) => line.trim().split(/\s+/));
      const sizes = rooms.map(([, code]) => Number(code.replaceAll(",", "")));
      expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
      expect(sizes.reduce((sum, code) => sum + code, 0)).toBe(total);
    },
  );

  test.each([
    [["--update", "--only", "ram"], /^--update is about code/],
    [["--only", "stack"], /argument 'stack' is invalid/],
    [["--modem", "toaster"], /argument 'toaster' is invalid/],
  ])("%j is no command line", async (args, why) => {
    const { code, stderr } = await run(["footprint", ...args]);
    expect([
      code,
      stderr
        .trim()
        .split("\n")[0]
        .replace(/^error: option .*? /, ""),
    ]).toEqual([2, expect.stringMatching(why)]);
  });
});
