/**
 * Datagrams between devices and a running stand-in as a capture that Wireshark opens, while they pass:
 *
 *    devices ── (network) ──[ the stand-in's port ]── cloud
 *                                     0
 *
 * Devices may be real ones, so what is secret is masked: signatures, what authenticates, the session's token, and
 * whatever is not known to be harmless, each byte as "*". Lengths and all else are as they were.
 */
import { Masker } from "./masker";
import { captureHead, datagramBlock } from "./masked-blocks";
import type { Peer } from "../events";

/** Who reads a capture. */
export interface CaptureReader {
  /** Takes bytes; false when there is no more room for now: what comes meanwhile is left out, and counted. */
  write(bytes: Uint8Array): boolean;
  /** `productKey/deviceKey` of the only device of interest; all when left out. */
  readonly device?: string;
}

interface Following extends CaptureReader {
  hasRoom: boolean;
  leftOut: number;
}

/** Hears all datagrams; those that read along are given blocks of pcapng. */
export class LiveCapture {
  readonly #local: () => Peer;
  readonly #masker = new Masker(0x2a);
  readonly #readers = new Set<Following>();

  /** @param local the stand-in's own address and port */
  constructor(local: () => Peer) {
    this.#local = local;
  }

  /** The stand-in's own address and port. */
  get local(): Peer {
    return this.#local();
  }

  /** How many read along. */
  get readers(): number {
    return this.#readers.size;
  }

  /** Has a reader read along from now on. The first function says that it has room again, the second ends it. */
  follow(reader: CaptureReader): { resume(): void; end(): void } {
    const following: Following = {
      write: (bytes) => reader.write(bytes),
      device: reader.device,
      hasRoom: true,
      leftOut: 0,
    };
    following.hasRoom = captureHead(this.local).reduce((room, block) => following.write(block) && room, true);
    this.#readers.add(following);
    return {
      resume: () => void (following.hasRoom = true),
      end: () => void this.#readers.delete(following),
    };
  }

  /** @param now epoch ms */
  datagram(direction: "in" | "out", datagram: Uint8Array, peer: Peer, now: number): void {
    if (this.#readers.size === 0) return;
    const way = direction === "in" ? "up" : "down";
    const { bytes, hidden, device } = this.#masker.mask(way, datagram, peer);
    for (const reader of this.#readers) {
      if (reader.device !== undefined && reader.device !== device) continue;
      if (!reader.hasRoom) {
        reader.leftOut += 1;
        continue;
      }
      const { leftOut } = reader;
      reader.leftOut = 0;
      const remark =
        leftOut === 0 ? "" : `${leftOut} datagrams before this one are left out, as the reader was slow`;
      reader.hasRoom = reader.write(
        datagramBlock({ at: now, way, peer, bytes, hidden, device, remark }, this.local),
      );
    }
  }
}
