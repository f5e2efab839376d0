/**
 * README and docs say what is so: they render as they were meant, their links lead somewhere, what they name in
 * the project is there, and their commands are commands with these options.
 *
 * A fence's info string says what it is. `sh`: commands that docs.simulation.test.ts runs. `console`: a command
 * behind `$`, and lines of what it prints, in their order, with `…` for what is left out. `needs=REASON` behind
 * either: it is parsed here, and run only where that is to be had; see `reasons`.
 */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, it, test } from "vitest";
import { UnfinishedError } from "../host-sim/cli/misuse";
import { commandNamed, commandNames } from "../host-sim/cli/program";
import { readProfile } from "../host-sim/inspect/energy/profile-file";
import { builtInServiceNames } from "../firmware/device/built-in-services";
import { remoteNames } from "../firmware/remote-settings/remote-names";
import { readModel } from "../host-sim/model/read-model";
import { projectRoot } from "../host-sim/project";
import { readSettings } from "../firmware/device/settings";
import { notPrinted, pages, parse, read, slugOf } from "./docs-pages";
import { commandsOf, npmCall, scriptOf } from "./docs-shell";
import type { Fence, Page } from "./docs-pages";

const all = pages();
const root = projectRoot();
const readme = all.find(({ name }) => name === "README.md")!;
const fences = all.flatMap((page) => page.fences);
const packageJson = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  scripts: Record<string, string>;
};

/** Why a block is not run by docs.simulation.test.ts, or not everywhere. */
const reasons: Readonly<Record<string, string>> = {
  board: "writes to a board's flash",
  modem: "needs a real modem on a serial port",
  port: "needs a board on a serial port",
  pipe: "two commands joined by a pipe: run by test/host-sim/cli/monitor.test.ts",
  enos: "needs the real EnOS",
  sdk: "needs the Moddable SDK and ESP-IDF",
  keys: "needs a sealed product's master key: run by test/host-sim/cli/model-keys.test.ts",
  maker:
    "needs a maker's key and a stand-in: run by test/host-sim/cli/update.test.ts and update-stand-in.test.ts",
  install: "installs the packages that this test runs with",
  terminal: "asks on a terminal",
  pty: "run by docs.simulation.test.ts where the packages for pseudo-terminal and serial port are installed",
  tshark: "run by docs.interop.test.ts where tshark is installed",
  long: "takes a minute or more: run by docs.long.test.ts",
  minutes: "takes minutes; what it does is tested by itself",
};
const languages = new Set(["sh", "console", "text", "json", "ts", "js", "c"]);
const where = ({ page, line }: Fence): string => `${page}:${line}`;

describe.each(all.map((page) => [page.name, page] as const))("%s", (_, page) => {
  it("has fences that are closed, know their language, and hold no heading and no table", () => {
    for (const fence of page.fences) {
      expect(fence.closed, `${where(fence)} is not closed, or is indented by four`).toBe(true);
      expect(languages.has(fence.language), `${where(fence)}: language "${fence.language}"`).toBe(true);
      if (fence.needs !== undefined) expect(Object.keys(reasons), where(fence)).toContain(fence.needs);
      expect(swallowed(fence), where(fence)).toEqual([]);
    }
  });

  it("has links that lead somewhere", () => {
    const dead = page.links.filter((link) => !leadsSomewhere(page, link));
    expect(dead).toEqual([]);
  });

  it("names only files that are there", () => {
    expect(page.codes.filter((code) => isPath(code) && !isThere(page, code))).toEqual([]);
  });

  it("has commands that are there, with the options that they have", async () => {
    const scripts = page.fences
      .filter(({ language }) => language === "sh" || language === "console")
      .map((fence) => [where(fence), scriptOf(fence)] as const);
    for (const [place, script] of scripts) {
      for (const { words, source } of commandsOf(script)) {
        expect(await faultOf(words), `${place}: ${source}`).toBeUndefined();
      }
    }
    for (const code of page.codes.filter((each) => /^npm (start|run|test)\b/.test(each))) {
      for (const { words } of commandsOf(code)) expect(await faultOf(words, true), code).toBeUndefined();
    }
  });

  it("has words that mean one thing", () => {
    const found = oldWords.filter((word) => new RegExp(`\\b${word}\\b`, "i").test(proseOf(page)));
    expect(found).toEqual([]);
  });
});

/** Words that had a second meaning, and have gone. CHANGELOG.md tells of the past. */
const oldWords = ["backlog", "reset ladder", "retreat", "doze", "dozes", "manners", "bench.ts", "under way"];

const proseOf = (page: Page): string => (page.name === "CHANGELOG.md" ? "" : page.text);

/** Lines of a fence that look like a page's own: a heading, the line below a table's head. */
function swallowed({ language, text }: Fence): string[] {
  return text
    .split("\n")
    .filter(
      (line) => /^\|(\s*:?-+:?\s*\|)+\s*$/.test(line) || (language !== "sh" && /^#{1,6} \S/.test(line)),
    );
}

function leadsSomewhere(page: Page, link: string): boolean {
  if (/^(https?|mailto):/.test(link)) return URL.canParse(link);
  const [path, anchor] = link.split("#");
  const file = path === "" ? page.name : normalize(join(dirname(page.name), path));
  if (!existsSync(join(root, file))) return false;
  if (anchor === undefined) return true;
  if (!file.endsWith(".md")) return /^L\d+$/.test(anchor);
  return read(file).anchors.has(anchor);
}

/** Whether code within a line names a file or folder of the project; NAME and FAMILY stand for one of several. */
function isPath(code: string): boolean {
  return (
    /^(firmware|host-sim|test|docs|\.ci|\.github)\/[\w./-]*$/.test(code) && !/\b(NAME|FAMILY)\b/.test(code)
  );
}

const isThere = (page: Page, code: string): boolean =>
  existsSync(join(root, code)) || existsSync(join(root, dirname(page.name), code));

/** What a page gives for a name of the reader's own. */
const placeholders: Readonly<Record<string, string>> = {
  ...{ FAMILY: "bg95", NAME: "bg95", N: "1", S: "1", PART: "codec", "coap://ADDRESS": "coap://203.0.113.5" },
};

/** What is wrong with a command, or undefined. @param mentioned not to be pasted: it may need more words */
async function faultOf(words: readonly string[], mentioned = false): Promise<string | undefined> {
  const call = npmCall(words);
  if (call === undefined) {
    return words[0] === "npm" && words[1] !== "ci" ? "no npm command known here" : undefined;
  }
  const { script, args } = call;
  if (!(script in packageJson.scripts)) return `package.json has no script "${script}"`;
  if (!commandNames.includes(script)) return args.length === 0 ? undefined : "takes no options";
  const command = await commandNamed(script);
  // Commander looks for the action of a part first, which would really be done.
  for (const each of [command, ...command.commands]) {
    each
      .exitOverride()
      .configureOutput({ writeErr() {}, writeOut() {} })
      .action(() => {});
  }
  try {
    await command.parseAsync(
      args.map((word) => placeholders[word] ?? word),
      { from: "user" },
    );
  } catch (error) {
    const { code, message } = error as Error & { code?: string };
    if (code === "commander.helpDisplayed" || code === "commander.version") return undefined;
    if (mentioned && error instanceof UnfinishedError) return undefined;
    return message;
  }
  return undefined;
}

describe("README.md", () => {
  it("is read to its end: 160 lines at most", () => {
    expect(readme.text.trimEnd().split("\n").length).toBeLessThanOrEqual(160);
  });

  it("has a table of all commands: every npm script, and every command of the command line", () => {
    const table = readme.tables.find(([head]) => head[0] === "command" && head.length === 3)!;
    const named = table
      .slice(1)
      .map(([command]) => npmCall(commandsOf(command.replaceAll("`", ""))[0].words)?.script);
    const hidden = Object.keys(packageJson.scripts).filter(
      (name) => /^(pre|post)/.test(name) || name === "prepare",
    );
    expect(named.sort()).toEqual(
      Object.keys(packageJson.scripts)
        .filter((name) => !hidden.includes(name))
        .sort(),
    );
    for (const name of commandNames) expect(named).toContain(name);
    for (const row of table.slice(1)) expect(row.every((cell) => cell !== "")).toBe(true);
  });

  it("leads to every page of docs", () => {
    const linked = readme.links.map((link) => normalize(link.split("#")[0]));
    const there = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md"));
    expect(there.filter((name) => !linked.includes(`docs/${name}`))).toEqual([]);
  });
});

describe("docs/settings.md", () => {
  const page = read("docs/settings.md");
  const rows = page.tables
    .filter(([head]) => head[0] === "setting")
    .flatMap((table) => table.slice(1))
    .map(([name, initial, takes]) => ({ name: plain(name), initial: plain(initial), takes: plain(takes) }));
  const server = "203.0.113.5";

  it("has every setting that the firmware reads, and no other", () => {
    const asked = new Set<string>();
    readSettings(
      new Proxy({ server } as Record<string, unknown>, {
        get(config, name: string) {
          asked.add(name);
          return config[name];
        },
      }),
    );
    expect(rows.map(({ name }) => name).sort()).toEqual([...asked].sort());
  });

  test.each(rows)("$name: $initial, $takes", ({ name, initial, takes }) => {
    const settings = readSettings({ server }) as unknown as Record<string, unknown>;
    if (name === "server") expect(initial).toBe("none");
    else if (settings[name] !== undefined) expect(initial).toBe(String(settings[name]));
    else expect(initial).toMatch(/^(the board's|not wired|by batch|none|all|auto|the modem's choice)$/);
    // What the firmware says to a value that cannot be.
    const complaint = refusal(name, name === "server" ? "here" : "no such value");
    const range = /whole number from (\d+) to (\d+)/.exec(complaint);
    const choices = /must be one of (.*)$/.exec(complaint)?.[1];
    if (range !== null) expect(takes).toBe(`${range[1]} to ${range[2]}`);
    else if (choices !== undefined) expect(takes).toBe(choices);
    else if (/true or false/.test(complaint)) expect(takes).toBe("true, false");
    else
      expect(takes).toMatch(
        /^(text|text, or empty|an IPv4 address or a host's name|zero, key, ecb or 32 hex digits|[45] to [68] digits|numbers from 1 to 85, such as 8,20|AT command lines; ; between)$/,
      );
  });

  it("says of every setting that can be changed from afar what it costs, and of no other", () => {
    const [, ...costs] = page.tables.find(([head]) => head[0] === "from afar")!;
    expect(costs.flatMap(([names]) => plain(names).split(", ")).sort()).toEqual(
      remoteNames.map(({ name }) => name).sort(),
    );
  });

  it("quotes the complaint as it is", () => {
    const quoted = page.fences.find(({ language }) => language === "text")!.text;
    expect(`settings: ${refusal("interval", "0")}`).toBe(quoted);
  });

  function refusal(name: string, value: unknown): string {
    try {
      readSettings({ server, [name]: value });
    } catch (error) {
      return (error as Error).message;
    }
    return "";
  }
});

const plain = (cell: string): string => cell.replaceAll("`", "");

describe("docs/architecture.md", () => {
  const page = read("docs/architecture.md");

  it("names every room of the firmware, and every wing and room of the host", () => {
    const foldersOf = (folder: string): string[] =>
      readdirSync(join(root, folder), { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => name);
    const wings = foldersOf("host-sim");
    const rooms = wings
      .filter((wing) => wing !== "cli" && wing !== "model")
      .flatMap((wing) => foldersOf(`host-sim/${wing}`));
    const all = [...foldersOf("firmware"), ...foldersOf("firmware/modem"), ...wings, ...rooms];
    expect(all.filter((name) => !page.text.includes(`${name}/`))).toEqual([]);
  });

  it("tells where the reset of a modem, an option of EnOS and a chart are", () => {
    const find = page.tables.find(([head]) => head[0] === "looked for")!;
    const answer = (what: string): string => find.find(([name]) => name === what)![1];
    expect(answer("the reset of a modem")).toContain("`firmware/modem/driver/reset-escalation.ts`");
    expect(answer("an option of EnOS")).toContain("topic.ts");
    expect(answer("a chart of console and report")).toContain("`host-sim/cloud/page/chart.tsx`");
  });

  it("names files that are there, also by the end of their path", () => {
    const files = filesBelow("firmware").concat(filesBelow("host-sim"));
    const named = page.codes.filter((code) => /^[\w/-]+\.(tsx?|css|json)$/.test(code));
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((code) => !files.some((file) => file === code || file.endsWith(`/${code}`)))).toEqual(
      [],
    );
  });
});

function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length));
}

describe("examples", () => {
  const jsons = fences.filter(({ language }) => language === "json");

  test.each(jsons.map((fence) => [where(fence), fence] as const))("the JSON of %s is JSON", (_, { text }) => {
    expect(() => JSON.parse(text) as unknown).not.toThrow();
  });

  it("the thing model of docs/thing-model.md is one, and so is the product's with its new measure points, sealed or not", () => {
    const models = jsons.filter(({ page }) => page === "docs/thing-model.md").map(({ text }) => text);
    expect(models).toHaveLength(5);
    const product = JSON.parse(readFileSync(join(root, "firmware/product/model.json"), "utf8")) as {
      measurepoints: unknown[];
    };
    for (const name of ["pressure", "rsrp"]) {
      product.measurepoints.push(JSON.parse(models.find((text) => text.includes(`"${name}"`))!));
    }
    const whole = models.find((each) => each.includes("measurepoints"))!;
    const head = JSON.parse(models.find((each) => each.includes('"sealed"'))!) as object;
    for (const text of [whole, JSON.stringify(product), JSON.stringify({ ...product, ...head })]) {
      expect(readModel(text)).toHaveProperty("measurepoints");
    }
  });

  it("what docs/thing-model.md says is built in is in the example's model, but for names of people's", () => {
    interface Part {
      identifier: string;
      [more: string]: unknown;
    }
    const builtIn = JSON.parse(jsons.find(({ text }) => text.includes("fetch_log"))!.text) as Record<
      string,
      Part[]
    >;
    const product = JSON.parse(
      readFileSync(join(root, "firmware/product/model.json"), "utf8"),
    ) as typeof builtIn;
    const bare = (value: unknown): unknown =>
      JSON.parse(
        JSON.stringify(value, (key, each: unknown) => (key === "name" || key === "range" ? undefined : each)),
      );
    expect(Object.keys(builtIn)).toEqual(["events", "services"]);
    expect(builtIn["services"].map(({ identifier }) => identifier)).toEqual(builtInServiceNames);
    for (const [kind, parts] of Object.entries(builtIn)) {
      for (const part of parts) {
        expect(bare(product[kind].find(({ identifier }) => identifier === part.identifier))).toEqual(
          bare(part),
        );
      }
    }
  });

  it("the profile of docs/energy.md is one", () => {
    const { text } = jsons.find(({ page }) => page === "docs/energy.md")!;
    expect(readProfile(text, "profile.json").name).toBe("our tracker");
  });
});

describe("the tests of these pages", () => {
  const faults = (markdown: string): Fence[] => parse("x.md", markdown).fences as Fence[];

  it("see a fence that turns a page inside out", () => {
    const [first, second] = faults("# A\n\n```\nls\n```\n```\n\ntext\n\n## B\n\n| a | b |\n| - | - |\n");
    expect(first).toMatchObject({ closed: true, line: 3 });
    expect(second.closed).toBe(false);
    expect(swallowed(second)).toEqual(["## B", "| - | - |"]);
  });

  it("know anchors as GitHub makes them", () => {
    expect(slugOf("What plain UDP can and cannot protect")).toBe("what-plain-udp-can-and-cannot-protect");
    expect(slugOf("Your keys, against the stand-in or EnOS")).toBe("your-keys-against-the-stand-in-or-enos");
    const page = parse("README.md", "## Twice\n\n## Twice\n\n[a](#twice-1) [b](#thrice) [c](nowhere.md)\n");
    expect(page.anchors.has("twice-1")).toBe(true);
    expect(page.links.filter((link) => link.startsWith("#") && !page.anchors.has(link.slice(1)))).toEqual([
      "#thrice",
    ]);
    expect(leadsSomewhere(page, "nowhere.md")).toBe(false);
  });

  it("see a line that a command does not print, or prints elsewhere", () => {
    const printed = "a\nb\nc 12 ms\nd";
    expect(notPrinted("$ npm start\na\n…\nc 12 …\nd", printed)).toBeUndefined();
    expect(notPrinted("a\nB", printed)).toBe("B");
    expect(notPrinted("b\na", printed)).toBe("a");
    expect(notPrinted("c 13 …", printed)).toBe("c 13 …");
  });

  test.each<[string, string[][]]>([
    [
      "npm ci && npm start # two",
      [
        ["npm", "ci"],
        ["npm", "start"],
      ],
    ],
    ["a 'b c' \"d\" \\\n  e", [["a", "b c", "d", "e"]]],
    ["cat > f <<'END'\nnpm run nothing\nEND\nls", [["cat", ">", "f", "<<", "END"], ["ls"]]],
    ["ID=$(curl -s 'x' | sed 's/a/b/')", [["ID=$(curl -s 'x' | sed 's/a/b/')"]]],
    ["a#b; c | d", [["a#b"], ["c"], ["d"]]],
  ])("take %j for its commands", (script, words) => {
    expect(commandsOf(script).map((command) => command.words)).toEqual(words);
  });

  test.each([
    ["npm run nothing", /no script/],
    ["npm start -- --nothing", /has no option --nothing/],
    ["npm start -- --coverage 3", /takes 0, 1 or 2/],
    ["npm run modem -- sim9999", /takes sim7020, /],
    ["npm run chaos -- --seed x", /whole number/],
    ["npm start -- too many", /takes no argument, got 2/],
  ])("see what is wrong with %s", async (line, fault) => {
    expect(await faultOf(commandsOf(line)[0].words)).toMatch(fault);
  });
});
