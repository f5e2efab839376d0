/**
 * One script in a world of its own: hours with faults, then a time without, then the verdict.
 */
import { join } from "node:path";
import { projectRoot } from "../../project";
import { bundleFirmware } from "../../sim/board/bundle";
import { makeImage } from "../../sim/board/image";
import { XsEngine } from "../../sim/engine/xs-engine";
import { variantSources } from "../../sim/world/product-variant";
import { World } from "../../sim/world/world";
import { ApplicationTrouble } from "./application-trouble";
import { strongestAttack } from "./hostile-trouble";
import { Interposed } from "./interposed";
import { Injector } from "./inject";
import { Ledger } from "./ledger";
import { mostEvents, recoveryHours } from "./rules/conduct";
import { measuresOf } from "./measures";
import { changedSources } from "../update/example-changes";
import { Updates } from "./updates";
import { judge } from "./verdict";
import type { DeviceOptions, Seal } from "../../sim/world/device-options";
import type { WorldEvent } from "../../sim/world/world";
import type { Attackers } from "./hostile-trouble";
import type { Measures } from "./measures";
import type { Sent } from "./operator";
import type { Fault, Script } from "./script";
import type { UpdateFigures } from "./updates";
import type { CampaignEnding, Violation } from "./rules/rule";

/** All else that a device is set to is in the script. */
export interface TrialOptions extends Pick<DeviceOptions, "engine"> {
  /** Every event, in order. */
  readonly onEvent?: (event: WorldEvent) => void;
  /** A fault of the script strikes. */
  readonly onFault?: (fault: Fault, time: number) => void;
  /** What the board runs in the place of the campaign's firmware: a test plants a fault with it. */
  readonly firmware?: string;
  /** Changes or withholds what the books get to see: a test plants a violation with it. */
  readonly tamper?: (event: WorldEvent) => WorldEvent | undefined;
}

/** What a sealed product's device has sent, and refused. */
export interface SealFigures {
  readonly envelopes: number;
  /** Different salts in them: each is a key of its own. */
  readonly salts: number;
  /** Commands that were not sealed for it, or not lately. */
  readonly refused: number;
}

/** How a trial went. Only what the script decides: a second run gives the same. */
export interface TrialResult {
  readonly seed: number;
  /** Who stood on the way between network and cloud: results are kept apart by that. */
  readonly attackers: Attackers;
  readonly violations: readonly Violation[];
  readonly readings: number;
  readonly delivered: number;
  /** Readings that are lost for a reason that the script explains, by that. */
  readonly losses: Readonly<Record<string, number>>;
  /** Commands that were sent, and of these the answered ones, late or in time. */
  readonly commands: number;
  readonly answered: number;
  /** Events, attributes and tags that the application sent. */
  readonly messages: number;
  /** By the firmware's own supervisor. */
  readonly restarts: number;
  readonly powerCuts: number;
  readonly datagrams: number;
  /** Of a sealed product. */
  readonly seal?: SealFigures;
  /** Of a device that was updated meanwhile. */
  readonly updates?: UpdateFigures;
  readonly faults: Readonly<Record<string, number>>;
  /** Virtual ms. */
  readonly virtualTime: number;
  readonly worstDelay: number;
  /** Most events of the world in one hour. */
  readonly busiestHour: number;
  readonly measures: Measures;
  readonly modem: string;
  /** Hours of the 24 of a day in which the device had its network. */
  readonly online: number;
}

const hour = 3_600_000;
/** ms until somebody helps a device that has started safely. */
const helpAfter = 2 * hour;
/** The firmware's application in a campaign. */
const application = "host-sim/tools/chaos/guest/application.ts";
/** By the product's seal. */
const bundles = new Map<Seal | undefined, Promise<string>>();

function bundleOf(seal: Seal | undefined): Promise<string> {
  const bundle = bundles.get(seal) ?? campaignFirmware(seal);
  bundles.set(seal, bundle);
  return bundle;
}

/**
 * The firmware with the campaign's application.
 *
 * @param changed sources that are others, by the path from the project's root
 */
export function campaignFirmware(
  seal: Seal | undefined,
  changed: ReadonlyMap<string, string> = new Map(),
): Promise<string> {
  const sources = new Map([...(variantSources("demo", { sealed: seal }) ?? []), ...changed]);
  return bundleFirmware({
    application: join(projectRoot(), application),
    ...(sources.size === 0 ? {} : { sources }),
  });
}

/** Images of the campaign's firmware by seal and version: nine lines changed in every second one. */
const images = new Map<string, Promise<Uint8Array>>();

function imageOf(seal: Seal | undefined, version: string, isChanged: boolean): Promise<Uint8Array> {
  const name = `${seal} ${version}`;
  const image = images.get(name) ?? campaignImage(seal, version, isChanged);
  images.set(name, image);
  return image;
}

async function campaignImage(
  seal: Seal | undefined,
  version: string,
  isChanged: boolean,
): Promise<Uint8Array> {
  const base = variantSources("demo", { sealed: seal, update: true });
  const sources = changedSources(isChanged ? "nine lines" : undefined, version, base);
  const script = await bundleFirmware({
    application: join(projectRoot(), application),
    sources,
    dense: true,
  });
  return Uint8Array.from(makeImage({ script, version }));
}

/** Runs a script. Whatever goes wrong in it comes out as a violation. @throws EngineMissing */
export async function runTrial(script: Script, options: TrialOptions): Promise<TrialResult> {
  return new Trial(script, options).run();
}

class Trial {
  readonly #script: Script;
  readonly #options: TrialOptions;
  readonly #application = new ApplicationTrouble();
  readonly #pulse = new Pulse();
  #world!: World;
  #books!: Ledger;
  #injector!: Injector;
  /** Of a device that is updated meanwhile. */
  #updates: Updates | undefined;
  #proof: Sent | undefined;
  #proven = false;

  constructor(script: Script, options: TrialOptions) {
    this.#script = script;
    this.#options = options;
  }

  async run(): Promise<TrialResult> {
    const { device, hours, seed } = this.#script;
    if (device.update === true) {
      const ofVersion = (version: string, index: number): Promise<Uint8Array> =>
        imageOf(device.sealed, version, index % 2 === 1);
      this.#updates = await Updates.create(ofVersion, hours * hour);
    }
    const updateKey = this.#updates?.publicKey;
    const world = await World.create({
      ...device,
      seed: `chaos ${seed}/world`,
      engine: this.#options.engine,
      settings: { logValues: true, ...(updateKey === undefined ? {} : { updateKey }) },
      firmware: this.#options.firmware ?? (await bundleOf(device.sealed)),
      image: this.#updates?.image,
      onAsk: (text) => this.#application.hear(text),
      onEvent: (event) => this.#hear(event),
    });
    this.#world = world;
    this.#application.world = world;
    this.#updates?.begin(world);
    const sealKey = world.keyValue.get("enos")?.get("sealKey");
    this.#books = new Ledger(
      world.device.deviceSecret,
      device,
      typeof sealKey === "string" ? sealKey : undefined,
    );
    this.#application.onMissed = () => this.#books.cadence.missed(world.clock.now);
    const interposed =
      device.sealed && (await Interposed.in(world, device.sealed, `chaos ${seed}/interposed`));
    const { onFault } = this.#options;
    this.#injector = new Injector(world, this.#script, this.#application, onFault, interposed);
    let crash: string | undefined;
    let [slotsAtStart, liveSlots]: (number | undefined)[] = [];
    try {
      await world.start();
      if (world.engine instanceof XsEngine) slotsAtStart = await world.engine.liveSlots();
      const until = (hours + recoveryHours) * hour;
      await world.clock.run({ until, stop: () => this.#isOver() });
      if (world.engine instanceof XsEngine) liveSlots = await world.engine.liveSlots();
    } catch (error) {
      crash = error instanceof Error ? `${error.name}: ${error.message}` : "an unknown fault";
    } finally {
      await world.close();
    }
    return this.#result(crash, slotsAtStart, liveSlots);
  }

  #hear(event: WorldEvent): void {
    const { onEvent, tamper } = this.#options;
    onEvent?.(event);
    const seen = tamper === undefined ? event : tamper(event);
    if (seen === undefined) return;
    this.#books?.hear(seen);
    this.#updates?.hear(seen);
    if (seen.source === "device" && seen.text.startsWith("start: safe ")) this.#help(seen.time);
    if (seen.source === "cloud") this.#injector?.operator.hear(seen.event, seen.time);
    // What a board leaves behind when it goes down.
    if (seen.source === "board" && ["restarted", "power lost", "power on"].includes(seen.what)) {
      this.#books?.secrets.memories(this.#world);
    }
  }

  /** Every second time somebody notices that the device has started safely, and has it start normally. */
  #help(at: number): void {
    if (this.#books.safeStarts.length % 2 === 0) return;
    this.#world.clock.at(at + helpAfter, () => this.#injector.operator.free());
  }

  /** All is well again, and a last command has proven it. */
  #isOver(): boolean {
    const { now } = this.#world.clock;
    const { operator } = this.#injector;
    const books = this.#books;
    this.#pulse.beat(now);
    if (this.#pulse.racing) return true;
    const end = this.#script.hours * hour;
    if (now < end || books.pending > 0 || books.lastAcknowledged < end || !this.#online) return false;
    if (operator.waits || this.#updates?.underWay !== undefined) return false;
    if (this.#proven) return true;
    this.#proven = true;
    this.#proof = operator.prove();
    return this.#proof === undefined;
  }

  get #online(): boolean {
    const { cloud, device } = this.#world;
    return cloud.devices.view(device.productKey, device.deviceKey)?.state === "online";
  }

  #result(
    crash: string | undefined,
    slotsAtStart: number | undefined,
    liveSlots: number | undefined,
  ): TrialResult {
    const world = this.#world;
    const books = this.#books;
    const injector = this.#injector;
    const { operator } = injector;
    const { busiest } = this.#pulse;
    const endedAt = world.clock.now;
    books.cadence.end(endedAt);
    books.radio.end(endedAt);
    books.secrets.memories(world);
    const proven = this.#proof && operator.lastOf(this.#proof);
    const proof = this.#proof && {
      at: this.#proof.at,
      answeredAt: proven!.givenUp ? undefined : proven!.ended,
    };
    const campaign: CampaignEnding = {
      operator,
      application: this.#application,
      events: world.cloud.reported.events(world.device.productKey, world.device.deviceKey),
      endedAt,
      proof,
      erases: [...(world.flash?.erases ?? [])],
      keyWrites: world.storageFaults.writes,
      slotsAtStart,
      liveSlots,
      updates: this.#updates,
    };
    const script = this.#script;
    const { cutsInWrite } = injector;
    const account = judge(books, {
      script,
      online: this.#online,
      cutsInWrite,
      busiestHour: busiest,
      campaign,
    });
    const { violations, delivered, losses, worstDelay, copies } = account;
    const sent = [...operator.sent.values()];
    const faults: Record<string, number> = {};
    for (const { kind } of script.faults) faults[kind] = (faults[kind] ?? 0) + 1;
    return {
      seed: script.seed,
      attackers: strongestAttack(script.faults),
      violations: crash === undefined ? violations : [{ invariant: "crash", sentence: crash }],
      readings: books.taken.size,
      delivered,
      losses,
      commands: sent.length,
      answered: sent.filter(({ codes }) => codes.length > 0).length,
      messages: this.#application.posted.size,
      restarts: books.restarts.explained.length,
      powerCuts: injector.powerCuts,
      datagrams: books.datagrams,
      ...(books.seal === undefined
        ? {}
        : {
            seal: {
              envelopes: books.seal.envelopes,
              salts: books.seal.salts.size,
              refused: books.refusedCommands.length,
            },
          }),
      ...(this.#updates === undefined ? {} : { updates: this.#updates.figures }),
      faults,
      virtualTime: endedAt,
      worstDelay,
      busiestHour: busiest,
      measures: measuresOf(books, script, campaign, copies),
      modem: script.device.modem,
      online: (24 * books.online.until(endedAt)) / endedAt,
    };
  }
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
