/** Whether the engine that a command was asked for is there. */
import { EngineMissing } from "../sim/engine/engine";
import { findWorker } from "../sim/engine/worker";
import { CommandError } from "./misuse";

/** @throws CommandError with one line that says what is missing */
export function requireEngine(engine: "node" | "xs"): void {
  if (engine !== "xs") return;
  try {
    findWorker();
  } catch (error) {
    if (error instanceof EngineMissing) throw new CommandError(1, error.message);
    throw error;
  }
}
