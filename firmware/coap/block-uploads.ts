/**
 * Uploads of one endpoint take turns: RFC 7959 section 2.5 gives a client one upload to a resource at a time, so that with
 * each peer they go one after the other here. Each has a Request-Tag (RFC 9175 section 3), so that a server that knows the
 * option never mixes two of them.
 */

/** A request whose body goes up in blocks. */
export interface Upload {
  readonly address: string;
  readonly port: number;
  /** Begins: no other upload to this peer is under way any more. */
  haveTurn(now: number): void;
  cancel(now: number): void;
}

interface UploadsOptions {
  /** Random number in [0, 1). */
  readonly random: () => number;
  /** Uploads under way or waiting for each other, over all peers. */
  readonly maxRequests: number;
}

/** Those that are under way, or wait until one with the same peer has ended. */
export class Uploads {
  readonly #options: UploadsOptions;
  /** In the order of their start. */
  readonly #uploads: Upload[] = [];
  #nextTag: number | undefined;

  constructor(options: UploadsOptions) {
    this.#options = options;
  }

  /**
   * A Request-Tag. They are counted up from a random start: none comes again within 65536 uploads, so that no two
   * under way, nor the first and second attempt of one, are ever taken for the same.
   */
  takeTag(): Uint8Array {
    const tag = this.#nextTag ?? Math.floor(this.#options.random() * 0x10000);
    this.#nextTag = (tag + 1) & 0xffff;
    return Uint8Array.of(tag >> 8, tag);
  }

  /**
   * Puts an upload at the end; undefined when there are too many, true when it is its turn. One that begins anew keeps
   * its place: it leaves once, and a second place would hold up those behind it for ever.
   */
  enter(upload: Upload): boolean | undefined {
    if (this.#uploads.includes(upload)) return true;
    if (this.#uploads.length >= this.#options.maxRequests) return undefined;
    this.#uploads.push(upload);
    return this.first(upload) === upload;
  }

  /** A request has ended: if it was the upload under way, the next one with its peer has its turn. */
  leave(upload: Upload, now: number): void {
    const at = this.#uploads.indexOf(upload);
    if (at < 0) return;
    const underWay = this.first(upload) === upload;
    this.#uploads.splice(at, 1);
    if (underWay) this.first(upload)?.haveTurn(now);
  }

  /** Cancels those that wait. */
  close(now: number): void {
    for (let each = this.#uploads.pop(); each !== undefined; each = this.#uploads.pop()) each.cancel(now);
  }

  private first({ address, port }: Upload): Upload | undefined {
    return this.#uploads.find((each) => each.port === port && each.address === address);
  }
}
