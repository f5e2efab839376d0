/**
 * What nobody means, given to each option of each command: nothing, the same twice, numbers that are none, and folders
 * in the place of files. Each is refused in one line, with exit code 2, before anything is done.
 */
import { tmpdir } from "node:os";
import { describe, expect, it, test } from "vitest";
import { commandNamed, commandNames } from "../../../host-sim/cli/program";
import { obeyed } from "./command-line";
import type { Command, Option } from "../../../host-sim/cli/command";

/** A command, or a part of one, by the words that call it, with its options. */
const called: (readonly [string, readonly string[], readonly Option[]])[] = [];
for (const name of commandNames) {
  const command = await commandNamed(name);
  const parts = command.commands as Command[];
  const add = (words: readonly string[], { options }: Command): void => {
    const own = options.filter(({ long, hidden }) => long !== "--version" && long !== "--help" && !hidden);
    called.push([words.join(" "), words, own as Option[]]);
  };
  if (parts.length === 0) add([name], command);
  for (const part of parts) add([name, part.name()], part);
}

const takesValue = ({ required, optional }: Option): boolean => required || optional;

/** One line, and nothing on stdout. */
async function refused(words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await obeyed(words);
  expect([code, stdout], words.join(" ")).toEqual([2, ""]);
  expect(stderr, words.join(" ")).toMatch(/^[^\n]+\n$/);
  return stderr.trimEnd();
}

it("is about all options of all commands", () => {
  expect(called.length).toBeGreaterThan(20);
  expect(called.flatMap(([, , options]) => options.filter(takesValue)).length).toBeGreaterThan(150);
});

describe.each(called)("%s", (_, words, options) => {
  test.skipIf(options.length === 0)("takes no option twice but those that say so", async () => {
    for (const option of options) {
      const once = takesValue(option) ? [`${option.long}=1`] : [option.long!];
      if (option.repeats) continue;
      expect(await refused([...words, ...once, ...once])).toBe(
        `${option.long} is given twice: leave one of them out`,
      );
    }
  });

  test.skipIf(!options.some(takesValue))("takes no empty value", async () => {
    for (const { long, flags, description } of options.filter(takesValue)) {
      const line = `${long} has an empty value: ${flags}, ${description}`;
      expect(await refused([...words, long!, ""])).toBe(line);
      expect(await refused([...words, `${long}=`])).toBe(line);
    }
  });

  const numbers = options.filter(({ flags }) => /<(?:n|s|h|ms|p|Wh|i\/n|port)>$/.test(flags));
  test.skipIf(numbers.length === 0)("takes numbers that are some", async () => {
    for (const { long } of numbers) {
      for (const value of ["-1", "NaN", "Infinity", "1e999", "99999999999999999999", "0x10", "٣", " "]) {
        // An option with a typing error behind it would be named, had the value been taken.
        const line = await refused([...words, long!, value]);
        expect(line, `${words.join(" ")} ${long} ${value}`).toMatch(
          new RegExp(`^${long} takes [^\\n]+, got "`),
        );
      }
    }
  });
});

it("takes --set and --setting again for each setting", async () => {
  expect(await refused(["start", "--set", "t3324=2", "--set", "late=x"])).toMatch(/^--set: late/);
  const device = ["device", "--server", "127.0.0.1", "--setting", "apn=a", "--setting", "nonsense"];
  expect(await refused(device)).toMatch(/^--setting takes /);
});

describe("a folder is no file, and a file no folder", () => {
  const folder = tmpdir();
  const file = "package.json";
  test.each([
    [["start", "--report", folder]],
    [["start", "--pcap", folder]],
    [["chaos", "--seeds", "1", "--hours", "1", "--out", folder]],
    [["chaos", "merge", folder]],
    [["fleet", "--devices", "1", "--hours", "1", "--out", folder]],
    [["fleet", "--devices", "1", "--hours", "1", "--report", folder]],
    [["energy", "--reports", "16", "--shard", "1/2", "--out", folder]],
    [["model", folder]],
    [["pictures", "--out", file]],
    [["pictures", "--out", `${file}/pictures`]],
    [["provision", "--keys", folder, "--out", "keys.bin"]],
    [["model", "firmware/product/model.json", "--out", file]],
    [["cloud", "--port", "0", "--no-api", "--capture", folder]],
    [["cloud", "--port", "0", "--no-api", "--data", file]],
    [["cloud", "--port", "0", "--no-api", "--devices", folder]],
    [["device", "--server", "127.0.0.1", "--keys", folder]],
    [["start", "--profile", folder]],
    [["energy", "--profile", folder]],
    [["monitor", "--file", folder]],
    [["monitor", "--file", file, "--report", folder]],
    [["update", "inspect", folder]],
    [["update", "example", "--out", file]],
  ])("%j", async (words) => {
    const started = performance.now();
    expect(await refused(words)).toMatch(/is (?:a|no) folder|is there already, EEXIST|not a directory/);
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});

describe("a part that there is not", () => {
  test.each(["0/3", "4/3", "3", "1/0", "-1/3", "1.5/3", "1/3/5", "NaN/3"])("%s", async (shard) => {
    for (const words of [["chaos"], ["fleet"], ["energy", "--out", "part.json"]]) {
      expect(await refused([...words, "--shard", shard])).toBe(
        `--shard takes a part such as 3/16, got "${shard}"`,
      );
    }
  });
});
