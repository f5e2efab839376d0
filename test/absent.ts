/**
 * What may be missing where tests run. On a user's machine a test whose engine or package is missing is skipped,
 * and says so. In CI that would hide what is not tested, so there it fails, but for the packages that WITHOUT
 * names: `WITHOUT="@lydell/node-pty serialport" .ci/run` takes them away first.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../host-sim/project";

const onPurpose: readonly string[] = (process.env.WITHOUT ?? "").split(" ").filter((name) => name !== "");

/** Whether the tests that need these packages may be skipped where one of them is missing. */
export function mayBeAbsent(...packages: readonly string[]): boolean {
  return process.env.CI === undefined || packages.some((name) => onPurpose.includes(name));
}

/** Whether to skip the tests that need these packages: one of them is missing, and may be. */
export function skipWithout(...packages: readonly string[]): boolean {
  const missing = packages.filter((name) => !existsSync(join(projectRoot(), "node_modules", name)));
  if (missing.length === 0 || !mayBeAbsent(...missing)) return false;
  console.warn(`tests are skipped: ${missing.join(" and ")} not installed`);
  return true;
}
