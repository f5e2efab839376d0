/** PSM as u-blox's SARA-R4 and SARA-R5 have it: when it is in force, and what is read of it. */
import type { CommandRule } from "../family";
import { done, holdsSleepSigns, line } from "../commands/common";
import { decodeT3412 } from "../psm-timers";

/** `AT+UCPSMS?`: what the network has granted; SARA-R5 tells too that it is the long timer. */
export const grantedTimers = (isR5: boolean): CommandRule => ({
  run(unit, { form }) {
    if (form !== "read") return undefined;
    const psm = unit.registration.grant?.psm;
    return line(
      psm === undefined ? "+UCPSMS: 0" : `+UCPSMS: 1,,,"${psm.t3412}","${psm.t3324}"${isR5 ? ",1" : ""}`,
    );
  },
});

/** Units of T3412 in seconds, the smallest first, with their three bits. */
const t3412Units: readonly (readonly [number, string])[] = [
  [2, "011"],
  [30, "100"],
  [60, "101"],
  [600, "000"],
  [3_600, "001"],
  [36_000, "010"],
  [1_152_000, "110"],
];

/** T3412 in the smallest unit that can hold it, as SARA-R4 tells it (UBX-17003787 R16 table 14). */
export function inSmallestUnit(t3412: string): string {
  const length = decodeT3412(t3412);
  if (typeof length !== "number" || length === 0) return t3412;
  const seconds = length / 1_000;
  const unit = t3412Units.find(([each]) => seconds % each === 0 && seconds / each <= 31);
  if (unit === undefined) return t3412;
  return `${unit[1]}${(seconds / unit[0]).toString(2).padStart(5, "0")}`;
}

/** `AT+CPSMS` of SARA-R4: kept, and in force from the next start on. */
export const sleepFromNextStart: CommandRule = {
  run(unit, { form, args }) {
    const { own } = unit.nvram;
    const [on, t3412, t3324] = own.get("cpsms")!.split(",");
    if (form === "read") return line(`+CPSMS: ${on},,,"${inSmallestUnit(t3412)}","${t3324}"`);
    if (form !== "set") return undefined;
    const [mode, , , periodic, active] = args.map(({ text }) => text);
    own.set("cpsms", `${mode || 0},${periodic || t3412},${active || t3324}`);
    return done;
  },
};

/** `AT+UPSMR`: lines as it falls asleep and wakes; kept without power. */
export const sleepSigns: CommandRule = {
  run(unit, command) {
    const answer = holdsSleepSigns("+UPSMR").run(unit, command);
    unit.nvram.own.set("upsmr", unit.settings.psmStatus ? "1" : "0");
    return answer;
  },
};

/** `AT+UPSV=<mode>[,<timeout>]`: SARA-R5 falls into PSM only when it is not 0; forgotten unless AT&W follows. */
export const uartSleep: CommandRule = {
  run({ settings: { own } }, { form, args }) {
    if (form === "read") return line(`+UPSV: ${own.get("+upsv") ?? "0"}`);
    if (form !== "set") return undefined;
    own.set("+upsv", args.map(({ text }) => text).join(","));
    return done;
  },
};
