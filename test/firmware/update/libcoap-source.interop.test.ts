/** libcoap's server as the source of an update: any CoAP server that gives files by Block2 will do. */
import { performance } from "node:perf_hooks";
import { afterAll, describe, expect, it } from "vitest";
import { requestBlock } from "../../../firmware/coap/block-request";
import { encodeOptions } from "../../../firmware/coap/option";
import { endPeers, missing, startServer } from "../coap/interop/peers";
import { UdpEndpoint, closeEndpoints, loopback } from "../coap/interop/udp-endpoint";
import { DownloadingBoard } from "./downloading-board";
import { changedImage, smallImage, smallPackage } from "./small-package";
import type { Outcome } from "../../../firmware/coap/exchange";
import type { Taken } from "../../../firmware/update/download";

const running = smallImage("libcoap", 30_000);
const image = changedImage(running, "libcoap", 1_000);
const file = smallPackage({ image, base: new Uint8Array(0) });
const path = [{ number: 11, value: new Uint8Array(Buffer.from("example_data")) }];
const fixed = encodeOptions(path);

/** Has the server give these bytes. */
async function put(ours: UdpEndpoint, port: number, bytes: Uint8Array): Promise<void> {
  const outcome = await ours.request({ port, code: 3, options: path, payload: bytes });
  expect(outcome.kind === "response" && outcome.message.code >> 5).toBe(2);
}

/** Asks for the block that is wanted. */
async function fetchBlock(board: DownloadingBoard, ours: UdpEndpoint, port: number): Promise<Taken> {
  const { offset, szx } = board.download.next!;
  const outcome = await new Promise<Outcome>((onComplete) => {
    const num = offset / (16 << szx);
    requestBlock(ours.endpoint, { address: loopback, port, fixed, num, szx, onComplete }, performance.now());
  });
  if (outcome.kind !== "response") throw new Error(outcome.kind);
  board.fetched += 1;
  return board.download.take(outcome.message);
}

/** Goes on until the image is made, or an answer is no block of the file. */
async function update(board: DownloadingBoard, ours: UdpEndpoint, port: number, restarts: boolean) {
  const { download } = board;
  if (!download.begun) download.begin(0);
  for (let i = 1; ; i++) {
    if (restarts && i % 9 === 0) board.start();
    if (board.download.undecided) expect(board.download.accept()).toBeUndefined();
    else if (board.download.works) {
      const step = board.download.step();
      if (step === "ready" || typeof step === "object") return step;
    } else {
      const taken = await fetchBlock(board, ours, port);
      if (taken === "other-file") return taken;
      expect(["taken", "head", "complete"]).toContain(taken);
    }
  }
}

const skip = missing("coap-server-notls");
afterAll(() => {
  closeEndpoints();
  endPeers();
});

describe.skipIf(skip)("libcoap's server", () => {
  it.each([
    [6, false],
    [5, true],
    [2, false],
  ])("gives a file in blocks of 16 << %i bytes, over restarts: %s", async (szx, restarts) => {
    const port = await startServer();
    const ours = await UdpEndpoint.open();
    await put(ours, port, file);
    const board = new DownloadingBoard({ seed: "libcoap", running, szx });
    expect(await update(board, ours, port, restarts)).toBe("ready");
    expect(Buffer.from(board.made(image.length)).equals(image)).toBe(true);
    expect(board.fetched).toBe(Math.ceil(file.length / (16 << szx)));
    expect(board.download.etag).toBeInstanceOf(Uint8Array);
    expect(ours.discarded).toEqual([]);
    board.expectNoMisuse();
  });

  it("goes on for a device that has another address meanwhile", async () => {
    const port = await startServer();
    const ours = await UdpEndpoint.open();
    await put(ours, port, file);
    const board = new DownloadingBoard({ seed: "moved", running });
    board.download.begin(0);
    for (let i = 0; i < 10; i++) {
      if (board.download.undecided) board.download.accept();
      else if (board.download.works) board.download.step();
      else await fetchBlock(board, i < 5 ? ours : await UdpEndpoint.open(), port);
    }
    expect(await update(board, await UdpEndpoint.open(), port, true)).toBe("ready");
    expect(board.fetched).toBe(Math.ceil(file.length / 512));
  });

  it("says by its ETag that the file was replaced, and a download of the new one begins anew", async () => {
    const port = await startServer();
    const ours = await UdpEndpoint.open();
    await put(ours, port, smallPackage({ image: smallImage("before", 30_000), base: new Uint8Array(0) }));
    const board = new DownloadingBoard({ seed: "replaced", running });
    board.download.begin(0);
    await fetchBlock(board, ours, port);
    board.download.accept();
    await fetchBlock(board, ours, port);
    await put(ours, port, file);
    // It goes on with the old one for the address that it has begun with: the device has another one meanwhile.
    const moved = await UdpEndpoint.open();
    expect(await update(board, moved, port, false)).toBe("other-file");
    board.download.begin(0);
    expect(await update(board, moved, port, false)).toBe("ready");
    expect(Buffer.from(board.made(image.length)).equals(image)).toBe(true);
  });
});
