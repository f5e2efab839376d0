/** A value of a measure point: large on its card, in full where it is long. */
import { CopyButton } from "../../../page/copy";
import { valueParts, valueText } from "./points";
import type { Point } from "./points";

/** Lines of a long value on a card. */
const shortLines = 4;
const shortCharacters = 160;

/** On a card: the value, its beginning where it is long. */
export function ShortValue({ point }: { point: Point }) {
  if (point.latest === undefined) return <p class="point-value dim">not reported yet</p>;
  const { value } = point.latest;
  if (point.kind === "structure" || (typeof value === "string" && value.length > 24)) {
    const text = valueText(point.model, value);
    return <pre class="point-text">{beginningOf(text)}</pre>;
  }
  const { main, more } = valueParts(point, value);
  return (
    <p class="point-value">
      {main}
      {more !== "" && <span class="unit">{` ${more}`}</span>}
    </p>
  );
}

function beginningOf(text: string): string {
  const lines = text.split("\n");
  const short = lines.slice(0, shortLines).join("\n").slice(0, shortCharacters);
  return short.length < text.length ? `${short} …` : text;
}

/** The value in full, to be copied. */
export function FullValue({ point }: { point: Point }) {
  if (point.latest === undefined) return <p class="dim">not reported yet</p>;
  const text = valueText(point.model, point.latest.value);
  return (
    <div class="full-value">
      <pre tabIndex={0} aria-label={`${point.name} in full`}>
        {text}
      </pre>
      <CopyButton text={text} />
    </div>
  );
}
