/** How a device fares with sealed payloads, as people see it: types that the console's page shares. device-seal.ts keeps it. */

/**
 * What is wrong with a message of a device of a sealed product: the script refused it; it came before; it is of an earlier
 * start of the device than the last; another device sealed it; it is plain, and the device has sealed before.
 */
export const doubtKinds = ["refused", "replayed", "cloned", "swapped", "plain"] as const;
export type DoubtKind = (typeof doubtKinds)[number];

/**
 * How devices stand with sealed payloads: an envelope of theirs was opened, or none yet; a message of theirs is in doubt;
 * their last envelope was sealed under the older of the script's two keys.
 */
export const sealStates = ["sealed", "unsealed", "doubted", "older-key"] as const;
export type SealState = (typeof sealStates)[number];

/** One kind of doubt about a device's messages, by the last that raised it. */
export interface SealDoubt {
  readonly what: DoubtKind;
  /** How often by now. */
  readonly times: number;
  /** The last time, epoch ms. */
  readonly at: number;
  /** Why the script refused it. */
  readonly reason?: string;
  /** Of the envelope, where it was opened. */
  readonly salt?: string;
  readonly counter?: number;
  /** Key of the device whose envelope it is. */
  readonly sealedBy?: string;
}

/** How a device fares with sealed payloads. Counts are of messages since the cloud knows it. */
export interface SealView {
  /** Its own envelopes that the script opened. */
  readonly opened: number;
  /** Since when it seals, epoch ms. */
  readonly since?: number;
  /** The last one that was opened; `root`: by which of the script's keys. */
  readonly last?: {
    readonly at: number;
    readonly salt: string;
    readonly counter: number;
    readonly root: 0 | 1;
  };
  /** By reason. */
  readonly refused: Readonly<Record<string, number>>;
  readonly replayed: number;
  readonly cloned: number;
  readonly swapped: number;
  /** Taken in plain, though it had sealed before. */
  readonly plain: number;
  /** The last of each kind, of refusals by reason; the newest first. */
  readonly doubts: readonly SealDoubt[];
}

/** The same in short. */
export interface SealSummary {
  readonly opened: number;
  /** Whose key opened the last one: 0 the newer, 1 the older. */
  readonly root?: 0 | 1;
  /** Messages in doubt, of all kinds, and when the last of them came, epoch ms. */
  readonly doubts: number;
  readonly doubtedAt?: number;
}

/** A doubt in words that say what it may be: the cloud sees that something is odd, and not why. */
export function doubtWords({ what, reason = "", salt, counter, sealedBy }: Omit<SealDoubt, "at">): string {
  const which = salt === undefined ? "" : ` ${counter} of start ${salt}`;
  switch (what) {
    case "refused":
      return `a message was refused: ${refusalWords[reason] ?? reason}`;
    case "replayed":
      return `envelope${which} came again: somebody sent a recorded one, or the device the same one once more`;
    case "cloned":
      return (
        `envelope${which} is new, of an earlier start than the last: two boards have this device's key, or somebody held ` +
        `it back`
      );
    case "swapped":
      return `envelope${which} is of device ${sealedBy}, and came by the path of this one`;
    case "plain":
      return "a plain message was taken of a device that seals: somebody may have made it up";
  }
}

/** The reasons of this project's parsing script. */
const refusalWords: Readonly<Record<string, string>> = {
  plain: "plain, and the product takes envelopes alone",
  truncated: "truncated",
  name: "name, it names no device",
  forged: "forged, no key opens it",
  "no roots": "no roots, the parsing script has no keys",
};
