/**
 * How the cloud is told of an update: EnOS's steps, on `ota/device/progress`.
 *
 *     {"id":"9","version":"1.0","method":"ota.device.progress","params":{"step":"50","desc":"fetched 15616 of 31234"}}
 *     {"id":"9","code":200}      or 764, 765: there is no such task, or the device was not told of it
 */
import { readAnswer, requestBody } from "../enos/body";
import type { MemberNames } from "../text/member-names";

/** The topic, below the device's root. */
export const progressTopic = "ota/device/progress";

/** Steps: 0 to 100, and EnOS's codes for a failure. Each is told once. */
export const Step = Object.freeze({
  /** The head of the file is the maker's, and meant for this device. */
  begun: 0,
  half: 50,
  /** The whole image is there, and as it was signed. */
  verified: 90,
  /** The new firmware has delivered a reading. */
  done: 100,
  failed: -1,
  download: -2,
  verification: -3,
  burning: -4,
} as const);

/** What is to be told. */
export interface Report {
  readonly step: number;
  /** For people; printable ASCII. */
  readonly desc: string;
}

/** Longest description, characters. */
export const longestDesc = 80;

/** The body of a report. */
export function progressBody(id: string, { step, desc }: Report): Uint8Array {
  return requestBody(id, progressTopic, { step: String(step), desc: desc.slice(0, longestDesc) });
}

/** Answers of EnOS to progress of a task that it does not have, or that has not begun. */
const taskNotFound = 764;
const taskNotStarted = 765;

/** Whether an answer says that there is no task any more: it was cancelled, or is over. Never throws. */
export function isTaskGone(payload: Uint8Array, names: MemberNames): boolean {
  const code = readAnswer(payload, names)?.code;
  return code === taskNotFound || code === taskNotStarted;
}
