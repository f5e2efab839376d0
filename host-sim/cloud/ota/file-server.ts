/**
 * Firmware files over CoAP, by Block2 (RFC 7959), from `/f/NAME`:
 *
 *     GET /f/pZ3r… 2:0/0/512           ->                                    any block at any time: a device that
 *     <- 2.05 2:0/1/512, ETag 1a2b3c4d                                       slept for days asks for the next one
 *     GET /f/pZ3r… 2:2399/0/512        ->
 *     <- 2.05 2:2399/0/512, ETag 1a2b3c4d
 *     GET /f/pZ3r…, ETag 1a2b3c4d      ->                                    is it still the same file?
 *     <- 2.03, ETag 1a2b3c4d
 *     GET /f/pZ3r… 2:7/0/512, If-Match 1a2b3c4d ->                           a block of that file or none
 *     <- 4.12                                                                it has been replaced
 *
 * Nothing is kept for a peer: a block is a view into the file, so that a thousand devices cost what one does. A block
 * that is asked for may be answered by a smaller one, from the same byte on; where no block is asked for, the first is
 * as large as fits into a datagram that all of the product's devices take.
 *
 * Who may fetch: whoever knows the path, without a signature, in both editions of the protocol. A signature would cost
 * some 70 bytes and a sequence number for each block, 170 kB for a file of 2,400, and would protect nothing: on this
 * path, without DTLS, a listener reads the blocks anyway, in the later edition nothing is signed, and another CoAP
 * server that a `fileUrl` may name knows no signature. The name has 64 random bits against whoever tries names. The risks
 * that remain: an image is readable by who hears a device's messages, so that no secret belongs into one; and who
 * knows a path can have blocks of 1 kB sent to another's address for requests of 40 bytes, as many a second as the rate
 * limit allows. That a device takes an image for right is a matter of its own check, never of the path.
 *
 * A fetched block is no sign of life of a device, since it says nothing of who fetched it.
 */
import { blockOf, frame } from "../coap/block-transfers";
import type { CoapOption } from "../coap/coap-wire";
import { Code } from "../coap/codes";
import { OptionNumber } from "../coap/options";
import { blockSize, writeUint, szxOf } from "../coap/request";
import type { Answer, CoapRequest, RefusedRequest } from "../coap/request";
import { fileRoot } from "./firmware-files";
import type { FirmwareFile, FirmwareFiles } from "./firmware-files";

/** application/octet-stream (RFC 7252 section 12.3). */
const octetStream = 42;

/** Serves the files. */
export class FileServer {
  readonly #files: FirmwareFiles;
  readonly #largestSzx: number;
  readonly #largestDatagram: (productKey: string) => number;

  /**
   * @param blockSize bytes of the largest block given, 16, 32 … 1024
   * @param largestDatagram bytes of the largest datagram that a product's devices take
   * @throws RangeError on a block size that is none
   */
  constructor(files: FirmwareFiles, blockSize: number, largestDatagram: (productKey: string) => number) {
    this.#files = files;
    this.#largestSzx = szxOf(blockSize);
    this.#largestDatagram = largestDatagram;
  }

  /** Answers a request for a file; undefined for one to another path. */
  serve(request: CoapRequest): Answer | RefusedRequest | undefined {
    const { path } = request;
    if (path[0] !== fileRoot) return undefined;
    const file = path.length === 2 ? this.#files.named(path[1]) : undefined;
    if (file === undefined) return { refused: Code.notFound, reason: "no such file" };
    if (request.method !== Code.get) {
      return { refused: Code.methodNotAllowed, reason: "a file is fetched by GET" };
    }
    return conditionFault(file, request) ?? this.#body(file, request);
  }

  #body(file: FirmwareFile, request: CoapRequest): Answer | RefusedRequest {
    const { bytes, etag, record } = file;
    const etagOption: CoapOption = { number: OptionNumber.etag, value: etag };
    if (request.etags?.some((each) => Buffer.compare(each, etag) === 0)) {
      return { code: Code.valid, options: [etagOption], isBlock: true };
    }
    if (request.accept !== undefined && request.accept !== octetStream) {
      return { refused: Code.notAcceptable, reason: `Accept ${request.accept}: a file is octet-stream` };
    }
    const options = [etagOption, { number: OptionNumber.contentFormat, value: writeUint(octetStream) }];
    let asked = request.block2;
    if (asked === undefined) {
      const room = this.#largestDatagram(record.productKey) - frame;
      let szx = this.#largestSzx;
      while (szx > 0 && blockSize(szx) > room) szx -= 1;
      if (bytes.length <= blockSize(szx))
        return { code: Code.content, options, payload: bytes, isBlock: true };
      asked = { num: 0, more: false, szx };
    }
    const answer = blockOf({ code: Code.content, body: bytes, options }, asked, this.#largestSzx, request);
    return "refused" in answer ? answer : { ...answer, isBlock: true };
  }
}

/** 4.12 for a request that is to be carried out for another file, or for none (RFC 7252 section 5.10.8). */
function conditionFault(
  { etag }: FirmwareFile,
  { ifMatch, ifNoneMatch }: CoapRequest,
): RefusedRequest | undefined {
  const matches = ifMatch?.some((each) => each.length === 0 || Buffer.compare(each, etag) === 0) ?? true;
  if (matches && ifNoneMatch === undefined) return undefined;
  const reason = matches ? "If-None-Match: the file is there" : "If-Match: the file has been replaced";
  return { refused: Code.preconditionFailed, reason };
}
