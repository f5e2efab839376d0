/**
 * From a script's faults to what they change in a world. Faults of one kind may overlap: of those that
 * are not over, the latest counts.
 */
import { commandsAs } from "../../sim/world/device-options";
import { Random } from "../../sim/time/random";
import { demoDevice } from "../../sim/world/demo-device";
import { damageRetained, failHardware, flashTroubles, storageTroubles, wearOut } from "./hardware-trouble";
import { attackOf } from "./hostile-trouble";
import { tricks } from "./interposed";
import { kinds } from "./kinds";
import { Operator } from "./operator";
import { RefusingFront } from "./refusing-front";
import type { World } from "../../sim/world/world";
import type { Interposed } from "./interposed";
import type { ApplicationTrouble } from "./application-trouble";
import type { ChaosDevice, Fault, FaultKind, Script } from "./script";

/** What a fault changes for a while. */
class Setting {
  readonly #world: World;
  readonly #usual: number;
  readonly #set: (amount: number) => void;
  #active: { amount: number }[] = [];

  constructor(world: World, usual: number, set: (amount: number) => void) {
    this.#world = world;
    this.#usual = usual;
    this.#set = set;
  }

  begin(amount: number, lasting: number): void {
    const entry = { amount };
    this.#active.push(entry);
    this.#set(amount);
    this.#world.clock.after(lasting, () => {
      this.#active = this.#active.filter((each) => each !== entry);
      this.#set(this.#active.at(-1)?.amount ?? this.#usual);
    });
  }
}

/** How long somebody who comes to help leaves the modem without supply, ms. */
const helpersPause = 5_000;
/** Where the cloud moves to, in turn (RFC 5737 documentation addresses). */
const addresses = ["203.0.113.5", "203.0.113.77", "198.51.100.9"];

/** Makes a script's faults happen in a world, and ends them. */
export class Injector {
  readonly #world: World;
  readonly #device: ChaosDevice;
  readonly #noise: Random;
  readonly #settings: Partial<Record<FaultKind, Setting>>;
  readonly #application: ApplicationTrouble;
  readonly #interposed: Interposed | undefined;
  readonly operator: Operator;
  readonly front: RefusingFront;
  #moves = 0;
  /** Board power failures so far. */
  powerCuts = 0;
  /** Those of them that struck in the middle of a write. */
  cutsInWrite = 0;

  /** Puts all of the script's faults on the world's clock; `onFault` hears of each as it strikes. */
  constructor(
    world: World,
    script: Script,
    application: ApplicationTrouble,
    onFault?: (fault: Fault, time: number) => void,
    interposed?: Interposed,
  ) {
    this.#interposed = interposed;
    this.#world = world;
    this.#device = script.device;
    this.#application = application;
    this.#noise = new Random(`chaos ${script.seed}/noise`);
    const { cell, cloud, modem } = world;
    const json = commandsAs(script.device.format) === "json";
    this.operator = new Operator(world, this.#noise.fork("operator"), json);
    const front = new RefusingFront(world, this.#noise.fork("front"));
    this.front = front;
    const { productKey, deviceKey, deviceSecret } = world.device;
    const another = demoDevice((length) => this.#noise.fork("secret").bytes(length)).deviceSecret;
    const setting = (usual: number, set: (amount: number) => void): Setting => new Setting(world, usual, set);
    this.#settings = {
      "coverage-outage": setting(0, (on) => (cell.outage = on === 1)),
      "coverage-level": setting(script.device.coverage, (level) => (cell.coverage = level as 0 | 1 | 2)),
      loss: setting(-1, (loss) => (cell.loss = loss < 0 ? script.device.loss : loss)),
      "slow-network": setting(1, (factor) => (cell.slowdown = factor)),
      duplication: setting(0, (share) => (cell.duplication = share)),
      "attach-denial": setting(0, (cause) => (cell.denial = cause === 0 ? undefined : cause)),
      "cloud-down": setting(0, (on) => (cloud.down = on === 1)),
      "cloud-errors": setting(0, (share) => cloud.setFaults({ serverError: share })),
      "rate-limit": setting(0, (perMinute) => {
        cloud.setRateLimit(
          perMinute === 0 ? { perSecond: 0, burst: 0 } : { perSecond: perMinute / 60, burst: 2 },
        );
      }),
      "secret-rotated": setting(0, (on) => {
        const change = { deviceSecret: on === 1 ? another : deviceSecret };
        cloud.devices.change(productKey, deviceKey, change, world.cloudNow);
      }),
      "coap-code": setting(NaN, (code) => (front.coapCode = Number.isNaN(code) ? undefined : code)),
      "enos-code": setting(NaN, (code) => (front.enosCode = Number.isNaN(code) ? undefined : code)),
      "application-fails": setting(0, (how) => (application.failing = how)),
      "modem-slow": setting(1, (factor) => modem.slow(factor)),
      "sim-removal": setting(0, (out) => (out === 1 ? modem.removeSim() : modem.insertSim())),
      "urc-loss": setting(0, (share) => (modem.urcs.lose = share)),
      "urc-doubling": setting(0, (share) => (modem.urcs.double = share)),
      "clock-error": setting(0, (error) => (cell.clockError = error)),
    };
    for (const kind of [...flashTroubles, ...storageTroubles]) {
      const { lasting } = kinds[kind];
      if (lasting[1] > 0)
        this.#settings[kind] = setting(0, (chance) => void failHardware(world, kind, chance));
    }
    for (const fault of script.faults) {
      const attack = attackOf(fault);
      if (attack !== undefined) world.path.attack(attack);
      if (fault.kind === "image-restored") this.#restoreAt(fault);
      world.clock.at(fault.at, () => {
        onFault?.(fault, world.clock.now);
        this.#strike(fault);
      });
    }
    // A write that never came must not be cut when all is to be well.
    world.clock.at(script.hours * 3_600_000, () => void (world.power.cutAt = undefined));
  }

  #strike(fault: Fault): void {
    const { kind, at, lasting, amount } = fault;
    const { cell, cloud, modem, uart, clock, power, flash } = this.#world;
    const setting = this.#settings[kind];
    // Those that are on or off have no amount.
    const isSwitch = amount === 0 && kind !== "coverage-level" && kind !== "enos-code";
    if (setting !== undefined) return setting.begin(isSwitch ? 1 : amount, lasting);
    switch (kind) {
      case "nat-rebind":
        return cell.rebindNat();
      case "cloud-restart":
        cloud.restart(this.#world.cloudNow);
        return this.#world.touchCloud();
      case "edition-change":
        return this.#changeEdition();
      case "server-change":
        this.#moves += 1;
        this.#world.moveCloud(addresses[this.#moves % addresses.length]);
        return this.#cut(lasting);
      case "engine-panic":
        // The defect is one, and the later one's: panics that add up would outlast the hours for recovery.
        this.#application.panicsAtStart = Math.max(this.#application.panicsAtStart, amount);
        return this.#world.crash("Panic");
      case "commands":
        return this.operator.send(amount);
      case "commands-again":
        return this.operator.repeat(amount);
      case "messages":
        return this.#application.send(amount);
      case "modem-reboot":
        return modem.reboot("chaos");
      case "modem-deaf":
        return modem.deafen();
      case "modem-hang-key":
        return this.#hang("key", lasting);
      case "modem-hang-supply":
        return this.#hang("supply", lasting);
      case "modem-brownout":
        return this.#withoutSupply(amount);
      case "sockets-gone":
        // Where sockets stand on a context, half of the times that goes, which is told.
        if (modem.family.contextLost !== undefined && at % 2 === 1) return modem.dropContext();
        return void modem.dropSockets();
      case "uart-garbage":
        return uart.garbage(this.#noise.bytes(amount));
      case "uart-overrun":
        return uart.overrun(amount, Math.floor(this.#noise.next() * 20));
      case "uart-corruption":
        return uart.corrupt(amount, this.#noise);
      case "power-cut":
        return this.#cut(lasting);
      case "power-cut-all":
        // The modem first: it is up before the board when the power comes back, as it needs no bundle.
        this.#withoutSupply(lasting);
        return this.#cut(lasting);
      case "power-cut-in-write":
        power.onCut = () => {
          this.cutsInWrite += 1;
          this.#cut(lasting);
        };
        power.cutAt = power.operations + amount;
        return;
      case "flash-bit-errors":
        return flash?.flipBits(amount);
      case "flash-bits-set":
        return flash?.setBits(amount);
      case "flash-bad-block":
        return wearOut(this.#world, amount);
      case "interposed":
        return void clock.after(lasting, this.#interposed!.play(tricks[amount]));
      case "image-restored":
        // At its time somebody writes back what was read before.
        return;
      case "retained-damage":
        return damageRetained(this.#world, amount, this.#noise);
      case "attack-off-path":
      case "attack-on-path":
      case "attack-in-the-middle":
      case "forgery":
        // They are on the way from the beginning, with their times.
        return;
      default:
        throw new Error(`no such fault: ${kind} at ${clock.now}`);
    }
  }

  /** Reads flash and key-value storage before, and writes that back at the fault's time, without power. */
  #restoreAt({ at, amount, lasting }: Fault): void {
    const { clock, flash, keyValue } = this.#world;
    clock.at(Math.max(0, at - amount * 3_600_000), () => {
      const bytes = flash?.bytes.slice();
      const values = new Map([...keyValue].map(([store, entries]) => [store, new Map(entries)]));
      clock.at(at, () => {
        this.#cut(lasting);
        if (bytes !== undefined) flash!.bytes.set(bytes);
        keyValue.clear();
        for (const [store, entries] of values) keyValue.set(store, entries);
      });
    });
  }

  #changeEdition(): void {
    const { cloud, cloudNow, device } = this.#world;
    const { productKey, deviceKey } = device;
    const edition = cloud.devices.view(productKey, deviceKey)!.edition === "token" ? "tokenless" : "token";
    cloud.devices.change(productKey, deviceKey, { edition }, cloudNow);
    this.#world.touchCloud();
  }

  #cut(offFor: number): void {
    this.powerCuts += 1;
    this.#world.cutPower(offFor);
    // Nobody drives the pins any more: the key's line is pulled up, and so is the rail's switch.
    this.#world.modem.setPowerKey(false);
  }

  #withoutSupply(ms: number): void {
    const { modem, clock } = this.#world;
    modem.setSupply(false);
    clock.after(ms, () => modem.setSupply(true));
  }

  #hang(until: "key" | "supply", lasting: number): void {
    const { modem, clock } = this.#world;
    modem.hang(until);
    const { powerKey, supply } = this.#device;
    if (supply || (powerKey && until === "key")) return;
    clock.after(lasting, () => {
      if (modem.state === "hung") this.#withoutSupply(helpersPause);
    });
  }
}
