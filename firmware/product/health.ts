/** Whether this product tells of its health. Written by npm run model from model.json; do not edit. */
import type { NewHealth } from "../device/optional-parts";

export const newHealth: NewHealth | undefined = undefined;
