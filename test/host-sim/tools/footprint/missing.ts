/** What the footprint is measured with. */
import { EngineMissing } from "../../../../host-sim/sim/engine/engine";
import { nativeProgram } from "../../../../host-sim/tools/footprint/native";
import { mayBeAbsent } from "../../../absent";

/** Why it cannot be measured here; `undefined` when it can. On CI it must be possible. */
export const footprintMissing = ((): string | undefined => {
  try {
    nativeProgram("compiler");
    nativeProgram("heap");
    return undefined;
  } catch (error) {
    if (!(error instanceof EngineMissing) || !mayBeAbsent("@agoric/xsnap")) throw error;
    console.warn(`tests of the footprint are skipped: ${error.message}`);
    return error.message;
  }
})();
