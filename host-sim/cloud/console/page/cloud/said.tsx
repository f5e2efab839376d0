/** The line that tells what became of an action. */
import type { Action } from "./use-action";

export function Said({ said }: Pick<Action, "said">) {
  if (said === undefined) return <p role="status" class="seen-by-readers" />;
  return (
    <p role={said.isFault ? "alert" : "status"} class={said.isFault ? "bad" : "good"}>
      {said.text}
    </p>
  );
}
