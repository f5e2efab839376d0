/**
 * The main scenario: a device's first hours in a world of its own, from power-on to the last reading's
 * acknowledgement, with one command from the cloud on the way.
 */
import { XsEngine } from "../engine/xs-engine";
import { readLogLine, splitLogLine } from "./device-log";
import { products } from "./products";
import { Tally } from "./tally";
import { World } from "./world";
import type { DeviceView } from "../../cloud/cloud";
import type { Edition } from "../../cloud/registry/registry";
import type { DeviceOptions } from "./device-options";
import type { Pace } from "../time/clock";
import type { WorldEvent } from "./world";

export interface SimulationOptions extends DeviceOptions {
  /** Readings that the device takes. */
  readonly reports: number;
  /** ms after which the operator's NAT forgets an unused mapping; never when left out. */
  readonly natIdle?: number;
  /** Whether the operator of the cloud sends a command. */
  readonly command: boolean;
  readonly onEvent?: (event: WorldEvent) => void;
  /** What the run waits for, for whoever watches it go by. */
  readonly pace?: Pace;
  /** Why the run is to end before it is over, asked again and again. */
  readonly ended?: () => string | undefined;
}

/**
 * What the engine spent on one report: from one moment at which the device had nothing left to do to
 * the next, so waking the modem, repeated tries and a command that came back are in it.
 */
export interface ReportCost {
  /** XS's deterministic count of executed instructions. */
  readonly compute: number;
  /** Slots in use after a garbage collection, the device being idle. */
  readonly liveSlots: number;
}

/** The deep sleep of a board. */
export interface BoardSleep {
  /** Virtual ms that it spent in it. */
  readonly asleep: number;
  /** How often it fell asleep. */
  readonly sleeps: number;
}

/** How a run went. */
export interface SimulationResult {
  readonly seed: number | string;
  readonly engine: "node" | "xs";
  /** Edition of the protocol that the device found; undefined when it never got online. */
  readonly edition: Edition | undefined;
  /** True when every reading was acknowledged and is stored once, and the command was answered. */
  readonly complete: boolean;
  /** What was missing when `complete` is false. */
  readonly shortfall?: string;
  readonly reports: {
    readonly asked: number;
    readonly acknowledged: number;
    /** Different readings that the cloud has. */
    readonly stored: number;
    /** Deliveries that the cloud recognised as stored before. */
    readonly repeated: number;
    /** Readings that the device gave up or had no room for. */
    readonly lost: number;
  };
  readonly commands: { readonly sent: number; readonly executed: number; readonly answered: number };
  readonly datagrams: {
    readonly up: number;
    readonly down: number;
    readonly lostUp: number;
    readonly lostDown: number;
    readonly bytesUp: number;
    readonly bytesDown: number;
    readonly retransmissions: number;
  };
  /** Virtual ms that the run lasted, and of these how many the modem spent in PSM. */
  readonly virtualTime: number;
  readonly asleep: number;
  /** With deep sleep only. */
  readonly board?: BoardSleep;
  readonly device: DeviceView;
  /** Per report, XS engine only. */
  readonly costs: readonly ReportCost[];
}

/** Virtual time that a run may take beyond its reports before it counts as stuck, ms. */
const patience = 2 * 86_400_000;
/** What EnOS lets a command wait at most, ms. */
const longestPending = 2 * 86_400_000;
/** After the last acknowledgement the modem has this long to fall asleep, ms. */
const windDown = 60_000;

/** A world with one device in it. */
export class Simulation {
  readonly #options: SimulationOptions;
  readonly #tally = new Tally();
  readonly #costs: ReportCost[] = [];
  #world: World | undefined;
  #spent = 0;
  #stopped: string | undefined;
  /** Room of the first line of the log that the reader does not know. */
  #unreadable: string | undefined;
  #commanded = false;

  constructor(options: SimulationOptions) {
    this.#options = options;
  }

  /**
   * Runs until every reading is settled and the modem sleeps, or nothing more can come.
   *
   * @throws EngineMissing when the XS engine is not installed
   */
  async run(): Promise<SimulationResult> {
    const { seed, reports, interval } = this.#options;
    const tally = this.#tally;
    const world = await World.create({
      ...this.#options,
      // An operator who knows how seldom the device speaks gives a command that long.
      pendingTtl: Math.min(longestPending, Math.max(3_600_000, 8_000 * interval)),
      onEvent: (event) => this.#hear(event),
    });
    this.#world = world;
    const { clock, cloud, device } = world;
    try {
      await world.start();
      const limit = reports * interval * 2_000 + patience;
      const { pace, ended } = this.#options;
      const settled = (): boolean =>
        (this.#stopped ??= ended?.()) !== undefined ||
        (tally.finished >= reports &&
          ((world.modem.state === "psm" && tally.rested) || clock.now - tally.finishedAt > windDown));
      await clock.run({ until: limit, stop: settled, pace });
      tally.close(clock.now);
      const view = cloud.devices.view(device.productKey, device.deviceKey)!;
      const sent = cloud.commands.list(device.productKey, device.deviceKey);
      const result = {
        seed,
        engine: this.#options.engine,
        edition: tally.edition,
        reports: {
          asked: reports,
          acknowledged: tally.acknowledged,
          stored: tally.stored,
          repeated: tally.repeated,
          lost: tally.lost,
        },
        commands: {
          sent: sent.length,
          executed: tally.executed,
          // A reply that comes late is one: over a poor link it takes longer than EnOS waits.
          answered: sent.filter(({ answeredAt, late }) => answeredAt !== undefined || late !== undefined)
            .length,
        },
        datagrams: tally.datagrams,
        virtualTime: clock.now,
        asleep: tally.asleep,
        ...(this.#options.sleep === "deep"
          ? { board: { asleep: world.boardAsleep, sleeps: world.sleeps } }
          : {}),
        device: view,
        costs: this.#costs,
      };
      const missing = shortfallOf(result, this.#options.command);
      const unread =
        this.#unreadable === undefined
          ? undefined
          : `the room "${this.#unreadable}" of the device's log has a line that nobody can read`;
      const reasons = [missing, this.#stopped, unread].filter((reason) => reason !== undefined);
      const shortfall = reasons.length === 0 ? undefined : reasons.join("; ");
      return {
        ...result,
        complete: shortfall === undefined,
        shortfall,
      };
    } finally {
      await world.close();
    }
  }

  #hear(event: WorldEvent): void {
    const tally = this.#tally;
    switch (event.source) {
      case "air":
        return this.#emit({ ...event, again: tally.datagram(event.report) });
      case "modem":
        tally.modem(event.event);
        break;
      case "cloud":
        tally.cloud(event.event);
        this.#emit(event);
        if (event.event.type === "stored" || event.event.type === "authenticated") this.#offerCommand();
        // Lost on the way: EnOS waits a minute at most, and then it is for the operator to ask anew.
        if (event.event.type === "command-timed-out") this.#sendCommand();
        return;
      case "device":
        this.#emit(event);
        return this.#heardDevice(event.text);
      case "board":
        // The engine of the next start counts from zero.
        if (event.what === "asleep") this.#spent = 0;
        if (event.what === "restarted") this.#stopped = `the board stopped (${event.text})`;
        break;
    }
    this.#emit(event);
  }

  #heardDevice(line: string): void {
    const tally = this.#tally;
    const { clock, engine } = this.#world!;
    const told = readLogLine(line);
    // A line that cannot be read is in none of the counts, so the run must not pass for complete.
    if (told === undefined) return void (this.#unreadable ??= splitLogLine(line).room);
    tally.device(told, clock.now);
    // Something must happen once the modem has had its time, so that the end is noticed.
    if (tally.finished >= this.#options.reports) clock.at(tally.finishedAt + windDown + 1, () => {});
    if (engine instanceof XsEngine && told.kind === "agent idle") {
      clock.after(0, async () => {
        const { compute } = engine.usage();
        this.#costs.push({ compute: compute - this.#spent, liveSlots: await engine.liveSlots() });
        this.#spent = compute;
      });
    }
  }

  /** Sends the operator's command once a few readings are stored, so that the device is in regular operation. */
  #offerCommand(): void {
    if (!this.#options.command || this.#commanded) return;
    const world = this.#world!;
    const { productKey, deviceKey } = world.device;
    if (world.cloud.reported.readings(productKey, deviceKey).length < Math.min(3, this.#options.reports - 1))
      return;
    this.#commanded = true;
    this.#sendCommand();
  }

  #sendCommand(): void {
    const world = this.#world!;
    const { productKey, deviceKey } = world.device;
    world.clock.after(0, () => {
      const { command } = products[this.#options.application ?? "demo"];
      world.cloud.commands.sendAddressed(productKey, deviceKey, command, world.cloudNow);
    });
  }

  #emit(event: WorldEvent): void {
    this.#options.onEvent?.(event);
  }
}

/** What keeps the run from being complete, as a text; undefined when it is complete. */
function shortfallOf(result: Omit<SimulationResult, "complete">, command: boolean): string | undefined {
  const { reports, commands } = result;
  if (reports.acknowledged < reports.asked)
    return `${reports.asked - reports.acknowledged} readings not acknowledged`;
  if (reports.stored !== reports.asked)
    return `the cloud stored ${reports.stored} readings of ${reports.asked}`;
  if (command && commands.answered < 1) return "the command was not answered before the device fell silent";
  if (command && commands.executed > commands.sent)
    return `${commands.sent} commands were executed ${commands.executed} times`;
  return undefined;
}
