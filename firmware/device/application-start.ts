/**
 * Tells the application that the device starts, and the cloud which version of it does. An application that fails
 * at that costs no more than what it would have done then.
 */
import { reasonOf } from "../text/reason";
import type { ApplicationMessages } from "../delivery/application-messages";
import type { PersistentState } from "../continuity/persistent-state";
import type { AgentOptions } from "./agent-options";

/**
 * @param waiting readings and messages that wait for the cloud's acknowledgement
 * @param onVersionTold the cloud has heard the version; undefined when it need not be told
 */
export function startApplication(
  { application, startReason, log }: AgentOptions,
  device: ApplicationMessages,
  memory: PersistentState,
  waiting: number,
  onVersionTold: (() => void) | undefined,
): void {
  const { cause, count } = memory.restart;
  try {
    application.start?.(device, {
      boots: memory.boots,
      reason: startReason ?? "unknown",
      restart: cause,
      restarts: count,
      waiting,
    });
    if (cause !== "none") memory.restartTold();
  } catch (error) {
    log({ kind: "fault", text: `in start: ${reasonOf(error)}` });
  }
  if (application.version !== undefined && onVersionTold !== undefined)
    device.tellFirmware(application.version, onVersionTold);
}
