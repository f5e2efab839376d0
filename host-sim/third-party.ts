/**
 * The licences of the packages whose code is bundled into a page: their terms want copyright and permission
 * notice in every copy, and a minifier takes them out.
 */
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { projectRoot } from "./project";
import type { Metafile, OutputFile, Plugin } from "esbuild";

const inPackage = /^(.*\bnode_modules\/(?:@[^/]+\/)?[^/]+)\//;

/**
 * Name, version and licence text of each package among these files, as its own package has them; sorted, with
 * an empty line between two. Nothing for files of the project's own.
 *
 * @param files as esbuild's metafile names its inputs: from the project's root
 * @throws Error for a package that brings no licence: it must not go into a page
 */
function licenceNotices(files: readonly string[]): string {
  const folders = new Set<string>();
  for (const file of files) {
    const found = inPackage.exec(file);
    if (found !== null) folders.add(resolve(projectRoot(), found[1]));
  }
  return [...folders].map(noticeOf).sort().join("\n\n");
}

function noticeOf(folder: string): string {
  const { name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    name: string;
    version: string;
  };
  const file = readdirSync(folder).find((each) => /^licen[cs]e(\.md|\.txt)?$/i.test(each));
  if (file === undefined) throw new Error(`${name} is bundled into a page and brings no licence`);
  return `${name} ${version}\n\n${readFileSync(join(folder, file), "utf8").trim()}`;
}

/** The notices as a comment of JavaScript or CSS; empty when there are none. */
function licenceComment(files: readonly string[]): string {
  const notices = licenceNotices(files);
  return notices === "" ? "" : `/*!\n${notices.replaceAll("*/", "* /")}\n*/\n`;
}

/** esbuild's plugin that heads each file it makes with the licences of what is in it. */
export const licences: Plugin = {
  name: "licences",
  setup({ onEnd }) {
    onEnd(({ metafile, outputFiles = [] }) => {
      for (const [index, file] of outputFiles.entries()) {
        const text = licenceComment(inputsOf(file, metafile)) + file.text;
        outputFiles[index] = { ...file, contents: Buffer.from(text), text };
      }
    });
  },
};

/**
 * The same for files that are served together: one file more has the licences, and each of the others says where it is.
 * Who loads a page a hundred times a day does not load them each time.
 *
 * @param name of that file, beside the others
 * @param path where it is served
 */
export function linkedLicences(name: string, path: string): Plugin {
  return {
    name: "linked-licences",
    setup({ onEnd }) {
      onEnd(({ metafile, outputFiles = [] }) => {
        const inputs = new Set<string>();
        for (const [index, file] of outputFiles.entries()) {
          const own = inputsOf(file, metafile);
          for (const each of own) inputs.add(each);
          if (!own.some((each) => inPackage.test(each))) continue;
          const text = `/*! Licences of the packages in it: ${path} */\n${file.text}`;
          outputFiles[index] = { ...file, contents: Buffer.from(text), text };
        }
        const [first] = outputFiles;
        if (first === undefined) return;
        const text = `${licenceNotices([...inputs])}\n`;
        const notices = { path: join(dirname(first.path), name), contents: Buffer.from(text), text };
        outputFiles.push({ ...notices, hash: "" });
      });
    },
  };
}

/** What went into a file that esbuild made. @throws Error when the build has no metafile */
function inputsOf({ path }: OutputFile, metafile: Metafile | undefined): string[] {
  const made = Object.keys(metafile?.outputs ?? {}).find((each) => resolve(projectRoot(), each) === path);
  if (made === undefined) throw new Error("the bundle needs a metafile, and paths from the project's root");
  return Object.keys(metafile!.outputs[made].inputs);
}
