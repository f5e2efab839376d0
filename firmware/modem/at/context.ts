/**
 * The context that a modem asks the network for: type, access point and login, as 3GPP TS 27.007 has them.
 */
import { ascii } from "../../text/ascii";
import { areFields, ensure } from "./standard-commands";
import type { Wanted } from "./standard-commands";
import type { Step } from "./script";

/** The context's type as `AT+CGDCONT` names it. */
function pdpType({ ipType }: Wanted): string {
  return ipType === "ipv6" ? "IPV6" : ipType === "ipv4v6" ? "IPV4V6" : "IP";
}

/** How an access point wants its user known: 0 not at all, 1 by PAP, 2 by CHAP; most makers have the same numbers. */
export function authentication({ apnLogin }: Wanted): 0 | 1 | 2 {
  return apnLogin === undefined ? 0 : apnLogin.auth === "pap" ? 1 : 2;
}

/**
 * Whether what a modem tells is this access point's name: capitals make no difference, and once attached some
 * modems add the operator's domain (3GPP TS 23.003 section 9.1).
 */
export function isApn(told: string | undefined, apn: string): boolean {
  const name = (told ?? "").toLowerCase();
  const wanted = apn.toLowerCase();
  return name === wanted || (wanted !== "" && name.startsWith(`${wanted}.mnc`));
}

/** Context 1 by `AT+CGDCONT`; with an empty name the network chooses the access point. */
export function contextSteps(wanted: Wanted): Step[] {
  const { apn } = wanted;
  const type = pdpType(wanted);
  return ensure({
    read: "AT+CGDCONT?",
    prefix: "+CGDCONT:",
    fits: (fields) => areFields(fields, ["1", type]) && isApn(fields[2], apn),
    write: `AT+CGDCONT=1,"${type}","${apn}"`,
  });
}

/** The login by this command, which ends in front of the login's fields, such as `AT+CGAUTH=1,`. */
export function loginSteps(wanted: Wanted, command: string, order: "user first" | "password first"): Step[] {
  const { apnLogin } = wanted;
  if (apnLogin === undefined) return [];
  const user = `"${apnLogin.user}"`;
  const password = `"${apnLogin.password}"`;
  const both = order === "user first" ? `${user},${password}` : `${password},${user}`;
  return [{ line: ascii(`${command}${authentication(wanted)},${both}`), secret: true }];
}

/**
 * The context that a modem of MediaTek's attaches with, by commands that makers have named in their own way:
 * `*MCGDEFCONT: "IP","apn"[,"user","password"]`. How the user is made known the modem knows by itself.
 */
export function defaultContext(
  command: string,
  prefix: string,
  wanted: Wanted,
  onWritten?: () => void,
): Step[] {
  const { apn, apnLogin } = wanted;
  const type = pdpType(wanted);
  const { user, password } = apnLogin ?? { user: "", password: "" };
  const login = apnLogin === undefined ? "" : `,"${user}","${password}"`;
  return ensure({
    read: `${command}?`,
    prefix,
    fits: (fields) => isApn(fields[1], apn) && areFields(fields, [type, undefined, user, password]),
    write: `${command}="${type}","${apn}"${login}`,
    secret: apnLogin !== undefined,
    onWritten,
  });
}
