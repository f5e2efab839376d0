/** Which test files are quick, and that these need nothing but their process. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { join, posix } from "node:path";
import { expect, test } from "vitest";
import { projectRoot } from "../host-sim/project";
import { hasDensity, projectOf, testFiles } from "./projects";

const root = projectRoot();
const files = testFiles(root);

test.each([
  ["test/architecture.test.ts", "quick"],
  ["test/firmware/coap/message.test.ts", "quick"],
  ["test/firmware/portable.simulation.test.ts", "simulation"],
  ["test/host-sim/cloud/cloud-auth.test.ts", "quick"],
  ["test/host-sim/cloud/api/server.test.ts", "simulation"],
  ["test/host-sim/a-new-room/any.test.ts", "simulation"],
  ["test/firmware/coap/interop/node-coap.interop.test.ts", "interop"],
  ["test/firmware/coap/endurance.long.test.ts", "long"],
] as const)("%s is in %s", (file, project) => {
  expect(projectOf(file)).toBe(project);
});

test("every file is in one project, the long one aside, which does again in full what has a density", () => {
  const counts = new Map<string, number>();
  for (const file of files) counts.set(projectOf(file), (counts.get(projectOf(file)) ?? 0) + 1);
  for (const project of ["quick", "simulation", "interop"]) expect(counts.get(project)).toBeGreaterThan(5);
  expect(files.filter((file) => hasDensity(root, file)).length).toBeGreaterThan(50);
  expect([...counts.values()].reduce((sum, count) => sum + count, 0)).toBe(files.length);
});

/** Modules that start a process, open a socket, run an engine, or bundle. */
const heavy =
  /^(node:(child_process|dgram|net|http|https|worker_threads|inspector)|esbuild|playwright-core|coap|fastify|serialport|classic-level|@lydell\/node-pty)$/;

/** What a file imports, however far away, that is no file of ours. */
function packagesOf(file: string, seen = new Set<string>()): Set<string> {
  const packages = new Set<string>();
  seen.add(file);
  const statement = /^(?:import|export) (?!type )[^;]*?"([^"]+)";|\bimport\("([^"]+)"\)/gm;
  // What a text says of an address opens no socket.
  const onlyReads = /^import \{ isIP(v[46])? \} from "node:net";/;
  for (const [whole, still, late] of readFileSync(join(root, file), "utf8").matchAll(statement)) {
    const name = still ?? late;
    if (onlyReads.test(whole)) continue;
    if (!name.startsWith(".")) {
      packages.add(name);
      continue;
    }
    const path = posix.join(posix.dirname(file), name);
    const found = [path, `${path}.ts`].find(
      (each) => existsSync(join(root, each)) && statSync(join(root, each)).isFile(),
    );
    if (found === undefined || seen.has(found) || !/\.m?[jt]s$/.test(found)) continue;
    for (const each of packagesOf(found, seen)) packages.add(each);
  }
  return packages;
}

test("what is quick starts no process, opens no socket, runs no engine and makes no bundle", () => {
  const quick = files.filter((file) => projectOf(file) === "quick");
  const offenders = quick.flatMap((file) =>
    [...packagesOf(file)].filter((name) => heavy.test(name)).map((name) => `${file} -> ${name}`),
  );
  expect(offenders).toEqual([]);
  expect(packagesOf("test/host-sim/cloud/api/server.test.ts")).toContain("fastify");
});

test("what has no density of its own is not run twice", () => {
  expect(hasDensity(root, "test/architecture.test.ts")).toBe(false);
  expect(hasDensity(root, "test/firmware/journal/power-cut.test.ts")).toBe(true);
});
