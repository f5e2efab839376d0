/** `npm run footprint`. */
import { describe, expect, test } from "vitest";
import { run } from "../../cli/command-line";
import { footprintMissing } from "./missing";

interface Answer {
  modules: { name: string; code: number; symbols: number; preloaded: boolean; budget: number | null }[];
  names: number;
  board: string;
  modem: string;
  boards: { board: string; modem: string; modules: number; code: number; budget: number }[];
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

  test.skipIf(footprintMissing !== undefined)(
    "prints each board beside what there is in all, and counts a board with another modem",
    async () => {
      const [text, usual, other] = await Promise.all([
        run(["footprint", "--only", "code"]),
        run(["footprint", "--only", "code", "--json"]),
        run(["footprint", "--only", "code", "--modem", "bc66", "--json"]),
      ]);
      const [here, there] = [usual, other].map(({ stdout }) => JSON.parse(stdout) as Answer);
      expect([here.board, here.modem, there.modem]).toEqual(["m5stack-nbiot", "sim7020", "bc66"]);
      expect(text.stdout).toMatch(/^Board: m5stack-nbiot, modem sim7020\n/);
      const sum = ({ modules }: Answer): number => modules.reduce((total, { code }) => total + code, 0);
      const rowOf = (name: string) => here.boards.find(({ board }) => board === name)!;
      expect(sum(here)).toBe(rowOf("m5stack-nbiot").code);
      expect(sum(there)).not.toBe(sum(here));
      const family = (answer: Answer): string[] =>
        answer.modules.flatMap(({ name }) => (/^modem\/f.*\/(sim|bc)/.test(name) ? [name] : [])).sort();
      expect(family(here)).toEqual(["modem/family/sim7020", "modem/fitted/sim7020"]);
      expect(family(there)).toEqual(["modem/family/bc66", "modem/fitted/bc66"]);
      const { code: all } = rowOf("everything");
      const line = text.stdout.split("\n").find((each) => each.startsWith("  m5stack-nbiot, sim7020"))!;
      const numbers = line
        .replaceAll(",", "")
        .match(/\d+(?= |$)/g)!
        .map(Number);
      expect(numbers.slice(-4)).toEqual([
        here.modules.length,
        sum(here),
        all - sum(here),
        rowOf("m5stack-nbiot").budget,
      ]);
    },
  );

  test.each([
    [["--update", "--modem", "bc66"], /^--update writes the budget of every modem/],
    [["--update", "--only", "ram"], /^--update is about code/],
    [["--update", "--only", "stack"], /^--update is about code/],
    [["--only", "heap"], /^--only takes code, ram or stack, got "heap"$/],
    [["--modem", "toaster"], /^--modem takes sim7020, .* or sara-r5, got "toaster"$/],
  ])("%j is no command line", async (args, why) => {
    const { code, stderr } = await run(["footprint", ...args]);
    expect([code, stderr.trim().split("\n")[0]]).toEqual([2, expect.stringMatching(why)]);
  });
});
