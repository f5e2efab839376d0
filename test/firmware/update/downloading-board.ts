/**
 * A board that downloads an update: its flash, the file's server, and the loop that an agent would run, with a start
 * anew whenever the power has failed.
 */
import { expect } from "vitest";
import { encodeBlock } from "../../../firmware/coap/block";
import { Download } from "../../../firmware/update/download";
import { StateLog } from "../../../firmware/update/state-log";
import { nodeCryptography } from "../../../host-sim/sim/engine/node-cryptography";
import { UpdateFlash } from "./update-flash";
import type { Message } from "../../../firmware/coap/message";
import type { Slots } from "../../../firmware/update/slots";
import type { DownloadFault, Taken } from "../../../firmware/update/download";
import type { MemoryFlash } from "../../../host-sim/sim/flash/memory-flash";
import type { FlashFaults } from "../../../host-sim/sim/flash/flash-faults";

export interface BoardOptions {
  readonly seed: number | string;
  readonly running: Uint8Array;
  /** Blocks of 4 KiB of the update's partition (default 16) and of a slot (default 16). */
  readonly blocks?: number;
  readonly slotBlocks?: number;
  /** Exponent of the blocks asked for (default 5). */
  readonly szx?: number;
}

/** A file as a CoAP server gives it. */
export interface ServedFile {
  readonly bytes: Uint8Array;
  readonly tag?: Uint8Array;
  /** Exponent of its largest blocks (default 6). */
  readonly szx?: number;
  /** Changes a block on its way. */
  readonly meddle?: (bytes: Uint8Array, offset: number) => Uint8Array;
}

/** The server's answer to a request for a block. */
export function served(file: ServedFile, offset: number, szx: number): Message {
  const used = Math.min(szx, file.szx ?? 6);
  const size = 16 << used;
  const piece = file.bytes.slice(offset, offset + size);
  const more = offset + size < file.bytes.length;
  const options = [
    { number: 23, value: encodeBlock({ num: offset / size, more, szx: used }) },
    { number: 28, value: Uint8Array.of(file.bytes.length >> 16, file.bytes.length >> 8, file.bytes.length) },
  ];
  if (file.tag !== undefined) options.unshift({ number: 4, value: file.tag });
  const payload = file.meddle?.(piece, offset) ?? piece;
  return { type: 2, code: 0x45, messageId: 0, token: new Uint8Array(0), options, payload };
}

/** How a run of the loop ended. */
export type End = "ready" | "power" | "head" | "stuck" | DownloadFault | Exclude<Taken, "taken" | "complete">;

export class DownloadingBoard {
  readonly rig: UpdateFlash;
  readonly update: { flash: MemoryFlash; faults: FlashFaults };
  readonly running: { flash: MemoryFlash; faults: FlashFaults };
  readonly other: { flash: MemoryFlash; faults: FlashFaults };
  readonly slots: Slots;
  readonly #szx: number | undefined;
  log!: StateLog;
  download!: Download;
  /** Blocks fetched so far, and starts. */
  fetched = 0;
  starts = 0;
  /** Bytes of the file that were fetched, over all blocks. */
  bytes = 0;

  constructor({ seed, running, blocks = 16, slotBlocks = 16, szx }: BoardOptions) {
    this.rig = new UpdateFlash(seed);
    this.update = this.rig.partition("update", blocks);
    this.running = this.rig.partition("running", slotBlocks);
    this.other = this.rig.partition("other", slotBlocks);
    this.running.flash.bytes.set(running);
    this.#szx = szx;
    this.slots = {
      running: this.running.flash,
      other: this.other.flash,
      activate: () => undefined,
      unconfirmed: false,
      confirm: () => {},
      back: () => undefined,
    };
    this.start();
  }

  /** Starts anew; whether there was an update. @param hint as after deep sleep */
  start(hint?: Uint8Array): boolean {
    this.rig.power.restore();
    this.starts += 1;
    const log = StateLog.open(this.update.flash, hint);
    if (typeof log === "string") throw new Error(log);
    this.log = log;
    this.download = new Download({
      log,
      slots: this.slots,
      newSha256: nodeCryptography.newSha256,
      szx: this.#szx,
    });
    return this.download.resume();
  }

  /** Fetches one block; undefined when none is wanted. */
  fetch(file: ServedFile): Taken | undefined {
    const { next } = this.download;
    if (next === undefined) return undefined;
    const message = served(file, next.offset, next.szx);
    this.fetched += 1;
    this.bytes += message.payload.length;
    return this.download.take(message);
  }

  /** Begins if nothing is begun, and goes on until it is ready, has failed or the power has. */
  run(file: ServedFile, most = Infinity): End {
    const { download } = this;
    if (!download.begun) {
      const fault = download.begin(file.bytes.length);
      if (this.rig.power.off) return "power";
      if (fault !== undefined) return { stage: "flash", detail: fault };
    }
    for (let i = 0; i < most; i++) {
      if (this.rig.power.off) return "power";
      if (download.undecided) {
        const fault = download.accept();
        if (fault !== undefined && !this.rig.power.off) return { stage: "chunk", detail: fault };
      } else if (download.works) {
        const step = download.step();
        if (this.rig.power.off) continue;
        if (step === "ready" || typeof step === "object") return step;
      } else {
        const taken = this.fetch(file);
        if (this.rig.power.off) continue;
        if (taken === undefined) return "stuck";
        if (taken === "fault") return download.fault!;
        if (taken !== "taken" && taken !== "complete" && taken !== "head") return taken;
      }
    }
    return "stuck";
  }

  /** The other slot's first bytes. */
  made(length: number): Uint8Array {
    return this.other.flash.bytes.slice(0, length);
  }

  /** Nothing was done that flash cannot do. */
  expectNoMisuse(): void {
    for (const { flash } of [this.update, this.running, this.other]) expect(flash.misuse).toBeUndefined();
  }
}
