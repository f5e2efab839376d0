/**
 * The form's state: which command, what stands in its fields, and its times. It is in the address too, a moment after
 * it was typed, and comes from there when the address changes otherwise.
 */
import { useEffect, useRef, useState } from "preact/hooks";
import { query, setQuery } from "../route";
import { draftsOf, valuesOf } from "./draft";
import { preparedOf, queryOf } from "./prepared";
import type { Choice } from "./choices";
import type { Draft, DraftFields } from "./draft";
import type { Prepared } from "./prepared";

export interface FormState {
  readonly choice: Choice;
  readonly drafts: DraftFields;
  /** Of "get": the identifiers. */
  readonly chosen: readonly string[];
  /** Seconds. */
  readonly wait: number;
  /** As typed. */
  readonly reply: string;
}

/** ms after which what was typed is in the address: a browser takes no more than some changes a second. */
const settle = 250;
const names = ["do", "in", "wait", "reply"] as const;

/** @param choices at least one */
export function usePreparedForm(choices: readonly Choice[]): [FormState, (next: FormState) => void] {
  const [state, setState] = useState(() => formOf(preparedOf(query.value), choices));
  const written = useRef(textOf(query.value));
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const now = textOf(query.value);
  useEffect(() => {
    if (now === written.current) return;
    written.current = now;
    clearTimeout(timer.current);
    setState(formOf(preparedOf(query.value), choices));
  }, [now]);
  // What was typed last is not taken along to another tab of the device.
  useEffect(() => () => clearTimeout(timer.current), []);
  const change = (next: FormState): void => {
    setState(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      const change = queryOf(preparedBy(next));
      setQuery(change);
      written.current = textOf(query.value);
    }, settle);
  };
  return [state, change];
}

/** The form of a command that is prepared. */
export function formOf(prepared: Prepared, choices: readonly Choice[]): FormState {
  const choice = choices.find(({ key }) => key === prepared.key) ?? choices[0];
  const values = choice.key === prepared.key ? prepared.values : {};
  const points = values["points"];
  return {
    choice,
    drafts: draftsOf(choice.fields, values),
    chosen: choice.kind === "get" && Array.isArray(points) ? points.filter(isText) : [],
    wait: prepared.wait,
    reply: String(prepared.reply),
  };
}

/** What the form prepares. */
function preparedBy({ choice, drafts, chosen, wait, reply }: FormState): Prepared {
  const isList = choice.readable !== undefined;
  const values = isList ? (chosen.length === 0 ? {} : { points: chosen }) : valuesOf(choice.fields, drafts);
  const kept = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ""));
  return { key: choice.key, values: kept, wait, reply: Number(reply) || 0 };
}

/** Another draft in one field. */
export function withDraft(state: FormState, identifier: string, draft: Draft): FormState {
  return { ...state, drafts: { ...state.drafts, [identifier]: draft } };
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function textOf(params: URLSearchParams): string {
  return names.map((name) => params.get(name) ?? "").join("\n");
}
