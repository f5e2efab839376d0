/**
 * The operator of the cloud's: sends commands at any moment, some of them with little time, and has the cloud send
 * some of them once more. What became of each is in its books, as the cloud tells it.
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
  /** The operator wants it answered: it has time until long after the last fault. */
  readonly patient: boolean;
  /** When it came to its end, virtual ms: answered or given up, the last time where it was sent again. */
  ended: number | undefined;
  /** Codes of its answers, in their order; more than one where it was sent again. */
  readonly codes: number[];
  /** It was given up by the cloud. */
  timedOut: boolean;
  /** How often it was sent again. */
  repeats: number;
}

const minute = 60_000;
/** Time for commands that may get lost, and for those that must not, ms. */
const impatience = [10 * minute, 60 * minute];
const patience = 20 * 86_400_000;
/** Commands that the cloud keeps of those sent: it can send no other again. */
const mostKept = 40;

export class Operator {
  readonly #world: World;
  readonly #random: Random;
  readonly #json: boolean;
  readonly sent = new Map<string, Sent>();
  /** Ids in the order of their sending. */
  readonly #order: string[] = [];
  #references = 0;

  /** @param json the product's commands are JSON, and not bytes */
  constructor(world: World, random: Random, json: boolean) {
    this.#world = world;
    this.#random = random;
    this.#json = json;
  }

  /** Whether a command waits for its answer that must get one. */
  get waits(): boolean {
    for (const each of this.sent.values()) if (each.patient && each.ended === undefined) return true;
    return false;
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
    const kept = new Set(cloud.commands(productKey, deviceKey).map(({ id }) => id));
    for (const id of this.#order
      .slice(-mostKept)
      .filter((each) => kept.has(each))
      .slice(-count)) {
      const sent = this.sent.get(id)!;
      // One that was given up may be too old for the device to know.
      if (sent.ended === undefined || sent.timedOut || !sent.patient) continue;
      sent.ended = undefined;
      sent.repeats += 1;
      cloud.repeatCommand(id, cloudNow);
    }
    this.#world.touchCloud();
  }

  /** Hears what the cloud tells. */
  hear(event: CloudEvent, at: number): void {
    if (event.type !== "command-answered" && event.type !== "command-timed-out") return;
    const sent = this.sent.get(event.id);
    if (sent === undefined) return;
    sent.ended = at;
    if (event.type === "command-answered") sent.codes.push(event.code);
    else sent.timedOut = true;
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
    const timeout = patient ? patience : this.#random.pick(impatience);
    let id: string;
    try {
      id = cloud.sendCommand(device.productKey, device.deviceKey, command, cloudNow, { timeout });
    } catch (error) {
      // As many wait as the cloud takes.
      if (error instanceof RangeError) return undefined;
      throw error;
    }
    this.#world.touchCloud();
    const start = { ended: undefined, codes: [], timedOut: false, repeats: 0 };
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
      case "calibrate": {
        this.#references += 1;
        const reference = 20 + this.#references / 1_000;
        const inputs = { reference: { temperature: reference } };
        return { command: { kind: "service", service: "calibrate", inputs }, expected: 200, reference };
      }
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
}
