/** The editor's own tokens of JavaScript and JSON. */
import { describe, expect, test } from "vitest";
import { EditorState } from "@codemirror/state";
import { ensureSyntaxTree, getIndentation } from "@codemirror/language";
import { jsonLanguage, scriptLanguage } from "../../../../../host-sim/cloud/console/page/editor/languages";
import { readFileSync } from "node:fs";

/** Name and text of each token that has a name. */
function tokens(language: typeof scriptLanguage, doc: string): string[] {
  const state = EditorState.create({ doc, extensions: language });
  const found: string[] = [];
  ensureSyntaxTree(state, doc.length, 1e6)!.iterate({
    enter: ({ name, from, to }) => {
      if (name !== "Document") found.push(`${name} ${doc.slice(from, to)}`);
    },
  });
  return found;
}

const named = (doc: string, name: string): string[] =>
  tokens(scriptLanguage, doc).flatMap((each) =>
    each.startsWith(`${name} `) ? [each.slice(name.length + 1)] : [],
  );

describe("JavaScript", () => {
  test("a slash divides behind a value, and begins a regular expression elsewhere", () => {
    expect(named("a = b / c / d; x = /[/]'\\/g/i.test(y); return /z/;", "regexp")).toEqual([
      "/[/]'\\/g/i",
      "/z/",
    ]);
    expect(named("(a + b) / 2 / 3; e[0] / 1 / 2", "regexp")).toEqual([]);
  });

  test("comments and templates go over lines, and texts end in theirs", () => {
    expect(named("/* a\n  b */ c // d\n", "comment")).toEqual(["/* a", "  b */", "// d"]);
    expect(named("`a \\` b\nc` + 'x\\'y' + \"z\"", "string").join("|")).toBe("`a \\` b|c`|'x\\'y'|\"z\"");
  });

  test("words are told apart", () => {
    expect(named("function f() { return o.new; } var x = { in: null };", "keyword")).toEqual([
      ...["function", "return", "var"],
      "in",
    ]);
  });

  test("any script is gone through to its end", () => {
    for (const file of ["firmware/product/parsing-script.js", "test/host-sim/cloud/script/manual-style.js"]) {
      expect(tokens(scriptLanguage, readFileSync(file, "utf8")).length).toBeGreaterThan(500);
    }
    for (const doc of ["", "\n\n", "/*", "`", "'", "/", "\\", "}}}", "((("]) tokens(scriptLanguage, doc);
  });

  test("what stands in brackets is indented, and the closing one is not", () => {
    const indentation = (doc: string): number | null =>
      getIndentation(EditorState.create({ doc, extensions: scriptLanguage }), doc.length);
    expect(indentation("if (a) {\n")).toBe(2);
    expect(indentation("f({\n  a: [\n")).toBe(4);
    expect(indentation("if (a) {\n  b;\n}")).toBe(0);
  });
});

test("JSON: names and texts have colours of their own, and what is none is told", () => {
  expect(tokens(jsonLanguage, '{"a": "b", "c" : [-1.5e3, true], x}')).toEqual([
    ...["bracket {", 'propertyName "a"', "punctuation :", 'string "b"', "punctuation ,"],
    ...[
      'propertyName "c"',
      "punctuation :",
      "bracket [",
      "number -1.5e3",
      "punctuation ,",
      "atom true",
      "bracket ]",
    ],
    ...["punctuation ,", "invalid x", "bracket }"],
  ]);
});
