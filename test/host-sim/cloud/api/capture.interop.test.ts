/** A capture over HTTP while datagrams pass, ended by its reader, by its time and by the server. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, test } from "vitest";
import { LiveCapture } from "../../../../host-sim/cloud/capture/live-capture";
import { Feed } from "../../../../host-sim/cloud/console/feed";
import { missing } from "../../../firmware/coap/interop/peers";
import { demoSecret, dk, Device, pk } from "./device";
import { apiRig } from "./rig";
import type { ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { ApiRig } from "./rig";

const peer = { address: "10.0.0.2", port: 40_001 };
let rig: ApiRig;
let capture: LiveCapture;
let device: Device;
let base: string;

beforeEach(async () => {
  capture = new LiveCapture(() => ({ address: "127.0.0.1", port: 5683 }));
  const feed = new Feed(() => rig.time.now);
  rig = await apiRig({ capture, feed });
  const { exchange } = rig;
  rig.exchange = (datagram) => {
    feed.datagram("in", datagram, peer);
    capture.datagram("in", datagram, peer, rig.time.now);
    const answer = exchange(datagram);
    if (answer === undefined) return undefined;
    feed.datagram("out", answer, peer);
    capture.datagram("out", answer, peer, rig.time.now);
    return answer;
  };
  device = new Device(rig);
  await rig.app.listen({ host: "127.0.0.1", port: 0 });
  base = `http://127.0.0.1:${(rig.app.server.address() as AddressInfo).port}/api/v1/capture`;
});
afterEach(async () => {
  // As `serveApi` does: a browser's connection that says nothing would else be waited for.
  const closed = rig.app.close();
  rig.app.server.closeAllConnections();
  await closed;
});

/** Bytes of an answer until this is among them. */
async function bytesUntil(answer: Response, text: string): Promise<Buffer> {
  const reader = answer.body!.getReader();
  let all = Buffer.alloc(0);
  while (!all.includes(text)) {
    const { done, value } = await reader.read();
    if (done) break;
    all = Buffer.concat([all, value]);
  }
  return all;
}

it("sends what passes, from its beginning on, and ends with its reader", async () => {
  device.authenticate();
  const reader = new AbortController();
  const answer = await fetch(base, { signal: reader.signal });
  expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "application/x-pcapng"]);
  expect(capture.readers).toBe(1);
  device.authenticate();
  const file = await bytesUntil(answer, `${pk}/${dk}; `);
  expect(file.readUInt32LE(0)).toBe(0x0a0d0d0a);
  reader.abort();
  await expect.poll(() => capture.readers).toBe(0);
});

it("ends when the server does", async () => {
  const answer = await fetch(base);
  const [body] = await Promise.all([answer.arrayBuffer(), rig.app.close()]);
  expect(body.byteLength).toBeGreaterThan(100);
});

it("gives nothing more to a reader whose time is over, also while that still reads", async () => {
  const errors: unknown[] = [];
  let late = 0;
  rig.app.server.on("request", (_request, response: ServerResponse) => {
    // Its end is on its way to the reader.
    response.on("prefinish", () => {
      late = capture.readers;
      capture.datagram("in", Uint8Array.of(0x40, 0, 0, 1), peer, rig.time.now);
    });
    response.on("error", (error) => errors.push(error));
  });
  const answer = await fetch(`${base}?seconds=1`);
  expect((await answer.arrayBuffer()).byteLength).toBeGreaterThan(100);
  await expect.poll(() => capture.readers).toBe(0);
  expect([late, errors]).toEqual([1, []]);
});

test.each([
  ["?seconds=0", 400, /seconds/],
  [`?productKey=${pk}`, 400, /go together/],
  [`?productKey=${pk}&deviceKey=nobody`, 404, /no device/],
])("%s is refused", async (query, status, text) => {
  const answer = await fetch(base + query);
  expect(answer.status).toBe(status);
  expect(await answer.text()).toMatch(text);
});

/** A capture that is a file. */
async function read(path: string): Promise<Buffer> {
  const answer = await fetch(new URL(path, base));
  expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "application/x-pcapng"]);
  return Buffer.from(await answer.arrayBuffer());
}

/** What Wireshark's reader makes of each packet. */
function tshark(file: Buffer): string[][] {
  const folder = mkdtempSync(join(tmpdir(), "enos-kept-capture-"));
  try {
    const path = join(folder, "kept.pcapng");
    writeFileSync(path, file);
    const names = ["coap.code", "frame.comment", "ip.src", "udp.checksum.status", "_ws.malformed"];
    const fields = names.flatMap((name) => ["-e", name]);
    const args = ["-n", "-r", path, "-o", "udp.check_checksum:TRUE", "-T", "fields", "-E", "separator=|"];
    const { stdout, status } = spawnSync("tshark", [...args, ...fields], { encoding: "utf8" });
    expect(status).toBe(0);
    return stdout
      .trimEnd()
      .split("\n")
      .map((line) => line.split("|"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("the messages of a device that are kept", () => {
  const seen = `/api/v1/devices/${pk}/${dk}/capture`;

  test.skipIf(missing("tshark"))(
    "are a capture that Wireshark reads, of a range, and without a secret",
    async () => {
      device.authenticate();
      rig.time.now += 60_000;
      const from = rig.time.now;
      device.points("1", { temperature: 20 });
      new Device(rig, "other", "another secret").authenticate();
      // Longer than what is kept of a datagram.
      device.post("thing/measurepoint/post", "x".repeat(1_500));
      const whole = await read(seen);
      const lines = tshark(whole);
      expect(lines.map(([code]) => code)).toEqual(["2", "68", "2", "68", "2", "141"]);
      for (const [, comment, from, checksum, malformed] of lines) {
        expect(comment).toMatch(new RegExp(`^${pk}/${dk}`));
        expect([from, checksum, malformed]).toEqual([
          expect.stringMatching(/^(10\.0\.0\.2|127\.0\.0\.1)$/),
          "1",
          "",
        ]);
      }
      expect(tshark(await read(`${seen}?from=${from}&to=${from}`))).toHaveLength(4);
      for (const secret of [demoSecret, "secureMode", "another"]) expect(whole.includes(secret)).toBe(false);
      expect(whole.includes('"temperature":20')).toBe(true);
      expect(whole.includes("only the first 1500 bytes are kept")).toBe(true);
    },
  );

  test.each([
    [`/api/v1/devices/${pk}/nobody/capture`, 404],
    [`${seen}?from=2&to=1`, 400],
    [`${seen}?from=never`, 400],
  ])("%s is refused", async (url, status) => {
    expect((await fetch(new URL(url, base))).status).toBe(status);
  });
});

it("is given to eight at a time", async () => {
  const readers = new AbortController();
  await Promise.all(Array.from({ length: 8 }, () => fetch(base, { signal: readers.signal })));
  expect((await fetch(base)).status).toBe(429);
  readers.abort();
});
