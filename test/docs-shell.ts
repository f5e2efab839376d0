/** As much of a POSIX shell's grammar as the commands of README and docs are written in. */
import type { Fence } from "./docs-pages";

/** A command of a script, as words without their quotes. */
export interface ShellCommand {
  readonly words: readonly string[];
  /** The command as it is written, without a comment behind it. */
  readonly source: string;
}

/**
 * The commands of a script, in order, those within `$(...)` not among them.
 *
 * @throws SyntaxError for a quote, a parenthesis or a here-document that does not end
 */
export function commandsOf(script: string): ShellCommand[] {
  const commands: ShellCommand[] = [];
  let words: string[] = [];
  let word: string | undefined;
  let start = 0;
  /** Words that end here-documents whose text begins with the next line. */
  const ends: string[] = [];
  const endWord = (): void => {
    if (word === undefined) return;
    const before = words.at(-1);
    if (before === "<<") ends.push(word);
    words.push(word);
    word = undefined;
  };
  const endCommand = (at: number): void => {
    endWord();
    if (words.length > 0) commands.push({ words, source: script.slice(start, at).trim() });
    words = [];
    start = at + 1;
  };
  for (let i = 0; i < script.length; i++) {
    const character = script[i];
    if (character === "\\") {
      i += 1;
      if (script[i] !== "\n") word = (word ?? "") + (script[i] ?? "");
    } else if (character === "'" || character === '"') {
      const end = script.indexOf(character, i + 1);
      if (end < 0) throw new SyntaxError(`a ${character} that does not end`);
      word = (word ?? "") + script.slice(i + 1, end);
      i = end;
    } else if (character === "$" && script[i + 1] === "(") {
      const end = closing(script, i + 1);
      word = (word ?? "") + script.slice(i, end + 1);
      i = end;
    } else if (character === "#" && word === undefined) {
      const end = script.indexOf("\n", i);
      const at = end < 0 ? script.length : end;
      endCommand(i);
      start = at + 1;
      i = at - 1;
    } else if (character === "\n") {
      endCommand(i);
      for (const end of ends.splice(0)) {
        const at = `${script}\n`.indexOf(`\n${end}\n`, i);
        if (at < 0) throw new SyntaxError(`a here-document that ${end} does not end`);
        i = at + end.length + 1;
        start = i + 1;
      }
    } else if (character === ";" || character === "|" || character === "&") {
      endCommand(i);
      while (/[;|&]/.test(script[i + 1] ?? "")) i += 1;
      start = i + 1;
    } else if (character === "<" || character === ">") {
      endWord();
      let redirection = character;
      while (script[i + 1] === character) redirection += script[++i];
      words.push(redirection);
    } else if (/\s/.test(character)) {
      endWord();
    } else {
      word = (word ?? "") + character;
    }
  }
  endCommand(script.length);
  if (ends.length > 0) throw new SyntaxError(`a here-document that ${ends[0]} does not end`);
  return commands;
}

/** The script of a fence: all of `sh`, of `console` the lines behind `$`. */
export function scriptOf({ language, text }: Fence): string {
  if (language === "sh") return text;
  const typed = text.split("\n").filter((line) => line.startsWith("$ "));
  return typed.map((line) => line.slice(2)).join("\n");
}

/** Place of the parenthesis that closes the one at `open`, quotes passed over. */
function closing(script: string, open: number): number {
  let depth = 0;
  for (let i = open; i < script.length; i++) {
    if (script[i] === "'" || script[i] === '"') i = script.indexOf(script[i], i + 1);
    if (i < 0) break;
    if (script[i] === "(") depth += 1;
    if (script[i] === ")" && --depth === 0) return i;
  }
  throw new SyntaxError("a $( that does not end");
}

/** The npm script that a command calls, and what it hands on; undefined for any other command. */
export function npmCall(words: readonly string[]): { script: string; args: readonly string[] } | undefined {
  // Variables may be set in front of it.
  const from = words.findIndex((word) => !/^[A-Z_]+=/.test(word));
  if (words[from] !== "npm") return undefined;
  // What "--" is for: all before it is npm's own.
  const dashes = words.indexOf("--", from);
  const own = words.slice(from + 1, dashes < 0 ? undefined : dashes).filter((word) => word !== "--silent");
  const args = dashes < 0 ? [] : words.slice(dashes + 1);
  if (own[0] === "run") return { script: own[1], args: [...own.slice(2), ...args] };
  if (own[0] === "start" || own[0] === "test") return { script: own[0], args: [...own.slice(1), ...args] };
  return undefined;
}
