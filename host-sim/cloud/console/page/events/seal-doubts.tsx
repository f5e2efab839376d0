/** What the stand-in finds odd about a device's envelopes: no event of the device's, but what its operator ought to know. */
import { ago, clock, count } from "../../../page/words";
import { now } from "../connection";
import { doubtWords } from "../../../registry/seal-view";
import type { SealDoubt, SealView } from "../../../registry/seal-view";

export function SealDoubts({ sealed }: { sealed: SealView }) {
  const { doubts } = sealed;
  return (
    <section class="card stack" aria-label="Sealed messages in doubt">
      <h2>Sealed messages in doubt</h2>
      <table class="events">
        <thead>
          <tr>
            <th scope="col">Last</th>
            <th scope="col">What</th>
            <th scope="col">Times</th>
            <th scope="col">Why</th>
          </tr>
        </thead>
        <tbody>
          {doubts.map((doubt) => (
            <Row key={`${doubt.what} ${doubt.reason ?? ""}`} doubt={doubt} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Row({ doubt }: { doubt: SealDoubt }) {
  const { what, reason, times, at } = doubt;
  return (
    <tr data-doubt={what}>
      <td class="time">
        {clock(at)}
        <div class="hint">{ago(at, now.value)}</div>
      </td>
      <td>
        <span class="level warn">
          <span aria-hidden="true">▲</span> {what}
        </span>
        {reason !== undefined && <div class="hint">{reason}</div>}
      </td>
      <td>{count(times, "time")}</td>
      <td>{doubtWords(doubt)}</td>
    </tr>
  );
}
