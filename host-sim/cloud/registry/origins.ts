/** Who changed a device's attributes and tags last: the device, or an operator from the cloud's side. */

export interface Origin {
  readonly by: "device" | "operator";
  /** ms, the cloud's time. */
  readonly at: number;
}

/** By name; those of before this was kept are not in it. */
export interface Origins {
  readonly attributes: Readonly<Record<string, Origin>>;
  readonly tags: Readonly<Record<string, Origin>>;
}

export const noOrigins: Origins = { attributes: {}, tags: {} };

/** The origins after a change: what is new or has another value is by this one, what is gone has none. */
export function originsAfter(
  origins: Readonly<Record<string, Origin>>,
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
  origin: Origin,
): Record<string, Origin> {
  const entries: [string, Origin][] = [];
  for (const [name, value] of Object.entries(after)) {
    const isSame = Object.hasOwn(before, name) && JSON.stringify(before[name]) === JSON.stringify(value);
    if (!isSame) entries.push([name, origin]);
    else if (Object.hasOwn(origins, name)) entries.push([name, origins[name]]);
  }
  // Not by assignment, which would obey a name such as __proto__.
  return Object.fromEntries(entries);
}
