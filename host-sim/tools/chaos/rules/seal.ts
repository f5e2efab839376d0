/**
 * The seal of a sealed product: all that tells something leaves the device in an envelope, no salt and counter come
 * twice, and no command is taken that was not sealed for this device.
 */
import { stamp } from "../../../inspect/report/duration";
import { storageTroubles } from "../hardware-trouble";
import { strongestAttack } from "../hostile-trouble";
import { hadFault } from "./readings";
import type { Ledger } from "../ledger";
import type { Script } from "../script";
import type { Violate } from "./rule";

/**
 * Kinds of trouble after which a device may take a command of its operator's for an old one: it has forgotten what it
 * executed, has a wrong time, or a bit of the command was turned on the wire.
 */
const misleading = [
  ...storageTroubles,
  "retained-damage",
  "image-restored",
  "clock-error",
  "uart-corruption",
];

/** Judges what went out, and what was refused; a plain product's has nothing to judge. */
export function judgeSeal({ seal, refusedCommands }: Ledger, script: Script, violate: Violate): void {
  if (seal === undefined) return;
  if (strongestAttack(script.faults) === "nobody" && !hadFault(script, misleading, Infinity)) {
    for (const { at, reason } of refusedCommands) {
      violate(
        "command",
        `at ${stamp(at)} a command was refused as ${reason}, and nobody but the operator sent any`,
      );
    }
  }
  for (const { at, before, pair } of seal.reused) {
    violate("nonce", `at ${stamp(at)} salt and counter ${pair} seal other bytes than at ${stamp(before)}`);
  }
  for (const { at, topic } of seal.unsealed) {
    violate("plain", `at ${stamp(at)} something goes to ${topic} that is in no envelope`);
  }
}
