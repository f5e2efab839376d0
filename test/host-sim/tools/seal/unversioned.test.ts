/** What git would do with a file, in real repositories. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { gitsViewOf } from "../../../../host-sim/tools/seal/unversioned";

let folder: string;
let tree: string;
let environment: NodeJS.ProcessEnv;
beforeEach(() => {
  environment = process.env;
  // Neither the user's nor the machine's own list of what is ignored.
  process.env = {
    ...environment,
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_SYSTEM: "/dev/null",
    HOME: "/nowhere",
  };
  folder = realpathSync(mkdtempSync(join(tmpdir(), "unversioned-")));
  tree = join(folder, "tree");
  git(folder, "init", "--quiet", tree);
});
afterEach(() => {
  process.env = environment;
  rmSync(folder, { recursive: true });
});

function git(place: string, ...words: string[]): void {
  execFileSync("git", ["-C", place, "-c", "user.name=n", "-c", "user.email=e@example", ...words], {
    stdio: "pipe",
  });
}

function put(path: string, content = ""): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

const view = (...names: string[]): unknown => gitsViewOf(join(tree, ...names));

describe("outside of any work tree", () => {
  test("it is left alone, whether it is there or not", () => {
    expect(gitsViewOf(join(folder, "script.js"))).toBe("leaves alone");
    expect(gitsViewOf(put(join(folder, "deep", "script.js")))).toBe("leaves alone");
    expect(gitsViewOf(join(folder, "not", "yet", "script.js"))).toBe("leaves alone");
  });

  test("without git, too", () => {
    process.env = { ...process.env, PATH: folder };
    expect(gitsViewOf(join(folder, "script.js"))).toBe("leaves alone");
  });
});

describe("in a work tree", () => {
  test("it would be taken up, whether it is there or not", () => {
    expect(view("script.js")).toBe("would take up");
    put(join(tree, "sub", "script.js"));
    expect(view("sub", "script.js")).toBe("would take up");
    expect(view("not", "yet", "script.js")).toBe("would take up");
  });

  test.each([
    ["its folder", "build/\n", "build/sealed/PK/script.js"],
    ["its name", "script.js\n", "deep/er/script.js"],
    ["a pattern", "*.js\n", "a.js"],
    ["a name that is a pattern itself", "\\[a\\]*.js\n", "[a]b.js"],
  ])("it is left alone where %s is ignored", (_what, ignore, name) => {
    put(join(tree, ".gitignore"), ignore);
    expect(view(name)).toBe("leaves alone");
    put(join(tree, name));
    expect(view(name)).toBe("leaves alone");
  });

  test("and taken up where an exception says so, or the pattern is another's", () => {
    put(join(tree, ".gitignore"), "*.js\n!script.js\n");
    expect(view("script.js")).toBe("would take up");
    put(join(tree, ".gitignore"), "/script.js\n");
    expect(view("deep", "script.js")).toBe("would take up");
    expect(view("scriptxjs")).toBe("would take up");
  });

  test("what is tracked, git has: committed or not, ignored or not", () => {
    put(join(tree, "script.js"));
    git(tree, "add", "script.js");
    expect(view("script.js")).toBe("has");
    git(tree, "commit", "--quiet", "-m", "c");
    put(join(tree, ".gitignore"), "*.js\n");
    expect(view("script.js")).toBe("has");
    // Deleted on the disk, it is in the repository all the same.
    rmSync(join(tree, "script.js"));
    expect(view("script.js")).toBe("has");
    // A name is no pattern.
    expect(view("s*.js")).toBe("leaves alone");
  });

  test("a link on its way is followed to where the file really goes", () => {
    put(join(tree, ".gitignore"), "build/\n");
    symlinkSync(folder, join(tree, "out"));
    expect(view("out", "script.js")).toBe("leaves alone");
    symlinkSync(join(tree, "sub"), join(folder, "in"));
    mkdirSync(join(tree, "sub"));
    expect(gitsViewOf(join(folder, "in", "script.js"))).toBe("would take up");
    mkdirSync(join(tree, "build"));
    symlinkSync(join(tree, "sub"), join(tree, "build", "link"));
    expect(view("build", "link", "script.js")).toBe("would take up");
  });

  test("of several, the innermost counts: a repository in an ignored folder is no less one", () => {
    put(join(tree, ".gitignore"), "build/\n");
    git(tree, "init", "--quiet", join(tree, "build", "inner"));
    expect(view("build", "inner", "script.js")).toBe("would take up");
    expect(view("build", "script.js")).toBe("leaves alone");
  });

  test("that is a further one of a repository, with a file .git", () => {
    put(join(tree, "a"));
    git(tree, "add", "a");
    git(tree, "commit", "--quiet", "-m", "c");
    git(tree, "worktree", "add", "--quiet", join(folder, "second"));
    expect(gitsViewOf(join(folder, "second", "script.js"))).toBe("would take up");
  });

  test("a hook's variables do not name another repository", () => {
    put(join(tree, ".gitignore"), "script.js\n");
    git(folder, "init", "--quiet", join(folder, "other"));
    process.env = {
      ...process.env,
      GIT_DIR: join(folder, "other", ".git"),
      GIT_WORK_TREE: join(folder, "other"),
    };
    expect(view("script.js")).toBe("leaves alone");
    expect(view("other.js")).toBe("would take up");
  });

  test("without git, it is not known", () => {
    process.env = { ...process.env, PATH: folder };
    expect(view("script.js")).toBe("is not installed");
  });

  test("nor where git refuses to say", () => {
    put(join(tree, ".git", "config"), "[core\n");
    expect(view("script.js")).toEqual({
      unclear: expect.stringMatching(/^fatal: bad config line 1/) as string,
    });
  });
});
