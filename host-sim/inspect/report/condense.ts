/**
 * Long stretches of a timeline in which nothing new happens, told in one line:
 *
 *      1d 02:00:00.000  ┆        8 h 15 min: 33 × report: taken, 12 × modem: starting, 12 × AT
 *
 * A line is nothing new when one of its shape, that is but for its numbers, was written a few times.
 */
import { lasting } from "./duration";

/** Times that a line of one shape is written until it is only counted. */
const novelty = 2;
/** Fewer held lines are written as they are. */
const fewest = 4;
/** Names in a summary. */
const mostNames = 5;

interface Held {
  readonly time: number;
  readonly name: string;
  readonly write: () => void;
}

/** Sits between a timeline and its output. */
export class Condenser {
  readonly #tell: (time: number, text: string) => void;
  #seen = new Map<string, number>();
  #held: Held[] = [];

  /** @param tell writes a summary of what began at `time` */
  constructor(tell: (time: number, text: string) => void) {
    this.#tell = tell;
  }

  /** A line of the timeline: its lane and text without colours, and what writes it. */
  add(time: number, lane: string, text: string, write: () => void): void {
    const shape = `${lane} ${text.replace(/\d+/g, "0").slice(0, 36)}`;
    const times = (this.#seen.get(shape) ?? 0) + 1;
    this.#seen.set(shape, times);
    if (times > novelty) {
      this.#held.push({ time, name: nameOf(lane, text), write });
      return;
    }
    this.flush();
    write();
  }

  /** What follows is another chapter: everything is new again. */
  startOver(): void {
    this.flush();
    this.#seen = new Map();
  }

  /** Tells of what was held back. */
  flush(): void {
    const held = this.#held;
    this.#held = [];
    if (held.length < fewest) {
      for (const { write } of held) write();
      return;
    }
    const counts = new Map<string, number>();
    for (const { name } of held) counts.set(name, (counts.get(name) ?? 0) + 1);
    const names = [...counts].sort((a, b) => b[1] - a[1]);
    const told = names.slice(0, mostNames).map(([name, count]) => `${count} × ${name}`);
    const more = names.length > mostNames ? ", and more" : "";
    const span = held[held.length - 1].time - held[0].time;
    this.#tell(held[0].time, `${lasting(span)}: ${told.join(", ")}${more}`);
  }
}

/** What a line is about: its first two words, or the lane where that says more. */
function nameOf(lane: string, text: string): string {
  if (lane === "AT") return "AT exchange";
  if (lane.includes("up") || lane.includes("down")) return `datagram ${lane.includes("up") ? "up" : "down"}`;
  return text.split(" ").slice(0, 2).join(" ").replace(/[,:]$/, "");
}
