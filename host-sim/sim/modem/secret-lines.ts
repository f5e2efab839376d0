/**
 * AT lines as they may be shown, kept or sent on: without the secrets that some of them carry.
 */

/** Commands whose arguments are a PIN, a PUK or a password: 3GPP TS 27.007, and makers' own. */
const secretCommands = /^(.*\bAT\+(?:CPIN|NPIN|CLCK|CPWD|CPINR|SPIC)=)(?!\?$).+$/i;

/**
 * The line with `****` in place of every secret.
 *
 * @param secrets texts that are secret wherever they stand between quotes or commas, such as an access point's password
 */
export function withoutSecrets(line: string, secrets: readonly string[] = []): string {
  const match = secretCommands.exec(line);
  if (match !== null) return `${match[1]}"****"`;
  let shown = line;
  for (const secret of secrets) {
    if (secret === "") continue;
    shown = shown.replaceAll(`"${secret}"`, '"****"');
    shown = shown
      .split(",")
      .map((field) => (field === secret ? "****" : field))
      .join(",");
  }
  return shown;
}
