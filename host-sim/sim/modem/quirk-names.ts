/** The names of quirks on a command line. */
import type { Quirks } from "./quirks";

const table: Readonly<Record<string, Quirks>> = {
  "urc-inside-response": { urcInsideResponse: true },
  "echo-after-psm": { echoAfterPsm: true },
  "junk-at-wake": { junkAtWake: true },
  "cereg-routing-area": { ceregRoutingArea: true },
  "socket-closed-in-psm": { socketClosedInPsm: true },
  "urc-before-ok": { urcBeforeOk: true },
  "slow-prompt": { slowPrompt: true },
  "no-prompt": { noPrompt: 0.3 },
  "denied-as-searching": { registrationTold: { 3: 2 } },
  "state-80": { registrationTold: { 2: 80, 4: 80 } },
  "state-100": { registrationTold: { 2: 100 } },
  "gives-up-search": { givesUpSearch: 180_000 },
  "clock-utc": { clock: "utc" },
  "no-clock": { clock: "never" },
  "absurd-clock": { clock: "absurd" },
  "digits-for-results": { resultCodes: "digits" },
  "no-results": { resultCodes: "none" },
  "late-last-line": { lastLineAfter: 32_000 },
  "short-reads": { shortReads: true },
  "sockets-566": { openingError: 566 },
  "late-ring": { lateRing: true },
  "slow-commands": { slowCommands: true },
  deaf: { deaf: 0.02 },
};

export const quirkNames: readonly string[] = Object.keys(table);

/** All of these together, or which is not among them. */
export function quirksNamed(names: readonly string[]): Quirks | string {
  let quirks: Quirks = {};
  for (const name of names) {
    const quirk = table[name.trim()];
    if (quirk === undefined) return `no quirk "${name.slice(0, 40)}", there are ${quirkNames.join(", ")}`;
    quirks = { ...quirks, ...quirk };
  }
  return quirks;
}
