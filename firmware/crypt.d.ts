/**
 * Types of Moddable's module "crypt", in the place of the SDK's own, which lack the ciphers. Described from the
 * SDK's documentation and behaviour.
 */

declare module "crypt" {
  /** Bytes that the native code reads in place. */
  type Bytes = ArrayBuffer | ArrayBufferView;

  export class Digest {
    /** @throws Error "crypt: unsupported digest" */
    constructor(type: "MD5" | "SHA1" | "SHA224" | "SHA256" | "SHA384" | "SHA512");
    readonly blockSize: number;
    readonly outputSize: number;
    /** Strings are hashed as UTF-8. */
    write(data: string | Bytes): void;
    /** The digest; with `more` the object may be written to further. */
    close(more?: boolean): ArrayBuffer;
    reset(): void;
    /** Reset, write each part, close. */
    process(...parts: (string | Bytes)[]): ArrayBuffer;
  }

  export class BlockCipher {
    /**
     * @param key for AES 16, 24 or 32 bytes in an ArrayBuffer of its own, no view
     * @throws Error "bad key size", TypeError for a view
     */
    constructor(cipher: "AES", key: ArrayBuffer);
    readonly keySize: number;
    readonly blockSize: number;
    /** One block. */
    encrypt(block: ArrayBuffer, result?: ArrayBuffer): ArrayBuffer;
    decrypt(block: ArrayBuffer, result?: ArrayBuffer): ArrayBuffer;
  }

  export class Mode {
    /**
     * @param iv an ArrayBuffer of its own, no view
     *
     * Never let it pad: the native padding writes behind the end of its result.
     */
    constructor(mode: "CBC" | "CTR" | "ECB", cipher: BlockCipher, iv?: ArrayBuffer);
    /** Whole blocks only, but for CTR; what is left over stays zero in the result. Calls chain. */
    encrypt(data: Bytes, result?: ArrayBuffer): ArrayBuffer;
    decrypt(data: Bytes, result?: ArrayBuffer): ArrayBuffer;
    setIV(iv: ArrayBuffer): void;
  }
}
