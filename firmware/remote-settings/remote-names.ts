/**
 * Which settings can be changed from afar. Not among them is what leads to the cloud and to the board itself: server, access
 * point, keys, pins, the modem, AT commands, where updates come from and who signs them. Whoever has those wrong has a device
 * that nobody reaches any more, or somebody else does.
 */

/** How a setting's value is told: a whole number, true or false, or a text, which may be one of some words. */
type RemoteKind = "whole" | "yes-no" | "text";

/** A setting that can be changed from afar. */
export interface RemoteName {
  /** As in the configuration. */
  readonly name: string;
  readonly kind: RemoteKind;
  /** It belongs to the update of the firmware, and products without one have it not. */
  readonly update?: true;
}

const whole = "whole";
const text = "text";
const yesNo = "yes-no";

/** All of them. Their place says by which number storage and the air know each: add yours at the end, and take none out. */
export const remoteNames: readonly RemoteName[] = Object.freeze([
  { name: "interval", kind: whole },
  { name: "batch", kind: whole },
  { name: "lifetime", kind: whole },
  { name: "keepAlive", kind: yesNo },
  { name: "payload", kind: text },
  { name: "payloadLimit", kind: whole },
  { name: "late", kind: whole },
  { name: "full", kind: text },
  { name: "order", kind: text },
  { name: "spacing", kind: whole },
  { name: "startSpread", kind: whole },
  { name: "radioBudget", kind: whole },
  { name: "othersBudget", kind: whole },
  { name: "logValues", kind: yesNo },
  { name: "sleep", kind: text },
  { name: "waiting", kind: text },
  { name: "processor", kind: whole },
  { name: "t3324", kind: whole },
  { name: "t3412", kind: whole },
  { name: "edrx", kind: whole },
  { name: "bands", kind: text },
  { name: "search", kind: whole },
  { name: "operator", kind: text },
  { name: "roaming", kind: yesNo },
  { name: "rat", kind: text },
  { name: "updates", kind: text, update: true },
  { name: "updateBlocks", kind: whole, update: true },
  { name: "updateBytes", kind: whole, update: true },
  { name: "updateHours", kind: text, update: true },
  { name: "updateCoverage", kind: whole, update: true },
] as const);

/** A setting's place in the list; -1 for one that cannot be changed from afar. */
export function placeOf(name: string): number {
  for (let i = 0; i < remoteNames.length; i++) if (remoteNames[i].name === name) return i;
  return -1;
}
