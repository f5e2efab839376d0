/**
 * What delivery and commands need of a product that seals its payloads (firmware/seal); a product that does not has none
 * of it, and its payloads are plain.
 */
import type { ContinuityEvent } from "../continuity/continuity-event";
import type { RetainedMemory } from "../continuity/retained-memory";
import type { ByteStore } from "../continuity/two-slot-state";
import type { Credentials } from "../enos/credentials";
import type { Cryptography } from "../enos/sign";
import type { RawAnswer } from "../model/command";
import type { Layout } from "../model/report";
import type { Thing, ThingFault, ThingValues } from "../model/thing";
import type { Message } from "./entry";

/**
 * Why a command is refused without an answer: it is not sealed, it is cut, somebody without the key has made or changed
 * it, or a later one was taken before it.
 */
export type SealRefusal = "plain" | "truncated" | "forged" | "stale";

/** What became of a command's envelope: the command, and when the script sealed it, epoch ms; or why it is none. */
export type Opened = { readonly plain: Uint8Array; readonly time: number } | Exclude<SealRefusal, "stale">;

/** Seals what goes up, and opens what comes down. Nothing of it throws. */
export interface Sealing extends SealedKinds {
  /** An upload is released by an answer that only the script can make, and settled by nothing else. */
  readonly proof: boolean;
  /** Bytes that an envelope has at most beside what is in it. */
  readonly overhead: number;
  /** An envelope of its own for what goes to `up_raw`, however often the same is sent; `plain` may change after it. */
  sealUpload(plain: Uint8Array): Uint8Array;
  /** The same for the answer to a command. It may come between an upload and its answer. */
  sealReply(plain: Uint8Array): Uint8Array;
  /**
   * The script's answer to the upload that was sealed last, or undefined: with `proof`, where only the script can have
   * made it; without, where it begins with an answer of six bytes: a script may prove before its devices ask for it.
   */
  answer(payload: Uint8Array): RawAnswer | undefined;
  /** Opens a command. */
  open(payload: Uint8Array): Opened;
  /**
   * Whether a command that was sealed at this time, epoch ms, is none of before: at or after the last that was taken.
   *
   * @param now epoch ms; undefined while the device does not know the time
   */
  isFresh(time: number, now: number | undefined): boolean;
  /** To be called before a command is executed: none that was sealed earlier is taken from now on, after a loss of power either. */
  take(time: number): void;
}

/** Payloads that only a sealed product's script reads, beside those of a plain one. */
export interface SealedKinds {
  /** Whether messages to this topic, below the device's root, go as bytes inside an envelope. */
  carries(topic: string): boolean;
  /** Such a message, whose parameters can be stated in JSON. */
  encodeMessage(requestId: number, topic: string, params: Message["params"]): Uint8Array;
  /**
   * Writes one reading with its time into `out` and returns its length in bytes, or what stands in the way, as
   * `encodeReport` does; undefined for a time that it cannot state.
   *
   * @param time epoch ms
   */
  encodeTimedReport(
    thing: Thing,
    values: ThingValues,
    requestId: number,
    time: number,
    out: Uint8Array,
    layout: Layout,
  ): number | ThingFault | undefined;
}

/** What sealing needs of the board and of the device. */
export interface SealingSurroundings {
  readonly crypto: Cryptography;
  /** Random number in [0, 1) of 32 random bits. */
  readonly random: () => number;
  /** The text `sealKey` of the board's key-value storage, 64 hex digits; "" where there is none. */
  readonly keyText: string;
  readonly credentials: Pick<Credentials, "productKey" | "deviceKey">;
  readonly retained: RetainedMemory | undefined;
  readonly store: ByteStore | undefined;
  /** Why the board started, as it knows it: "power-on", "deep-sleep" ... */
  readonly startReason: string;
  readonly log: (event: SealingEvent) => void;
}

/** What sealing has to tell. */
export type SealingEvent =
  /** The time of the last command could not be stored or read, said once in a row. */
  | ContinuityEvent
  /** The board of a product that is on its way to sealing has no key: its payloads are plain. */
  | { readonly kind: "seal key missing" };

/** Makes a product's sealing; undefined for a board without a key, of a product that is on its way to it. @throws SettingsError */
export type NewSealing = (surroundings: SealingSurroundings) => Sealing | undefined;
