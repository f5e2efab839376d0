/** Envelopes of a device against OpenSSL, against each other, and against whoever changes a bit of them. */
import { createCipheriv, createDecipheriv, createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { sealingOf } from "../../../firmware/seal/sealing";
import { Random } from "../../../host-sim/sim/time/random";
import { nodeCryptography } from "../../../host-sim/sim/engine/node-cryptography";
import { runs } from "../../density";
import { RetainedRam } from "../continuity/retained-ram";
import type { Sealing, SealingEvent, SealingSurroundings } from "../../../firmware/delivery/sealing";

const identity = { productKey: "AbCdEfGh", deviceKey: "490154203237518" };
const key = new Uint8Array(32).map((_, i) => i);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const text = (value: string): Uint8Array => new Uint8Array(Buffer.from(value));

function surroundings(more: Partial<SealingSurroundings> = {}): SealingSurroundings {
  const random = new Random("sealing");
  return {
    crypto: nodeCryptography,
    random: () => random.next(),
    keyText: hex(key),
    credentials: identity,
    retained: undefined,
    store: undefined,
    startReason: "power-on",
    log: () => {},
    ...more,
  };
}

const device = (more: Partial<SealingSurroundings> = {}, proof = false): Sealing =>
  sealingOf({ proof, migrating: false })(surroundings(more))!;

/** What the script derives, by node:crypto. */
const derived = (label: string, more: Uint8Array, from: Uint8Array = key): Buffer =>
  createHmac("sha256", from).update(`enos-seal/1 ${label}`).update(more).update(Buffer.of(1)).digest();

/** Enc_structure, or with "MAC0" the start of MAC_structure. */
function structure(start: string, external: Uint8Array): Buffer {
  const { length } = external;
  const head =
    length < 24 ? [0x40 + length] : length < 256 ? [0x58, length] : [0x59, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(start, "hex"), Buffer.from(head), external]);
}
const encrypt0 = "8368456e63727970743043a1010a";

/** The script's end of an upload: undefined where it is refused. */
function opened(envelope: Uint8Array, { productKey, deviceKey } = identity): Uint8Array | undefined {
  const bytes = Buffer.from(envelope);
  if (bytes.length < 7 || (bytes[0] & 0xfc) !== 0x08) return undefined;
  const saltAt = (bytes[0] & 2) === 0 ? 7 : 2 + bytes[1];
  const name = (bytes[0] & 2) === 0 ? undefined : bytes.toString("latin1", 2, saltAt);
  const digits = String(bytes.readUIntBE(1, 6)).padStart(14, "0");
  // The other end believes the name that the envelope states, so that a changed one is another device's.
  if (name === undefined ? !deviceKey.startsWith(digits) : name !== deviceKey) return undefined;
  const counterAt = saltAt + 8;
  const textAt = counterAt + 1 + (bytes[0] & 1);
  if (bytes.length < textAt + 8) return undefined;
  const counter = bytes.readUIntBE(counterAt, textAt - counterAt);
  const up = derived("up ", bytes.subarray(saltAt, counterAt));
  const nonce = up.subarray(16, 29);
  nonce.writeUInt16BE(nonce.readUInt16BE(11) ^ counter, 11);
  const decipher = createDecipheriv("aes-128-ccm", up.subarray(0, 16), nonce, { authTagLength: 8 });
  const end = bytes.length - 8;
  const additional = structure(encrypt0, text(`up ${productKey}/${deviceKey}`));
  decipher.setAAD(additional, { plaintextLength: end - textAt }).setAuthTag(bytes.subarray(end));
  try {
    return new Uint8Array(Buffer.concat([decipher.update(bytes.subarray(textAt, end)), decipher.final()]));
  } catch {
    return undefined;
  }
}

/** A command as the script seals it, under one device key or two. */
function command(plain: Uint8Array, time: number, keys: readonly Uint8Array[], to = identity): Uint8Array {
  const head = Buffer.alloc(7);
  head[0] = 0x0d + keys.length;
  head.writeUIntBE(time, 1, 6);
  const said = Buffer.concat([head.subarray(1), plain]);
  const nonce = createHmac("sha256", derived("nonce", new Uint8Array(0), keys[0]))
    .update(said)
    .digest();
  const external = Buffer.concat([text(`down ${to.productKey}/${to.deviceKey}/`), head.subarray(1)]);
  const parts = keys.map((each) => {
    const aes = derived("down", new Uint8Array(0), each).subarray(0, 16);
    const cipher = createCipheriv("aes-128-ccm", aes, nonce.subarray(0, 13), { authTagLength: 8 });
    cipher.setAAD(structure(encrypt0, external), { plaintextLength: plain.length });
    return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  });
  return new Uint8Array(Buffer.concat([head, nonce.subarray(0, 13), ...parts]));
}

const now = 1_790_000_000_000;
const flipped = (bytes: Uint8Array, bit: number): Uint8Array => {
  const copy = bytes.slice();
  copy[bit >> 3] ^= 1 << (bit & 7);
  return copy;
};

describe("what goes up", () => {
  test("opens with OpenSSL, whatever is in it", () => {
    const sealing = device();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (plain, isReply) => {
        const envelope = isReply ? sealing.sealReply(plain) : sealing.sealUpload(plain);
        expect(opened(envelope)).toEqual(plain);
        expect(envelope.length).toBeLessThanOrEqual(plain.length + sealing.overhead);
      }),
      { numRuns: runs(600) },
    );
  });

  test("names an IMEI in six bytes, and any other key as it is", () => {
    const heads = ["490154203237518", "490154203237519", "000000000000000", "dk", "x".repeat(255)].map(
      (deviceKey) => {
        const sealing = device({ credentials: { productKey: "AbCdEfGh", deviceKey } });
        const envelope = sealing.sealUpload(text("reading"));
        expect(opened(envelope, { productKey: "AbCdEfGh", deviceKey })).toEqual(text("reading"));
        return [envelope[0], envelope.length - "reading".length, sealing.overhead];
      },
    );
    expect(heads).toEqual([
      [0x08, 24, 25],
      [0x0a, 34, 35],
      [0x08, 24, 25],
      [0x0a, 21, 22],
      [0x0a, 274, 275],
    ]);
  });

  test("counts in one byte, then in two, and begins anew behind the last", () => {
    const sealing = device();
    const sealed = (count: number): Uint8Array => {
      for (let i = 1; i < count; i++) sealing.sealReply(text("x"));
      return sealing.sealReply(text("x"));
    };
    const last = sealed(256);
    expect([last[0], last[15], last.length]).toEqual([0x08, 0xff, 25]);
    const next = sealed(1);
    expect([next[0], hex(next.subarray(15, 17)), next.length]).toEqual([0x09, "0100", 26]);
    expect([opened(last), opened(next)]).toEqual([text("x"), text("x")]);
    const salts = new Set<string>();
    const ram = new RetainedRam();
    const body = Buffer.concat([Buffer.alloc(8, 7), Buffer.from("fffbfffb", "hex")]);
    ram.start().write({ offset: 4288, length: 24, form: 0x5ea1, ofSleep: true }, body);
    const old = device({ retained: ram.start(), startReason: "deep-sleep" });
    const counters = [0, 1, 2, 3, 4, 5].map(() => {
      const envelope = old.sealUpload(text("night"));
      expect(opened(envelope)).toEqual(text("night"));
      salts.add(hex(envelope.subarray(7, 15)));
      return hex(envelope.subarray(15, envelope.length - 13));
    });
    expect(counters).toEqual(["fffc", "fffd", "fffe", "ffff", "00", "01"]);
    expect(salts.size).toBe(2);
  });

  it("opens with no bit of it changed", () => {
    const envelope = device().sealUpload(text("one reading"));
    for (let bit = 0; bit < 8 * envelope.length; bit++)
      expect(opened(flipped(envelope, bit)), `${bit}`).toBeUndefined();
    for (let length = 0; length < envelope.length; length++)
      expect(opened(envelope.slice(0, length))).toBeUndefined();
  });

  it("is no other product's or device's, under another salt, and no command", () => {
    const envelope = device().sealUpload(text("one reading"));
    expect(opened(envelope, { ...identity, productKey: "AbCdEfGi" })).toBeUndefined();
    const other = device({ credentials: { ...identity, deviceKey: "490154203237519" } }).sealUpload(
      text("one reading"),
    );
    expect(hex(other.subarray(-19))).not.toBe(hex(envelope.subarray(-19)));
    const second = device({ random: () => 0.5 }).sealUpload(text("one reading"));
    const swapped = Uint8Array.of(
      ...envelope.subarray(0, 7),
      ...second.subarray(7, 15),
      ...envelope.subarray(15),
    );
    expect(opened(swapped)).toBeUndefined();
    expect(device().open(envelope)).toBe("plain");
  });

  it("is never the same twice, and a start that is no wake has a salt of its own", () => {
    const random = new Random("starts");
    const starts = [1, 2, 3].map(() => device({ random: () => random.next() }));
    const envelopes = starts.flatMap((each) => [
      each.sealUpload(text("same")),
      each.sealUpload(text("same")),
    ]);
    expect(new Set(envelopes.map(hex)).size).toBe(6);
    expect(new Set(envelopes.map((each) => hex(each.subarray(7, 15)))).size).toBe(3);
  });
});

describe("a command", () => {
  const plain = text("\x02\0\0\0\x07\x04\0\0\0\x01");
  const other = new Uint8Array(32).fill(9);

  test("opens with the device's key, under the one root or either of two", () => {
    for (const keys of [[key], [key, other], [other, key]]) {
      expect(device().open(command(plain, now, keys))).toEqual({ plain, time: now });
    }
    expect(device().open(command(plain, 2 ** 48 - 1, [key]))).toEqual({ plain, time: 2 ** 48 - 1 });
    // In the middle of something longer, as what comes over CoAP is.
    const within = Buffer.concat([Buffer.alloc(5), command(plain, now, [key])]);
    expect(device().open(new Uint8Array(within).subarray(5))).toEqual({ plain, time: now });
  });

  test("is forged with any bit of it changed, or not sealed, or cut", () => {
    const sealing = device();
    for (const keys of [[key], [other, key]]) {
      const envelope = command(plain, now, keys);
      // Under two keys the other's text is not looked at: a bit there is none of this device's.
      const skipped = keys.length === 2 ? [20, 20 + plain.length + 8] : [0, 0];
      for (let bit = 0; bit < 8 * envelope.length; bit++) {
        if (bit >> 3 >= skipped[0] && bit >> 3 < skipped[1]) continue;
        expect(typeof sealing.open(flipped(envelope, bit)), `${bit}`).toBe("string");
      }
      for (let length = 0; length < envelope.length; length++) {
        expect(typeof sealing.open(envelope.slice(0, length))).toBe("string");
      }
    }
    expect(sealing.open(plain)).toBe("plain");
    expect(sealing.open(new Uint8Array(0))).toBe("plain");
    expect(sealing.open(Uint8Array.of(0x0e))).toBe("truncated");
    expect(sealing.open(command(plain, now, [key]).subarray(0, 27))).toBe("truncated");
    expect(sealing.open(command(plain, now, [key, other]).slice(0, -1))).toBe("truncated");
    expect(sealing.open(new Uint8Array(65_536).fill(0x0e))).toBe("truncated");
  });

  test("is forged for another product or device, and under another key", () => {
    expect(device().open(command(plain, now, [other]))).toBe("forged");
    expect(device().open(command(plain, now, [other, other]))).toBe("forged");
    for (const to of [
      { ...identity, productKey: "AbCdEfGi" },
      { ...identity, deviceKey: "490154203237519" },
    ]) {
      expect(device().open(command(plain, now, [key], to))).toBe("forged");
    }
  });

  test("of any bytes is refused, and nothing thrown", () => {
    const sealing = device();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom(0x0e, 0x0f, 0), (bytes, first) => {
        if (first > 0 && bytes.length > 0) bytes[0] = first;
        expect(["plain", "truncated", "forged"]).toContain(sealing.open(bytes));
      }),
      { numRuns: runs(2_000) },
    );
  });

  test("is fresh from the last one on; without one and with a clock for 48 hours; with neither always", () => {
    const sealing = device();
    expect([sealing.isFresh(0, undefined), sealing.isFresh(now - 172_800_000, now)]).toEqual([true, true]);
    expect(sealing.isFresh(now - 172_800_001, now)).toBe(false);
    sealing.take(now);
    const fresh = [now - 1, now, now + 1].map((time) => sealing.isFresh(time, now));
    expect(fresh).toEqual([false, true, true]);
    sealing.take(now - 5);
    expect(sealing.isFresh(now - 1, undefined)).toBe(false);
  });

  test("that was taken is remembered over a loss of power, and over sleep with storage that fails, told once", () => {
    const stored = new Map<string, Uint8Array>();
    let works = true;
    const fails = (): void => {
      if (!works) throw new Error("no flash");
    };
    const store = {
      read: (name: string) => (fails(), stored.get(name)?.slice().buffer as ArrayBuffer | undefined),
      write: (name: string, value: Uint8Array) => (fails(), void stored.set(name, value.slice())),
    };
    const ram = new RetainedRam();
    const told: SealingEvent[] = [];
    const start = (startReason: string): Sealing =>
      device({ store, retained: ram.start(startReason), startReason, log: (event) => told.push(event) });
    start("power-on").take(now);
    expect(start("power-on").isFresh(now - 1, undefined)).toBe(false);
    expect([...stored.keys()].sort()).toEqual(["sa"]);
    works = false;
    const failing = start("deep-sleep");
    failing.take(now + 10);
    failing.take(now + 20);
    expect(told).toEqual([{ kind: "memory failed", reason: "no flash" }]);
    expect(start("panic").isFresh(now + 19, undefined)).toBe(false);
    works = true;
    // What storage has missed is lost with the power, and no more than that.
    expect(start("power-on").isFresh(now + 19, undefined)).toBe(true);
    expect(start("power-on").isFresh(now - 1, undefined)).toBe(false);
  });
});

describe("the answer to an upload", () => {
  const bare = Uint8Array.of(0, 0, 0, 9, 0, 200);
  const said = { requestId: 9, code: 200 };
  const proven = (envelope: Uint8Array, answer = bare, from: Uint8Array = key): Uint8Array => {
    const counter = envelope.length - 7 - 8 - 8 - "reading".length;
    const used = Buffer.concat([
      envelope.subarray(7, 15),
      Buffer.alloc(2 - counter),
      envelope.subarray(15, 15 + counter),
    ]);
    const external = Buffer.concat([text(`proof ${identity.productKey}/${identity.deviceKey}/`), used]);
    const mac = createHmac("sha256", derived("proof", new Uint8Array(0), from))
      .update(structure("84644d41433043a10104", external))
      .update(Buffer.concat([Buffer.of(0x46), answer]))
      .digest();
    return new Uint8Array(Buffer.concat([answer, mac.subarray(0, 8)]));
  };

  test("releases it where the script has proven it, and one bit else does not", () => {
    const sealing = device({}, true);
    for (let i = 0; i < 258; i++) {
      const envelope = sealing.sealUpload(text("reading"));
      const answer = proven(envelope);
      // The answer to a command may be sealed in between.
      if (i % 2 === 0) sealing.sealReply(text("reply"));
      expect(sealing.answer(answer)).toEqual(said);
      if (i < 256) continue;
      for (let bit = 0; bit < 8 * 14; bit++) expect(sealing.answer(flipped(answer, bit))).toBeUndefined();
    }
  });

  test("is none without a proof, before an upload, of an upload before, or with another key", () => {
    const sealing = device({}, true);
    const first = device({}, true).sealUpload(text("reading"));
    expect(sealing.answer(proven(first))).toBeUndefined();
    const before = sealing.sealUpload(text("reading"));
    const last = sealing.sealUpload(text("reading"));
    expect(sealing.answer(bare)).toBeUndefined();
    expect(sealing.answer(proven(before))).toBeUndefined();
    expect(sealing.answer(proven(last, bare, new Uint8Array(32)))).toBeUndefined();
    expect(sealing.answer(proven(last))).toEqual(said);
  });

  test("needs no proof where the product asks for none, and may have one", () => {
    const sealing = device();
    const envelope = sealing.sealUpload(text("reading"));
    expect(sealing.answer(bare)).toEqual(said);
    expect(sealing.answer(proven(envelope))).toEqual(said);
    for (const length of [0, 5, 7, 13, 15]) expect(sealing.answer(new Uint8Array(length))).toBeUndefined();
  });
});

describe("a board's key", () => {
  const made = (
    keyText: string,
    migrating: boolean,
    log: (event: SealingEvent) => void = () => {},
  ): unknown => sealingOf({ proof: false, migrating })(surroundings({ keyText, log }));

  test("that is missing is named with what to do, or told where the product is on its way", () => {
    expect(() => made("", false)).toThrow("sealKey is missing: npm run provision -- --master FILE");
    const told: SealingEvent[] = [];
    expect(made("", true, (event) => told.push(event))).toBeUndefined();
    expect(told).toEqual([{ kind: "seal key missing" }]);
  });

  test.each([
    ["short", "ab".repeat(31)],
    ["long", "ab".repeat(33)],
    ["odd", "a".repeat(63)],
    ["no hex", "g".repeat(64)],
    ["no ASCII", "ä".repeat(64)],
    ["with a line end", `${"ab".repeat(32)}\n`],
  ])("that is %s is refused, and not quoted", (_what, keyText) => {
    for (const migrating of [false, true]) {
      const length = keyText.length;
      expect(() => made(keyText, migrating)).toThrow(
        expect.objectContaining({
          name: "SettingsError",
          message: `sealKey must be 64 hex digits and has ${length} characters: npm run provision -- --master FILE`,
        }),
      );
    }
  });
});
