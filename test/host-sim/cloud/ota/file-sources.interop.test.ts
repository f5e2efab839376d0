/**
 * Other people's CoAP servers as the place where a firmware file lies: block by block, each by itself, as a device asks
 * that slept in between. What is found here of ETags stands in docs/cloud.md.
 */
import { createHash } from "node:crypto";
import { createSocket } from "node:dgram";
import type { Socket } from "node:dgram";
import coap from "coap";
import { afterEach, describe, expect, it } from "vitest";
import { endPeers, missing, runClient, startServer } from "../../../firmware/coap/interop/peers";
import { bodyOf } from "../coap/message-layer-rig";
import { TestDevice, demoDevice, dk, pk, rig } from "../harness";
import { packageOf } from "./package";
import { Updater, blockIn, fileRequest, isGenuine } from "./updater";
import type { Block, FileAsk } from "./updater";

const file = packageOf({}, 20_000);
const path = "/fw/1.3.0.enup";

/** One request, from a port of its own unless it is told which: as of a device that has another address meanwhile. */
function ask(port: number, more: Partial<FileAsk>, from?: Socket): Promise<Block> {
  return new Promise((resolve, reject) => {
    const socket = from ?? createSocket("udp4");
    const timer = setTimeout(() => reject(new Error(`no answer to ${JSON.stringify(more)}`)), 10_000);
    socket.once("message", (bytes) => {
      clearTimeout(timer);
      if (from === undefined) socket.close();
      resolve(blockIn(bytes));
    });
    socket.send(fileRequest({ url: path, szx: 5, ...more }), port, "127.0.0.1");
  });
}

/** All blocks, the last first: nothing of the server's is to depend on their order. */
async function backwards(
  port: number,
  length: number,
): Promise<{ bytes: Buffer; etags: Set<string | undefined> }> {
  const bytes = Buffer.alloc(length);
  const etags = new Set<string | undefined>();
  for (let num = Math.ceil(length / 512) - 1; num >= 0; num--) {
    const { code, block, payload, etag } = await ask(port, { num });
    expect([code, block]).toEqual(["2.05", `${num}/${(num + 1) * 512 < length ? 1 : 0}/512`]);
    bytes.set(payload, num * 512);
    etags.add(etag);
  }
  return { bytes, etags };
}

afterEach(endPeers);

describe.skipIf(missing("coap-server-notls") || missing("coap-client-notls"))("libcoap's server", () => {
  async function serve(bytes: Uint8Array): Promise<number> {
    // -d: resources that a client puts.
    const port = await startServer("-d", "10");
    await put(port, bytes);
    return port;
  }
  const put = async (port: number, bytes: Uint8Array): Promise<void> => {
    const { said } = await runClient(port, path, ["-m", "put", "-b", "1024"], bytes);
    expect(said).toBe("");
  };

  it("gives each block by itself, in any order; but for the first one without an ETag", async () => {
    const port = await serve(file);
    const { bytes, etags } = await backwards(port, file.length);
    expect(bytes.equals(file)).toBe(true);
    const [others, first] = etags;
    expect(etags.size).toBe(2);
    expect(others).toBeUndefined();
    expect(first).toMatch(/^(?:[0-9a-f]{2}){1,8}$/);
  });

  it("has one ETag for all blocks of who began with the first, and another for each who begins", async () => {
    const port = await serve(file);
    const socket = createSocket("udp4");
    const etags: (string | undefined)[] = [];
    for (const num of [0, 1, 2, 7]) etags.push((await ask(port, { num }, socket)).etag);
    socket.close();
    expect(new Set(etags).size).toBe(1);
    const again = await ask(port, { num: 0 });
    expect(again.etag).toBeDefined();
    expect(again.etag).not.toBe(etags[0]);
  });

  it("gives the blocks of another file once it is another", async () => {
    const port = await serve(file);
    const other = packageOf({ version: "1.3.1" }, 20_000);
    await put(port, other);
    expect((await backwards(port, other.length)).bytes.equals(other)).toBe(true);
  });

  it("says cleanly that there is no file, and no such block", async () => {
    const port = await serve(file);
    expect(await ask(port, { num: 0, url: "/fw/none" })).toMatchObject({ code: "4.04" });
    const beyond = await ask(port, { num: 1000 });
    expect(beyond.code).toMatch(/^4\.0/);
  });

  it("is where a device is sent for a file that lies elsewhere, and what it gets there is what the stand-in has seen", async () => {
    const port = await serve(file);
    const one = rig();
    const fileUrl = `coap://127.0.0.1:${port}${path}`;
    const about = { productKey: pk, version: "1.3.0", signMethod: "sha256", fileUrl } as const;
    one.cloud.ota.putFirmware(about, file, 0);
    const device = new Updater(new TestDevice(one, demoDevice));
    device.device.authenticate(0);
    device.inform(1, "1.2.0");
    one.cloud.ota.order({ productKey: pk, version: "1.3.0", deviceKeys: [dk] }, 2);
    const offer = device.pushed(3)!.params;
    const url = new URL(offer.fileUrl);
    expect([url.protocol, url.hostname, url.pathname]).toEqual(["coap:", "127.0.0.1", path]);
    const { bytes } = await backwards(Number(url.port), offer.fileSize);
    expect(isGenuine(offer, bytes)).toBe(true);
  });
});

describe("node-coap's server", () => {
  async function served<T>(bytes: () => Buffer, work: (port: number) => Promise<T>): Promise<T> {
    const server = coap.createServer((request, response) => {
      if (request.url === path) return void response.end(bytes());
      response.code = "4.04";
      response.end();
    });
    const port = await new Promise<number>((resolve) => {
      server.listen(0, "127.0.0.1", () =>
        resolve((server._sock as unknown as { address(): { port: number } }).address().port),
      );
    });
    try {
      return await work(port);
    } finally {
      await new Promise<void>((resolve) => server.close(() => resolve()));
    }
  }

  it("gives each block by itself, in any order, with one ETag", () =>
    served(
      () => file,
      async (port) => {
        const { bytes, etags } = await backwards(port, file.length);
        expect(bytes.equals(file)).toBe(true);
        expect(etags.size).toBe(1);
      },
    ));

  it("has no other ETag for every other file: two bytes, in which the order of words is lost", async () => {
    const swapped = Buffer.from(file);
    swapped.set(file.subarray(0, 512), 512);
    swapped.set(file.subarray(512, 1024), 0);
    let current = file;
    await served(
      () => current,
      async (port) => {
        const before = await ask(port, { num: 0 });
        expect(before.etag).toHaveLength(4);
        current = swapped;
        const after = await ask(port, { num: 1 });
        expect(Buffer.compare(after.payload, file.subarray(0, 512))).toBe(0);
        // The same ETag, and another file: only a digest tells.
        expect(after.etag).toBe(before.etag);
        current = Buffer.from(bodyOf(20_280, "another"));
        expect((await ask(port, { num: 2 })).etag).not.toBe(before.etag);
      },
    );
    const digest = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
    expect(digest(swapped)).not.toBe(digest(file));
  });

  it("answers 4.02 for a block that is not there, 4.04 for a file that is not", () =>
    served(
      () => file,
      async (port) => {
        expect(await ask(port, { num: 1000 })).toMatchObject({ code: "4.02" });
        expect(await ask(port, { num: 0, url: "/fw/none" })).toMatchObject({ code: "4.04" });
      },
    ));
});
