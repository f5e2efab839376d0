/** A firmware whose application cannot start: its safe start takes the update that mends it. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { bundleFirmware } from "../../host-sim/sim/board/bundle";
import { makeImage } from "../../host-sim/sim/board/image";
import { variantSources } from "../../host-sim/sim/world/product-variant";
import { products } from "../../host-sim/sim/world/products";
import { changedSources } from "../../host-sim/tools/update/example-changes";
import { exampleFirmware } from "../../host-sim/tools/update/example-images";
import { differencePackage } from "../../host-sim/tools/update/package-file";
import { SeededMaker } from "../../host-sim/tools/update/seeded-maker";
import { UpdatedDevice } from "../../host-sim/tools/update/updated-device";
import { toldBy } from "./told";

const hour = 3_600_000;
const application = "firmware/application.ts";

/** The firmware of the example, but for an application that throws when it is made. */
async function brokenImage(version: string): Promise<Uint8Array> {
  const sources = new Map(changedSources(undefined, version, variantSources("demo", { update: true })));
  const text = sources.get(application) ?? readFileSync(application, "utf8");
  const begin = "constructor(inputs: Inputs) {";
  expect(text).toContain(begin);
  sources.set(application, text.replace(begin, `${begin} if (version !== "") throw new Error("no sensor");`));
  const { folder: product } = products.demo;
  const script = await bundleFirmware({ product, sources, dense: true });
  return Uint8Array.from(makeImage({ script, version }));
}

it("is updated from its safe start, and the new firmware starts normally", async () => {
  const seed = 5;
  const image = await brokenImage("0.2.0");
  const next = await exampleFirmware("0.3.0", []);
  const about = { board: "m5stack-nbiot", version: "0.3.0", baseVersion: "0.2.0" };
  const file = differencePackage(image, next.image, about, new SeededMaker(seed).sign);
  let safeStarts = 0;
  const device = await UpdatedDevice.create({
    ...{ seed, engine: "node", edition: "token", coverage: 0, loss: 0, powerKey: true },
    ...{ interval: 900, format: "compact", image },
    onEvent: (event) => {
      if (toldBy(event)?.kind === "start safe") safeStarts += 1;
    },
  });
  try {
    await device.start();
    const outcome = await device.update({ version: "0.3.0", file }, 12 * hour);
    expect(outcome).toMatchObject({ status: "succeeded", runs: "0.3.0" });
    expect(safeStarts).toBe(1);
    await device.run(hour);
    expect(device.readings.stored).toBeGreaterThan(0);
    expect(device.bricks).toBe(0);
  } finally {
    await device.close();
  }
});
