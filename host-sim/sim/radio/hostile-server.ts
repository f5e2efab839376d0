/**
 * What a hostile party says in the server's place: datagrams for which it has seen nothing, and answers to a
 * request that it has read. It knows CoAP and EnOS's topics, and no secret.
 */
import { Code } from "../../cloud/coap/codes";
import { OptionNumber, uintOf } from "../../cloud/coap/options";
import { ack, code, con, decodeCoap, encodeCoap, non, rst } from "../../cloud/coap/coap-wire";
import type { CoapMessage, CoapOption, CoapType } from "../../cloud/coap/coap-wire";
import type { Random } from "../time/random";
import type { HostileAct } from "./hostile-acts";

const nothing: Uint8Array = new Uint8Array(0);
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
/** Bytes of the device's tokens. */
const tokenLength = 4;
/** Brackets in a body: more than the board's stack has slots, and within what a datagram carries. */
const depth = 900;
const serverErrors = [Code.forbidden, Code.internalError, code(5, 3)] as const;
const blamingErrors = [
  Code.badRequest,
  Code.badOption,
  Code.notFound,
  Code.entityTooLarge,
  Code.content,
] as const;

/** A datagram to the device by somebody who has seen nothing. */
export function guessed(act: HostileAct, random: Random): Uint8Array {
  if (act === "garbage") return random.bytes(1 + Math.floor(random.next() * 80));
  const messageId = random.u32() & 0xffff;
  const message = (type: CoapType, codeByte: number): Uint8Array =>
    encodeCoap({
      type,
      code: codeByte,
      messageId,
      token: codeByte === 0 ? nothing : random.bytes(tokenLength),
      options: [],
      payload: nothing,
    });
  switch (act) {
    case "response":
      return message(non, Code.content);
    case "confirmable-response":
      return message(con, Code.changed);
    case "acknowledgement":
      return message(ack, random.pick([Code.changed, Code.unauthorized, Code.badRequest]));
    case "reset":
      return message(rst, 0);
    case "request":
      return message(con, random.pick([Code.get, Code.post]));
    default:
      return message(con, 0);
  }
}

/** A datagram to the server by somebody who has seen nothing. */
export function guessedRequest(random: Random): Uint8Array {
  if (random.chance(0.2)) return random.bytes(1 + Math.floor(random.next() * 80));
  const path = random.pick([
    ["auth", "PK", "DK"],
    ["topic", "sys", "PK", "DK", "thing", "model", "up_raw"],
    ["x"],
  ]);
  return encodeCoap({
    type: random.pick([con, non]),
    code: random.pick([Code.get, Code.post]),
    messageId: random.u32() & 0xffff,
    token: random.bytes(tokenLength),
    options: path.map((segment) => ({ number: OptionNumber.uriPath, value: text(segment) })),
    payload: random.bytes(Math.floor(random.next() * 60)),
  });
}

/** The device's request in a datagram, read by somebody on the path; undefined for any other message. */
export function requestIn(datagram: Uint8Array): CoapMessage | undefined {
  const message = decodeCoap(datagram);
  if ("malformed" in message) return undefined;
  return message.code === Code.get || message.code === Code.post ? message : undefined;
}

/** The answer to a request, with its own message id and token, by somebody who has read it. */
export function forgedAnswer(act: HostileAct, request: CoapMessage, random: Random): Uint8Array {
  const answer = (codeByte: number, payload = nothing, options: CoapOption[] = []): Uint8Array =>
    encodeCoap({
      type: request.type === con ? ack : non,
      code: codeByte,
      messageId: request.type === con ? request.messageId : random.u32() & 0xffff,
      token: codeByte === 0 ? nothing : request.token,
      options,
      payload,
    });
  const fine = request.code === Code.get ? Code.content : Code.changed;
  switch (act) {
    case "unauthorized":
      return answer(Code.unauthorized);
    case "error":
      return answer(random.pick(serverErrors));
    case "blame":
      return answer(random.pick(blamingErrors));
    case "announce":
      return answer(fine, text("{}"), [announcement(request)]);
    case "command":
      return answer(fine, nothing, [
        announcement(request),
        { number: OptionNumber.commandPayload, value: random.bytes(12) },
      ]);
    case "blocks":
      return answer(fine, random.bytes(16), [nextBlock(request)]);
    case "nesting":
      return answer(fine, text("[".repeat(depth)));
    case "hush":
      return answer(0);
    default:
      return answer(fine, text('{"code":200}'));
  }
}

/** The option that announces a command on the topic for raw ones of this device. */
function announcement(request: CoapMessage): CoapOption {
  const path = request.options
    .filter(({ number }) => number === OptionNumber.uriPath)
    .map(({ value }) => Buffer.from(value).toString());
  return {
    number: OptionNumber.commandPath,
    value: text(`/${[...path.slice(0, 4), "thing/model/down_raw"].join("/")}`),
  };
}

/** Block2 of 16 bytes with the number that was asked for, and more to come. */
function nextBlock(request: CoapMessage): CoapOption {
  const asked = request.options.find(({ number }) => number === OptionNumber.block2);
  const block = asked === undefined ? 0 : uintOf(asked.value);
  // At a larger size fewer were taken: the bytes so far decide over the number.
  const number = ((block >>> 4) << (block & 7)) & 0xfffff;
  const value = (number << 4) | 8;
  return {
    number: OptionNumber.block2,
    value: value > 0xffff ? Uint8Array.of(value >> 16, value >> 8, value) : Uint8Array.of(value >> 8, value),
  };
}
