/** The part `fleet` of `npm run bench`. */
import type { Verdict } from "../tools/bench/bars";

/** Prints and judges it. */
export async function benchFleet(verdict: Verdict, say: (line: string) => void): Promise<void> {
  const { benchFull, benchLink, benchTenThousand } = await import("../tools/bench/fleet");
  const rate = ({ deviceDays, processor }: { deviceDays: number; processor: number }): number =>
    deviceDays / processor;
  say("a fleet: days of a device with 96 readings, in a second of processor time");
  const many = await benchTenThousand();
  const gibibytes = many.memory / 2 ** 30;
  say(
    `  link depth, 10,000 devices, compact through the parsing script ${rate(many).toFixed(0)} ` +
      `${verdict.judge("fleetLink", rate(many))}`,
  );
  say(
    `    on all cores in ${many.seconds.toFixed(0)} s ${verdict.judge("fleetTenThousand", many.seconds)}, ` +
      `${gibibytes.toFixed(2)} GiB ${verdict.judge("fleetMemory", gibibytes)}`,
  );
  for (const [sleep, format] of [
    ["none", "compact"],
    ["none", "json"],
    ["deep", "compact"],
  ] as const) {
    const figures = await benchLink(sleep, format);
    say(
      `  1,000 devices on one core, ${format}${sleep === "deep" ? ", boards in deep sleep" : ""} ${rate(figures).toFixed(0)}`,
    );
  }
  for (const [sleep, bar] of [
    ["none", "fleetFull"],
    ["deep", "fleetFullDeep"],
  ] as const) {
    const figures = await benchFull(sleep);
    const what = sleep === "deep" ? ", board in deep sleep" : "";
    say(`  full depth${what} ${rate(figures).toFixed(2)} ${verdict.judge(bar, rate(figures))}`);
  }
}
