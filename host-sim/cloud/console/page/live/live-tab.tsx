/** What the device measures: the latest values by their own time, and how they went. */
import { useState } from "preact/hooks";
import "./live.css";
import { RangeButtons } from "../../../page/chart-range-buttons";
import { Empty } from "../../../page/empty";
import { clock, count } from "../../../page/words";
import { download, pathOf } from "../api";
import { now } from "../connection";
import { query, setQuery } from "../route";
import { useResource } from "../resource";
import { reasonOf } from "../../../reason";
import { deviceCommand } from "../device-command";
import { Unread } from "../unread";
import { PointCard } from "./point-card";
import { PointView } from "./point-view";
import { hasChart, pointsOf, typeText } from "./points";
import { keepChoice, keptChoice } from "./kept-choice";
import { addressOf, choices, fittingChoice, isTimeIn, rangeShown, timeShown } from "./time-choice";
import type { CloudEvent } from "../../../events";
import type { Range } from "../../../page/chart-time";
import type { Model } from "../../../../model/model";
import type { StoredPoint } from "../../../registry/history";
import type { DeviceTabProps } from "../tab-props";
import type { Point } from "./points";
import type { Choice } from "./time-choice";

/** Values of one file. */
const mostExported = 10_000;
const names: Readonly<Record<Choice, string>> = {
  "1h": "1 h",
  "6h": "6 h",
  "24h": "24 h",
  "7d": "7 d",
  all: "All",
};

export function LiveTab(device: DeviceTabProps) {
  const { productKey, deviceKey } = device;
  const concerns = (event: CloudEvent): boolean =>
    "deviceKey" in event &&
    event.deviceKey === deviceKey &&
    event.productKey === productKey &&
    ((event.type === "stored" && event.kind === "reading") ||
      event.type === "removed" ||
      event.type === "registered");
  const latest = useResource<Record<string, StoredPoint>>(`${pathOf(device)}/measurepoints`, concerns);
  const product = useResource<{ model?: Model }>(
    `/products/${encodeURIComponent(productKey)}`,
    (event) => event.type === "product-put" && event.productKey === productKey,
  );
  // The place of the device says that it is gone.
  if (latest.status === 404) return null;
  if (latest.data === undefined) return <Unread resource={latest} />;
  const points = pointsOf(product.data?.model, latest.data);
  const known = points.filter((point) => point.latest !== undefined);
  // Those with charts first, or short cards would stand between high ones.
  const reported = [...known.filter(hasChart), ...known.filter((point) => !hasChart(point))];
  const silent = points.filter((point) => point.latest === undefined);
  return (
    <div class="stack live">
      {reported.length === 0 ? (
        <Empty title="This device has not reported yet" command={deviceCommand()}>
          Its measure points are here as soon as it does. With its keys in the environment, this PC stands in
          for the board:
        </Empty>
      ) : (
        <Charts device={device} points={points} reported={reported} />
      )}
      {silent.length > 0 && <Silent points={silent} />}
    </div>
  );
}

interface ChartsProps {
  readonly device: DeviceTabProps;
  readonly points: readonly Point[];
  readonly reported: readonly Point[];
}

function Charts({ device, points, reported }: ChartsProps) {
  const [kept, setKept] = useState(keptChoice);
  const isUnchosen = kept === undefined && !isTimeIn(query.value);
  const named = timeShown(query.value, kept ?? "24h");
  const { oldest, isRead } = useOldest(device, isUnchosen || ("choice" in named && named.choice === "all"));
  const [fitting, setFitting] = useState<Choice>();
  // Found once: a chart that another one replaces as the first day ends would lose its place.
  if (isUnchosen && isRead && fitting === undefined) setFitting(fittingChoice(oldest, now.value));
  const shown = isUnchosen ? { choice: fitting ?? "24h" } : named;
  const range = rangeShown(shown, now.value, oldest);
  const isLive = "choice" in shown;
  const isAll = isLive && shown.choice === "all";
  const wanted = isAll ? { from: 0, to: range.to } : range;
  const chosen = query.value.get("point");
  const open = points.find(({ identifier }) => identifier === chosen);
  const choose = (choice: Choice): void => {
    keepChoice(choice);
    setKept(choice);
    setQuery(addressOf({ choice }));
  };
  const onRange = (next: Range): void => setQuery(addressOf(next));
  const onWhole = (): void => choose(isLive ? shown.choice : (kept ?? fitting ?? "24h"));
  const hrefOf = (point: string | undefined): string => {
    const next = new URLSearchParams(query.value);
    if (point === undefined) next.delete("point");
    else next.set("point", point);
    return `${location.pathname}?${next.toString()}`;
  };
  const common = { device, range, wanted, isLive };
  // Charts of a day that shrink to their data a moment later would jump.
  if (isUnchosen && fitting === undefined) return null;
  return (
    <>
      <div class="bar live-bar">
        <div class="range-buttons" role="group" aria-label="How much time">
          {choices.map((choice) => (
            <button
              key={choice}
              type="button"
              aria-pressed={isLive && shown.choice === choice}
              onClick={() => choose(choice)}
            >
              {names[choice]}
            </button>
          ))}
        </div>
        <RangeButtons range={range} onRange={onRange} />
        <span class="dim range-text">
          {isLive
            ? `until now, ${count(reported.length, "measure point")}`
            : `${clock(range.from)} to ${clock(range.to)}`}
        </span>
        <Export device={device} range={wanted} point={open} />
      </div>
      {chosen !== null && open === undefined && (
        <p class="note">{`There is no measure point "${chosen}" on this device.`}</p>
      )}
      {open !== undefined && (
        <PointView
          key={open.identifier}
          {...common}
          point={open}
          onRange={onRange}
          onWhole={onWhole}
          closeHref={hrefOf(undefined)}
        />
      )}
      <div class="points">
        {reported.map((point) => (
          <PointCard
            key={point.identifier}
            {...common}
            point={point}
            isOpen={point === open}
            href={hrefOf(point.identifier)}
          />
        ))}
      </div>
    </>
  );
}

/** Time of the oldest value that is kept of the device, epoch ms, and whether that was read or cannot be. */
function useOldest(
  device: DeviceTabProps,
  isWanted: boolean,
): { readonly oldest: number | undefined; readonly isRead: boolean } {
  const path = `${pathOf(device)}/measurepoints/history?order=asc&limit=1`;
  const { data, fault } = useResource<{ items: readonly StoredPoint[] }>(isWanted ? path : undefined);
  const first = data?.items[0];
  const isRead = data !== undefined || fault !== undefined;
  return { oldest: first === undefined ? undefined : (first.time ?? first.at), isRead };
}

/** The values that are shown as a file: of the open point, or of all. */
function Export({
  device,
  range,
  point,
}: {
  device: DeviceTabProps;
  range: Range;
  point: Point | undefined;
}) {
  const [fault, setFault] = useState<string>();
  const save = async (): Promise<void> => {
    const path = point === undefined ? "" : `/${encodeURIComponent(point.identifier)}`;
    const from = Math.max(0, Math.floor(range.from));
    const part = `format=csv&order=desc&limit=${mostExported}&from=${from}&to=${Math.ceil(range.to)}`;
    const name = [device.deviceKey, point?.identifier ?? "measurepoints"].join("-").replace(/[^\w.-]/g, "_");
    try {
      await download(`${pathOf(device)}/measurepoints${path}/history?${part}`, `${name}.csv`, "text/csv");
      setFault(undefined);
    } catch (error) {
      setFault(reasonOf(error, "the file cannot be read"));
    }
  };
  return (
    <span class="push">
      {fault !== undefined && <span class="bad">{fault} </span>}
      <button type="button" onClick={() => void save()}>
        {point === undefined ? "CSV of all" : `CSV of ${point.name}`}
      </button>
    </span>
  );
}

/** Measure points of the model that the device has never reported. */
function Silent({ points }: { points: readonly Point[] }) {
  return (
    <details class="card silent" open={points.length <= 12}>
      <summary>{`Never reported: ${count(points.length, "measure point")}`}</summary>
      <ul>
        {points.map(({ identifier, name, model }) => (
          <li key={identifier} data-point={identifier}>
            <span>{name}</span>
            <span class="dim mono">{identifier}</span>
            {model !== undefined && <span class="dim">{typeText(model)}</span>}
          </li>
        ))}
      </ul>
    </details>
  );
}
