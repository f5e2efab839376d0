/**
 * A line as it may be shown and kept. The firmware writes no secret into its log, yet a port can carry anything: what
 * looks like a key, a token or a password is taken out before anything is done with the line.
 */
import { withoutSecrets } from "../../sim/modem/secret-lines";
import { withoutPassword } from "../pc/identity-mask";

const hidden = "****";

/** Members of JSON whose values are secrets, and settings written as `name=value`. */
const names =
  "token|sign|signature|secret|deviceSecret|productSecret|accessToken|password|apnPassword|pin|puk|psk";
const member = new RegExp(`("(?:${names})"\\s*:\\s*)"[^"]*"?`, "gi");
const setting = new RegExp(`\\b(${names})=(?!\\*)("[^"]*"?|[^\\s,;]+)`, "gi");
/** The same as other people's programs write it: `device_secret=…`, `psk = …`, `password: '…'`. */
const foreign =
  /\b((?:\w{1,20}_)?(?:token|signature|secret|password|psk)\b ?(?:=|: ) ?)(?!\*)("[^"]*"?|'[^']*'?|[^\s,;]+)/gi;
/** Keys as EnOS gives them out, tokens, digests: long, and of more than words and numbers. */
const long = /[A-Za-z0-9+_-]{20,}={0,2}/g;
const digest = /^[0-9a-fA-F]{32,}$/;

/** The line with `****` in place of what looks like a secret; any other line as it is. */
export function maskedLine(line: string): string {
  let shown = line;
  if (/AT\+|\+CG|\+UAUTH|CFG/i.test(line)) shown = withoutPassword(withoutSecrets(shown));
  if (/\\u00[2-7]/.test(shown)) shown = shown.replace(/\\u00([2-7][0-9a-f])/gi, plainCharacter);
  shown = shown
    .replace(foreign, `$1${hidden}`)
    .replace(member, `$1"${hidden}"`)
    .replace(setting, `$1=${hidden}`);
  return shown.replace(long, (text) => (isKey(text) ? hidden : text));
}

/** A letter that JSON has written as its number, behind which a name would hide. */
function plainCharacter(written: string, digits: string): string {
  const character = String.fromCharCode(Number.parseInt(digits, 16));
  return /[A-Za-z]/.test(character) ? character : written;
}

function isKey(text: string): boolean {
  if (digest.test(text)) return true;
  return /[a-z]/.test(text) && /[A-Z]/.test(text) && /\d/.test(text);
}
