/**
 * `crypt`: the part of Moddable's native module that is used, on the host's OpenSSL. Arguments are
 * taken and refused as the board does: keys and vectors only as ArrayBuffers, data as views too,
 * results always as ArrayBuffers.
 */
import { GuestCommand, cipherDecrypt, cipherMode, commandHeader, digests } from "../protocol";
import { bytesOf, command, issue } from "./bridge";
import { utf8 } from "./utf8";

const block = 16;

function ownBuffer(buffer: unknown): ArrayBuffer {
  if (!(buffer instanceof ArrayBuffer)) throw new TypeError("not an ArrayBuffer instance");
  return buffer;
}

/** Bytes that a digest collects; the host takes what goes beyond, as the board has no room for a long message either. */
const collected = 2_048;
let lastBegun = 0;

/** Collects what it is given and has it hashed at the end, in one command unless it is long. */
export class Digest {
  readonly #kind: number;
  #message: Uint8Array;
  #length = commandHeader;
  #closed = false;
  /** Number of what the host has begun; 0 for nothing. */
  #begun = 0;

  constructor(type: string) {
    this.#kind = digests.findIndex((digest) => digest.name === type);
    if (this.#kind < 0) throw new Error("crypt: unsupported digest");
    this.#message = command(GuestCommand.digest, this.#kind, 0, 2 * block);
  }

  get blockSize(): number {
    return digests[this.#kind].blockSize;
  }

  get outputSize(): number {
    return digests[this.#kind].outputSize;
  }

  write(data: unknown): void {
    if (this.#closed) throw new Error("crypt: can't call digest write after close");
    const bytes = typeof data === "string" ? utf8(data) : bytesOf(data);
    const length = this.#length + bytes.length;
    if (this.#begun !== 0 || length > collected) return this.#hand(bytes);
    if (length > this.#message.length) {
      const longer = new Uint8Array(Math.max(length, 2 * this.#message.length));
      longer.set(this.#message.subarray(0, this.#length));
      this.#message = longer;
    }
    this.#message.set(bytes, this.#length);
    this.#length = length;
  }

  update(data: unknown): void {
    this.write(data);
  }

  close(more = false): ArrayBuffer {
    if (this.#closed) throw new Error("crypt: can't call digest close after close");
    this.#closed = !more;
    const digest = issue(this.#message.slice(0, this.#length));
    if (more) return digest;
    this.#giveUp();
    this.#message = this.#message.slice(0, commandHeader);
    return digest;
  }

  reset(): void {
    this.#giveUp();
    this.#length = commandHeader;
    this.#closed = false;
  }

  process(...parts: unknown[]): ArrayBuffer {
    this.reset();
    for (const part of parts) this.write(part);
    return this.close();
  }

  /** Gives the host what was collected, and more. */
  #hand(bytes: Uint8Array): void {
    if (this.#begun === 0) {
      // Behind the last of 16 bits the first comes again: nobody has so many at once.
      lastBegun = (lastBegun % 0xffff) + 1;
      this.#begun = lastBegun;
      if (this.#length > commandHeader) this.#part(this.#message.subarray(commandHeader, this.#length));
      this.#length = commandHeader;
      this.#message = command(GuestCommand.digest, this.#kind, this.#begun, 0);
    }
    if (bytes.length > 0) this.#part(bytes);
  }

  #part(bytes: Uint8Array): void {
    const message = command(GuestCommand.digestPart, this.#kind, this.#begun, bytes.length);
    message.set(bytes, commandHeader);
    issue(message);
  }

  #giveUp(): void {
    if (this.#begun === 0) return;
    issue(command(GuestCommand.digestPart, this.#kind, this.#begun, 0));
    this.#begun = 0;
    this.#message = command(GuestCommand.digest, this.#kind, 0, 2 * block);
  }
}

/** Runs whole blocks through AES on the host, and with CTR any bytes. */
function aes(mode: number, key: Uint8Array, iv: Uint8Array, data: Uint8Array): ArrayBuffer {
  const message = command(GuestCommand.cipher, mode, key.length, key.length + block + data.length);
  message.set(key, commandHeader);
  message.set(iv, commandHeader + key.length);
  message.set(data, commandHeader + key.length + block);
  return issue(message);
}

const noVector = new Uint8Array(block);

export class BlockCipher {
  readonly #key: Uint8Array;

  constructor(cipher: string, key: ArrayBuffer) {
    const bytes = new Uint8Array(ownBuffer(key));
    if (cipher !== "AES") throw new Error("unsupported cipher");
    if (bytes.length !== 16 && bytes.length !== 24 && bytes.length !== 32) throw new Error("bad key size");
    this.#key = bytes.slice();
  }

  get keySize(): number {
    return this.#key.length;
  }

  get blockSize(): number {
    return block;
  }

  encrypt(data: unknown, result?: ArrayBuffer): ArrayBuffer {
    return this.#one(cipherMode.ecb, data, result);
  }

  decrypt(data: unknown, result?: ArrayBuffer): ArrayBuffer {
    return this.#one(cipherMode.ecb | cipherDecrypt, data, result);
  }

  #one(mode: number, data: unknown, result: ArrayBuffer | undefined): ArrayBuffer {
    if (result !== undefined && ownBuffer(result).byteLength < block) throw new Error("buffer too small");
    const bytes = typeof data === "string" ? utf8(data) : new Uint8Array(ownBuffer(data));
    if (bytes.length < block) throw new Error("bad size");
    const done = aes(mode, this.#key, noVector, bytes.subarray(0, block));
    if (result === undefined) return done;
    new Uint8Array(result).set(new Uint8Array(done));
    return result;
  }

  /** For `Mode`: many blocks. */
  static run(cipher: BlockCipher, mode: number, iv: Uint8Array, data: Uint8Array): ArrayBuffer {
    return aes(mode, cipher.#key, iv, data);
  }
}

export class Mode {
  readonly #mode: number;
  readonly #cipher: BlockCipher;
  readonly #pad: boolean;
  /** Of CBC the last block, of CTR the counter. */
  readonly #iv = new Uint8Array(block);
  /** Bytes of the counter's block that are used up. */
  #offset = 0;
  #eof = false;

  constructor(mode: string, cipher: BlockCipher, iv?: ArrayBuffer | null, pad = false) {
    if (mode !== "CBC" && mode !== "CTR" && mode !== "ECB") throw new Error("unsupported mode");
    this.#mode = mode === "CBC" ? cipherMode.cbc : mode === "CTR" ? cipherMode.ctr : cipherMode.ecb;
    this.#cipher = cipher;
    this.#pad = pad;
    if (iv && mode !== "ECB") this.setIV(iv);
  }

  setIV(iv: ArrayBuffer): void {
    const bytes = new Uint8Array(ownBuffer(iv)).subarray(0, block);
    this.#iv.fill(0);
    // A short one is the end of a counter, and the beginning of a vector.
    this.#iv.set(bytes, this.#mode === cipherMode.ctr ? block - bytes.length : 0);
    this.#offset = 0;
  }

  get eof(): boolean {
    return this.#eof;
  }

  set eof(value: boolean) {
    // The board writes the padded block behind the end of its result: no firmware should get that far.
    if (value && this.#pad) throw new Error("crypt pads past the end of its buffer: pad in JavaScript");
    this.#eof = Boolean(value);
  }

  /** Whole blocks; the rest of the result stays as it was: zero in a new one. Calls chain. */
  encrypt(data: unknown, result?: ArrayBuffer): ArrayBuffer {
    const bytes = bytesOf(data);
    if (result !== undefined && ownBuffer(result).byteLength < bytes.length) {
      throw new Error("output too small");
    }
    if (this.#mode === cipherMode.ctr) return this.#count(bytes, result);
    const whole = bytes.length - (bytes.length % block);
    const done = this.#run(this.#mode, bytes, whole);
    if (whole > 0) this.#iv.set(new Uint8Array(done, whole - block, block));
    return resultOf(done, whole, bytes.length, result);
  }

  decrypt(data: unknown, result?: ArrayBuffer): ArrayBuffer {
    const bytes = bytesOf(data);
    if (result !== undefined && bytesOf(result).length < bytes.length) throw new Error("output too small");
    if (this.#mode === cipherMode.ctr) return this.#count(bytes, result as ArrayBuffer | undefined);
    const whole = bytes.length - (bytes.length % block);
    const done = this.#run(this.#mode | cipherDecrypt, bytes, whole);
    if (whole > 0) this.#iv.set(bytes.subarray(whole - block, whole));
    return resultOf(done, whole, whole, result);
  }

  /** CTR, of any length: goes on within the block at which the call before ended. */
  #count(bytes: Uint8Array, result?: ArrayBuffer): ArrayBuffer {
    const end = this.#offset + bytes.length;
    const text = new Uint8Array(end);
    text.set(bytes, this.#offset);
    const done = this.#run(cipherMode.ctr, text, end).slice(this.#offset);
    for (let blocks = Math.floor(end / block); blocks > 0; blocks--) {
      let at = block;
      do this.#iv[--at] += 1;
      while (this.#iv[at] === 0 && at > 0);
    }
    this.#offset = end % block;
    return resultOf(done, bytes.length, bytes.length, result);
  }

  #run(mode: number, bytes: Uint8Array, whole: number): ArrayBuffer {
    if (whole === 0) return new ArrayBuffer(0);
    return BlockCipher.run(this.#cipher, mode, this.#iv, bytes.subarray(0, whole));
  }
}

/** The result as the caller wants it: `length` bytes of his own, or of a new buffer. */
function resultOf(done: ArrayBuffer, whole: number, length: number, result?: ArrayBuffer): ArrayBuffer {
  if (result === undefined && whole === length) return done;
  const target = result ?? new ArrayBuffer(length);
  bytesOf(target).set(new Uint8Array(done));
  return target;
}
