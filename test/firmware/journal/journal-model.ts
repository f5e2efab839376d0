/**
 * A journal and beside it what it has to hold, put through the same seeded work; the power may fail in
 * any operation of the flash, and then the journal is opened anew.
 */
import { Journal } from "../../../firmware/journal/journal";
import { FlashFaults } from "../../../host-sim/sim/flash/flash-faults";
import { MemoryFlash } from "../../../host-sim/sim/flash/memory-flash";
import { PowerDomain } from "../../../host-sim/sim/flash/power-domain";
import { Random } from "../../../host-sim/sim/time/random";
import type { FlashFaultKind } from "../../../host-sim/sim/flash/flash-faults";
import type { FullPolicy, JournalOptions } from "../../../firmware/journal/journal";

/** Thrown once the power has failed: what the processor still does in its last microsecond nobody hears of. */
class PowerFailure extends Error {}

export interface Kept {
  readonly id: number;
  readonly type: number;
  time: number;
  dated: boolean;
  readonly body: Uint8Array;
}

export interface ModelOptions {
  readonly seed: number | string;
  readonly blocks?: number;
  readonly blockLength?: number;
  readonly writeAlign?: number;
  readonly policy?: FullPolicy;
  /** Longest body, bytes. */
  readonly longest?: number;
  /** Records that wait at most; beyond it they are released, oldest first. */
  readonly waiting?: number;
  /** How often the oldest is released, and not any (default 0.7). */
  readonly inOrder?: number;
  /** Ids count from here. */
  readonly firstId?: number;
  /** How blocks of the flash fail from the start. */
  readonly failing?: readonly {
    readonly kind: FlashFaultKind;
    readonly chance: number;
    readonly block: number;
  }[];
}

export class JournalModel {
  readonly power = new PowerDomain();
  readonly flash: MemoryFlash;
  readonly expected = new Map<number, Kept>();
  /** The operation that was under way when the power failed. */
  unsure: { readonly kind: "append" | "release" | "date"; readonly kept: Kept } | undefined;
  readonly lost: { id: number; type: number; reason: string }[] = [];
  readonly moved: number[] = [];
  journal!: Journal;
  boots = 0;
  cuts = 0;
  readonly #options: ModelOptions;
  readonly #random: Random;
  #nextId: number;
  readonly #addresses = new Map<number, number>();
  pinned: (id: number) => boolean = () => false;
  /** Operations from one failure of the power to the next; mostly they strike while the journal is opened. */
  cutsToCome: number[] = [];

  constructor(options: ModelOptions) {
    const { seed, blocks = 4, blockLength = 512, writeAlign = 4 } = options;
    this.#options = options;
    this.#random = new Random(seed);
    this.#nextId = options.firstId ?? 0xffff_fff0;
    const faults = new FlashFaults(this.#random.fork("faults"));
    for (const { kind, chance, block } of options.failing ?? [])
      faults.set(kind, chance, { blocks: [block] });
    this.flash = new MemoryFlash({
      size: blocks * blockLength,
      blockLength,
      writeAlign,
      power: this.power,
      random: this.#random.fork("torn"),
      faults,
    });
    this.power.onCut = () => {
      this.cuts += 1;
      const next = this.cutsToCome.shift();
      if (next !== undefined) this.power.cutAt = this.power.operations + next;
    };
    this.boot();
  }

  /**
   * Opens the journal anew, as often as the power fails meanwhile.
   *
   * @param index what the journal gave before the board slept deeply
   */
  boot(index?: Uint8Array): void {
    for (;;) {
      this.power.restore();
      this.boots += 1;
      this.#addresses.clear();
      try {
        const options: JournalOptions = {
          policy: this.#options.policy ?? "newest",
          thinnable: (type) => type === 1,
          pinned: (id) => this.pinned(id),
          onLost: (id, type, reason) => {
            if (this.power.off) return;
            // Of a write that power cut short in a block that takes no mark it may be told, though nobody was told that
            // it was kept.
            if (this.expected.delete(id) || this.#options.failing === undefined)
              this.lost.push({ id, type, reason });
            this.#addresses.delete(id);
          },
          onMoved: (id, address) => {
            if (this.power.off) return;
            this.moved.push(id);
            if (this.#addresses.has(id)) this.#addresses.set(id, address);
          },
        };
        this.journal = new Journal(this.flash, this.boots, options, index);
        this.#alive();
        this.journal.each((address, { id }) => this.#addresses.set(id, address));
        return;
      } catch (error) {
        if (!(error instanceof PowerFailure)) throw error;
      }
    }
  }

  /** One random step; false when the power failed in it, and the journal was opened anew. */
  step(): boolean {
    try {
      this.#work();
      this.unsure = undefined;
      return true;
    } catch (error) {
      if (!(error instanceof PowerFailure)) throw error;
      this.boot();
      return false;
    }
  }

  #alive(): void {
    if (this.power.off) throw new PowerFailure();
  }

  append(type: number, length: number, dated = true): boolean {
    const id = this.#nextId;
    this.#nextId = (id + 1) >>> 0;
    const time = 1_700_000_000_000 + this.#random.u32();
    const kept: Kept = { id, type, time, dated, body: this.#random.bytes(length) };
    this.unsure = { kind: "append", kept };
    const appended = this.journal.append(type, id, kept.time, dated, kept.body);
    this.#alive();
    if (appended.kind !== "kept") return false;
    this.expected.set(id, kept);
    this.#addresses.set(id, appended.address);
    return true;
  }

  release(id: number): void {
    this.unsure = { kind: "release", kept: this.expected.get(id)! };
    this.journal.release(this.#addresses.get(id)!);
    this.#alive();
    this.expected.delete(id);
    this.#addresses.delete(id);
  }

  #work(): void {
    const { longest = 60, waiting = 12, inOrder = 0.7 } = this.#options;
    const random = this.#random;
    if (this.expected.size > 0 && (this.expected.size >= waiting || random.chance(0.4))) {
      const ids = [...this.expected.keys()];
      const id = random.chance(inOrder) ? ids[0] : random.pick(ids);
      const kept = this.expected.get(id)!;
      if (random.chance(0.2))
        this.journal.markTried(this.#addresses.get(id)!, random.pick(["alone", "timed"]));
      if (!kept.dated && random.chance(0.5)) {
        const time = 1_800_000_000_000 + random.u32();
        this.unsure = { kind: "date", kept: { ...kept, time, dated: true } };
        const isDated = this.journal.date(this.#addresses.get(id)!, time);
        this.#alive();
        if (!isDated) return;
        kept.time = time;
        kept.dated = true;
        return;
      }
      this.#alive();
      return this.release(id);
    }
    this.append(random.chance(0.8) ? 1 : 2, random.u32() % (longest + 1), random.chance(0.8));
  }

  /** What is wrong, in words; undefined when the journal holds what it has to. */
  fault(): string | undefined {
    if (this.flash.misuse !== undefined) return this.flash.misuse.message;
    const found = new Map<number, Kept>();
    const addresses = this.journal.oldest(10_000, () => false);
    let before: number | undefined;
    for (const address of addresses) {
      const record = this.journal.read(address);
      if (record === undefined && this.#options.failing !== undefined) continue;
      if (record === undefined) return `the record at ${address} cannot be read`;
      const { id, type, time, dated, body } = record;
      if (before !== undefined && ((id - before) | 0) <= 0) return `id ${id} comes after ${before}`;
      before = id;
      found.set(id, { id, type, time, dated, body });
    }
    if (found.size !== this.journal.length) return `${found.size} found, length ${this.journal.length}`;
    const { unsure } = this;
    for (const [id, kept] of this.expected) {
      const there = found.get(id);
      if (there === undefined) {
        if (unsure?.kind === "release" && unsure.kept.id === id) {
          this.expected.delete(id);
          continue;
        }
        return `id ${id} is gone`;
      }
      found.delete(id);
      if (unsure?.kind === "date" && unsure.kept.id === id && there.dated) {
        kept.time = unsure.kept.time;
        kept.dated = true;
      }
      const same = there.type === kept.type && there.time === kept.time && there.dated === kept.dated;
      if (!same || Buffer.compare(there.body, kept.body) !== 0) return `id ${id} is not as it was`;
    }
    for (const [id, there] of found) {
      if (unsure?.kind !== "append" || unsure.kept.id !== id) return `id ${id} has come back`;
      if (Buffer.compare(there.body, unsure.kept.body) !== 0) return `id ${id} is half there`;
      this.expected.set(id, unsure.kept);
    }
    this.unsure = undefined;
    return undefined;
  }
}
