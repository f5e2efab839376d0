/**
 * The registry that `npm run cloud` starts with: what the data directory has kept, what the command line
 * names, and a demo device of an example product when neither has any.
 *
 *     device known to the directory    stays as it is there, whatever --devices says
 *     product of --products            read from its files at every start
 *     the example product              likewise, until somebody gives that product another name
 */
import { demoDevice } from "../sim/world/demo-device";
import type { ProductRecord } from "../cloud/registry/product";
import type { DeviceRecord } from "../cloud/registry/registry";
import type { DurableStorage } from "../cloud/coap/udp";
import type { LevelStore } from "../cloud/store/level-store";

/** Where the demo device is kept, secret and all, so that its keys can be printed at the next start. */
const demoKey = "demo";

/** By this name a product that is kept is known to be the example, and follows its files. */
export const exampleName = "example of firmware/product";

export interface RegistrySources {
  /** Of --devices. */
  readonly devices?: readonly DeviceRecord[];
  /** Of --products. */
  readonly products?: readonly ProductRecord[];
  readonly store?: LevelStore;
  randomBytes(n: number): Uint8Array;
  /** The example product under a key. */
  example(productKey: string): ProductRecord;
}

export interface Registry {
  /** To register with the cloud: those that the storage does not have already. */
  readonly devices: DeviceRecord[];
  /** To register with the cloud, in place of what the storage has under the same key. */
  readonly products: ProductRecord[];
  /** The demo device, made now or at an earlier start. */
  readonly demo?: DeviceRecord;
  /** What the cloud restores from and writes to. */
  readonly storage?: DurableStorage;
  /** How many devices the storage has. */
  readonly stored: number;
  /** How many of the devices named are in the storage, and stay as they are there. */
  readonly kept: number;
}

type Entry = readonly [key: string, value: unknown];

/** Puts the registry together; what is new goes to the store with its next flush. */
export function registryOf(sources: RegistrySources): Registry {
  const { store } = sources;
  const entries = store === undefined ? [] : [...store.entries];
  const kept = new Map<string, unknown>();
  for (const [key, value] of entries) {
    if (/^(?:device|product)\/|^demo$/.test(key)) kept.set(key, value);
  }
  const isKept = ({ productKey, deviceKey }: DeviceRecord): boolean =>
    kept.has(`device/${productKey}/${deviceKey}`);
  const stored = [...kept.keys()].filter((key) => key.startsWith("device/")).length;

  let demo: DeviceRecord | undefined;
  if (sources.devices === undefined) {
    demo = kept.get(demoKey) as DeviceRecord | undefined;
    if (demo !== undefined) {
      // One that was removed since stays removed.
      if (!isKept(demo)) demo = undefined;
    } else if (stored === 0) {
      demo = demoDevice((n) => sources.randomBytes(n));
      const [product] = sources.products ?? [];
      if (product !== undefined) demo.productKey = product.productKey;
      store?.put(demoKey, demo);
    }
  }
  const named = sources.devices ?? (demo === undefined ? [] : [demo]);
  const devices = named.filter((device) => !isKept(device));
  const products = sources.products?.slice() ?? examples(sources, named, kept);
  return {
    devices,
    products,
    demo,
    storage: store === undefined ? undefined : without(entries, products, store),
    stored,
    kept: sources.devices === undefined ? 0 : named.length - devices.length,
  };
}

/** The example product for all products that have no record of their own. */
function examples(
  { example }: RegistrySources,
  named: readonly DeviceRecord[],
  kept: ReadonlyMap<string, unknown>,
): ProductRecord[] {
  const keys = new Set(
    named.map(({ productKey }) => productKey).filter((key) => !kept.has(`product/${key}`)),
  );
  for (const [key, value] of kept) {
    if (!key.startsWith("product/")) continue;
    if ((value as { name?: unknown } | null)?.name === exampleName) keys.add(key.slice("product/".length));
  }
  return [...keys].map((key) => example(key));
}

/** The store as the cloud sees it: without what is this file's own, and without products that are replaced. */
function without(
  entries: readonly Entry[],
  products: readonly ProductRecord[],
  store: LevelStore,
): DurableStorage {
  const hidden = new Set([demoKey, ...products.map(({ productKey }) => `product/${productKey}`)]);
  let rest: Entry[] | undefined = entries.filter(([key]) => !hidden.has(key));
  return {
    // Given out once, so that it does not stay in memory beside what the cloud makes of it.
    get entries() {
      const all = rest ?? [];
      rest = undefined;
      return all;
    },
    put: (key, value) => store.put(key, value),
    delete: (key) => store.delete(key),
    flush: () => store.flush(),
  };
}
