/**
 * What modems say before they switch themselves off, over their supply or because they are told to: SIMCom's
 * `UNDER-VOLTAGE WARNNING` (as their manuals write it), `OVER-VOLTAGE POWER DOWN`, `NORMAL POWER DOWN`, Quectel's
 * `POWERED DOWN`.
 */
import { ascii, startsWith } from "../../text/ascii";
import { lineText } from "../at/fields";
import type { AtResult } from "../at/engine";
import type { ModemUrc, PowerOff } from "./family";

const under = ascii("UNDER-VOLTAGE");
const over = ascii("OVER-VOLTAGE");
const normal = ascii("NORMAL POWER DOWN");
const powered = ascii("POWERED DOWN");

/** Beginnings of these lines, for `Family.urcs`. */
export const supplyUrcs: readonly string[] = Object.freeze([
  "UNDER-VOLTAGE",
  "OVER-VOLTAGE",
  "NORMAL POWER DOWN",
  "POWERED DOWN",
]);

/** SIMCom's way to be switched off: the last word comes in place of OK. */
export const simcomPowerOff: PowerOff = Object.freeze({
  line: "AT+CPOWD=1",
  timeout: 10_000,
  ends: (line: Uint8Array): AtResult | undefined => (startsWith(line, normal) ? { kind: "ok" } : undefined),
});

/** What such a line means; undefined for any other. */
export function supplyUrc(line: Uint8Array): ModemUrc | undefined {
  if (startsWith(line, normal) || startsWith(line, powered)) return { kind: "powered-off" };
  const low = startsWith(line, under);
  if (!low && !startsWith(line, over)) return undefined;
  if (lineText(line).indexOf("POWER DOWN") >= 0) return { kind: "powered-off", supply: low ? "low" : "high" };
  return { kind: low ? "low-supply" : "high-supply" };
}
