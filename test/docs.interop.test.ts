/** docs/simulation.md: Wireshark's filter finds in the capture what the page says. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { read } from "./docs-pages";
import { ran, scratch } from "./docs-run";
import { commandsOf, scriptOf } from "./docs-shell";
import { missing } from "./firmware/coap/interop/peers";

it.skipIf(missing("tshark"))("finds the datagrams that are lost", async () => {
  const { fences } = read("docs/simulation.md");
  const written = fences.find(({ text }) => text.includes("--pcap run.pcapng"))!;
  for (const { words } of commandsOf(scriptOf(written))) expect((await ran(words)).code).toBe(0);
  const { text } = fences.find(({ needs }) => needs === "tshark")!;
  const { stdout } = await promisify(execFile)("bash", ["--norc", "-euc", text], { cwd: scratch });
  expect(stdout).toMatch(/CoAP/);
});
