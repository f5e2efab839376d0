/** What is made worse on purpose, in the header of every place: a fault that is on explains much of what is seen. */
import { plainNumber } from "../../page/quantity";
import { count } from "../../page/words";
import { useResource } from "./resource";
import { faultNames } from "./cloud/fault-names";
import type { CloudEvent } from "../../events";
import type { Faults } from "../../coap/faults";

const concerns = (event: CloudEvent): boolean => event.type === "conditions-changed";

/** A link to the faults that says which are on; nothing when none is. */
export function FaultsBadge() {
  const faults = useResource<Faults>("/faults", concerns).data;
  const down = useResource<{ down: boolean }>("/console/down", concerns).data?.down === true;
  const on = faultNames.flatMap(({ name, short, unit }) => {
    const value = faults?.[name] ?? 0;
    return value > 0 ? [`${plainNumber(unit === "%" ? value * 100 : value)} ${unit} ${short}`] : [];
  });
  if (down) on.unshift("cloud down");
  if (on.length === 0) return null;
  const number = count(on.length, "fault");
  const all = `${number} on: ${on.join(", ")}`;
  return (
    <a class="chip faults" href="/cloud/faults" aria-label={all} title={all}>
      <span aria-hidden="true">⚠</span>
      <span class="in-words">{on.length < 3 ? on.join(", ") : `${number} on`}</span>
      <span class="in-short">{on.length === 1 ? on[0] : `${number} on`}</span>
    </a>
  );
}
