/**
 * Why a network denies a device (EMM cause, 3GPP TS 24.301 section 9.9.3.9), and whether to ask again
 * soon.
 */

/** Causes that a device meets, and their names. */
const names: Readonly<Record<number, string>> = Object.freeze({
  2: "IMSI unknown in HSS",
  3: "illegal UE",
  5: "IMEI not accepted",
  6: "illegal ME",
  7: "EPS services not allowed",
  8: "no EPS and other services allowed",
  9: "UE identity unknown",
  11: "PLMN not allowed",
  12: "tracking area not allowed",
  13: "roaming not allowed here",
  14: "EPS services not allowed in this PLMN",
  15: "no suitable cells",
  17: "network failure",
  19: "ESM failure",
  22: "congestion",
  25: "not authorised for this CSG",
  35: "requested service option not authorised",
  40: "no EPS bearer context activated",
});

/** Causes that will be the same in an hour: the card, the contract or the device is not admitted. */
const lasting = Object.freeze([2, 3, 5, 6, 7, 8, 11, 13, 14, 35]);

/** For logs: number and name. */
export function describeCause(cause: number | undefined): string {
  if (cause === undefined) return "unknown";
  return names[cause] === undefined ? String(cause) : `${cause} (${names[cause]})`;
}

/** Whether asking again soon does nothing but drain the battery. */
export function isLasting(cause: number | undefined): boolean {
  return cause !== undefined && lasting.indexOf(cause) >= 0;
}
