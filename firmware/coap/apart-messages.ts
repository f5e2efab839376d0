/**
 * Stands in the place of joined-messages.ts on a board whose modem keeps to the borders of datagrams, as all but SIM7000
 * and SIM7080 do (docs/modem.md, "Two datagrams at once"): the manifest of its modem says which of the two it is.
 */
import type { Joined } from "./endpoint-options";

export const newJoinedMessages: (() => Joined) | undefined = undefined;
