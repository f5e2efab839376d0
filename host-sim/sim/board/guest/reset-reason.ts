/**
 * `resetReason`: why the board started.
 */
import { resetReasons } from "../protocol";
import { resetReason } from "./power";

export default function getResetReason(): { reason: number; string: string } {
  return { reason: resetReason(), string: resetReasons[resetReason()] ?? "Invalid" };
}
