/**
 * What a man in the middle does to what passes. None of it takes a key: the signature of EnOS's protocol covers neither
 * path nor payload, and nothing that comes down is signed.
 */
import { ack, con, encodeCoap, non } from "../../cloud/coap/coap-wire";
import { Code } from "../../cloud/coap/codes";
import { OptionNumber } from "../../cloud/coap/options";
import { rawUp } from "./man-in-the-middle";
import type { CoapMessage, CoapOption } from "../../cloud/coap/coap-wire";
import type { HostileEvent, HostilePath } from "../radio/hostile-path";
import type { Trick } from "./man-in-the-middle";
import type { TappedAnswer, TappedRequest } from "./wire-tap";

/** What the tricks have in common. */
interface TrickOptions {
  readonly path: Pick<HostilePath, "answerFor" | "told">;
  readonly act: HostileEvent["act"];
  /** Whose reports, or commands, he is after. */
  readonly deviceKey: string;
  /** How often he tries; what passes after that is left alone. */
  readonly most: number;
}

const nothing: Uint8Array = new Uint8Array(0);

/** A report that passes, in bytes, whole, of the device that he is after. */
function isReport({ topic, message, deviceKey }: TappedRequest, wanted: string): boolean {
  if (topic !== rawUp || deviceKey !== wanted || message.payload.length === 0) return false;
  return !message.options.some(({ number }) => number === OptionNumber.block1);
}

/** Whether two datagrams of the same side are one message, sent again. */
const nameOf = ({ message, peer }: TappedRequest): string =>
  `${peer.address}:${peer.port} ${message.messageId}`;

/** Puts another message into the place of a report: its head, and so its signature, stay. */
export class Replacing implements Trick {
  tried = 0;
  readonly #options: TrickOptions;
  readonly #other: (request: TappedRequest, turn: number) => Partial<CoapMessage> | undefined;
  /** What he has made of a message, for its copies. */
  readonly #made = new Map<string, Uint8Array>();

  /** @param other what is different in the message that goes on; undefined lets it pass. `turn` counts from 0 */
  constructor(
    options: TrickOptions,
    other: (request: TappedRequest, turn: number) => Partial<CoapMessage> | undefined,
  ) {
    this.#options = options;
    this.#other = other;
  }

  request(request: TappedRequest, datagram: Uint8Array): Uint8Array {
    const { path, act, deviceKey, most } = this.#options;
    if (!isReport(request, deviceKey)) return datagram;
    const before = this.#made.get(nameOf(request));
    if (before !== undefined) return before;
    const other = this.tried < most ? this.#other(request, this.tried) : undefined;
    if (other === undefined) return datagram;
    this.tried += 1;
    const bytes = encodeCoap({ ...request.message, ...other });
    this.#made.set(nameOf(request), bytes);
    path.told(act, "server", bytes);
    return bytes;
  }

  answer(_answer: TappedAnswer, datagram: Uint8Array): Uint8Array {
    return datagram;
  }
}

/** A command that he has, and the topic on which it comes, below the device's path. */
export interface HostileCommand {
  readonly topic: string;
  readonly payload: Uint8Array;
}

/**
 * Gives the device a command with the answer to its report: announced, and then fetched from him, where requests are
 * signed; else brought along at once. The device's reply ends with him, so that the cloud does not wonder.
 */
export class Commanding implements Trick {
  tried = 0;
  readonly #options: TrickOptions;
  readonly #next: (turn: number) => HostileCommand | undefined;
  #announced: HostileCommand | undefined;

  /** @param next what he gives at this turn, from 0; undefined for nothing */
  constructor(options: TrickOptions, next: (turn: number) => HostileCommand | undefined) {
    this.#options = options;
    this.#next = next;
  }

  request(request: TappedRequest, datagram: Uint8Array): Uint8Array | undefined {
    const { path, act, deviceKey } = this.#options;
    if (request.deviceKey !== deviceKey) return datagram;
    if (this.tried > 0 && request.topic.endsWith("_reply")) {
      path.answerFor(act, answerTo(request, Code.changed), request.peer);
      return undefined;
    }
    const announced = this.#announced;
    if (announced === undefined || request.message.code !== Code.get || request.topic !== announced.topic) {
      return datagram;
    }
    path.answerFor(act, answerTo(request, Code.content, announced.payload), request.peer);
    return undefined;
  }

  answer({ to, message }: TappedAnswer, datagram: Uint8Array): Uint8Array {
    const { path, act, deviceKey, most } = this.#options;
    if (!isReport(to, deviceKey) || this.tried >= most) return datagram;
    const command = this.#next(this.tried);
    if (command === undefined) return datagram;
    this.tried += 1;
    const where = `/topic/sys/${to.productKey}/${to.deviceKey}/${command.topic}`;
    const options: CoapOption[] = [{ number: OptionNumber.commandPath, value: Buffer.from(where) }];
    const isSigned = to.message.options.some(({ number }) => number === OptionNumber.sign);
    if (isSigned) this.#announced = command;
    else options.push({ number: OptionNumber.commandPayload, value: command.payload });
    const own = message.options.filter(
      ({ number }) => number !== OptionNumber.commandPath && number !== OptionNumber.commandPayload,
    );
    const bytes = encodeCoap({ ...message, options: [...own, ...options] });
    path.told(act, "device", bytes);
    return bytes;
  }
}

/** Keeps a report to himself, and answers as the cloud does that has stored it. */
export class Acknowledging implements Trick {
  tried = 0;
  readonly #options: TrickOptions;
  readonly #kept = new Set<string>();

  constructor(options: TrickOptions) {
    this.#options = options;
  }

  request(request: TappedRequest, datagram: Uint8Array): Uint8Array | undefined {
    const { path, act, deviceKey, most } = this.#options;
    if (!isReport(request, deviceKey)) return datagram;
    const name = nameOf(request);
    if (!this.#kept.has(name)) {
      if (this.tried >= most) return datagram;
      this.tried += 1;
      this.#kept.add(name);
    }
    path.answerFor(act, answerTo(request, Code.changed), request.peer);
    return undefined;
  }

  answer(_answer: TappedAnswer, datagram: Uint8Array): Uint8Array {
    return datagram;
  }
}

/** Lets nothing pass, either way. */
export class Dropping implements Trick {
  tried = 0;
  readonly blocks = true;
  readonly #options: Pick<TrickOptions, "path">;

  constructor(options: Pick<TrickOptions, "path">) {
    this.#options = options;
  }

  request(_request: TappedRequest, datagram: Uint8Array): undefined {
    this.tried += 1;
    this.#options.path.told("drop", "server", datagram);
  }

  answer(_answer: TappedAnswer, datagram: Uint8Array): undefined {
    this.tried += 1;
    this.#options.path.told("drop", "device", datagram);
  }
}

/** The answer to a request, which the device takes for the server's: it has message id and token. */
function answerTo({ message }: TappedRequest, code: number, payload = nothing): Uint8Array {
  const { type, messageId, token } = message;
  return encodeCoap({ type: type === con ? ack : non, code, messageId, token, options: [], payload });
}
