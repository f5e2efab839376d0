/** The capture of a run: what is in it, read by the test, and what Wireshark's reader makes of it. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { Capture } from "../../../../host-sim/inspect/capture/capture";
import { epoch } from "../../../../host-sim/sim/world/world";
import { hear } from "./run";
import type { DatagramReport } from "../../../../host-sim/sim/radio/link";
import type { WorldEvent } from "../../../../host-sim/sim/world/world";
import type { Heard } from "./run";

const missing = spawnSync("tshark", ["--version"]).status !== 0;
if (missing) {
  console.warn("tshark is not installed: its reading of captures is not tested");
  if (process.env.CI !== undefined) test("tshark is there", () => expect.fail("CI needs Debian's tshark"));
}

function captured(events: readonly WorldEvent[]): Buffer {
  const pieces: Uint8Array[] = [];
  const capture = new Capture({ command: "npm start -- --seed 5", write: (bytes) => pieces.push(bytes) });
  for (const event of events) capture.hear(event);
  capture.finish();
  return Buffer.concat(pieces);
}

/** Types of the blocks, whose lengths have to lead from one to the next. */
function blocks(file: Buffer): number[] {
  const types: number[] = [];
  for (let at = 0; at < file.length;) {
    const length = file.readUInt32LE(at + 4);
    expect(length % 4).toBe(0);
    expect(file.readUInt32LE(at + length - 4)).toBe(length);
    types.push(file.readUInt32LE(at));
    at += length;
  }
  return types;
}

const fields = [
  "frame.interface_name",
  "frame.time_epoch",
  "frame.comment",
  "ip.src",
  "udp.srcport",
  "ip.dst",
  "ip.checksum.status",
  "udp.checksum.status",
  "coap.mid",
  "udp.payload",
  "_ws.malformed",
] as const;
type Packet = Record<(typeof fields)[number], string>;

/** What tshark prints about the file, and what it says besides. */
function tshark(file: Buffer, args: readonly string[]): { output: string; complaints: string } {
  const folder = mkdtempSync(join(tmpdir(), "enos-capture-"));
  try {
    const path = join(folder, "run.pcapng");
    writeFileSync(path, file);
    const checks = ["-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE"];
    const { stdout, stderr, status } = spawnSync("tshark", ["-n", "-r", path, ...checks, ...args], {
      encoding: "utf8",
      maxBuffer: 2 ** 28,
    });
    expect(status).toBe(0);
    // That it is run by root is no remark on the file.
    return { output: stdout, complaints: stderr.replace(/^Running as user "root".*\n/m, "") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What it reads in each packet. */
function packetsOf(file: Buffer): Packet[] {
  const columns = fields.flatMap((name) => ["-e", name]);
  const { output, complaints } = tshark(file, ["-T", "fields", "-E", "separator=|", ...columns]);
  expect(complaints).toBe("");
  return output
    .trimEnd()
    .split("\n")
    .map((line) => {
      const values = line.split("|");
      return Object.fromEntries(fields.map((name, i) => [name, values[i]])) as Packet;
    });
}

let run: Heard;
let datagrams: DatagramReport[];
beforeAll(async () => {
  run = await hear();
  datagrams = run.events.flatMap((event) => (event.source === "air" ? [event.report] : []));
});

test("the same seed gives the same bytes", async () => {
  expect(captured((await hear()).events).equals(captured(run.events))).toBe(true);
  expect(captured((await hear({ seed: 6 })).events).equals(captured(run.events))).toBe(false);
});

test("a header, two interfaces, and each datagram where it leaves and where it arrives", () => {
  const types = blocks(captured(run.events));
  const delivered = datagrams.filter(({ fate }) => fate === "delivered").length;
  expect(delivered).toBeLessThan(datagrams.length);
  expect(types.slice(0, 3)).toEqual([0x0a0d0d0a, 1, 1]);
  expect(types.slice(3)).toEqual(new Array<number>(datagrams.length + delivered).fill(6));
});

describe.skipIf(missing)("tshark", () => {
  test("reads it without a complaint, each packet to its last byte", () => {
    const file = captured(run.events);
    const packets = packetsOf(file);
    expect(packets.length).toBeGreaterThan(40);
    for (const packet of packets) {
      expect(packet["_ws.malformed"]).toBe("");
      expect(packet["ip.checksum.status"]).toBe("1");
      expect(packet["udp.checksum.status"]).toBe("1");
      expect(packet["coap.mid"]).not.toBe("");
    }
  });

  test("warns of nothing but EnOS's own options, which no reader of CoAP knows", () => {
    const { output } = tshark(captured(run.events), ["-q", "-z", "expert,warn"]);
    expect(output).toContain("Unknown Option Number 2101");
    const warnings = output.split("\n").filter((line) => /^\s+\d+\s/.test(line));
    expect(warnings.filter((line) => !/CoAP\s+Unknown Option Number 210[012]$/.test(line))).toEqual([]);
  });

  test("finds every datagram at the place and the time that it had", () => {
    const packets = packetsOf(captured(run.events));
    const seen = packets.map((packet) => {
      // To the microsecond, as the file has it: in ms a half could be rounded either way.
      const [seconds, fraction] = packet["frame.time_epoch"].split(".");
      return `${packet["frame.interface_name"]} ${seconds}${fraction.slice(0, 6)} ${packet["udp.payload"]}`;
    });
    const expected = datagrams.flatMap(({ direction, time, deliveredAt, bytes }) => {
      const [near, far] = direction === "up" ? ["device", "cloud"] : ["cloud", "device"];
      const payload = Buffer.from(bytes).toString("hex");
      const micros = (at: number): string => String(Math.round((epoch + at) * 1000));
      const departure = `${near} ${micros(time)} ${payload}`;
      return deliveredAt === undefined
        ? [departure]
        : [departure, `${far} ${micros(deliveredAt)} ${payload}`];
    });
    expect(seen.sort()).toEqual(expected.sort());
    const times = packets.map((packet) => Number(packet["frame.time_epoch"]));
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  test("sees the device's own address on its side, the NAT's on the cloud's", () => {
    const packets = packetsOf(captured(run.events));
    const sources = (name: string): Set<string> =>
      new Set(packets.filter((packet) => packet["frame.interface_name"] === name).map((p) => p["ip.src"]));
    // The modem attaches by itself at its start, and again as the driver wants it, with another address.
    expect(sources("device")).toEqual(new Set(["10.46.0.7", "203.0.113.5"]));
    const [nat] = [...sources("cloud")].filter((address) => address !== "203.0.113.5");
    expect(nat).toMatch(/^100\.64\./);
  });

  test("has comments that name device, cause and fate", () => {
    const packets = packetsOf(captured(run.events));
    const comments = packets.map((packet) => packet["frame.comment"]);
    const device = run.result.device.deviceKey;
    expect(comments.filter((text) => text.includes("lost on the air"))).toHaveLength(
      datagrams.filter(({ fate }) => fate === "lost").length,
    );
    for (const cause of [
      "authentication",
      "report",
      "retransmission 1",
      "command answer",
      "announces a command",
    ]) {
      expect(comments.some((text) => text.includes(cause))).toBe(true);
    }
    // Before the modem was asked, nobody knows its number; nothing is sent before that either.
    expect(comments.every((text) => text.startsWith(`device ${device}: `))).toBe(true);
  });
});

test("a datagram that the network doubled is sent once and arrives twice; the copy says so", () => {
  const bytes = Uint8Array.of(0x40, 1, 0, 1);
  const from = { address: "100.64.1.1", port: 20_000 };
  const to = { address: "203.0.113.5", port: 5683 };
  const common = {
    direction: "up",
    time: 10,
    bytes,
    fate: "delivered",
    from,
    to,
    inside: undefined,
  } as const;
  const event = (deliveredAt: number, duplicate: boolean): WorldEvent => ({
    time: 10,
    source: "air",
    report: { ...common, deliveredAt, duplicate },
  });
  const file = captured([event(50, false), event(40, true)]);
  expect(blocks(file).slice(3)).toEqual([6, 6, 6]);
  const text = file.toString("latin1");
  expect(text.match(/duplicate made by the network/g)).toHaveLength(1);
  expect(text).not.toContain("retransmission");
});

test("what reaches a modem that has no use for it says so", () => {
  const from = { address: "203.0.113.5", port: 5683 };
  const to = { address: "100.64.1.1", port: 20_000 };
  const report: DatagramReport = {
    direction: "down",
    time: 10,
    bytes: Uint8Array.of(0x60, 0, 0, 1),
    fate: "delivered",
    from,
    to,
    inside: { address: "10.45.0.7", port: 1 },
    deliveredAt: 50,
    duplicate: false,
  };
  const file = captured([
    { time: 10, source: "air", report },
    { time: 50, source: "modem", event: { type: "dropped", time: 50, what: "datagram", reason: "psm" } },
  ]);
  expect(file.toString("latin1")).toContain("dropped by the modem: psm");
});
