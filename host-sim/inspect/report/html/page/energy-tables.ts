/** Where the joules went: by state, which is the power plot's key as well, and by cause. */
import { byId, fillTable, keyed, make } from "./element";
import { stateColour } from "./power-plot";
import { digits, span, withPrefix } from "./units";
import type { RunData } from "../run-data";

export function fillEnergyTables({ profile, joules, byState, byCause }: RunData["power"]): void {
  const share = (part: number): string => (joules === 0 ? "–" : `${digits((100 * part) / joules)} %`);
  fillTable(byId("by-state"), [
    ["state", "time", "energy", "share"],
    ...byState.map(([state, ms, spent]) => [
      keyed(state, stateColour(state)),
      span(ms),
      withPrefix(spent, "J"),
      share(spent),
    ]),
    [`all, profile "${profile}"`, "", withPrefix(joules, "J"), ""],
  ]);
  const most = byCause[0]?.[1] ?? 0;
  fillTable(byId("by-cause"), [
    ["cause", "energy", "share", ""],
    ...byCause.map(([cause, spent]) => {
      const bar = make("span", { class: "bar-of" });
      bar.style.width = `${most === 0 ? 0 : (100 * spent) / most}%`;
      return [cause, withPrefix(spent, "J"), share(spent), make("span", { class: "bar-place" }, [bar])];
    }),
  ]);
}
