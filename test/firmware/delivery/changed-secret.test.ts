/** The stand-in gets another secret for the device while readings wait. */
import { expect, it } from "vitest";
import { DemoApplication } from "../../../firmware/application";
import { demoPeer, dk, pk, rig as cloudRig } from "../../host-sim/cloud/harness";
import { flashOf } from "./journal-rig";
import { AgentRig } from "../device/rig";
import { FakeEnos, keys } from "../enos/fake-enos";
import type { Rig } from "../../host-sim/cloud/harness";

const minute = 60_000;
const hour = 60 * minute;

/** The stand-in in the place of the tests' own EnOS. */
class StandIn extends FakeEnos {
  readonly #cloud: Rig;
  readonly #now: () => number;

  constructor(cloud: Rig, now: () => number) {
    super();
    this.#cloud = cloud;
    this.#now = now;
  }

  override receive(datagram: Uint8Array): Uint8Array | undefined {
    super.receive(datagram);
    return this.#cloud.exchange(datagram, this.#now(), demoPeer);
  }
}

it.each(["raw", "json"] as const)(
  "costs no reading that is sent as %s, and the log says what is wrong",
  (format) => {
    const cloud = cloudRig();
    const application = new DemoApplication({ random: () => 0.5, rssi: () => -80, now: () => 0 });
    const clock = { now: (): number => 0 };
    const rig = new AgentRig(
      { format, application, interval: 300, reports: 40, flash: flashOf(16, 1024) },
      new StandIn(cloud, () => clock.now()),
    );
    clock.now = () => rig.now;
    const replace = (deviceSecret: string): void => {
      cloud.cloud.removeDevice(pk, dk, rig.now);
      cloud.cloud.createDevice({ productKey: pk, deviceKey: dk, deviceSecret }, rig.now);
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
