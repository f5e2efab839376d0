/** A thing model checked as one types: first whether it is JSON, then by the stand-in. */
import { useEffect, useMemo, useState } from "preact/hooks";
import { jsonFault } from "../../../../model/json-place";
import { lineOf, placeOfPath } from "../../../../model/json-path";
import { reasonOf } from "../../../reason";
import { call } from "../api";
import { toolPathOf } from "./product-data";
import type { ModelCheck, ModelRemark } from "../../script-answers";
import type { TextFault } from "../editor/code-editor";
import type { JsonFault } from "../../../../model/json-place";

/** Nothing is asked while keys follow each other faster than this, ms. */
const pause = 350;

export interface Checked {
  /** Where the text stops being JSON. */
  readonly jsonFault: JsonFault | undefined;
  /** What the stand-in said to this text; undefined until it has. */
  readonly check: ModelCheck | undefined;
  /** Why it could not be checked. */
  readonly problem: string | undefined;
  /** All faults at their places in the text. */
  readonly marks: readonly TextFault[];
}

/** @param text undefined or blank: nothing to check */
export function useModelCheck(productKey: string, text: string | undefined): Checked {
  const isBlank = text === undefined || text.trim() === "";
  const fault = useMemo(() => (isBlank ? undefined : jsonFault(text)), [text]);
  const [told, setTold] = useState<{ text: string; check?: ModelCheck; problem?: string }>();
  useEffect(() => {
    if (isBlank || fault !== undefined) return;
    const abort = new AbortController();
    const run = async (): Promise<void> => {
      const answer = await checkModel(productKey, text, abort.signal);
      if (!abort.signal.aborted) setTold({ text, ...answer });
    };
    const timer = setTimeout(() => void run(), pause);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [productKey, text]);
  const isTold = told !== undefined && told.text === text;
  const check = isTold ? told.check : undefined;
  const marks = useMemo(() => marksOf(text ?? "", fault, check), [text, fault, check]);
  return { jsonFault: fault, check, problem: isTold ? told.problem : undefined, marks };
}

/** What the stand-in says to a model that is JSON. */
export async function checkModel(
  productKey: string,
  text: string,
  signal?: AbortSignal,
): Promise<{ check: ModelCheck } | { problem: string }> {
  try {
    const model = JSON.parse(text.replace(/^\ufeff/, "")) as unknown;
    const path = `${toolPathOf(productKey)}/model/check`;
    return { check: await call<ModelCheck>(path, "POST", { model }, signal) };
  } catch (error) {
    return { problem: reasonOf(error, "it could not be checked") };
  }
}

function marksOf(text: string, fault: JsonFault | undefined, check: ModelCheck | undefined): TextFault[] {
  if (fault !== undefined) {
    return [{ line: fault.line, column: fault.column, severity: "error", message: fault.what }];
  }
  const mark = (severity: "error" | "warning", { path, problem, remedy }: ModelRemark): TextFault => {
    const { from, to } = placeOfPath(text, path);
    return { ...lineOf(text, from), length: to - from, severity, message: `${path} ${problem}; ${remedy}` };
  };
  return [
    ...(check?.faults ?? []).map((each) => mark("error", each)),
    // Of EnOS's form the numbers are given, and their places are those of another text.
    ...(check?.isEnos === true ? [] : (check?.meanings ?? []).map((each) => mark("warning", each))),
  ];
}
