/**
 * Writes what joins a product to the firmware's room `seal`, or keeps it away: sealing.ts, which main.ts asks for the
 * product's seal, and the part of the product's manifest that has the room in it. A plain product has not a byte of it.
 */
import type { Sealed } from "./model";

/**
 * The text of sealing.ts.
 *
 * @param firmware how it imports the firmware's folder, such as `..`
 */
export function sealingSource(sealed: Sealed | undefined, firmware: string): string {
  const type = `import type { NewSealing } from "${firmware}/delivery/sealing";`;
  if (sealed === undefined) {
    return `/** Whether this product seals its payloads. Written by npm run model from model.json; do not edit. */
${type}

export const newSealing: NewSealing | undefined = undefined;
`;
  }
  const { proof, migrating } = sealed;
  return `/** The seal of this product's payloads. Written by npm run model from model.json; do not edit. */
import { sealingOf } from "${firmware}/seal/sealing";
${type}

export const newSealing: NewSealing | undefined = sealingOf({ proof: ${proof}, migrating: ${migrating} });
`;
}

/** The text of manifest-sealing.json, which the product's manifest includes; mcconfig takes no notice of the note. */
export function sealingManifest(sealed: Sealed | undefined, firmware: string): string {
  const manifest = {
    note: "Written by npm run model from model.json; do not edit.",
    ...(sealed === undefined ? {} : { include: [`${firmware}/seal/manifest.json`] }),
    modules: { "product/sealing": "./sealing" },
    preload: ["product/sealing"],
  };
  // Lists on one line, as the formatter has them.
  const text = JSON.stringify(manifest, undefined, 2).replace(/\[\s+("[^"]*")\s+\]/g, "[$1]");
  return `${text}\n`;
}
