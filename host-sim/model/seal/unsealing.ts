/**
 * What a model takes back of a seal that devices in the field have. The way to a seal is open at any time; back, the
 * script would believe what anybody on the path has written, and devices would not hear it: so that is never done by a
 * line that was lost in an edit.
 *
 *     plain -> migrating -> sealed            on, at any time
 *     without proof or mark -> with it        on, at any time
 *     all other ways                          a fault each
 */
import type { ModelFault, Sealed } from "../model";

/** A fault for each thing that the model takes back; none where it takes back nothing. */
export function unsealing(before: Sealed | undefined, now: Sealed | undefined): ModelFault[] {
  if (before === undefined) return [];
  const remedy = "put it back, or say by --unseal that it is meant";
  if (now === undefined) {
    const problem =
      "is off, and devices in the field are sealed: the script could not open what they send, they would take no " +
      "command, and what replaces them could be read, changed and commanded by anybody on the path";
    return [{ path: "$.sealed", problem, remedy }];
  }
  const faults: ModelFault[] = [];
  if (now.migrating && !before.migrating) {
    const problem =
      "is migrating again, and that was over: the script would take plain messages, which anybody can make up";
    faults.push({ path: "$.sealed.migrating", problem, remedy });
  }
  if (before.proof && !now.proof) {
    const problem =
      "is off, and devices in the field wait for it: they would release no reading by the answers without it";
    faults.push({ path: "$.sealed.proof", problem, remedy });
  }
  if (before.mark && !now.mark) {
    const problem = "is off, and whoever uses the data tells by it what was sealed: nothing would be";
    faults.push({ path: "$.sealed.mark", problem, remedy });
  }
  return faults;
}
