/**
 * What a device measured and did, by its log, and what the cloud has of it in the end. What the man in the middle has
 * come to is judged by these two, and by nothing that he believes himself.
 */
import { markName } from "../../model/operated-model";
import { canonical } from "../chaos/rules/readings";
import { readLogLine } from "../../sim/world/device-log";
import { epoch } from "../../sim/world/world";
import type { World, WorldEvent } from "../../sim/world/world";

/** A reading that the device took. */
interface Taken {
  readonly id: number;
  /** Virtual ms. */
  readonly at: number;
  readonly values: string;
  acknowledgedAt?: number;
  /** The device gave it up, as the cloud had refused it. */
  refusedAt?: number;
}

/** Part of a run, virtual ms: from and up to. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** How far the time that the cloud has for a reading may be from that of its measurement, ms. */
const tolerance = 300_000;

/** A reading in the cloud that no device took. */
interface Untrue {
  readonly at: number;
  /** It has what the script gives to readings that came in an envelope, and that is never on the air. */
  readonly isMarked: boolean;
}

/** The books of one device. */
export class DeviceBooks {
  readonly #taken: Taken[] = [];
  readonly #byId = new Map<number, Taken>();
  readonly #executed: { readonly at: number; readonly id: string }[] = [];
  /** Ids of commands that the operator has sent to this device. */
  readonly commands = new Set<string>();

  hear(event: WorldEvent): void {
    if (event.source !== "device") return;
    const told = readLogLine(event.text);
    switch (told?.kind) {
      case "report taken":
      case "report held": {
        const taken = { id: told.id, at: event.time, values: canonical(told.values) };
        this.#taken.push(taken);
        this.#byId.set(told.id, taken);
        return;
      }
      case "report acknowledged":
      case "report refused": {
        const taken = this.#byId.get(told.id);
        if (taken === undefined) return;
        if (told.kind === "report acknowledged") taken.acknowledgedAt = event.time;
        else taken.refusedAt = event.time;
        return;
      }
      case "command executed":
        this.#executed.push({ at: event.time, id: String(told.id) });
    }
  }

  /** How many commands the device executed that the operator has not sent to it. */
  obeyed({ from, to }: Span): number {
    return this.#executed.filter(({ at, id }) => at >= from && at < to && !this.commands.has(id)).length;
  }

  /** Compares with what the cloud has. */
  audit({ cloud, device }: World): Audit {
    const found = new Set<Taken>();
    const untrue: Untrue[] = [];
    for (const { points, time, at } of cloud.reported.readings(device.productKey, device.deviceKey)) {
      const { [markName]: mark, ...measured } = points;
      const values = canonical(measured);
      const when = (time ?? at) - epoch;
      const isIt = (each: Taken): boolean => each.values === values && Math.abs(each.at - when) <= tolerance;
      const taken = this.#taken.find((each) => isIt(each));
      if (taken === undefined) untrue.push({ at: at - epoch, isMarked: mark !== undefined });
      else found.add(taken);
    }
    return new Audit(this.#taken, found, untrue);
  }
}

/** What came of a device's readings. */
export class Audit {
  readonly #taken: readonly Taken[];
  readonly #found: ReadonlySet<Taken>;
  readonly #untrue: readonly Untrue[];

  constructor(taken: readonly Taken[], found: ReadonlySet<Taken>, untrue: readonly Untrue[]) {
    this.#taken = taken;
    this.#found = found;
    this.#untrue = untrue;
  }

  /** Readings that the cloud has and the device never took, or not at that time, by when they were stored. */
  untrue({ from, to }: Span): number {
    return this.#untrue.filter(({ at }) => at >= from && at < to).length;
  }

  /** Of all of these, those that bear a sealed device's mark. */
  get marked(): number {
    return this.#untrue.filter(({ isMarked }) => isMarked).length;
  }

  /** Readings that the device has given away in this time, as acknowledged or refused, and the cloud has not. */
  lost({ from, to }: Span): number {
    return this.#taken.filter((taken) => {
      const gone = taken.acknowledgedAt ?? taken.refusedAt;
      return gone !== undefined && gone >= from && gone < to && !this.#found.has(taken);
    }).length;
  }

  /** Readings taken in this time, and of these those that the cloud has. */
  arrived({ from, to }: Span): { readonly taken: number; readonly stored: number } {
    const taken = this.#taken.filter(({ at }) => at >= from && at < to);
    return { taken: taken.length, stored: taken.filter((each) => this.#found.has(each)).length };
  }

  /** Of the readings that the cloud has, those whose values somebody knows. */
  known(values: ReadonlySet<string>): { readonly all: number; readonly known: number } {
    const all = [...this.#found];
    return { all: all.length, known: all.filter((each) => values.has(each.values)).length };
  }
}
