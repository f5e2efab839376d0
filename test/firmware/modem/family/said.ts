/** A row of a family's steps, said to a modem that answers from a table. */
import { AtEngine } from "../../../../firmware/modem/at/engine";
import { familyNamed } from "../../../../firmware/modem/family/family";
import { families } from "../../../../firmware/modem/family/index";
import { runScript } from "../../../../firmware/modem/at/script";
import { ascii, asciiText } from "../../../../firmware/text/ascii";
import type { AtResult } from "../../../../firmware/modem/at/engine";
import type { Step } from "../../../../firmware/modem/at/script";
import type { Family } from "../../../../firmware/modem/family/family";
import type { Wanted } from "../../../../firmware/modem/at/standard-commands";

/** Lines by command; a command that is not there is answered by OK, one that ends in `*` begins like it. */
export type Answers = Readonly<Record<string, readonly string[]>>;

export const named = (name: string): Family => familyNamed(families, name);

/**
 * The commands that these steps say, and how they end.
 *
 * @param strict a refusal ends them, as it ends those of a socket
 */
export function say(
  family: Family,
  steps: readonly Step[],
  answers: Answers = {},
  strict = false,
): [string[], AtResult] {
  const commands: string[] = [];
  const open: string[] = [];
  let result: AtResult | undefined;
  const engine = new AtEngine({
    write: (bytes) => void open.push(asciiText(bytes, 0, bytes.length - 1)),
    urcs: family.urcs,
    banners: family.banners,
    onUrc() {},
    onBanner() {},
  });
  runScript(
    engine,
    steps,
    (outcome) => (result = outcome.result),
    0,
    undefined,
    strict ? undefined : () => {},
  );
  for (let now = 1_000; result === undefined; now += 1_000) {
    for (const command of open.splice(0)) {
      commands.push(command);
      for (const line of answerTo(command, answers)) engine.receive(ascii(`\r\n${line}\r\n`), now);
    }
    engine.poll(now);
  }
  return [commands, result];
}

/** What ends these in place of OK. */
const endings: Answers = { "AT+CIPSHUT": ["SHUT OK"], "AT+CIFSR": ["10.45.0.9"] };

function answerTo(command: string, answers: Answers): readonly string[] {
  const begun = Object.keys(answers).find((key) => key.endsWith("*") && command.startsWith(key.slice(0, -1)));
  const lines = answers[command] ?? answers[begun ?? ""] ?? endings[command] ?? [];
  return /^(OK|ERROR|\+CME ERROR:.*|SHUT OK|[\d.]+)$/.test(lines.at(-1) ?? "") ? lines : [...lines, "OK"];
}

/** What a family says on the way to the network and behind it, in its order. */
export function allOf(family: Family, wanted: Wanted): Step[] {
  return [
    ...(family.persistent?.(wanted, () => {}) ?? []),
    ...family.radio(wanted),
    ...(family.saving?.(wanted) ?? []),
    ...(family.search?.(wanted) ?? []),
    ...(family.attach?.(wanted) ?? []),
  ];
}

/** The commands among these that set something. */
export function writes(commands: readonly string[]): string[] {
  return commands.filter(
    (command) => /^AT[+*][A-Z0-9]+=/.test(command) && !/^AT\+QC?I?CFG="[^"]+"$/.test(command),
  );
}
