/**
 * What happens to a fleet in each scenario. Who is struck hangs on the seed and the device's number or its cell's, so that
 * a shard's devices fare as they would in the whole.
 *
 *     blackout     at the scenario's hour the power fails everywhere and comes back ten minutes later, in the same instant
 *     cell-moves   every fourth cell goes down for twenty minutes; when it is back its NAT has forgotten everybody
 *     growth       a tenth of the devices is there from the start, the others get their power over the whole time
 *     bad-update   a firmware that panics each five minutes comes onto 1 % of the devices, an hour later onto 10 %, then
 *                  onto all, and is taken back an hour after that
 *     commands     the operator invokes a service on each device within a minute; EnOS keeps a command for a device that is
 *                  offline or silent, here for two days at most
 *     scan         within a minute somebody sends a datagram to each public address and port behind which there is a
 *                  device, as who looks for open ports does: whoever is in reach is called for it
 */
import { Random } from "../../sim/time/random";
import type { Fleet } from "../../sim/fleet/fleet";
import type { FleetPlan } from "./plan";

const minute = 60_000;
const hour = 3_600_000;
const blackout = 10 * minute;
const cellDown = 20 * minute;
const movesEach = 4;
const grownAtStart = 0.1;
const panicEvery = 5 * minute;
const commandsWithin = minute;
/** A service without consequences, and what EnOS may keep it at most. */
const service = {
  kind: "service",
  service: "calibrate",
  inputs: { reference: { temperature: 20 } },
} as const;
const pendingTtl = 48 * hour;
const scanWithin = minute;
/** What scanners ask of CoAP's port, `GET /.well-known/core` (RFC 7252 section 7), from an address of RFC 5737. */
const probe = Uint8Array.from([
  ...[0x40, 0x01, 0x01, 0xce, 0xbb],
  ...new TextEncoder().encode(".well-known"),
  0x04,
  ...new TextEncoder().encode("core"),
]);
const scanner = { address: "198.51.100.7", port: 41_000 };
const stages = [0.01, 0.1, 1] as const;

/** Puts the scenario into the fleet's time, and gives the devices their power. @param first number of its first device */
export function begin(plan: FleetPlan, fleet: Fleet, first: number): void {
  const { clock, devices, cells } = fleet;
  const at = plan.scenarioAt * hour;
  const chance = (what: string, number: number): number =>
    new Random(`${plan.seed}/${what}/${number}`).next();
  devices.forEach((device, i) => {
    const number = first + i;
    const grows = plan.scenario === "growth" && chance("grown", number) >= grownAtStart;
    const spread = grows ? plan.hours * hour : plan.powerSpread;
    clock.after(chance("power", number) * spread, () => device.powerOn());
  });
  switch (plan.scenario) {
    case "blackout":
      clock.at(at, () => devices.forEach((device) => device.cutPower(blackout)));
      return;
    case "cell-moves":
      cells.forEach((cell, i) => {
        if ((Math.floor(first / plan.devicesPerCell) + i) % movesEach !== 0) return;
        clock.at(at, () => cell.levels.forEach((level) => (level.outage = true)));
        clock.at(at + cellDown, () => {
          for (const level of cell.levels) {
            level.rebindNat();
            level.outage = false;
          }
        });
      });
      return;
    case "commands":
      devices.forEach((_, i) => {
        const number = first + i;
        clock.at(at + chance("command", number) * commandsWithin, () =>
          fleet.command(number, service, pendingTtl),
        );
      });
      return;
    case "scan":
      cells.forEach((cell, i) => {
        const random = new Random(`${plan.seed}/scan/${Math.floor(first / plan.devicesPerCell) + i}`);
        clock.at(at, () => {
          for (const level of cell.levels) {
            for (const device of level.publicEndpoints) {
              clock.after(random.next() * scanWithin, () => level.injectDownlink(probe, device, scanner));
            }
          }
        });
      });
      return;
    case "bad-update":
      devices.forEach((device, i) => {
        const drawn = chance("update", first + i);
        const stage = stages.findIndex((share) => drawn < share);
        const ends = at + stages.length * hour;
        for (let time = at + stage * hour; time < ends; time += panicEvery) {
          clock.at(time + chance("panic", first + i) * panicEvery, () => device.panic());
        }
      });
      return;
  }
}
