/**
 * What a product's parsing script was given last for devices: bytes up, JSON down. The console offers them as samples
 * to whoever edits the script. They outlive a change of the script, and are gone with the process.
 */
import type { ScriptTask } from "../events";
import type { ScriptSample } from "./script-told";

/** Samples kept of each task, and the longest one, bytes or characters. */
const mostOfTask = 8;
const longest = 4096;

export class ScriptSamples {
  readonly #time: () => number;
  readonly #kept = new Map<ScriptTask, { input: Uint8Array | string; at: number; deviceKey?: string }[]>();

  /** @param time the cloud's, epoch ms */
  constructor(time: () => number = () => 0) {
    this.#time = time;
  }

  /** Takes up an input; bytes are copied. */
  add(task: ScriptTask, input: Uint8Array | string, deviceKey?: string): void {
    if (input.length > longest) return;
    let kept = this.#kept.get(task);
    if (kept === undefined) this.#kept.set(task, (kept = []));
    kept.push({ input: typeof input === "string" ? input : input.slice(), at: this.#time(), deviceKey });
    if (kept.length > mostOfTask) kept.shift();
  }

  /** The newest first, each input once. */
  list(): ScriptSample[] {
    const found = new Map<string, ScriptSample>();
    for (const [task, kept] of this.#kept) {
      for (const { input, at, deviceKey } of kept) {
        const text = keptInput(input)!;
        const whose = deviceKey === undefined ? {} : { deviceKey };
        found.set(`${task} ${text}`, { task, at, input: text, ...whose });
      }
    }
    return [...found.values()].sort((one, other) => other.at - one.at);
  }
}

/** An input as it is shown and tried again: hex, or the text itself; undefined when it is too long to be kept. */
export function keptInput(input: Uint8Array | string): string | undefined {
  if (input.length > longest) return undefined;
  return typeof input === "string" ? input : Buffer.from(input).toString("hex");
}
