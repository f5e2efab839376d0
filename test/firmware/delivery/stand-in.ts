/** The stand-in's cloud in the place of the tests' own EnOS, for an agent with the example's application. */
import { DemoApplication } from "../../../firmware/application";
import { demoPeer } from "../../host-sim/cloud/harness";
import { AgentRig } from "../device/rig";
import { FakeEnos } from "../enos/fake-enos";
import type { AgentOptions } from "../../../firmware/device/agent";
import type { Rig } from "../../host-sim/cloud/harness";

class StandIn extends FakeEnos {
  readonly #cloud: Rig;
  now = (): number => 0;

  constructor(cloud: Rig) {
    super();
    this.#cloud = cloud;
  }

  override receive(datagram: Uint8Array): Uint8Array | undefined {
    // Its own answer is put aside; it notes what it has seen.
    super.receive(datagram);
    return this.#cloud.exchange(datagram, this.now(), demoPeer);
  }
}

/** An agent whose server is this cloud. */
export function agentOf(cloud: Rig, options: Partial<AgentOptions>): AgentRig {
  const server = new StandIn(cloud);
  const application = new DemoApplication({ random: () => 0.5, rssi: () => -80, now: () => 0 });
  const start = application.start.bind(application);
  application.start = (device, boot) => {
    rig.device = device;
    start(device, boot);
  };
  const rig = new AgentRig({ application, ...options }, server);
  server.now = () => rig.now;
  return rig;
}
