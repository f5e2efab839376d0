/**
 * Where a text stops being JSON (RFC 8259). V8's own messages name a position in some versions and not in others,
 * and they quote the text around it, which may be a secret: here one character at most is told.
 */
import { escaped } from "./escaped";

/** The first place that is wrong, both from 1, and in words what was expected there and what stands there. */
export interface JsonFault {
  readonly line: number;
  readonly column: number;
  readonly what: string;
}

/** Where a text that the JSON parser refused is wrong, and how: `, line 2 column 7: expected a comma or }, got :`. */
export function jsonPlace(text: string): string {
  const fault = jsonFault(text);
  return fault === undefined ? "" : `, line ${fault.line} column ${fault.column}: ${fault.what}`;
}

/** What may come next. */
type Next = "value" | "value or ]" | "name" | "name or }" | ":" | ", or }" | ", or ]" | "the end";

const inWords: Readonly<Record<Next, string>> = {
  value: "a value",
  "value or ]": "a value or ]",
  name: "a name in double quotes",
  "name or }": "a name in double quotes or }",
  ":": "a colon",
  ", or }": "a comma or }",
  ", or ]": "a comma or ]",
  "the end": "the end",
};

const word = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const delimiter = /[\s,:[\]{}"]|$/y;

/** The first fault of a text; undefined when it is JSON. A loop, so that no depth overflows the stack. */
export function jsonFault(text: string): JsonFault | undefined {
  /** What is open, from the outside in. */
  const open: ("{" | "[")[] = [];
  let next: Next = "value";
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  const closed = (): Next => {
    const around = open[open.length - 1];
    return around === undefined ? "the end" : around === "{" ? ", or }" : ", or ]";
  };
  for (; ; at++) {
    const sign = text[at];
    if (sign === " " || sign === "\t" || sign === "\n" || sign === "\r") continue;
    if (sign === undefined) {
      return next === "the end" ? undefined : fault(text, at, inWords[next]);
    }
    const takesValue: boolean = next === "value" || next === "value or ]";
    if (takesValue && (sign === "{" || sign === "[")) {
      open.push(sign);
      next = sign === "{" ? "name or }" : "value or ]";
    } else if ((sign === "}" && next.endsWith("}")) || (sign === "]" && next.endsWith("]"))) {
      open.pop();
      next = closed();
    } else if (sign === "," && next.startsWith(",")) {
      next = next === ", or }" ? "name" : "value";
    } else if (sign === ":" && next === ":") {
      next = "value";
    } else if (sign === '"' && (takesValue || next.startsWith("name"))) {
      const end = stringEnd(text, at);
      if (typeof end !== "number") return end;
      at = end;
      next = takesValue ? closed() : ":";
    } else if (takesValue) {
      word.lastIndex = at;
      const found = word.exec(text);
      delimiter.lastIndex = at + (found?.[0].length ?? 0);
      if (found === null || !delimiter.test(text)) return fault(text, at, inWords[next]);
      at += found[0].length - 1;
      next = closed();
    } else {
      return fault(text, at, inWords[next]);
    }
  }
}

/** Where the string that begins at `from` has its closing quote, or why it has none. */
function stringEnd(text: string, from: number): number | JsonFault {
  for (let at = from + 1; at < text.length; at++) {
    const sign = text[at];
    if (sign === '"') return at;
    if (sign < " ") return fault(text, at, "no control character within a text, but its escape");
    if (sign !== "\\") continue;
    at += 1;
    if (text[at] === "u" && /^[0-9A-Fa-f]{4}$/.test(text.slice(at + 1, at + 5))) at += 4;
    else if (at < text.length && !'"\\/bfnrt'.includes(text[at])) {
      return fault(text, at, 'behind \\ one of " \\ / b f n r t, or u and four hex digits');
    }
  }
  return fault(text, text.length, "the closing double quote of a text");
}

function fault(text: string, at: number, expected: string): JsonFault {
  const before = text.slice(0, at);
  const line = before.split("\n").length;
  const column = at - before.lastIndexOf("\n");
  const sign = String.fromCodePoint(text.codePointAt(at) ?? 32);
  const got = at >= text.length ? "the end" : escaped(sign);
  return { line, column, what: `expected ${expected}, got ${got}` };
}
