/** The command that has this PC stand in for a board, for the places that have nothing to show before. */

/** Against the stand-in that serves this page. */
export function deviceCommand(): string {
  return `npm run device -- --server coap://${location.hostname}:5683`;
}
