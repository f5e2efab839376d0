/** The commands of README and docs do what the pages say: those that end in seconds are run, as they are pasted. */
import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";
import { afterEach, describe, expect, it, test } from "vitest";
import { projectRoot } from "../host-sim/project";
import { skipWithout } from "./absent";
import { notPrinted, pages, read } from "./docs-pages";
import { ran, scratch } from "./docs-run";
import { commandsOf, npmCall, scriptOf } from "./docs-shell";
import { complaintsIn, launch } from "./host-sim/cli/command-line";
import { xsMissing } from "./host-sim/sim/board/rig";
import type { Fence } from "./docs-pages";
import type { Running } from "./host-sim/cli/command-line";

const shell = promisify(execFile);
const fences = pages().flatMap((page) => page.fences);
const where = ({ page, line }: Fence): string => `${page}:${line}`;
const of = (language: string, needs?: string): Fence[] =>
  fences.filter((fence) => fence.language === language && fence.needs === needs);
const calls = (fence: Fence, script: string): boolean =>
  commandsOf(scriptOf(fence)).some(({ words }) => npmCall(words)?.script === script);

const withCloud = [...of("sh"), ...of("sh", "pty")].filter((fence) => calls(fence, "cloud"));
const withShell = of("sh").filter(
  (fence) => fence.page === "docs/provisioning.md" || /\bcurl\b/.test(fence.text),
);
const alone = of("sh").filter((fence) => !withCloud.includes(fence) && !withShell.includes(fence));

/** Whether curl is missing on this machine, which is said aloud. On CI it must be there. */
const curlMissing = process.env.CI === undefined && spawnSync("curl", ["--version"]).status !== 0;
if (curlMissing)
  console.warn("the application's commands of docs/cloud.md are not run: curl is not installed");

describe("what is printed", () => {
  test.each(of("console").map((fence) => [where(fence), fence] as const))("%s", async (_, fence) => {
    const [command, ...more] = commandsOf(scriptOf(fence));
    expect(more).toEqual([]);
    const { code, stdout } = await ran(command.words);
    expect(notPrinted(fence.text, stdout)).toBeUndefined();
    expect(code).toBe(0);
  });
});

describe("blocks of commands that end", () => {
  test.each(alone.map((fence) => [where(fence), fence] as const))("%s", async (_, fence) => {
    for (const { words, source } of commandsOf(scriptOf(fence))) {
      const { code, stderr } = await ran(words);
      expect({ code, complaints: complaintsIn(stderr) }, source).toEqual({ code: 0, complaints: "" });
    }
  });
});

describe("the ways to break it, by the table of docs/simulation.md", () => {
  const table = read("docs/simulation.md").tables.find(([[head]]) => head === "command")!;
  const rows = table.slice(1).map(([command]) => command.replaceAll("`", ""));

  for (const command of rows) {
    test.skipIf(command.includes("--engine xs") && xsMissing !== undefined)(`${command}`, async () => {
      const { code, stdout } = await ran(commandsOf(command)[0].words);
      expect(code).toBe(0);
      expect(stdout).not.toBe("");
    });
  }
});

describe("docs/provisioning.md", () => {
  it("gives a board its keys, when it is pasted from its first line to its last", async () => {
    const script = withShell.filter(({ page }) => page === "docs/provisioning.md").map(({ text }) => text);
    expect(script).toHaveLength(4);
    const { stdout, stderr } = await pasted(script.join("\n"), {});
    expect(stderr).toBe("");
    expect(stdout.match(/^written: 1 image of 24576 bytes$/gm)).toHaveLength(2);
    // The last one is a sealed product's.
    expect(stdout.match(/sealed\.nvs\.bin: .* with a seal key$/gm)).toHaveLength(1);
    expect(stdout).toMatch(/^written: 2 images of 24576 bytes/m);
    const { stdout: there } = await shell("ls", ["-lR", `${scratch}/boards`]);
    expect(there).toMatch(/^-rw------- .* 65 .* master$/m);
    for (const name of ["board", "sealed", "images/864600031234566", "images/board-2"]) {
      expect(there).toMatch(new RegExp(`^-rw------- .* ${name.split("/").at(-1)}\\.nvs\\.bin$`, "m"));
    }
    // What the page tells to type at the end is what the command says.
    const flash = of("sh", "board")[0].text;
    expect(stdout).toContain(flash.replace("~", scratch));
  });
});

describe("with the stand-in", () => {
  let running: Running[] = [];
  afterEach(async () => {
    for (const each of running) each.process.kill("SIGTERM");
    await Promise.all(running.map(({ finished }) => finished));
    running = [];
  });
  /** Starts what runs until Ctrl-C, on free ports. */
  const start = (args: readonly string[]): Running => {
    const started = launch(args);
    running.push(started);
    return started;
  };

  /** The stand-in as a page starts it, with the keys that it prints exported and its ports in place of the page's. */
  async function standIn(): Promise<{ keys: Record<string, string>; placed: (text: string) => string }> {
    const cloud = start(["cloud", "--port", "0", "--api-port", "0"]);
    const [printed] = await cloud.until(/[^]*then, in another terminal: /);
    const keys = Object.fromEntries(
      [...printed.matchAll(/^ {2}export (ENOS_\w+)=(\S+)$/gm)].map(([, name, value]) => [name, value]),
    );
    expect(Object.keys(keys)).toHaveLength(3);
    const [, coap] = /coap:\/\/127\.0\.0\.1:(\d+)/.exec(printed)!;
    const [, api] = /console on http:\/\/127\.0\.0\.1:(\d+)/.exec(printed)!;
    const placed = (text: string): string =>
      text
        .replace("127.0.0.1:5683", `127.0.0.1:${coap}`)
        .replace("127.0.0.1:8080", `127.0.0.1:${api}`)
        .replaceAll("/tmp/modem", `${scratch}/modem`);
    return { keys, placed };
  }

  async function device(words: readonly string[], keys: Record<string, string>): Promise<string> {
    const started = launch(npmCallOf(words), keys);
    running.push(started);
    const { code, stdout, stderr } = await started.finished;
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    return stdout;
  }

  it.skipIf(curlMissing)(
    "README.md and docs/cloud.md: a device, then the application's commands",
    async () => {
      const [first, ...same] = withCloud.filter(({ needs }) => needs === undefined);
      expect(same.map(({ text }) => text)).toEqual([first.text]);
      const { keys, placed } = await standIn();
      const [, last] = commandsOf(placed(first.text));
      expect(await device(last.words, keys)).toContain("3 of 3 readings acknowledged");
      const api = withShell.filter(({ page }) => page === "docs/cloud.md");
      expect(api).toHaveLength(8);
      const { stdout, stderr } = await pasted(placed(api.map(({ text }) => text).join("\n")), keys);
      expect(stderr).toBe("");
      expect(stdout).toContain(`"deviceKey":"${keys.ENOS_DEVICE_KEY}"`);
      expect(stdout).toContain(`"relay"`);
      expect(stdout).toMatch(/"status":"(pending|sent|success|timed-out)"/);
      expect(stdout).toContain(`"dropDown":0.3`);
      expect(stdout).toMatch(/^event: run\ndata: \{"run":/m);
      expect(stdout).toMatch(/^id: \w+-\d+\ndata: \{"kind":"event".*"type":"stored"/m);
      expect(stdout).toMatch(/\{"type":"test","timestamp":"[\dT:.-]+Z","data":\{"type":"test"/);
      expect(stdout).toMatch(/"delivered":true,"httpStatus":200/);
      expect(stdout).toMatch(/"items":\[\{.*"name":"Hall north".*"total":1/);
      expect(stdout).toContain("time,at,value,quality\r\n20");
      expect(stdout).toContain(`{"site":"A"}`);
      expect(stdout).toContain(`{"created":2,"exist":0,"refused":0,`);
      expect(stdout).toMatch(/"fileSize":100000,"fileUrl":"\/f\/[\w-]{11}"/);
      expect(stdout).toMatch(/"fromVersion":"[\d.]+","toVersion":"1\.3\.0","status":"init"/);
      expect(stdout).toMatch(/"rolloutId":"1",[^\n]*?"state":"aborted"/);
    },
  );

  it.skipIf(skipWithout("@lydell/node-pty", "serialport"))(
    "docs/modem.md: a simulated modem, and the board's firmware before it",
    async () => {
      const [fence] = of("sh", "pty");
      const { keys, placed } = await standIn();
      const [, modem, last] = commandsOf(placed(fence.text));
      await start(npmCallOf(modem.words)).until(/ on .*baud/);
      const printed = await device(last.words, keys);
      const shown = fences.find(
        ({ page, text }) => page === "docs/modem.md" && text.includes("readings acknow"),
      )!;
      // Times, ids and what follows from them are another run's.
      const told = (text: string): string =>
        text
          .replace(/^\d\d:\d\d:\d\d\.\d{3}/gm, "TIME")
          .replace(/(?<=acknowledged id=|after=|rssi=-)[\d.]+|(?<=127\.0\.0\.1:)\d+/g, "N");
      expect(notPrinted(told(shown.text), told(printed))).toBeUndefined();
    },
  );

  const npmCallOf = (words: readonly string[]): string[] => {
    const { script, args } = npmCall(words)!;
    return [script, ...args];
  };
});

/** Pastes a script into a shell at the project's root, whose home is the scratch folder. */
function pasted(script: string, env: Record<string, string>): Promise<{ stdout: string; stderr: string }> {
  return shell("bash", ["--norc", "-euc", script], {
    cwd: projectRoot(),
    env: { PATH: process.env.PATH, HOME: scratch, npm_config_update_notifier: "false", ...env },
  });
}
