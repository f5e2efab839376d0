/** Flash that fails: the firmware gets the exception, the simulator goes on. */
import { describe, expect, it } from "vitest";
import { FlashFaults } from "../../../../host-sim/sim/flash/flash-faults";
import { MemoryFlash } from "../../../../host-sim/sim/flash/memory-flash";
import { PowerDomain } from "../../../../host-sim/sim/flash/power-domain";
import { Random } from "../../../../host-sim/sim/time/random";
import { engines, runFixture } from "./rig";
import type { FlashFaultKind } from "../../../../host-sim/sim/flash/flash-faults";

describe.each(engines)("on %s", (_name, open) => {
  it.each<[FlashFaultKind, RegExp]>([
    ["refuse-read", /^nothing \| nothing \| Error: read failed 00000000$/],
    ["refuse-write", /^nothing \| Error: write failed \| nothing ffffffff$/],
    ["late-write", /^nothing \| Error: write failed \| nothing 01020301$/],
    ["late-erase", /^Error: erase failed \| nothing \| nothing 01020301$/],
    ["refuse-erase", /^Error: erase failed \| nothing \| nothing 01020301$/],
    ["lose-write", /^nothing \| nothing \| nothing ffffffff$/],
    ["half-write", /^nothing \| nothing \| nothing (?!01020301)[0-9a-f]{8}$/],
    ["lose-erase", /^nothing \| nothing \| nothing 01020301$/],
    ["flip-read", /^nothing \| nothing \| nothing (?!01020301)[0-9a-f]{8}$/],
  ])("%s, in one block of three", async (kind, form) => {
    const power = new PowerDomain();
    const faults = new FlashFaults(new Random(7));
    faults.set(kind, 1, { blocks: [1] });
    const flash = new MemoryFlash({ size: 12_288, power, random: new Random(7), faults });
    const engine = open();
    const options = { flash: new Map([["journal", flash]]) };
    const rig = await runFixture(engine, { program: "failingFlash" }, 10, () => {}, options);
    await engine.close();
    expect(rig.restarts).toEqual([]);
    const lines = rig.log.map((line) => line.slice(line.indexOf(" ") + 1));
    expect(lines[0]).toBe("nothing | nothing | nothing 01020300");
    expect(lines[1]).toMatch(form);
    expect(lines[2]).toBe("nothing | nothing | nothing 01020302");
    expect(Object.keys(faults.struck)).toEqual([kind]);
  });
});
