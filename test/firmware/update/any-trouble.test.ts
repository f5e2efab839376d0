/**
 * Updates in whatever trouble: the power fails in the middle of an operation of the flash, the chip panics, the network goes,
 * the cloud is silent or has lost the session, and the new firmware may be no good. In the end the right firmware runs, the
 * cloud knows, and it has each reading once.
 */
import { describe, expect, it } from "vitest";
import { Random } from "../../../host-sim/sim/time/random";
import { density } from "../../density";
import { changedImage, smallImage } from "./small-package";
import { Maker, UpdatingDevice, packageOf } from "./updating-device";
import type { Behaviour } from "./updating-device";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const maker = new Maker();
const base = smallImage("base", 40_000);
const image = changedImage(base, "new", 500);
const files = [
  packageOf({ maker, image, base: new Uint8Array(0) }),
  packageOf({ maker, image, base, perChunk: 4_096 }),
];

interface Outcome {
  readonly device: UpdatingDevice;
  readonly behaviour: Behaviour;
  /** Troubles of the new firmware on trial that count against it. */
  readonly panics: number;
}

function outcomeOf(seed: number): Outcome {
  const random = new Random(`trouble ${seed}`);
  const pick = <T>(all: readonly T[]): T => all[random.u32() % all.length];
  const behaviour = pick<Behaviour>(["good", "good", "good", "crashes", "mute", "deaf", "bad settings"]);
  const device = new UpdatingDevice({
    ...{ maker, image: base, seed },
    sleepsDeeply: random.chance(0.4),
    settings: pick<Record<string, unknown>>([
      {},
      { updateBlocks: 7 },
      { updateBytes: 9_000 },
      { updateHours: "20-9" },
    ]),
  });
  device.knows(image, "0.3.0", behaviour);
  device.wait(2 * minute);
  device.order(pick(files));
  let panics = 0;
  const troubles = random.u32() % 14;
  for (let i = 0; i < troubles; i++) {
    device.wait(pick([5_000, minute, 10 * minute, hour]) * (0.2 + random.next()));
    switch (random.u32() % 6) {
      case 0:
        device.rig.power.cutAt = device.rig.power.operations + 1 + (random.u32() % 40);
        break;
      case 1:
        if (device.version === "0.3.0") panics += 1;
        device.crash(pick(["panic", "watchdog"]));
        break;
      case 2: {
        const until = device.now + random.next() * 10 * hour;
        device.dead = () => device.now < until;
        break;
      }
      case 3:
        device.silent = true;
        device.wait(random.next() * hour);
        device.silent = false;
        break;
      case 4:
        device.peer = { address: `10.0.0.${random.u32() % 250}`, port: 1_000 + (random.u32() % 9_000) };
        break;
      case 5:
        device.cloud.cloud.devices.forgetSession("MuGsF6W4", "861234567890123", device.now);
    }
  }
  device.until(() => ["succeeded", "failed"].includes(device.task.status), 7 * day);
  device.until(() => device.agent.agent.waiting === 0, day);
  return { device, behaviour, panics };
}

describe("an update in whatever trouble", () => {
  it.each(Array.from({ length: density(400, 24) }, (_, i) => i))("seed %i", (seed) => {
    const { device, behaviour, panics } = outcomeOf(seed);
    const { status, desc } = device.task;
    const about = `${behaviour}, ${panics} panics on trial, ${status}: ${desc}\n${device.log.slice(-30).join("\n")}`;
    if (behaviour !== "good") expect(status, about).toBe("failed");
    else if (panics < 3) expect(status, about).toBe("succeeded");
    expect(device.version, about).toBe(status === "succeeded" ? "0.3.0" : "0.2.0");
    expect(device.agent.agent.waiting, about).toBe(0);
    const of = (what: string): Set<string> =>
      new Set(device.lines(`report: ${what}`).map((line) => / id=(\d+)/.exec(line)![1]));
    const acknowledged = of("acknowledged");
    for (const id of of("taken")) expect(acknowledged.has(id), `reading ${id}, ${about}`).toBe(true);
    expect(device.readings, about).toBe(of("taken").size);
  });
});
