/**
 * Why a datagram is on the air: what its request is for, and whether it was there before. Told from the
 * bytes alone, as a reader of the capture could.
 */
import { hex } from "../../cloud/coap/coap-text";
import { decodeCoap } from "../../cloud/coap/coap-wire";
import { purposeOfPath } from "../../cloud/enos/purpose";
import type { CoapMessage } from "../../cloud/coap/coap-wire";
import type { Purpose } from "../../cloud/enos/purpose";
import type { DatagramReport } from "../../sim/radio/link";

export interface Cause {
  readonly purpose: Purpose;
  /** How often these bytes went the same way before, within the last few dozen. */
  readonly repeated: number;
  /** The other way round: it answers what came. */
  readonly answer: boolean;
  /** It says that a command waits (option 2100), or brings it (option 2102). */
  readonly command: "announced" | "brought" | undefined;
}

const uriPath = 11;
const commandWaits = 2100;
const commandPayload = 2102;
/** Datagrams and requests remembered. */
const remembered = 64;
const utf8 = new TextDecoder();

/** Hears the datagrams of one device in their order. */
export class CauseFinder {
  readonly #sent: Record<"up" | "down", Map<string, number>> = { up: new Map(), down: new Map() };
  readonly #byToken = new Map<string, Purpose>();
  readonly #byId = new Map<string, Purpose>();

  /** The cause of the next datagram; the second copy of one that the network doubled has the first's. */
  of({ bytes, direction, duplicate }: DatagramReport): Cause {
    const repeated = this.#count(direction, bytes, duplicate);
    const message = decodeCoap(bytes);
    if ("malformed" in message) return { purpose: "other", repeated, answer: false, command: undefined };
    const options = new Set(message.options.map((each) => each.number));
    const command = options.has(commandPayload)
      ? "brought"
      : options.has(commandWaits)
        ? "announced"
        : undefined;
    const answer = message.code === 0 ? message.type >= 2 : message.code >= 0x40;
    const other = direction === "up" ? "down" : "up";
    const token = hex(message.token);
    if (answer) {
      const purpose =
        (message.code === 0 ? undefined : this.#byToken.get(`${other} ${token}`)) ??
        this.#byId.get(`${other} ${message.messageId}`) ??
        "other";
      if (message.type < 2) keep(this.#byId, `${direction} ${message.messageId}`, purpose);
      return { purpose, repeated, answer, command };
    }
    const purpose = message.code === 0 ? "ping" : purposeOf(message);
    keep(this.#byToken, `${direction} ${token}`, purpose);
    keep(this.#byId, `${direction} ${message.messageId}`, purpose);
    return { purpose, repeated, answer, command };
  }

  #count(direction: "up" | "down", bytes: Uint8Array, duplicate: boolean): number {
    const seen = this.#sent[direction];
    const key = hex(bytes);
    const before = seen.get(key);
    if (duplicate) return before ?? 0;
    const repeated = before === undefined ? 0 : before + 1;
    seen.delete(key);
    keep(seen, key, repeated);
    return repeated;
  }
}

/** In words, such as `answer to report, sent again (2), announces a command`. */
export function causeText({ purpose, repeated, answer, command }: Cause): string {
  const parts = [answer ? `answer to ${purpose}` : purpose];
  if (repeated > 0) {
    parts.push(answer ? `the kept answer again (${repeated})` : `retransmission ${repeated}`);
  }
  if (command === "announced") parts.push("announces a command");
  if (command === "brought") parts.push("brings a command");
  return parts.join(", ");
}

/** Uri-Path as a text; undefined when there is none. */
export function pathOf(message: CoapMessage): string | undefined {
  const segments = segmentsOf(message);
  return segments.length === 0 ? undefined : `/${segments.join("/")}`;
}

function segmentsOf(message: CoapMessage): string[] {
  return message.options.filter((each) => each.number === uriPath).map((each) => utf8.decode(each.value));
}

/** What a request is about, by its path. */
export function purposeOf(message: CoapMessage): Purpose {
  return purposeOfPath(segmentsOf(message));
}

/** Adds to a map of bounded size; the oldest goes. */
function keep<T>(map: Map<string, T>, key: string, value: T): void {
  map.set(key, value);
  if (map.size > remembered) map.delete(map.keys().next().value!);
}
