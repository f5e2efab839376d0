/**
 * The firmware's modules as manifest.json has them: what ends up on the board, and of these what the
 * linker preloads, that is runs once on the developer's machine and puts into flash with all that it made.
 */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { transformSync } from "esbuild";
import { projectRoot } from "../../project";

/** A module by its name in the manifest, such as "coap/message". */
export interface FirmwareModule {
  readonly name: string;
  readonly preloaded: boolean;
  /** Path from the project's root. */
  readonly file: string;
}

/** In order of their names. @throws Error for a preload that names no module */
export function firmwareModules(root = projectRoot()): FirmwareModule[] {
  const manifest = JSON.parse(readFileSync(join(root, "manifest.json"), "utf8")) as {
    modules: Record<string, string | string[]>;
    preload: string[];
  };
  const files = new Map<string, string>();
  for (const [name, place] of Object.entries(manifest.modules)) {
    // Lists are the SDK's own modules, and typings.
    if (typeof place !== "string" || !place.startsWith("./firmware/")) continue;
    if (!name.endsWith("/*")) {
      files.set(name, `${place.slice(2)}.ts`);
      continue;
    }
    const folder = place.slice(2, -2);
    for (const file of readdirSync(join(root, folder))) {
      if (!file.endsWith(".ts") || file.endsWith(".d.ts")) continue;
      files.set(name.slice(0, -1) + file.slice(0, -3), `${folder}/${file}`);
    }
  }
  const lost = manifest.preload.filter((name) => !files.has(name));
  if (lost.length > 0) throw new Error(`manifest.json preloads what it does not have: ${lost.join(", ")}`);
  const preloaded = new Set(manifest.preload);
  return [...files.keys()]
    .sort()
    .map((name) => ({ name, file: files.get(name)!, preloaded: preloaded.has(name) }));
}

/** Its JavaScript, as the TypeScript compiler leaves it: types gone, everything else in its place. */
export function javaScriptOf({ file }: FirmwareModule, root = projectRoot()): string {
  return stripTypes(readFileSync(join(root, file), "utf8"));
}

/** @throws esbuild's error for what is no TypeScript */
export function stripTypes(source: string): string {
  return transformSync(source, {
    loader: "ts",
    target: "es2022",
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true, useDefineForClassFields: true } },
  }).code;
}
