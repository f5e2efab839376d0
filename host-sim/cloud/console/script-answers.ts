/** What the console's routes of parsing scripts and thing models answer: types that its server and its page share. */
import type { ScriptTask } from "../events";
import type { Seal } from "../script/seal";
import type { FaultKind, ScriptSample, ScriptVerdict } from "../script/script-told";

/** How the script in force fares. */
export interface ScriptUse {
  /** What it was given last for devices, the newest first. */
  readonly samples: readonly ScriptSample[];
  /** What it got wrong for devices, the last first. */
  readonly faults: readonly FaultKind[];
}

/** What a script made of one input. */
export interface Trial {
  /** What `rawDataToJsonStr` made of bytes. */
  readonly json?: unknown;
  /** What `jsonStrToRawData` made of JSON, hex. */
  readonly bytes?: string;
  /** What the stand-in says to the message. */
  readonly verdict?: ScriptVerdict;
  /** Of the envelope that the script opened. */
  readonly sealed?: Seal;
  /** Why the script made nothing. */
  readonly fault?: string;
  /** Of the script, from 1. */
  readonly line?: number;
  readonly column?: number;
  /** What it returned instead. */
  readonly output?: string;
  /** It is no script at all, whatever the input. */
  readonly isCompileFault?: boolean;
}

/** One input of which an edited script makes something else than the one in force. */
export interface Difference {
  readonly task: ScriptTask;
  readonly input: string;
  /** What each made, as text; a fault says so. */
  readonly before: string;
  readonly after: string;
}

export interface ScriptComparison {
  /** How many real inputs there were to compare by. */
  readonly samples: number;
  /** Of how many it makes something else. */
  readonly different: number;
  /** The first few of these. */
  readonly told: readonly Difference[];
  /** Why it is no script at all. */
  readonly fault?: string;
}

/** A fault of a thing model, at a JSON path of the text that was given. */
export interface ModelRemark {
  readonly path: string;
  readonly problem: string;
  readonly remedy: string;
}

/** What the stand-in says to a thing model before it is applied. */
export interface ModelCheck {
  readonly faults: readonly ModelRemark[];
  /** What was read otherwise than it stands there. */
  readonly notes: readonly string[];
  /** In the words of model.json, as it would be kept; left out when there are faults. */
  readonly model?: unknown;
  /** It is EnOS's own form. */
  readonly isEnos: boolean;
  /** Numbers that devices in the field know by another meaning. */
  readonly meanings: readonly ModelRemark[];
}
