/** A device's state: a mark and a word, so that neither needs the colour. */
import { clock } from "../../../page/words";
import type { DeviceState } from "../../../registry/registry";

const marks: Readonly<Record<DeviceState, string>> = {
  online: "●",
  offline: "○",
  inactive: "◌",
  disabled: "✕",
};

/** What EnOS's words for a state mean. */
export const meanings: Readonly<Record<DeviceState, string>> = {
  online: "it has a session",
  offline: "it was there, and has no session any more",
  inactive: "it has never authenticated",
  disabled: "an operator has shut it out",
};

/** @param since epoch ms */
export function StateWord({ state, since }: { state: DeviceState; since?: number | undefined }) {
  const title = since === undefined ? meanings[state] : `${meanings[state]}; since ${clock(since)}`;
  return (
    <span class={`state-word ${state}`} title={title}>
      <span aria-hidden="true">{marks[state]}</span>
      {state}
    </span>
  );
}
