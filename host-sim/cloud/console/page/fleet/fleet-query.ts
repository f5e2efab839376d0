/** Which devices the list shows, and in which order: what stands in its address. */
import { sealStates } from "../../../registry/seal-view";
import type { SealState } from "../../../registry/seal-view";
import type { DeviceState } from "../../../registry/registry";
import type { FleetRow } from "./fleet-rows";

export const states = ["online", "offline", "inactive", "disabled"] as const satisfies readonly DeviceState[];

export const sorts = [
  "device",
  "product",
  "state",
  "lastSeen",
  "battery",
  "signal",
  "firmware",
  "alarms",
  "session",
] as const;
export type Sort = (typeof sorts)[number];
export type Order = "asc" | "desc";

export interface FleetQuery {
  readonly state: DeviceState | undefined;
  readonly product: string | undefined;
  /** Only those with alarms. */
  readonly alarms: boolean;
  /** How they stand with sealed payloads. */
  readonly seal: SealState | undefined;
  /** Text within name, keys or firmware version; capital letters and small ones are the same. */
  readonly q: string;
  readonly sort: Sort;
  readonly order: Order;
}

/** The order that a column has first: what one looks for comes first. */
export function firstOrder(sort: Sort): Order {
  return sort === "lastSeen" || sort === "alarms" ? "desc" : "asc";
}

/** What an address asks for; what it has wrong is left out. */
export function fleetQueryOf(query: URLSearchParams): FleetQuery {
  const sort = sorts.find((each) => each === query.get("sort")) ?? "device";
  const order = query.get("order");
  return {
    state: states.find((each) => each === query.get("state")),
    product: query.get("product") ?? undefined,
    alarms: query.get("alarms") === "yes",
    seal: sealStates.find((each) => each === query.get("seal")),
    q: query.get("q") ?? "",
    sort,
    order: order === "asc" || order === "desc" ? order : firstOrder(sort),
  };
}

/** How many devices there are of each state, with alarms, and of each product. */
export interface FleetCounts {
  readonly total: number;
  readonly states: Readonly<Record<DeviceState, number>>;
  readonly alarms: number;
  readonly seals: Readonly<Record<SealState, number>>;
  readonly products: ReadonlyMap<string, number>;
}

export function countsOf(rows: Iterable<FleetRow>): FleetCounts {
  const of: Record<DeviceState, number> = { online: 0, offline: 0, inactive: 0, disabled: 0 };
  const seals: Record<SealState, number> = { sealed: 0, unsealed: 0, doubted: 0, "older-key": 0 };
  const products = new Map<string, number>();
  let total = 0;
  let alarms = 0;
  for (const row of rows) {
    total += 1;
    of[row.state] += 1;
    if (row.alarms !== undefined) alarms += 1;
    for (const each of sealStates) if (isOfSeal(row, each)) seals[each] += 1;
    products.set(row.productKey, (products.get(row.productKey) ?? 0) + 1);
  }
  return { total, states: of, alarms, seals, products };
}

/** As the API's `seal` has it. */
function isOfSeal({ sealed }: FleetRow, state: SealState): boolean {
  switch (state) {
    case "sealed":
    case "unsealed":
      return (sealed !== undefined && sealed.opened > 0) === (state === "sealed");
    case "doubted":
      return sealed !== undefined && sealed.doubts > 0;
    case "older-key":
      return sealed?.root === 1;
  }
}

type Value = number | string | undefined;

const valueOf: Readonly<Record<Sort, (row: FleetRow) => Value>> = {
  device: (row) => row.called,
  product: (row) => row.productKey,
  state: (row) => states.indexOf(row.state),
  lastSeen: (row) => row.lastSeen,
  battery: (row) => row.battery?.value,
  signal: (row) => row.signal?.value,
  firmware: (row) => row.firmwareVersion,
  alarms: (row) => row.alarms && (row.alarms.level === "error" ? 1e6 : 0) + row.alarms.count,
  session: (row) => row.sessionUntil,
};

/** The rows that are asked for. What has no value comes last in both orders; of equal ones their keys decide. */
export function selected(rows: Iterable<FleetRow>, query: FleetQuery): FleetRow[] {
  const { state, product, alarms, seal, sort } = query;
  const wanted = query.q.trim().toLowerCase();
  const value = valueOf[sort];
  const found: { readonly row: FleetRow; readonly by: Value }[] = [];
  for (const row of rows) {
    if (state !== undefined && row.state !== state) continue;
    if (product !== undefined && row.productKey !== product) continue;
    if (alarms && row.alarms === undefined) continue;
    if (seal !== undefined && !isOfSeal(row, seal)) continue;
    if (wanted !== "" && !row.searched.includes(wanted)) continue;
    found.push({ row, by: value(row) });
  }
  const way = query.order === "desc" ? -1 : 1;
  found.sort((one, other) => {
    if (one.by !== other.by) {
      if (one.by === undefined) return 1;
      if (other.by === undefined) return -1;
      return one.by < other.by ? -way : way;
    }
    return one.row.id < other.row.id ? -1 : 1;
  });
  return found.map(({ row }) => row);
}
