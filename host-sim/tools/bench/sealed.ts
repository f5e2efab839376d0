/**
 * What it costs that payloads are sealed: bytes on the air, steps of the board's engine, bytecode, and years of a battery.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beginBatch } from "../../../firmware/model/batch";
import { thing } from "../../../firmware/product/thing";
import { sealingOf } from "../../../firmware/seal/sealing";
import { decodeCoap } from "../../cloud/coap/coap-wire";
import { projectRoot } from "../../project";
import { batteryYears } from "../../inspect/energy/battery";
import { measure } from "../../inspect/energy/measure";
import { profiles } from "../../inspect/energy/profiles";
import { demoDevice } from "../../sim/world/demo-device";
import { Simulation } from "../../sim/world/simulation";
import { measureBytecode } from "../footprint/bytecode";
import { readManifest } from "../footprint/manifest";
import { stripTypes } from "../footprint/modules";
import { nodeCryptography } from "../../sim/engine/node-cryptography";
import { benchWake } from "./wake";
import type { Choice } from "../../inspect/energy/choice";
import type { Seal } from "../../sim/world/device-options";

/** Bytes that a report's payload is longer by in an envelope. */
export interface SealedBytes {
  readonly format: "raw" | "compact";
  /** Of the longest payload in plain, and by how much a sealed one is longer at most. */
  readonly plain: number;
  readonly added: number;
}

/** Readings of each run: enough for counters of two bytes. */
const readings = 320;

/** One reading in a report, on the air: the same device in plain and sealed. */
export async function sealedBytes(): Promise<SealedBytes[]> {
  const rows: SealedBytes[] = [];
  for (const format of ["raw", "compact"] as const) {
    const plain = await payloads(format, undefined);
    const sealed = await payloads(format, true);
    const added = sealed.map((length, i) => length - plain[i]);
    rows.push({ format, plain: Math.max(...plain), added: Math.max(...added) });
  }
  return rows;
}

/** Lengths of the payloads of a device's reports, in their order. */
async function payloads(format: "raw" | "compact", sealed: Seal | undefined): Promise<number[]> {
  const lengths: number[] = [];
  const options = {
    seed: 1,
    engine: "node",
    edition: "token",
    coverage: 0,
    loss: 0,
    powerKey: true,
  } as const;
  const result = await new Simulation({
    ...options,
    ...{ format, sealed, interval: 900, reports: readings, command: false },
    onEvent: (event) => {
      if (event.source !== "air" || event.report.direction !== "up" || event.again === true) return;
      const message = decodeCoap(event.report.bytes);
      if ("malformed" in message || message.payload.length === 0) return;
      const isReport = message.options.some(({ value }) => Buffer.from(value).toString() === "up_raw");
      if (isReport) lengths.push(message.payload.length);
    },
  }).run();
  if (result.complete && lengths.length === readings) return lengths;
  const what = `${format}, ${sealed === undefined ? "plain" : "sealed"}`;
  throw new Error(
    `${what}: ${lengths.length} reports for ${readings} readings, ${result.shortfall ?? "complete"}`,
  );
}

/** Readings of the batch. */
export const together = 16;
/** After so many envelopes the counter has two bytes. */
const envelopes = 300;

/** Bytes that a batch of 16 compact readings has in plain, and those that the firmware's envelope adds at most. */
export function sealedBatch(): { readonly plain: number; readonly added: number } {
  const start = Date.UTC(2026, 0, 1);
  const batch = beginBatch(thing, "compact", 1, start, false, new Uint8Array(1_024));
  for (let i = 0; i < together; i++) {
    const values = {
      temperature: 21.41,
      humidity: 48.24,
      rssi: { value: -75, quality: 0 },
      relay: 0,
      uptime: 900 * i,
    };
    const added = batch.add(values, start + 900_000 * i);
    if (added !== "added") throw new Error(`the batch takes no reading ${i}`);
  }
  const plain = new Uint8Array(batch.length);
  const sealing = sealingOf({ proof: false, migrating: false })({
    crypto: nodeCryptography,
    random: () => 0.5,
    keyText: "5a".repeat(32),
    credentials: demoDevice((length) => new Uint8Array(length)),
    ...{ retained: undefined, store: undefined, startReason: "power-on", log: () => {} },
  })!;
  let added = 0;
  for (let i = 0; i < envelopes; i++)
    added = Math.max(added, sealing.sealUpload(plain).length - plain.length);
  return { plain: plain.length, added };
}

/** Steps of XS for each reading, all wakes between it and the next with it. */
export interface SealedCompute {
  readonly plain: number;
  readonly sealed: number;
  readonly proof: number;
}

/** @throws EngineMissing when XS is not installed */
export async function sealedCompute(wakes: number): Promise<SealedCompute> {
  const of = async (seal: Seal | undefined): Promise<number> =>
    (await benchWake(131_072, wakes, seal)).reading;
  return { plain: await of(undefined), sealed: await of(true), proof: await of("proof") };
}

/** Bytes of code of the firmware's room, by module. @throws EngineMissing when XS is not installed */
export function sealedBytecode(): { readonly modules: ReadonlyMap<string, number>; readonly sum: number } {
  const { modules } = readManifest(join(projectRoot(), "firmware/seal/manifest.json"));
  const sources = new Map([...modules].map(([name, file]) => [name, stripTypes(readFileSync(file, "utf8"))]));
  const sizes = measureBytecode(sources).modules;
  return {
    modules: new Map(sizes.map(({ name, code }) => [name, code])),
    sum: sizes.reduce((sum, { code }) => sum + code, 0),
  };
}

/** Years of the battery of README's example, as of `npm run energy -- --battery 19`. */
export interface SealedYears {
  readonly plain: number;
  readonly sealed: number;
  readonly proof: number;
}

const battery = { capacity: 19, selfDischarge: 0.01 } as const;
const choice: Choice = {
  ...{ modem: "sim7020", interval: 900, format: "raw", batch: 1, keepAlive: false, sleep: "deep" },
  ...{ t3324: 2, saving: "psm", releaseAssistance: true },
};
/** Readings of each run, which all three have the same chances in. */
const metered = 128;

/** @throws Error when a run fails */
export async function sealedYears(): Promise<SealedYears> {
  const options = { seed: "1", profile: profiles.field, mix: [1, 0, 0], reports: metered } as const;
  const of = async (sealed: Seal | undefined): Promise<number> => {
    const { watts } = await measure({ ...choice, ...(sealed === undefined ? {} : { sealed }) }, options);
    return batteryYears(battery, watts);
  };
  return { plain: await of(undefined), sealed: await of(true), proof: await of("proof") };
}
