/**
 * How often in a row each measure point has failed, and the reading as a whole: the log tells the first time, the
 * tenth, the hundredth and so on. It lies in retained memory as well, for a board that sleeps deeply starts anew with
 * each reading:
 *
 *     ( number of the point u8, 0 for the whole reading | count u16, little-endian )*
 */
import { partOverhead, retainedParts } from "../continuity/retained-memory";
import type { RetainedMemory } from "../continuity/retained-memory";

/** What fails: a measure point by its number, the whole reading as 0, what the model does not know by its name. */
export type FailingKey = number | string;

const entryLength = 3;
/** What fails beyond these is told each time. */
const mostFailing = Math.floor((retainedParts.failures.length - partOverhead) / entryLength);
const mostCount = 0xffff;

interface Failing {
  readonly key: FailingKey;
  count: number;
}

/** Counts what fails again and again. */
export class FailureCount {
  readonly #retained: RetainedMemory | undefined;
  readonly #failing: Failing[] = [];

  constructor(retained?: RetainedMemory) {
    this.#retained = retained;
    const body = retained?.read(retainedParts.failures) ?? new Uint8Array(0);
    for (let i = 0; i + entryLength <= body.length; i += entryLength)
      this.#failing.push({ key: body[i], count: body[i + 1] | (body[i + 2] << 8) });
  }

  /** It has failed once more. @returns how often in a row if that is to be told, else 0 */
  failed(key: FailingKey): number {
    let failing = this.find(key);
    if (failing === undefined) {
      failing = { key, count: 0 };
      if (this.#failing.length < mostFailing) this.#failing.push(failing);
    }
    if (failing.count < mostCount) failing.count += 1;
    this.write();
    let told = 1;
    while (told < failing.count) told *= 10;
    return told === failing.count ? told : 0;
  }

  /** It works. @returns how often in a row it had failed before */
  mended(key: FailingKey): number {
    const failing = this.find(key);
    if (failing === undefined) return 0;
    this.#failing.splice(this.#failing.indexOf(failing), 1);
    this.write();
    return failing.count;
  }

  private find(key: FailingKey): Failing | undefined {
    for (let i = 0; i < this.#failing.length; i++) if (this.#failing[i].key === key) return this.#failing[i];
    return undefined;
  }

  private write(): void {
    if (this.#retained === undefined) return;
    const body = new Uint8Array(entryLength * this.#failing.length);
    let length = 0;
    for (let i = 0; i < this.#failing.length; i++) {
      const { key, count } = this.#failing[i];
      if (typeof key === "string") continue;
      body[length] = key;
      body[length + 1] = count & 0xff;
      body[length + 2] = count >> 8;
      length += entryLength;
    }
    this.#retained.write(retainedParts.failures, body.subarray(0, length));
  }
}
