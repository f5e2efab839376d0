/** Firmware files over a real UDP port, fetched by other people's CoAP: node-coap, and libcoap's client where it is. */
import coap from "coap";
import { parse } from "coap-packet";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { serveUdp } from "../../../../host-sim/cloud/coap/udp";
import type { UdpCloud } from "../../../../host-sim/cloud/coap/udp";
import { missing, endPeers, runClient } from "../../../firmware/coap/interop/peers";
import { bodyOf } from "../coap/message-layer-rig";
import { demoDevice, pk, product, scriptEngine } from "../harness";

const image = bodyOf(300_001, "image");
let server: UdpCloud;
let url: string;
/** Those that were sent, hexadecimal, in the order of the first of each. */
let etags: Set<string>;

beforeEach(async () => {
  etags = new Set();
  server = await serveUdp({
    ...{ host: "127.0.0.1", port: 0, edition: "token", iv: "zero", scriptEngine },
    ...{ devices: [demoDevice], products: [product] },
    onDatagram(direction, datagram) {
      if (direction === "in") return;
      // The client itself takes an ETag for text.
      for (const { name, value } of parse(Buffer.from(datagram)).options ?? []) {
        if (name === "ETag") etags.add(Buffer.from(value as Buffer).toString("hex"));
      }
    },
  });
  put(image);
});
afterEach(async () => {
  endPeers();
  await server.close();
});

function put(bytes: Uint8Array): void {
  const about = { productKey: pk, version: "1.3.0", signMethod: "md5" } as const;
  url = server.cloud.ota.putFirmware(about, bytes, server.now()).fileUrl;
}

interface Got {
  code: string;
  payload: Buffer;
  etag: string | undefined;
}

describe("node-coap's client", () => {
  /** @param szx of the first block that is asked for; the rest is the client's own doing */
  function get(szx: number | undefined, options: Record<string, Buffer> = {}, path = url): Promise<Got> {
    return new Promise((resolve, reject) => {
      const request = coap.request({ host: "127.0.0.1", port: server.port, pathname: path, method: "GET" });
      if (szx !== undefined) request.setOption("Block2", szx === 0 ? Buffer.alloc(0) : Buffer.of(szx));
      for (const [name, value] of Object.entries(options)) request.setOption(name, value);
      request.on("error", reject);
      request.on("response", ({ code, payload }) => {
        resolve({ code, payload, etag: [...etags].pop() });
      });
      request.end();
    });
  }

  it.each([undefined, 2, 4, 5, 6])("gets a file in blocks of SZX %s", async (szx) => {
    const { code, payload, etag } = await get(szx);
    expect(code).toBe("2.05");
    expect(Buffer.compare(payload, image)).toBe(0);
    expect(etag).toMatch(/^[0-9a-f]{8}$/);
    expect(etags.size).toBe(1);
  });

  it("finds out whether it is the same file still, and that none is there", async () => {
    const { etag } = await get(6);
    const known = { ETag: Buffer.from(etag!, "hex") };
    expect(await get(undefined, known)).toMatchObject({ code: "2.03", etag });
    put(bodyOf(2000, "another"));
    const other = await get(undefined, known);
    expect(other.code).toBe("2.05");
    expect(Buffer.compare(other.payload, bodyOf(2000, "another"))).toBe(0);
    expect(await get(undefined, {}, "/f/unknown")).toMatchObject({ code: "4.04" });
  });

  it("is there several times at once", async () => {
    const all = await Promise.all([get(4), get(5), get(6), get(6)]);
    expect(all.map(({ payload }) => Buffer.compare(payload, image))).toEqual([0, 0, 0, 0]);
  });
});

describe.skipIf(missing("coap-client-notls"))("libcoap's client", () => {
  it.each([64, 512, 1024])("gets a file in blocks of %i bytes", async (size) => {
    const bytes = image.subarray(0, 60_000);
    put(bytes);
    const got = await runClient(server.port, url, ["-b", String(size)]);
    expect(got.said).toBe("");
    expect(Buffer.compare(got.body, bytes)).toBe(0);
  });

  it("gets one without asking for blocks, and one block from the middle", async () => {
    expect(Buffer.compare((await runClient(server.port, url, [])).body, image)).toBe(0);
    const block = await runClient(server.port, url, ["-b", "100,256"]);
    expect(Buffer.compare(block.body.subarray(0, 256), image.subarray(25_600, 25_856))).toBe(0);
  });

  it("is told when it has the file, and when there is none", async () => {
    expect((await runClient(server.port, "/f/unknown", [])).said).toContain("4.04");
    // Option 1, If-Match, with another ETag.
    expect((await runClient(server.port, url, ["-O", "1,0x00112233"])).said).toContain("4.12");
  });
});
