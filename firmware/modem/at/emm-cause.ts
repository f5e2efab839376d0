/**
 * Why a network denies a device (EMM cause, 3GPP TS 24.301 section 9.9.3.9), and whether to ask again
 * soon.
 */

/** All causes of the table, and their names. */
const names: Readonly<Record<number, string>> = Object.freeze({
  2: "IMSI unknown in HSS",
  3: "illegal UE",
  5: "IMEI not accepted",
  6: "illegal ME",
  7: "EPS services not allowed",
  8: "EPS services and non-EPS services not allowed",
  9: "UE identity cannot be derived by the network",
  10: "implicitly detached",
  11: "PLMN not allowed",
  12: "tracking area not allowed",
  13: "roaming not allowed in this tracking area",
  14: "EPS services not allowed in this PLMN",
  15: "no suitable cells in tracking area",
  16: "MSC temporarily not reachable",
  17: "network failure",
  18: "CS domain not available",
  19: "ESM failure",
  20: "MAC failure",
  21: "synch failure",
  22: "congestion",
  23: "UE security capabilities mismatch",
  24: "security mode rejected",
  25: "not authorized for this CSG",
  26: "non-EPS authentication unacceptable",
  31: "redirection to 5GCN required",
  35: "requested service option not authorized",
  36: "IAB-node operation not authorized",
  39: "CS service temporarily not available",
  40: "no EPS bearer context activated",
  42: "severe network failure",
  78: "PLMN not allowed at the present location",
  95: "semantically incorrect message",
  96: "invalid mandatory information",
  97: "message type not implemented",
  98: "message type not compatible with state",
  99: "information element not implemented",
  100: "conditional IE error",
  101: "message not compatible with state",
  111: "protocol error",
});

/** Causes that will be the same in an hour: the card, the contract or the device is not admitted, or not here. */
const lasting = Object.freeze([2, 3, 5, 6, 7, 8, 11, 12, 13, 14, 25, 31, 35, 36, 78]);

/** For logs: number and name. */
export function describeCause(cause: number | undefined): string {
  if (cause === undefined) return "unknown";
  return names[cause] === undefined ? String(cause) : `${cause} (${names[cause]})`;
}

/** Whether asking again soon does nothing but drain the battery. */
export function isLasting(cause: number | undefined): boolean {
  return cause !== undefined && lasting.indexOf(cause) >= 0;
}

/**
 * The EMM cause that a maker's own words for it name (`AT+CEER`): as a number or, as Qualcomm does, by its name
 * (`EMM_CAUSE_ESM_FAILURE`). Undefined unless the words say that it is an EMM cause: numbers of other kinds stand
 * in the same place, and behind an EMM cause may stand one of ESM.
 */
export function causeNamed(text: string): number | undefined {
  const emm = /(?:^|[^A-Z])EMM(?![A-Z])(?:(?!ESM)[^0-9]){0,24}(\d{0,3})(?![0-9A-Z])/i.exec(text);
  if (emm === null) return undefined;
  const number = Number(emm[1]);
  if (number > 0 && number < 256) return number;
  const words = wordsOf(text);
  let found: number | undefined;
  let most = 0;
  for (const cause in names) {
    const wanted = wordsOf(names[cause]);
    // "EPS services not allowed" is in the names of others, which have more words.
    if (wanted.length <= most || !wanted.every((word) => words.indexOf(word) >= 0)) continue;
    most = wanted.length;
    found = Number(cause);
  }
  return found;
}

/** Its words in capitals, but for those that makers leave out. */
function wordsOf(text: string): string[] {
  const words = text.toUpperCase().split(/[^A-Z0-9]+/);
  return words.filter((word) => word !== "" && word !== "IN" && word !== "THIS" && word !== "THE");
}
