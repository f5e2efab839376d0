/** The commands that make a fleet's run again, and one device of it alone. */
import { profileNamed } from "../inspect/energy/profiles";
import { familyOf } from "../sim/fleet/link-traits";
import { setWords } from "./set-flag";
import type { CoverageMix } from "../sim/radio/coverage";
import type { FleetPlan } from "../tools/fleet/plan";
import type { WorstDevice } from "../tools/fleet/result";

/** What makes the run again. */
export function commandOf(plan: FleetPlan): string {
  const { devices, hours, seed, scenario, scenarioAt, format, settings, devicesPerCell, modem } = plan;
  const { edition, mix, powerSpread, battery, profile } = plan;
  const { interval, batch, sleep, ...more } = settings;
  const words = [
    `npm run fleet -- --devices ${devices} --hours ${hours} --seed ${seed} --per-cell ${devicesPerCell}`,
    `--interval ${String(interval)} --batch ${String(batch)} --sleep ${String(sleep)} --format ${format}`,
    ...(modem === "sim7020" ? [] : [`--modem ${modem}`]),
    ...(scenario === "none" ? [] : [`--scenario ${scenario} --at ${scenarioAt}`]),
    ...setFlags(more),
    ...networkFlags(plan),
    `--coverage ${mixText(mix)} --power-spread ${powerSpread / 1_000} --battery ${battery} --profile ${profile}`,
    ...(edition === "token" ? [] : [`--edition ${edition}`]),
  ];
  return words.join(" ");
}

/** As --coverage takes it: percent, to a thousandth of one. */
function mixText(mix: CoverageMix): string {
  return mix.map((share, level) => `${level}=${Number((100 * share).toFixed(3))}`).join(",");
}

/** What the network has that is not usual. */
function networkFlags({ loss, natIdle }: FleetPlan): string[] {
  return [
    ...(loss === null ? [] : [`--loss ${loss}`]),
    ...(natIdle === null ? [] : [`--nat-idle ${natIdle / 1_000}`]),
  ];
}

/** The command that replays a device of the fleet alone, modem and all: with what the run had and one device can have. */
export function replayOf(plan: FleetPlan): (device: WorstDevice) => string {
  const { seed, settings, format, edition, hours, modem, battery } = plan;
  const { interval, batch, sleep, ...more } = settings;
  const reports = Math.max(1, Math.floor((hours * 3_600) / Number(interval)));
  const rest = [
    `--format ${format}`,
    ...(edition === "token" ? [] : [`--edition ${edition}`]),
    ...(Number(batch) === 1 ? [] : [`--batch ${String(batch)}`]),
    ...(sleep === "none" ? [] : [`--sleep ${String(sleep)}`]),
    ...setFlags(more),
    ...networkFlags(plan),
    `--battery ${battery}`,
  ];
  return ({ number, coverage }) => {
    const family = familyOf(modem, number);
    return [
      `npm start -- --seed ${seed} --fleet-device ${number} --coverage ${coverage} --interval ${String(interval)} --reports ${reports}`,
      ...(modem === "sim7020" ? [] : [`--modem ${family}`]),
      ...rest,
      `--profile ${profileOfFamily(plan.profile, family)} --no-command --quiet`,
    ].join(" ");
  };
}

/** Its name, or with "module" the name of the family's data sheet: the field's where nobody here has read one. */
function profileOfFamily(profile: string, family: string): string {
  if (profile !== "module") return profile;
  return profileNamed(family)?.name ?? "field";
}

/** The flags that set what is set. */
function setFlags(settings: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(settings).flatMap(([name, value]) => setWords({ name, text: String(value) }));
}
