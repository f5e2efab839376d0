/**
 * What a server that knows the token and the message id of a request may answer it with, out of a script's bytes:
 * any code, empty ACKs and separate responses, commands by their path or with their payload, blocks, and bodies of
 * JSON, raw bytes or neither.
 */
import { encodeBlock } from "../../../firmware/coap/block";
import { Type } from "../../../firmware/coap/code";
import { OptionNumber } from "../../../firmware/coap/option";
import { ascii } from "../../../firmware/text/ascii";
import { encode, encodedLength } from "../../../firmware/coap/message";
import { commandOf, jsonOf } from "./json-script";
import type { Message } from "../../../firmware/coap/message";
import type { Option } from "../../../firmware/coap/option";
import type { Script } from "./target";

/** The device whose requests are answered. */
export const keys = Object.freeze({ productKey: "PK", deviceKey: "DK", deviceSecret: "secret" });

const codes = [0x44, 0x45, 0x44, 0x45, 0x41, 0x5f, 0x80, 0x81, 0x82, 0x84, 0x88, 0x8d, 0xa0, 0xa3, 0, 1];
/** Topics of commands, below the device's root; some that are none. */
const topics = [
  "thing/service/measurepoint/set",
  "thing/service/measurepoint/get",
  "thing/service/reboot",
  "thing/service/calibrate",
  "thing/model/down_raw",
  "a/b/c/d/e/f/g/h/i",
  "",
  "/",
];

/** A request as it is answered. */
export type Asked = Pick<Message, "messageId" | "token">;

/**
 * The messages that answer a request.
 *
 * @param head 4 bits for the kind of code, 4 for what comes along
 * @param root `/topic/sys/PK/DK/`
 * @param messageId of a separate response
 */
export function hostileAnswer(
  script: Script,
  head: number,
  asked: Asked,
  root: string,
  messageId: number,
): Message[] {
  const flags = script.byte();
  const options: Option[] = [];
  let payload: Uint8Array | undefined;
  const path = (): Option => ({ number: 2100, value: ascii(root + script.pick(topics)) });
  if ((head & 16) !== 0) options.push(path());
  if ((head & 32) !== 0) {
    if (options.length === 0) options.push(path());
    options.push({ number: 2102, value: content(script) });
  }
  if ((head & 64) !== 0) {
    const block = { num: script.below(12), more: (flags & 64) !== 0, szx: script.below(8) % 7 };
    options.unshift({ number: OptionNumber.block2, value: encodeBlock(block) });
    payload = filled(content(script), 16 << block.szx);
  } else if ((head & 128) !== 0) payload = content(script).subarray(0, 1_100);
  const code = (head & 15) === 0 ? 0x44 : codes[flags & 15];
  const types = [Type.acknowledgement, Type.acknowledgement, Type.confirmable, Type.nonConfirmable];
  const type = types[(flags >> 4) & 3];
  const token = (flags & 128) === 0 ? asked.token : new Uint8Array(4);
  if (type === Type.acknowledgement) {
    return [made({ type, code, messageId: asked.messageId, token, options, payload })];
  }
  const separate = made({ type, code, messageId, token, options, payload });
  return (flags & 64) === 0
    ? [made({ type: Type.acknowledgement, messageId: asked.messageId }), separate]
    : [separate];
}

/** The bytes of a message. */
export function bytesOf(message: Message): Uint8Array {
  const bytes = new Uint8Array(encodedLength(message));
  encode(message, bytes);
  return bytes;
}

/** A message, with nothing in it where its code says so. */
function made(message: Partial<Message> & Pick<Message, "type">): Message {
  const none = { code: 0, messageId: 0, token: new Uint8Array(0), options: [], payload: new Uint8Array(0) };
  if ((message.code ?? 0) === 0) return { ...none, type: message.type, messageId: message.messageId ?? 0 };
  return { ...none, ...message, payload: message.payload ?? none.payload };
}

/** The body of an answer or a command. */
function content(script: Script): Uint8Array {
  switch (script.below(8)) {
    case 6:
    case 7:
      return commandOf(script);
    case 0:
      return script.take(script.below(80));
    case 1:
      return ascii(`{"token":"${"T".repeat(script.byte())}"}`);
    case 2: {
      // As the raw layout has a command: its number, its id, then values.
      const [first, id] = [script.byte(), script.byte()];
      return Uint8Array.of(first, 0, 0, 0, id, ...script.take(script.below(40)));
    }
    default:
      return jsonOf(script);
  }
}

/** At most so many bytes; filled up when there are fewer, as a block that others follow has to be. */
function filled(bytes: Uint8Array, size: number): Uint8Array {
  if (bytes.length >= size) return bytes.subarray(0, size);
  const full = new Uint8Array(size).fill(0x5b);
  full.set(bytes);
  return full;
}
