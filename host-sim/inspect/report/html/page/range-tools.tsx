/** The buttons that move and zoom all charts over time, and what these show. */
import { RangeButtons } from "../../../../cloud/page/chart-range-buttons";
import { sinceText } from "../../../../cloud/page/chart-time";
import { choices } from "./address";
import { showRange, shownRange } from "./shown-range";
import { placeOf } from "../../place";
import type { Section } from "../../place";

export function RangeTools({ where, end }: { where: Section; end: number }) {
  const range = shownRange(end);
  const isWhole = range.from <= 0 && range.to >= end;
  const text = (ms: number): string => sinceText(ms, Math.min(range.to - range.from, 3_599_999));
  // Where the sequence chart shows that time.
  const messages = placeOf("messages", { ...choices.value, row: undefined, at: range.from });
  return (
    <div class="bar range-tools">
      <RangeButtons
        range={range}
        limits={{ from: 0, to: end }}
        onRange={(next) => showRange(where, next, end)}
        onWhole={() => showRange(where, { from: 0, to: end }, end)}
        whole="Whole run"
      />
      <span class="dim" role="status">
        {isWhole ? `the whole run, ${text(end)}` : `${text(range.from)} to ${text(range.to)} since power-on`}
      </span>
      {!isWhole && <a href={`#${messages}`}>Messages from here</a>}
    </div>
  );
}
