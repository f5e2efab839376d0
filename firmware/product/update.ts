/** Whether this product is updated from afar. Written by npm run model from model.json; do not edit. */
import type { NewUpdate } from "../device/optional-parts";

export const newUpdate: NewUpdate | undefined = undefined;
