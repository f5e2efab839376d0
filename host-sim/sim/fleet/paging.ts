/**
 * How the network calls a device that is in reach and has no connection: a datagram has come for it.
 *
 *     datagram -> the device's paging occasion (DRX, or its eDRX window) -> heard -> random access -> connected
 *                  | the message is full, or the one before is on the air still: its next occasion
 *                  ^--- not answered within T3413: again, and after a few tries the datagram is given up
 *
 * One paging message goes out at an occasion, for at most 16 devices (TS 36.331, maxPageRec), and is repeated for the one
 * of them that hears worst. A device that answers wants a connection like any other (random-access.ts).
 *
 * Figures: cycle and occasions of a cell in service, and its repetitions of NPDCCH by level (its SIB2-NB, published in
 * January 2019 as "A Glimpse of the SIB2": rf256, one8thT, and 8, 16 and 128 for answers to random access); assumed are
 * the repetitions of NPDSCH, which are those of its preambles (2, 8, 32), and T3413 with the tries, of which TS 24.301
 * says that they are the network's own. That some subframes carry synchronisation and system information is left out.
 */
import { nextPagingOccasion, usualPagingFrames } from "../radio/paging-occasions";
import type { Coverage } from "../radio/link";
import type { PagingFrames, PagingIdentity } from "../radio/paging-occasions";
import type { Scheduler } from "../time/clock";

/** How a cell and its network page. */
export interface PagingConfiguration {
  readonly frames: PagingFrames;
  /** Devices in one message (PagingRecordList-NB). */
  readonly records: number;
  /** Repetitions of control and of data, by coverage level. */
  readonly control: readonly [number, number, number];
  readonly data: readonly [number, number, number];
  /** ms from a page on the air until it counts as not answered, and pages before the network gives up. */
  readonly t3413: number;
  readonly tries: number;
}

/** See above. */
export const usualPaging: PagingConfiguration = Object.freeze<PagingConfiguration>({
  frames: usualPagingFrames,
  records: 16,
  control: [8, 16, 128],
  data: [2, 8, 32],
  t3413: 10_000,
  tries: 3,
});

/** What a cell's paging has done so far. */
export interface PagingLoad {
  /** Devices called, each time anew; such that had to wait for another occasion; and those given up. */
  pages: number;
  blocked: number;
  unanswered: number;
  /** ms of the downlink that messages took. */
  airtime: number;
}

/** A device as the network knows it. */
export interface PagedDevice {
  readonly identity: PagingIdentity;
  readonly coverage: Coverage;
  /** ms of its eDRX cycle; undefined without. */
  readonly edrx: number | undefined;
  /** The network takes it to be in reach: not in PSM, not gone. */
  readonly reachable: boolean;
  /** Its page is on the air, and it listens. */
  paged(): void;
  /** The network gives up. */
  unanswered(): void;
}

/** A device that is called. */
export interface Call {
  readonly device: PagedDevice;
  /** Pages that were not answered. */
  tries: number;
  /** It has a connection, or has left; or the network has given up. */
  ended: boolean;
}

/** Bits of a message around its records, and of a record: an S-TMSI of 40 bits, its choice and an option. */
const messageBits = 8;
const recordBits = 42;
/** Bits that 1, 2, 3 … subframes of NPDSCH carry (TS 36.213 table 16.4.1.5.1-1, I_TBS 4). */
const blocks = [
  [1, 56],
  [2, 120],
  [3, 208],
  [4, 256],
  [5, 328],
  [6, 408],
  [8, 552],
  [10, 680],
] as const;
/** Subframes between the end of control and the beginning of data (TS 36.213 section 16.4.1). */
const gap = 4;

/** ms that a message for so many devices takes of the downlink. */
export function messageTime(records: number, control: number, data: number): number {
  const bits = messageBits + recordBits * records;
  const [subframes] = blocks.find(([, carried]) => carried >= bits) ?? blocks[blocks.length - 1];
  return control + gap + data * subframes;
}

/** The paging of one cell, and of the network behind it. */
export class Paging {
  readonly load: PagingLoad = { pages: 0, blocked: 0, unanswered: 0, airtime: 0 };
  readonly #scheduler: Scheduler;
  readonly #configuration: PagingConfiguration;
  /** Who is to be in the message of each occasion that comes, by its time. */
  readonly #messages = new Map<number, Call[]>();
  /** Until then the downlink carries a message, ms. */
  #busy = 0;

  constructor(scheduler: Scheduler, configuration: PagingConfiguration = usualPaging) {
    this.#scheduler = scheduler;
    this.#configuration = configuration;
  }

  /** Calls a device until its call is ended by whom it reaches, or the network gives up. */
  page(device: PagedDevice): Call {
    const call: Call = { device, tries: 0, ended: false };
    this.#enter(call, this.#scheduler.now);
    return call;
  }

  /** Into the first message that has room, at `after` or behind it. */
  #enter(call: Call, after: number): void {
    const { frames, records } = this.#configuration;
    const { identity, edrx } = call.device;
    let occasion = nextPagingOccasion(identity, after, edrx, frames);
    let message = this.#messages.get(occasion);
    while (message !== undefined && message.length >= records) {
      this.load.blocked += 1;
      occasion = nextPagingOccasion(identity, occasion + 1, edrx, frames);
      message = this.#messages.get(occasion);
    }
    if (message !== undefined) return void message.push(call);
    this.#messages.set(occasion, [call]);
    this.#scheduler.at(occasion, () => this.#send(occasion));
  }

  #send(occasion: number): void {
    const calls = this.#messages.get(occasion)!;
    this.#messages.delete(occasion);
    const wanted = calls.filter((call) => !call.ended && this.#inReach(call));
    if (wanted.length === 0) return;
    if (this.#busy > occasion) {
      this.load.blocked += wanted.length;
      for (const call of wanted) this.#enter(call, occasion + 1);
      return;
    }
    const { control, data, t3413, tries } = this.#configuration;
    const worst = Math.max(...wanted.map(({ device }) => device.coverage));
    const time = messageTime(wanted.length, control[worst], data[worst]);
    this.load.pages += wanted.length;
    this.load.airtime += time;
    this.#busy = occasion + time;
    this.#scheduler.at(this.#busy, () => {
      for (const call of wanted) if (!call.ended) call.device.paged();
    });
    this.#scheduler.at(this.#busy + t3413, () => {
      for (const call of wanted) {
        if (call.ended) continue;
        call.tries += 1;
        if (call.tries >= tries) this.#giveUp(call);
        else if (this.#inReach(call)) this.#enter(call, this.#scheduler.now);
      }
    });
  }

  /** Whether to call it still; one that has left meanwhile, or sleeps, is given up. */
  #inReach(call: Call): boolean {
    if (call.device.reachable) return true;
    this.#giveUp(call);
    return false;
  }

  #giveUp(call: Call): void {
    call.ended = true;
    this.load.unanswered += 1;
    call.device.unanswered();
  }
}
