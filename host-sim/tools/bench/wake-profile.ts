/**
 * Where the steps of a wake from deep sleep go, on XS: by room, module and function. What the instruments themselves
 * take is measured first and taken off; as it differs by a few steps from one function to the next, the sum is the
 * bench's within some percent, and the bench's is the figure.
 */
import { join } from "node:path";
import { projectRoot } from "../../project";
import { bundleFirmware } from "../../sim/board/bundle";
import { World } from "../../sim/world/world";
import { instrument } from "./instrument";
import { wakeConditions } from "./wake";

const hour = 3_600_000;

/** One function's part in a wake, means over the wakes measured. */
interface FunctionCost {
  readonly module: string;
  readonly name: string;
  /** Steps in its own body, those of XS's built-ins that it calls included. */
  readonly own: number;
  /** Those and the steps of what it calls, without the simulated board's. */
  readonly whole: number;
  readonly calls: number;
}

/** The functions that ran in a wake. */
export interface WakeProfile {
  readonly wakes: number;
  readonly functions: readonly FunctionCost[];
}

/**
 * Measures.
 *
 * @param wakes how many to take the mean of
 * @throws EngineMissing when XS is not installed
 */
export async function profileWake(wakes: number): Promise<WakeProfile> {
  const entry = join(projectRoot(), "host-sim/tools/bench/wake-profile-guest.ts");
  const { source, functions } = instrument(await bundleFirmware({ entry }));
  const sums = functions.map(() => ({ own: 0, whole: 0, calls: 0 }));
  let told = 0;
  const world = await World.create({
    ...wakeConditions,
    firmware: `"use strict"; (() => { ${meter(functions)} ${source} })();`,
    onEvent: (event) => {
      const [, counts] = event.source === "device" ? (/^profile: (.*)$/.exec(event.text) ?? []) : [];
      // The first is the board's first start, which walks over the journal.
      if (counts === undefined || told++ === 0 || told > wakes + 1) return;
      for (const each of counts.split(" ")) {
        const [index, own, whole, calls] = each.split(",").map(Number);
        const sum = sums[index];
        // Behind the last function stands what no function of the bundle did.
        if (sum === undefined) continue;
        sum.own += own;
        sum.whole += whole;
        sum.calls += calls;
      }
    },
  });
  try {
    await world.start();
    await world.clock.run({ until: (wakes + 2) * hour, stop: () => told > wakes });
  } finally {
    await world.close();
  }
  if (told <= wakes) throw new Error(`${Math.max(0, told - 1)} wakes of ${wakes} were measured`);
  return {
    wakes,
    functions: functions.flatMap(({ module, name }, index) => {
      const { own, whole, calls } = sums[index];
      if (calls === 0) return [];
      return [{ module, name, own: own / wakes, whole: whole / wakes, calls: calls / wakes }];
    }),
  };
}

/** Steps of a wake by a function's room or module; the simulated board's modules, which are native, have none. */
export function sumBy(
  { functions }: WakeProfile,
  name: (module: string) => string,
): { readonly name: string; readonly own: number }[] {
  const sums = new Map<string, number>();
  for (const { module, own } of functions) {
    if (!module.startsWith("firmware/")) continue;
    sums.set(name(module), (sums.get(name(module)) ?? 0) + own);
  }
  return [...sums].map(([name, own]) => ({ name, own })).sort((a, b) => b.own - a.own);
}

/**
 * The meter, as script in front of a bundle with so many functions. What it does itself is not counted, except for
 * the steps between XS's meter and the function: `extra` a reading, which `start` measures.
 */
function meter(functions: readonly { readonly module: string }[]): string {
  const native = functions.flatMap(({ module }, index) => (module.startsWith("firmware/") ? [] : [index]));
  return `
const meter = globalThis.resetMeter;
const outside = ${functions.length};
/** 0 for what is native on a board. */
const counts = new Uint8Array(outside + 1).fill(1);
for (const index of ${JSON.stringify(native)}) counts[index] = 0;
const own = new Float64Array(outside + 1);
const whole = new Float64Array(outside + 1);
const calls = new Float64Array(outside + 1);
const active = new Uint16Array(outside + 1);
const callers = new Uint16Array(4096);
const entered = new Float64Array(4096);
let depth = 0;
let current = outside;
let total = 0;
let extra = 0;
function __in(index) {
  const count = meter(0, 0) - extra;
  total += count * counts[current];
  own[current] += count;
  callers[depth] = current;
  entered[depth] = total;
  depth += 1;
  active[index] += 1;
  calls[index] += 1;
  current = index;
  meter(0, 0);
}
function __out() {
  const count = meter(0, 0) - extra;
  total += count * counts[current];
  own[current] += count;
  depth -= 1;
  active[current] -= 1;
  if (active[current] === 0) whole[current] += total - entered[depth];
  current = callers[depth];
  meter(0, 0);
}
Math.profile = {
  start() {
    const bare = () => {};
    const instrumented = () => { __in(outside); try {} finally { __out(); } };
    const times = 100;
    const caller = current;
    current = outside;
    meter(0, 0);
    for (let i = 0; i < times; i++) bare();
    const least = meter(0, 0);
    total = 0;
    meter(0, 0);
    for (let i = 0; i < times; i++) instrumented();
    total += meter(0, 0);
    extra = (total - least) / (2 * times);
    current = caller;
    total = 0;
    own.fill(0);
    whole.fill(0);
    calls.fill(0);
    // At sleep the functions around main are still under way.
    meter(0, 0);
  },
  told() {
    let text = "";
    const stopped = total;
    for (let i = depth - 1, index = current; i >= 0; i--) {
      active[index] -= 1;
      if (active[index] === 0) whole[index] += stopped - entered[i];
      index = callers[i];
    }
    for (let i = 0; i < outside; i++) {
      if (calls[i] === 0) continue;
      if (text !== "") text += " ";
      text += i + "," + Math.round(own[i]) + "," + Math.round(whole[i]) + "," + calls[i];
    }
    return text;
  },
};`;
}
