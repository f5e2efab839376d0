/**
 * The examples of docs/moddable.md as projects of their own, beside this one: what the page says is what runs.
 */
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { readManifest } from "../../host-sim/tools/footprint/manifest";
import type { Manifest } from "../../host-sim/tools/footprint/manifest";

/** A project that includes one room. */
export interface Example {
  readonly folder: string;
  /** main.ts. */
  readonly main: string;
  readonly manifest: Manifest;
}

/** The headings of the page that have an example. */
export const headings = ["CoAP", "A journal in flash", "An NB-IoT modem", "A session with EnOS"] as const;
export type Heading = (typeof headings)[number];

/** The page's sections, by heading. */
export function sections(page: string): Map<string, string> {
  const parts = page.split(/^## /m).slice(1);
  return new Map(parts.map((part) => [part.slice(0, part.indexOf("\n")), part]));
}

/** Fenced blocks of that language in a section. */
function fences(section: string, language: string): string[] {
  return [...section.matchAll(new RegExp("^```" + language + "\\n([^]*?)^```$", "gm"))].map(
    ([, text]) => text,
  );
}

/** The files that a section shows, by name: manifest.json, and modules, whose first line is their name. */
function filesIn(section: string): Map<string, string> {
  const files = new Map(fences(section, "json").map((text) => ["manifest.json", text]));
  for (const text of fences(section, "ts")) {
    const name = /^\/\/ (\S+\.ts)\n/.exec(text);
    if (name === null) throw new Error(`a block of TypeScript without its file's name: ${text.slice(0, 40)}`);
    files.set(name[1], text);
  }
  return files;
}

/** Where the projects stand. Bundles of them are kept: what has not changed is not written anew. */
const beside = resolve("build/rooms");

/**
 * Writes the project, this one beside it, and reads its manifest.
 *
 * @param edit what differs from the page
 */
export function project(heading: Heading, name: string, edit = (text: string) => text): Example {
  const page = sections(readFileSync("docs/moddable.md", "utf8"));
  const section = page.get(heading);
  if (section === undefined) throw new Error(`docs/moddable.md has no heading "${heading}"`);
  const folder = join(beside, name);
  mkdirSync(folder, { recursive: true });
  const own = join(beside, "enos-nbiot-xs");
  if (!existsSync(own)) symlinkSync(resolve("."), own, "dir");
  const files = filesIn(section);
  // One file serves two examples.
  if (section.includes("`endpoint-on.ts` is")) {
    files.set("endpoint-on.ts", filesIn(page.get("CoAP")!).get("endpoint-on.ts")!);
  }
  for (const [file, text] of files) write(join(folder, file), edit(text));
  return { folder, main: join(folder, "main.ts"), manifest: readManifest(join(folder, "manifest.json")) };
}

function write(file: string, text: string): void {
  if (!existsSync(file) || readFileSync(file, "utf8") !== text) writeFileSync(file, text);
}
