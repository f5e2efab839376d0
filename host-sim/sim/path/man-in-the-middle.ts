/**
 * Somebody in the middle of the way between network and cloud: all that passes goes through his hands. He keeps reports and
 * commands that he has seen, and plays one trick at a time (tricks.ts).
 *
 *     device == cell, NAT == ManInTheMiddle == server
 */
import { Code } from "../../cloud/coap/codes";
import { OptionNumber } from "../../cloud/coap/options";
import { WireTap } from "./wire-tap";
import type { Interposed } from "../radio/hostile-path";
import type { Endpoint } from "../radio/nat";
import type { TappedAnswer, TappedRequest } from "./wire-tap";

/** Topics of what is in bytes, below a device's own path. */
export const rawUp = "thing/model/up_raw";
export const rawDown = "thing/model/down_raw";

/** A payload that has passed. */
export interface Recorded {
  readonly deviceKey: string;
  readonly payload: Uint8Array;
}

/** What he does to what passes, for as long as he plays it. */
export interface Trick {
  /** How often he has tried. */
  readonly tried: number;
  /** What goes on in the place of a request's datagram: the same, another, or none. */
  request(request: TappedRequest, datagram: Uint8Array): Uint8Array | undefined;
  /** What goes on in the place of an answer's. */
  answer(answer: TappedAnswer, datagram: Uint8Array): Uint8Array | undefined;
  /** Nothing else passes either: acknowledgements, and what he cannot read. */
  readonly blocks?: true;
}

/** Most payloads that he keeps of each kind. */
const most = 1_000;

/** He who reads, keeps and changes what passes. */
export class ManInTheMiddle implements Interposed {
  readonly #tap = new WireTap();
  /** Reports and commands in bytes that have passed, in their order; a copy that was sent again is not kept. */
  readonly reports: Recorded[] = [];
  readonly commands: Recorded[] = [];
  /** The trick that he plays now. */
  trick: Trick | undefined;

  up(datagram: Uint8Array, peer: Endpoint): Uint8Array | undefined {
    const request = this.#tap.request(datagram, peer);
    if (request === undefined) return this.trick?.blocks === true ? undefined : datagram;
    const { topic, deviceKey, message } = request;
    if (topic === rawUp) keep(this.reports, deviceKey, message.payload);
    return this.trick === undefined ? datagram : this.trick.request(request, datagram);
  }

  down(datagram: Uint8Array, peer: Endpoint): Uint8Array | undefined {
    const answer = this.#tap.answer(datagram, peer);
    if (answer === undefined) return this.trick?.blocks === true ? undefined : datagram;
    const { to, message } = answer;
    // Fetched, or brought along by an answer to something else.
    if (to.topic === rawDown && to.message.code === Code.get) {
      keep(this.commands, to.deviceKey, message.payload);
    }
    const brought = message.options.find(({ number }) => number === OptionNumber.commandPayload);
    if (brought !== undefined) keep(this.commands, to.deviceKey, brought.value);
    return this.trick === undefined ? datagram : this.trick.answer(answer, datagram);
  }
}

function keep(list: Recorded[], deviceKey: string, payload: Uint8Array): void {
  if (payload.length === 0) return;
  const bytes = Buffer.from(payload);
  if (list.some((each) => each.deviceKey === deviceKey && bytes.equals(each.payload))) return;
  list.push({ deviceKey, payload: payload.slice() });
  if (list.length > most) list.shift();
}
