/**
 * The one record in storage that outlives restarts: its layout, and when it is written.
 *
 * Numbers that count up are kept by reserving some of them: a restart goes on behind the reserve, so
 * storage is written once for many. All of it is one record in two slots (see `TwoSlotState`):
 *
 *      0 boots u32 | 4 next id u32 | 8 next message id u16 | 10 restarts u16 | 12 cause u8 | 13 flags u8
 *     14 escalation, 6 x u16 | 26 round trip: srtt, rttvar, slow u32, doubt u8 | 39 next sequence u32
 *     43 last contact f64 | 51 radio budget spent u32 | 55 token length u8 | 56 token
 */
import { TwoSlotState, crcLength, headLength } from "./two-slot-state";
import { reasonOf } from "../text/reason";
import type { RtoState } from "../coap/rto";
import type { Edition } from "../enos/authentication";
import type { ContinuityEvent } from "./continuity-event";
import type { ByteStore } from "./two-slot-state";

/** Why the firmware restarted the board. */
const restartCauses = Object.freeze([
  "none",
  /** Exceptions that escaped, one after the other. */
  "fault",
  /** No exchange of a whole day had an answer, in spite of the modem's resets. */
  "no-contact",
  /** An exchange, or the modem's driver, waited without a deadline. */
  "hung",
  /** The application asked for it. */
  "application",
  /** A command of the cloud's. */
  "command",
  /** A safe start has had its day. */
  "safe-start-over",
  /** Settings that were changed from afar take effect. */
  "settings",
  /** Another firmware is to start: a new one, or the one before. */
  "update",
] as const);
export type RestartCause = (typeof restartCauses)[number];

/** A session as it outlives a restart. */
export interface StoredSession {
  readonly edition: Edition;
  /** Empty in the editions without a token. */
  readonly token: Uint8Array;
  /** The number that the next signed message may bear. */
  readonly sequence: number;
  /** Epoch ms of the last contact, or of one before; 0 when the device had no clock then. */
  readonly lastContact: number;
}

/** State of other rooms, read whenever the record is saved. */
export interface LiveState {
  readonly endpoint: { readonly rtoState: RtoState | undefined };
  readonly link: {
    /** Up to six numbers, 0 to 65535; none when left out. */
    readonly escalation?: readonly number[];
  };
}

/** Version of the layout above: another one is not read. */
const form = 1;
const tokenAt = 56;
const longestToken = 128;
const escalationLength = 6;
/** What a snapshot has behind the state, bytes: three limits, the mark of the boot, whether storage is older. */
const trailerLength = 15;
const idReserve = 64;
const sequenceReserve = 32;
const flag = Object.freeze({ session: 1, token: 2, rto: 4, format: 8 });

/**
 * What the device remembers over a restart and over deep sleep: the session with the cloud, ids and
 * numbers that must not be used twice, what was learnt about the network, why it was restarted.
 *
 * Without storage, or with one that fails, the device works all the same and says so once.
 */
export class PersistentState {
  readonly #slots: TwoSlotState | undefined;
  readonly #log: (event: ContinuityEvent) => void;
  readonly #random: () => number;
  #working: boolean;
  /** Storage has an older state than RAM. */
  #unsaved = false;
  /** This start goes on from the state before deep sleep. */
  readonly continued: boolean = false;
  #idLimit: number;
  #nextId: number;
  #messageIdLimit = 0;
  #sequenceLimit = 0;
  #session: StoredSession | undefined;
  #restarts = 0;
  #cause: RestartCause = "none";
  #escalation: readonly number[] = [];
  #live: LiveState | undefined;
  #boots = 0;
  #budgetSpent = 0;
  #statesFormat = false;
  /** Tells this boot from the others in the journal: its number, or any where numbers are not kept. */
  readonly bootMark: number;
  /** Where message ids start in this boot. */
  readonly firstMessageId: number;
  /** What had been learnt about round trips before this boot. */
  readonly rto: RtoState | undefined;

  /**
   * @param store undefined when the board has none
   * @param random number in [0, 1), for the very first ids
   * @param retained what `snapshot` gave before deep sleep. It goes on from there: that is no boot of its
   *   own, and storage is not written
   */
  constructor(
    store: ByteStore | undefined,
    random: () => number,
    log: (event: ContinuityEvent) => void,
    retained?: Uint8Array,
  ) {
    this.#log = log;
    this.#random = random;
    this.#slots = store === undefined ? undefined : new TwoSlotState(store, form);
    this.#working = store !== undefined;
    this.#nextId = Math.floor(random() * 0x1_0000_0000);
    let firstMessageId = Math.floor(random() * 0x1_0000);
    // A wake needs nothing of storage: it is looked at when it is written to.
    if (retained !== undefined && isSnapshot(retained)) {
      this.continued = true;
      const end = retained.length - trailerLength;
      const view = new DataView(retained.buffer, retained.byteOffset, retained.byteLength);
      this.rto = this.read(retained.subarray(0, end), view);
      this.firstMessageId = view.getUint16(8, true);
      this.#idLimit = view.getUint32(end, true);
      this.#messageIdLimit = view.getUint16(end + 4, true);
      this.#sequenceLimit = view.getUint32(end + 6, true);
      this.bootMark = view.getUint32(end + 10, true);
      this.#unsaved = retained[end + 14] !== 0;
      return;
    }
    let state: Uint8Array | undefined;
    // A store that cannot be read now may be readable at the next start, so it is not overwritten.
    if (!this.attempt((slots) => (state = slots.load()))) this.#working = false;
    if (state !== undefined && state.length >= tokenAt) {
      const view = new DataView(state.buffer, state.byteOffset, state.byteLength);
      firstMessageId = view.getUint16(8, true);
      this.rto = this.read(state, view);
    }
    this.#boots = (this.#boots + 1) >>> 0;
    // The slot that is damaged may be the newer one, and what it had reserved is in use.
    if (this.#slots?.damaged === true) this.#nextId = (this.#nextId + idReserve) >>> 0;
    this.firstMessageId = firstMessageId;
    this.#idLimit = this.#nextId;
    this.#messageIdLimit = firstMessageId;
    this.reserve();
    const numbered = this.#working && !this.#unsaved;
    this.bootMark = numbered ? this.#boots : Math.floor(random() * 0x1_0000);
  }

  /** Number of this boot, from 1. */
  get boots(): number {
    return this.#boots;
  }

  /** How often the firmware has restarted the board, and why it did last, if nobody has heard of it yet. */
  get restart(): { readonly cause: RestartCause; readonly count: number } {
    return { cause: this.#cause, count: this.#restarts };
  }

  /** How far the modem's resets had gone before this boot. */
  get escalation(): readonly number[] {
    return this.#escalation;
  }

  /** The session before this boot; its sequence is one that was never used. */
  get session(): StoredSession | undefined {
    return this.#session;
  }

  /** Seconds for which the radio was on in vain in the last day of the boot before. */
  get budget(): { readonly spent: number } {
    return { spent: this.#budgetSpent };
  }

  /** From now on the state of these is saved too. */
  follow(live: LiveState): void {
    this.#live = live;
  }

  /** An id that no entry of this device has had, nor will have. */
  takeId(): number {
    const id = this.#nextId;
    this.#nextId = (id + 1) >>> 0;
    if (this.#nextId === this.#idLimit || this.#unsaved) this.reserve();
    return id;
  }

  /** The id that `takeId` gives next. */
  peekId(): number {
    return this.#nextId;
  }

  /** Call before a message is sent: the id that comes next is reserved when this returns. */
  coverMessageId(next: number): void {
    const left = (this.#messageIdLimit - next) & 0xffff;
    if (left > 0 && left <= idReserve && !this.#unsaved) return;
    if (left === 0 || left > idReserve) this.#messageIdLimit = (next + idReserve) & 0xffff;
    this.save();
  }

  /** Call before a message is signed with this number. */
  coverSequence(sequence: number): void {
    if (this.#session === undefined) return;
    if (sequence < this.#sequenceLimit && !this.#unsaved) return;
    if (sequence >= this.#sequenceLimit) this.#sequenceLimit = sequence + sequenceReserve;
    this.save();
  }

  /** A session was opened, or had contact again; undefined: it is over. */
  keepSession(session: StoredSession | undefined): void {
    this.#session = session !== undefined && session.token.length <= longestToken ? session : undefined;
    this.#sequenceLimit = session === undefined ? 0 : session.sequence + sequenceReserve;
    this.save();
  }

  /** As `keepSession`, without writing to storage: the session is in the next `snapshot`. */
  holdSession(session: StoredSession | undefined): void {
    this.#session = session !== undefined && session.token.length <= longestToken ? session : undefined;
  }

  /** The board is about to be restarted. */
  noteRestart(cause: RestartCause): void {
    this.#cause = cause;
    this.#restarts = Math.min(this.#restarts + 1, 0xffff);
    this.save();
  }

  /** The application was told of the restart, so the next start does not tell it again. */
  restartTold(): void {
    this.#cause = "none";
    this.save();
  }

  /** Whether the server has refused bytes whose Content-Format it was not told. */
  get statesFormat(): boolean {
    return this.#statesFormat;
  }

  /** It has, and took them with it. */
  keepStatesFormat(): void {
    if (this.#statesFormat) return;
    this.#statesFormat = true;
    this.save();
  }

  /** @param spent seconds */
  keepBudget(spent: number): void {
    this.#budgetSpent = spent;
    this.save();
  }

  /** The whole state for memory that outlives deep sleep. Numbers go on from it without a gap. */
  snapshot(nextMessageId: number): Uint8Array {
    const bytes = this.state(this.#nextId, nextMessageId, this.#session?.sequence ?? 0, 0, trailerLength);
    const view = new DataView(bytes.buffer, bytes.length - trailerLength);
    view.setUint32(0, this.#idLimit, true);
    view.setUint16(4, this.#messageIdLimit, true);
    view.setUint32(6, this.#sequenceLimit, true);
    view.setUint32(10, this.bootMark, true);
    // Storage that could not be read was not written either: the first boot that can write does so.
    const behind = this.#unsaved || (this.#slots !== undefined && !this.#working);
    view.setUint8(14, behind ? 1 : 0);
    return bytes;
  }

  /** Writes all of it. */
  save(): void {
    const slot = this.state(this.#idLimit, this.#messageIdLimit, this.#sequenceLimit, headLength, crcLength);
    this.#unsaved = !this.attempt((slots) => slots.saveSlot(slot));
  }

  /** The whole state, with so many bytes of room in front of it and behind it. */
  private state(id: number, messageId: number, sequence: number, before: number, behind: number): Uint8Array {
    const session = this.#session;
    const tokenLength = session === undefined ? 0 : session.token.length;
    const bytes = new Uint8Array(before + tokenAt + tokenLength + behind);
    const view = new DataView(bytes.buffer, before);
    let flags = this.#statesFormat ? flag.format : 0;
    view.setUint32(0, this.#boots, true);
    view.setUint32(4, id, true);
    view.setUint16(8, messageId, true);
    view.setUint16(10, this.#restarts, true);
    view.setUint8(12, restartCauses.indexOf(this.#cause));
    if (this.#live !== undefined) this.#escalation = this.#live.link.escalation ?? [];
    for (let i = 0; i < escalationLength; i++) view.setUint16(14 + 2 * i, this.#escalation[i] ?? 0, true);
    const rto = this.#live === undefined ? this.rto : this.#live.endpoint.rtoState;
    if (rto !== undefined) {
      view.setUint32(26, rto.srtt, true);
      view.setUint32(30, rto.rttvar, true);
      view.setUint32(34, rto.slowRto, true);
      view.setUint8(38, rto.doubt);
      flags |= flag.rto;
    }
    if (session !== undefined) {
      flags |= flag.session | (session.edition === "token" ? flag.token : 0);
      view.setUint32(39, sequence, true);
      view.setFloat64(43, session.lastContact, true);
      bytes.set(session.token, before + tokenAt);
    }
    view.setUint8(13, flags);
    view.setUint32(51, this.#budgetSpent, true);
    view.setUint8(55, tokenLength);
    return bytes;
  }

  /**
   * Reserves the next ids in storage. Where it does not keep that, the next boot would give them once more, and
   * the cloud would take one of two readings for the other: those of this boot then come from anywhere.
   */
  private reserve(): void {
    const kept = this.#idLimit;
    this.#idLimit = (this.#nextId + idReserve) >>> 0;
    this.save();
    if (!this.#unsaved) return;
    this.#idLimit = kept;
    if (this.#nextId !== kept) return;
    this.#nextId = Math.floor(this.#random() * 0x1_0000_0000);
    this.#idLimit = (this.#nextId + 1) >>> 0;
  }

  /** Takes over a stored state, and returns what it says about round trips. */
  private read(state: Uint8Array, view: DataView): RtoState | undefined {
    this.#boots = view.getUint32(0, true);
    this.#nextId = view.getUint32(4, true);
    this.#restarts = view.getUint16(10, true);
    this.#cause = restartCauses[state[12]] ?? "none";
    const escalation: number[] = [];
    for (let i = 0; i < escalationLength; i++) escalation.push(view.getUint16(14 + 2 * i, true));
    this.#escalation = escalation;
    this.#budgetSpent = view.getUint32(51, true);
    const flags = state[13];
    this.#statesFormat = (flags & flag.format) !== 0;
    if ((flags & flag.session) !== 0) {
      this.#sequenceLimit = view.getUint32(39, true);
      this.#session = {
        edition: (flags & flag.token) !== 0 ? "token" : "tokenless",
        token: state.slice(tokenAt, tokenAt + state[55]),
        sequence: this.#sequenceLimit,
        lastContact: view.getFloat64(43, true),
      };
      // This boot uses the numbers behind the reserve, so the reserve is moved behind them.
      this.#sequenceLimit += sequenceReserve;
    }
    if ((flags & flag.rto) === 0) return undefined;
    const doubt = state[38] > 2 ? 2 : (state[38] as 0 | 1 | 2);
    return {
      srtt: view.getUint32(26, true),
      rttvar: view.getUint32(30, true),
      slowRto: view.getUint32(34, true),
      doubt,
    };
  }

  /** Runs `work`; false when it failed, which the log tells once until it works again. */
  private attempt(work: (slots: TwoSlotState) => void): boolean {
    if (this.#slots === undefined || !this.#working) return true;
    try {
      work(this.#slots);
      return true;
    } catch (error) {
      const reason = reasonOf(error);
      if (!this.#unsaved) this.#log({ kind: "memory failed", reason });
      return false;
    }
  }
}

function isSnapshot(bytes: Uint8Array): boolean {
  const least = tokenAt + trailerLength;
  return bytes.length >= least && bytes[55] <= longestToken && bytes.length === least + bytes[55];
}
