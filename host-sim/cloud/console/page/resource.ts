/**
 * What the API answers to a path, kept up to date: read when it is first shown, again when an event concerns it, and
 * again when everything has to be (connection.ts). What was read stays in view while it is read anew.
 */
import { useEffect, useRef, useState } from "preact/hooks";
import { useSignalEffect } from "@preact/signals";
import { ApiFault, call } from "./api";
import { generation, listen } from "./connection";
import { reasonOf } from "../../reason";
import type { CloudEvent } from "../../events";

export interface Resource<T> {
  /** As it was last read; undefined before. */
  readonly data: T | undefined;
  /** Why it could not be read the last time. */
  readonly fault: string | undefined;
  /** The API's status of that; 0 when there was no answer. */
  readonly status: number | undefined;
  /** Reads it again, soon. */
  readonly again: () => void;
}

/** Events come by the hundred, requests at most once in this time, ms. */
const pace = 250;

/**
 * @param path below /api/v1, or one of /console/; undefined: nothing to read yet
 * @param concerns whether an event changes what the path answers
 */
export function useResource<T>(
  path: string | undefined,
  concerns: (event: CloudEvent) => boolean = () => false,
): Resource<T> {
  const [state, setState] = useState<{ path?: string; data?: T; fault?: string; status?: number }>({});
  const read = useRef<() => void>(() => undefined);
  const asked = useRef(concerns);
  asked.current = concerns;
  useEffect(() => {
    if (path === undefined) return;
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isReading = false;
    let isStale = false;
    const load = async (): Promise<void> => {
      if (isReading) {
        isStale = true;
        return;
      }
      isReading = true;
      isStale = false;
      try {
        const data = await call<T>(path, "GET", undefined, abort.signal);
        if (!abort.signal.aborted) setState({ path, data });
      } catch (error) {
        if (abort.signal.aborted) return;
        const status = error instanceof ApiFault ? error.status : 0;
        const fault = reasonOf(error, "it cannot be read");
        // What is gone is not shown as if it were there.
        setState((former) => ({
          path,
          ...(former.path === path && status !== 404 ? { data: former.data } : {}),
          fault,
          status,
        }));
      } finally {
        isReading = false;
        if (isStale && !abort.signal.aborted) soon();
      }
    };
    const soon = (): void => {
      timer ??= setTimeout(() => {
        timer = undefined;
        void load();
      }, pace);
    };
    read.current = soon;
    void load();
    const end = listen((entry) => {
      if (entry.kind === "event" && asked.current(entry.event)) soon();
    });
    return () => {
      end();
      clearTimeout(timer);
      abort.abort();
    };
  }, [path]);
  const first = useRef(generation.value);
  useSignalEffect(() => {
    if (generation.value !== first.current) {
      first.current = generation.value;
      read.current();
    }
  });
  const isOther = state.path !== path;
  return {
    data: isOther ? undefined : state.data,
    fault: isOther ? undefined : state.fault,
    status: isOther ? undefined : state.status,
    again: () => read.current(),
  };
}
