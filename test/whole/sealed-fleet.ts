/**
 * A fleet on its way from one seal to another: boards that are flashed and provisioned one by one, an operator who puts scripts
 * and gives orders, somebody on the path, and the books of all readings.
 */
import { readFileSync } from "node:fs";
import { loadScriptEngine } from "../../host-sim/cloud/script/script-engine";
import { generate, keyedScript } from "../../host-sim/model/generate";
import { readLock } from "../../host-sim/model/lock";
import { readModel } from "../../host-sim/model/read-model";
import { markName } from "../../host-sim/model/operated-model";
import { deviceKeyOf, rootOf } from "../../host-sim/model/seal/keys";
import { bundleFirmware } from "../../host-sim/sim/board/bundle";
import { World, epoch } from "../../host-sim/sim/world/world";
import { canonical } from "../../host-sim/tools/chaos/rules/readings";
import { Intruder } from "./sealed-intruder";
import { toldBy } from "./told";
import type { CommandView } from "../../host-sim/cloud/enos/command-entry";
import type { Script, ScriptEngine } from "../../host-sim/cloud/script/script-engine";
import type { Generated } from "../../host-sim/model/generate";
import type { Lock } from "../../host-sim/model/lock";
import type { Model, ModelFault } from "../../host-sim/model/model";
import type { Edition } from "../../host-sim/cloud/registry/registry";
import type { LogEvent } from "../../host-sim/sim/world/device-log";
import type { WorldEvent } from "../../host-sim/sim/world/world";

export const minute = 60_000;
export const hour = 60 * minute;

const folder = "firmware/product";
const read = (file: string): string => readFileSync(`${folder}/${file}`, "utf8");

/** The product at one step of its way: what `npm run model` makes of its model.json then. */
export interface Stage {
  readonly model: Model;
  readonly made: Generated;
}

/** What `sealed` in a model says, and the stage before; none before the first. */
export function stageOf(sealed: unknown, before?: Stage, unseal = false): Stage | readonly ModelFault[] {
  const own = JSON.parse(read("model.json")) as object;
  const model = readModel(JSON.stringify(sealed === undefined ? own : { ...own, sealed }));
  if (!("product" in model)) return model;
  const lock = before?.made.lock ?? (readLock(read("model.lock.json")) as Lock);
  const made = generate(model, lock, { unseal });
  return "files" in made ? { model, made } : made;
}

/** The same, where it has to be one. */
export function stage(sealed: unknown, before?: Stage, unseal = false): Stage {
  const made = stageOf(sealed, before, unseal);
  if (!("made" in made)) throw new Error(made.map(({ path, problem }) => `${path} ${problem}`).join("; "));
  return made;
}

/** The firmware of a stage, as a board runs it. */
function firmwareOf({ made }: Stage): Promise<string> {
  const files = ["thing.ts", "sealing.ts"] as const;
  return bundleFirmware({
    product: folder,
    sources: new Map(files.map((file) => [`${folder}/${file}`, made.files[file]])),
  });
}

/** A reading as a board has taken it. */
interface Taken {
  readonly at: number;
  readonly values: string;
}

/** What became of the readings of one board. */
export interface Account {
  /** Taken more than half an hour ago. */
  readonly taken: number;
  /** Of these: not in the cloud. */
  readonly missing: number;
  /** In the cloud more than once. */
  readonly doubled: number;
  /** In the cloud, and never taken. */
  readonly untrue: number;
  /** That the board has given up for an answer, or for want of room. */
  readonly givenUp: number;
}

/** One board with what it told. */
export class FleetBoard {
  readonly events: WorldEvent[] = [];
  readonly orders: Order[] = [];
  world!: World;

  get deviceKey(): string {
    return this.world.device.deviceKey;
  }

  /** Lines of its log since a moment, virtual ms. */
  told(kind: LogEvent["kind"], since = 0): LogEvent[] {
    return this.events
      .filter(({ time }) => time >= since)
      .flatMap((event) => toldBy(event) ?? [])
      .filter((each) => each.kind === kind);
  }

  /** Other firmware comes onto it by cable. */
  async flash(of: Stage): Promise<void> {
    this.world.flashFirmware(await firmwareOf(of));
    this.world.cutPower(minute);
  }

  /**
   * A new image of its NVS comes onto it by cable, as `npm run provision` writes it: all else that was there is gone.
   * @param master undefined for none
   */
  provision(master: Uint8Array | undefined): void {
    this.world.cutPower(minute);
    this.writeKeys(master);
  }

  /** What is in that image. */
  writeKeys(master: Uint8Array | undefined): void {
    const { world } = this;
    const { productKey, deviceKey, deviceSecret } = world.device;
    world.keyValue.clear();
    const texts = new Map(Object.entries({ productKey, deviceKey, deviceSecret }));
    if (master !== undefined) {
      texts.set("sealKey", deviceKeyOf(rootOf(master), productKey, deviceKey).toString("hex"));
    }
    world.keyValue.set("enos", texts);
  }

  /**
   * Sends it an order.
   * @param isNamed with its `deviceKey` in it, as the operator of a sealed product does it
   */
  order(relay: 0 | 1, isNamed: boolean): Order {
    const { cloud, device, clock } = this.world;
    const { productKey, deviceKey } = device;
    const points = isNamed ? { deviceKey, relay } : { relay };
    const send = (): string => {
      const id = cloud.commands.send(productKey, deviceKey, { kind: "set", points }, this.world.cloudNow);
      this.world.touchCloud();
      return id;
    };
    const order = new Order(
      send,
      (again) => void clock.after(0, again),
      (id) => cloud.commands.view(id)!,
    );
    this.orders.push(order);
    return order;
  }

  /** Ids of the commands that it has executed, each as often as it has. */
  get executed(): string[] {
    return this.told("command executed").map((told) => String((told as { id: unknown }).id));
  }

  /** Why it refused commands since a moment. */
  refused(since: number): string[] {
    return this.told("command refused", since).map((told) => (told as { reason: string }).reason);
  }

  /** Compares what it took with what the cloud has. */
  account(): Account {
    const taken: Taken[] = this.events.flatMap((event) => {
      const told = toldBy(event);
      const isReading = told?.kind === "report taken" || told?.kind === "report held";
      return isReading ? [{ at: event.time, values: canonical(told.values) }] : [];
    });
    const copies = new Map<Taken, number>(taken.map((each) => [each, 0]));
    let untrue = 0;
    for (const { values, when } of this.stored()) {
      const found = taken.find((each) => each.values === values && Math.abs(each.at - when) <= 5 * minute);
      if (found === undefined) untrue += 1;
      else copies.set(found, copies.get(found)! + 1);
    }
    const old = taken.filter(({ at }) => at < this.world.clock.now - hour / 2);
    return {
      taken: old.length,
      missing: old.filter((each) => copies.get(each) === 0).length,
      doubled: taken.filter((each) => copies.get(each)! > 1).length,
      untrue,
      givenUp: this.told("report refused").length + this.told("report dropped").length,
    };
  }

  /** What the cloud has of it: values without its mark, when, virtual ms, and the mark. */
  stored(): { readonly values: string; readonly when: number; readonly mark: unknown }[] {
    const { cloud, device } = this.world;
    return cloud.reported.readings(device.productKey, device.deviceKey).map(({ points, time, at }) => {
      const { [markName]: mark, ...measured } = points;
      return { values: canonical(measured), when: (time ?? at) - epoch, mark };
    });
  }

  /** How it stands with seals, as the console shows it. */
  get seal() {
    const { cloud, device } = this.world;
    return cloud.devices.view(device.productKey, device.deviceKey)!.sealed;
  }
}

/** How often an operator gives an order that nothing is heard of: what is lost on the way is lost to EnOS. */
const mostTries = 3;

/** An order of the operator's, and what became of it. */
export class Order {
  readonly #send: () => string;
  readonly #soon: (again: () => void) => void;
  readonly #view: (id: string) => CommandView;
  #tries = 1;
  /** Of its last try. */
  id: string;

  constructor(send: () => string, soon: (again: () => void) => void, view: (id: string) => CommandView) {
    this.#send = send;
    this.#soon = soon;
    this.#view = view;
    this.id = send();
  }

  get status(): CommandView["status"] {
    return this.#view(this.id).status;
  }

  /** The cloud has heard nothing of a command. */
  timedOut(id: string): void {
    if (id !== this.id || this.#tries === mostTries) return;
    this.#tries += 1;
    this.#soon(() => void (this.id = this.#send()));
  }
}

/** The boards, their cloud, and whoever stands between. */
export class Fleet {
  readonly boards: readonly FleetBoard[];
  readonly intruder: Intruder;
  /** Its board's events are those of the cloud as well. */
  readonly #first: FleetBoard;
  readonly #engine: ScriptEngine;

  private constructor(boards: readonly FleetBoard[], engine: ScriptEngine) {
    this.boards = boards;
    this.#first = boards[0];
    this.intruder = new Intruder(this.#first.world.path);
    this.#engine = engine;
  }

  /**
   * Boards with the firmware of a stage, and a cloud with its script.
   * @param masters as of `put` and `provision`: the boards have keys of the first one
   */
  static async begin(
    edition: Edition,
    count: number,
    at: Stage,
    masters: readonly Uint8Array[] = [],
  ): Promise<Fleet> {
    const firmware = await firmwareOf(at);
    const boards = Array.from({ length: count }, () => new FleetBoard());
    for (const [i, board] of boards.entries()) {
      const options = {
        ...({ engine: "node", edition, coverage: 0, loss: 0.03, powerKey: true, format: "compact" } as const),
        ...{ seed: `fleet ${i}`, interval: 300, pendingTtl: hour, firmware },
        settings: { startSpread: 0, logValues: true },
        onEvent: (event: WorldEvent) => {
          board.events.push(event);
          if (event.source !== "cloud" || event.event.type !== "command-timed-out") return;
          const { id } = event.event;
          for (const each of boards) for (const order of each.orders) order.timedOut(id);
        },
      };
      board.world = i === 0 ? await World.create(options) : await World.beside(boards[0].world, options);
    }
    const fleet = new Fleet(boards, await loadScriptEngine(() => epoch));
    if (masters.length > 0) fleet.put(at, masters);
    for (const board of boards) {
      if (masters.length > 0) board.writeKeys(masters[0]);
      await board.world.start();
    }
    return fleet;
  }

  /** Virtual ms. */
  get clock(): number {
    return this.#first.world.clock.now;
  }

  get productKey(): string {
    return this.#first.world.device.productKey;
  }

  /** Lets time go by. */
  async run(duration: number): Promise<void> {
    await this.#first.world.clock.run({ until: this.clock + duration });
  }

  /** The operator puts a stage's model and script into the console, with the keys of these masters, the newest first. */
  put(at: Stage, masters: readonly Uint8Array[] = []): void {
    const { cloud, cloudNow } = this.#first.world;
    const { productKey } = this;
    const script = this.#scriptOf(at, masters);
    cloud.products.put({ productKey, payload: "raw", model: at.model, script }, cloudNow);
  }

  /** The script of a stage with keys, for whoever has come by it. @param ahead ms by which his clock is before the cloud's */
  leaked(at: Stage, master: Uint8Array, ahead = 0): Script {
    const engine = this.#engine.at(() => epoch + this.clock + ahead);
    const script = engine.compile(this.#scriptOf(at, [master]));
    if ("fault" in script) throw new Error(script.fault);
    return script;
  }

  /** What the cloud told of a board's envelopes since a moment: `plain`, `forged`, `replayed` and so on. */
  doubts(board: FleetBoard, since: number): string[] {
    return this.#first.events.flatMap((event) => {
      if (event.time < since || event.source !== "cloud" || event.event.type !== "seal-doubted") return [];
      const { deviceKey, what, reason } = event.event;
      return deviceKey === board.deviceKey ? [reason ?? what] : [];
    });
  }

  async close(): Promise<void> {
    for (const { world } of this.boards) await world.close();
  }

  #scriptOf({ made }: Stage, masters: readonly Uint8Array[]): string {
    const { productKey } = this;
    const roots = masters.map((each) => rootOf(each).toString("hex"));
    return roots.length === 0 ? made.files["parsing-script.js"] : keyedScript(made, { roots, productKey });
  }
}
