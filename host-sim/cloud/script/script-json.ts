/** What a parsing script made of bytes, as the JSON that people see when they try it. */
import { deepestNesting, isDeeper } from "../../model/nesting";
import type { ScriptFault } from "./script-engine";

/** @param made what `rawToJson` gave */
export function scriptJson(made: string | ScriptFault): { json: unknown } | ScriptFault {
  if (typeof made !== "string") return made;
  try {
    const json: unknown = JSON.parse(made);
    if (!isDeeper(json, deepestNesting)) return { json };
    return { fault: `rawDataToJsonStr returned JSON nested more than ${deepestNesting} deep` };
  } catch {
    return { fault: "rawDataToJsonStr returned text that is not JSON" };
  }
}
