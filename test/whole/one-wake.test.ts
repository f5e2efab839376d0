/**
 * A board that sleeps deeply wakes once for each reading: ready when it is due, it speaks to the cloud in the same wake
 * where that is due too, leaves the modem alone where it is not, and sleeps again as soon as all is done.
 */
import { describe, expect, test } from "vitest";
import { World } from "../../host-sim/sim/world/world";
import { density } from "../density";
import { toldBy } from "./told";
import type { WorldEvent } from "../../host-sim/sim/world/world";

const hour = 3_600_000;

/** What one wake was spent with; times are ms of the world. */
interface Wake {
  readonly awake: number;
  asleep: number;
  taken: number[];
  acknowledged: number[];
  /** Bytes on the modem's wire, and what its lines were made to do. */
  modem: number;
  /** How long its processor computed. */
  computed: number;
}

/** The wakes of a run, without the start from power-on and those of the hours that the board had to learn in. */
async function wakesOf(modem: string, batch: number, hours: number): Promise<Wake[]> {
  const wakes: Wake[] = [];
  let wake: Wake | undefined;
  const hear = (event: WorldEvent): void => {
    if (event.source === "board" && event.what === "awake")
      wakes.push(
        (wake = { awake: event.time, asleep: NaN, taken: [], acknowledged: [], modem: 0, computed: 0 }),
      );
    if (wake === undefined) return;
    if (event.source === "board" && event.what === "asleep") wake.asleep = event.time;
    if (event.source === "processor") wake.computed += event.ms;
    if (event.source === "at" && event.direction === "host") wake.modem += 1;
    if (event.source === "modem" && event.event.type === "psm" && event.event.state === "exit")
      if (event.event.reason !== "T3412") wake.modem += 1;
    const told = toldBy(event);
    if (told?.kind === "report taken") wake.taken.push(event.time);
    if (told?.kind === "report acknowledged") wake.acknowledged.push(event.time);
  };
  const world = await World.create({
    ...{ seed: 21, engine: "node", edition: "token", coverage: 0, loss: 0, modem, powerKey: true },
    ...{ interval: 900, batch, lifetime: 28_800, format: "compact", sleep: "deep" },
    settings: { startSpread: 0 },
    onEvent: hear,
  });
  try {
    await world.start();
    await world.clock.run({ until: (hours + 0.1) * hour });
  } finally {
    await world.close();
  }
  return wakes.slice(2);
}

const families = ["sim7020", "bc95", "sim7080", "bg95", "sara-n2", "bc66", "bc660k"];
const others = ["sim7000", "sara-r4", "sara-r5"];

describe.each([...families.slice(0, density(7, 4)), ...others.slice(0, density(3, 0))])(
  "with a %s",
  (modem) => {
    test.each([1, 4, 16])("one wake a reading, %d sent together", async (batch) => {
      const wakes = await wakesOf(modem, batch, density(24, batch === 16 ? 6 : 4));
      expect(wakes.length).toBeGreaterThan(12);
      let spoken = 0;
      let slow = 0;
      for (const { awake, asleep, taken, acknowledged, modem: work, computed } of wakes) {
        expect(taken).toHaveLength(1);
        // Ready when it is due: what lies between is the start's own turn, and nobody waits awake for the moment.
        expect(taken[0] - awake).toBeLessThan(200);
        const speaks = acknowledged.length > 0;
        if (speaks) spoken += 1;
        else {
          // It computes, and hardly waits for the moment at which its reading is due.
          expect(asleep - awake - computed).toBeLessThan(50);
          expect(computed).toBeLessThan(120);
        }
        // A wake that takes a reading into the journal does not touch the modem.
        expect(work > 0).toBe(speaks);
        // Behind the last answer only what lets the modem sleep is waited for, and once for quiet.
        if (speaks && asleep - acknowledged.at(-1)! > 500) slow += 1;
      }
      // A copy of the request that waits in the modem's queue is sent behind its answer, and has one of its own.
      expect(slow).toBeLessThan(2);
      expect(Math.abs(spoken - wakes.length / batch)).toBeLessThan(1);
    });
  },
);
