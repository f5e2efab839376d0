/**
 * The devices of the fleet as the page has them: read once in short, and then kept up by what happens, for a list of
 * thousands is not read anew for one of them. What an event does not tell in full is told apart: the device's row is stale,
 * and is to be read again.
 */
import { isUndated, when } from "../../../registry/reading-time";
import { vitalPointsOf } from "../../../registry/vital-points";
import type { CloudEvent } from "../../../events";
import type { DeviceSummary } from "../../../registry/standing";
import type { VitalPoints } from "../../../registry/vital-points";

export type { DeviceSummary, ShortValue } from "../../../registry/standing";

/** A device in the list. */
export interface FleetRow extends DeviceSummary {
  /** productKey/deviceKey */
  readonly id: string;
  /** In small letters: what a search looks in. */
  readonly searched: string;
  /** In small letters: its name, else its key. */
  readonly called: string;
}

/** What `GET /fleet` answers. */
export interface FleetAnswer {
  readonly items: readonly DeviceSummary[];
  readonly total: number;
  readonly vitalPoints: Readonly<Record<string, VitalPoints>>;
}

/** What an event did to the rows: nothing, a change; "stale": rows have to be read again, or all of them. */
export type Heard = "nothing" | "changed" | "stale" | "all-stale";

/** Events of a device that was let in: it has been seen then. */
const contacts: ReadonlySet<CloudEvent["type"]> = new Set([
  "authenticated",
  "stored",
  "stored-before",
  "report-refused",
  "points-skipped",
  "time-doubted",
  "command-offered",
  "command-fetched",
  "command-answered",
  "command-late",
  "reply-stray",
]);

export class FleetRows {
  #rows = new Map<string, FleetRow>();
  #vitalPoints: Readonly<Record<string, VitalPoints>> = {};
  readonly #stale = new Set<string>();

  /** By productKey/deviceKey, in the order of their registration. */
  get rows(): ReadonlyMap<string, FleetRow> {
    return this.#rows;
  }

  /** Which measure points tell of battery and signal, by product. */
  get vitalPoints(): Readonly<Record<string, VitalPoints>> {
    return this.#vitalPoints;
  }

  /** Takes the whole list in place of what there was. */
  replace({ items, vitalPoints }: FleetAnswer): void {
    this.#rows = new Map(items.map((each) => [idOf(each), rowOf(each)]));
    this.#vitalPoints = vitalPoints;
    this.#stale.clear();
  }

  /** Takes what was answered for some: those that it does not have are gone. */
  update(asked: readonly string[], { items, vitalPoints }: FleetAnswer): void {
    const answered = new Map(items.map((each) => [idOf(each), each]));
    for (const id of asked) {
      const summary = answered.get(id);
      if (summary === undefined) this.#rows.delete(id);
      else this.#rows.set(id, rowOf(summary));
    }
    this.#vitalPoints = vitalPoints;
  }

  /** Rows that are to be read again, up to `most`; they count as read from here on. */
  takeStale(most: number): string[] {
    const taken = [...this.#stale].slice(0, most);
    for (const id of taken) this.#stale.delete(id);
    return taken;
  }

  get staleCount(): number {
    return this.#stale.size;
  }

  hear(event: CloudEvent): Heard {
    // A model says which points are the battery's, and which events are alarms.
    if (event.type === "product-put" || event.type === "product-removed") return "all-stale";
    if (!("deviceKey" in event)) return "nothing";
    const id = idOf(event);
    if (event.type === "removed") {
      this.#stale.delete(id);
      return this.#rows.delete(id) ? "changed" : "nothing";
    }
    const row = this.#rows.get(id);
    if (row === undefined) return event.type === "registered" ? this.#isStale(id) : "nothing";
    if (event.type === "changed" || event.type === "seal-doubted") return this.#isStale(id);
    const next = heardBy(row, event, this.#vitalPoints[row.productKey]);
    if (next !== row) this.#rows.set(id, next);
    const isMore = event.type === "stored" && (event.kind === "event" || event.kind === "firmware");
    // Each envelope is one more; only the first one, and one under another key, is news in the list.
    const isSeal =
      event.type === "stored" && event.sealed !== undefined && event.sealed.root !== row.sealed?.root;
    if (isMore || isSeal) return this.#isStale(id);
    return next === row ? "nothing" : "changed";
  }

  #isStale(id: string): Heard {
    this.#stale.add(id);
    return "stale";
  }
}

/** The row after an event of its device; the same one when nothing is different. */
function heardBy(row: FleetRow, event: CloudEvent, points: VitalPoints | undefined): FleetRow {
  let next = row;
  if (event.type === "authenticated") next = { ...next, lifetime: event.lifetime };
  // What was read may be younger than an event that comes behind it.
  if (contacts.has(event.type)) next = { ...next, lastSeen: Math.max(event.at, row.lastSeen ?? 0) };
  if (event.type === "state" && event.at >= (row.stateSince ?? 0)) {
    next = { ...next, state: event.to, stateSince: event.at };
  }
  if (event.type === "stored" && event.points !== undefined) {
    // A value of some time before is not the newest.
    if (!isUndated(event)) next = measured(next, event.points, when(event), points);
  }
  return next === row ? row : { ...next, sessionUntil: sessionUntil(next) };
}

function sessionUntil({ state, lastSeen, lifetime }: FleetRow): number | undefined {
  if (state !== "online" || lastSeen === undefined || lifetime === undefined) return undefined;
  return lastSeen + lifetime * 1_000;
}

function measured(
  row: FleetRow,
  values: Readonly<Record<string, unknown>>,
  time: number,
  points: VitalPoints | undefined,
): FleetRow {
  const { battery, signal } =
    points ?? vitalPointsOf(Object.keys(values).map((identifier) => ({ identifier })));
  const newest = (name: "battery" | "signal", identifier: string | undefined): object => {
    const value = identifier === undefined ? undefined : plain(values[identifier]);
    const before = row[name];
    return value === undefined || (before !== undefined && before.time > time)
      ? {}
      : { [name]: { value, time } };
  };
  return { ...row, ...newest("battery", battery?.identifier), ...newest("signal", signal?.identifier) };
}

/** A number, be it given with its quality. */
function plain(given: unknown): number | undefined {
  const value =
    typeof given === "object" && given !== null && "value" in given
      ? (given as { value: unknown }).value
      : given;
  return typeof value === "number" ? value : undefined;
}

function idOf({
  productKey,
  deviceKey,
}: {
  readonly productKey: string;
  readonly deviceKey: string;
}): string {
  return `${productKey}/${deviceKey}`;
}

function rowOf(summary: DeviceSummary): FleetRow {
  const id = idOf(summary);
  const called = (summary.name ?? summary.deviceKey).toLowerCase();
  const searched = `${id} ${summary.name ?? ""} ${summary.firmwareVersion ?? ""}`.toLowerCase();
  return { ...summary, id, called, searched };
}
