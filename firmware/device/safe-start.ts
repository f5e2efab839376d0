/**
 * A safe start: the device has stopped working, or its application has failed to start, three times in a row.
 * It now does without the application's code and without the journal, either of which may be the cause. It
 * authenticates, tells why, stays in contact, obeys its built-in services, and takes updates of its firmware:
 *
 *     three panics in a row -> safe start -+- restart with `normally`, or loss of power -> normal start
 *                                          +- a day -> normal start; one more panic -> safe start
 *
 * Any other command is answered with a code of its own. What waits in the journal stays there.
 */
import { CommandCode, CommandRefusal } from "../enos/command";
import type { StartRecord } from "../continuity/start-record";
import type { Thing } from "../model/thing";
import type { Application, ServiceHandler } from "./application";

/** Longest time without contact, seconds: commands come with the answers to the device's requests. */
export const safeContact = 3_600;

/** Stands in for the product's application; what is built in is obeyed none the less. */
export function safeApplication(
  thing: Thing,
  version: string,
  { reason }: StartRecord,
  builtIn: readonly string[],
): Application {
  const refuse = (): never => {
    throw new CommandRefusal(CommandCode.safeStart, `safe start after ${reason}`);
  };
  const services: Record<string, ServiceHandler> = {};
  for (let i = 0; i < thing.services.length; i++) {
    const { identifier } = thing.services[i];
    if (!builtIn.includes(identifier)) services[identifier] = refuse;
  }
  return { thing, version, sample: refuse, commands: { set: refuse, get: refuse, services } };
}
