/**
 * The firmware of each product: files by version, board and the version that a difference is made from, kept over a
 * restart. A version may have several; which one a device is given is told in fitting-file.ts. A file that names neither
 * board nor base is for all devices.
 *
 * A file is served under a path of its own, `/f/NAME`, see file-server.ts. NAME is drawn at random when the version is
 * uploaded first and stays when it is replaced, so that a device which is fetching it sees by the ETag that it has
 * another file under the path it knows. EnOS itself refuses a version that it has; here one can be replaced, because
 * a device has to be tested with that.
 *
 * A file may also lie on another CoAP server. Then its bytes are looked at for digest, size and head when it is put, and
 * not kept.
 */
import { createHash } from "node:crypto";
import type { CloudEventBody } from "../events";
import type { CloudStorage } from "../registry/storage";
import { fileUrlFault } from "./file-url";
import type { FirmwareName } from "./firmware-name";
import { readPackageHead } from "./package-head";
import type { PackageHead } from "./package-head";

/** How a file's digest is made; the names are EnOS's. */
export type SignMethod = "md5" | "sha256";

/** What is known of a file. */
export interface FirmwareRecord extends FirmwareName {
  readonly productKey: string;
  readonly signMethod: SignMethod;
  /** Digest of the file, lower-case hexadecimal. */
  readonly sign: string;
  /** Bytes. */
  readonly fileSize: number;
  /** Path on this CoAP server, or `coap://…` of another. */
  readonly fileUrl: string;
  /** What it says of itself when it is a package of `npm run update`; `fault` when it is one that cannot be read. */
  readonly package?: PackageHead | { readonly fault: string };
  /** For people. */
  readonly desc?: string;
  /** ms */
  readonly uploadedAt: number;
}

/** What is said of a file when it is put. Board and base that are left out are taken from a package's head. */
export interface FirmwareAbout extends FirmwareName {
  readonly productKey: string;
  readonly signMethod: SignMethod;
  readonly desc?: string;
  /** `coap://…`: it lies there, and is not kept here. */
  readonly fileUrl?: string;
}

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

/** In messages: what the pattern takes. */
const versionForm = "expected 1 to 64 of A-Z a-z 0-9 . _ + - that begin with a letter or digit";

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
  /** By product, then by the file's name, see `keyOf`. */
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
      return one.uploadedAt - other.uploadedAt || (keyOf(one) < keyOf(other) ? -1 : 1);
    });
  }

  /** A version's files, in no particular order. */
  ofVersion(productKey: string, version: string): FirmwareRecord[] {
    const found: FirmwareRecord[] = [];
    for (const { record } of this.#products.get(productKey)?.values() ?? []) {
      if (record.version === version) found.push(record);
    }
    return found;
  }

  file(productKey: string, name: FirmwareName): FirmwareFile | undefined {
    return this.#products.get(productKey)?.get(keyOf(name));
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
    const head = readPackageHead(bytes);
    const said = head === undefined || "fault" in head ? undefined : head;
    const { board = said?.board, from = said?.from } = about;
    this.#check({ ...about, board, from }, bytes);
    const name: FirmwareName = given({ version, board, from });
    const isKept = about.fileUrl === undefined;
    const before = this.file(productKey, name);
    this.#checkRoom(productKey, before, isKept ? bytes.length : 0);
    const record: FirmwareRecord = {
      ...{ productKey, ...name, signMethod, sign: digest(signMethod, bytes), fileSize: bytes.length },
      fileUrl: about.fileUrl ?? pathOf(before) ?? `/${fileRoot}/${this.#newName()}`,
      uploadedAt: now,
      ...given({ desc, package: head }),
    };
    if (before !== undefined) this.#forget(before);
    const file = this.#take(record, isKept ? bytes : nothing);
    this.#store(file);
    this.#options.emit?.({ type: "firmware-put", productKey, ...name, fileSize: bytes.length });
    return record;
  }

  /** Forgets a file. @throws RangeError when there is none */
  remove(productKey: string, name: FirmwareName): void {
    const file = this.file(productKey, name);
    if (file === undefined) throw new RangeError(noFile(productKey, name));
    this.#forget(file);
    this.#options.emit?.({ type: "firmware-removed", productKey, ...nameIn(file.record) });
  }

  /** Forgets all of a product's. */
  removeProduct(productKey: string): void {
    for (const record of this.list(productKey)) this.remove(productKey, record);
  }

  /** Takes up an entry of the storage; false for one that is none of these. All parts come before all records. */
  restore(kind: string, keys: readonly string[], value: unknown): boolean {
    if (kind === partKind) {
      if (typeof value !== "string") throw new TypeError("no text");
      const name = keys.slice(0, -1).join("/");
      const parts = this.#parts.get(name);
      if (parts === undefined) this.#parts.set(name, [value]);
      else parts.push(value);
      return true;
    }
    if (kind !== recordKind) return false;
    const name = keys.join("/");
    const record = value as FirmwareRecord;
    if (record.signMethod !== "md5" && record.signMethod !== "sha256") throw new TypeError("no method");
    const bytes = Buffer.concat((this.#parts.get(name) ?? []).map((part) => Buffer.from(part, "base64")));
    this.#parts.delete(name);
    const isRight = isElsewhere(record) || digest(record.signMethod, bytes) === record.sign;
    if (!isRight) throw new TypeError("another digest");
    this.#take(record, bytes);
    return true;
  }

  /** @throws RangeError on what cannot be taken */
  #check({ version, board, from, desc, fileUrl }: FirmwareAbout, bytes: Uint8Array): void {
    const { firmwareBytes } = this.#options.limits;
    for (const [what, text] of Object.entries({ version, board, from })) {
      if (text !== undefined && !versionPattern.test(text)) throw new RangeError(`${what}: ${versionForm}`);
    }
    if (from === version) throw new RangeError(`from: a difference from ${from} cannot lead to ${version}`);
    if (bytes.length === 0) throw new RangeError("firmware: the file is empty");
    if (bytes.length > firmwareBytes) {
      throw new RangeError(`firmware: expected at most ${firmwareBytes} bytes, got ${bytes.length}`);
    }
    if (desc !== undefined && desc.length > longestDesc) {
      throw new RangeError(`desc: expected at most ${longestDesc} characters`);
    }
    const fault = fileUrl === undefined ? undefined : fileUrlFault(fileUrl);
    if (fault !== undefined) throw new RangeError(`fileUrl: ${fault}`);
  }

  /** @throws RangeError when there are too many files or bytes */
  #checkRoom(productKey: string, before: FirmwareFile | undefined, more: number): void {
    const { firmwarePerProduct, firmwareTotal } = this.#options.limits;
    if (before === undefined && this.list(productKey).length >= firmwarePerProduct) {
      throw new RangeError(
        `firmware: product ${productKey} has ${firmwarePerProduct} files already; remove one`,
      );
    }
    if (this.#bytes - (before?.bytes.length ?? 0) + more > firmwareTotal) {
      throw new RangeError(
        `firmware: all files together may have ${firmwareTotal} bytes; remove some that are not needed`,
      );
    }
  }

  #newName(): string {
    for (;;) {
      const name = Buffer.from(this.#options.randomBytes(nameBytes)).toString("base64url");
      if (!this.#names.has(name)) return name;
    }
  }

  #take(record: FirmwareRecord, bytes: Uint8Array): FirmwareFile {
    const etag = createHash("sha256").update(bytes).digest().subarray(0, etagBytes);
    const file: FirmwareFile = { record, bytes, etag };
    let files = this.#products.get(record.productKey);
    if (files === undefined) this.#products.set(record.productKey, (files = new Map()));
    files.set(keyOf(record), file);
    if (!isElsewhere(record)) this.#names.set(servedName(record), file);
    this.#bytes += bytes.length;
    return file;
  }

  #store({ record, bytes }: FirmwareFile): void {
    const { storage } = this.#options;
    if (storage === undefined) return;
    for (let from = 0, part = 0; from < bytes.length; from += partBytes, part += 1) {
      const some = bytes.subarray(from, from + partBytes);
      storage.put(partKey(record, part), Buffer.from(some).toString("base64"));
    }
    storage.put(recordKey(record), record);
  }

  #forget({ record, bytes }: FirmwareFile): void {
    const { productKey } = record;
    this.#products.get(productKey)?.delete(keyOf(record));
    if (this.#products.get(productKey)?.size === 0) this.#products.delete(productKey);
    if (!isElsewhere(record)) this.#names.delete(servedName(record));
    this.#bytes -= bytes.length;
    const { storage } = this.#options;
    if (storage === undefined) return;
    for (let part = 0; part * partBytes < bytes.length; part++) storage.delete(partKey(record, part));
    storage.delete(recordKey(record));
  }
}

/** Says that a file is not there. */
export function noFile(productKey: string, { version, board, from }: FirmwareName): string {
  const more = [
    ...(board === undefined ? [] : [`for board ${board}`]),
    ...(from === undefined ? [] : [`from ${from}`]),
  ];
  return `no firmware ${[version, ...more].join(" ")} of product ${productKey}`;
}

/** Whether a file lies on another server. */
function isElsewhere({ fileUrl }: Pick<FirmwareRecord, "fileUrl">): boolean {
  return !fileUrl.startsWith("/");
}

const nothing = new Uint8Array();

/** Sorts before `recordKind`, so that a storage tells of the parts first. */
const partKind = "firmware-part";
const recordKind = "firmware";

/** In the place of a board or a base that is left out: no version begins so. */
const none = "-";

/** A file among its product's. One for all devices has the key that it had before there were others. */
function keyOf({ version, board, from }: FirmwareName): string {
  return board === undefined && from === undefined ? version : `${version}/${board ?? none}/${from ?? none}`;
}

function nameIn({ version, board, from }: FirmwareName): FirmwareName {
  return given({ version, board, from });
}

function recordKey(record: FirmwareRecord): string {
  return `${recordKind}/${record.productKey}/${keyOf(record)}`;
}

function partKey(record: FirmwareRecord, part: number): string {
  return `${partKind}/${record.productKey}/${keyOf(record)}/${String(part).padStart(4, "0")}`;
}

/** The path that a file has had so far, unless it was elsewhere. */
function pathOf(before: FirmwareFile | undefined): string | undefined {
  return before === undefined || isElsewhere(before.record) ? undefined : before.record.fileUrl;
}

function servedName({ fileUrl }: FirmwareRecord): string {
  return fileUrl.slice(fileRoot.length + 2);
}

/** Without the members that are undefined. */
function given<T extends object>(members: T): T {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as T;
}

function digest(method: SignMethod, bytes: Uint8Array): string {
  return createHash(method).update(bytes).digest("hex");
}
