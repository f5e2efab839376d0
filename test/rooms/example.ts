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

/** The one fenced block of that language in a section. */
export function fence(section: string, language: string): string {
  const found = [...section.matchAll(new RegExp("^```" + language + "\\n([^]*?)^```$", "gm"))];
  if (found.length !== 1)
    throw new Error(`${found.length} blocks of ${language} in: ${section.slice(0, 40)}`);
  return found[0][1];
}

/** Where the projects stand. Bundles of them are kept: what has not changed is not written anew. */
const beside = resolve("build/rooms");

/**
 * Writes the project, this one beside it, and reads its manifest.
 *
 * @param edit what differs from the page
 */
export function project(heading: Heading, name: string, edit = (text: string) => text): Example {
  const section = sections(readFileSync("docs/moddable.md", "utf8")).get(heading);
  if (section === undefined) throw new Error(`docs/moddable.md has no heading "${heading}"`);
  const folder = join(beside, name);
  mkdirSync(folder, { recursive: true });
  const own = join(beside, "enos-nbiot-xs");
  if (!existsSync(own)) symlinkSync(resolve("."), own, "dir");
  const manifest = join(folder, "manifest.json");
  const main = join(folder, "main.ts");
  write(manifest, edit(fence(section, "json")));
  write(main, edit(fence(section, "ts")));
  return { folder, main, manifest: readManifest(manifest) };
}

function write(file: string, text: string): void {
  if (!existsSync(file) || readFileSync(file, "utf8") !== text) writeFileSync(file, text);
}
