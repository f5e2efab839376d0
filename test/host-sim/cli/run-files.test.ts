/** `npm start -- --report FILE --pcap FILE`, as a user runs it. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { complaintsIn, obeyed } from "./command-line";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "enos-run-files-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const start = ["start", "--quiet", "--reports", "2"];

describe("the files of a run", () => {
  test("are the same again with the command that the report names", async () => {
    const [html, again] = [join(folder, "a.html"), join(folder, "b.html")];
    const [pcap, second] = [join(folder, "a.pcapng"), join(folder, "b.pcapng")];
    const set = ["--coverage", "1", "--no-power-key", "--format", "json"];
    const flags = [...set, "--no-release-assistance", "--keep-alive", "--t3324", "5", "--sleep", "deep"];
    const first = await obeyed([...start, ...flags, "--report", html, "--pcap", pcap]);
    expect(complaintsIn(first.stderr)).toBe("");
    expect(first.stderr).toContain(
      `wrote ${html}: open it in a browser\nwrote ${pcap}: open it in Wireshark\n`,
    );
    expect(first.code).toBe(0);
    // The capture holds its command as a comment, readable.
    const text = readFileSync(pcap).toString("latin1");
    const command = /to repeat it: npm start -- ([\w .-]*)/.exec(text)![1];
    expect(command).toContain("--no-power-key");
    expect(command).toContain("--seed 1");
    await obeyed(["start", ...command.split(" "), "--report", again, "--pcap", second, "--quiet"]);
    expect(readFileSync(again).equals(readFileSync(html))).toBe(true);
    expect(readFileSync(second).equals(readFileSync(pcap))).toBe(true);
  });

  test("are written of the outage, too", async () => {
    const [html, pcap] = [join(folder, "outage.html"), join(folder, "outage.pcapng")];
    const { code } = await obeyed([
      "start",
      "--scenario",
      "outage",
      "--quiet",
      "--report",
      html,
      "--pcap",
      pcap,
    ]);
    expect(code).toBe(0);
    expect(readFileSync(html, "utf8")).toContain("</html>");
    expect(readFileSync(pcap).readUInt32LE(0)).toBe(0x0a0d0d0a);
  });

  test.each([
    [
      ["--report", "/nowhere/run.html"],
      /^--report: cannot write "\/nowhere\/run\.html" \(there is no such file or folder, ENOENT\)\n$/,
    ],
    [["--pcap", "/"], /^--pcap: cannot write "\/" \(it is a folder, EISDIR\)\n$/],
    [["--report", "same", "--pcap", "same"], /^--report and --pcap name the same file\n$/],
    [["--report", "x.html", "--reports", "20001"], /^--report takes runs of at most 20000 reports\n$/],
  ])("%j is refused before the run, in one line", async (flags, message) => {
    const { code, stdout, stderr } = await obeyed(["start", "--quiet", ...flags]);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toMatch(message);
    expect(existsSync("same") || existsSync("x.html")).toBe(false);
  });
});
