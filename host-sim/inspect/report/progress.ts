/**
 * One line on a terminal that shows how far a silent run is, once it takes longer than a second.
 */
import { readLogLine } from "../../sim/world/device-log";
import { lasting } from "./duration";
import type { WorldEvent } from "../../sim/world/world";

const firstAfter = 1_000;
const every = 200;
const width = 24;

/** A progress bar that appears after a second and goes without a trace. */
export class Progress {
  readonly #stream: NodeJS.WriteStream | undefined;
  readonly #total: number;
  readonly #unit: string;
  readonly #started = performance.now();
  #next = firstAfter;
  #shown = false;
  #done = 0;
  #noted = new Map<string, number>();

  /**
   * @param stream where to show it; nothing is shown when it is no terminal, or undefined
   * @param unit what is counted, in the plural
   */
  constructor(stream: NodeJS.WriteStream | undefined, total: number, unit = "reports") {
    this.#stream = stream?.isTTY === true ? stream : undefined;
    this.#total = total;
    this.#unit = unit;
  }

  /** Takes in an event of a world in which reports are counted. */
  add(event: WorldEvent): void {
    if (this.#stream === undefined) return;
    if (event.source === "device" && readLogLine(event.text)?.kind === "report acknowledged") this.#done += 1;
    this.#show(() => `${lasting(event.time)} virtual`);
  }

  /** One more is done; `note` is counted beside it, such as "failed". */
  step(note?: string): void {
    this.#done += 1;
    if (note !== undefined) this.#noted.set(note, (this.#noted.get(note) ?? 0) + 1);
    this.#show((elapsed) => {
      const notes = [...this.#noted].map(([what, count]) => `${count} ${what}, `).join("");
      const left = (elapsed * (this.#total - this.#done)) / this.#done;
      return `${notes}${lasting(left)} left`;
    });
  }

  /** Takes the line away. */
  end(): void {
    if (this.#shown) this.#stream?.write(`\r${" ".repeat(78)}\r`);
  }

  #show(more: (elapsed: number) => string): void {
    if (this.#stream === undefined) return;
    const elapsed = performance.now() - this.#started;
    if (elapsed < this.#next) return;
    this.#next = elapsed + every;
    this.#shown = true;
    const part = Math.min(width, Math.floor((this.#done / this.#total) * width));
    const bar = "#".repeat(part) + ".".repeat(width - part);
    this.#stream.write(`\r[${bar}] ${this.#done} of ${this.#total} ${this.#unit}, ${more(elapsed)} `);
  }
}
