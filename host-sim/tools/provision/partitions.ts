/**
 * Where a board's NVS partition is, from its partition table:
 *
 *     # Name, Type, SubType, Offset, Size, Flags
 *     nvs,    data, nvs,     0x9000, 0x6000,
 *
 * Numbers are decimal or hexadecimal, with K or M behind them for KiB or MiB (ESP-IDF, "Partition
 * Tables").
 */
import { leastPages, pageSize } from "./nvs-image";

/** A place in a board's flash, bytes. */
export interface Partition {
  readonly offset: number;
  readonly size: number;
}

/** A row of a table. */
export interface PartitionRow extends Partition {
  readonly name: string;
  /** "app", "data", or a number as it is written. */
  readonly type: string;
  readonly subtype: string;
}

/** The partition that a board opens as its NVS goes by this name. */
const nvsName = "nvs";

/** All rows of a table that has their offsets and sizes written out, or what is wrong with it. Never throws. */
export function readPartitions(
  table: string,
): { readonly rows: readonly PartitionRow[] } | { readonly problem: string } {
  const rows: PartitionRow[] = [];
  for (const [name, type = "", subtype = "", offsetText = "", sizeText = ""] of fieldsOf(table)) {
    const offset = bytes(offsetText);
    const size = bytes(sizeText);
    if (offset === undefined || size === undefined)
      return { problem: `${name}: write out its offset and size` };
    rows.push({ name, type, subtype, offset, size });
  }
  return { rows };
}

/** The NVS partition of a table, or why there is none to be written. Never throws. */
export function nvsPartition(table: string): Partition | { readonly problem: string } {
  const found = fieldsOf(table).filter(([name]) => name === nvsName);
  if (found.length !== 1) return { problem: `has ${found.length} partitions named ${nvsName}, expected 1` };
  const [, type = "", subtype = "", offsetText = "", sizeText = ""] = found[0];
  if (!["data", "1", "0x01", "0x1"].includes(type) || !["nvs", "2", "0x02", "0x2"].includes(subtype)) {
    return { problem: `${nvsName} is not of type data, nvs` };
  }
  const offset = bytes(offsetText);
  const size = bytes(sizeText);
  if (offset === undefined || offset === 0 || offset % pageSize !== 0) {
    return { problem: `${nvsName} has no offset that is a multiple of ${pageSize}: write it out` };
  }
  if (size === undefined || size % pageSize !== 0 || size < leastPages * pageSize || size > largest) {
    return { problem: `${nvsName} has no size of at least ${leastPages} pages of ${pageSize} bytes` };
  }
  return { offset, size };
}

/** The rows' fields, without comments and empty lines. */
function fieldsOf(table: string): string[][] {
  const rows = table.split(/\r\n|\n/).map((row) =>
    row
      .replace(/#.*/, "")
      .split(",")
      .map((field) => field.trim()),
  );
  return rows.filter(([name]) => name !== "");
}

/** A typing error must not ask for gigabytes; no chip has this much flash, bytes. */
const largest = 0x0800_0000;

function bytes(text: string): number | undefined {
  const match = /^(0x[0-9a-f]{1,8}|\d{1,10})([km]?)$/i.exec(text);
  if (match === null) return undefined;
  return Number(match[1]) * { "": 1, k: 1024, m: 1_048_576 }[match[2].toLowerCase()]!;
}
