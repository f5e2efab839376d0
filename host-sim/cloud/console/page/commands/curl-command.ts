/** The command line that does what a form does, to be copied into a terminal. */
import { hasToken } from "../api";

/** @param path below /api/v1 */
export function curlCommand(method: string, path: string, body?: unknown): string {
  const parts = ["curl -sS"];
  if (method !== "GET" && !(method === "POST" && body !== undefined)) parts.push(`-X ${method}`);
  // The token itself is nothing for a clipboard.
  if (hasToken()) parts.push('-H "authorization: Bearer $ENOS_API_TOKEN"');
  if (body !== undefined) {
    parts.push("-H 'content-type: application/json'", `-d ${quoted(JSON.stringify(body))}`);
  }
  return `${parts.join(" ")} ${quoted(`${location.origin}/api/v1${path}`)}`;
}

/** A text as a shell takes it for one word. */
function quoted(text: string): string {
  return /^[\w:/.%@+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
