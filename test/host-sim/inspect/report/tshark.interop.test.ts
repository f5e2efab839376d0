/**
 * An independent reader of CoAP, Wireshark's, sees in every datagram of a run what the timeline says.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { codeText, describeCoap } from "../../../../host-sim/cloud/coap/coap-text";
import { decodeCoap } from "../../../../host-sim/cloud/coap/coap-wire";
import { pcap, pcapServer } from "../../../pcap";
import { Simulation } from "../../../../host-sim/sim/world/simulation";
import type { DatagramReport } from "../../../../host-sim/sim/radio/link";

const missing = spawnSync("tshark", ["--version"]).status !== 0;
if (missing && process.env.CI !== undefined) {
  test("tshark is there", () => expect.fail("CI needs Debian's tshark"));
}

const device = { address: "100.64.0.7", port: 40_000 };

const fields = [
  "coap.type",
  "coap.code",
  "coap.mid",
  "coap.token",
  "coap.opt.uri_path",
  "coap.opt.name",
  "coap.payload_length",
  "_ws.malformed",
];

/** One row of `fields` for each packet. */
function tshark(datagrams: readonly DatagramReport[]): string[][] {
  const folder = mkdtempSync(join(tmpdir(), "enos-tshark-"));
  try {
    const file = join(folder, "run.pcap");
    const packets = datagrams.map(({ bytes, direction, time }) => {
      const [from, to] = direction === "up" ? [device, pcapServer] : [pcapServer, device];
      return { bytes, from, to, time };
    });
    writeFileSync(file, pcap(packets));
    const args = [
      "-n",
      "-r",
      file,
      "-T",
      "fields",
      "-E",
      "separator=|",
      "-E",
      "occurrence=a",
      "-E",
      "aggregator=,",
    ];
    const text = execFileSync("tshark", [...args, ...fields.flatMap((name) => ["-e", name])], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return text
      .trimEnd()
      .split("\n")
      .map((line) => line.split("|"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe.skipIf(missing).each(["token", "tokenless"] as const)("edition %s", (edition) => {
  test("tshark reads every datagram as the timeline shows it", async () => {
    const datagrams: DatagramReport[] = [];
    await new Simulation({
      seed: 11,
      engine: "node",
      edition,
      coverage: 1,
      reports: 10,
      interval: 900,
      format: "alternate",
      powerKey: true,
      command: true,
      onEvent: (event) => {
        if (event.source === "air") datagrams.push(event.report);
      },
    }).run();
    const rows = tshark(datagrams);
    expect(rows).toHaveLength(datagrams.length);
    expect(datagrams.length).toBeGreaterThan(20);
    for (let i = 0; i < rows.length; i++) {
      const message = decodeCoap(datagrams[i].bytes);
      if ("malformed" in message) throw new Error(`datagram ${i}: ${message.malformed}`);
      const [type, code, messageId, token, path, options, payloadLength, malformed] = rows[i];
      const line = describeCoap(message);
      // The same values, taken apart by two readers who know nothing of one another, and in the line.
      expect(malformed).toBe("");
      expect(Number(type)).toBe(message.type);
      expect(Number(code)).toBe(message.code);
      expect(Number(messageId)).toBe(message.messageId);
      expect(token.replaceAll(":", "")).toBe(Buffer.from(message.token).toString("hex"));
      expect(Number(payloadLength || 0)).toBe(message.payload.length);
      expect(line).toContain(`${["CON", "NON", "ACK", "RST"][Number(type)]} ${codeText(Number(code))}`);
      expect(line).toContain(`mid=${Number(messageId).toString(16).padStart(4, "0")}`);
      expect(line).toContain(`token=${token.replaceAll(":", "")}`);
      if (path !== "") expect(line).toContain(`/${path.split(",").join("/")}`);
      // EnOS's own options: tshark gives their numbers, but to 2100 the name that drafts of RFC 7252
      // had for every multiple of 14.
      const own = [...options.matchAll(/Unknown Option \((\d+)\)|No-Op/g)].map((match) =>
        Number(match[1] ?? 2100),
      );
      expect(own).toEqual(message.options.map((option) => option.number).filter((number) => number >= 2100));
      for (const number of own) expect(line).toContain(` ${number}=`);
      if (message.payload.length > 0) expect(line).toContain(`payload=${payloadLength} B`);
    }
  });
});
