/**
 * What a product's parsing script gets wrong: each kind is told to the operator when it comes first, with what went in
 * and what came out, and then only counted, and told again at the tenth, hundredth and so on time. A script that fails
 * at every report of a thousand devices fills no log. The kinds are kept with their last input, so that the console can
 * have the script try it again.
 */
import { printable } from "../coap/coap-text";
import type { ScriptTask, ToldFault } from "../events";
import type { ScriptFault } from "./script-engine";
import { keptInput } from "./script-samples";
import type { FaultKind } from "./script-told";

/** Characters of input and output that are told. */
const longestShown = 200;
/** Kinds that are told apart; all further ones count as one. */
const mostKinds = 32;

export class ScriptFaults {
  readonly #tell: (told: ToldFault) => void;
  readonly #time: () => number;
  readonly #kinds = new Map<string, FaultKind>();

  /** @param time the cloud's, epoch ms */
  constructor(tell: (told: ToldFault) => void, time: () => number = () => 0) {
    this.#tell = tell;
    this.#time = time;
  }

  /** @param fault its `output` is what the script returned, whole or cut */
  add(task: ScriptTask, input: Uint8Array | string, { fault, line, column, output }: ScriptFault): void {
    // Two that differ in a number alone, such as the index of a byte, are of one kind.
    let kind = `${task} ${fault.replace(/\d+/g, "0").slice(0, longestShown)}`;
    if (!this.#kinds.has(kind) && this.#kinds.size >= mostKinds) kind = "more";
    const times = (this.#kinds.get(kind)?.times ?? 0) + 1;
    const told = {
      ...{ task, fault: printable(fault, longestShown), times },
      ...(line === undefined ? {} : { line }),
      ...(output === undefined ? {} : { output: printable(output, longestShown) }),
    };
    this.#kinds.set(kind, {
      ...{ output: undefined, ...told, lastAt: this.#time(), input: keptInput(input) },
      ...(column === undefined ? {} : { column }),
    });
    if (/^10*$/.test(String(times))) this.#tell({ ...told, input: inputText(input) });
  }

  /** The kinds since the script came into force, the last one first. */
  kinds(): FaultKind[] {
    return [...this.#kinds.values()].sort((one, other) => other.lastAt - one.lastAt);
  }
}

function inputText(input: Uint8Array | string): string {
  if (typeof input === "string") return printable(input, longestShown);
  const shown = Buffer.from(input.subarray(0, longestShown / 2)).toString("hex");
  return input.length > longestShown / 2 ? `${shown}... (${input.length} bytes)` : shown;
}
