/** The places of the console and their paths: the page goes by them, and the server knows what to answer with the page. */

export const deviceTabs = ["live", "messages", "commands", "events", "attributes", "update"] as const;
export const productTabs = ["model", "script", "update"] as const;
export const cloudTabs = ["faults", "network", "data", "settings"] as const;

type DeviceTab = (typeof deviceTabs)[number];
type ProductTab = (typeof productTabs)[number];
type CloudTab = (typeof cloudTabs)[number];

export type Place =
  | { readonly kind: "fleet" }
  | {
      readonly kind: "device";
      readonly productKey: string;
      readonly deviceKey: string;
      readonly tab: DeviceTab;
    }
  | { readonly kind: "products" }
  | { readonly kind: "product"; readonly productKey: string; readonly tab: ProductTab }
  | { readonly kind: "cloud"; readonly tab: CloudTab };

/** The place that a path names; undefined when it names none. A place without its tab is its first tab. */
export function knownPlace(path: string): Place | undefined {
  const parts = segmentsOf(path);
  if (parts === undefined) return undefined;
  const [first, ...rest] = parts;
  switch (first) {
    case undefined:
    case "fleet":
      return rest.length === 0 ? { kind: "fleet" } : undefined;
    case "devices": {
      const [productKey, deviceKey, name = "live", ...more] = rest;
      const tab = deviceTabs.find((each) => each === name);
      if (deviceKey === undefined || tab === undefined || more.length > 0) return undefined;
      return { kind: "device", productKey, deviceKey, tab };
    }
    case "products": {
      const [productKey, name = "model", ...more] = rest;
      if (productKey === undefined) return { kind: "products" };
      const tab = productTabs.find((each) => each === name);
      return tab === undefined || more.length > 0 ? undefined : { kind: "product", productKey, tab };
    }
    case "cloud": {
      const [name = "faults", ...more] = rest;
      const tab = cloudTabs.find((each) => each === name);
      return tab === undefined || more.length > 0 ? undefined : { kind: "cloud", tab };
    }
    default:
      return undefined;
  }
}

/** Decoded, without the empty ones at both ends; undefined for a path that cannot be decoded or has an empty one inside. */
function segmentsOf(path: string): string[] | undefined {
  const parts = path.replace(/^\/|\/$/g, "").split("/");
  if (parts.length === 1 && parts[0] === "") return [];
  if (parts.includes("")) return undefined;
  try {
    return parts.map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

/** The path of a place. */
export function pathOfPlace(place: Place): string {
  const path = (...parts: readonly string[]): string => `/${parts.map(encodeURIComponent).join("/")}`;
  switch (place.kind) {
    case "device":
      return path("devices", place.productKey, place.deviceKey, place.tab);
    case "product":
      return path("products", place.productKey, place.tab);
    case "cloud":
      return path("cloud", place.tab);
    default:
      return path(place.kind);
  }
}
