/**
 * The whole way of a reading in one virtual world:
 *
 *    firmware in its engine == serial == SIM7020 == NB-IoT cell == EnOS stand-in
 *
 * Everything that happens comes out as one stream of events in order of time. The same options give
 * the same events and the same bytes.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Board } from "../board/board";
import { bundleFirmware } from "../board/bundle";
import { NodeEngine } from "../board/node-engine";
import { projectRoot } from "../board/project";
import { EnosCloud } from "../cloud/cloud";
import { loadScriptEngine } from "../cloud/script-engine";
import { Sim7020 } from "../modem/sim7020";
import { Uart } from "../modem/uart";
import { NbIotCell } from "../radio/link";
import { XsEngine } from "../xs/xs-engine";
import { VirtualClock } from "./clock";
import { demoDevice } from "./demo-device";
import { Random } from "./random";
import { Tally } from "./tally";
import type { ScheduledEvent } from "./clock";
import type { CloudEvent, DeviceView } from "../cloud/cloud";
import type { ProductRecord } from "../cloud/product";
import type { Edition } from "../cloud/registry";
import type { ModemEvent } from "../modem/modem-event";
import type { Coverage, DatagramReport } from "../radio/link";

export interface SimulationOptions {
  readonly seed: number | string;
  readonly engine: "node" | "xs";
  /** Which edition of the protocol the cloud speaks. */
  readonly edition: Edition;
  readonly coverage: Coverage;
  /** Loss each way, 0 to 1; the coverage level's when left out. */
  readonly loss?: number;
  /** Readings that the device takes. */
  readonly reports: number;
  /** Seconds between them. */
  readonly interval: number;
  readonly format: "raw" | "compact" | "json" | "alternate";
  /** Readings that the device waits for until it sends them (default 1). */
  readonly batch?: number;
  /** Seconds of silence after which the cloud ends the session (default 3600). */
  readonly lifetime?: number;
  /** The board's power key is wired to the modem, so that PSM can be left at will. */
  readonly powerKey: boolean;
  /** Whether the operator of the cloud sends a command. */
  readonly command: boolean;
  readonly onEvent?: (event: WorldEvent) => void;
}

/** Something that happened, with its virtual time in ms. */
export type WorldEvent = { readonly time: number } & (
  | { readonly source: "device"; readonly text: string }
  | { readonly source: "at"; readonly direction: "host" | "modem"; readonly text: string }
  | { readonly source: "modem"; readonly event: ModemEvent }
  | {
      readonly source: "air";
      readonly report: DatagramReport;
      /** A retransmission. */
      readonly again: boolean;
    }
  | { readonly source: "cloud"; readonly event: CloudEvent }
);

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

/** How a run went. */
export interface SimulationResult {
  readonly seed: number | string;
  readonly engine: "node" | "xs";
  /** What the device found the cloud to speak; undefined when it never got online. */
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
  readonly device: DeviceView;
  /** Per report, XS engine only. */
  readonly costs: readonly ReportCost[];
}

/** Where the demo's cloud can be reached inside the simulation (RFC 5737 documentation address). */
const server = { address: "203.0.113.5", port: 5683 };
/** The GPIO that the simulated board has wired to PWRKEY. */
const powerKeyPin = 5;
/** Wall clock at virtual time zero. */
export const epoch = Date.UTC(2026, 0, 1);
/** Virtual time that a run may take beyond its reports before it counts as stuck, ms. */
const patience = 2 * 86_400_000;
/** After the last acknowledgement the modem has this long to fall asleep, ms. */
const windDown = 60_000;

/** A world with one device in it. */
export class Simulation {
  readonly clock = new VirtualClock();
  readonly #options: SimulationOptions;
  readonly #tally = new Tally();

  constructor(options: SimulationOptions) {
    this.#options = options;
  }

  /**
   * Runs until every reading is settled and the modem sleeps, or nothing more can come.
   *
   * @throws EngineMissing when the XS engine is not installed
   */
  async run(): Promise<SimulationResult> {
    const { seed, reports, interval, powerKey, format, batch, lifetime, coverage, loss, edition } = this.#options;
    const clock = this.clock;
    const random = new Random(seed);
    const tally = this.#tally;
    const keys = random.fork("keys");
    const device = demoDevice((length) => keys.bytes(length));

    const cloudRandom = random.fork("cloud");
    const cell = new NbIotCell({
      scheduler: clock,
      random: random.fork("radio"),
      coverage,
      ...(loss === undefined ? {} : { loss }),
      onDatagram: (report) => {
        const again = tally.datagram(report);
        this.#emit({ time: report.time, source: "air", report, again });
      },
    });
    const scriptEngine = await loadScriptEngine();
    const cloud = new EnosCloud({
      transmit: (datagram, peer) => cell.sendDownlink(datagram, peer),
      randomBytes: (length) => cloudRandom.bytes(length),
      edition,
      iv: "zero",
      devices: [device],
      scriptEngine,
      // Commands go out as the device's readings come in: in bytes, unless all is JSON.
      products: [demoProduct(device.productKey, format === "json" ? "json" : "raw")],
      // An operator who knows how seldom the device speaks gives a command that long.
      limits: { commandTimeout: Math.max(3_600_000, 8_000 * interval) },
      onEvent: (event) => {
        this.#emit({ time: clock.now, source: "cloud", event });
        if (event.type === "stored" || event.type === "authenticated") offerCommand();
      },
    });
    /** Wakes the cloud when a lifetime lapses or a command times out. */
    let cloudTimer: ScheduledEvent | undefined;
    // The cloud's clock is the world's: devices tell it when they measured in epoch ms.
    const cloudNow = (): number => epoch + clock.now;
    const watchCloud = (): void => {
      clock.cancel(cloudTimer);
      if (cloud.deadline === Infinity) return;
      // To the whole ms: the sum with the epoch has fewer digits left than the difference.
      cloudTimer = clock.at(Math.max(clock.now, Math.ceil(cloud.deadline - epoch)), () => {
        cloud.poll(cloudNow());
        watchCloud();
      });
    };
    cell.onUplink = (datagram, peer) => {
      cloud.receive(datagram, peer, cloudNow());
      watchCloud();
    };

    // The operator sends the command once a few readings are in, so that it meets a device at work.
    const before = Math.min(3, reports - 1);
    let commanded = false;
    const offerCommand = (): void => {
      if (!this.#options.command || commanded) return;
      if (cloud.readings(device.productKey, device.deviceKey).length < before) return;
      commanded = true;
      clock.after(0, () => {
        const command = { kind: "set", points: { relay: 1 } } as const;
        cloud.sendCommand(device.productKey, device.deviceKey, command, cloudNow());
      });
    };

    const quirks = random.fork("quirks");
    const uart = new Uart({ scheduler: clock, baud: 115_200 });
    const modem = new Sim7020({
      scheduler: clock,
      random: random.fork("modem"),
      port: uart.modem,
      network: cell.admit(),
      imei: device.deviceKey,
      epoch,
      // No two firmwares of this modem behave alike: these are harmless, and a driver has to bear them.
      quirks: {
        urcInsideResponse: quirks.chance(0.5),
        junkAtWake: quirks.chance(0.5),
        ceregRoutingArea: quirks.chance(0.5),
      },
      onEvent: (event) => {
        tally.modem(event);
        this.#emit({ time: event.time, source: "modem", event });
      },
      onLine: (direction, text) => this.#emit({ time: clock.now, source: "at", direction, text }),
    });

    const engine = this.#options.engine === "xs" ? new XsEngine() : new NodeEngine();
    const costs: ReportCost[] = [];
    let spent = 0;
    let stopped: string | undefined;
    try {
      await engine.evaluate(await bundleFirmware());
      const board = new Board({
        engine,
        scheduler: clock,
        seed: `${seed}/board`,
        epoch,
        config: {
          server: server.address,
          port: server.port,
          apn: "iot.example",
          interval,
          reports,
          payload: format,
          ...(batch === undefined ? {} : { batch }),
          ...(lifetime === undefined ? {} : { lifetime }),
          ...(powerKey ? { powerKey: powerKeyPin } : {}),
        },
        // Where provisioning puts the keys on a board.
        keyValue: new Map([
          [
            "enos",
            new Map([
              ["productKey", device.productKey],
              ["deviceKey", device.deviceKey],
              ["deviceSecret", device.deviceSecret],
            ]),
          ],
        ]),
        serial: uart.board,
        onTrace: (text) => {
          for (const line of text.split("\n")) if (line !== "") onTrace(line);
        },
        onPin: (pin, level) => {
          if (pin === powerKeyPin) modem.setPowerKey(level === 0);
        },
        onRestart: ({ reason, text }) => {
          stopped = `the board stopped (${reason}): ${text}`;
        },
      });
      const onTrace = (line: string): void => {
        tally.device(line, clock.now);
        this.#emit({ time: clock.now, source: "device", text: line });
        // Something must happen once the modem has had its time, so that the end is noticed.
        if (tally.finished >= reports) clock.at(tally.finishedAt + windDown + 1, () => {});
        if (engine instanceof XsEngine && line.startsWith("agent: idle")) {
          clock.after(0, async () => {
            const { compute } = engine.usage();
            costs.push({ compute: compute - spent, liveSlots: await engine.liveSlots() });
            spent = compute;
          });
        }
      };
      uart.board.onReceive = (bytes) => board.serialReceive(bytes);
      uart.board.onWritable = (free) => board.serialWritable(free);
      await board.start();

      const limit = reports * interval * 2_000 + patience;
      const settled = (): boolean =>
        stopped !== undefined ||
        (tally.finished >= reports && (modem.state === "psm" || clock.now - tally.finishedAt > windDown));
      await clock.run({ until: limit, stop: settled });
      tally.close(clock.now);
      const view = cloud.device(device.productKey, device.deviceKey)!;
      const sent = cloud.commands(device.productKey, device.deviceKey);
      const result = {
        seed,
        engine: this.#options.engine,
        edition: tally.edition as Edition | undefined,
        reports: {
          asked: reports,
          acknowledged: tally.acknowledged,
          stored: view.counters.stored,
          repeated: view.counters.duplicates,
          lost: tally.lost,
        },
        commands: {
          sent: sent.length,
          executed: tally.executed,
          answered: sent.filter((command) => command.status === "answered").length,
        },
        datagrams: tally.datagrams,
        virtualTime: clock.now,
        asleep: tally.asleep,
        device: view,
        costs,
      };
      const shortfall = stopped ?? shortfallOf(result, this.#options.command);
      return {
        ...result,
        complete: shortfall === undefined,
        ...(shortfall === undefined ? {} : { shortfall }),
      };
    } finally {
      await engine.close();
    }
  }

  #emit(event: WorldEvent): void {
    this.#options.onEvent?.(event);
  }
}

/** The product in firmware/product, as an operator registers it: its thing model and its parsing script. */
export function demoProduct(productKey: string, payload: "raw" | "json"): ProductRecord {
  const read = (file: string): string => readFileSync(join(projectRoot(), "firmware/product", file), "utf8");
  const model: unknown = JSON.parse(read("model.json"));
  return { productKey, name: "demo", payload, model, script: read("parsing-script.js") };
}

/** What is missing to a complete run, in words; undefined when nothing is. */
function shortfallOf(
  result: Omit<SimulationResult, "complete">,
  command: boolean,
): string | undefined {
  const { reports, commands } = result;
  if (reports.acknowledged < reports.asked)
    return `${reports.asked - reports.acknowledged} readings not acknowledged`;
  if (reports.stored !== reports.asked)
    return `the cloud stored ${reports.stored} readings of ${reports.asked}`;
  if (command && commands.answered < 1) return "the command was not answered before the device fell silent";
  if (command && commands.executed !== 1) return `the command was executed ${commands.executed} times`;
  return undefined;
}
