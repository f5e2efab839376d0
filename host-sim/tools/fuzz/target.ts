/**
 * What is fuzzed, and how it says that something is wrong. Every input is a string of bytes: a datagram
 * for the decoder, a script of what happens for the others, so that any of them can be kept, mutated,
 * shrunk and replayed as hex.
 */
import { hexText } from "../../../firmware/text/ascii";
import type { Random } from "../../sim/time/random";

/** What a run tells about itself while it goes on. */
export interface Watch {
  /** Something worth reaching, such as an outcome: an input that shows a new one is kept. */
  feature(name: string): void;
  /** One more thing of somebody else's has been handed in: a datagram, bytes on a wire, an image, a request. */
  input(): void;
  /** One line of what happens, for people; undefined when nobody reads it. */
  readonly step: ((line: string) => void) | undefined;
}

/** Where what somebody else wrote comes in. */
type Boundary =
  "datagram" | "AT port" | "HTTP" | "flash image" | "retained memory" | "settings" | "update file";

export interface Target {
  readonly name: string;
  readonly boundary: Boundary;
  /** Where the code under test lies, from the project's root, such as "firmware/coap/". */
  readonly code: readonly string[];
  /** It needs nothing of Node's, so that it runs on XS as well. */
  readonly portable: boolean;
  /** Inputs to begin with. */
  seeds(): Uint8Array[];
  /** An input that owes nothing to those before it. */
  generate(random: Random): Uint8Array;
  /**
   * Runs one input, the same in every run.
   *
   * @throws Violation when a rule is broken; anything else that is thrown is a fault of the code too
   */
  run(input: Uint8Array, watch: Watch): void | Promise<void>;
}

/** A rule that the code under test broke. */
export class Violation extends Error {
  override name = "Violation";
  /** The rule: two failures with the same one are taken for the same fault. */
  readonly rule: string;

  constructor(rule: string, detail = "") {
    super(detail === "" ? rule : `${rule}: ${detail}`);
    this.rule = rule;
  }
}

/** @throws Violation unless `kept` */
export function check(kept: boolean, rule: string, detail?: () => string): void {
  if (!kept) throw new Violation(rule, detail?.());
}

/** The rule that an error stands for. */
export function ruleOf(error: unknown): string {
  if (error instanceof Violation) return error.rule;
  return `nothing is thrown, but ${error instanceof Error ? error.name : typeof error} was`;
}

/** What an application under fuzz throws because the script says so. */
export class Mischief extends Error {
  override name = "Mischief";
}

/**
 * Keeps what goes wrong within callbacks: an endpoint catches what its application throws, and would
 * swallow a broken rule with it.
 */
export class Witness {
  #seen: unknown;
  #saw = false;

  /** The same function, watched. */
  watching<T extends unknown[]>(run: (...args: T) => void): (...args: T) => void {
    return (...args) => {
      try {
        run(...args);
      } catch (error) {
        if (!this.#saw && !(error instanceof Mischief)) {
          this.#saw = true;
          this.#seen = error;
        }
        throw error;
      }
    };
  }

  /** @throws the first thing that went wrong */
  testify(): void {
    if (this.#saw) throw this.#seen;
  }
}

/** A script's bytes, read one after the other; behind the end there are zeros. */
export class Script {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get over(): boolean {
    return this.#at >= this.#bytes.length;
  }

  byte(): number {
    return this.#at < this.#bytes.length ? this.#bytes[this.#at++] : 0;
  }

  /** A number from 0 to `count` - 1, of one byte. */
  below(count: number): number {
    return this.byte() % count;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)];
  }

  /** At most `count` bytes. */
  take(count: number): Uint8Array {
    const taken = this.#bytes.slice(this.#at, this.#at + count);
    this.#at += taken.length;
    return taken;
  }
}

/** Bytes as hex digits. */
export const hex: (bytes: Uint8Array) => string =
  typeof Buffer === "undefined"
    ? (bytes) => hexText(bytes).toLowerCase()
    : (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");
