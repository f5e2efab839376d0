/** A product with a parsing script in the way of EnOS's manual, made over the application API alone. */
import { expect, it } from "vitest";
import { decodeCoap } from "../../../../host-sim/cloud/coap/coap-wire";
import { manualPoints, manualProduct, manualReport } from "../script/manual-product";
import { Device, dk, pk } from "./device";
import { apiRig } from "./rig";
import type { ApiRig } from "./rig";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** The payload of the command that came with the last answer. */
function commandOf(rig: ApiRig): Uint8Array {
  const message = decodeCoap(rig.sent.at(-1)!);
  const option = "options" in message ? message.options.find(({ number }) => number === 2102) : undefined;
  if (option === undefined) throw new Error("no command came along");
  return option.value;
}

it("is tried, reports, is commanded, and answers", async () => {
  const rig = await apiRig();
  const { productKey: _, ...body } = manualProduct(pk);
  const path = `/api/v1/products/${pk}`;
  expect((await rig.call("PUT", path, body)).status).toBe(200);
  const tried = await rig.call("POST", `${path}/script/try`, { bytes: hex(manualReport(20)) });
  expect(tried.body.json).toMatchObject({ id: "20", params: { measurepoints: manualPoints } });
  const answer = await rig.call("POST", `${path}/script/try`, { json: { id: 20, code: 200, data: "" } });
  expect(answer.body).toEqual({ bytes: "0000001400c8" });

  const device = new Device(rig);
  device.authenticate();
  const devicePath = `/api/v1/devices/${pk}/${dk}`;
  const asked = await rig.call("POST", `${devicePath}/commands`, { kind: "set", points: { litres: 9 } });
  expect(asked.status).toBe(202);
  expect(hex(device.post("thing/model/up_raw", manualReport(20)).payload)).toBe("0000001400c8");
  const latest = await rig.call("GET", `${devicePath}/measurepoints`);
  expect(JSON.stringify(latest.body)).toContain('"cellar 21"');

  const command = hex(commandOf(rig));
  expect(command).toMatch(/^02.{8}0100000009$/);
  const reply = Buffer.from(`02${command.slice(2, 10)}c8`, "hex");
  expect(device.post("thing/model/down_raw_reply", reply).code).toBe("2.04");
  const outcome = await rig.call("GET", `/api/v1/commands/${asked.body.id}`);
  expect(outcome.body).toMatchObject({ id: asked.body.id, code: 200 });
});
