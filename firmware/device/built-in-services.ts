/**
 * Services that every device has, where the product's model names them and its application does not:
 *
 *     restart    inputs normally bool, may be left out     restarts the board once the answer has arrived;
 *                                                          `normally` ends a safe start
 *     fetch_log  inputs skip int32, may be left out        the log's newest lines before the newest `skip`
 *                outputs text string                       characters
 */
import { CommandCode } from "../enos/command";
import type { ServiceHandler } from "./application";

/** Their identifiers: `npm run model` leaves it to the application whether it has handlers of its own for them. */
export const builtInServiceNames: readonly string[] = Object.freeze(["restart", "fetch_log"]);

export interface BuiltInServicesOptions {
  /** Why it cannot be now, or undefined. @param normally the next start is no safe one */
  readonly restart: (normally: boolean) => string | undefined;
  /** The log's lines: up to `length` characters before the newest `skip` ones. */
  readonly newest: (length: number, skip: number) => string;
}

/** Longest piece of the log at once, characters: an answer of it fits most modems' datagrams. */
const longestPiece = 400;

/** Their handlers by identifier. */
export function builtInServices(options: BuiltInServicesOptions): Readonly<Record<string, ServiceHandler>> {
  return {
    restart({ normally }) {
      const message = options.restart(normally === true);
      return message === undefined ? { code: CommandCode.ok } : { code: CommandCode.failed, message };
    },
    fetch_log({ skip }) {
      const text = options.newest(longestPiece, typeof skip === "number" && skip > 0 ? skip : 0);
      return { code: CommandCode.ok, data: { text } };
    },
  };
}
