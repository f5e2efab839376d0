/** Whether this product's settings can be changed from afar. Written by npm run model from model.json; do not edit. */
import type { NewRemoteSettings } from "../device/optional-parts";

export const newRemoteSettings: NewRemoteSettings | undefined = undefined;
