/** The stand-in gets another secret for the device while readings wait. */
import { expect, it } from "vitest";
import { dk, pk, rig as cloudRig } from "../../host-sim/cloud/harness";
import { keys } from "../enos/fake-enos";
import { flashOf } from "./journal-rig";
import { agentOf } from "./stand-in";

const minute = 60_000;
const hour = 60 * minute;

it.each(["raw", "json"] as const)(
  "costs no reading that is sent as %s, and the log says what is wrong",
  (format) => {
    const cloud = cloudRig();
    const rig = agentOf(cloud, { format, interval: 300, reports: 40, flash: flashOf(16, 1024) });
    const replace = (deviceSecret: string): void => {
      cloud.cloud.devices.remove(pk, dk, rig.now);
      cloud.cloud.devices.create({ productKey: pk, deviceKey: dk, deviceSecret }, rig.now);
    };
    rig.wait(hour);
    // With eight other secrets: one in a few hundred reads something out of a signature that is not its own.
    for (let i = 0; i < 8; i++) {
      replace(`another secret ${i}`);
      rig.wait(10 * minute);
    }
    expect(rig.lines("session: not admitted").length).toBeGreaterThan(2);
    expect(rig.lines("report: refused")).toEqual([]);
    replace(keys.deviceSecret);
    rig.wait(6 * hour);
    expect(rig.agent).toMatchObject({ waiting: 0, totals: { taken: 40, acknowledged: 40, refused: 0 } });
  },
);
