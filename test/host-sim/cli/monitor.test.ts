/** `npm run monitor`: a board's log from a captured file, from a pipe, and from a serial port. */
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, test } from "vitest";
import { openPty } from "../../../host-sim/tools/pc/pty";
import { skipWithout } from "../../absent";
import { launch, obeyed, run } from "./command-line";
import type { Pty } from "../../../host-sim/tools/pc/pty";
import type { Running } from "./command-line";

let folder: string;
const running: Running[] = [];
const open: Pty[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "monitor-"));
});
afterEach(() => {
  for (const command of running.splice(0)) command.process.kill("SIGKILL");
  for (const pty of open.splice(0)) pty.close();
  rmSync(folder, { recursive: true, force: true });
});

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** A contact of a device that sleeps between two. */
const contact = (clock: string, id: number): string[] => [
  `${clock}:00.000 journal: open waiting=0`,
  `${clock}:00.000 agent: start interval=1800s batch=1 lifetime=3600s`,
  `${clock}:00.000 session: resumed edition=token`,
  `${clock}:00.100 report: taken id=${id} format=compact`,
  `${clock}:00.100 modem: waking`,
  `${clock}:01.200 modem: up`,
  `${clock}:04.000 report: acknowledged id=${id} after=3.9s`,
  `${clock}:04.000 agent: idle next=1796s`,
];
const contacts = [...contact("10:00", 1), ...contact("10:30", 2), ...contact("11:00", 3)];

describe("a captured log", () => {
  it("is shown with its counts, what it took and how much of it was slept", async () => {
    const { code, stdout, stderr } = await run([
      "monitor",
      "--file",
      file("log.txt", `${contacts.join("\r\n")}\r\n`),
    ]);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(stdout).toContain("00:30:04.000  device   report: acknowledged id=2 after=3.9s");
    expect(stdout).toContain("3 of 3 readings acknowledged, 0 lost");
    expect(stdout).toMatch(
      /lasted 1 h 0 min, modem asleep 9\d\.\d % of it, board in deep sleep 99\.\d %; 3 requests answered/,
    );
    expect(stdout).toMatch(
      /estimated \d+\.\d J, \d+\.\d to \d+\.\d, profile field, coverage level 0 by assumption/,
    );
    expect(stdout).toMatch(/estimated \d\.\d\d J a reading, \d+ µW: with that 19 Wh last/);
  });

  it("without times has its counts, and says what it lacks", async () => {
    const bare = contacts.map((line) => line.replace(/^\S+ /, ""));
    const path = file("log.txt", `lf-half of a line\n${bare.join("\n")}`);
    const report = join(folder, "page.html");
    const { code, stdout } = await run(["monitor", "--file", path, "--report", report]);
    expect(code).toBe(0);
    expect(stdout).toContain("3 of 3 readings acknowledged");
    expect(stdout).toContain("the log has no times: no durations, and no joules");
    expect(stdout).not.toContain("estimated");
    expect(readFileSync(report, "utf8")).toContain("<title>Log report</title>");
  });

  it("shows no secret, and nothing that steers a terminal", async () => {
    const lines = [
      ...contacts,
      '11:00:05 fault: refused {"token":"hush-hush"} \u001b[31m\u202e',
      "11:00:06 radar: key WaFO5rZxXk3q7bTn9KpLd2sV",
      "11:00:07 \u0007\u0000\u0001\u0002\u0003\u0004",
    ];
    const report = join(folder, "page.html");
    const args = ["monitor", "--file", file("log.txt", lines.join("\n")), "--report", report, "--verbose"];
    const { stdout } = await run(args);
    expect(stdout).toContain('{"token":"****"} \\u001b[31m\\u202e');
    expect(stdout).toContain("radar: key ****");
    expect(stdout).toContain("2 that this version does not know");
    // eslint-disable-next-line no-control-regex
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]|hush-hush|WaFO5/);
  });

  test.each([
    [["monitor"], "name a board's port with --serial, or a captured log with --file; - is standard input"],
    [["monitor", "--file", "a", "--serial", "b"], "--serial and --file exclude each other"],
    [["monitor", "--file", "a", "--reset"], "--reset is for a port on --serial"],
    [["monitor", "--file", "a", "--profile", "none-such"], '--profile: no file "none-such"'],
    [
      ["monitor", "--file", "/none/such.log"],
      '--file: cannot read "/none/such.log" (there is no such file or folder, ENOENT)',
    ],
    [
      ["monitor", "--file", "a", "--report", "/none/such.html"],
      '--report: cannot write "/none/such.html" (there is no such file or folder, ENOENT)',
    ],
  ])("%j is misuse, in one line", async (args, line) => {
    const { code, stdout, stderr } = await obeyed(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(line);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });

  it("that is none of this firmware's is a failure", async () => {
    const { code, stderr } = await run(["monitor", "--file", file("log.txt", "hello\nworld\n"), "--quiet"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^nothing in \S+ is a line of the firmware's log: .*\n$/);
  });
});

describe("a pipe", () => {
  it("has the times at which its lines come, and ends with it", async () => {
    const command = launch(["monitor", "--file", "-", "--quiet"], {}, "pipe");
    running.push(command);
    for (const line of contacts.slice(0, 8)) command.process.stdin!.write(`${line.replace(/^\S+ /, "")}\n`);
    command.process.stdin!.end();
    const { code, stdout } = await command.finished;
    expect(stdout).toContain("1 of 1 readings acknowledged");
    expect(stdout).toContain("estimated");
    expect(code).toBe(0);
  }, 30_000);
});

describe("a pipe from a simulated run", () => {
  it("has the run's own counts, and joules near its own", async () => {
    const { stdout: played } = await obeyed([
      "start",
      "--sleep",
      "deep",
      "--reports",
      "6",
      "--interval",
      "1800",
    ]);
    const command = launch(["monitor", "--file", "-", "--report", join(folder, "page.html")], {}, "pipe");
    running.push(command);
    command.process.stdin!.end(played);
    const { code, stdout } = await command.finished;
    expect(code).toBe(0);
    expect(stdout).toContain("6 of 6 readings acknowledged, 0 lost");
    const joules = (text: string): number => Number(/(\d+\.\d+) J a reading/.exec(text)?.[1]);
    expect(Math.abs(joules(stdout) / joules(played) - 1)).toBeLessThan(0.1);
  }, 30_000);
});

describe.skipIf(skipWithout("@lydell/node-pty", "serialport"))("a serial port", () => {
  /** A board on a pseudo-terminal, under a name that another one can take over. */
  async function plugIn(name: string, onData: (bytes: Uint8Array) => void = () => {}): Promise<Pty> {
    const pty = await openPty(onData);
    open.push(pty);
    rmSync(name, { force: true });
    symlinkSync(pty.path, name);
    return pty;
  }

  function started(...args: Parameters<typeof launch>): Running {
    const command = launch(...args);
    running.push(command);
    return command;
  }

  const text = (line: string): Uint8Array => Buffer.from(`${line}\r\n`, "latin1");

  it("is heard until Ctrl-C, over noise, half lines, the chip's, and those of another version", async () => {
    const name = join(folder, "ttyBOARD");
    const report = join(folder, "page.html");
    const board = await plugIn(name);
    const command = started(["monitor", "--serial", name, "--baud", "115200", "--report", report]);
    await command.until(/listening on \S+, 115200 baud; Ctrl-C ends it/);
    board.write(Buffer.from([0xff, 0x80, 0x81, 0xfe, 0x0a]));
    board.write(text("half a line acknowledged"));
    board.write(text("\u001b[0;32mI (29) boot: ESP-IDF v6.0\u001b[0m"));
    board.write(text("rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)"));
    board.write(text("agent: start interval=60s batch=1 lifetime=3600s"));
    board.write(text("report: taken id=1 format=raw"));
    await command.until(/report: taken id=1/);
    board.write(text("report: acknowledged id=1 after=4.0s"));
    board.write(text("agent: says what no reader knows"));
    await command.until(/what no reader knows/);
    command.process.kill("SIGINT");
    const { code, stdout, stderr } = await command.finished;
    expect(stderr).toMatch(/^wrote \S+page\.html: open it in a browser\n$/);
    expect(code).toBe(0);
    expect(stdout).toContain("1 of 1 readings acknowledged, 0 lost");
    expect(stdout).toContain(
      "3 lines of the firmware's log, 1 that this version does not know, 2 of the chip's, 1 others, 1 that are no text",
    );
    expect(readFileSync(report, "utf8")).toContain("<title>Log report</title>");
  }, 60_000);

  it("of a debug build is answered, so that its log goes on", async () => {
    const name = join(folder, "ttyBOARD");
    let answered = "";
    const board = await plugIn(name, (bytes) => {
      answered += Buffer.from(bytes).toString("latin1");
      // As XS does: it speaks only once it was let go.
      if (answered.endsWith("<?xs.3FFB1C40?>\r\n<go/>\r\n")) {
        board.write(text("\r\n<?xs.3FFB1C40?>\r\n<xsbug><log>agent: idle next=60s&#10;</log></xsbug>"));
      }
    });
    const command = started(["monitor", "--serial", name, "--baud", "921600", "--seconds", "20"]);
    await command.until(/listening on/);
    board.write(
      text(
        '\r\n<?xs-00000000?>\r\n\r\n<?xs.3FFB1C40?>\r\n<xsbug><login name="main" value="XS 16.5.0 32-bit"/></xsbug>',
      ),
    );
    await command.until(/agent: idle next=60s/);
    expect(command.output()).toContain("debug build starts: main, XS 16.5.0 32-bit");
    command.process.kill("SIGTERM");
    expect((await command.finished).code).toBe(0);
  }, 60_000);

  it("that is not there, or is another's, is a failure in one line that says what to do", async () => {
    const gone = await run(["monitor", "--serial", "/dev/ttyNONE"]);
    expect(gone.code).toBe(1);
    expect(gone.stderr).toMatch(
      /^\/dev\/ttyNONE cannot be opened: .*; (no USB serial port is there|there are )/,
    );
    expect(gone.stderr.trim().split("\n")).toHaveLength(1);
    const name = join(folder, "ttyBOARD");
    const board = await plugIn(name);
    const first = started(["monitor", "--serial", name]);
    await first.until(/listening on/);
    const second = await run(["monitor", "--serial", board.path]);
    expect(second.code).toBe(1);
    expect(second.stderr).toMatch(/; another program has it: close it/);
  }, 60_000);

  it("whose board says nothing within its time is a failure", async () => {
    const name = join(folder, "ttyBOARD");
    await plugIn(name);
    const { code, stderr } = await run(["monitor", "--serial", name, "--seconds", "1", "--quiet"]);
    expect(code).toBe(1);
    expect(stderr).toContain("is a line of the firmware's log: is it a build with -d or -i");
  }, 30_000);
});
