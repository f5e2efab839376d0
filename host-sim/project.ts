/**
 * Where the project's files are: this code runs from its sources in tests, and from `build/` when
 * the command line has bundled it.
 */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's root folder. @throws Error when this code was taken out of the project */
export function projectRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "host-sim/sim/board/guest/boot.ts"))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error("the project's folder was not found above this file");
    folder = parent;
  }
  return folder;
}
