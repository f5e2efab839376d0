/**
 * What anybody can know of a product: its parsing script as far as no key is in it, its thing model, and the tool that
 * makes both. With that somebody on the path reads what is in plain, and makes messages of the right form.
 */
import { decodeCommand } from "../../../firmware/model/command";
import { encodeReport } from "../../../firmware/model/report";
import { isObject } from "../../cloud/json";
import type { Thing, ThingValues } from "../../../firmware/model/thing";
import type { Script } from "../../cloud/script/script-engine";
import type { OwnSeal } from "./own-seal";

/** What is published of a product. */
export interface Published {
  /** Its parsing scripts without a key: of a sealed product the one that was before it was sealed as well. */
  readonly scripts: readonly Script[];
  readonly thing: Thing;
  /** Of a sealed product: what anybody makes with the same tools and a master of his own. */
  readonly own?: { readonly seal: OwnSeal; readonly script: Script };
}

/** Reads and writes by what is published, and by nothing else. */
export class PublicKnowledge {
  readonly #published: Published;

  constructor(published: Published) {
    this.#published = published;
  }

  /** The measure points that a report states, by identifier, one object for each reading; none where he cannot read it. */
  readings(payload: Uint8Array): Record<string, unknown>[] {
    for (const script of this.#published.scripts) {
      const json = script.rawToJson(payload);
      if (typeof json !== "string") continue;
      const { params } = JSON.parse(json) as { params?: unknown };
      const found = (Array.isArray(params) ? params : [params]).flatMap((each) =>
        isObject(each) && isObject(each["measurepoints"]) ? [each["measurepoints"]] : [],
      );
      if (found.length > 0) return found;
    }
    return [];
  }

  /** What a command in bytes asks for, as values by identifier; undefined where he cannot read it. */
  command(payload: Uint8Array): Readonly<Record<string, unknown>> | undefined {
    const command = decodeCommand(this.#published.thing, payload);
    if (!("kind" in command)) return undefined;
    return command.kind === "set" ? command.values : command.inputs;
  }

  /** A report of his own making. @throws Error for values that are not the model's */
  report(values: Readonly<Record<string, unknown>>, requestId: number): Uint8Array {
    const out = new Uint8Array(256);
    const length = encodeReport(this.#published.thing, values as ThingValues, requestId, out, "sample");
    if (typeof length !== "number") throw new Error(`${length.id} ${length.detail}`);
    return out.slice(0, length);
  }

  /** The same in an envelope of the right form, under a key of his own; undefined where nothing is sealed. */
  sealed(productKey: string, deviceKey: string, plain: Uint8Array): Uint8Array | undefined {
    return this.#published.own?.seal.seal(productKey, deviceKey, plain);
  }

  /** A command that sets measure points, sealed under a key of his own; undefined where nothing is sealed. */
  sealedSetting(
    deviceKey: string,
    values: Readonly<Record<string, unknown>>,
    id: string,
  ): Uint8Array | undefined {
    const made = this.#published.own?.script.jsonToRaw(settingJson({ deviceKey, ...values }, id));
    return made === undefined || "fault" in made ? undefined : made;
  }

  /** A command that sets measure points; undefined where no script makes it without a key. */
  setting(values: Readonly<Record<string, unknown>>, id: string): Uint8Array | undefined {
    const json = settingJson(values, id);
    for (const script of this.#published.scripts) {
      const made = script.jsonToRaw(json);
      if (!("fault" in made)) return made;
    }
    return undefined;
  }

  /**
   * A report with one bit flipped, such that it is one still and states another value for a measure point: of all those the
   * one that changes it most. Undefined where he cannot read it.
   */
  flipped(payload: Uint8Array, identifier: string): Uint8Array | undefined {
    const [before] = this.readings(payload);
    const value = before?.[identifier];
    if (typeof value !== "number") return undefined;
    let best: Uint8Array | undefined;
    let most = 0;
    for (let bit = 0; bit < 8 * payload.length; bit++) {
      const changed = payload.slice();
      changed[bit >> 3] ^= 1 << (bit & 7);
      const [after] = this.readings(changed);
      if (!isPlausible(after, before, identifier)) continue;
      const change = Math.abs((after[identifier] as number) - value);
      if (change <= most) continue;
      most = change;
      best = changed;
    }
    return best;
  }

  /** The same report or command under another number, so that nobody takes it for one that he has; undefined where he cannot read it. */
  renumbered(payload: Uint8Array, number: number): Uint8Array | undefined {
    const isCommand = this.command(payload) !== undefined;
    if (!isCommand && this.readings(payload).length === 0) return undefined;
    const renumbered = payload.slice();
    // 06 | id u64, else kind u8 | id u32.
    const at = isCommand && payload[0] === 6 ? 5 : 1;
    new DataView(renumbered.buffer).setUint32(at, number);
    return renumbered;
  }

  /** The number of a report, by which the server's answer is known; undefined where he cannot read it. */
  numberOf(payload: Uint8Array): number | undefined {
    if (this.readings(payload).length === 0) return undefined;
    return new DataView(payload.buffer, payload.byteOffset, payload.byteLength).getUint32(1);
  }
}

/** A command that sets measure points, as EnOS gives it to a script, and to a device whose commands are JSON. */
export function settingJson(params: Readonly<Record<string, unknown>>, id: string): string {
  return JSON.stringify({ id, version: "1.0", method: "thing.service.measurepoint.set", params });
}

/** Whether only this value is another one, within what a thermometer may show. */
function isPlausible(
  after: Record<string, unknown> | undefined,
  before: Record<string, unknown>,
  identifier: string,
): after is Record<string, unknown> {
  if (after === undefined) return false;
  const value = after[identifier];
  if (typeof value !== "number" || !(value >= -40 && value <= 125) || value === before[identifier])
    return false;
  const others = ({ [identifier]: _changed, ...rest }: Record<string, unknown>): string =>
    JSON.stringify(rest);
  return others(after) === others(before);
}
