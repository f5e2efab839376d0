/**
 * The operator of the cloud's: sends commands at any moment, some of them with little time, and has the cloud send
 * some of them once more. What became of each is in its books, as the cloud tells it. What must be done it asks for
 * anew, by another command, until one is answered: a device may be cut off for longer than EnOS keeps a command, and
 * an answer may be under way for longer than EnOS waits.
 */
import type { Command, CloudEvent } from "../../cloud/cloud";
import type { Random } from "../../sim/time/random";
import type { World } from "../../sim/world/world";

/** A command that was sent. */
export interface Sent {
  readonly id: string;
  readonly command: Command;
  /** The code that a device in order answers with. */
  readonly expected: number;
  /** Of a calibration: its reference, which no other has. */
  readonly reference: number | undefined;
  /** Virtual ms. */
  readonly at: number;
  /** What it asks for must be done: without an answer the operator asks anew. */
  readonly patient: boolean;
  /** When it came to its end, virtual ms: answered or given up, the last time where it was sent again. */
  ended: number | undefined;
  /** Codes of its answers, in their order; more than one where it was sent again. A late one is among them. */
  readonly codes: number[];
  /** It was given up by the cloud. */
  givenUp: boolean;
  /** The command by which the operator asked anew. */
  successor: Sent | undefined;
  /** How often it was sent again. */
  repeats: number;
}

const minute = 60_000;
/** How long commands wait that may get lost, and those that must not: EnOS's longest times. */
const impatience = [10 * minute, 60 * minute].map((pendingTtl) => ({
  pendingTtl,
  responseTimeout: minute / 2,
}));
const patience = { pendingTtl: 2 * 86_400_000, responseTimeout: minute };
/** Commands that the cloud keeps of those sent: it can send no other again. */
const mostKept = 40;

export class Operator {
  readonly #world: World;
  readonly #random: Random;
  readonly #json: boolean;
  readonly sent = new Map<string, Sent>();
  /** Ids in the order of their sending. */
  readonly #order: string[] = [];
  /** Given up by the cloud before they were answered: to be asked for anew. */
  readonly #owed: Sent[] = [];
  #references = 0;

  /** @param json the product's commands are JSON, and not bytes */
  constructor(world: World, random: Random, json: boolean) {
    this.#world = world;
    this.#random = random;
    this.#json = json;
  }

  /** Whether something is still to be done that must be. */
  get waits(): boolean {
    if (this.#owed.length > 0) return true;
    for (const each of this.sent.values()) if (each.patient && each.ended === undefined) return true;
    return false;
  }

  /** The last command by which the operator asked for what this one asked for. */
  lastOf(sent: Sent): Sent {
    let last = sent;
    while (last.successor !== undefined) last = last.successor;
    return last;
  }

  /** Sends so many commands, all now. */
  send(count: number): void {
    for (let i = 0; i < count; i++) this.#one(this.#random.chance(0.7));
  }

  /** Sends one that must be answered. */
  prove(): Sent | undefined {
    return this.#one(true);
  }

  /** Has a device that has started safely start normally. */
  free(): void {
    const inputs = { normally: true };
    this.#queue({ kind: "service", service: "restart", inputs }, 200, undefined, true);
  }

  /** Has the cloud send so many of the last commands again. */
  repeat(count: number): void {
    const { cloud, cloudNow } = this.#world;
    const { productKey, deviceKey } = this.#world.device;
    const kept = new Set(cloud.commands.list(productKey, deviceKey).map(({ id }) => id));
    for (const id of this.#order
      .slice(-mostKept)
      .filter((each) => kept.has(each))
      .slice(-count)) {
      const sent = this.sent.get(id)!;
      // One that was given up may be too old for the device to know.
      if (sent.ended === undefined || sent.givenUp || !sent.patient) continue;
      sent.ended = undefined;
      sent.repeats += 1;
      cloud.commands.repeat(id, cloudNow);
    }
    this.#world.touchCloud();
  }

  /** Hears what the cloud tells. */
  hear(event: CloudEvent, at: number): void {
    if (!("id" in event)) return;
    const sent = this.sent.get(event.id);
    if (sent === undefined) return;
    switch (event.type) {
      case "command-late":
        return void sent.codes.push(event.code);
      case "command-answered":
        sent.codes.push(event.code);
        break;
      case "command-timed-out":
      case "command-expired":
        sent.givenUp = true;
        if (sent.patient && sent.codes.length === 0) this.#owed.push(sent);
        break;
      default:
        return;
    }
    sent.ended = at;
    // There is room for one more now.
    if (this.#owed.length > 0) this.#world.clock.after(0, () => this.#askAnew());
  }

  #askAnew(): void {
    while (this.#owed.length > 0) {
      const [owed] = this.#owed;
      const { command, expected, reference } = this.#anew(owed);
      owed.successor = this.#queue(command, expected, reference, true);
      if (owed.successor === undefined) return;
      this.#owed.shift();
    }
  }

  /** The same once more, with a reference of its own where it has one. */
  #anew({ command, expected, reference }: Sent): Pick<Sent, "command" | "expected" | "reference"> {
    return reference === undefined ? { command, expected, reference } : this.#calibration();
  }

  #one(patient: boolean): Sent | undefined {
    const { command, expected, reference } = this.#draw();
    return this.#queue(command, expected, reference, patient);
  }

  #queue(
    command: Command,
    expected: number,
    reference: number | undefined,
    patient: boolean,
  ): Sent | undefined {
    const { cloud, cloudNow, clock, device } = this.#world;
    const times = patient ? patience : this.#random.pick(impatience);
    let id: string;
    try {
      id = cloud.commands.sendAddressed(device.productKey, device.deviceKey, command, cloudNow, times);
    } catch (error) {
      // As many wait as the cloud takes.
      if (error instanceof RangeError) return undefined;
      throw error;
    }
    this.#world.touchCloud();
    const start = { ended: undefined, codes: [], givenUp: false, successor: undefined, repeats: 0 };
    const sent: Sent = { id, command, expected, reference, at: clock.now, patient, ...start };
    this.sent.set(id, sent);
    this.#order.push(id);
    return sent;
  }

  #draw(): { command: Command; expected: number; reference: number | undefined } {
    const kind = this.#random.pick([
      "set",
      "calibrate",
      "calibrate",
      "reboot",
      ...(this.#json ? ["get"] : []),
    ]);
    switch (kind) {
      case "set": {
        const points = { relay: this.#random.chance(0.5) ? 1 : 0 };
        return { command: { kind: "set", points }, expected: 200, reference: undefined };
      }
      case "get":
        return {
          command: { kind: "get", points: ["temperature", "relay"] },
          expected: 200,
          reference: undefined,
        };
      case "calibrate":
        return this.#calibration();
      default: {
        const inputs = { delay: 5 };
        return {
          command: { kind: "service", service: "reboot", inputs },
          expected: 501,
          reference: undefined,
        };
      }
    }
  }

  #calibration(): { command: Command; expected: number; reference: number } {
    this.#references += 1;
    const reference = 20 + this.#references / 1_000;
    const inputs = { reference: { temperature: reference } };
    return { command: { kind: "service", service: "calibrate", inputs }, expected: 200, reference };
  }
}
