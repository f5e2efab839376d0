/**
 * What `npm run cloud` reads before it serves: the lists of devices and products, the token of the
 * application API, the data directory.
 */
import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { isObject } from "../../firmware/text/json";
import { shortestToken, tokenFault } from "../cloud/api/token";
import { jsonPlace } from "../model/json-place";
import { deepestNesting, isDeeper } from "../model/nesting";
import { projectRoot } from "../project";
import { DeviceListError, loadDevices } from "../cloud/registry/registry";
import { exampleName } from "./cloud-data";
import { misuse, systemReason } from "./misuse";
import type { ProductRecord } from "../cloud/registry/product";
import type { DeviceRecord } from "../cloud/registry/registry";

/** @throws CommandError naming the file and what is wrong with it */
export function readDevices(file: string): DeviceRecord[] {
  try {
    return loadDevices(read("--devices", file));
  } catch (error) {
    if (error instanceof DeviceListError) throw misuse(`${file}: ${error.message}`);
    throw error;
  }
}

const productFields = ["productKey", "name", "payload", "largestDatagram", "model", "script"];

/**
 * A list of products:
 *
 *     [ { "productKey": "...", "name": "...", "payload": "raw", "largestDatagram": 512,
 *         "model": "model.json", "script": "script.js" } ]
 *
 * where all but productKey may be left out, and paths count from the list's own folder. What models and
 * scripts hold is judged by the cloud.
 * @throws CommandError naming the file, the entry, and what is wrong with it
 */
export function readProducts(file: string): ProductRecord[] {
  const list = readJson("--products", file);
  if (!Array.isArray(list)) throw misuse(`${file}: expected an array of products`);
  const known = new Set<string>();
  return list.map((entry: unknown, index) => {
    const place = `${file}: products[${index}]`;
    if (!isObject(entry)) {
      throw misuse(`${place}: expected an object`);
    }
    for (const field of Object.keys(entry)) {
      if (productFields.includes(field)) continue;
      const fields = productFields.join(", ");
      throw misuse(`${place}: unknown field ${JSON.stringify(field.slice(0, 80))}, expected ${fields}`);
    }
    const { productKey, name, payload, largestDatagram, model, script } = entry as Record<string, unknown>;
    if (typeof productKey !== "string") throw misuse(`${place}.productKey: expected text`);
    if (known.has(productKey)) throw misuse(`${place}: ${productKey.slice(0, 80)} is there twice`);
    known.add(productKey);
    const path = (field: string, value: unknown): string | undefined => {
      if (value === undefined || typeof value === "string") {
        return value === undefined ? undefined : resolve(dirname(file), value);
      }
      throw misuse(`${place}.${field}: expected the path of a file`);
    };
    const modelFile = path("model", model);
    const scriptFile = path("script", script);
    const record: ProductRecord = { productKey };
    // Values of the wrong type are for the cloud to refuse, which knows what it takes.
    if (name !== undefined) record.name = name as string;
    if (payload !== undefined) record.payload = payload as "raw" | "json";
    if (largestDatagram !== undefined) record.largestDatagram = largestDatagram as number;
    if (modelFile !== undefined) record.model = readJson(`${place}.model`, modelFile);
    if (scriptFile !== undefined) record.script = read(`${place}.script`, scriptFile);
    return record;
  });
}

/** The example product that comes with the firmware, under a product's key. */
export function exampleProduct(productKey: string): ProductRecord {
  const folder = join(projectRoot(), "firmware/product");
  return {
    productKey,
    name: exampleName,
    model: readJson("example product", join(folder, "model.json")),
    script: read("example product", join(folder, "parsing-script.js")),
  };
}

/** Where a token comes from: a flag that names a file, else a variable of the environment. */
export const tokenSources = {
  operator: { flag: "--api-token-file", variable: "ENOS_API_TOKEN" },
  reader: { flag: "--api-read-token-file", variable: "ENOS_API_READ_TOKEN" },
} as const;

/**
 * A token of the application API: from the file, else from the environment, else none.
 * @throws CommandError that never quotes it
 */
export function readToken(
  { flag, variable }: (typeof tokenSources)[keyof typeof tokenSources],
  file: string | undefined,
  environment: NodeJS.ProcessEnv,
): string | undefined {
  const token = file === undefined ? environment[variable] : read(flag, file).trim();
  if (token === undefined || (token === "" && file === undefined)) return undefined;
  const fault = tokenFault(token);
  if (fault === undefined) return token;
  const hint = token.length < shortestToken ? "; make one with: openssl rand -hex 24" : "";
  throw misuse(`${file ?? variable}: no usable token: ${fault}${hint}`);
}

function readJson(option: string, file: string): unknown {
  const text = read(option, file);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw misuse(`${option}: ${file} is not JSON${jsonPlace(text)}`);
  }
  if (isDeeper(value, deepestNesting)) {
    throw misuse(`${option}: ${file} is nested more than ${deepestNesting} deep`);
  }
  return value;
}

function read(option: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw misuse(`${option}: cannot read ${file}: ${systemReason(error)}`);
  }
}
