/** The values that a chart shows, as a table. */
import { useState } from "preact/hooks";
import { firstFrom } from "./chart-points";
import { placeText } from "./chart-read-out";
import { grouped } from "./words";
import type { ChartProps } from "./chart-series";

/** Rows, the newest of many. */
const most = 200;

/** To be opened; made only then. */
export function ChartTable(props: ChartProps) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details class="chart-table" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>As a table</summary>
      {isOpen && <Rows {...props} />}
    </details>
  );
}

function Rows(props: ChartProps) {
  const { x, series, range, text, names, axis } = props;
  const first = firstFrom(x, range.from);
  const places: number[] = [];
  for (let i = first; i < x.length && x[i] <= range.to; i++) places.push(i);
  const shown = places.slice(-most).reverse();
  const say = (value: number | null | undefined): string =>
    value === null || value === undefined ? "" : (names?.get(value) ?? text(value));
  return (
    <>
      {shown.length < places.length && (
        <p class="hint">{`The last ${grouped(most)} of ${grouped(places.length)}.`}</p>
      )}
      <div class="scroll tall" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">{typeof axis === "string" ? "Time" : ""}</th>
              {series.map(({ name }) => (
                <th key={name} scope="col" class="number">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((i) => (
              <tr key={i}>
                <td>{placeText(props, x[i])}</td>
                {series.map(({ name, values }) => (
                  <td key={name} class="number">
                    {say(values[i])}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
