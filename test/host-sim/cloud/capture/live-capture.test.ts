/** A running stand-in's capture: what Wireshark's reader makes of it, and that nothing secret is in it. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { LiveCapture } from "../../../../host-sim/cloud/capture/live-capture";
import { runs } from "../../../density";
import { TestDevice, demoDevice, demoSecret, dk, pk, rig } from "../harness";
import type { Rig } from "../harness";

const missing = spawnSync("tshark", ["--version"]).status !== 0;
if (missing) {
  console.warn("tshark is not installed: its reading of captures is not tested");
  if (process.env.CI !== undefined) test("tshark is there", () => expect.fail("CI needs Debian's tshark"));
}

const local = { address: "203.0.113.5", port: 5683 };
const at = 1_700_000_000_000;

/** A cloud whose datagrams a capture hears. */
function captured(cloud: Rig): { capture: LiveCapture; time: { now: number } } {
  const capture = new LiveCapture(() => local);
  const time = { now: at };
  const { exchange } = cloud;
  cloud.exchange = (bytes, now, peer) => {
    const from = peer ?? { address: "10.0.0.2", port: 40_001 };
    capture.datagram("in", bytes, from, time.now);
    const answer = exchange(bytes, now, peer);
    time.now += 250;
    if (answer !== undefined) capture.datagram("out", answer, from, time.now);
    return answer;
  };
  return { capture, time };
}

/** A session of two reports of each of two devices. */
function session(): { file: Buffer; ofOne: Buffer; tokens: string[] } {
  const cloud = rig();
  const { capture } = captured(cloud);
  const all: Uint8Array[] = [];
  const one: Uint8Array[] = [];
  capture.follow({ write: (bytes) => all.push(bytes) > 0 });
  capture.follow({ write: (bytes) => one.push(bytes) > 0, device: `${pk}/${dk}` });
  const devices = [
    new TestDevice(cloud, demoDevice),
    new TestDevice(cloud, { ...demoDevice, deviceKey: "other", deviceSecret: "another secret" }),
  ];
  for (const device of devices) {
    device.authenticate();
    for (const id of ["1", "2"]) {
      const payload = JSON.stringify({
        id,
        version: "1.0",
        method: "thing.measurepoint.post",
        params: { measurepoints: { humidity: 40 } },
      });
      device.post(0, "thing/measurepoint/post", payload);
    }
  }
  return { file: Buffer.concat(all), ofOne: Buffer.concat(one), tokens: devices.map(({ token }) => token) };
}

const fields = [
  "frame.time_epoch",
  "frame.comment",
  "ip.src",
  "udp.srcport",
  "udp.dstport",
  "ip.checksum.status",
  "udp.checksum.status",
  "coap.code",
  "_ws.malformed",
];

function tshark(file: Buffer): Record<string, string>[] {
  const folder = mkdtempSync(join(tmpdir(), "enos-live-capture-"));
  try {
    const path = join(folder, "run.pcapng");
    writeFileSync(path, file);
    const checks = ["-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE"];
    const columns = fields.flatMap((name) => ["-e", name]);
    const args = ["-n", "-r", path, ...checks, "-T", "fields", "-E", "separator=|", ...columns];
    const { stdout, status } = spawnSync("tshark", args, { encoding: "utf8" });
    expect(status).toBe(0);
    const rows = stdout
      .trimEnd()
      .split("\n")
      .map((line) => line.split("|"));
    return rows.map((cells) => Object.fromEntries(cells.map((cell, i) => [fields[i], cell])));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("a capture of a running stand-in", () => {
  test.skipIf(missing)("is what Wireshark reads: times, addresses, codes, checksums, what was masked", () => {
    const { file, ofOne } = session();
    const packets = tshark(file);
    expect(packets.map((packet) => packet["coap.code"])).toEqual(Array<string[]>(6).fill(["2", "68"]).flat());
    for (const packet of packets) {
      expect(packet).toMatchObject({
        "ip.checksum.status": "1",
        "udp.checksum.status": "1",
        "_ws.malformed": "",
      });
    }
    expect(packets[0]).toMatchObject({ "ip.src": "10.0.0.2", "udp.srcport": "40001", "udp.dstport": "5683" });
    expect(packets[1]).toMatchObject({ "ip.src": local.address, "udp.srcport": "5683" });
    expect(Number(packets[1]["frame.time_epoch"])).toBeCloseTo(at / 1000 + 0.25, 3);
    expect(packets[2]["frame.comment"]).toMatch(new RegExp(`^${pk}/${dk}; \\d+ bytes masked$`));
    expect(packets[3]["frame.comment"]).toBe(`${pk}/${dk}`);
    expect(tshark(ofOne).every((packet) => packet["frame.comment"].startsWith(`${pk}/${dk}`))).toBe(true);
    expect(tshark(ofOne)).toHaveLength(6);
  });

  it("holds neither token nor signature nor what authenticates", () => {
    const { file, tokens } = session();
    const text = file.toString("latin1");
    expect(text).toContain('"humidity":40');
    for (const token of tokens) {
      expect(token.length).toBeGreaterThan(8);
      expect(text).not.toContain(token);
    }
    // Signatures are hexadecimal digits in capitals, of 64 characters and more.
    expect(text).not.toMatch(/[0-9A-F]{32}/);
    expect(text).not.toContain(demoSecret);
  });

  it("leaves out what a slow reader has no room for, and says how many", () => {
    const capture = new LiveCapture(() => local);
    const blocks: Uint8Array[] = [];
    let room = true;
    const reader = capture.follow({ write: (bytes) => (blocks.push(bytes), room) });
    const send = (): void =>
      capture.datagram("in", Uint8Array.of(0x40, 1, 0, 7), { address: "10.0.0.2", port: 1 }, at);
    room = false;
    for (let i = 0; i < 4; i++) send();
    expect(blocks).toHaveLength(3);
    reader.resume();
    send();
    expect(blocks).toHaveLength(4);
    expect(Buffer.from(blocks[3]).toString("latin1")).toContain("3 datagrams before this one are left out");
    reader.end();
    send();
    expect([blocks.length, capture.readers]).toEqual([4, 0]);
  });

  it("takes any datagram from any address, and keeps its length", () => {
    const address = fc.oneof(fc.ipV4(), fc.ipV6());
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), address, fc.boolean(), (bytes, from, up) => {
        const before = bytes.slice();
        const capture = new LiveCapture(() => ({ address: "::", port: 5683 }));
        const blocks: Uint8Array[] = [];
        capture.follow({ write: (block) => blocks.push(block) > 0 });
        capture.datagram(up ? "in" : "out", bytes, { address: from, port: 40_001 }, at);
        expect(bytes).toEqual(before);
        const view = new DataView(blocks[2].buffer);
        const header = blocks[2][28] >> 4 === 6 ? 48 : 28;
        expect(view.getUint32(20, true)).toBe(header + bytes.length);
      }),
      { numRuns: runs(500) },
    );
  });
});
