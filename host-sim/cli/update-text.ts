/** What `npm run update` says of a package, as lines and as JSON. */
import type { UpdateCost } from "../tools/update/dry-run";
import type { Package } from "../tools/update/package-reader";

/** `0.2.0 -> 0.3.0 for m5stack-nbiot, a difference: 23,237 bytes in 6 chunks, 1.7 % of an image of 1,332,496`. */
export function headLine({ head, chunks, bytes }: Package): string {
  const { kind, board, version, baseVersion, productKey, imageLength } = head;
  const versions = kind === "difference" ? `${baseVersion || "?"} -> ${version}` : version;
  const product = productKey === "" ? "" : ` of product ${productKey}`;
  const what = kind === "difference" ? "a difference" : "a whole image";
  const share = `${((100 * bytes.length) / imageLength).toFixed(1)} % of the image's ${number(imageLength)}`;
  return `${versions} for ${board}${product}, ${what}: ${number(bytes.length)} bytes in ${counted(chunks.length, "chunk")}, ${share}`;
}

/** The same as JSON. */
export function headRecord({ head, chunks, bytes }: Package): Readonly<Record<string, unknown>> {
  const { kind, board, version, baseVersion, productKey, imageLength, baseLength } = head;
  const hex = (digest: Uint8Array): string => Buffer.from(digest).toString("hex");
  return {
    kind,
    board,
    version,
    productKey: productKey === "" ? null : productKey,
    bytes: bytes.length,
    chunks: chunks.length,
    image: { bytes: imageLength, sha256: hex(head.imageDigest) },
    base: kind === "whole" ? null : { version: baseVersion, bytes: baseLength, sha256: hex(head.baseDigest) },
    storage: { generation: head.storage, mayChange: head.changesStorage },
  };
}

/** A table of what it costs, a line a coverage level. @param whole what all of the image costs, beside a difference */
export function costLines(cost: UpdateCost, whole: UpdateCost | undefined): string[] {
  const lines = [`  ${"".padEnd(8)}    blocks     contact     joules     battery`];
  for (const { coverage, hours, joules, days } of cost.levels) {
    const blocks = String(cost.blocks).padStart(10);
    lines.push(
      `  level ${coverage} ${blocks}${time(hours).padStart(12)}${joulesText(joules).padStart(11)}${lost(days).padStart(12)}`,
    );
  }
  if (whole === undefined) return lines;
  const [{ hours, joules }] = whole.levels;
  const share = (100 * cost.levels[0].joules) / joules;
  return [
    ...lines,
    `the whole image would take ${number(whole.blocks)} blocks, ${time(hours)} and ${joulesText(joules)} at level 0: this is ${share.toFixed(1)} % of it`,
  ];
}

/** The same as JSON. */
export function costRecord({ bytes, blocks, air, levels }: UpdateCost): Readonly<Record<string, unknown>> {
  const rounded = (value: number): number => Number(value.toPrecision(4));
  return {
    bytes,
    blocks,
    air,
    levels: levels.map(({ coverage, hours, joules, days }) => ({
      coverage,
      hours: rounded(hours),
      joules: rounded(joules),
      days: rounded(days),
    })),
  };
}

/** A whole number with its thousands apart. */
export function number(value: number): string {
  return value.toLocaleString("en-GB");
}

function counted(count: number, what: string): string {
  return `${number(count)} ${what}${count === 1 ? "" : "s"}`;
}

function time(hours: number): string {
  const seconds = 3_600 * hours;
  if (seconds < 100) return `${seconds.toFixed(0)} s`;
  const minutes = 60 * hours;
  return minutes < 90 ? `${minutes.toFixed(minutes < 10 ? 1 : 0)} min` : `${hours.toFixed(1)} h`;
}

function joulesText(joules: number): string {
  return `${joules < 10 ? joules.toFixed(1) : joules.toFixed(0)} J`;
}

function lost(days: number): string {
  return days < 1 ? `-${(24 * days).toFixed(1)} hours` : `-${days.toFixed(1)} days`;
}
