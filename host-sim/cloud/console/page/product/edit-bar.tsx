/** What stands over an editor: how its text stands to what is in force, and what can be done about it. */
import { useEffect, useState } from "preact/hooks";
import { ago, clock } from "../../../page/words";
import { reasonOf } from "../../../reason";
import { mayOperate } from "../access";
import { now } from "../connection";
import type { Draft, DraftKind } from "./drafts";

interface Applied {
  /** Epoch ms of the last apply from this page. */
  readonly applied: number | undefined;
  readonly fault: string | undefined;
  /** Does what is to come into force; `work` answers whether it did. */
  readonly run: (work: () => Promise<boolean>) => Promise<void>;
}

/** Follows what the buttons do. */
export function useApplied(): Applied {
  const [applied, setApplied] = useState<number>();
  const [fault, setFault] = useState<string>();
  const run = async (work: () => Promise<boolean>): Promise<void> => {
    setFault(undefined);
    try {
      if (await work()) setApplied(Date.now());
    } catch (error) {
      setFault(reasonOf(error, "it did not work"));
    }
  };
  return { applied, fault, run };
}

/**
 * What is in force as far as this page knows: what it has brought into force itself counts from then on, before the
 * product has been read anew. Otherwise the editor would go back to the former text in between.
 *
 * @param read as the product was last read
 */
export function useInForce(read: string): readonly [inForce: string, applied: (text: string) => void] {
  const [own, setOwn] = useState<string>();
  useEffect(() => setOwn(undefined), [read]);
  return [own ?? read, setOwn];
}

interface EditBarProps {
  readonly kind: DraftKind;
  readonly draft: Draft | undefined;
  readonly inForce: string;
  readonly isComparing: boolean;
  readonly onCompare: () => void;
  readonly onDiscard: () => void;
  readonly onApply: () => Promise<void>;
  /** Why it cannot be applied as it stands. */
  readonly obstacle?: string;
  /** When what is in force came into force by a change that can be undone, epoch ms. */
  readonly undoTime: number | undefined;
  readonly onUndo: () => Promise<void>;
  readonly applied: number | undefined;
  readonly fault: string | undefined;
}

export function EditBar(props: EditBarProps) {
  const { kind, draft, inForce, isComparing, obstacle, undoTime, applied, fault } = props;
  const [isBusy, setBusy] = useState(false);
  const busy = async (work: () => Promise<void>): Promise<void> => {
    setBusy(true);
    await work();
    setBusy(false);
  };
  const isEdited = draft !== undefined;
  const isMoved = isEdited && draft.base !== inForce;
  const reader = mayOperate.value ? undefined : "This token may look and try, and not apply.";
  const why = reader ?? obstacle;
  return (
    <div class="stack edit-bar">
      <div class="bar">
        <span role="status" class={isEdited ? "warn" : "dim"}>
          {isEdited
            ? "● Edited, not applied"
            : undoTime === undefined
              ? "In force"
              : `In force since ${clock(undoTime)}`}
        </span>
        <span class="bar push">
          <button type="button" aria-pressed={isComparing} onClick={props.onCompare}>
            Compare
          </button>
          {isEdited && (
            <button type="button" onClick={props.onDiscard}>
              Discard edits
            </button>
          )}
          {undoTime !== undefined && !isEdited && (
            <button
              type="button"
              disabled={isBusy || reader !== undefined}
              title={reader}
              onClick={() => void busy(props.onUndo)}
            >
              {`Undo the change of ${clock(undoTime).slice(11)}`}
            </button>
          )}
          <button
            type="button"
            class="primary"
            disabled={isBusy || !isEdited || why !== undefined}
            title={why}
            onClick={() => void busy(props.onApply)}
          >
            {`Apply the ${kind}`}
          </button>
        </span>
      </div>
      {reader !== undefined && isEdited && <p class="dim">{reader}</p>}
      {isMoved && (
        <p class="note warn-note" role="status">
          {`Another ${kind} came into force while this one was edited. Compare shows what applying would change.`}
        </p>
      )}
      {fault !== undefined && (
        <p class="note bad-note" role="alert">
          {fault}
        </p>
      )}
      {applied !== undefined && !isEdited && fault === undefined && (
        <p class="good" role="status">
          {`Applied ${ago(applied, now.value)}.`}
        </p>
      )}
    </div>
  );
}
