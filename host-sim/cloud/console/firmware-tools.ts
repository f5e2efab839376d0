/**
 * What the console asks of a firmware file before it is uploaded: what its first bytes say, and what of that does not go
 * with its product. The page itself reads no format.
 *
 *     POST /products/PK/firmware/check    { head }: hex of the file's first bytes
 */
import { productParams } from "../api/schemas/parts";
import type { ProductParams } from "../api/route";
import { packageDoubts, packageHeadBytes, readPackageHead } from "../ota/package-head";
import { bytes as byteCount } from "../page/words";
import type { FastifyInstance } from "fastify";

/** What is told of a file; the page shows it. */
export interface FileCheck {
  readonly words: string;
  readonly warnings: readonly string[];
  /** As its head says. */
  readonly version?: string;
  readonly board?: string;
  readonly from?: string;
}

const checkBody = {
  type: "object",
  required: ["head"],
  additionalProperties: false,
  properties: { head: { type: "string", pattern: `^(?:[0-9a-f]{2}){0,${packageHeadBytes}}$` } },
};

export function firmwareRoutes(api: FastifyInstance): void {
  api.post<{ Params: ProductParams; Body: { head: string } }>("/products/:productKey/firmware/check", {
    schema: { hide: true, params: productParams, body: checkBody } as object,
    config: { changesNothing: true },
    handler: ({ params, body }) => checkFile(Buffer.from(body.head, "hex"), params.productKey),
  });
}

/** @param head a file's first bytes, as many as there are up to the head's */
export function checkFile(head: Uint8Array, productKey: string): FileCheck {
  const read = readPackageHead(head);
  if (read === undefined) {
    return {
      words: "",
      warnings: ["no package of npm run update: this project's firmware does not take it"],
    };
  }
  const warnings = packageDoubts(read, { productKey });
  if ("fault" in read) return { words: "", warnings };
  const { kind, version, board, from, imageSize } = read;
  const what = kind === "whole" ? "a whole image" : `a difference from ${from}`;
  const words = `version ${version}, board ${board}, product ${read.productKey ?? "any"}: ${what}, ${byteCount(imageSize)} unpacked`;
  return { words, warnings, version, board, ...(from === undefined ? {} : { from }) };
}
