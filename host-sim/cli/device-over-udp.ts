/**
 * `npm run device` without a modem: the board's firmware on this PC, over UDP. With settings from afar it restarts as a
 * board does, in this process: the agent is made anew, and what a board keeps in flash is kept.
 */
import { DemoApplication } from "../../firmware/application";
import { internet } from "../../firmware/coap/transmission";
import { LogRing } from "../../firmware/continuity/log-ring";
import { RetainedMemory } from "../../firmware/continuity/retained-memory";
import { Agent } from "../../firmware/device/agent";
import { logLine } from "../../firmware/device/log";
import { readSettings } from "../../firmware/device/settings";
import { SettingsError } from "../../firmware/enos/credentials";
import { healthOf } from "../../firmware/health/health";
import { thing as ownThing } from "../../firmware/product/thing";
import { version as firmwareVersion } from "../../firmware/product/version";
import { newSettingsFromAfar } from "../../firmware/remote-settings/remote-settings";
import { Refusals } from "../inspect/report/refusals";
import { variantThing } from "../sim/world/product-variant";
import { splitLogLine } from "../sim/world/device-log";
import { nodeCryptography } from "../sim/engine/node-cryptography";
import { RealTimeDriver } from "../tools/pc/driver";
import { randomFraction } from "../tools/pc/random";
import { RetainedBytes } from "../tools/pc/retained-bytes";
import { NodeUdp } from "../tools/pc/udp";
import { misuse } from "./misuse";
import type { ByteStore } from "../../firmware/continuity/two-slot-state";
import type { NewSealing } from "../../firmware/delivery/sealing";
import type { Link } from "../../firmware/device/agent";
import type { LogEvent } from "../../firmware/device/log";
import type { HealthReport } from "../../firmware/device/optional-parts";
import type { Configuration } from "../../firmware/device/setting-values";
import type { Format } from "../../firmware/device/settings";
import type { EditionSetting } from "../../firmware/enos/authentication";
import type { Credentials } from "../../firmware/enos/credentials";
import type { Rejection } from "../../firmware/enos/outcome";
import type { SessionEvent } from "../../firmware/enos/session-options";
import type { Flash } from "../../firmware/journal/flash";
import type { Thing } from "../../firmware/model/thing";

/** What the device seals with. */
export interface SealUsed {
  /** Undefined: it does not. */
  readonly newSealing: NewSealing | undefined;
  /** 64 hexadecimal digits; empty where it does not. */
  readonly key: string;
  /** How readings are sent. */
  readonly format: Format;
}

interface UdpFlags {
  readonly reports: number;
  readonly interval: number;
  readonly lifetime?: number;
  readonly edition: EditionSetting;
  readonly iv: string;
  readonly batch: number;
  /** Its settings can be changed from afar. */
  readonly remoteSettings?: boolean;
  /** It tells of its health. */
  readonly health?: boolean;
}

interface UdpDeviceOptions {
  readonly flags: UdpFlags;
  readonly credentials: Credentials;
  readonly seal: SealUsed;
  /** Of the server. */
  readonly address: string;
  readonly port: number;
  /** What outlives this process. */
  readonly kept: { readonly flash: Flash; readonly store: ByteStore } | undefined;
  /** What to check when the server does not let the device in. */
  readonly onRefusal: (event: Extract<SessionEvent, { kind: "refused" }>) => string;
  /** What to check when it does, and refuses its first request. */
  readonly onDoubt: (reason: Rejection) => string;
  readonly show: (text: string, room: string) => void;
}

/** A network that is simply there. */
const alwaysThere: Link = { ready: true, deadline: Infinity, connect() {}, poll() {} };

/** What a board keeps in flash, for as long as this process lives. */
class MemoryStore implements ByteStore {
  readonly #values = new Map<string, Uint8Array>();

  read(key: string): ArrayBuffer | undefined {
    return this.#values.get(key)?.slice().buffer as ArrayBuffer | undefined;
  }

  write(key: string, value: Uint8Array): void {
    this.#values.set(key, value.slice());
  }
}

/** The demo's, with another thing model where the product has parts. */
class PcApplication extends DemoApplication {
  override readonly thing: Thing;

  constructor({ now }: RealTimeDriver, thing = ownThing) {
    super({ random: randomFraction, rssi: () => undefined, now });
    this.thing = thing;
  }
}

/** The firmware on this PC. */
export class UdpDevice {
  readonly #options: UdpDeviceOptions;
  readonly #refusals = new Refusals();
  readonly #settled: Promise<string | undefined>;
  #settle: (failure: string | undefined) => void = () => {};
  readonly #store: ByteStore | undefined;
  /** The board's own configuration. */
  readonly #config: Configuration;
  #ended = false;
  #everOnline = false;
  #agent!: Agent;
  /** Outlives its restarts in this process, and the log's last lines are in it. */
  readonly #retained = new RetainedBytes();
  #ring = new LogRing(new RetainedMemory(this.#retained, "power-on"));
  #health: HealthReport | undefined;
  #driver!: RealTimeDriver;
  /** Of the starts before this one. */
  #before = { taken: 0, acknowledged: 0, lost: 0, commands: 0 };

  constructor(options: UdpDeviceOptions) {
    this.#options = options;
    const { flags, seal, address: server, port, kept } = options;
    const { reports, interval, lifetime, edition, iv, batch, remoteSettings, health } = flags;
    this.#config = { server, port, reports, interval, lifetime, edition, iv, batch, payload: seal.format };
    this.#store = kept?.store ?? (remoteSettings === true || health === true ? new MemoryStore() : undefined);
    this.#settled = new Promise((resolve) => (this.#settle = resolve));
  }

  /** Over all its starts. */
  get totals() {
    const { taken, acknowledged, commands } = this.#counted();
    return { taken, acknowledged, commands, refusals: this.#refusals };
  }

  /** Runs it to its end. @returns why it failed, if it did. @throws CommandError */
  async run(): Promise<string | undefined> {
    this.#start("power-on");
    process.once("SIGINT", () => this.#settle(undefined));
    process.once("SIGTERM", () => this.#settle(undefined));
    const failure = await this.#settled;
    // What the firmware says of being shut down in mid-air is no news.
    this.#ended = true;
    this.#stop();
    return failure;
  }

  readonly #log = (event: LogEvent): void => {
    if (this.#ended) return;
    this.#ring.append(logLine(event), Date.now());
    this.#health?.hear(event);
    this.#refusals.hearDevice(event, Date.now());
    const { room, text } = splitLogLine(logLine(event));
    this.#options.show(text, room);
  };

  #start(startReason: string): void {
    const driver = new RealTimeDriver((text) => this.#log({ kind: "fault", text }));
    this.#driver = driver;
    try {
      this.#agent = this.#newAgent(driver, startReason);
    } catch (error) {
      if (error instanceof SettingsError) throw misuse(error.message);
      throw error;
    }
    this.#agent.setTime(Date.now(), driver.now());
    driver.start(this.#agent);
  }

  #stop(): void {
    this.#driver.stop();
    this.#agent.close(this.#driver.now());
  }

  #restart(): void {
    // The agent is in the middle of a turn.
    setImmediate(() => {
      if (this.#ended) return;
      this.#before = this.#counted();
      this.#stop();
      this.#start("software");
    });
  }

  #newAgent(driver: RealTimeDriver, startReason: string): Agent {
    const { flags, credentials, seal, kept, onRefusal, onDoubt } = this.#options;
    const { newSealing, key: keyText } = seal;
    const log = this.#log;
    const check = (config: Configuration) => readSettings(config, newSealing !== undefined);
    const store = this.#store;
    const remoteSettings =
      flags.remoteSettings === true && store !== undefined
        ? newSettingsFromAfar({
            ...{ config: this.#config, check, store, startReason, log },
            ...{ starts: { panics: 0, failures: 0 }, update: false },
          })
        : undefined;
    const settings = check(remoteSettings?.config ?? this.#config);
    const { server: address, port, lifetime, edition, iv, interval, reports, batch } = settings;
    const crypto = nodeCryptography;
    const random = randomFraction;
    const health = this.#newHealth(driver, startReason);
    const sealing = newSealing?.({
      ...{ crypto, random, keyText, credentials, retained: undefined, store: kept?.store, log },
      startReason: "power-on",
    });
    return new Agent({
      ...{ session: { credentials, address, port, lifetime, edition, iv }, crypto, random },
      ...{ transmission: internet, link: alwaysThere },
      socket: { io: NodeUdp, afterEvent: () => this.#turned(driver) },
      application: new PcApplication(
        driver,
        (remoteSettings ?? health) &&
          variantThing("demo", {
            remoteSettings: remoteSettings !== undefined,
            health: health !== undefined,
          }),
      ),
      ...{ interval, reports, format: settings.payload, batch, flash: kept?.flash, store, sealing },
      ...{ payloadLimit: settings.payloadLimit, late: settings.late, policy: settings.full },
      ...{ order: settings.order, spacing: settings.spacing, keepAlive: settings.keepAlive },
      ...{ logValues: settings.logValues, health },
      newestLog: (length, skip) => (health ?? this.#ring).newest(length, skip),
      ...(remoteSettings && { remoteSettings, startReason, restart: () => this.#restart() }),
      ...{ now: driver.now, wake: driver.wake, log },
      onSession: (event) => {
        if (event.kind === "online") this.#everOnline = true;
        // Later on the firmware tries again by itself, as it does in the field.
        if (event.kind === "refused" && !this.#everOnline) this.#settle(onRefusal(event));
        if (event.kind === "doubted") this.#settle(onDoubt(event.reason));
      },
    });
  }

  #newHealth(driver: RealTimeDriver, startReason: string): HealthReport | undefined {
    const { flags } = this.#options;
    if (flags.health !== true || this.#store === undefined) return undefined;
    const retained = new RetainedMemory(this.#retained, startReason);
    this.#ring = new LogRing(retained);
    // A PC has neither the partition of the log nor a modem; and its memory does not run short.
    const newHealth = healthOf({ openLog: () => undefined, leastFreeHeap: () => undefined });
    const modem = { cell: undefined, granted: {}, readCell: () => undefined };
    this.#health = newHealth({
      ...{ config: this.#config, store: this.#store, retained, ring: this.#ring, startReason },
      ...{ version: firmwareVersion, modem, now: driver.now, log: this.#log },
    });
    return this.#health;
  }

  #turned(driver: RealTimeDriver): void {
    driver.turn();
    const { reports } = this.#options.flags;
    // With --data some of those acknowledged may be of an earlier run.
    const { taken, lost } = this.#counted();
    if (reports === 0 || taken < reports || this.#agent.waiting > 0) return;
    this.#settle(lost === 0 ? undefined : `${lost} of ${reports} readings were refused`);
  }

  #counted() {
    const { taken, acknowledged, refused, dropped, commands } = this.#agent.totals;
    const before = this.#before;
    return {
      taken: before.taken + taken,
      acknowledged: before.acknowledged + acknowledged,
      lost: before.lost + refused + dropped,
      commands: before.commands + commands,
    };
  }
}
