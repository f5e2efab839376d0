/**
 * What of the datagrams on the air is for an update: the blocks of its file, and besides the upgrade and its reply, each
 * step that the device reports and the version that it informs.
 */
import { hex } from "../../cloud/coap/coap-text";
import { decodeCoap } from "../../cloud/coap/coap-wire";
import { fileRoot } from "../../cloud/ota/firmware-files";
import { CauseFinder, pathOf } from "../../inspect/capture/cause";
import type { DatagramReport } from "../../sim/radio/link";

const block2 = 23;
/** IPv4 and UDP in front of every datagram, bytes. */
const headers = 28;

/** Counts them. Bytes are with IPv4 and UDP, of datagrams that are lost, too. */
export class FileTraffic {
  /** For the update, both ways. */
  datagrams = 0;
  bytes = 0;
  /** Of these for blocks of its file. */
  fileBytes = 0;
  /** Requests for a block, those that were sent again with them. */
  requests = 0;
  /** Different blocks that were asked for: where each begins, bytes. */
  readonly #blocks = new Set<number>();
  /** Tokens of requests for a block. */
  readonly #tokens = new Set<string>();
  readonly #causes = new CauseFinder();

  /** How many different blocks were asked for. */
  get blocks(): number {
    return this.#blocks.size;
  }

  /** Begins to count anew. */
  clear(): void {
    this.datagrams = this.bytes = this.fileBytes = this.requests = 0;
    this.#blocks.clear();
    this.#tokens.clear();
  }

  hear(report: DatagramReport): void {
    if (this.#causes.of(report).purpose !== "firmware") return;
    const length = report.bytes.length + headers;
    this.datagrams += 1;
    this.bytes += length;
    const message = decodeCoap(report.bytes);
    if ("malformed" in message) return;
    const token = hex(message.token);
    const isRequest = report.direction === "up" && pathOf(message)?.startsWith(`/${fileRoot}/`) === true;
    if (isRequest) {
      const option = message.options.find(({ number }) => number === block2);
      const value = option?.value.reduce((sum, byte) => 256 * sum + byte, 0) ?? 0;
      this.requests += 1;
      this.#blocks.add((value >>> 4) * (16 << (value & 7)));
      this.#tokens.add(token);
    }
    if (isRequest || this.#tokens.has(token)) this.fileBytes += length;
  }
}
