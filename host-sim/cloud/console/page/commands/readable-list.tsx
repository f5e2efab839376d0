/** Which measure points are to be read. */
import { useState } from "preact/hooks";
import type { ModelPoint } from "../../../../model/model";

/** More than so many get a field to search in. */
const many = 12;

export function ReadableList(props: {
  readonly points: readonly ModelPoint[];
  readonly chosen: readonly string[];
  readonly onChosen: (chosen: readonly string[]) => void;
}) {
  const { points, chosen, onChosen } = props;
  const [wanted, setWanted] = useState("");
  const text = wanted.trim().toLowerCase();
  const shown = points.filter(({ identifier, name = "" }) =>
    `${identifier} ${name}`.toLowerCase().includes(text),
  );
  const isAll = points.every(({ identifier }) => chosen.includes(identifier));
  return (
    <fieldset class="value-group">
      <legend>
        Measure points
        <span class="hint">{`${chosen.length} of ${points.length} chosen`}</span>
      </legend>
      <div class="bar">
        {points.length > many && (
          <input
            type="search"
            aria-label="Search measure points"
            placeholder="Search"
            value={wanted}
            onInput={(event) => setWanted(event.currentTarget.value)}
          />
        )}
        <button
          type="button"
          class="quiet"
          onClick={() => onChosen(isAll ? [] : points.map(({ identifier }) => identifier))}
        >
          {isAll ? "Choose none" : "Choose all"}
        </button>
      </div>
      <div class="readable">
        {shown.map(({ identifier, name = identifier }) => (
          <label key={identifier}>
            <input
              type="checkbox"
              checked={chosen.includes(identifier)}
              onChange={(event) =>
                onChosen(
                  event.currentTarget.checked
                    ? [...chosen, identifier]
                    : chosen.filter((each) => each !== identifier),
                )
              }
            />
            {name}
          </label>
        ))}
        {shown.length === 0 && <span class="dim">{`No measure point is called ${wanted}.`}</span>}
      </div>
    </fieldset>
  );
}
