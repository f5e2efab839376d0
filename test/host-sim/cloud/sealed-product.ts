/** The example product, sealed: its model, its parsing script with keys, and what its devices send. */
import { sealUp, roots, sealedSource } from "../model/seal-oracle";
import { example } from "../model/script";
import { dk, pk } from "./harness";
import type { ProductRecord } from "../../../host-sim/cloud/registry/product";
import { sealedForm } from "../../../host-sim/model/model";
import type { Model } from "../../../host-sim/model/model";
import type { SealedScript } from "../../../host-sim/model/write-script";
import type { SealedDevice } from "../model/seal-oracle";

/** The device of the tests, under the newer root. */
export const sealedDevice: SealedDevice = { root: roots[0], productKey: pk, deviceKey: dk };
export const salt: Uint8Array = Buffer.from("00112233aabbccdd", "hex");

export type SealSettings = Partial<Pick<SealedScript, "proof" | "migrating" | "mark" | "roots">>;

/** The example's model as its product.json would say that it is sealed. */
export function sealedModel({ proof = false, migrating = false, mark = false }: SealSettings = {}): Model {
  return { ...example, sealed: sealedForm({ proof, migrating, mark }) };
}

/** What an operator registers. */
export function sealedRecord(settings: SealSettings = {}, productKey = pk): ProductRecord {
  const model = sealedModel(settings);
  const script = sealedSource(model, { productKey, ...settings });
  return { productKey, name: "Sealed climate", payload: "raw", model, script };
}

/** A time of these tests, ms after 2020 began, as a reading states it. */
const since2020 = 1_577_836_800_000;

/** `07 | request id | time | temperature`, in its envelope. @param time epoch ms */
export function sealedReading(
  counter: number,
  requestId: number,
  time: number,
  from: SealedDevice = sealedDevice,
): Buffer {
  const plain = Buffer.alloc(1 + 4 + 5 + 11);
  plain[0] = 0x07;
  plain.writeUInt32BE(requestId, 1);
  plain.writeUIntBE(time - since2020, 5, 5);
  Buffer.from("0100084035800000000000", "hex").copy(plain, 10);
  return sealUp(from, { salt, counter }, plain);
}

/** `0d | request id | method | params`, in its envelope. */
export function sealedEvent(
  counter: number,
  requestId: number,
  event: string,
  params: object,
  from: SealedDevice = sealedDevice,
): Buffer {
  const method = Buffer.from(`event.${event}.post`);
  const head = Buffer.alloc(6);
  head[0] = 0x0d;
  head.writeUInt32BE(requestId, 1);
  head[5] = method.length;
  return sealUp(from, { salt, counter }, Buffer.concat([head, method, Buffer.from(JSON.stringify(params))]));
}
