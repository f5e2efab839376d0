/**
 * What an operator sees of what devices have reported. Looking changes nothing, so no time passes with it.
 */
import type { Fleet } from "../registry/fleet";
import { select } from "../registry/history";
import { when } from "../registry/reading-time";
import type { HistoryQuery, Reading, StoredEvent, StoredPoint } from "../registry/history";

/** What the devices of one cloud have reported, as much as is kept. */
export class Reported {
  readonly #fleet: Fleet;

  constructor(fleet: Fleet) {
    this.#fleet = fleet;
  }

  /** The newest value of each measure point; empty for an unknown device. */
  latest(productKey: string, deviceKey: string): Record<string, StoredPoint> {
    return this.#fleet.device(productKey, deviceKey)?.points.latest() ?? {};
  }

  /** Values of one measure point by the time of their measuring; empty for an unknown device. */
  history(
    productKey: string,
    deviceKey: string,
    query: HistoryQuery & { identifier: string },
  ): StoredPoint[] {
    return this.#fleet.device(productKey, deviceKey)?.points.list(query.identifier, query) ?? [];
  }

  /** The readings kept for a device in the order of their storing; empty for an unknown one. */
  readings(productKey: string, deviceKey: string): Reading[] {
    return this.#fleet.device(productKey, deviceKey)?.readings ?? [];
  }

  /** Events of a device by their time, all that are kept without a query; empty for an unknown one. */
  events(productKey: string, deviceKey: string, query?: HistoryQuery): StoredEvent[] {
    const events = this.#fleet.device(productKey, deviceKey)?.events ?? [];
    if (query === undefined) return events;
    return select(
      events.sort((one, other) => when(one) - when(other)),
      query,
      when,
    );
  }
}
