/** What the tests use of cose-js, which has no types of its own. */
declare module "cose-js" {
  interface Headers {
    readonly p: { readonly alg: string };
    readonly u: { readonly kid?: string };
  }
  interface EncryptOptions {
    readonly externalAAD: Buffer;
    /** With a partial IV: the whole that it is XORed into. */
    readonly contextIv?: Buffer;
    /** Where a nonce, or a partial one, comes from. */
    readonly randomSource?: (bytes: number) => Buffer;
  }
  export const encrypt: {
    /** COSE_Encrypt0, where the recipient is no array. */
    create(headers: Headers, plain: Buffer, to: { key: Buffer }, options: EncryptOptions): Promise<Buffer>;
    /** Rejects what does not verify. */
    read(message: Buffer, key: Buffer, options: EncryptOptions): Promise<Buffer>;
  };
  export const mac: {
    /** COSE_Mac0, where the recipient is no array. */
    create(headers: Headers, payload: Buffer, to: { key: Buffer }, external: Buffer): Promise<Buffer>;
    /** Rejects what does not verify. */
    read(message: Buffer, key: Buffer, external: Buffer): Promise<Buffer>;
  };
}
