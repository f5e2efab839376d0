/** The editor in the page: loads CodeMirror when it is first shown, and is as tall as the window allows. */
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { escapedLines } from "../../../../model/escaped";
import type { Comparison, Editor, TextFault } from "./code-mirror";
import "./editor.css";

export type { TextFault } from "./code-mirror";

/** Below this width of the editor two texts have no room beside each other, px. */
const narrowest = 900;
/** Least height, and what stays free below the editor, px. */
const lowest = 320;
const below = 56;

export interface CodeEditorProps {
  readonly text: string;
  readonly language: "javascript" | "json";
  readonly label: string;
  readonly isReadOnly?: boolean;
  readonly faults?: readonly TextFault[];
  /** The text that this one is held against. */
  readonly compareWith?: string;
  readonly onChange: (text: string) => void;
  /** Takes a function that moves to a place: line and column from 1. */
  readonly goTo?: { current: ((line: number, column?: number) => void) | undefined };
}

export function CodeEditor(props: CodeEditorProps) {
  const place = useRef<HTMLDivElement>(null);
  const editor = useRef<Editor | undefined>(undefined);
  /** What was typed and has not come back as `text`. */
  const told = useRef<string[]>([]);
  const latest = useRef(props);
  latest.current = props;
  const [fault, setFault] = useState<string>();
  const [isReady, setReady] = useState(false);
  const [tries, setTries] = useState(0);
  const [height, setHeight] = useState(lowest);
  const [isWide, setWide] = useState(true);
  const hint = useId();

  useLayoutEffect(() => {
    const measure = (): void => {
      const box = place.current?.getBoundingClientRect();
      if (box === undefined) return;
      // As far as the window shows it when the page is not scrolled; what sticks to the top has moved with it.
      const top = Math.min(box.top + scrollY, innerHeight / 2);
      setHeight(Math.max(lowest, Math.floor(innerHeight - top - below)));
      setWide(box.width >= narrowest);
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(place.current!);
    observer.observe(document.body);
    addEventListener("resize", measure);
    return () => {
      observer.disconnect();
      removeEventListener("resize", measure);
    };
  }, []);

  useEffect(() => {
    let isGone = false;
    const load = async (): Promise<void> => {
      try {
        const { createEditor } = await import("./code-mirror");
        if (isGone) return;
        const { text, language, label, isReadOnly = false } = latest.current;
        const nonce = document.querySelector<HTMLMetaElement>('meta[name="style-nonce"]')?.nonce ?? "";
        const onChange = (now: string): void => {
          told.current.push(now);
          latest.current.onChange(now);
        };
        const parent = place.current!;
        editor.current = createEditor({ parent, text, language, label, hint, nonce, isReadOnly, onChange });
        if (latest.current.goTo !== undefined) {
          latest.current.goTo.current = (line, column) => editor.current?.goTo(line, column);
        }
        setReady(true);
      } catch {
        if (!isGone)
          setFault("The editor could not be loaded: the stand-in does not answer, or is another one.");
      }
    };
    void load();
    return () => {
      isGone = true;
      editor.current?.destroy();
      editor.current = undefined;
    };
  }, [tries]);

  const { text, isReadOnly = false, faults, compareWith } = props;
  useEffect(() => {
    if (editor.current === undefined) return;
    // A text that the editor told is on its way back; what was typed meanwhile comes behind it.
    if (text !== editor.current.text && told.current.includes(text)) return;
    told.current = [];
    editor.current.setText(text);
  }, [text, isReady]);
  useEffect(() => editor.current?.setReadOnly(isReadOnly), [isReadOnly, isReady]);
  useEffect(() => {
    const comparison: Comparison | undefined =
      compareWith === undefined ? undefined : { with: compareWith, layout: isWide ? "side" : "unified" };
    editor.current?.compare(comparison);
  }, [compareWith, isWide, isReady]);
  useEffect(() => {
    editor.current?.setFaults(
      (faults ?? []).map((each) => ({ ...each, message: escapedLines(each.message) })),
    );
  }, [faults, isReady]);

  return (
    <div class="editor">
      <div ref={place} class="editor-box" style={{ height: `${height}px` }} data-ready={isReady}>
        {!isReady && fault === undefined && <p class="dim editor-note">Loading the editor</p>}
        {fault !== undefined && (
          <div class="editor-note stack">
            <p class="bad" role="alert">
              {fault}
            </p>
            <div class="bar">
              <button
                type="button"
                onClick={() => {
                  setFault(undefined);
                  setTries(tries + 1);
                }}
              >
                Try again
              </button>
            </div>
          </div>
        )}
      </div>
      <p id={hint} class="hint">
        Tab indents. Escape, then Tab leaves the editor.
      </p>
    </div>
  );
}
