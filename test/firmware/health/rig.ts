/** Health with a board, a log and a modem that are the test's own. */
import { LogRing } from "../../../firmware/continuity/log-ring";
import { logLine } from "../../../firmware/device/log";
import { healthOf } from "../../../firmware/health/health";
import { MemoryFlash } from "../../../host-sim/sim/flash/memory-flash";
import { PowerDomain } from "../../../host-sim/sim/flash/power-domain";
import { Random } from "../../../host-sim/sim/time/random";
import { RetainedRam } from "../continuity/retained-ram";
import { memoryStore } from "./memory-store";
import type { LogEvent } from "../../../firmware/device/log";
import type { HealthReport, HealthTold } from "../../../firmware/device/optional-parts";
import type { FlashFaults } from "../../../host-sim/sim/flash/flash-faults";
import type { Cell } from "../../../firmware/modem/family/family";

/** What outlives a start. */
export class HealthBoard {
  readonly ram = new RetainedRam();
  readonly store = memoryStore();
  readonly power = new PowerDomain();
  readonly flash: MemoryFlash | undefined;

  constructor(hasFlash = true, faults?: FlashFaults) {
    if (!hasFlash) return;
    const random = new Random("health");
    this.flash = new MemoryFlash({ size: 8_192, power: this.power, random, faults });
  }

  start(reason = "power-on", options: Partial<StartOptions> = {}): HealthRig {
    return new HealthRig(this, reason, options);
  }
}

export interface StartOptions {
  readonly now: number;
  readonly config: Record<string, unknown>;
  readonly freeHeap: number;
  readonly battery: (() => unknown) | undefined;
}

export class HealthRig {
  now: number;
  readonly health: HealthReport;
  readonly ring: LogRing;
  readonly lines: string[] = [];
  readonly modem = {
    cell: undefined as Cell | undefined,
    granted: { t3324: 2 } as { t3324?: number },
    asked: 0,
    readCell() {
      this.asked += 1;
      return this.cell;
    },
  };
  signs = { retransmissions: 0, waiting: 0, erases: 3, resets: [0, 0, 0, 0, 0, 0] };

  constructor(board: HealthBoard, reason: string, options: Partial<StartOptions>) {
    const { now = 0, config = {}, freeHeap = 50_000, battery } = options;
    this.now = now;
    const retained = board.ram.start(reason);
    this.ring = new LogRing(retained);
    const making = healthOf({ openLog: () => board.flash, leastFreeHeap: () => freeHeap });
    this.health = making({
      ...{ config, store: board.store, retained, ring: this.ring, startReason: reason, version: "0.3.0" },
      ...{ modem: this.modem, now: () => this.now, log: (event) => this.log(event) },
    });
    this.health.begin({
      retransmissions: () => this.signs.retransmissions,
      waiting: () => this.signs.waiting,
      erases: () => this.signs.erases,
      resets: () => this.signs.resets,
      battery,
    });
  }

  /** As main.ts has it: the line is in the ring when health hears of it. */
  log(event: LogEvent): void {
    const line = logLine(event);
    this.lines.push(line);
    this.ring.append(line, this.now);
    this.health.hear(event);
  }

  /** A turn of the agent in which a reading is taken, or none. */
  turn(isTaking = false, isModemAwake = false): HealthTold | undefined {
    if (!this.health.poll(isModemAwake, isTaking, this.now)) return undefined;
    return this.health.tell(isTaking, this.now);
  }

  /** Readings every 15 minutes for so long; what was told. */
  run(ms: number, every = 900_000): HealthTold[] {
    const told: HealthTold[] = [];
    for (const end = this.now + ms; this.now < end; this.now += every) {
      const now = this.turn(true);
      if (now !== undefined) told.push(now);
      this.health.rested(this.now);
    }
    return told;
  }
}

/** The readings of what was told. */
export const readingsOf = (told: readonly (HealthTold | undefined)[]): Record<string, unknown>[] =>
  told.flatMap((each) => (each === undefined ? [] : [...each.readings])) as Record<string, unknown>[];
