/**
 * JavaScript and JSON, as far as an editor colours and indents them: token by token, without a grammar. CodeMirror's own
 * grammar of JavaScript is a third of the whole editor, and a parsing script is judged by the stand-in's engine anyway.
 */
import { StreamLanguage } from "@codemirror/language";
import type { StringStream } from "@codemirror/language";

interface State {
  /** Columns by which each bracket that is open indents what is in it. */
  readonly open: number[];
  /** What a line ended within: a comment, or a template. */
  within: "comment" | "template" | undefined;
  /** A slash here begins a regular expression, and does not divide. */
  isExpression: boolean;
}

const keywords = new Set(
  (
    "break case catch class const continue debugger default delete do else export extends finally for function if " +
    "import in instanceof let new of return static super switch this throw try typeof var void while with yield async await"
  ).split(" "),
);
const atoms = new Set(["true", "false", "null", "undefined", "NaN", "Infinity"]);
/** Behind these words an expression begins. */
const openers = new Set([
  "return",
  "typeof",
  "case",
  "in",
  "of",
  "new",
  "delete",
  "throw",
  "void",
  "else",
  "do",
]);

const word = /^[A-Za-z_$\u0080-\uffff][\w$\u0080-\uffff]*/;
const digits =
  /^(?:0[xX][\da-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?)n?/;
const expression = /^\/(?![*/])(?:[^\\/[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/;

function startState(): State {
  return { open: [], within: undefined, isExpression: true };
}

function copyState(state: State): State {
  return { ...state, open: [...state.open] };
}

/** Up to the end of a comment or a template, or of the line. */
function rest(stream: StringStream, state: State): string {
  const isComment = state.within === "comment";
  while (!stream.eol()) {
    if (stream.match(isComment ? "*/" : "`")) {
      state.within = undefined;
      break;
    }
    if (!isComment && stream.peek() === "\\") stream.next();
    stream.next();
  }
  return isComment ? "comment" : "string";
}

function bracket(stream: StringStream, state: State, sign: string): string {
  if ("([{".includes(sign)) state.open.push(stream.indentation() + stream.indentUnit);
  else state.open.pop();
  state.isExpression = !")]}".includes(sign);
  return "bracket";
}

function text(stream: StringStream, quote: string): void {
  while (!stream.eol()) {
    const sign = stream.next();
    if (sign === quote) return;
    if (sign === "\\") stream.next();
  }
}

function indent(state: State, textAfter: string, context: { unit: number }): number {
  const isClosing = /^\s*[)\]}]/.test(textAfter);
  const inner = state.open[state.open.length - 1] ?? 0;
  return isClosing ? Math.max(0, inner - context.unit) : inner;
}

const common = { startState, copyState, indent };

/** ECMAScript. */
export const scriptLanguage = StreamLanguage.define<State>({
  ...common,
  name: "javascript",
  token(stream, state) {
    if (state.within !== undefined) return rest(stream, state);
    if (stream.eatSpace()) return null;
    if (stream.match("//")) {
      stream.skipToEnd();
      return "comment";
    }
    if (stream.match("/*")) {
      state.within = "comment";
      return rest(stream, state);
    }
    if (stream.match("`")) {
      state.within = "template";
      state.isExpression = false;
      return rest(stream, state);
    }
    if (state.isExpression && stream.match(expression)) {
      state.isExpression = false;
      return "regexp";
    }
    const wasDot = stream.string.slice(0, stream.start).trimEnd().endsWith(".");
    const name = stream.match(word) as RegExpMatchArray | null;
    if (name !== null) {
      state.isExpression = openers.has(name[0]);
      if (wasDot) return "propertyName";
      if (atoms.has(name[0])) return "atom";
      if (keywords.has(name[0])) return "keyword";
      if (/\bfunction\s*\*?\s*$/.test(stream.string.slice(0, stream.start)))
        return "variableName.function.definition";
      return stream.match(/^\s*:(?!:)/, false) ? "propertyName" : "variableName";
    }
    if (stream.match(digits)) {
      state.isExpression = false;
      return "number";
    }
    const sign = stream.next()!;
    if (sign === '"' || sign === "'") {
      text(stream, sign);
      state.isExpression = false;
      return "string";
    }
    if ("()[]{}".includes(sign)) return bracket(stream, state, sign);
    state.isExpression = true;
    return ",;.".includes(sign) ? "punctuation" : "operator";
  },
  languageData: {
    commentTokens: { line: "//", block: { open: "/*", close: "*/" } },
    indentOnInput: /^\s*[)\]}]$/,
  },
});

/** JSON (RFC 8259); names of members have a colour of their own. */
export const jsonLanguage = StreamLanguage.define<State>({
  ...common,
  name: "json",
  token(stream, state) {
    if (stream.eatSpace()) return null;
    if (stream.match(/^-?\d[\d.eE+-]*/)) return "number";
    if (stream.match(/^(?:true|false|null)\b/)) return "atom";
    const sign = stream.next()!;
    if (sign === '"') {
      text(stream, sign);
      return stream.match(/^\s*:/, false) ? "propertyName" : "string";
    }
    if ("[]{}".includes(sign)) return bracket(stream, state, sign);
    return ",:".includes(sign) ? "punctuation" : "invalid";
  },
  languageData: { indentOnInput: /^\s*[\]}]$/ },
});
