/** Whether this product seals its payloads. Written by npm run model from model.json; do not edit. */
import type { NewSealing } from "../delivery/sealing";

export const newSealing: NewSealing | undefined = undefined;
