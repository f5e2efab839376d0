/**
 * Which of a version's files a device is given. There may be several: an image for each board, and differences from
 * several versions.
 *
 *     1. files for its board, and those that name none
 *     2. of these the differences from just the version that it has informed; any other would be refused by it, block
 *        after block having been fetched
 *     3. else the whole file
 *
 * Of two that fit the one that names the board, then the smaller one. The board is what the device, or its operator, says
 * in an attribute or a tag `board`: no topic of EnOS's tells it. Where it is not known, a version with files for one board
 * alone is taken to be for the product's devices.
 */
import type { FirmwareRecord } from "./firmware-files";

/** What of a device decides which file is its. */
export interface FileSeeker {
  /** As it informed. */
  readonly version: string | undefined;
  readonly board: string | undefined;
}

/**
 * @param records a version's files
 * @returns the device's; or why there is none for it
 */
export function fittingFile(
  records: readonly FirmwareRecord[],
  { version, board }: FileSeeker,
): FirmwareRecord | string {
  const boards = [...new Set(records.flatMap((record) => record.board ?? []))].sort();
  const own = board ?? (boards.length === 1 ? boards[0] : undefined);
  const forBoard = records.filter((record) => record.board === undefined || record.board === own);
  if (forBoard.length === 0) {
    return own === undefined
      ? `its board is not known: there are files for ${boards.join(", ")}; set its tag "board"`
      : `there is no file for its board, ${own}, only for ${boards.join(", ")}`;
  }
  const fits = forBoard.filter(({ from }) => from !== undefined && from === version);
  const found = best(fits) ?? best(forBoard.filter(({ from }) => from === undefined));
  if (found !== undefined) return found;
  const bases = [...new Set(forBoard.map(({ from }) => from))].sort().join(", ");
  return `it runs ${version ?? "an unknown version"}, and there are differences from ${bases} alone`;
}

function best(records: readonly FirmwareRecord[]): FirmwareRecord | undefined {
  const rank = ({ board }: FirmwareRecord): number => (board === undefined ? 1 : 0);
  return [...records].sort((one, other) => rank(one) - rank(other) || one.fileSize - other.fileSize)[0];
}
