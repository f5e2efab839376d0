/**
 * Messages that came as one datagram from a modem that may join what waits in it. CoAP states no length, so that the
 * second would be payload of the first, or options where the first has no payload: a command that ends in what is none
 * of its bytes, an answer that says what nobody has said.
 *
 *     first message | second message | ...        each begins as an answer to this endpoint does:
 *
 *     CON, NON, ACK, TKL | code of a response | message id | token of one of the last requests
 *     ACK, RST, 0        | 0.00               | message id of one of the last requests, and then the end or another message
 *
 * Bytes of a payload are the former by chance once in 2^36 places, with tokens of four bytes (RFC 7252 section 5.3.1),
 * and the latter once in 2^28 messages. What begins otherwise stays where it is, for nothing shows that it is a message.
 */
import { Code, isRequest, isResponse } from "./code";
import type { Joined } from "./endpoint-options";

/** Requests whose answers are recognised: as many as an endpoint has under way, and those before them. */
const places = 8;
/** What is kept of each: the header, and a token of up to 8 bytes. */
const placeLength = 12;

/** What the last requests began with, by which their answers are found in what came as one. */
export class JoinedMessages implements Joined {
  readonly #requests = new Uint8Array(places * placeLength);
  #next = 0;

  /** Takes note of a datagram that leaves. */
  sent(datagram: Uint8Array): void {
    if (!isRequest(datagram[1] ?? 0)) return;
    const head = datagram.subarray(0, 4 + tokenLengthAt(datagram, 0));
    // A retransmission takes no place of its own.
    for (let i = 0; i < places; i++)
      if (matches(this.#requests, i * placeLength, head, 0, head.length)) return;
    this.#requests.set(head, this.#next * placeLength);
    this.#next = (this.#next + 1) % places;
  }

  /** Where the second message begins; the datagram's length when there is none. */
  firstEnd(datagram: Uint8Array): number {
    const { length } = datagram;
    for (let at = 4 + tokenLengthAt(datagram, 0); at + 4 <= length; at++) {
      if (this.isAnswer(datagram, at) || this.areEmpty(datagram, at)) return at;
    }
    return length;
  }

  /** Whether a response to one of the last requests begins here. */
  private isAnswer(datagram: Uint8Array, at: number): boolean {
    const first = datagram[at] ?? 0;
    // Of version 1, and no RST.
    if (first < 0x40 || first >= 0x70 || !isResponse(datagram[at + 1] ?? 0)) return false;
    const length = tokenLengthAt(datagram, at);
    if (length === 0 || at + 4 + length > datagram.length) return false;
    for (let place = 0; place < this.#requests.length; place += placeLength) {
      const same = tokenLengthAt(this.#requests, place) === length;
      if (same && matches(this.#requests, place + 4, datagram, at + 4, length)) return true;
    }
    return false;
  }

  /** Whether empty messages that are about one of the last requests stand here, and nothing else up to the next answer. */
  private areEmpty(datagram: Uint8Array, start: number): boolean {
    let at = start;
    while (this.isAbout(datagram, at)) at += 4;
    return at > start && (at === datagram.length || this.isAnswer(datagram, at));
  }

  /** Whether an empty ACK or RST to one of the last requests stands here. */
  private isAbout(datagram: Uint8Array, at: number): boolean {
    if ((datagram[at] !== 0x60 && datagram[at] !== 0x70) || datagram[at + 1] !== Code.empty) return false;
    for (let place = 0; place < this.#requests.length; place += placeLength) {
      if (this.#requests[place] !== 0 && matches(this.#requests, place + 2, datagram, at + 2, 2)) return true;
    }
    return false;
  }
}

/** TKL of the message that begins there. */
function tokenLengthAt(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) & 0x0f;
}

/** Whether both have the same bytes there. */
function matches(a: Uint8Array, aStart: number, b: Uint8Array, bStart: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (a[aStart + i] !== b[bStart + i]) return false;
  return true;
}

/** Of a board whose modem may join datagrams; see apart-messages.ts for any other. */
export const newJoinedMessages: (() => Joined) | undefined = () => new JoinedMessages();
