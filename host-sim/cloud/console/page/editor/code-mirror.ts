/**
 * The text editor, CodeMirror 6, composed of what a script and a model need. It is a file of its own for the browser
 * (code-editor.tsx loads it when it is first shown), so it imports nothing of the page.
 */
import {
  history,
  historyField,
  historyKeymap,
  indentWithTab,
  moveLineDown,
  moveLineUp,
  standardKeymap,
  toggleComment,
} from "@codemirror/commands";
import { bracketMatching, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { MergeView, unifiedMergeView } from "@codemirror/merge";
import { Annotation, Compartment, EditorSelection, EditorState } from "@codemirror/state";
import {
  EditorView,
  drawSelection,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { jsonLanguage, scriptLanguage } from "./languages";
import { codeColours, look } from "./look";
import type { Diagnostic } from "@codemirror/lint";
import type { Extension, Text } from "@codemirror/state";
import type { KeyBinding } from "@codemirror/view";

/** Something to be said of a place in the text. */
export interface TextFault {
  /** From 1. */
  readonly line: number;
  /** From 1; the whole line when left out. */
  readonly column?: number;
  /** How many characters it concerns; the word there when left out. */
  readonly length?: number;
  readonly message: string;
  readonly severity: "error" | "warning";
}

/** What the text is held against: side by side, or within one column. */
export interface Comparison {
  readonly with: string;
  readonly layout: "side" | "unified";
}

export interface EditorOptions {
  readonly parent: HTMLElement;
  readonly text: string;
  readonly language: "javascript" | "json";
  /** For who hears the page. */
  readonly label: string;
  /** Id of the element that says how to leave by the keyboard. */
  readonly hint: string;
  /** Of the page's content security policy: CodeMirror makes its style while it runs. */
  readonly nonce: string;
  readonly isReadOnly: boolean;
  readonly onChange: (text: string) => void;
}

/** One editor in the page. */
export interface Editor {
  readonly text: string;
  /** Puts in another text, which an undo takes back; `onChange` hears nothing of it. */
  setText(text: string): void;
  setFaults(faults: readonly TextFault[]): void;
  setReadOnly(isReadOnly: boolean): void;
  /** Holds the text against another; undefined ends that. */
  compare(comparison: Comparison | undefined): void;
  /** Moves there, with the focus. Both from 1. */
  goTo(line: number, column?: number): void;
  destroy(): void;
}

/** Marks that steer or hide text, besides those that CodeMirror shows by itself. */
const hidden = /[\u202a-\u202c\u2060-\u2064\u2066-\u2069]/g;

/** Of CodeMirror's further keys the ones that a script wants: all of them are a sixth of its commands. */
const moreKeys: readonly KeyBinding[] = [
  { key: "Mod-/", run: toggleComment },
  { key: "Alt-ArrowUp", run: moveLineUp },
  { key: "Alt-ArrowDown", run: moveLineDown },
];
const fromOutside = Annotation.define<boolean>();

/** Makes an editor at the end of `parent`. */
export function createEditor(options: EditorOptions): Editor {
  return new MirrorEditor(options);
}

class MirrorEditor implements Editor {
  readonly #options: EditorOptions;
  readonly #readOnly = new Compartment();
  #isReadOnly: boolean;
  #faults: readonly TextFault[] = [];
  #comparison: Comparison | undefined;
  #view: EditorView;
  #merge: MergeView | undefined;

  constructor(options: EditorOptions) {
    this.#options = options;
    this.#isReadOnly = options.isReadOnly;
    this.#view = this.#alone(EditorState.create({ doc: options.text, extensions: this.#extensions() }));
  }

  get text(): string {
    return this.#view.state.doc.toString();
  }

  setText(text: string): void {
    const { doc } = this.#view.state;
    if (doc.toString() === text) return;
    this.#view.dispatch({
      changes: { from: 0, to: doc.length, insert: text },
      selection: { anchor: 0 },
      annotations: fromOutside.of(true),
    });
  }

  setFaults(faults: readonly TextFault[]): void {
    this.#faults = faults;
    const { state } = this.#view;
    this.#view.dispatch(
      setDiagnostics(
        state,
        faults.map((fault) => diagnosticOf(state.doc, fault)),
      ),
    );
  }

  setReadOnly(isReadOnly: boolean): void {
    if (isReadOnly === this.#isReadOnly) return;
    this.#isReadOnly = isReadOnly;
    this.#view.dispatch({ effects: this.#readOnly.reconfigure(readOnly(isReadOnly)) });
  }

  compare(comparison: Comparison | undefined): void {
    const now = this.#comparison;
    if (now?.with === comparison?.with && now?.layout === comparison?.layout) return;
    this.#comparison = comparison;
    const { state } = this.#view;
    // Its steps back go along into the new view.
    const kept = historyField.init(() => state.field(historyField));
    const former = { doc: state.doc, selection: state.selection };
    this.#remove();
    if (comparison?.layout === "side") {
      this.#merge = new MergeView({
        a: { doc: comparison.with, extensions: this.#fixed("in force") },
        b: { ...former, extensions: [this.#extensions(), kept] },
        parent: this.#options.parent,
        collapseUnchanged: { margin: 3, minSize: 6 },
        gutter: true,
      });
      this.#view = this.#merge.b;
    } else {
      const unified =
        comparison === undefined
          ? []
          : unifiedMergeView({
              original: comparison.with,
              mergeControls: false,
              collapseUnchanged: { margin: 3, minSize: 6 },
            });
      this.#view = this.#alone(
        EditorState.create({ ...former, extensions: [this.#extensions(), kept, unified] }),
      );
    }
    this.setFaults(this.#faults);
  }

  goTo(line: number, column = 1): void {
    const { doc } = this.#view.state;
    const { from, to } = doc.line(Math.min(Math.max(1, line), doc.lines));
    const at = Math.min(from + column - 1, to);
    this.#view.dispatch({
      selection: EditorSelection.cursor(at),
      effects: EditorView.scrollIntoView(at, { y: "center" }),
    });
    this.#view.focus();
  }

  destroy(): void {
    this.#remove();
  }

  #remove(): void {
    if (this.#merge === undefined) this.#view.destroy();
    else this.#merge.destroy();
    this.#merge = undefined;
  }

  #alone(state: EditorState): EditorView {
    return new EditorView({ state, parent: this.#options.parent });
  }

  #extensions(): Extension {
    const { label, hint, onChange } = this.#options;
    return [
      this.#common(label),
      this.#readOnly.of(readOnly(this.#isReadOnly)),
      EditorView.contentAttributes.of({ "aria-describedby": hint }),
      history(),
      highlightActiveLine(),
      highlightActiveLineGutter(),
      lintGutter(),
      indentOnInput(),
      // Escape and then Tab leaves the editor, which is CodeMirror's own.
      keymap.of([...standardKeymap, ...historyKeymap, ...lintKeymap, ...moreKeys, indentWithTab]),
      EditorView.domEventHandlers({ beforeinput: typeOver }),
      EditorView.updateListener.of((update) => {
        const isOwn = !update.transactions.some((each) => each.annotation(fromOutside) === true);
        if (update.docChanged && isOwn) onChange(update.state.doc.toString());
      }),
    ];
  }

  /** The other side of a comparison. */
  #fixed(label: string): Extension {
    return [this.#common(label), readOnly(true)];
  }

  #common(label: string): Extension {
    const { nonce, language } = this.#options;
    return [
      EditorView.cspNonce.of(nonce),
      // With a place in the tab order of its own, what only is read scrolls by keys as well.
      EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false", tabindex: "0" }),
      lineNumbers(),
      drawSelection(),
      highlightSpecialChars({ addSpecialChars: hidden }),
      bracketMatching(),
      syntaxHighlighting(codeColours),
      (language === "json" ? jsonLanguage : scriptLanguage).extension,
      EditorState.tabSize.of(2),
      look,
    ];
  }
}

/**
 * Types over what is marked. Chromium would do it with the style of what was there written inline, which the page's
 * policy forbids and complains of.
 */
function typeOver(event: InputEvent, view: EditorView): boolean {
  const { state } = view;
  const isPlain = event.inputType === "insertText" && event.data !== null && !event.isComposing;
  if (!isPlain || state.readOnly || state.selection.main.empty) return false;
  view.dispatch({
    ...state.replaceSelection(event.data!),
    userEvent: "input.type",
    scrollIntoView: true,
  });
  event.preventDefault();
  return true;
}

/** The text can be read, marked and copied all the same. */
function readOnly(isReadOnly: boolean): Extension {
  return EditorState.readOnly.of(isReadOnly);
}

/** A fault beyond the end, as of a text that was edited since, is one of the last line. */
function diagnosticOf(doc: Text, { line, column, length, message, severity }: TextFault): Diagnostic {
  const { from, to, text } = doc.line(Math.min(Math.max(1, line), doc.lines));
  if (column === undefined)
    return { from: from + (text.length - text.trimStart().length), to, message, severity };
  const start = Math.min(from + column - 1, to);
  const word = /^[\w$]+|^./.exec(text.slice(start - from))?.[0].length ?? 0;
  const end = Math.min(doc.length, start + (length ?? word));
  return { from: start, to: Math.max(start, end), message, severity };
}
