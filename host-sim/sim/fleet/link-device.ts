/**
 * A device at link depth: the firmware's own agent with session, CoAP, journal and continuity, over a link without AT
 * commands (link-modem.ts), in this process and beside thousands of others. It is put together as firmware/main.ts does
 * it on a board; nothing of the firmware is another.
 *
 * Its board has power or has not, and sleeps deeply where the settings say so: then the agent ends, as all of a board's
 * RAM does, and another one starts from flash, storage and retained memory.
 */
import { narrowband } from "../../../firmware/coap/transmission";
import { DeepSleep } from "../../../firmware/continuity/deep-sleep";
import { PersistentState } from "../../../firmware/continuity/persistent-state";
import { RetainedMemory } from "../../../firmware/continuity/retained-memory";
import { StartRecord } from "../../../firmware/continuity/start-record";
import { Agent } from "../../../firmware/device/agent";
import { Driver } from "../../../firmware/device/driver";
import { encodeEdrx } from "../../../firmware/modem/at/edrx";
import { decodeEdrx } from "../modem/edrx";
import { imsiOf } from "../modem/sim-card";
import { pagingIdentity } from "../radio/paging-occasions";
import { LinkModem, LinkSocket } from "./link-modem";
import { MemoryStore, RetainedBytes } from "./board-memory";
import { SparseFlash } from "./sparse-flash";
import type { Application } from "../../../firmware/device/application";
import type { LogEvent } from "../../../firmware/device/log";
import type { Settings } from "../../../firmware/device/settings";
import { FirmwareTimers } from "./firmware-timers";
import type { FirmwareTimer } from "./firmware-timers";
import type { Cryptography } from "../../../firmware/enos/sign";
import type { DeviceRecord } from "../../cloud/registry/registry";
import type { RadioAttachment } from "../radio/link";
import type { Random } from "../time/random";
import type { ScheduledEvent, VirtualClock } from "../time/clock";
import type { ModemEvent } from "../modem/modem-event";
import type { Paging } from "./paging";
import type { RandomAccess } from "./random-access";
import type { LinkTraits } from "./link-traits";

/** What a product's application is given. */
interface ApplicationInputs {
  readonly random: () => number;
  readonly rssi: () => number | undefined;
  readonly now: () => number;
}

/** What the board does, for a meter. */
export type BoardMoment = "power lost" | "starting" | "power on" | "asleep" | "awake";

export interface LinkDeviceOptions {
  readonly record: DeviceRecord;
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly network: RadioAttachment;
  readonly traits: LinkTraits;
  readonly access?: RandomAccess;
  readonly paging?: Paging;
  readonly airtime: (bytes: number) => number;
  readonly releaseAssistance?: boolean;
  /** As `readSettings` gives them. */
  readonly settings: Settings;
  readonly crypto: Cryptography;
  readonly application: (inputs: ApplicationInputs) => Application;
  /** Bytes of flash for the journal. */
  readonly journalSize: number;
  /** Largest datagram of the link, bytes. */
  readonly maxDatagram: number;
  /** True time at virtual zero, epoch ms. */
  readonly epoch: number;
  /** ms that the network's time is wrong. */
  readonly clockError?: () => number;
  /** How fast the board's clock goes in deep sleep, 1 for true. */
  readonly sleepRate: number;
  /** ms from power to the firmware's first line, and from the end of deep sleep. */
  readonly bootTime: number;
  readonly wakeTime: number;
  /** The device's log, as events. */
  readonly onLog: (event: LogEvent) => void;
  readonly onModem?: (event: ModemEvent) => void;
  readonly onUplink?: (bytes: number, again: boolean) => void;
  readonly onBoard?: (what: BoardMoment) => void;
}

/**
 * Ends a turn of a board that falls asleep in the middle of it, as on the chip, where the call never returns. One for all:
 * to write down where it was thrown took a twentieth of a sleeping fleet's time.
 */
const fellAsleep = new Error("the board has fallen asleep");

const day = 86_400_000;

/** One device. */
export class LinkDevice {
  readonly record: DeviceRecord;
  readonly modem: LinkModem;
  readonly flash: SparseFlash | undefined;
  /** Starts of the board, deep sleep apart, and faults that the firmware has caught. */
  boots = 0;
  sleeps = 0;
  faults = 0;
  readonly #options: LinkDeviceOptions;
  readonly #store = new MemoryStore();
  readonly #retained = new RetainedBytes();
  #driver: Driver<FirmwareTimer> | undefined;
  #agent: Agent | undefined;
  /** Of the firmware that runs. */
  #timers: FirmwareTimers | undefined;
  #next: ScheduledEvent | undefined;
  /** The board's own clocks: ms since the firmware's zero, and its wall clock's offset from virtual time. */
  #monotonic = 0;
  #wallOffset = 0;
  #waiting = 0;

  constructor(options: LinkDeviceOptions) {
    this.#options = options;
    this.record = options.record;
    this.flash = options.journalSize > 0 ? new SparseFlash(options.journalSize) : undefined;
    const { clock, random, network, traits, access, paging, airtime } = options;
    const { releaseAssistance, settings, onModem, record } = options;
    this.modem = new LinkModem({
      ...{
        scheduler: clock,
        random: random.fork("modem"),
        network,
        traits,
        access,
        paging,
        airtime,
        releaseAssistance,
      },
      // Its device key is the modem's IMEI.
      identity: pagingIdentity(imsiOf(record.deviceKey)),
      edrx: settings.edrx > 0 ? decodeEdrx(encodeEdrx(settings.edrx)) : undefined,
      psm: { t3324: settings.t3324, t3412: settings.t3412 },
      listening: () => this.#driver !== undefined,
      turn: () => this.#driver?.turn(),
      onTime: () => this.#told(),
      onEvent: onModem,
      onUplink: options.onUplink,
    });
  }

  /** Readings and messages that wait, as the agent had them that runs, or ran last. */
  get waiting(): number {
    return this.#agent?.waiting ?? this.#waiting;
  }

  /** Gives it power, now. */
  powerOn(): void {
    this.#startIn(this.#options.bootTime, "power-on");
  }

  /** Takes board and modem the power for `offFor` ms. */
  cutPower(offFor: number): void {
    this.#halt();
    this.#options.onBoard?.("power lost");
    this.modem.powerCut();
    this.#wallOffset = 0;
    const { clock } = this.#options;
    this.#next = clock.after(offFor, () => this.#startIn(this.#options.bootTime, "power-on"));
  }

  /** The chip restarts by itself, as after a panic: what is in retained memory stays. */
  panic(): void {
    if (this.#agent === undefined) return;
    this.#halt();
    this.#startIn(this.#options.bootTime, "panic");
  }

  /** It has no timers any more, and does nothing. */
  stop(): void {
    this.#halt();
  }

  get #wall(): number {
    return this.#options.clock.now + this.#wallOffset;
  }

  /** The network has told the time, which has whole seconds. */
  #told(): void {
    const { clock, epoch, clockError } = this.#options;
    const true_ = epoch + clock.now + (clockError?.() ?? 0);
    const time = Math.floor(true_ / 1_000) * 1_000;
    if (this.#agent?.setTime(time, this.#now(), false) === true) this.#wallOffset = time - clock.now;
  }

  /** ms on the firmware's clock. */
  readonly #now = (): number => this.#options.clock.now - this.#monotonic;

  #halt(): void {
    const { clock } = this.#options;
    this.#waiting = this.waiting;
    clock.cancel(this.#next);
    this.#timers?.end();
    this.#timers = undefined;
    this.#driver = undefined;
    this.#agent = undefined;
  }

  #startIn(duration: number, reason: string): void {
    const { clock, onBoard } = this.#options;
    onBoard?.("starting");
    this.#next = clock.after(duration, () => {
      onBoard?.(reason === "deep-sleep" ? "awake" : "power on");
      this.#boot(reason);
    });
  }

  /** As `main` of firmware/main.ts. */
  #boot(reason: string): void {
    const { record: keys, clock, settings, crypto, onLog: log, random, application } = this.#options;
    if (reason === "power-on") this.#retained.scramble(random);
    if (reason !== "deep-sleep") {
      this.boots += 1;
      this.#monotonic = clock.now;
    }
    const draw = (): number => random.next();
    const retained = new RetainedMemory(this.#retained, reason);
    const record = new StartRecord(retained, reason);
    let agent: Agent;
    const deepSleep =
      settings.sleep === "deep"
        ? new DeepSleep({
            board: { wall: () => this.#wall, sleep: (duration) => this.#sleep(duration) },
            retained,
            beforeSleep: () => agent.beforeSleep(),
            log,
          })
        : undefined;
    const woken = reason === "deep-sleep" ? deepSleep?.wake() : undefined;
    if (woken !== undefined) this.#monotonic = clock.now - woken.now;
    const memory = new PersistentState(this.#store, draw, log, woken?.memory);
    const { productKey, deviceKey, deviceSecret } = keys;
    const { modem } = this;
    agent = new Agent({
      session: {
        credentials: { productKey, deviceKey, deviceSecret },
        address: settings.server,
        port: settings.port,
        lifetime: settings.lifetime,
        edition: settings.edition,
        iv: settings.iv,
        contentFormat: settings.contentFormat,
      },
      crypto,
      random: draw,
      transmission: narrowband,
      maxDatagram: this.#options.maxDatagram,
      link: modem,
      socket: { io: LinkSocket, modem },
      application: application({ random: draw, rssi: () => modem.rssi, now: this.#now }),
      interval: settings.interval,
      reports: settings.reports,
      format: settings.payload,
      batch: settings.batch,
      payloadLimit: settings.payloadLimit,
      late: settings.late,
      flash: this.flash,
      policy: settings.full,
      order: settings.order,
      spacing: settings.spacing,
      memory,
      store: this.#store,
      startReason: reason,
      starts: record,
      woken,
      retained,
      sleepsDeeply: deepSleep !== undefined,
      startSpread: settings.startSpread,
      keepAlive: settings.keepAlive,
      radioBudget: settings.radioBudget,
      othersBudget: settings.othersBudget,
      restart: () => this.#restart(record),
      now: this.#now,
      wake: () => this.#driver?.wake(),
      log,
    });
    this.#agent = agent;
    const timers = (this.#timers = new FirmwareTimers(clock));
    this.#driver = new Driver({
      agent,
      now: this.#now,
      timers,
      beforeWait: (now, event) =>
        deepSleep?.beforeWait(agent.sleepState(), modem.remembered, now, event) ?? Infinity,
      onFault: (text) => {
        // The way out of a turn in which the board has fallen asleep.
        if (this.#agent !== agent) return;
        this.faults += 1;
        log({ kind: "fault", text });
      },
    });
    if (woken?.epoch === undefined && this.#wallOffset !== 0) agent.setTime(this.#wall, this.#now());
    if (reason !== "deep-sleep") record.started();
    this.#driver.start();
  }

  #restart(record: StartRecord): void {
    record.ask();
    this.#halt();
    this.#startIn(this.#options.bootTime, "software");
  }

  #sleep(duration: number): never {
    const { clock, sleepRate, wakeTime, onBoard } = this.#options;
    this.sleeps += 1;
    const wall = this.#wall;
    const since = clock.now;
    this.#halt();
    onBoard?.("asleep");
    this.#next = clock.after(Math.min(duration, day) / sleepRate, () => {
      // Its own clock has gone by another pace meanwhile.
      this.#wallOffset = wall + (clock.now - since) * sleepRate - clock.now;
      this.#startIn(wakeTime, "deep-sleep");
    });
    throw fellAsleep;
  }
}
