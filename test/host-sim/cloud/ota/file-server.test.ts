/** Firmware files over CoAP: any block at any time, ETags and conditions, by RFC 7252 and RFC 7959. */
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { noFaults } from "../../../../host-sim/cloud/coap/message-layer";
import type { SignMethod } from "../../../../host-sim/cloud/ota/firmware-files";
import { bodyOf } from "../coap/message-layer-rig";
import { demoPeer, noBytes, pk, product, rig, sessionSign } from "../harness";
import type { Rig } from "../harness";
import { blockIn, fileRequest } from "./updater";
import type { Block, FileAsk } from "./updater";

const file = bodyOf(5000, "firmware");
let cloud: Rig;
let url: string;

function put(bytes: Uint8Array, version = "1.3.0", signMethod: SignMethod = "md5"): string {
  return cloud.cloud.ota.putFirmware({ productKey: pk, version, signMethod }, bytes, 0).fileUrl;
}

function get(ask: Partial<FileAsk> = {}): Block {
  return blockIn(cloud.exchange(fileRequest({ url, ...ask }))!);
}

beforeEach(() => {
  cloud = rig();
  url = put(file);
});

describe("the path", () => {
  it("is short, and cannot be guessed from another", () => {
    expect(url).toMatch(/^\/f\/[A-Za-z0-9_-]{11}$/);
    expect(put(file, "1.3.1")).not.toBe(url);
    // Header, 2-byte token, two path segments and Block2.
    expect(fileRequest({ url, num: 2000 }).length).toBe(4 + 2 + 2 + 12 + 3);
  });

  it.each(["/f", "/f/", "/f/unknown", "/f/unknown/x", "/F/x"])("%s is not there", (wrong) => {
    expect(get({ url: wrong }).code).toBe("4.04");
    expect(get({ url: `${url}/x` }).code).toBe("4.04");
  });

  it("is gone with its file", () => {
    cloud.cloud.ota.removeFirmware(pk, "1.3.0", 1);
    expect(get({ num: 1 }).code).toBe("4.04");
  });

  it.each([2, 3, 4])("takes no method %i", (method) => {
    expect(get({ method }).code).toBe("4.05");
  });

  it("needs no signature, takes one in the edition that has them, and knows none in the other", () => {
    const sign = [{ number: 2101, value: Buffer.from(sessionSign("anything", "token1sequence1")) }];
    expect(get({ num: 0, options: sign }).code).toBe("2.05");
    cloud = rig({ edition: "tokenless" });
    url = put(file);
    expect(get({ num: 0 }).code).toBe("2.05");
    expect(get({ num: 0, options: sign }).code).toBe("4.02");
  });

  it("says nothing of a device: fetching keeps none online", () => {
    get({ num: 0 });
    expect(cloud.cloud.devices.list().map(({ lastSeen }) => lastSeen)).toEqual([undefined, undefined]);
  });
});

describe("a block", () => {
  it("of each size is what stands there in the file", () => {
    for (let szx = 0; szx <= 6; szx++) {
      const size = 16 << szx;
      const last = Math.ceil(file.length / size) - 1;
      for (const num of [0, 1, 4, last, last - 1]) {
        const { code, block, payload } = get({ num, szx });
        expect([code, block]).toEqual(["2.05", `${num}/${num === last ? 0 : 1}/${size}`]);
        expect(Buffer.compare(payload, file.subarray(num * size, (num + 1) * size))).toBe(0);
      }
      expect(get({ num: last + 1, szx }).code).toBe("4.00");
      expect(get({ num: 0xfffff, szx }).code).toBe("4.00");
    }
  });

  it("that was not asked for by size fits into a datagram of the product's devices", () => {
    expect(get().block).toBe("0/1/256");
    cloud.cloud.products.put({ ...product, largestDatagram: 1100 }, 1);
    expect(get().block).toBe("0/1/1024");
    const small = put(bodyOf(200), "1.0.0");
    const whole = get({ url: small });
    expect([whole.code, whole.block]).toEqual(["2.05", undefined]);
    expect(Buffer.compare(whole.payload, bodyOf(200))).toBe(0);
  });

  it("is no larger than this server gives, and begins where the one asked for does", () => {
    cloud = rig({ limits: { blockSize: 128 } });
    url = put(file);
    const { block, payload } = get({ num: 3, szx: 6 });
    expect(block).toBe("24/1/128");
    expect(Buffer.compare(payload, file.subarray(3072, 3200))).toBe(0);
  });

  it("of the reserved size is none", () => {
    expect(get({ num: 0, szx: 7 }).code).toBe("4.00");
  });

  it("tells the file's size to whoever asks, and to nobody else", () => {
    expect(get({ num: 0, size2: true }).size2).toBe(5000);
    expect(get({ num: 3, size2: true }).size2).toBe(5000);
    expect(get({ num: 0 }).size2).toBeUndefined();
  });

  it("says that it is bytes, and goes to nobody who wants something else", () => {
    expect(get({ num: 1 }).options.find(({ number }) => number === 12)?.value).toEqual(Uint8Array.of(42));
    expect(get({ num: 0, accept: 42 }).code).toBe("2.05");
    expect(get({ num: 0, accept: 50 }).code).toBe("4.06");
    expect(get({ num: 0, accept: 0 }).code).toBe("4.06");
  });

  it("costs nothing that is kept: no transfer, and the answer is a view into one file", () => {
    const kept = cloud.cloud.ota.firmware(pk);
    for (let peer = 1; peer <= 200; peer++) {
      const answer = cloud.exchange(fileRequest({ url, num: peer % 9 }), peer, {
        ...demoPeer,
        port: peer,
      });
      expect(blockIn(answer!).code).toBe("2.05");
    }
    expect(cloud.cloud.ota.firmware(pk)).toEqual(kept);
    expect(cloud.cloud.counters.blocksDown).toBe(200 - Math.floor(200 / 9));
  });

  it("is lost, doubled and late as every other answer is", () => {
    cloud.cloud.setFaults({ ...noFaults, dropDown: 1 });
    expect(cloud.exchange(fileRequest({ url, num: 0 }))).toBeUndefined();
    cloud.cloud.setFaults({ ...noFaults, serverError: 1 });
    expect(get({ num: 0 }).code).toBe("5.00");
    cloud.cloud.setFaults({ ...noFaults, delayDown: 500 });
    expect(cloud.exchange(fileRequest({ url, num: 0 }), 10)).toBeUndefined();
    const before = cloud.sent.length;
    cloud.cloud.poll(510);
    expect(blockIn(cloud.sent[before].bytes).code).toBe("2.05");
  });
});

describe("the ETag", () => {
  it("is on every block, the same, and another one once the file is", () => {
    const { etag } = get({ num: 0 });
    expect(etag).toMatch(/^[0-9a-f]{8}$/);
    expect(get({ num: 7 }).etag).toBe(etag);
    put(bodyOf(5000, "another"));
    expect(get({ num: 8 }).etag).not.toBe(etag);
    put(file);
    expect(get({ num: 8 }).etag).toBe(etag);
  });

  it("that the asker has is answered without the file (RFC 7252 section 5.10.6.2)", () => {
    const { etag } = get({ num: 0 });
    expect(get({ etag })).toMatchObject({ code: "2.03", etag, payload: noBytes });
    expect(get({ etag, num: 3 })).toMatchObject({ code: "2.03", block: undefined });
    expect(get({ etag: "00112233" })).toMatchObject({ code: "2.05", etag });
    // Too long for an ETag: an elective option that is not understood.
    expect(get({ etag: "001122334455667788" })).toMatchObject({ code: "2.05", etag });
  });

  it("in If-Match keeps a block of another file away (section 5.10.8.1)", () => {
    const etag = get({ num: 0 }).etag!;
    expect(get({ num: 2, ifMatch: etag }).code).toBe("2.05");
    expect(get({ num: 2, ifMatch: "" }).code).toBe("2.05");
    expect(get({ num: 2, ifMatch: "00112233" }).code).toBe("4.12");
    put(bodyOf(5000, "another"));
    expect(get({ num: 3, ifMatch: etag })).toMatchObject({ code: "4.12", payload: noBytes });
    expect(get({ num: 3, ifMatch: "001122334455667788" }).code).toBe("4.02");
  });

  it("is not asked about by If-None-Match, which is for what is not there (section 5.10.8.2)", () => {
    expect(get({ num: 0, ifNoneMatch: true }).code).toBe("4.12");
    expect(get({ url: "/f/unknown", ifNoneMatch: true }).code).toBe("4.04");
  });

  it("has no meaning anywhere else: there the conditions are options that are not understood", () => {
    const ask = { url: `/topic/sys/${pk}/x/thing/model/down_raw` };
    expect(get({ ...ask, ifMatch: "" }).code).toBe("4.02");
    expect(get({ ...ask, ifNoneMatch: true }).code).toBe("4.02");
    expect(get({ ...ask, etag: "00" }).code).toBe("4.01");
  });
});

it("gives the right bytes or a clean code, whatever is asked for, in whatever order", () => {
  const asks = fc.array(
    fc.record({
      num: fc.oneof(fc.nat(80), fc.nat(0xfffff)),
      szx: fc.nat(7),
      size2: fc.constantFrom(undefined, true as const),
      ifMatch: fc.constantFrom(undefined, "", "00112233"),
    }),
    { maxLength: 12 },
  );
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5000 }),
      fc.constantFrom(16, 64, 512, 1024),
      asks,
      (length, most, all) => {
        cloud = rig({ limits: { blockSize: most } });
        const bytes = bodyOf(length, "any");
        url = put(bytes);
        for (const ask of all) {
          const { code, block, payload, size2, etag } = get(ask);
          const from = ask.num * (16 << ask.szx);
          if (ask.szx === 7) expect(code).toBe("4.00");
          else if (ask.ifMatch === "00112233") expect(code).toBe("4.12");
          else if (from >= length) expect(code).toBe("4.00");
          else {
            const size = Math.min(16 << ask.szx, most);
            const right = bytes.subarray(from, from + size);
            expect(code).toBe("2.05");
            expect(Buffer.compare(payload, right)).toBe(0);
            expect(block).toBe(`${from / size}/${from + size < length ? 1 : 0}/${size}`);
            expect(size2).toBe(ask.size2 ? length : undefined);
            expect(etag).toMatch(/^[0-9a-f]{8}$/);
            continue;
          }
          expect(payload).toHaveLength(0);
        }
      },
    ),
  );
});
