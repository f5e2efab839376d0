/** The datagrams of a device, as the firmware makes them, for a server to be measured with. */
import { Code, Type } from "../../../firmware/coap/code";
import { encode, encodedLength } from "../../../firmware/coap/message";
import { ContentFormat } from "../../../firmware/coap/option";
import { measurepointParams, requestBody } from "../../../firmware/enos/body";
import { RequestSigner, signAuthentication } from "../../../firmware/enos/sign";
import { readToken } from "../../../firmware/enos/token";
import { EnosOption, authOptions, deviceRoot, pathOptions } from "../../../firmware/enos/topic";
import { encodeReport } from "../../../firmware/model/report";
import { thing } from "../../../firmware/product/thing";
import { nodeCryptography } from "../../sim/engine/node-cryptography";
import type { OptionBlock } from "../../../firmware/coap/option";

/** What a report travels as: JSON, bytes for the generated script, or bytes for one as EnOS's manual writes them. */
export type ReportForm = "json" | "raw" | "manual";

export interface BenchDevice {
  readonly productKey: string;
  readonly deviceKey: string;
  readonly deviceSecret: string;
}

const lifetime = 86_400;
const jsonTopic = "thing/measurepoint/post";
const rawTopic = "thing/model/up_raw";
const values = {
  temperature: 21.5,
  humidity: 48.25,
  rssi: { value: -85, quality: 0 },
  relay: 0,
  uptime: 86_400,
};
/** For test/host-sim/cloud/script/manual-style.js: 7000 litres, "cellar 21", 4.5 bar, five peaks, and a valve. */
const manualPoints = Buffer.from(
  "01000400001b5802000963656c6c617220323103000840120000000000000400140000000200000003000000050000000700000011" +
    "0005000000" +
    "6409",
  "hex",
);

/** `count` devices of one product, each with a secret of its own. */
export function benchDevices(count: number): BenchDevice[] {
  return Array.from({ length: count }, (_, i) => ({
    productKey: "MuGsF6W4",
    deviceKey: String(861_234_567_890_123 + i),
    deviceSecret: `aB3dEf6hIj9l${String(i).padStart(6, "0")}`,
  }));
}

/** Makes what one device sends. */
export class DeviceDatagrams {
  readonly #device: BenchDevice;
  readonly #form: ReportForm;
  readonly #path: OptionBlock;
  readonly #out = new Uint8Array(200);
  #signer: RequestSigner | undefined;
  #session: Uint8Array = new Uint8Array(8);
  #sequence = 0;

  /** @param signed as the edition with tokens has it */
  constructor(device: BenchDevice, form: ReportForm, signed: boolean) {
    this.#device = device;
    this.#form = form;
    const [topic, format] =
      form === "json" ? [jsonTopic, ContentFormat.json] : [rawTopic, ContentFormat.octetStream];
    this.#path = pathOptions(`${deviceRoot(device)}/${topic}`, format);
    if (signed) this.#signer = new RequestSigner(nodeCryptography, device.deviceSecret, "zero");
  }

  authentication(messageId: number, token: Uint8Array): Buffer {
    const sign = signAuthentication(nodeCryptography, this.#device, lifetime);
    const body = Buffer.from(JSON.stringify({ secureMode: 2, lifetime, sign }));
    return datagram(messageId, token, authOptions(this.#device), undefined, body);
  }

  /** Takes up the session's token from the answer to an authentication, which has a token of 4 bytes and no options. */
  accept(answer: Uint8Array): void {
    if (answer[1] !== Code.changed) throw new Error("the stand-in refused the authentication");
    const session = readToken(answer.subarray(9));
    if (session instanceof Uint8Array) this.#session = session;
  }

  /** A report with this message id, and with `id` as its own. */
  report(messageId: number, token: Uint8Array, id: number): Buffer {
    const sign = this.#signer?.sign(this.#session, ++this.#sequence);
    return datagram(messageId, token, this.#path, sign, this.#payload(id));
  }

  #payload(id: number): Uint8Array {
    if (this.#form === "json") {
      return requestBody(String(id), jsonTopic, measurepointParams(values, 1_767_225_600_000 + id * 1000));
    }
    if (this.#form === "manual") {
      const head = Buffer.alloc(5, 1);
      head.writeUInt32BE(id, 1);
      return Buffer.concat([head, manualPoints]);
    }
    const length = encodeReport(thing, values, id, this.#out, "sample");
    if (typeof length !== "number") throw new Error(`${length.id} ${length.detail}`);
    return this.#out.subarray(0, length);
  }
}

function datagram(
  messageId: number,
  token: Uint8Array,
  fixed: OptionBlock,
  sign: Uint8Array | undefined,
  payload: Uint8Array,
): Buffer {
  const options = sign === undefined ? [] : [{ number: EnosOption.sign, value: sign }];
  const message = { type: Type.confirmable, code: Code.post, messageId, token, fixed, options, payload };
  const out = Buffer.alloc(encodedLength(message));
  encode(message, out);
  return out;
}
