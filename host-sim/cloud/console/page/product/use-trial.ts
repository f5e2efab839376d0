/** A script tried as one types: after a pause, one request at a time, and what came before stays in view meanwhile. */
import { useEffect, useState } from "preact/hooks";
import { call } from "../api";
import { reasonOf } from "../../../reason";
import { readInput } from "./trial-input";
import { toolPathOf } from "./product-data";
import type { Trial } from "../../script-answers";
import type { Way } from "./trial-input";

/** Nothing is asked while keys follow each other faster than this, ms. */
const pause = 350;

export interface Tried {
  /** As it was last told; undefined before. */
  readonly trial: Trial | undefined;
  /** The script and the input that `trial` is of have changed since. */
  readonly isStale: boolean;
  /** Why it could not be tried: the input is none, or the stand-in does not answer. */
  readonly problem: string | undefined;
}

/** @param script undefined: nothing to try yet */
export function useTrial(productKey: string, script: string | undefined, way: Way, input: string): Tried {
  const [told, setTold] = useState<{ key: string; trial?: Trial; problem?: string }>();
  const key = JSON.stringify([productKey, script, way, input]);
  useEffect(() => {
    if (script === undefined || script.trim() === "") {
      setTold(undefined);
      return;
    }
    const abort = new AbortController();
    const run = async (): Promise<void> => {
      const read = readInput(way, input);
      if ("problem" in read) {
        // The script alone is compiled all the same.
        const trial = await ask(productKey, "compile", { script }, abort.signal);
        if (!abort.signal.aborted) setTold({ key, problem: read.problem, ...trial });
        return;
      }
      const answer = await ask(productKey, "try", { script, ...read.body }, abort.signal);
      if (!abort.signal.aborted) setTold({ key, ...answer });
    };
    const timer = setTimeout(() => void run(), pause);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [key]);
  return { trial: told?.trial, isStale: told !== undefined && told.key !== key, problem: told?.problem };
}

async function ask(
  productKey: string,
  what: "compile" | "try",
  body: object,
  signal: AbortSignal,
): Promise<{ trial: Trial } | { problem: string }> {
  try {
    return { trial: await call<Trial>(`${toolPathOf(productKey)}/script/${what}`, "POST", body, signal) };
  } catch (error) {
    return { problem: reasonOf(error, "it could not be tried") };
  }
}
