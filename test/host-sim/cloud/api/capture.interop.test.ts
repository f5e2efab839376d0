/** A capture over HTTP while datagrams pass, ended by its reader, by its time and by the server. */
import { afterEach, beforeEach, expect, it, test } from "vitest";
import { LiveCapture } from "../../../../host-sim/cloud/capture/live-capture";
import { dk, Device, pk } from "./device";
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
  rig = await apiRig({ capture });
  const { exchange } = rig;
  rig.exchange = (datagram) => {
    capture.datagram("in", datagram, peer, rig.time.now);
    const answer = exchange(datagram);
    if (answer !== undefined) capture.datagram("out", answer, peer, rig.time.now);
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

it("is given to eight at a time", async () => {
  const readers = new AbortController();
  await Promise.all(Array.from({ length: 8 }, () => fetch(base, { signal: readers.signal })));
  expect((await fetch(base)).status).toBe(429);
  readers.abort();
});
