/** The events that the device reported, the newest first. */
import { useId, useMemo, useState } from "preact/hooks";
import "./events.css";
import { Empty } from "../../../page/empty";
import { ago, clock, count, grouped, span } from "../../../page/words";
import { download, pathOf } from "../api";
import { now } from "../connection";
import { deviceCommand } from "../device-command";
import { useResource } from "../resource";
import { query, setQuery } from "../route";
import { Unread } from "../unread";
import { useAction } from "../cloud/use-action";
import { SealDoubts } from "./seal-doubts";
import { countByLevel, isShown, shownEvent } from "./events";
import type { CloudEvent } from "../../../events";
import type { Model } from "../../../../model/model";
import type { StoredEvent } from "../../../registry/history";
import type { DeviceTabProps } from "../tab-props";
import type { Level, ShownEvent } from "./events";

/** Events that are read, and rows that are shown at first. */
const mostRead = 1_000;
const rowsAtFirst = 100;
/** Events of one file. */
const mostExported = 10_000;

const marks: Readonly<Record<Level, readonly [mark: string, kind: string]>> = {
  error: ["■", "bad"],
  warning: ["▲", "warn"],
  info: ["●", "dim"],
  unknown: ["○", "dim"],
};

export function EventsTab(device: DeviceTabProps) {
  const { productKey, deviceKey } = device;
  const isOurs = (event: CloudEvent): boolean =>
    "deviceKey" in event && event.deviceKey === deviceKey && event.productKey === productKey;
  const events = useResource<{ items: readonly StoredEvent[] }>(
    `${pathOf(device)}/events?limit=${mostRead}`,
    (event) =>
      isOurs(event) &&
      ((event.type === "stored" && event.kind === "event") ||
        event.type === "removed" ||
        event.type === "registered"),
  );
  const product = useResource<{ model?: Model }>(
    `/products/${encodeURIComponent(productKey)}`,
    (event) => event.type === "product-put" && event.productKey === productKey,
  );
  const model = product.data?.model;
  const all = useMemo(
    () => events.data?.items.map((stored) => shownEvent(stored, model)),
    [events.data, model],
  );
  // The place of the device says that it is gone.
  if (events.status === 404) return null;
  if (all === undefined) return <Unread resource={events} />;
  const { sealed } = device;
  return (
    <div class="stack">
      {sealed !== undefined && sealed.doubts.length > 0 && <SealDoubts sealed={sealed} />}
      {all.length === 0 ? <NoEvents model={model} /> : <EventList device={device} all={all} />}
    </div>
  );
}

function NoEvents({ model }: { model: Model | undefined }) {
  const known = model?.events ?? [];
  return (
    <div class="stack">
      <Empty title="No event yet" command={deviceCommand()}>
        An event is what a device tells by itself, such as that it has started anew. It is here as soon as it
        comes; with the device's keys in the environment, this PC stands in for the board:
      </Empty>
      {known.length > 0 && (
        <section class="card">
          <h2>Events of the thing model</h2>
          <ul class="known-events">
            {known.map(({ identifier, name, level = "info" }) => (
              <li key={identifier}>
                <LevelMark level={level} />
                <span>{name ?? identifier}</span>
                <span class="dim mono">{identifier}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}

function EventList({ device, all }: { device: DeviceTabProps; all: readonly ShownEvent[] }) {
  const [rows, setRows] = useState(rowsAtFirst);
  const saving = useAction();
  const choice = useId();
  const filter = { level: query.value.get("level"), event: query.value.get("event") };
  const shown = all.filter((event) => isShown(event, filter));
  const names = [...new Map(all.map(({ stored, name }) => [stored.event, name]))].sort(([, a], [, b]) =>
    a.localeCompare(b),
  );
  const save = (): void =>
    saving.run(async () => {
      const part = `format=csv&order=desc&limit=${mostExported}`;
      await download(`${pathOf(device)}/events?${part}`, `${device.deviceKey}-events.csv`, "text/csv");
      return "saved";
    });
  return (
    <div class="stack">
      <div class="bar">
        <div class="bar" role="group" aria-label="Level">
          <button
            type="button"
            class="chip"
            aria-pressed={filter.level === null}
            onClick={() => setQuery({ level: undefined })}
          >
            {`all ${grouped(all.length)}`}
          </button>
          {countByLevel(all).map(([level, number]) => (
            <button
              key={level}
              type="button"
              class="chip"
              aria-pressed={filter.level === level}
              onClick={() => setQuery({ level: filter.level === level ? undefined : level })}
            >
              <LevelMark level={level} />
              {grouped(number)}
            </button>
          ))}
        </div>
        <span class="bar">
          <label class="dim" for={choice}>
            Event
          </label>
          <select
            id={choice}
            value={filter.event ?? ""}
            onChange={(change) => setQuery({ event: change.currentTarget.value || undefined })}
          >
            <option value="">all</option>
            {names.map(([identifier, name]) => (
              <option key={identifier} value={identifier}>
                {name}
              </option>
            ))}
          </select>
        </span>
        <span class="push bar">
          {saving.said?.isFault === true && <span class="bad">{saving.said.text}</span>}
          <button type="button" onClick={save}>
            CSV of all
          </button>
        </span>
      </div>
      {shown.length === 0 ? (
        <div class="empty">
          <h2>No event of this kind</h2>
          <button type="button" onClick={() => setQuery({ level: undefined, event: undefined })}>
            Show all
          </button>
        </div>
      ) : (
        <EventTable events={shown.slice(0, rows)} />
      )}
      {shown.length > rows && (
        <div class="bar">
          <button type="button" onClick={() => setRows(rows + 5 * rowsAtFirst)}>
            {`Show more of ${count(shown.length, "event")}`}
          </button>
        </div>
      )}
      {all.length === mostRead && (
        <p class="hint">{`The last ${grouped(mostRead)} events are here; the file has more.`}</p>
      )}
    </div>
  );
}

function EventTable({ events }: { events: readonly ShownEvent[] }) {
  return (
    <table class="events card">
      <thead>
        <tr>
          <th scope="col">Time</th>
          <th scope="col">Level</th>
          <th scope="col">Event</th>
          <th scope="col">Values</th>
        </tr>
      </thead>
      <tbody>
        {events.map((event) => (
          <EventRow key={`${event.stored.at} ${event.stored.id} ${event.stored.event}`} event={event} />
        ))}
      </tbody>
    </table>
  );
}

/** A report this much later than what it tells of was held up, ms. */
const heldUp = 60_000;

function EventRow({ event }: { event: ShownEvent }) {
  const { stored, name, level, outputs } = event;
  const { at, time = at } = stored;
  return (
    <tr data-event={stored.event}>
      <td class="time">
        {clock(time)}
        <div class="hint">
          {ago(time, now.value)}
          {at - time > heldUp && `, came ${span(at - time)} later`}
        </div>
      </td>
      <td>
        <LevelMark level={level} />
      </td>
      <td>
        {name}
        {name !== stored.event && <div class="hint mono">{stored.event}</div>}
      </td>
      <td>
        <dl class="outputs">
          {outputs.map(([output, value]) => (
            <div key={output}>
              <dt>{output}</dt> <dd>{value}</dd>
            </div>
          ))}
        </dl>
      </td>
    </tr>
  );
}

function LevelMark({ level }: { level: Level }) {
  const [mark, kind] = marks[level];
  return (
    <span class={`level ${kind}`}>
      <span aria-hidden="true">{mark}</span> {level}
    </span>
  );
}
