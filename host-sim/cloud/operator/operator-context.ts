/**
 * What the operator's parts of a cloud have of the cloud. Whatever an operator changes, the cloud's time moves on before
 * it, and what happened is told after it.
 */
import type { Authentication } from "../enos/authentication";
import type { CloudEventBody } from "../events";
import type { Fleet } from "../registry/fleet";

/** One cloud, as the operator's parts see it. */
export interface OperatorContext {
  readonly fleet: Fleet;
  readonly authentication: Authentication;
  /** What time it is for the cloud, ms; it never goes back. */
  time(): number;
  /** Moves time on, and does what has come due. `now` in ms. */
  advance(now: number): void;
  /** Has `advance` look for what is due from a time on, ms. */
  wake(at: number): void;
  /** Notes what happened, to be told with the next flush. */
  emit(event: CloudEventBody): void;
  /** Tells what happened, once it is complete, so that a listener may call back into the cloud. */
  flush(): void;
}
