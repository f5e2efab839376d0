/**
 * No output of a simulation holds what must stay secret, in any of the forms it could take.
 */
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { decodeCoap } from "../../../host-sim/cloud/coap/coap-wire";
import { Simulation } from "../../../host-sim/sim/world/simulation";
import { demoDevice } from "../../../host-sim/sim/world/demo-device";
import { Random } from "../../../host-sim/sim/time/random";
import { obeyed } from "./command-line";

const seed = 21;

/** The device's secret, the key derived from it, and the token that the cloud gave it. */
async function secrets(): Promise<Record<string, string>> {
  const keys = new Random(seed).fork("keys");
  const { deviceSecret } = demoDevice((length) => keys.bytes(length));
  let token = "";
  await new Simulation({
    seed,
    engine: "node",
    edition: "token",
    coverage: 0,
    reports: 2,
    interval: 900,
    format: "alternate",
    powerKey: true,
    command: true,
    onEvent: (event) => {
      if (event.source !== "air" || event.report.direction !== "down") return;
      const message = decodeCoap(event.report.bytes);
      if ("malformed" in message) return;
      const match = /"token":"([^"]+)"/.exec(Buffer.from(message.payload).toString());
      if (match !== null) token = match[1];
    },
  }).run();
  expect(token).not.toBe("");
  return {
    deviceSecret,
    token,
    signKey: createHash("sha256").update(deviceSecret).digest("hex").slice(16, 48),
  };
}

describe("nothing secret is printed", () => {
  test.each([[[]], [["--verbose"]], [["--json"]], [["--quiet"]], [["--edition", "tokenless", "--verbose"]]])(
    "start %j",
    async (flags) => {
      const { stdout, stderr, code } = await obeyed([
        "start",
        "--seed",
        String(seed),
        "--reports",
        "2",
        ...flags,
      ]);
      expect(code).toBe(0);
      const output = (stdout + stderr).toLowerCase();
      for (const [name, value] of Object.entries(await secrets())) {
        for (const form of [
          value,
          Buffer.from(value).toString("hex"),
          Buffer.from(value).toString("base64"),
        ]) {
          expect(output.includes(form.toLowerCase()), `${name} in the output`).toBe(false);
        }
      }
    },
  );
});
