/**
 * One script in a world of its own: hours with faults, then a time without, then the verdict.
 */
import { World } from "../../sim/world/world";
import { Injector } from "./inject";
import { Ledger } from "./ledger";
import { judge, mostEvents, recoveryHours } from "./verdict";
import type { DeviceOptions } from "../../sim/world/device-options";
import type { WorldEvent } from "../../sim/world/world";
import type { Fault, Script } from "./script";
import type { Account, Violation } from "./verdict";

/** All else that a device is set to is in the script. */
export interface TrialOptions extends Pick<DeviceOptions, "engine"> {
  /** Every event, in order. */
  readonly onEvent?: (event: WorldEvent) => void;
  /** A fault of the script strikes. */
  readonly onFault?: (fault: Fault, time: number) => void;
  /** Changes or withholds what the books get to see: a test plants a violation with it. */
  readonly tamper?: (event: WorldEvent) => WorldEvent | undefined;
}

/** How a trial went. Only what the script decides: a second run gives the same. */
export interface TrialResult {
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly readings: number;
  readonly delivered: number;
  /** Readings that are lost for a reason that the script explains, by that. */
  readonly losses: Readonly<Record<string, number>>;
  /** By the firmware's own supervisor. */
  readonly restarts: number;
  readonly powerCuts: number;
  readonly datagrams: number;
  readonly faults: Readonly<Record<string, number>>;
  /** Virtual ms. */
  readonly virtualTime: number;
  readonly worstDelay: number;
  /** Most events of the world in one hour. */
  readonly busiestHour: number;
}

const hour = 3_600_000;

/** Runs a script. Whatever goes wrong in it comes out as a violation. @throws EngineMissing */
export async function runTrial(script: Script, options: TrialOptions): Promise<TrialResult> {
  const { device, hours } = script;
  let ledger: Ledger | undefined;
  const world = await World.create({
    // Twice what lies between two contacts: it is not the faults that would end the session then.
    lifetime: Math.min(86_400, Math.max(3_600, 2 * device.batch * device.interval)),
    ...device,
    seed: `chaos ${script.seed}/world`,
    engine: options.engine,
    settings: { logValues: true },
    onEvent: (event) => {
      options.onEvent?.(event);
      const seen = options.tamper === undefined ? event : options.tamper(event);
      if (seen !== undefined) ledger?.hear(seen);
    },
  });
  const books = new Ledger(world.device.deviceSecret);
  ledger = books;
  const injector = new Injector(world, script, options.onFault);
  const end = hours * hour;
  const pulse = new Pulse();
  const online = (): boolean => {
    return world.cloud.device(world.device.productKey, world.device.deviceKey)?.state === "online";
  };
  const settled = (): boolean => {
    const { now } = world.clock;
    pulse.beat(now);
    if (pulse.racing || now < end || books.pending > 0 || books.lastAcknowledged < end) return pulse.racing;
    return online();
  };
  let crash: string | undefined;
  try {
    await world.start();
    await world.clock.run({ until: end + recoveryHours * hour, stop: settled });
  } catch (error) {
    crash = error instanceof Error ? `${error.name}: ${error.message}` : "an unknown fault";
  } finally {
    await world.close();
  }
  const account = judge(books, {
    script,
    online: online(),
    cutsInWrite: injector.cutsInWrite,
    busiestHour: pulse.busiest,
  });
  return resultOf(script, books, injector, account, crash, world.clock.now, pulse.busiest);
}

/** Counts events by the hour. */
class Pulse {
  busiest = 0;
  #hour = 0;
  #count = 0;

  /** So many that the run is not worth going on with. */
  get racing(): boolean {
    return this.#count > 2 * mostEvents;
  }

  beat(now: number): void {
    const current = Math.floor(now / hour);
    if (current !== this.#hour) {
      this.#hour = current;
      this.#count = 0;
    }
    this.#count += 1;
    if (this.#count > this.busiest) this.busiest = this.#count;
  }
}

function resultOf(
  script: Script,
  books: Ledger,
  injector: Injector,
  account: Account,
  crash: string | undefined,
  virtualTime: number,
  busiestHour: number,
): TrialResult {
  const faults: Record<string, number> = {};
  for (const { kind } of script.faults) faults[kind] = (faults[kind] ?? 0) + 1;
  const { violations, delivered, losses, worstDelay } = account;
  const all: Violation[] = crash === undefined ? violations : [{ invariant: "crash", sentence: crash }];
  return {
    seed: script.seed,
    violations: all,
    readings: books.taken.size,
    delivered,
    losses,
    restarts: books.restarts.explained.length,
    powerCuts: injector.powerCuts,
    datagrams: books.datagrams,
    faults,
    virtualTime,
    worstDelay,
    busiestHour,
  };
}
