/**
 * What an update has to know over losses of power and restarts, in the state log of its partition: one record, written
 * anew at each change of phase. Two firmwares read it, the one that has fetched the new one and the new one itself:
 * another form is not read.
 *
 *     0 form u8 | 1 phase u8 | 2 step i8 | 3 activations u8 | 4 new files u8 | 5 starts u8 | 6 tries u8 | 7 told i8
 *     | 8 searched, min u16 | 10 size u32 | version, place, desc: length u8 and ASCII each        little-endian
 */
import { ascii, asciiText } from "../text/ascii";
import { longestDesc } from "./progress";
import { freshTrial } from "./trial";
import type { Report } from "./progress";
import type { TrialState } from "./trial";

/**
 * Where an update stands:
 *
 *     fetching -> activated -> trial -> kept -> (told) -> none
 *        |            |          |
 *        |            |          +-> back -> failed -> (told) -> none
 *        +------------+----------------------^
 */
type Phase =
  /** It is fetched, made and checked. */
  | "fetching"
  /** The boot loader was told, or is just being told, to start it next. */
  | "activated"
  /** It runs, and has to prove itself. */
  | "trial"
  /** It has, and the cloud is to hear of it. */
  | "kept"
  /** It has not: the boot loader was told, or is just being told, to start the slot before. */
  | "back"
  /** It has come to nothing, and the cloud is to hear of it. */
  | "failed";

const phases: readonly Phase[] = Object.freeze([
  "fetching",
  "activated",
  "trial",
  "kept",
  "back",
  "failed",
] as const);

/** One update. */
export interface Task {
  readonly phase: Phase;
  /** The version that it brings. */
  readonly version: string;
  /** Where the file is, see file-place.ts. */
  readonly place: string;
  /** Bytes of the file; 0 where that was not said. */
  readonly size: number;
  /** The last step that the cloud has heard of; -128 for none. */
  readonly told: number;
  /** Of `failed` what is told; of `back` why. */
  readonly report: Report;
  /** How often its start was asked for, and how often the file turned out to be another one. */
  readonly activations: number;
  readonly newFiles: number;
  readonly trial: TrialState;
}

/** A step that no task has: nothing was told. */
export const nothingTold = -128;

const form = 1;
const headLength = 14;

/** The bytes of a task; texts that are too long are cut. */
export function encodeTask(task: Task): Uint8Array {
  const { version, place, report, trial } = task;
  const texts = [version, place, report.desc.slice(0, longestDesc)];
  let length = headLength;
  for (let i = 0; i < texts.length; i++) length += 1 + Math.min(texts[i].length, 255);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  bytes[0] = form;
  bytes[1] = phases.indexOf(task.phase);
  view.setInt8(2, report.step);
  bytes[3] = Math.min(task.activations, 255);
  bytes[4] = Math.min(task.newFiles, 255);
  bytes[5] = Math.min(trial.starts, 255);
  bytes[6] = Math.min(trial.tries, 255);
  view.setInt8(7, task.told);
  view.setUint16(8, Math.min(trial.searched, 0xffff), true);
  view.setUint32(10, task.size, true);
  let at = headLength;
  for (let i = 0; i < texts.length; i++) {
    const text = ascii(texts[i].slice(0, 255));
    bytes[at] = text.length;
    bytes.set(text, at + 1);
    at += 1 + text.length;
  }
  return bytes;
}

/** What `encodeTask` made; undefined for anything else. Never throws. */
export function decodeTask(bytes: Uint8Array): Task | undefined {
  if (bytes.length < headLength || bytes[0] !== form || bytes[1] >= phases.length) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const texts: string[] = [];
  let at = headLength;
  for (let i = 0; i < 3; i++) {
    const end = at + 1 + bytes[at];
    if (!(end <= bytes.length)) return undefined;
    texts.push(asciiText(bytes, at + 1, end));
    at = end;
  }
  if (at !== bytes.length) return undefined;
  const [version, place, desc] = texts;
  return {
    phase: phases[bytes[1]],
    version,
    place,
    size: view.getUint32(10, true),
    told: view.getInt8(7),
    report: { step: view.getInt8(2), desc },
    activations: bytes[3],
    newFiles: bytes[4],
    trial: { starts: bytes[5], tries: bytes[6], searched: view.getUint16(8, true) },
  };
}

/** The trial of an image that no task has brought. */
export function newTrial(version: string): Task {
  return {
    ...{ phase: "trial", version, place: "", size: 0, told: nothingTold },
    ...{ report: { step: 0, desc: "" }, activations: 0, newFiles: 0, trial: freshTrial },
  };
}
