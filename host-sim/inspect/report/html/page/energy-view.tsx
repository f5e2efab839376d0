/** Where the joules went: by state and by cause; and what a battery makes of them. */
import { Swatch } from "../../../../cloud/page/chart-read-out";
import { digits, grouped, measuredSpan } from "../../../../cloud/page/words";
import { stateColour } from "./power-layers";
import { withPrefix } from "./units";
import type { RunData } from "../run-data";

export function EnergyView({ data }: { data: RunData }) {
  const { power, energy } = data;
  const { byState, byCause, joules } = power;
  const most = byCause[0]?.[1] ?? 0;
  const share = (part: number): string => (joules === 0 ? "–" : `${digits((100 * part) / joules)} %`);
  return (
    <section id="energy" aria-labelledby="energy-title">
      <h2 id="energy-title">Energy</h2>
      <p>
        {`${withPrefix(joules, "J")} in the whole run, by the profile “${power.profile}”. `}
        {energy !== undefined &&
          `A reading takes ${digits(energy.joulesPerReading)} J (${digits(energy.range.joulesPerReading[0])} to ` +
            `${digits(energy.range.joulesPerReading[1])} J as the profile's figures have a range), counted over ` +
            `${grouped(energy.readings)} of them from the end of the first one's connection on; that is ` +
            `${withPrefix(energy.watts, "W")} on average.`}
      </p>
      <div class="columns">
        <div>
          <h3>By state</h3>
          <table class="energy-table">
            <thead>
              <tr>
                <th>state</th>
                <th class="number">time</th>
                <th class="number">energy</th>
                <th class="number">share</th>
              </tr>
            </thead>
            <tbody>
              {byState.map(([state, ms, spent]) => (
                <tr key={state}>
                  <td>
                    <Swatch colour={stateColour(state)} /> {state}
                  </td>
                  <td class="number">{measuredSpan(ms)}</td>
                  <td class="number">{withPrefix(spent, "J")}</td>
                  <td class="number">{share(spent)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        <div>
          <h3>By cause</h3>
          <table class="energy-table">
            <thead>
              <tr>
                <th>cause</th>
                <th class="number">energy</th>
                <th class="number">share</th>
                <th aria-hidden="true" />
              </tr>
            </thead>
            <tbody>
              {byCause.map(([cause, spent]) => (
                <tr key={cause}>
                  <td>{cause}</td>
                  <td class="number">{withPrefix(spent, "J")}</td>
                  <td class="number">{share(spent)}</td>
                  <td class="bar-cell" aria-hidden="true">
                    <span class="share-bar">
                      <span style={{ width: `${most === 0 ? 0 : (100 * spent) / most}%` }} />
                    </span>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </div>
    </section>
  );
}
