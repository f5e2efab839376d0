/** What has been thrown, in the words of a log line. */

/** The message of an `Error`; `otherwise` for anything else, which JavaScript can throw as well. */
export function reasonOf(error: unknown, otherwise = "unknown"): string {
  return error instanceof Error ? error.message : otherwise;
}
