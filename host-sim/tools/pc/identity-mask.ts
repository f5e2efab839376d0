/**
 * Takes out of a modem's lines what says whose they are: IMEI, IMSI, card number, phone numbers, addresses, and
 * passwords. What is known is found by its value, wherever it stands, and what is not by its form.
 */

/** Longest first: a card's number has the form of an IMEI in it. */
const forms: readonly (readonly [RegExp, string])[] = [
  // ICCID, EID: 18 digits or more, some with a letter at the end.
  [/(?<![0-9A-Za-z])[0-9]{6}[0-9A-Fa-f]{12,34}(?![0-9A-Za-z])/g, "<card number>"],
  // IMEI 15, IMEISV 16, IMSI 14 or 15; some write them in groups.
  [/(?<![0-9A-Za-z.])[0-9](?:[ -]?[0-9]){13,}(?![0-9A-Za-z])/g, "<identity>"],
  [/\+[0-9]{6,15}(?![0-9])/g, "<phone number>"],
  // IPv4, and what some write behind it: the mask, or IPv6 as 16 numbers.
  [/(?<![\w.])[0-9]{1,3}(?:\.[0-9]{1,3}){3,}(?![\w])/g, "<address>"],
  [/(?<![\w:])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){3,}(?![\w])/g, "<address>"],
];

/** Lines that name an access point, and its user and password behind it: commands and answers. */
const logins = /^(?:AT)?(\+CNCFG|\+QICSGP|\+UPSD|\+QCGDEFCONT|\*MCGDEFCONT|\+CSTT|\+CGDCONT)\b/i;
/** Lines with a context, a kind of login, and nothing else but user and password, in either order. */
const bareLogins = /^((?:AT)?\+(?:CGAUTH|UAUTHREQ)[:=] ?[0-9]*,[0-9]*,).+/i;

/** Masks lines; values that were learned are found in any line. */
export class IdentityMask {
  readonly #values = new Map<string, string>();

  /** @param word what stands in its place, such as `IMEI` */
  learn(value: string, word: string): void {
    if (value.length >= 6) this.#values.set(value, `<${word}>`);
  }

  /** A line without them. */
  mask(line: string): string {
    let masked = withoutPassword(line);
    for (const [value, word] of this.#values) masked = masked.replaceAll(value, word);
    for (const [form, word] of forms) masked = masked.replace(form, word);
    return masked;
  }
}

/** A line without the user and the password of its access point; any other line as it is. */
export function withoutPassword(line: string): string {
  if (!logins.test(line)) return line.replace(bareLogins, "$1<hidden>");
  const texts = [...line.matchAll(/"([^"]*)"/g)];
  // The type of address comes first where it does, then the name.
  const name = texts.findIndex(([, text]) => !/^(IP|IPV6|IPV4V6|NONIP|Non-IP|PPP)$/i.test(text));
  let masked = line;
  for (const match of texts.slice(name + 1).reverse()) {
    // Addresses and flags are no login; a password may look like anything else.
    if (match[1] === "" || name < 0) continue;
    masked = `${masked.slice(0, match.index)}"<hidden>"${masked.slice(match.index + match[0].length)}`;
  }
  return masked;
}
