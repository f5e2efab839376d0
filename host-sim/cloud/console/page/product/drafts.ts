/**
 * Edits that are not applied: they survive leaving the tab, another place, and a reload of the page in this browser tab; of
 * a script with keys in it not the reload, for a browser writes to its disk what it keeps for that.
 */
import { signal } from "@preact/signals";
import { maskedScript } from "../../../script/masked-script";

export type DraftKind = "model" | "script";

export interface Draft {
  readonly text: string;
  /** What was in force when the editing began. */
  readonly base: string;
}

const stored = "enos-console-drafts";
/** The browser is written to when nothing was typed for so long, ms. */
const pause = 400;

/** By kind and product. */
const drafts = signal<ReadonlyMap<string, Draft>>(read());
let timer: ReturnType<typeof setTimeout> | undefined;

function read(): ReadonlyMap<string, Draft> {
  try {
    const kept = JSON.parse(sessionStorage.getItem(stored) ?? "[]") as [string, Draft][];
    return new Map(
      kept.filter(([, draft]) => typeof draft.text === "string" && typeof draft.base === "string"),
    );
  } catch {
    // A browser that keeps nothing, or what another version kept.
    return new Map();
  }
}

function write(): void {
  clearTimeout(timer);
  timer = undefined;
  try {
    const kept = [...drafts.value].filter(([, { text, base }]) => !hasKeys(text) && !hasKeys(base));
    sessionStorage.setItem(stored, JSON.stringify(kept));
  } catch {
    // There is no room: they last as long as the page.
  }
}

function hasKeys(script: string): boolean {
  return maskedScript(script) !== script;
}

addEventListener("pagehide", write);

/** The edits of a product's model or script; undefined when there are none. */
export function draftOf(kind: DraftKind, productKey: string): Draft | undefined {
  return drafts.value.get(`${kind}/${productKey}`);
}

/** Keeps edits; a text that is the base again is none. */
export function keepDraft(kind: DraftKind, productKey: string, draft: Draft): void {
  change(kind, productKey, draft.text === draft.base ? undefined : draft);
}

/**
 * Lets go of edits that are in force by now: they were applied and the page was reloaded before it had the answer, or
 * somebody else has applied the same.
 */
export function settleDraft(kind: DraftKind, productKey: string, inForce: string): void {
  if (draftOf(kind, productKey)?.text === inForce) dropDraft(kind, productKey);
}

export function dropDraft(kind: DraftKind, productKey: string): void {
  change(kind, productKey, undefined);
}

function change(kind: DraftKind, productKey: string, draft: Draft | undefined): void {
  const key = `${kind}/${productKey}`;
  if (draft === undefined && !drafts.value.has(key)) return;
  const next = new Map(drafts.value);
  if (draft === undefined) next.delete(key);
  else next.set(key, draft);
  drafts.value = next;
  clearTimeout(timer);
  timer = setTimeout(write, pause);
}
