/**
 * The power fails in operations of flash of an update, in its whole world: of the boot loader's, the journal's, what is
 * staged and what is put together. Each run fails in every 1,500th, from another one on: a chunk that makes 256 KiB takes 1,088
 * of them, and is begun anew when the power fails in it.
 */
import { expect, test } from "vitest";
import { cutUpdate } from "../../../../host-sim/tools/update/power-cuts";
import { density } from "../../../density";
import type { DeviceOptions } from "../../../../host-sim/sim/world/device-options";

const device: DeviceOptions = {
  ...{ seed: 5, engine: "node", edition: "token", coverage: 0, interval: 900, format: "raw", powerKey: true },
};
const apart = 1_500;
/** In `npm run test:long` each 100th first operation, in `npm test` two of them; all: `npm run bench -- --only update --cuts 20000`. */
const many = 100;
const some = [1, 755];

test("the power may fail in an operation of an update, whichever it is", async () => {
  const firsts = density(
    Array.from({ length: Math.ceil(apart / many) }, (_, index) => index * many),
    some,
  );
  let cuts = 0;
  for (const first of firsts) {
    let isFirst = true;
    const next = (): number => {
      const gap = isFirst ? first + 1 : apart;
      isFirst = false;
      return gap;
    };
    const result = await cutUpdate({ ...device, seed: first }, next);
    const { operations, runs, bricks, strangers, readings } = result;
    expect({ first, runs, bricks, strangers }).toEqual({ first, runs: "0.3.0", bricks: 0, strangers: 0 });
    expect({ first, ...readings }).toMatchObject({ first, lost: 0, doubled: 0 });
    expect(result.cuts).toBeGreaterThan(operations / apart - 2);
    cuts += result.cuts;
  }
  expect(cuts).toBeGreaterThanOrEqual(2 * firsts.length);
}, 600_000);

test("when it fails in nearly every operation, one after another, the update comes to its end all the same", async () => {
  // Of the next 30 starts none gets further than 40 operations; then it may go on.
  let left = 30;
  const result = await cutUpdate(device, () => {
    left -= 1;
    return left < 0 ? undefined : 1 + ((left * 7) % 40);
  });
  expect(result).toMatchObject({ cuts: 30, runs: "0.3.0", bricks: 0, strangers: 0 });
  expect(result.readings).toMatchObject({ lost: 0, doubled: 0 });
});
