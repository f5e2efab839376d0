/** What README and docs show of commands that take a minute or more. */
import { expect, test } from "vitest";
import { notPrinted, pages } from "./docs-pages";
import { ran } from "./docs-run";
import { commandsOf, scriptOf } from "./docs-shell";

const shown = pages()
  .flatMap(({ fences }) => fences)
  .filter(({ language, needs }) => language === "console" && needs === "long");

test.each(shown.map((fence) => [`${fence.page}:${fence.line}`, fence] as const))(
  "%s",
  async (_, fence) => {
    const [{ words }] = commandsOf(scriptOf(fence));
    const { code, stdout } = await ran(words);
    expect(notPrinted(fence.text, stdout)).toBeUndefined();
    expect(code).toBe(0);
  },
  600_000,
);
