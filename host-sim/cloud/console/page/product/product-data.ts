/** What the API says of products, and how the page reads it. */
import { useResource } from "../resource";
import type { Resource } from "../resource";
import type { CloudEvent } from "../../../events";
import type { Model, Sealed } from "../../../../model/model";

export type Payload = "raw" | "json";

/** A row of the list. */
export interface ProductSummary {
  readonly productKey: string;
  readonly name?: string;
  readonly payload: Payload;
  readonly largestDatagram?: number;
  readonly hasModel: boolean;
  readonly hasScript: boolean;
  /** Of its thing model. */
  readonly modelVersion?: number;
  /** Its payloads are sealed, as its thing model says. */
  readonly sealed?: Sealed;
  readonly devices: number;
}

/** The whole of one. */
export interface Product extends ProductSummary {
  readonly model?: Model;
  readonly script?: string;
}

/** What was in force before; `changed`: what of it the change that ended it concerned. */
export interface Version {
  readonly number: number;
  /** Epoch ms. */
  readonly until: number;
  readonly payload: Payload;
  readonly hasModel: boolean;
  readonly hasScript: boolean;
  readonly changed: readonly ("model" | "script" | "payload")[];
}

/** The API's default of `largestDatagram`, bytes. */
export const usualDatagram = 512;

/** A product's path below the API. */
export function pathOfProduct(productKey: string): string {
  return `/products/${encodeURIComponent(productKey)}`;
}

/** A product's path of the console's own routes. */
export function toolPathOf(productKey: string): string {
  return `/console${pathOfProduct(productKey)}`;
}

/** Whether an event changes a product's own record. */
function isOfProduct(event: CloudEvent, productKey: string): boolean {
  const isProduct = event.type === "product-put" || event.type === "product-removed";
  return isProduct && event.productKey === productKey;
}

function changesCount(event: CloudEvent): boolean {
  return event.type === "registered" || event.type === "removed";
}

export function useProducts(): Resource<{ readonly items: readonly ProductSummary[] }> {
  return useResource("/products", (event) => event.type.startsWith("product-") || changesCount(event));
}

export function useProduct(productKey: string): Resource<Product> {
  return useResource(
    pathOfProduct(productKey),
    (event) => isOfProduct(event, productKey) || changesCount(event),
  );
}

export function useVersions(productKey: string): Resource<{ readonly items: readonly Version[] }> {
  return useResource(`${pathOfProduct(productKey)}/versions`, (event) => isOfProduct(event, productKey));
}
