/**
 * Whether git could take up a file with keys in it: what is committed once is in every copy of the repository, and there
 * is no taking it back.
 */
import { spawnSync } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";

/** What git would do with a file, whether it is there yet or not. */
export type GitsView =
  /** In no work tree, or ignored by the one that it is in. */
  | "leaves alone"
  /** In a work tree that does not ignore it. */
  | "would take up"
  /** Committed, or to be. */
  | "has"
  /** In a work tree, and there is no git to ask. */
  | "is not installed"
  /** In a work tree, and git gives no answer, such as to a user whose it is not. */
  | { readonly unclear: string };

/** What git would do with the file of this name. */
export function gitsViewOf(path: string): GitsView {
  const folder = realFolder(dirname(resolve(path)));
  if (!isInWorkTree(folder)) return "leaves alone";
  const file = join(folder, basename(path));
  const tracked = git(folder, ["--literal-pathspecs", "ls-files", "--error-unmatch", "--", file]);
  if (tracked === undefined) return "is not installed";
  if (tracked.code === 0) return "has";
  // With its index git would take the name for a pattern.
  const ignored = git(folder, ["check-ignore", "--no-index", "--quiet", "--", file])!;
  if (ignored.code === 0) return "leaves alone";
  return ignored.code === 1 ? "would take up" : { unclear: ignored.complaint };
}

/** The folder without symbolic links on its way, as far as it is there: a link may lead into another work tree. */
function realFolder(folder: string): string {
  if (existsSync(folder)) return realpathSync(folder);
  return join(realFolder(dirname(folder)), basename(folder));
}

/** A work tree has a folder .git at its top, or a file of that name that says where it is. */
function isInWorkTree(folder: string): boolean {
  if (existsSync(join(folder, ".git"))) return true;
  return dirname(folder) !== folder && isInWorkTree(dirname(folder));
}

/** Runs git where the folder is or is to be; undefined where there is none. */
function git(
  folder: string,
  words: readonly string[],
): { readonly code: number | null; readonly complaint: string } | undefined {
  let place = folder;
  while (!existsSync(place)) place = dirname(place);
  // A hook of git's has variables set that name another repository than the folder's.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_")));
  const { error, status, stderr } = spawnSync("git", ["-C", place, ...words], {
    encoding: "utf8",
    env: { ...env, LC_ALL: "C" },
  });
  if (error !== undefined && (error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
  const [complaint = ""] = (stderr ?? "").split("\n");
  return { code: status, complaint: complaint || (error === undefined ? "git failed" : error.message) };
}
