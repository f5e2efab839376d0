/**
 * EnOS with the script of a sealed product, in node:crypto: no line of it is the firmware's or the script's. And the
 * firmware's sealing for a device of that product.
 */
import { createCipheriv, createDecipheriv, createHmac } from "node:crypto";
import { sealingOf } from "../../../firmware/seal/sealing";
import { deviceKeyOf, downKey, nonceKey, proofKey, rootOf, upKeys } from "../../../host-sim/model/seal/keys";
import { nodeCryptography } from "../../../host-sim/sim/engine/node-cryptography";
import { Random } from "../../../host-sim/sim/time/random";
import { FakeEnos, keys } from "../enos/fake-enos";
import type { Answer, Seen } from "../enos/fake-enos";
import type { Sealing, SealingSurroundings } from "../../../firmware/delivery/sealing";

/** Of the rig's device, under a master of the tests' own. */
const sealKey = deviceKeyOf(rootOf(Buffer.alloc(32, 0x5e)), keys.productKey, keys.deviceKey);
const identity = `${keys.productKey}/${keys.deviceKey}`;
const tag = 8;

/** The firmware's own sealing for the rig's device. */
export function sealingFor(proof: boolean, surroundings: Partial<SealingSurroundings> = {}): Sealing {
  const random = new Random("seal");
  return sealingOf({ proof, migrating: false })({
    crypto: nodeCryptography,
    random: () => random.next(),
    keyText: sealKey.toString("hex"),
    credentials: keys,
    retained: undefined,
    store: undefined,
    startReason: "power-on",
    log: () => {},
    ...surroundings,
  })!;
}

/** What was in an envelope. */
export interface Envelope {
  /** Hex digits. */
  readonly plain: string;
  /** Salt as hex digits, and counter: no two envelopes have the same. */
  readonly nonce: string;
  /** Bytes of the envelope beside the plain text. */
  readonly overhead: number;
}

/** `Enc_structure` and `MAC_structure` of RFC 9052; external data of more than 23 bytes. */
function structure(head: string, ...parts: (string | Uint8Array)[]): Buffer {
  const external = Buffer.concat(parts.map((part) => Buffer.from(part)));
  return Buffer.concat([Buffer.from(head, "hex"), Buffer.of(0x58, external.length), external]);
}
const encStructure = "8368456e637279707430" + "43a1010a";
const macStructure = "84644d414330" + "43a10104";

/** Opens what goes up; undefined where it is no envelope of the device's. */
export function openUpload(bytes: Uint8Array, key: Uint8Array = sealKey): Envelope | undefined {
  const envelope = Buffer.from(bytes);
  if (envelope.length < 24 || (envelope[0] & 0xfc) !== 0x08) return undefined;
  const saltAt = envelope[0] & 2 ? 2 + envelope[1] : 7;
  const counterAt = saltAt + 8;
  const textAt = counterAt + 1 + (envelope[0] & 1);
  const salt = envelope.subarray(saltAt, counterAt);
  const counter = envelope.readUIntBE(counterAt, textAt - counterAt);
  const { key: aes, nonce: base } = upKeys(key, salt);
  const nonce = Buffer.from(base);
  nonce.writeUInt16BE(nonce.readUInt16BE(11) ^ counter, 11);
  const end = envelope.length - tag;
  const decipher = createDecipheriv("aes-128-ccm", aes, nonce, { authTagLength: tag });
  decipher.setAAD(structure(encStructure, `up ${identity}`), { plaintextLength: end - textAt });
  decipher.setAuthTag(envelope.subarray(end));
  try {
    const plain = decipher.update(envelope.subarray(textAt, end)).toString("hex");
    decipher.final();
    return { plain, nonce: `${salt.toString("hex")} ${counter}`, overhead: textAt + tag };
  } catch {
    return undefined;
  }
}

/** A command as the script seals it at this time, epoch ms. */
export function sealCommand(plain: string, time: number, key: Uint8Array = sealKey): Buffer {
  const stamp = Buffer.alloc(6);
  stamp.writeUIntBE(time, 0, 6);
  const text = Buffer.from(plain.replaceAll(" ", ""), "hex");
  const nonce = createHmac("sha256", nonceKey(key)).update(stamp).update(text).digest().subarray(0, 13);
  const cipher = createCipheriv("aes-128-ccm", downKey(key), nonce, { authTagLength: tag });
  cipher.setAAD(structure(encStructure, `down ${identity}/`, stamp), { plaintextLength: text.length });
  const sealed = Buffer.concat([cipher.update(text), cipher.final()]);
  return Buffer.concat([Buffer.of(0x0e), stamp, nonce, sealed, cipher.getAuthTag()]);
}

/** The script's answer to an upload, which its proof follows. */
export function prove(requestId: number, code: number, { nonce }: Envelope): Buffer {
  const [salt, counter] = nonce.split(" ");
  const answer = Buffer.alloc(6);
  answer.writeUInt32BE(requestId);
  answer.writeUInt16BE(code, 4);
  const number = Buffer.of(Number(counter) >> 8, Number(counter) & 0xff);
  const external = structure(macStructure, `proof ${identity}/`, Buffer.from(salt, "hex"), number);
  const mac = createHmac("sha256", proofKey(sealKey)).update(external).update(Buffer.of(0x46)).update(answer);
  return Buffer.concat([answer, mac.digest().subarray(0, tag)]);
}

/** The request id of an uplink that was opened. */
export const idOf = ({ plain }: Envelope): number => parseInt(plain.slice(2, 10), 16);

export class SealedEnos extends FakeEnos {
  /** All that was opened, in the order in which it came. */
  readonly uploads: Envelope[] = [];
  readonly replies: Envelope[] = [];
  /** What EnOS says of an upload. */
  codeOf: (upload: Envelope) => number = () => 200;
  readonly proves: boolean;

  constructor(proves: boolean, edition: "token" | "tokenless" = "token") {
    super(edition);
    this.proves = proves;
  }

  /** Gives a command, sealed; whatever is bytes already goes as it is. */
  command(plain: string | Uint8Array, time = 0): void {
    const payload = typeof plain === "string" ? sealCommand(plain, time) : plain;
    this.downlinks.push({ topic: "thing/model/down_raw", payload });
  }

  override answer(request: Seen): Answer {
    const said = super.answer(request);
    const { line } = request;
    if (said.code !== "2.04" || !/raw(_reply)?$/.test(line)) return said;
    const envelope = openUpload(Buffer.from(request.bytes, "hex"));
    if (envelope === undefined) return { code: "4.00" };
    if (line.endsWith("_reply")) {
      this.replies.push(envelope);
      return said;
    }
    this.uploads.push(envelope);
    const proven = prove(idOf(envelope), this.codeOf(envelope), envelope);
    return { ...said, payload: this.proves ? proven : proven.subarray(0, 6) };
  }
}
