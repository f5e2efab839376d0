/**
 * Whether the head of a file is one that this device goes on with: signed by its maker, and meant for this board, this
 * product, and a firmware that is older.
 */
import { readPackageHead } from "./package";
import { storageGeneration } from "./storage-generation";
import { keysOf } from "./update-settings";
import { isNewer } from "./version-order";
import type { Cryptography } from "../enos/sign";
import type { PackageHead } from "./package";
import type { Verify } from "./slots";

/** What a head is held against. */
export interface Judge {
  readonly crypto: Pick<Cryptography, "sha256">;
  readonly verify: Verify;
  /** The maker's public keys, as the setting has them. */
  readonly updateKey: string;
  readonly board: string;
  readonly productKey: string;
  /** Of the firmware that runs. */
  readonly version: string;
}

/** Why a head is not gone on with. Up to `unsigned` anybody may have made it. */
export type Refusal =
  | "head-too-short"
  | "no-package"
  | "unknown-format"
  | "malformed-head"
  | "unsigned"
  | "other-board"
  | "other-product"
  | "other-version"
  | "not-newer"
  | "other-storage";

/**
 * The head, or why it is none for this device.
 *
 * @param bytes the head with its signature
 * @param version that the cloud has told of
 */
export function judgeHead(
  { crypto, verify, updateKey, board, productKey, version: running }: Judge,
  bytes: Uint8Array,
  version: string,
): PackageHead | Refusal {
  const head = readPackageHead(bytes);
  if (typeof head === "string") return head;
  const digest = crypto.sha256(head.signed);
  const keys = keysOf(updateKey) ?? [];
  let signed = false;
  for (let i = 0; i < keys.length && !signed; i++) signed = verify(keys[i], digest, head.signature);
  if (!signed) return "unsigned";
  if (head.board !== board) return "other-board";
  if (head.productKey !== "" && head.productKey !== productKey) return "other-product";
  if (head.version !== version) return "other-version";
  if (isNewer(version, running) !== true) return "not-newer";
  return head.storage === storageGeneration || head.changesStorage ? head : "other-storage";
}
