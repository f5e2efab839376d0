/**
 * Every message of both directions between a device of any model and the sealed script, with three judges that have
 * nothing in common with it: node:crypto, a COSE implementation of npm (cose-js), and the firmware's own sealing.
 */
import cose from "cose-js";
import fc from "fast-check";
import { expect, it } from "vitest";
import { sealingOf } from "../../../firmware/seal/sealing";
import { deviceKeyOf } from "../../../host-sim/model/seal/keys";
import { nodeCryptography } from "../../../host-sim/sim/engine/node-cryptography";
import { encrypt0OfDown, encrypt0OfUp, mac0OfAnswer, upOfEncrypt0 } from "./cose";
import {
  bothRoots,
  downParts,
  imei,
  loadSealed,
  nonceOf,
  openDown,
  productKey,
  proofParts,
  provenAnswer,
  roots,
  sealUp,
  upParts,
} from "./seal-oracle";
import { sound } from "./script";
import { messages, namedBy } from "./sealed-messages";
import { runs } from "../../density";
import type { Sealing } from "../../../firmware/delivery/sealing";
import type { Count, SealedDevice } from "./seal-oracle";

/** The firmware's side of a device, right after a start. */
function firmwareOf(of: SealedDevice, proof: boolean): Sealing {
  return sealingOf({ proof, migrating: false })({
    crypto: nodeCryptography,
    random: Math.random,
    keyText: deviceKeyOf(of.root, of.productKey, of.deviceKey).toString("hex"),
    credentials: of,
    retained: undefined,
    store: undefined,
    startReason: "power-on",
    log: () => {},
  })!;
}

const deviceKeys = fc.constantFrom(imei, "node-7", "356938035643808", '"\\{}', "k".repeat(255));
const deviceOf = fc
  .record({ deviceKey: deviceKeys, root: fc.constantFrom(...roots) })
  .map((some): SealedDevice => ({ ...some, productKey }));
const counts = fc.record({
  salt: fc.uint8Array({ minLength: 8, maxLength: 8 }),
  counter: fc.oneof(fc.integer({ min: 0, max: 65_535 }), fc.constantFrom(0, 255, 256, 65_535)),
});

/** Salt and counter as an envelope states them. */
function countOf(sealed: Uint8Array, { deviceKey }: SealedDevice): Count {
  const saltAt = /^\d{15}$/.test(deviceKey) && (sealed[0] & 2) === 0 ? 7 : 2 + sealed[1];
  const bytes = Buffer.from(sealed);
  const counterAt = saltAt + 8;
  return {
    salt: bytes.subarray(saltAt, counterAt),
    counter: bytes.readUIntBE(counterAt, 1 + (bytes[0] & 1)),
  };
}

it("what the firmware seals is what node:crypto seals, and the script reads the message; its answer is proven to both", () => {
  let seen = 0;
  fc.assert(
    fc.property(messages, deviceOf, fc.boolean(), ({ one, ups }, device, proof) => {
      const script = loadSealed(one.model, { ...bothRoots, proof });
      const firmware = firmwareOf(device, proof);
      for (const up of ups) {
        const sealed = up.isReport ? firmware.sealUpload(up.plain) : firmware.sealReply(up.plain);
        const count = countOf(sealed, device);
        expect(Buffer.from(sealed).toString("hex")).toBe(sealUp(device, count, up.plain).toString("hex"));
        expect(sealed.length - up.plain.length).toBeLessThanOrEqual(firmware.overhead);

        const json = JSON.parse(script.rawDataToJsonStr([...new Int8Array(sealed)]) as string) as {
          id: string;
        };
        const { id, ...rest } = json;
        const { id: plainId, ...wanted } = namedBy(device, up);
        expect(rest).toEqual(wanted);
        expect(id.split(".")[0]).toBe(plainId);
        expect(id.includes(".")).toBe(proof && up.isReport);
        if (!up.isReport) continue;

        const answer = Uint8Array.from(script.jsonStrToRawData(JSON.stringify({ id, code: 200 })));
        expect(firmware.answer(answer)).toMatchObject({ requestId: Number(plainId), code: 200 });
        if (proof) {
          const proven = provenAnswer(device, count, Number(plainId), 200);
          expect(Buffer.from(answer).toString("hex")).toBe(proven.toString("hex"));
          const refused = Uint8Array.from(answer);
          refused[5] ^= 1;
          expect(firmware.answer(refused)).toBeUndefined();
          expect(firmware.answer(answer.subarray(0, 6))).toBeUndefined();
        }
        seen += 1;
      }
    }),
    { numRuns: runs(100) },
  );
  expect(seen).toBeGreaterThan(200);
});

it("commands are opened by the device that they name, by node:crypto and by the firmware, and are the plain product's", () => {
  let seen = 0;
  fc.assert(
    fc.property(messages, deviceOf, ({ one, downs }, device) => {
      const script = loadSealed(one.model, bothRoots);
      const firmware = firmwareOf(device, false);
      const stranger = firmwareOf({ ...device, deviceKey: "stranger" }, false);
      for (const { message, plain } of downs) {
        const params = { ...message.params, deviceKey: device.deviceKey };
        const sealed = Uint8Array.from(script.jsonStrToRawData(JSON.stringify({ ...message, params })));
        const taken = openDown(device, sealed)!;
        expect(taken.plain.toString("hex")).toBe(Buffer.from(plain).toString("hex"));
        const first = { ...device, root: roots[0] };
        expect(taken.nonce.toString("hex")).toBe(nonceOf(first, taken.time, plain).toString("hex"));
        expect(firmware.open(sealed)).toEqual({ plain: new Uint8Array(plain), time: taken.time });
        expect(stranger.open(sealed)).toBe("forged");
        seen += 1;
      }
    }),
    { numRuns: runs(100) },
  );
  expect(seen).toBeGreaterThan(50);
});

it("the longest command that the script seals is the longest that the firmware opens", () => {
  const inputs = [1, 2, 3, 4, 5].map((n) => ({ identifier: `text${n}`, type: "string", maxLength: 1024 }));
  const services = [{ identifier: "say", number: 17, inputs, outputs: [] }];
  const script = loadSealed(sound({ product: "p", version: 1, measurepoints: [], services }), bothRoots);
  const device = { root: roots[1], productKey, deviceKey: imei };
  const say = (length: number): Uint8Array => {
    const texts = inputs.map(({ identifier }, i) => [identifier, "x".repeat(i < 4 ? 500 : length)]);
    const params = { ...(Object.fromEntries(texts) as object), deviceKey: imei };
    return Uint8Array.from(
      script.jsonStrToRawData(JSON.stringify({ id: "1", method: "thing.service.say", params })),
    );
  };
  // Number and id, and a length before each text.
  const longest = 2040 - 5 - 5 * 2 - 2000;
  const opened = firmwareOf(device, false).open(say(longest));
  expect(typeof opened === "string" ? opened : opened.plain.length).toBe(2040);
  expect(say(longest + 1)).toHaveLength(0);
  expect(script.lastFault).toBe("the command has 2041 bytes, at most 2040 can be sealed");
});

const headers = { p: { alg: "AES-CCM-16-64-128" }, u: {} };

it("cose-js opens what is sealed to the script, as COSE_Encrypt0, and the script opens what cose-js seals", async () => {
  await fc.assert(
    fc.asyncProperty(messages, deviceOf, counts, async ({ one, ups }, device, count) => {
      const script = loadSealed(one.model, bothRoots);
      const { key, base, external } = upParts(device, count);
      const options = { externalAAD: external, contextIv: base };
      for (const up of ups) {
        const plain = Buffer.from(up.plain);
        const expanded = encrypt0OfUp(sealUp(device, count, plain), device.deviceKey);
        expect((await cose.encrypt.read(expanded, key, options)).toString("hex")).toBe(plain.toString("hex"));

        const partialIv = Buffer.from([count.counter >> 8, count.counter & 0xff]);
        const made = await cose.encrypt.create(
          headers,
          plain,
          { key },
          { ...options, randomSource: () => partialIv },
        );
        const sealed = upOfEncrypt0(made, device.deviceKey, count, plain.length);
        const json = JSON.parse(script.rawDataToJsonStr([...sealed]) as string) as object;
        expect(json).toEqual(namedBy(device, up));
        expect(script.lastSealed).toEqual({
          deviceKey: device.deviceKey,
          salt: Buffer.from(count.salt).toString("hex"),
          counter: count.counter,
          root: roots.indexOf(device.root),
        });
      }
    }),
    { numRuns: runs(60) },
  );
});

it("cose-js opens what the script seals, as COSE_Encrypt0 under each root, and finds an answer's proof right, as COSE_Mac0", async () => {
  await fc.assert(
    fc.asyncProperty(messages, deviceOf, counts, async ({ one, downs }, device, count) => {
      const script = loadSealed(one.model, bothRoots);
      for (const { message, plain } of downs) {
        const params = { ...message.params, deviceKey: device.deviceKey };
        const sealed = Buffer.from(script.jsonStrToRawData(JSON.stringify({ ...message, params })));
        const texts = encrypt0OfDown(sealed);
        expect(texts).toHaveLength(2);
        for (const [i, text] of texts.entries()) {
          const { key, external } = downParts({ ...device, root: roots[i] }, sealed.subarray(1, 7));
          const opened = await cose.encrypt.read(text, key, { externalAAD: external });
          expect(opened.toString("hex")).toBe(Buffer.from(plain).toString("hex"));
        }
      }

      const { requestId } = one;
      const salt = Buffer.from(count.salt).toString("hex");
      const id = `${requestId}.${roots.indexOf(device.root)}.${salt}.${count.counter}.${device.deviceKey}`;
      const answer = Buffer.from(script.jsonStrToRawData(JSON.stringify({ id, code: 1204 })));
      const { key, external } = proofParts(device, count);
      const payload = answer.subarray(0, 6);
      expect(await cose.mac.read(mac0OfAnswer(answer), key, external)).toEqual(payload);
      const made = await cose.mac.create({ p: { alg: "HS256/64" }, u: {} }, payload, { key }, external);
      expect(made.toString("hex")).toBe(mac0OfAnswer(answer).toString("hex"));
    }),
    { numRuns: runs(60) },
  );
});

it("cose-js refuses what is not as it was sealed, so that it judges at all", async () => {
  const device = { root: roots[0], productKey, deviceKey: imei };
  const count = { salt: Buffer.alloc(8, 3), counter: 300 };
  const { key, base, external } = upParts(device, count);
  const expanded = encrypt0OfUp(sealUp(device, count, Buffer.from("message")), imei);
  const options = { externalAAD: external, contextIv: base };
  await expect(cose.encrypt.read(expanded, key, options)).resolves.toEqual(Buffer.from("message"));
  const changed = Buffer.from(expanded);
  changed[changed.length - 1] ^= 1;
  await expect(cose.encrypt.read(changed, key, options)).rejects.toThrow();
  const other = { ...options, externalAAD: Buffer.from("up AbCdEfGh/other") };
  await expect(cose.encrypt.read(expanded, key, other)).rejects.toThrow();
  const proof = mac0OfAnswer(provenAnswer(device, count, 1, 200));
  const parts = proofParts(device, count);
  await expect(cose.mac.read(proof, parts.key, Buffer.from("other"))).rejects.toThrow();
});
