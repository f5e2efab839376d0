/**
 * The natives that do with a text what its writer chooses: recurse as deep as it is nested, allocate as much as it
 * has parts, or keep what it names. In the firmware each stands behind something that bounds the text first, and
 * this list says what that is. A new place is a decision: bound the text, then add it here.
 */
import { readFileSync, readdirSync } from "node:fs";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, test } from "vitest";

const root = fileURLToPath(new URL("../firmware", import.meta.url));

function modules(folder = ""): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = posix.join(folder, entry.name);
    if (entry.isDirectory()) return modules(path);
    return entry.name.endsWith(".ts") && !entry.name.endsWith(".d.ts") ? [path] : [];
  });
}

/** The code without its comments. */
const codeOf = (file: string): string =>
  readFileSync(join(root, file), "utf8").replace(/\/\*[^]*?\*\/|(?<=^|\s)\/\/.*$/gm, "");

/** How often a pattern occurs, by file. */
function occurrences(pattern: RegExp): Record<string, number> {
  return Object.fromEntries(
    modules().flatMap((file) => {
      const count = [...codeOf(file).matchAll(pattern)].length;
      return count === 0 ? [] : [[file, count] as const];
    }),
  );
}

interface Native {
  readonly name: string;
  readonly pattern: RegExp;
  /** How often, and what bounds the text. */
  readonly behind: Readonly<Record<string, readonly [count: number, bound: string]>>;
}

const natives: readonly Native[] = [
  {
    name: "the JSON parser, which recurses, and keeps the names of members",
    pattern: /\bJSON\.parse\b/g,
    behind: {
      "text/json.ts": [
        3,
        "jsonExcess: depth, length, values, digits, names; a string or number alone, within such a text",
      ],
    },
  },
  {
    name: "regular expressions, whose matcher takes memory for each way back",
    pattern: /\bRegExp\b|\.(?:test|exec|match|matchAll|search|replace|replaceAll)\(/g,
    behind: {
      "device/modem-settings.ts": [1, "at most 400 characters"],
      "device/setting-values.ts": [1, "at most 100 repetitions"],
      "modem/at/emm-cause.ts": [1, "lineText: 128 characters, 24 of them passed over at most"],
      "modem/at/fields.ts": [4, "lineText and fieldsOf: 128 characters"],
      "modem/at/result-code.ts": [1, "8 characters of a line"],
      "modem/at/timers.ts": [1, "a field: 128 characters"],
      "modem/driver/sim-card.ts": [2, "lineText: 128 characters, and texts for patterns"],
      "modem/driver/bring-up.ts": [1, "lineText: a model of at most 80 characters"],
      "modem/family/bc95.ts": [1, "lineText: 128 characters"],
      "modem/family/bg95.ts": [1, "a field: 128 characters"],
      "modem/family/simcom.ts": [2, "fields: 128 characters, and texts for patterns"],
      "update/update-settings.ts": [1, "two groups of two digits between two ends"],
    },
  },
  {
    name: "split, which makes a text of each part",
    pattern: /\.split\(/g,
    behind: {
      "device/modem-settings.ts": [2, "at most 400 characters; one of four words"],
      "device/setting-values.ts": [2, "at most 253 characters and 100"],
      "device/unknown-settings.ts": [1, "the names of the keys"],
      "modem/at/emm-cause.ts": [1, "lineText: 128 characters, and the names of causes"],
      "enos/topic.ts": [2, "topics of the firmware's own, and those that Downlinks took: 8 segments of 255"],
      "modem/driver/modem-memory.ts": [1, "the server's address, which a setting gives"],
      "update/version-order.ts": [1, "24 characters"],
      "text/host-name.ts": [1, "253 characters"],
      "update/file-place.ts": [1, "a URL of at most 200 characters"],
      "update/update-settings.ts": [1, "300 characters"],
    },
  },
  {
    name: "numbers made of text",
    pattern: /(?<![.\w])Number\(|\bparse(?:Int|Float)\(|\bBigInt\(/g,
    behind: {
      "device/modem-settings.ts": [1, "one of the rates"],
      "device/setting-values.ts": [1, "at most 32 characters"],
      "enos/body.ts": [1, "6 digits"],
      "model/bytes.ts": [1, "the digits of a number, nine at most"],
      "modem/at/bands.ts": [1, "a field: 128 characters"],
      "modem/at/emm-cause.ts": [2, "3 digits; numbers of causes"],
      "modem/at/result-code.ts": [1, "8 digits"],
      "modem/family/bc95.ts": [1, "9 digits"],
      "update/version-order.ts": [3, "9 digits; 22, of which the order alone is asked for"],
      "update/file-place.ts": [1, "5 digits"],
      "update/update-settings.ts": [2, "two digits each, of a regular expression"],
      "remote-settings/changes.ts": [1, "a setting that the firmware has read: at most 32 characters"],
      "modem/at/fields.ts": [9, "9 digits; the groups of a clock's regular expression"],
      "modem/at/timers.ts": [1, "5 digits"],
      "modem/driver/modem-memory.ts": [2, "the server's address, which a setting gives"],
      "seal/envelope-head.ts": [1, "14 digits of the device key, which provisioning gives"],
    },
  },
  {
    name: "text made of a modem's bytes",
    pattern: /\basciiText\(/g,
    behind: {
      "modem/at/fields.ts": [1, "lineText: 128 characters"],
      "modem/driver/driver-state.ts": [1, "the command that was sent"],
      "text/ascii.ts": [1, "its definition"],
      "text/json.ts": [1, "a number: 64 digits"],
      "update/package.ts": [1, "24 bytes"],
      "update/task.ts": [1, "255 bytes"],
    },
  },
  {
    name: "text made of UTF-8",
    pattern: /\bdecodeUtf8\(/g,
    behind: {
      "enos/downlinks.ts": [1, "an option: a datagram"],
      "model/bytes.ts": [1, "a command: 8,192 bytes; a record of the journal"],
      "text/json.ts": [3, "jsonExcess"],
      "text/utf8.ts": [1, "its definition"],
    },
  },
  {
    name: "arrays with the length that a number says",
    pattern: /\bnew Array\b|\bArray\(/g,
    behind: { "coap/message.ts": [1, "as many options as the datagram has, of which an endpoint takes 64"] },
  },
  {
    name: "calls with as many arguments as an array has",
    pattern: /(?<!function )\w\(\.\.\.|\.apply\(/g,
    behind: {
      "modem/family/sara.ts": [1, "steps of the firmware's own, a handful"],
      "seal/join.ts": [1, "its definition: each call names its parts, seven at most"],
      "text/ascii.ts": [1, "32 characters"],
      "text/utf8.ts": [2, "32 characters"],
      "main.ts": [1, "the optional parts, three of them"],
      "update/image-making.ts": [1, "no such call: a method of its own that is called apply"],
    },
  },
  {
    name: "sorting, which recurses",
    pattern: /\.(?:sort|toSorted)\(/g,
    behind: {
      "delivery/dating.ts": [1, "boots"],
      "journal/flipped-bits.ts": [
        1,
        "numbers, 8 for each byte of a record that is not too long to be searched",
      ],
    },
  },
  {
    name: "what is never needed",
    pattern:
      /\beval\b|\bnew Function\b|\bdecodeURI|\bfromArrayBuffer\b|\bDate\.parse\b|\bnew Date\b|\bstructuredClone\b/g,
    behind: {},
  },
];

describe("in the firmware, only these places have", () => {
  test.each(natives)("$name", ({ pattern, behind }) => {
    const found = occurrences(pattern);
    const unlisted = Object.entries(found).filter(([file, count]) => count > (behind[file]?.[0] ?? 0));
    expect(unlisted).toEqual([]);
    expect(Object.keys(behind).filter((file) => found[file] === undefined)).toEqual([]);
  });
});

it("finds what it looks for, and not in comments", () => {
  expect(codeOf("text/json.ts")).toContain("JSON.parse(text)");
  expect(codeOf("text/json.ts")).not.toContain("XS parses JSON by recursion");
  expect(modules().length).toBeGreaterThan(100);
});
