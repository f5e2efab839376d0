/** What the stand-in tells of a product's parsing script: types that its server and the console's page share. */
import type { ScriptTask } from "../events";

/** One kind of fault, as the console shows it. */
export interface FaultKind {
  readonly task: ScriptTask;
  readonly fault: string;
  readonly line?: number;
  readonly column?: number;
  /** How often it came by now. */
  readonly times: number;
  /** Epoch ms of the last time. */
  readonly lastAt: number;
  /** What the script was given then: bytes in hex, or JSON; undefined where it was longer than is kept. */
  readonly input: string | undefined;
  /** What it returned then, cut to a length; undefined where it returned nothing. */
  readonly output: string | undefined;
}

/** One real input of the script. */
export interface ScriptSample {
  readonly task: ScriptTask;
  /** Epoch ms. */
  readonly at: number;
  /** Bytes in hex of a report or a reply; JSON of an answer or a command. */
  readonly input: string;
  /** Whose it was, where that is known. */
  readonly deviceKey?: string;
}

/** One value of a message. */
export interface JudgedValue {
  readonly identifier: string;
  readonly value: unknown;
  /** Why the model refuses it. */
  readonly fault?: string;
}

export interface ScriptVerdict {
  /** What the message is, in a few words: `report of measure points`, `event leak`, `reply to a command`. */
  readonly what: string;
  /** Why the whole is refused, with EnOS's code where there is one. */
  readonly refused?: { readonly code?: number; readonly reason: string };
  /** Measure points, outputs, attributes, or what a reply says. */
  readonly values: readonly JudgedValue[];
}
