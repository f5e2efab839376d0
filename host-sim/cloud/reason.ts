/** What has been thrown, in the words of an event or a page. The firmware has one of its own. */

/** The message of an `Error`; `otherwise` for anything else, or how that reads as a text. */
export function reasonOf(error: unknown, otherwise?: string): string {
  return error instanceof Error ? error.message : (otherwise ?? String(error));
}
