/** Images of the firmware as it stands, and of its example changes, as simulated boards have them. */
import { bundleFirmware } from "../../sim/board/bundle";
import { makeImage } from "../../sim/board/image";
import { variantSources } from "../../sim/world/product-variant";
import { products } from "../../sim/world/products";
import { changedSources } from "./example-changes";
import type { ApplicationName, Variant } from "../../sim/world/device-options";
import type { ExampleChange } from "./example-changes";

/** A firmware that boards can start. */
export interface ExampleFirmware {
  readonly version: string;
  readonly image: Uint8Array;
}

/** The product that it is for. */
export interface ExampleProduct extends Omit<Variant, "mark" | "update"> {
  readonly application?: ApplicationName;
}

/** By what they are made of: making one takes half a second. */
const made = new Map<string, Promise<ExampleFirmware>>();

/**
 * The firmware of a product that takes updates, with changes.
 *
 * @param changes in their order; none for the firmware as it stands
 */
export function exampleFirmware(
  version: string,
  changes: readonly ExampleChange[],
  { application = "demo", sealed, health, remoteSettings }: ExampleProduct = {},
): Promise<ExampleFirmware> {
  const variant = { sealed, health, remoteSettings };
  const name = JSON.stringify([version, changes, application, variant]);
  const firmware = made.get(name) ?? make(version, changes, application, variant);
  made.set(name, firmware);
  return firmware;
}

async function make(
  version: string,
  changes: readonly ExampleChange[],
  application: ApplicationName,
  variant: Variant,
): Promise<ExampleFirmware> {
  let sources = variantSources(application, { ...variant, update: true });
  for (const change of [undefined, ...changes]) sources = changedSources(change, version, sources);
  const { folder: product } = products[application];
  const script = await bundleFirmware({ product, sources, dense: true });
  return { version, image: Uint8Array.from(makeImage({ script, version })) };
}
