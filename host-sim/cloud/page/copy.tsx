/** A command, or another text, to be copied. */
import { useRef, useState } from "preact/hooks";

interface CopyButtonProps {
  readonly text: string;
  readonly label?: string;
  /** A sign in the place of its label, which is told to who hears the page. */
  readonly isSmall?: boolean;
}

/** A button that copies `text`. */
export function CopyButton({ text, label = "Copy", isSmall = false }: CopyButtonProps) {
  const [done, setDone] = useState(false);
  const press = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setDone(true);
      setTimeout(() => setDone(false), 2_000);
    } catch {
      // Over plain HTTP from another machine a browser has no clipboard: the text beside it can be marked.
      setDone(false);
    }
  };
  return (
    <button
      type="button"
      class={isSmall ? "quiet small" : undefined}
      aria-label={isSmall ? label : undefined}
      title={isSmall ? label : undefined}
      onClick={() => void press()}
    >
      {!isSmall ? label : !done && <span aria-hidden="true">copy</span>}
      <span class="seen-by-readers" role="status">
        {done ? "copied" : ""}
      </span>
      {done && <span aria-hidden="true">✓</span>}
    </button>
  );
}

/** A command line in a box, with a button that copies it; where that cannot be, a click marks it. */
export function Command({ text }: { text: string }) {
  const line = useRef<HTMLPreElement>(null);
  return (
    <div class="command">
      <pre ref={line} tabIndex={0} onClick={() => getSelection()?.selectAllChildren(line.current!)}>
        {text}
      </pre>
      <CopyButton text={text} />
    </div>
  );
}
