/**
 * `resetReason`: why the board started.
 */
import { namedReasons, resetReasons } from "../protocol";
import { resetReason } from "./power";

export default function getResetReason(): { reason: number; string: string } {
  const reason = resetReason();
  return { reason, string: reason < namedReasons ? resetReasons[reason] : "Invalid" };
}
