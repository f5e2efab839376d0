/**
 * Bundles that are kept in build/bundled: esbuild runs when a file that went into one has changed, appeared or
 * vanished, and is not even loaded otherwise. Plain JavaScript, because host-sim/cli/run.mjs bundles the command
 * line with it before anything can run TypeScript.
 *
 *     build/bundled/NAME-v20.19.0.json   a record: the options, each input with its times and size, the folders
 *                                        that inputs were looked for in, and the name of the bundle's folder
 *     build/bundled/NAME-CONTENT/        what esbuild made, named by the hash of its content
 *
 * Both come into being by a rename, so several processes may do this at the same moment. Where build/ cannot be
 * written, a bundle is made anew each time.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, isAbsolute, join, relative, resolve } from "node:path";

/** ms within which a second change may leave a file's times as they were, on the coarsest file systems. */
const coarsest = 2_000;
/** Bundles of a name that stay beside the newest: a process may still have to load a part of its own. */
const kept = 8;
const keptFor = 3_600_000;

/** See bundled.d.mts. */
export async function bundled({ root, name, options, sources = [] }) {
  const place = join(root, "build/bundled");
  const record = join(place, `${name}-${process.version}.json`);
  const key = JSON.stringify([root, options]);
  const folder = unchanged(record, key, root);
  if (folder !== undefined) return readBundle(join(place, folder));

  const started = Date.now();
  const { build } = await import("esbuild");
  const { metafile, outputFiles } = await build({
    // As deep as the bundle's folder is, so that its source maps find the sources.
    outdir: `build/bundled/${name}`,
    ...options,
    absWorkingDir: root,
    bundle: true,
    write: false,
    metafile: true,
  });
  const files = new Map(outputFiles.map(({ path, text }) => [basename(path), text]));
  const compiler = createRequire(import.meta.url).resolve("esbuild/package.json");
  // What a plugin made has a namespace in front, and is no file.
  const inputs = Object.keys(metafile.inputs).filter((path) => !/^[\w()-]{2,}:/.test(path));
  const watched = watchedBy([...inputs, ...sources, compiler], root);
  const made = { folder: undefined, files };
  try {
    made.folder = await keep(place, name, files);
    // A file that changes while it is read, or right after, might look as it did.
    if (watched.every(([path]) => changedAt(resolve(root, path)) < started - coarsest)) {
      const draft = `${record}.${process.pid}.${Math.random().toString(36).slice(2)}`;
      writeFileSync(draft, JSON.stringify({ key, folder: basename(made.folder), watched }));
      renameSync(draft, record);
    }
  } catch (error) {
    // A folder that is read-only, or a disk that is full: the bundle serves all the same.
    if (error?.code === undefined) throw error;
  }
  return made;
}

/** Name of the folder of the bundle that was made of just these files; undefined when there is none. */
function unchanged(record, key, root) {
  let known;
  try {
    known = JSON.parse(readFileSync(record, "utf8"));
  } catch {
    return undefined;
  }
  if (known.key !== key || !existsSync(join(dirname(record), known.folder))) return undefined;
  for (const [path, look] of known.watched) {
    // Nearly all are of the project; to resolve each of those took longer than to look at it.
    const file = /^\.\.|^\w:|^[\\/]/.test(path) ? resolve(root, path) : `${root}/${path}`;
    if (lookOf(file) !== look) return undefined;
  }
  return known.folder;
}

/** Files are read when somebody asks for one: the command line only imports them. */
function readBundle(folder) {
  let files;
  return {
    folder,
    get files() {
      files ??= new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")]));
      return files;
    },
  };
}

/** How a file or folder looks from outside; a folder's time changes with the names in it. */
function lookOf(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return "";
  return stat.isDirectory() ? `${stat.mtimeMs}` : `${stat.mtimeMs} ${stat.ctimeMs} ${stat.size}`;
}

function changedAt(path) {
  return statSync(path, { throwIfNoEntry: false })?.ctimeMs ?? 0;
}

/** The files, the configurations that esbuild finds near them, and the folders that they were found in. */
function watchedBy(files, root) {
  const paths = new Set(files.map((path) => relative(root, resolve(root, path))));
  const folders = new Set();
  for (const path of [...paths]) {
    for (let folder = dirname(path); folder !== "." && !folders.has(folder); folder = dirname(folder)) {
      folders.add(folder);
      // A package's insides do not change name by name, and what is above the project is not ours.
      if (folder.startsWith("..") || isAbsolute(folder) || /\bnode_modules\b/.test(folder)) break;
    }
  }
  for (const folder of [".", ...folders]) {
    for (const name of ["tsconfig.json", "package.json"]) {
      const path = join(folder, name);
      if (existsSync(resolve(root, path))) paths.add(path);
    }
  }
  return [...paths, ...folders].map((path) => [path, lookOf(resolve(root, path))]);
}

/** Puts a bundle into place. @returns its folder */
async function keep(place, name, files) {
  const { createHash } = await import("node:crypto");
  const hash = createHash("sha256");
  for (const [file, text] of files) hash.update(`${file} ${text.length}\n${text}`);
  const folder = join(place, `${name}-${hash.digest("hex").slice(0, 16)}`);
  if (existsSync(folder)) return folder;
  mkdirSync(place, { recursive: true });
  const draft = mkdtempSync(join(place, "draft-"));
  try {
    for (const [file, text] of files) writeFileSync(join(draft, file), text);
    renameSync(draft, folder);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    // Another process was faster, with the same content.
    if (!existsSync(folder)) throw error;
  }
  removeOld(place, name);
  return folder;
}

function removeOld(place, name) {
  const ours = new RegExp(`^(${name}-[0-9a-f]{16}|draft-\\w+)$`);
  const old = readdirSync(place)
    .filter((each) => ours.test(each))
    .map((each) => ({ each, at: changedAt(join(place, each)) }))
    .sort((a, b) => b.at - a.at)
    .slice(kept)
    .filter(({ at }) => at < Date.now() - keptFor);
  for (const { each } of old) rmSync(join(place, each), { recursive: true, force: true });
}
