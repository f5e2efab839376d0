/**
 * The firmware of each product: files by their version, kept over a restart.
 *
 * A file is served under a path of its own, `/f/NAME`, see file-server.ts. NAME is drawn at random when the version is
 * uploaded first and stays when it is replaced, so that a device which is fetching it sees by the ETag that it has
 * another file under the path it knows. EnOS itself refuses a version that it has; here one can be replaced, because
 * a device has to be tested with that.
 */
import { createHash } from "node:crypto";
import type { CloudEventBody } from "../events";
import type { CloudStorage } from "../registry/storage";

/** How a file's digest is made; the names are EnOS's. */
export type SignMethod = "md5" | "sha256";

/** What is known of a file. */
export interface FirmwareRecord {
  readonly productKey: string;
  readonly version: string;
  readonly signMethod: SignMethod;
  /** Digest of the file, lower-case hexadecimal. */
  readonly sign: string;
  /** Bytes. */
  readonly fileSize: number;
  /** Path on the CoAP server. */
  readonly fileUrl: string;
  /** For people. */
  readonly desc?: string;
  /** ms */
  readonly uploadedAt: number;
}

/** What is said of a file when it is put. */
export type FirmwareAbout = Pick<FirmwareRecord, "productKey" | "version" | "signMethod" | "desc">;

/** A file that is served. */
export interface FirmwareFile {
  readonly record: FirmwareRecord;
  readonly bytes: Uint8Array;
  readonly etag: Uint8Array;
}

export interface FirmwareLimits {
  /** Bytes of one file: more than the 4 MB flash of a board has room for. */
  firmwareBytes: number;
  /** Files of one product. */
  firmwarePerProduct: number;
  /** Bytes of the files of all products. */
  firmwareTotal: number;
}

/** Room for files: of one file, of one product's number of them, of all together, bytes but for the number. */
export interface FirmwareRoom {
  readonly fileBytes: number;
  readonly filesPerProduct: number;
  readonly totalBytes: number;
  /** Of these are taken. */
  readonly usedBytes: number;
}

/** A version: one segment of a path, so that it can stand in the API's and in a storage's key. */
export const versionPattern = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/;

/** First segment of the path of every file. */
export const fileRoot = "f";

/** Random bytes of a name: nobody finds one by trying. */
const nameBytes = 8;
const etagBytes = 4;
/** Bytes of a file in one entry of the storage. */
const partBytes = 192 * 1024;
const longestDesc = 256;

export interface FirmwareFilesOptions {
  limits: FirmwareLimits;
  storage: CloudStorage | undefined;
  randomBytes(n: number): Uint8Array;
  emit: ((event: CloudEventBody) => void) | undefined;
}

/** All firmware files, by product and version and by the name that they are served under. */
export class FirmwareFiles {
  readonly #options: FirmwareFilesOptions;
  /** By product, then by version. */
  readonly #products = new Map<string, Map<string, FirmwareFile>>();
  readonly #names = new Map<string, FirmwareFile>();
  #bytes = 0;
  /** Parts of files whose records have not been read from the storage yet. */
  #parts = new Map<string, string[]>();

  constructor(options: FirmwareFilesOptions) {
    this.#options = options;
  }

  /** What there is room for, and how many bytes of it all files together take. */
  get room(): FirmwareRoom {
    const { firmwareBytes, firmwarePerProduct, firmwareTotal } = this.#options.limits;
    return {
      fileBytes: firmwareBytes,
      filesPerProduct: firmwarePerProduct,
      totalBytes: firmwareTotal,
      usedBytes: this.#bytes,
    };
  }

  /** A product's files in the order of their upload. */
  list(productKey: string): FirmwareRecord[] {
    const records = [...(this.#products.get(productKey)?.values() ?? [])].map(({ record }) => record);
    // A storage tells of them in another order.
    return records.sort((one, other) => {
      return one.uploadedAt - other.uploadedAt || (one.version < other.version ? -1 : 1);
    });
  }

  file(productKey: string, version: string): FirmwareFile | undefined {
    return this.#products.get(productKey)?.get(version);
  }

  /** The file that is served under this name. */
  named(name: string): FirmwareFile | undefined {
    return this.#names.get(name);
  }

  /**
   * Takes a file, or another one in its place. The bytes are kept as they are: the caller does not change them.
   * @throws RangeError on a version, a file or a description that cannot be taken, or when there are too many
   */
  put(about: FirmwareAbout, bytes: Uint8Array, now: number): FirmwareRecord {
    const { productKey, version, signMethod, desc } = about;
    const { firmwareBytes, firmwarePerProduct, firmwareTotal } = this.#options.limits;
    if (!versionPattern.test(version)) {
      throw new RangeError(
        "version: expected 1 to 64 of A-Z a-z 0-9 . _ + - that begin with a letter or digit",
      );
    }
    if (bytes.length === 0) throw new RangeError("firmware: the file is empty");
    if (bytes.length > firmwareBytes) {
      throw new RangeError(`firmware: expected at most ${firmwareBytes} bytes, got ${bytes.length}`);
    }
    if (desc !== undefined && desc.length > longestDesc) {
      throw new RangeError(`desc: expected at most ${longestDesc} characters`);
    }
    const before = this.file(productKey, version);
    if (before === undefined && this.list(productKey).length >= firmwarePerProduct) {
      throw new RangeError(
        `firmware: product ${productKey} has ${firmwarePerProduct} files already; remove one`,
      );
    }
    if (this.#bytes - (before?.bytes.length ?? 0) + bytes.length > firmwareTotal) {
      throw new RangeError(
        `firmware: all files together may have ${firmwareTotal} bytes; remove some that are not needed`,
      );
    }
    const sign = digest(signMethod, bytes);
    const fileUrl = before?.record.fileUrl ?? `/${fileRoot}/${this.#newName()}`;
    const record: FirmwareRecord = {
      ...{ productKey, version, signMethod, sign, fileSize: bytes.length, fileUrl, uploadedAt: now },
      ...(desc === undefined ? {} : { desc }),
    };
    if (before !== undefined) this.#forget(before);
    this.#take(record, bytes);
    this.#store(record, bytes);
    this.#options.emit?.({ type: "firmware-put", productKey, version, fileSize: bytes.length });
    return record;
  }

  /** Forgets a file. @throws RangeError when there is none */
  remove(productKey: string, version: string): void {
    const file = this.file(productKey, version);
    if (file === undefined) throw new RangeError(`no firmware ${version} of product ${productKey}`);
    this.#forget(file);
    this.#options.emit?.({ type: "firmware-removed", productKey, version });
  }

  /** Forgets all of a product's. */
  removeProduct(productKey: string): void {
    for (const { version } of this.list(productKey)) this.remove(productKey, version);
  }

  /** Takes up an entry of the storage; false for one that is none of these. All parts come before all records. */
  restore(kind: string, keys: readonly string[], value: unknown): boolean {
    const [productKey, version] = keys;
    const name = `${productKey}/${version}`;
    if (kind === partKind) {
      if (typeof value !== "string") throw new TypeError("no text");
      const parts = this.#parts.get(name);
      if (parts === undefined) this.#parts.set(name, [value]);
      else parts.push(value);
      return true;
    }
    if (kind !== recordKind) return false;
    const record = value as FirmwareRecord;
    if (record.signMethod !== "md5" && record.signMethod !== "sha256") throw new TypeError("no method");
    const bytes = Buffer.concat((this.#parts.get(name) ?? []).map((part) => Buffer.from(part, "base64")));
    this.#parts.delete(name);
    if (digest(record.signMethod, bytes) !== record.sign) throw new TypeError("another digest");
    this.#take(record, bytes);
    return true;
  }

  #newName(): string {
    for (;;) {
      const name = Buffer.from(this.#options.randomBytes(nameBytes)).toString("base64url");
      if (!this.#names.has(name)) return name;
    }
  }

  #take(record: FirmwareRecord, bytes: Uint8Array): void {
    const etag = createHash("sha256").update(bytes).digest().subarray(0, etagBytes);
    const file: FirmwareFile = { record, bytes, etag };
    let files = this.#products.get(record.productKey);
    if (files === undefined) this.#products.set(record.productKey, (files = new Map()));
    files.set(record.version, file);
    this.#names.set(nameOf(record), file);
    this.#bytes += bytes.length;
  }

  #store({ productKey, version }: FirmwareRecord, bytes: Uint8Array): void {
    const { storage } = this.#options;
    if (storage === undefined) return;
    for (let from = 0, part = 0; from < bytes.length; from += partBytes, part += 1) {
      const some = bytes.subarray(from, from + partBytes);
      storage.put(partKey(productKey, version, part), Buffer.from(some).toString("base64"));
    }
    storage.put(`${recordKind}/${productKey}/${version}`, this.file(productKey, version)!.record);
  }

  #forget({ record, bytes }: FirmwareFile): void {
    const { productKey, version } = record;
    this.#products.get(productKey)?.delete(version);
    if (this.#products.get(productKey)?.size === 0) this.#products.delete(productKey);
    this.#names.delete(nameOf(record));
    this.#bytes -= bytes.length;
    const { storage } = this.#options;
    if (storage === undefined) return;
    for (let part = 0; part * partBytes < bytes.length; part++)
      storage.delete(partKey(productKey, version, part));
    storage.delete(`${recordKind}/${productKey}/${version}`);
  }
}

/** Sorts before `recordKind`, so that a storage tells of the parts first. */
const partKind = "firmware-part";
const recordKind = "firmware";

function partKey(productKey: string, version: string, part: number): string {
  return `${partKind}/${productKey}/${version}/${String(part).padStart(4, "0")}`;
}

function nameOf({ fileUrl }: FirmwareRecord): string {
  return fileUrl.slice(fileRoot.length + 2);
}

function digest(method: SignMethod, bytes: Uint8Array): string {
  return createHash(method).update(bytes).digest("hex");
}
