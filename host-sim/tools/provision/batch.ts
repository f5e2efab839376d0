/**
 * A list of boards, one a line:
 *
 *     productKey,deviceKey,deviceSecret,name
 *     AbCdEfGh,864600031234566,…,
 *     AbCdEfGh,imei,…,board-17
 *
 * `name` may be left out as a whole. It names the board's file; without one the device key does. The list
 * is taken as a whole or not at all. No fault quotes what stands in the list.
 */
import { deviceKeyOf, keysFault, withSealKey } from "./board-keys";
import { readCsv } from "../../cloud/csv";
import type { Master } from "../../model/seal/master-file";
import type { BoardKeys } from "./board-keys";

/** One line of the list. */
export interface BatchRow {
  /** Where it stands in the list, from 1. */
  readonly line: number;
  /** What its file is called, without an ending: safe on any file system. */
  readonly name: string;
  readonly keys: BoardKeys;
}

const columns = ["productKey", "deviceKey", "deviceSecret", "name"];

/** Letters and digits that no file system, shell or terminal takes for anything else. */
const safeName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
/** Names that Windows has taken, with any ending. */
const takenName = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/**
 * The rows of a list, or all that is wrong with it, a line of text each. Never throws.
 *
 * @param master of a sealed product: each board's seal key is made of it
 */
export function readBatch(
  text: string,
  master?: Master,
): readonly BatchRow[] | { readonly faults: readonly string[] } {
  // Blank lines behind the last one, as editors leave them, are no boards.
  const records = readCsv(text.replace(/(?:\r?\n){2,}$/, "\n"));
  if ("problem" in records) return { faults: [`line ${records.line}: ${records.problem}`] };
  const header = records[0]?.fields ?? [];
  const wrong = header.length !== new Set(header).size || header.some((each) => !columns.includes(each));
  if (wrong || columns.slice(0, 3).some((column) => !header.includes(column))) {
    return { faults: ["line 1: expected productKey,deviceKey,deviceSecret or the same with ,name"] };
  }
  if (records.length === 1) return { faults: ["there is no board in it, only the header"] };

  const rows: BatchRow[] = [];
  const faults: string[] = [];
  const seen = new Map<string, number>();
  /** Says so when an earlier line has the same. */
  const again = (line: number, what: string, value: string): void => {
    const earlier = seen.get(`${what} ${value}`);
    if (earlier === undefined) seen.set(`${what} ${value}`, line);
    else faults.push(`line ${line}: the same ${what} as in line ${earlier}`);
  };
  for (const { line, fields } of records.slice(1)) {
    const field = (column: string): string => fields[header.indexOf(column)] ?? "";
    const deviceKey = deviceKeyOf(field("deviceKey"));
    const given = { productKey: field("productKey"), deviceKey, deviceSecret: field("deviceSecret") };
    const name = field("name") === "" ? (deviceKey ?? "") : field("name");
    const keys = master === undefined ? given : withSealKey(given, master);
    const fault =
      keysFault(given) ??
      ("fault" in keys ? keys.fault : nameFault(name, field("name") !== "", given, master));
    if (fault !== undefined || "fault" in keys) {
      faults.push(`line ${line}: ${fault}`);
      continue;
    }
    if (deviceKey !== undefined) again(line, "deviceKey", deviceKey);
    // Each device has a secret of its own: two that share one are a slip of the hand.
    again(line, "deviceSecret", keys.deviceSecret);
    // Some file systems take capital letters for small ones.
    again(line, "file name", name.toLowerCase());
    rows.push({ line, name, keys });
  }
  if (faults.length > 0) return { faults };
  // What is shown, and named after, must be nobody's secret.
  const secrets = new Map(rows.map(({ line, keys }) => [keys.deviceSecret, line]));
  for (const { line, name, keys } of rows) {
    for (const [column, value] of [
      ["productKey", keys.productKey],
      ["deviceKey", keys.deviceKey],
      ["name", name],
    ]) {
      const other = value === undefined ? undefined : secrets.get(value);
      if (other !== undefined) faults.push(`line ${line}: ${column} is the deviceSecret of line ${other}`);
    }
  }
  return faults.length === 0 ? rows : { faults };
}

function nameFault(
  name: string,
  given: boolean,
  { deviceSecret }: BoardKeys,
  master: Master | undefined,
): string | undefined {
  if (name === "") return "a board that uses its IMEI needs a name for its file";
  if (master?.isIn(name) === true) return "name has the master key in it: make a new one";
  if (name.includes(deviceSecret)) return `${given ? "name" : "deviceKey"} holds the deviceSecret`;
  if (safeName.test(name) && !takenName.test(name)) return undefined;
  return given
    ? "name is no name for a file: 1 to 100 letters, digits, and . _ - but for the first"
    : "deviceKey is no name for a file: add a column name";
}
