/** What the columns of the fleet's table show of a device. Every figure has its age. */
import { pathOfPlace } from "../../addresses";
import { ago, clock, count } from "../../../page/words";
import { now } from "../connection";
import { StateWord } from "./state-word";
import { vitalText } from "./vital-text";
import type { ComponentChildren } from "preact";
import type { Sort } from "./fleet-query";
import type { FleetRow, ShortValue } from "./fleet-rows";
import type { VitalPoint, VitalPoints } from "../../../registry/vital-points";

export interface ColumnHead {
  readonly sort: Sort;
  readonly label: string;
  readonly class: string;
}

export const columns: readonly ColumnHead[] = [
  { sort: "device", label: "Device", class: "device" },
  { sort: "product", label: "Product", class: "product" },
  { sort: "state", label: "State", class: "state" },
  { sort: "lastSeen", label: "Last seen", class: "seen" },
  { sort: "battery", label: "Battery", class: "battery" },
  { sort: "signal", label: "Signal", class: "signal" },
  { sort: "firmware", label: "Firmware", class: "firmware" },
  { sort: "alarms", label: "Alarms", class: "alarms" },
  { sort: "session", label: "Session until", class: "session" },
];

type Cell = (row: FleetRow, href: string, points: VitalPoints | undefined) => ComponentChildren;

export const cells: Readonly<Record<Sort, Cell>> = {
  device: ({ name, deviceKey }, href) => (
    <a href={href} tabIndex={-1}>
      {name !== undefined && <strong title={name}>{name}</strong>}
      <span class={name === undefined ? "mono" : "mono dim"} title={deviceKey}>
        {deviceKey}
      </span>
    </a>
  ),
  product: ({ productKey }) => <span class="mono">{productKey}</span>,
  state: ({ state, stateSince }) => <StateWord state={state} since={stateSince} />,
  lastSeen: ({ lastSeen }) => <Age at={lastSeen} none="never" />,
  battery: ({ battery }, _href, points) => <Vital value={battery} point={points?.battery} />,
  signal: ({ signal }, _href, points) => <Vital value={signal} point={points?.signal} />,
  firmware: ({ firmwareVersion }) =>
    firmwareVersion === undefined ? <None /> : <span class="mono">{firmwareVersion}</span>,
  alarms: (row) => (
    <>
      {(row.alarms !== undefined || !isDoubted(row)) && <AlarmCount row={row} />}
      {isDoubted(row) && <DoubtCount row={row} />}
    </>
  ),
  session: ({ sessionUntil }) => <Age at={sessionUntil} none="" />,
};

function None() {
  return <span class="dim none">–</span>;
}

function Age({ at, none }: { at: number | undefined; none: string }) {
  if (at === undefined) return none === "" ? <None /> : <span class="dim">{none}</span>;
  return <span title={clock(at)}>{ago(at, now.value)}</span>;
}

function Vital({ value, point }: { value: ShortValue | undefined; point: VitalPoint | undefined }) {
  if (value === undefined) return <None />;
  const title = `${point?.identifier ?? ""} ${clock(value.time)}`.trim();
  return (
    <span class="vital" title={title}>
      {vitalText(value.value, point?.unit)}
      <small class="dim">{ago(value.time, now.value)}</small>
    </span>
  );
}

function isDoubted({ sealed }: FleetRow): boolean {
  return sealed !== undefined && sealed.doubts > 0;
}

/** Of messages whose seal is in doubt. */
function DoubtCount({ row: { productKey, deviceKey, sealed } }: { row: FleetRow }) {
  const { doubts = 0, doubtedAt } = sealed ?? {};
  return (
    <a
      class="alarm warn"
      href={pathOfPlace({ kind: "device", productKey, deviceKey, tab: "events" })}
      tabIndex={-1}
      title={`${count(doubts, "message")} refused, replayed or otherwise in doubt, the last ${ago(doubtedAt, now.value)}`}
    >
      <span aria-hidden="true">▲</span>
      {`${doubts} `}
      <small>seal</small>
    </a>
  );
}

function AlarmCount({ row: { productKey, deviceKey, alarms } }: { row: FleetRow }) {
  if (alarms === undefined) return <None />;
  const worst = alarms.level === "error" ? "bad" : "warn";
  return (
    <a
      class={`alarm ${worst}`}
      href={pathOfPlace({ kind: "device", productKey, deviceKey, tab: "events" })}
      tabIndex={-1}
      title={`${count(alarms.count, "event")} of level ${alarms.level === "error" ? "error or warning" : "warning"} in 24 hours, the last ${ago(alarms.at, now.value)}`}
    >
      <span aria-hidden="true">▲</span>
      {`${alarms.count} `}
      <small>{alarms.level}</small>
    </a>
  );
}
