/**
 * One line on a terminal that shows how far a silent run is, once it takes longer than a second.
 */
import { lasting } from "./duration";
import type { WorldEvent } from "../world/world";

const firstAfter = 1_000;
const every = 200;

/** A progress bar that appears after a second and goes without a trace. */
export class Progress {
  readonly #stream: NodeJS.WriteStream | undefined;
  readonly #reports: number;
  readonly #started = performance.now();
  #next = firstAfter;
  #shown = false;
  #done = 0;

  /** @param stream where to show it; nothing is shown when it is no terminal, or undefined */
  constructor(stream: NodeJS.WriteStream | undefined, reports: number) {
    this.#stream = stream?.isTTY === true ? stream : undefined;
    this.#reports = reports;
  }

  add(event: WorldEvent): void {
    if (this.#stream === undefined) return;
    if (event.source === "device" && event.text.startsWith("report: acknowledged ")) this.#done += 1;
    const elapsed = performance.now() - this.#started;
    if (elapsed < this.#next) return;
    this.#next = elapsed + every;
    this.#shown = true;
    const part = Math.floor((this.#done / this.#reports) * 24);
    const bar = "#".repeat(part) + ".".repeat(24 - part);
    this.#stream.write(
      `\r[${bar}] ${this.#done} of ${this.#reports} reports, ${lasting(event.time)} virtual `,
    );
  }

  /** Takes the line away. */
  end(): void {
    if (this.#shown) this.#stream?.write(`\r${" ".repeat(78)}\r`);
  }
}
