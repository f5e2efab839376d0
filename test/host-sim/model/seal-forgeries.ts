/**
 * What somebody without a key could send to a sealed product's script: true envelopes changed in every way that could do
 * him good, parts of several put together, and bytes at random. All from a seed.
 */
import { imei, nameOf, sealUp } from "./seal-oracle";
import type { Random } from "../../../host-sim/sim/time/random";
import type { SealedDevice } from "./seal-oracle";

/** An envelope that a device has sent, and where its parts begin. */
interface TrueEnvelope {
  readonly bytes: Buffer;
  readonly deviceKey: string;
  readonly saltAt: number;
  readonly textAt: number;
}

function trueEnvelopes(
  random: Random,
  devices: readonly SealedDevice[],
  plains: readonly Buffer[],
): TrueEnvelope[] {
  return devices.flatMap((device) =>
    plains.map((plain) => {
      const counter = below(random, 2) === 0 ? below(random, 256) : below(random, 65_536);
      const bytes = sealUp(device, { salt: random.bytes(8), counter }, plain);
      const saltAt = 1 + nameOf(device.deviceKey).length;
      return { bytes, deviceKey: device.deviceKey, saltAt, textAt: saltAt + (counter < 256 ? 9 : 10) };
    }),
  );
}

/** A whole number below `count`. */
function below(random: Random, count: number): number {
  return Math.floor(random.next() * count);
}

type Way = (random: Random, one: TrueEnvelope, other: TrueEnvelope) => Buffer;

function changed(random: Random, { bytes }: TrueEnvelope, from: number, times: number): Buffer {
  const copy = Buffer.from(bytes);
  for (; times > 0; times--) copy[from + below(random, copy.length - from)] ^= 1 + below(random, 255);
  return copy;
}

/** All ways, by what they are called in a failure. */
const ways: Readonly<Record<string, Way>> = {
  "a bit": (random, { bytes }) => {
    const copy = Buffer.from(bytes);
    const bit = below(random, 8 * copy.length);
    copy[bit >> 3] ^= 1 << (bit & 7);
    return copy;
  },
  "some bytes": (random, one) => changed(random, one, 0, 1 + below(random, 4)),
  "some bytes of text and tag": (random, one) => changed(random, one, one.textAt, 1 + below(random, 3)),
  "another tag": (random, { bytes }) => Buffer.concat([bytes.subarray(0, -8), random.bytes(8)]),
  "a byte of the tag": (random, one) => changed(random, one, one.bytes.length - 8, 1),
  "another length": (random, { bytes }) =>
    below(random, 2) === 0
      ? bytes.subarray(0, below(random, bytes.length))
      : Buffer.concat([bytes, random.bytes(1 + below(random, 20))]),
  "text and tag of another envelope": (_random, one, other) =>
    Buffer.concat([one.bytes.subarray(0, one.textAt), other.bytes.subarray(other.textAt)]),
  "the name of another device": (_random, one, other) =>
    Buffer.concat([
      Buffer.from([(one.bytes[0] & 1) | (other.bytes[0] & 2) | 8]),
      other.bytes.subarray(1, other.saltAt),
      one.bytes.subarray(one.saltAt),
    ]),
  "another count": (random, one) => {
    const copy = Buffer.from(one.bytes);
    copy[one.textAt - 1] += 1 + below(random, 255);
    return copy;
  },
  "the same count in two bytes": (_random, { bytes, textAt }) => {
    if ((bytes[0] & 1) === 1) return bytes.subarray(0, 3);
    const head = Buffer.from(bytes.subarray(0, textAt - 1));
    head[0] |= 1;
    return Buffer.concat([head, Buffer.from([0]), bytes.subarray(textAt - 1)]);
  },
  "the same name in text": (_random, { bytes, deviceKey, saltAt }) => {
    if (deviceKey !== imei) return bytes.subarray(0, 4);
    const name = Buffer.from(deviceKey);
    return Buffer.concat([Buffer.from([bytes[0] | 2, name.length]), name, bytes.subarray(saltAt)]);
  },
  "a true head": (random, { bytes, textAt }) =>
    Buffer.concat([bytes.subarray(0, textAt), random.bytes(below(random, 60))]),
  "a true name": (random, { bytes, saltAt }) =>
    Buffer.concat([bytes.subarray(0, saltAt), random.bytes(below(random, 70))]),
  "an envelope's first byte": (random) =>
    Buffer.concat([Buffer.from([8 + below(random, 4)]), random.bytes(below(random, 80))]),
  "nothing at all": (random) => Buffer.from(random.bytes(below(random, 60))),
};
const names = Object.keys(ways);

/** A supply of forgeries that does not end; none of them is an envelope that a device has sent. */
export class Forger {
  readonly #random: Random;
  readonly #envelopes: readonly TrueEnvelope[];
  readonly #true: ReadonlySet<string>;
  #at = 0;
  /** How the last one was made. */
  way = "";

  constructor(random: Random, devices: readonly SealedDevice[], plains: readonly Buffer[]) {
    this.#random = random;
    this.#envelopes = trueEnvelopes(random, devices, plains);
    this.#true = new Set(this.#envelopes.map(({ bytes }) => bytes.toString("latin1")));
  }

  get envelopes(): readonly Buffer[] {
    return this.#envelopes.map(({ bytes }) => bytes);
  }

  /** Bytes with a sign, as EnOS hands them over. */
  next(): number[] {
    for (;;) {
      this.way = names[this.#at++ % names.length];
      const forged = ways[this.way](
        this.#random,
        this.#random.pick(this.#envelopes),
        this.#random.pick(this.#envelopes),
      );
      if (!this.#true.has(forged.toString("latin1"))) return [...new Int8Array(forged)];
    }
  }
}
