/** Names of hosts, as they stand in settings and in URLs. */

/** Characters of a name, RFC 1123 section 2.1. */
const longestName = 253;

/** Whether it is a name as RFC 1123 has them; the last label begins with a letter, or it would be an address. */
export function isHostName(name: string): boolean {
  if (name.length > longestName) return false;
  const labels = name.split(".");
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i];
    const length = label.length;
    if (length === 0 || length > 63 || label.charAt(0) === "-" || label.charAt(length - 1) === "-")
      return false;
    for (let j = 0; j < length; j++) {
      if (!isDigit(label, j) && !isLetter(label, j) && label.charAt(j) !== "-") return false;
    }
  }
  return isLetter(labels[labels.length - 1], 0);
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0x30 && code <= 0x39;
}

function isLetter(text: string, at: number): boolean {
  const code = text.charCodeAt(at) | 0x20;
  return code >= 0x61 && code <= 0x7a;
}
