/** README and docs as a reader gets them: rendered from Markdown, with their fences, links, anchors and tables. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { marked } from "marked";
import type { Token, Tokens } from "marked";
import { projectRoot } from "../host-sim/project";

/** A fenced block of code. */
export interface Fence {
  /** Of the page, from the project's root. */
  readonly page: string;
  /** Line of the opening fence, from 1. */
  readonly line: number;
  /** First word of the info string; empty for none. */
  readonly language: string;
  /** What `needs=` in the info string names: why the block is not run by every test; undefined for none. */
  readonly needs: string | undefined;
  readonly text: string;
  /** Whether it ends with a fence, and not with the page. */
  readonly closed: boolean;
}

/** A page of Markdown. */
export interface Page {
  /** Path from the project's root. */
  readonly name: string;
  readonly text: string;
  readonly tokens: readonly Token[];
  readonly fences: readonly Fence[];
  /** Targets of links and pictures. */
  readonly links: readonly string[];
  /** What can stand behind `#`, as GitHub makes it from headings. */
  readonly anchors: ReadonlySet<string>;
  /** Code within a line. */
  readonly codes: readonly string[];
  readonly tables: readonly (readonly (readonly string[])[])[];
}

/** All Markdown that a newcomer reads: what stands at the root, and docs. */
export function pages(): Page[] {
  const root = projectRoot();
  const markdown = (folder: string): string[] =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith(".md"))
      .map((name) => join(folder, name));
  return [...markdown("."), ...markdown("docs")].sort().map(read);
}

/** @param name path from the project's root */
export function read(name: string): Page {
  return parse(name, readFileSync(join(projectRoot(), name), "utf8"));
}

/** A page from its Markdown. */
export function parse(name: string, text: string): Page {
  const tokens = marked.lexer(text);
  const fences: Fence[] = [];
  const links: string[] = [];
  const codes: string[] = [];
  const tables: string[][][] = [];
  const anchors = new Set<string>();
  let searched = 0;
  marked.walkTokens(tokens, (token) => {
    if (token.type === "link" || token.type === "image") links.push((token as Tokens.Link).href);
    if (token.type === "codespan") codes.push((token as Tokens.Codespan).text);
    if (token.type === "heading") anchors.add(unused(slugOf((token as Tokens.Heading).text), anchors));
    if (token.type === "table") {
      const { header, rows } = token as Tokens.Table;
      tables.push([header, ...rows].map((row) => row.map((cell) => cell.text)));
    }
    if (token.type !== "code") return;
    const { raw, lang = "", text: inner } = token as Tokens.Code;
    const at = text.indexOf(raw.trimEnd(), searched);
    if (at >= 0) searched = at + 1;
    const mark = /^\s*(`{3,}|~{3,})/.exec(raw)?.[1];
    fences.push({
      page: name,
      line: text.slice(0, Math.max(0, at)).split("\n").length,
      language: lang.split(" ")[0],
      needs: /\bneeds=(\S+)/.exec(lang)?.[1],
      text: inner,
      closed: mark !== undefined && raw.trimEnd().endsWith(`\n${mark}`),
    });
  });
  return { name, text, tokens, fences, links, anchors, codes, tables };
}

/** The anchor that GitHub gives a heading. */
export function slugOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replace(/\s/g, "-");
}

function unused(slug: string, taken: ReadonlySet<string>): string {
  if (!taken.has(slug)) return slug;
  for (let i = 1; ; i++) if (!taken.has(`${slug}-${i}`)) return `${slug}-${i}`;
}

/**
 * The first line that a `console` fence shows and that its command has not printed, or not in this place; undefined
 * when all are there, in their order. A line that is `…` stands for any number of others, one that ends with it for
 * what differs between two runs.
 */
export function notPrinted(shown: string, printed: string): string | undefined {
  const lines = printed.split("\n");
  let at = 0;
  for (const line of shown.split("\n")) {
    if (line === "" || line === "…" || line.startsWith("$ ")) continue;
    const agrees = (each: string): boolean =>
      line.endsWith("…") ? each.startsWith(line.slice(0, -1)) : each === line;
    const found = lines.findIndex((each, i) => i >= at && agrees(each));
    if (found < 0) return line;
    at = found + 1;
  }
  return undefined;
}
