/**
 * What the number of a `+CME ERROR:` means (3GPP TS 27.007 section 9.2), as far as devices like these meet it.
 */

const meanings: Readonly<Record<number, string>> = Object.freeze({
  3: "operation not allowed",
  4: "operation not supported",
  10: "no SIM card",
  11: "SIM PIN required",
  12: "SIM PUK required",
  13: "SIM failure",
  14: "SIM busy",
  15: "SIM wrong",
  16: "wrong password",
  17: "SIM PIN2 required",
  18: "SIM PUK2 required",
  20: "memory full",
  21: "no such index",
  22: "not found",
  23: "memory failure",
  24: "text too long",
  25: "character not allowed in a text",
  26: "number too long",
  27: "character not allowed in a number",
  30: "no network service",
  31: "network time-out",
  32: "emergency calls only",
  50: "wrong parameter",
  100: "unknown error",
  103: "illegal device",
  106: "illegal modem",
  107: "service not allowed",
  111: "network not allowed",
  112: "area not allowed",
  113: "roaming not allowed",
  132: "service option not supported",
  133: "service option not subscribed",
  134: "service option out of order",
  148: "unspecified network error",
  149: "login of the access point refused",
  150: "mobile class not valid",
  256: "operation not allowed now",
  310: "no SIM card",
  311: "SIM PIN required",
  312: "SIM PUK required",
  313: "SIM failure",
  314: "SIM busy",
  315: "SIM wrong",
  330: "message centre unknown",
});

/** What the number means; undefined for one that is not known. */
export function describeCme(code: number | undefined): string | undefined {
  return code === undefined ? undefined : meanings[code];
}
