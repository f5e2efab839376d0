/** A row opened: its datagrams down to their bytes, or the lines that went between board and modem. */
import { measuredSpan } from "../../../../cloud/page/words";
import { stamp } from "../../duration";
import { MessageView } from "../../../../cloud/page/message-view";
import type { Entries } from "./entries";

/** @param row of the run's data */
export function RowDetail({ entries, row }: { entries: Entries; row: number }) {
  const { rows } = entries;
  const kind = rows.kind(row);
  if (kind === "air") {
    const datagram = rows.value(row);
    const shown = entries.isExchange(row) ? rows.exchangeOf(datagram) : [datagram];
    return (
      <div class="stack">
        {shown.map((each) => (
          <Datagram key={each} entries={entries} datagram={each} />
        ))}
      </div>
    );
  }
  if (kind !== "at") return <p class="line">{rows.text(row)}</p>;
  return (
    <pre>
      {rows
        .lines(rows.value(row))
        .map(({ fromModem, text }) => `${fromModem ? "<" : ">"} ${text}`)
        .join("\n")}
    </pre>
  );
}

function Datagram({ entries, datagram }: { entries: Entries; datagram: number }) {
  const { rows } = entries;
  const { datagrams, texts, epoch } = rows.run.data;
  const time = rows.times[rows.rowOf(datagram)];
  const travel = datagrams.travel[datagram];
  const isDoubled = datagrams.duplicate[datagram] === 1;
  const cause = texts[datagrams.cause[datagram]] + (isDoubled ? ", doubled by the network" : "");
  const arrived =
    travel < 0
      ? `lost: ${texts[datagrams.loss[datagram]]}`
      : `${stamp(time + travel)}, after ${measuredSpan(travel)}`;
  return (
    <MessageView
      title={cause}
      bytes={rows.bytes(datagram)}
      masked={rows.maskedIn(datagram)}
      facts={[
        ["sent", `${stamp(time)} (${new Date(epoch + time).toISOString()})`],
        ["arrived", arrived],
        ["from, to", `${texts[datagrams.from[datagram]]} → ${texts[datagrams.to[datagram]]}`],
      ]}
    />
  );
}
