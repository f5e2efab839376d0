/**
 * `embedded:io/system`: the restart.
 */
import { GuestCommand } from "../protocol";
import { command, issue } from "./bridge";

export default class System {
  /** Never returns: what the firmware does after this, the host no longer hears. */
  static restart(): never {
    issue(command(GuestCommand.restart, 0, 0, 0));
    throw new Error("restart");
  }
}
