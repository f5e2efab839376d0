/**
 * An update on the simulated board with nothing around it: the file's blocks come out of a partition, one a turn, and a
 * slice of work is done a turn. What it has reached is traced, and the digest of the other slot at the end.
 */
import config from "mc/config";
import flash from "embedded:storage/flash";
import Timer from "timer";
import { moddableCryptography } from "../../../firmware/board/crypt";
import { encodeBlock } from "../../../firmware/coap/block";
import { hexText } from "../../../firmware/text/ascii";
import { Download } from "../../../firmware/update/download";
import { StateLog } from "../../../firmware/update/state-log";
import type { Message } from "../../../firmware/coap/message";

/** ms from one turn to the next; at the boot event nothing of the update is there yet. */
const turn = 1;
const nothing = new Uint8Array(0);

/** As the SDK has them, with their state in C: here they take a heap of JavaScript. */
class Partitions {
  readonly file = flash.open({ path: "file", mode: "r" });
  readonly update = flash.open({ path: "update" });
  readonly running = flash.open({ path: "running", mode: "r" });
  readonly other = flash.open({ path: "nextota" });
}

class UpdateWork {
  readonly #file: Partitions["file"];
  readonly #length = config.fileLength as number;
  readonly #log: StateLog;
  readonly #download: Download;

  constructor({ file, update, running, other }: Partitions) {
    this.#file = file;
    const log = StateLog.open(update);
    if (typeof log === "string") throw new Error(log);
    this.#log = log;
    const slots = {
      running,
      other,
      activate: (): undefined => undefined,
      unconfirmed: false,
      confirm(): void {},
      back: (): undefined => undefined,
    };
    const { newSha256 } = moddableCryptography;
    this.#download = new Download({ log, slots, newSha256, szx: config.szx as number });
    if (!this.#download.resume()) this.#download.begin(this.#length);
  }

  /** Does one thing; what it came to. */
  next(): string {
    const download = this.#download;
    if (download.undecided) return `accepted ${download.accept()}`;
    if (download.works) {
      const step = download.step();
      if (step === "ready") return `ready ${this.imageDigest()}`;
      return typeof step === "string"
        ? `step ${step} ${download.written}`
        : `fault ${step.stage} ${step.detail}`;
    }
    const { next } = download;
    if (next === undefined) return "stuck";
    return `${download.take(this.block(next.offset, next.szx))} ${download.received} ${this.#log.hint().length}`;
  }

  private block(offset: number, szx: number): Message {
    const size = 16 << szx;
    const payload = new Uint8Array(Math.min(size, this.#length - offset));
    this.#file.read(payload, offset);
    const value = encodeBlock({ num: offset / size, more: offset + size < this.#length, szx });
    return { type: 2, code: 0x45, messageId: 0, token: nothing, options: [{ number: 23, value }], payload };
  }

  private imageDigest(): string {
    const { head } = this.#download;
    return head === undefined ? "" : hexText(head.imageDigest);
  }
}

export default function main(): void {
  const partitions = new Partitions();
  let work: UpdateWork | undefined;
  Timer.repeat(() => {
    work ??= new UpdateWork(partitions);
    (globalThis as unknown as { trace: (text: string) => void }).trace(`${work.next()}\n`);
  }, turn);
}
