/** `npm run update -- inspect`: what a file says of itself. */
import { Part } from "./command";
import { readPackageFile } from "./update-files";
import { headLine, headRecord, number } from "./update-text";
import type { Package } from "../tools/update/package-reader";

/** The part `inspect`. */
export function inspectPart(): Part {
  return new Part("inspect")
    .description("show what a file says of itself, and its chunks")
    .configureHelp({ commandUsage: () => "npm run update -- inspect FILE [options]" })
    .argument("<file>", "the file of an update")
    .option("--json", "show it as JSON")
    .action(inspect) as Part;
}

function inspect(file: string, { json = false }: { json?: boolean }): void {
  const made = readPackageFile(file);
  if (json) {
    const chunks = made.chunks.map(({ offset, length, imageOffset, outputLength }) => ({
      ...{ offset, bytes: length, imageOffset, imageBytes: outputLength },
    }));
    const signature = Buffer.from(made.head.signature).toString("hex");
    process.stdout.write(
      `${JSON.stringify({ ...headRecord(made), signature, list: chunks }, undefined, 2)}\n`,
    );
    return;
  }
  process.stdout.write(`${[headLine(made), ...headLines(made), ...chunkLines(made)].join("\n")}\n`);
}

function headLines({ head }: Package): string[] {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
  const lines = [`image      ${number(head.imageLength)} bytes, SHA-256 ${hex(head.imageDigest)}`];
  if (head.kind === "difference") {
    lines.push(`base       ${number(head.baseLength)} bytes, SHA-256 ${hex(head.baseDigest)}`);
  }
  const change = head.changesStorage ? ", to which a device may come from another" : "";
  return [
    ...lines,
    `storage    generation ${head.storage}${change}`,
    `signature  ${hex(head.signature)}`,
    "           by whom: npm run update -- verify FILE --public-key HEX",
  ];
}

function chunkLines({ chunks }: Package): string[] {
  const rows = chunks.map(({ offset, length, imageOffset, outputLength }, i) => {
    const cells = [i, offset, length, imageOffset, outputLength].map((value) => number(value).padStart(11));
    return cells.join("");
  });
  return [
    "",
    "      chunk    at byte      bytes   of image     of bytes".replace(/ of bytes$/, "makes"),
    ...rows,
  ];
}
