/** A product's firmware files, kept up to date, and which events say something of them. */
import { useResource } from "../resource";
import type { CloudEvent } from "../../../events";
import type { Resource } from "../resource";
import type { FirmwareList } from "./firmware";

/** Whether an event is about this product, or a device of it. */
export function isOf(productKey: string, event: CloudEvent): boolean {
  return "productKey" in event && event.productKey === productKey;
}

/** Whether it is about what a device runs, or an upgrade of it. */
export function isInform(event: CloudEvent): boolean {
  return event.type === "ota-task" || (event.type === "stored" && event.kind === "firmware");
}

/** Reads them, and reads them again when something becomes of them. */
export function useFirmwareList(productKey: string): Resource<FirmwareList> {
  return useResource<FirmwareList>(
    `/products/${encodeURIComponent(productKey)}/firmware`,
    (event) => (/^firmware-|^product-/.test(event.type) || isInform(event)) && isOf(productKey, event),
  );
}
