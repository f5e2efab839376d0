/**
 * Reads a manifest of the Moddable SDK as its mcconfig does (documentation/tools/manifest.md of the SDK, "How
 * manifests are processed"), in two of its passes:
 *
 *     combine   included manifests first, depth first and each once; lists of the same name are joined
 *     match     files to names: a file has the first name that it is given, whichever manifest gave it
 *
 * Two files of one name are an error here, which mcconfig leaves to its linker. What is the SDK's own,
 * `$(MODDABLE)` and the like, is left out, for the SDK is not here.
 */
import { readFileSync, readdirSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { reasonOf } from "../../../firmware/text/reason";

/** What a manifest and all that it includes come to. */
export interface Manifest {
  /** Files by the module's name, such as "coap/message"; absolute paths. */
  readonly modules: ReadonlyMap<string, string>;
  /** Names of the modules that the linker runs on the developer's machine. */
  readonly preload: readonly string[];
  /** Values by name; the including manifest's win. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Sizes of the machine, likewise. */
  readonly creation: Readonly<Record<string, unknown>>;
  /** The SDK's own manifests that are included, as they are written. */
  readonly sdk: readonly string[];
  /** The project's manifests, in the order in which they count; absolute paths. */
  readonly files: readonly string[];
}

interface ManifestFile {
  readonly include?: string | readonly string[];
  readonly modules?: Readonly<Record<string, string | readonly string[]>>;
  readonly preload?: string | readonly string[];
  readonly config?: Readonly<Record<string, unknown>>;
  readonly creation?: Readonly<Record<string, unknown>>;
}

/**
 * Reads manifests as if one included them all, in this order.
 *
 * @throws Error that names the manifest and what is wrong with it
 */
export function readManifest(...paths: readonly string[]): Manifest {
  const read = new Map<string, ManifestFile>();
  const sdk = new Set<string>();
  const order: string[] = [];
  const visit = (path: string, includer: string | undefined): void => {
    if (read.has(path)) return;
    const manifest = parse(path, includer);
    read.set(path, manifest);
    for (const include of listOf(manifest.include)) {
      if (include.startsWith("$(")) sdk.add(include);
      else visit(resolve(dirname(path), include), path);
    }
    order.push(path);
  };
  for (const path of paths) visit(resolve(path), undefined);

  const sources = new Map<string, Source[]>();
  const preload = new Set<string>();
  const config = {};
  const creation = {};
  for (const path of order) {
    const manifest = read.get(path)!;
    for (const [name, own] of Object.entries(manifest.modules ?? {})) {
      const all = sources.get(name) ?? [];
      sources.set(name, all);
      for (const source of listOf(own)) all.push({ manifest: path, source });
    }
    for (const name of listOf(manifest.preload)) preload.add(name);
    merge(config, manifest.config);
    merge(creation, manifest.creation);
  }

  const modules = new Map<string, string>();
  const placed = new Set<string>();
  // Files under this name are to be left out.
  for (const source of sources.get("~") ?? []) for (const [, file] of match("*", source)) placed.add(file);
  sources.delete("~");
  for (const [name, all] of sources) {
    for (const source of all) {
      for (const [module, file] of match(name, source)) {
        if (placed.has(file)) continue;
        placed.add(file);
        const other = modules.get(module);
        if (other !== undefined) {
          throw new Error(`${source.manifest}: ${module} is ${file}, and ${other} as well`);
        }
        modules.set(module, file);
      }
    }
  }
  const lost = [...preload].filter((name) => !modules.has(name));
  if (lost.length > 0)
    throw new Error(`${paths.join(", ")} preloads what it does not have: ${lost.join(", ")}`);
  return { modules, preload: [...preload], config, creation, sdk: [...sdk], files: order };
}

function parse(path: string, includer: string | undefined): ManifestFile {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    throw new Error(
      includer === undefined ? `no manifest ${path}` : `${includer} includes ${path}, which is missing`,
    );
  }
  try {
    return JSON.parse(text) as ManifestFile;
  } catch (error) {
    throw new Error(`${path} is no JSON: ${reasonOf(error)}`);
  }
}

/** What a manifest says of one name. */
interface Source {
  /** The manifest, to whose folder the path is relative. */
  readonly manifest: string;
  readonly source: string;
}

/** Takes over values, and those within objects one by one. */
function merge(target: Record<string, unknown>, values: Readonly<Record<string, unknown>> = {}): void {
  for (const [name, value] of Object.entries(values)) {
    const own = target[name];
    const both = typeof own === "object" && typeof value === "object" && own !== null && value !== null;
    if (both) merge(own as Record<string, unknown>, value as Record<string, unknown>);
    else target[name] = structuredClone(value);
  }
}

/**
 * The modules that one entry stands for: a name with `*` takes its end from each file's name, and so does a
 * source with `*` at its end take all files that begin so. Sources of the SDK stand for none.
 *
 * @throws Error when there is no such file
 */
function match(name: string, { manifest, source }: Source): [module: string, file: string][] {
  if (source.startsWith("$(")) return [];
  const path = join(dirname(manifest), source);
  const star = basename(path).lastIndexOf("*");
  const prefix = star < 0 ? basename(path) : basename(path).slice(0, star);
  const found: [string, string][] = [];
  for (const entry of readdirSync(dirname(path), { withFileTypes: true })) {
    const ending = /^(.*)\.(?:ts|m?js)$/.exec(entry.name);
    if (!entry.isFile() || ending === null || entry.name.endsWith(".d.ts")) continue;
    const stem = ending[1];
    if (star < 0 ? stem !== prefix : !stem.startsWith(prefix)) continue;
    const rest = star < 0 ? stem : stem.slice(prefix.length);
    found.push([name.replace(/\*$/, rest), join(dirname(path), entry.name)]);
  }
  if (found.length === 0) throw new Error(`${manifest}: ${source} is no module`);
  return found;
}

function listOf(value: string | readonly string[] | undefined): readonly string[] {
  return value === undefined ? [] : typeof value === "string" ? [value] : value;
}
