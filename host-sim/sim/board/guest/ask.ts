/**
 * How an application that was made for a test speaks with the test: no board has this module.
 */
import { GuestCommand, commandHeader } from "../protocol";
import { command, getText, issue, putText } from "./bridge";

/** Tells the test something, or asks it; its answer, which is empty where nobody listens. */
export function ask(text: string): string {
  const message = command(GuestCommand.ask, 0, 0, 2 * text.length);
  putText(message, commandHeader, text);
  return getText(issue(message), 0);
}
