import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { full } from "./test/density.ts";
import { hasDensity, projectOf, testFiles } from "./test/projects.ts";
import type { Project } from "./test/projects.ts";
import type { TestProjectInlineConfiguration } from "vitest/config";

const root = fileURLToPath(new URL(".", import.meta.url));
const files = testFiles(root);

function project(
  name: Project,
  more: TestProjectInlineConfiguration["test"],
): TestProjectInlineConfiguration {
  const include = files.filter(
    (file) => projectOf(file) === name || (name === "long" && hasDensity(root, file)),
  );
  const test = {
    ...{ name, include, setupFiles: ["test/setup.ts"], testTimeout: 120_000, hookTimeout: 120_000 },
    // What a page or another process comes to takes longer on a machine that does more besides.
    expect: { poll: { timeout: 30_000 } },
  };
  return { test: { ...test, ...more } };
}

const builtEngine = { globalSetup: ["test/xs-engine.ts"] };

// What is in which of them: test/projects.ts.
export default defineConfig({
  test: {
    // What was compiled for the last run is taken again where its source is the same.
    experimental: { fsModuleCache: true, fsModuleCachePath: "build/vitest" },
    // Vitest leaves a core to itself, which is half of two.
    maxWorkers: availableParallelism(),
    projects: [
      // Files share the modules that they import, which are then loaded and compiled once.
      project("quick", { isolate: false }),
      project("simulation", { isolate: false, ...builtEngine }),
      project("interop", { isolate: false }),
      // It is there when it is asked for, so that `npx vitest run FOLDER` takes seconds.
      ...(full ? [project("long", { isolate: false, ...builtEngine, testTimeout: 600_000 })] : []),
    ],
  },
});
