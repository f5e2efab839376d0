/** Files that the parts of `npm run update` read: images of boards, and packages. */
import { openSync, closeSync, fstatSync, readSync, constants } from "node:fs";
import { longestImage } from "../../firmware/update/package";
import { readEspImage } from "../tools/update/esp-image";
import { readPackage } from "../tools/update/package-reader";
import { misuse, systemReason } from "./misuse";
import type { EspImage } from "../tools/update/esp-image";
import type { Package } from "../tools/update/package-reader";

/** Bytes of the longest package: one that does not pack takes a hundredth more than its image. */
const longestPackage = 2 * longestImage;

/** An image that a board's boot loader starts. */
export interface ImageFile {
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly says: EspImage;
}

/** @param name of the argument, such as `<image>` @throws CommandError for a file that holds no image */
export function readImageFile(name: string, file: string): ImageFile {
  const bytes = bytesOf(name, file, longestImage);
  const says = readEspImage(bytes);
  if ("problem" in says) throw misuse(`${name}: ${file} ${says.problem}`);
  return { file, bytes, says };
}

/** @throws CommandError for a file that holds no package whose chunks are right */
export function readPackageFile(file: string): Package {
  const read = readPackage(bytesOf("<file>", file, longestPackage));
  if ("problem" in read) throw misuse(`<file>: ${file} ${read.problem}`);
  return read;
}

function bytesOf(name: string, file: string, longest: number): Uint8Array {
  let handle: number | undefined;
  try {
    handle = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const stats = fstatSync(handle);
    if (stats.isDirectory()) throw misuse(`${name}: ${file} is a folder: name the file in it`);
    if (!stats.isFile())
      throw misuse(`${name}: ${file} is no ordinary file: name one that stays where it is`);
    if (stats.size > longest) {
      throw misuse(`${name}: ${file} has ${stats.size} bytes, and can have ${longest}: is it a whole flash?`);
    }
    const bytes = new Uint8Array(stats.size);
    let length = 0;
    for (let read = -1; read !== 0 && length < bytes.length; length += read) {
      read = readSync(handle, bytes, length, bytes.length - length, null);
    }
    return bytes.subarray(0, length);
  } catch (error) {
    if (!(error instanceof Error) || (error as NodeJS.ErrnoException).code === undefined) throw error;
    throw misuse(`${name}: cannot read ${file}: ${systemReason(error)}`);
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}
