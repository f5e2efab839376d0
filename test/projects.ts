/**
 * Which test file belongs to which of Vitest's projects. Its name says it:
 *
 *   NAME.simulation.test.ts   whole devices, the cloud's sockets, the command line, XS
 *   NAME.interop.test.ts      other people's programs: libcoap, tshark, Chromium, node-coap
 *   NAME.long.test.ts         what only a longer soak finds
 *   NAME.test.ts              quick in the folders below, simulation elsewhere
 *
 * Quick is what needs nothing but this process: no other one, no socket, no engine, no bundle. A file of any of
 * the first three that does a part of its repetitions, by test/density.ts, does all of them in the long one.
 */
import { readFileSync, readdirSync } from "node:fs";
import { join, posix } from "node:path";

export type Project = "quick" | "simulation" | "interop" | "long";

/** Paths of folders, without those below them. */
const quickFolders: readonly RegExp[] = [
  /^test$/,
  /^test\/firmware(\/|$)/,
  /^test\/host-sim\/cloud$/,
  /^test\/host-sim\/cloud\/(coap|enos|ota|page|registry|script|webhooks)$/,
  /^test\/host-sim\/sim\/(flash|modem|radio|time)(\/|$)/,
  /^test\/host-sim\/tools\/(provision|monitor)$/,
];

/** @param file path from the project's folder, with slashes */
export function projectOf(file: string): Project {
  const [, kind] = /\.(simulation|interop|long)\.test\.ts$/.exec(file) ?? [];
  if (kind !== undefined) return kind as Project;
  return quickFolders.some((folder) => folder.test(posix.dirname(file))) ? "quick" : "simulation";
}

/** All test files, from the project's folder. */
export function testFiles(root: string, folder = "test"): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = posix.join(folder, entry.name);
    if (entry.isDirectory()) return testFiles(root, path);
    return entry.name.endsWith(".test.ts") ? [path] : [];
  });
}

/** Whether a file does more in the long project than in its own. */
export function hasDensity(root: string, file: string): boolean {
  return /^import .* from "[./]+\/density";$/m.test(readFileSync(join(root, file), "utf8"));
}
