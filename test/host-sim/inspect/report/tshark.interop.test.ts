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
import { Simulation } from "../../../../host-sim/sim/world/simulation";
import type { DatagramReport } from "../../../../host-sim/sim/radio/link";

const missing = spawnSync("tshark", ["--version"]).status !== 0;
if (missing && process.env.CI !== undefined) {
  test("tshark is there", () => expect.fail("CI needs Debian's tshark"));
}

/** A classic pcap file of raw IPv4 packets (link type 101) with UDP to and from port 5683. */
function pcap(datagrams: readonly DatagramReport[]): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(65_535, 16);
  header.writeUInt32LE(101, 20);
  const packets = datagrams.flatMap(({ bytes, direction, time }) => {
    const packet = Buffer.alloc(28 + bytes.length);
    packet[0] = 0x45;
    packet.writeUInt16BE(packet.length, 2);
    packet[8] = 64;
    packet[9] = 17;
    const [device, cloud] = [Buffer.from([100, 64, 0, 7]), Buffer.from([203, 0, 113, 5])];
    (direction === "up" ? device : cloud).copy(packet, 12);
    (direction === "up" ? cloud : device).copy(packet, 16);
    packet.writeUInt16BE(direction === "up" ? 40_000 : 5_683, 20);
    packet.writeUInt16BE(direction === "up" ? 5_683 : 40_000, 22);
    packet.writeUInt16BE(8 + bytes.length, 24);
    packet.set(bytes, 28);
    const record = Buffer.alloc(16);
    record.writeUInt32LE(Math.floor(time / 1000), 0);
    record.writeUInt32LE(Math.floor((time % 1000) * 1000), 4);
    record.writeUInt32LE(packet.length, 8);
    record.writeUInt32LE(packet.length, 12);
    return [record, packet];
  });
  return Buffer.concat([header, ...packets]);
}

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
    writeFileSync(file, pcap(datagrams));
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
