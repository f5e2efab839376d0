/** Of when a value is, and how good: its age, its quality, and whether it came late. */
import { ago, clock } from "../../../page/words";
import { now } from "../connection";
import { when } from "../../../registry/reading-time";
import { qualityText } from "./points";
import { isOverdue } from "./series";
import type { StoredPoint } from "../../../registry/history";

/** @param usual how far apart values usually are, ms; undefined: not known */
export function PointFacts({ latest, usual }: { latest: StoredPoint; usual: number | undefined }) {
  const time = when(latest);
  const isOld = isOverdue(time, now.value, usual);
  const quality = qualityText(latest.quality);
  const undated = latest.late === true && latest.time === undefined;
  return (
    <p class="point-facts">
      <span class={isOld ? "warn" : "dim"} title={clock(time)} data-age>
        {undated ? `came ${ago(time, now.value)}, measured before` : ago(time, now.value)}
      </span>
      {isOld && <span class="warn">overdue</span>}
      {quality !== undefined && <span class={latest.quality === 0 ? "good" : "bad"}>{quality}</span>}
      {latest.late === true && <span class="dim">came late</span>}
    </p>
  );
}
