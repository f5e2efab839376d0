/** A product whose parsing script is written in the way of EnOS's manual, and what its device sends. */
import { readFileSync } from "node:fs";
import type { ProductRecord } from "../../../../host-sim/cloud/registry/product";

const here = "test/host-sim/cloud/script";
export const manualScript = readFileSync(`${here}/manual-style.js`, "utf8");

/** The product; its commands are raw. */
export function manualProduct(productKey: string): ProductRecord {
  const model: unknown = JSON.parse(readFileSync(`${here}/manual-style.model.json`, "utf8"));
  return { productKey, name: "Water meter", payload: "raw", model, script: manualScript };
}

/** 7000 litres, "cellar 21", 4.5 bar, peaks 2 3 5 7 17, the valve at 100 with quality 9. */
export function manualReport(id: number): Buffer {
  return Buffer.from(
    `01${hexId(id)}01000400001b5802000963656c6c61722032310300084012000000000000` +
      `0400140000000200000003000000050000000700000011050005000000` +
      `6409`,
    "hex",
  );
}

/** The same as what it says. */
export const manualPoints = {
  litres: 7000,
  place: "cellar 21",
  pressure: 4.5,
  peaks: [2, 3, 5, 7, 17],
  valve: { value: 100, quality: 9 },
};

/** A request id of 32 bits in hex. */
export function hexId(id: number): string {
  return id.toString(16).padStart(8, "0");
}
