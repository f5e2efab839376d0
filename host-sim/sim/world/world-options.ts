/**
 * The settings of a world, beside those of its device and of what surrounds it, and who hears of what happens.
 */
import type { TurnTime } from "../board/board";
import type { DeviceOptions, Variant } from "./device-options";
import type { WorldEvent } from "./world-event";

/** A world's settings beside those of the device and its surroundings, and who hears of its events. */
export interface WorldOptions extends DeviceOptions, Pick<Variant, "mark"> {
  /** Readings that the device takes, 0 for no end (default 0). */
  readonly reports?: number;
  /** ms after which the operator's NAT forgets an unused mapping; never when left out. */
  readonly natIdle?: number;
  /** ms that a command waits for the device (default an hour). */
  readonly pendingTtl?: number;
  /** What the cloud takes for the largest datagram of the device, bytes; its own default when left out. */
  readonly largestDatagram?: number;
  /** Readings that the cloud keeps of the device; its own limit when left out. */
  readonly readingsKept?: number;
  /** The script that the board runs, made by `bundleFirmware`; the board's own firmware when left out. */
  readonly firmware?: string;
  /** With `update`: the image that the board left the house with; made of its firmware when left out. */
  readonly image?: Uint8Array;
  /** The board has no device key, and takes the modem's IMEI. */
  readonly keyFromModem?: boolean;
  /** Hears what an application that was made for a test tells or asks, and answers (sim/board/guest/ask.ts). */
  readonly onAsk?: (text: string) => string;
  /** Hears of each turn of the board's processor, with what happened in it. */
  readonly onProcessorTurn?: (turn: TurnTime) => void;
  readonly onEvent: (event: WorldEvent) => void;
}
