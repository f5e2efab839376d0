/**
 * What a product's parsing script gets wrong: each kind is told to the operator when it comes first, with what went in
 * and what came out, and then only counted, and told again at the tenth, hundredth and so on time. A script that fails
 * at every report of a thousand devices fills no log.
 */
import { printable } from "../coap/coap-text";
import type { ScriptTask, ToldFault } from "../events";
import type { ScriptFault } from "./script-engine";

/** Characters of input and output that are told. */
const longestShown = 200;
/** Kinds that are told apart; all further ones count as one. */
const mostKinds = 32;

export class ScriptFaults {
  readonly #tell: (told: ToldFault) => void;
  readonly #times = new Map<string, number>();

  constructor(tell: (told: ToldFault) => void) {
    this.#tell = tell;
  }

  /** @param fault its `output` is what the script returned, whole or cut */
  add(task: ScriptTask, input: Uint8Array | string, { fault, line, output }: ScriptFault): void {
    // Two that differ in a number alone, such as the index of a byte, are of one kind.
    let kind = `${task} ${fault.replace(/\d+/g, "0").slice(0, longestShown)}`;
    if (!this.#times.has(kind) && this.#times.size >= mostKinds) kind = "more";
    const times = (this.#times.get(kind) ?? 0) + 1;
    this.#times.set(kind, times);
    if (!/^10*$/.test(String(times))) return;
    this.#tell({
      ...{ task, input: inputText(input), fault: printable(fault, longestShown), times },
      ...(line === undefined ? {} : { line }),
      ...(output === undefined ? {} : { output: printable(output, longestShown) }),
    });
  }
}

function inputText(input: Uint8Array | string): string {
  if (typeof input === "string") return printable(input, longestShown);
  const shown = Buffer.from(input.subarray(0, longestShown / 2)).toString("hex");
  return input.length > longestShown / 2 ? `${shown}... (${input.length} bytes)` : shown;
}
