/** When a registration searches by itself, and when it must not. */
import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../../../host-sim/sim/time/clock";
import { Random } from "../../../../host-sim/sim/time/random";
import { NbIotCell } from "../../../../host-sim/sim/radio/link";
import { Registration } from "../../../../host-sim/sim/modem/registration";

function makeRegistration() {
  const clock = new VirtualClock();
  const random = new Random(1);
  const cell = new NbIotCell({ scheduler: clock, random: random.fork("cell"), coverage: 0, loss: 0 });
  const stats: number[] = [];
  const registration: Registration = new Registration({
    scheduler: clock,
    random: random.fork("denial"),
    network: cell.admit(),
    psmRequest: () => undefined,
    onChange: () => void stats.push(registration.stat),
  });
  const pass = (ms: number) => clock.run({ until: clock.now + ms });
  return { cell, registration, stats, pass };
}

describe("a search", () => {
  it("begun twice ends once, and is not given up afterwards", async () => {
    const { registration, stats, pass } = makeRegistration();
    registration.search();
    await pass(2_000);
    registration.search();
    await pass(3_600_000);
    expect(stats).toEqual([2, 2, 1]);
  });

  it("tells of missing coverage once, and goes on", async () => {
    const { cell, registration, stats, pass } = makeRegistration();
    cell.outage = true;
    registration.search();
    await pass(3_600_000);
    expect(stats).toEqual([2, 4]);
    cell.outage = false;
    await pass(61_000);
    expect(stats).toEqual([2, 4, 1]);
  });
});

describe("stop", () => {
  it.each([
    ["searching", undefined, true, 60_000],
    ["denied", 15, false, 70_000],
  ])("while %s is the end of it", async (_name, denial, outage, after) => {
    const { cell, registration, stats, pass } = makeRegistration();
    cell.denial = denial;
    cell.outage = outage;
    registration.search();
    await pass(after);
    registration.stop();
    const before = stats.length;
    cell.denial = undefined;
    cell.outage = false;
    await pass(24 * 3_600_000);
    expect([registration.stat, stats.slice(before)]).toEqual([0, []]);
  });
});

it("an update without a cell changes nothing", async () => {
  const { cell, registration, stats, pass } = makeRegistration();
  registration.search();
  await pass(60_000);
  cell.outage = true;
  const { grant } = registration;
  registration.update();
  expect([registration.grant, stats]).toEqual([grant, [2, 1]]);
});
