/**
 * What of the datagrams on the air is for an update: the blocks of its file, the upgrade and its reply, each step that the
 * device reports and the version that it informs.
 */
import { decodeCoap } from "../../cloud/coap/coap-wire";
import { CauseFinder } from "../../inspect/capture/cause";
import type { DatagramReport } from "../../sim/radio/link";

const block2 = 23;
/** IPv4 and UDP in front of every datagram, bytes. */
const headers = 28;

/** Counts them. */
export class FileTraffic {
  /** Datagrams for the update, lost ones with them, and their bytes with IPv4 and UDP. */
  datagrams = 0;
  bytes = { up: 0, down: 0 };
  /** Requests for a block, those that were sent again with them. */
  requests = 0;
  /** Different blocks that were asked for: where each begins, bytes. */
  readonly #blocks = new Set<number>();
  readonly #causes = new CauseFinder();

  /** How many different blocks were asked for. */
  get blocks(): number {
    return this.#blocks.size;
  }

  /** Begins to count anew. */
  clear(): void {
    this.datagrams = this.requests = 0;
    this.bytes = { up: 0, down: 0 };
    this.#blocks.clear();
  }

  hear(report: DatagramReport): void {
    if (this.#causes.of(report).purpose !== "firmware") return;
    const { direction, bytes } = report;
    this.datagrams += 1;
    this.bytes[direction] += bytes.length + headers;
    if (direction === "down") return;
    const message = decodeCoap(bytes);
    if ("malformed" in message) return;
    const option = message.options.find(({ number }) => number === block2);
    if (option === undefined) return;
    this.requests += 1;
    const value = Buffer.from(option.value).readUIntBE(0, option.value.length);
    this.#blocks.add((value >>> 4) * (16 << (value & 7)));
  }
}
