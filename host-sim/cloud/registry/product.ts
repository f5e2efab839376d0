/**
 * A product: what its devices have in common. Its thing model says which reports and commands are valid; its
 * parsing script turns raw bytes into JSON and back.
 */
import { enosTemplateOf } from "../../model/enos-model";
import type { EnosTemplate } from "../../model/enos-model";
import { isEnosModel, modelOfEnos } from "../../model/read-enos-model";
import { joinedModel } from "../../model/joined-model";
import { emptyLock } from "../../model/lock";
import { readModel } from "../../model/read-model";
import { faultLine, sealedOf } from "../../model/model";
import { operatedModel } from "../../model/operated-model";
import { printable } from "../coap/coap-text";
import type { EventLevel, Model, ModelEvent, ModelField, ModelPoint, ModelService } from "../../model/model";
import type { Script, ScriptEngine, ScriptFault } from "../script/script-engine";
import type { Seal } from "../script/seal";
import { fieldsFault, pointFault, valueFault } from "../enos/value-check";
import { isObject } from "../json";
import { ScriptFaults } from "../script/script-faults";
import type { FaultKind } from "../script/script-told";
import { ScriptSamples } from "../script/script-samples";
import type { ScriptTask, ToldFault } from "../events";
import { keyPattern } from "./registry";
import { vitalPointsOf } from "./vital-points";
import type { VitalPoints } from "./vital-points";

/** A product as an operator registers it. */
export interface ProductRecord {
  productKey: string;
  name?: string;
  /**
   * Bytes of the largest datagram that every one of its devices takes: what goes down is cut to it, or refused. Default
   * 512, what all NB-IoT modems take.
   */
  largestDatagram?: number;
  /** How commands are sent: as JSON, or as the bytes that the script makes of it. Default "json". */
  payload?: "raw" | "json";
  /**
   * What a model.json holds, or a thing model as EnOS has it; kept in the words of model.json. Without it any JSON is
   * taken.
   */
  model?: unknown;
  /** Source of the parsing script. Without it raw payloads cannot be read. */
  script?: string;
}

/** A product that cannot be used; the message is one line: what, where, how to mend it. */
export class ProductError extends Error {
  override name = "ProductError";
}

const longestName = 128;
const longestScript = 1 << 20;
/** With less an answer has no room for a path; more no network carries whole (RFC 7252 section 4.6). */
export const datagramRange = Object.freeze({ least: 256, most: 1152 });
const usualDatagram = 512;
const noScript: ScriptFault = { fault: "the product has no parsing script" };
/** As the model's schema has it; it also keeps out __proto__ where there is no model. */
const identifierPattern = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/;

/** What surrounds a product in a cloud; a product alone does without. */
export interface ProductSurroundings {
  /** Hears what the script gets wrong. */
  readonly tell?: (told: ToldFault) => void;
  /** The cloud's time, epoch ms. */
  readonly time?: () => number;
  /** What the product's script was given before this one. */
  readonly samples?: ScriptSamples;
}

export class Product {
  readonly productKey: string;
  readonly record: ProductRecord;
  readonly model: Model | undefined;
  /** Which measure points tell of battery and signal; undefined without a model. */
  readonly vitalPoints: VitalPoints | undefined;
  /** Whether its model has events above the level info. */
  readonly hasAlarms: boolean;
  /** Its script makes no bytes of a command whose id has 62 bits, as has come out at the first command. */
  hasShortIds = false;
  /** Its operator knows that its script cuts ids. */
  isCuttingTold = false;
  readonly #script: Script | undefined;
  #template: EnosTemplate | undefined;
  readonly #faults: ScriptFaults;
  /** What the script was given last for devices. */
  readonly samples: ScriptSamples;
  readonly #points: ReadonlyMap<string, ModelPoint>;
  readonly #attributes: ReadonlyMap<string, ModelField>;
  readonly #events: ReadonlyMap<string, ModelEvent>;
  readonly #services: ReadonlyMap<string, ModelService>;

  /**
   * @param engine runs the script; only a product without one does without
   * @throws ProductError on a record, model or script that cannot be used
   */
  constructor(
    record: ProductRecord,
    engine: ScriptEngine | undefined,
    { tell = () => {}, time, samples = new ScriptSamples(time) }: ProductSurroundings = {},
  ) {
    this.record = checkRecord(record);
    this.productKey = record.productKey;
    this.#faults = new ScriptFaults(tell, time);
    this.samples = samples;
    const place = `product ${this.productKey}`;
    this.model = record.model === undefined ? undefined : modelOf(record.model, place);
    const isWhole = hasFormat(record.model) && !hasParts(record.model);
    if (this.model !== undefined && !isWhole && canBeKept(this.model)) {
      // Whoever reads the product reads a model in one form: an older one and EnOS's own are kept as what they mean,
      // and one whose rooms add to it with what they add.
      this.record = { ...record, model: this.model };
    }
    if (this.model !== undefined) refuseJsonCommands(this.model, this.payload, place);
    const operated = this.model && operatedModel(this.model);
    this.#points = byIdentifier(operated?.measurepoints);
    this.#attributes = byIdentifier(operated?.attributes);
    this.#events = byIdentifier(operated?.events);
    this.#services = byIdentifier(operated?.services);
    this.vitalPoints = this.model && vitalPointsOf(this.model.measurepoints);
    this.hasAlarms = this.model?.events.some(({ level = "info" }) => level !== "info") ?? false;
    if (record.script === undefined) return;
    if (engine === undefined) throw new ProductError(`${place}: has a script, and no script engine is there`);
    const script = engine.compile(record.script);
    if ("fault" in script) throw new ProductError(`${place}: script: ${script.fault}`);
    this.#script = script;
  }

  /** How commands go to its devices. */
  get payload(): "raw" | "json" {
    return this.record.payload ?? "json";
  }

  /** Its thing model as EnOS hands it to a device that asks; undefined without one. */
  get template(): EnosTemplate | undefined {
    if (this.model !== undefined) this.#template ??= enosTemplateOf(this.model);
    return this.#template;
  }

  /** Bytes of the largest datagram that every one of its devices takes. */
  get largestDatagram(): number {
    return this.record.largestDatagram ?? usualDatagram;
  }

  get hasScript(): boolean {
    return this.#script !== undefined;
  }

  /** Whether its script opens envelopes. */
  get seals(): boolean {
    return this.#script?.seals === true;
  }

  /** Of the envelope that the script opened in the last `rawToJson`. */
  get lastSealed(): Seal | undefined {
    return this.#script?.lastSealed;
  }

  /** What the script got wrong for devices since it came into force, by kind. */
  get scriptFaults(): FaultKind[] {
    return this.#faults.kinds();
  }

  /** Frees the script. */
  dispose(): void {
    this.#script?.dispose();
  }

  /** Why a reported measure point does not fit; undefined when it does, here and below. */
  checkPoint(identifier: string, value: unknown): string | undefined {
    if (this.model === undefined) return identifierFault(identifier);
    const point = this.#points.get(identifier);
    return point === undefined ? unknown("measure point", identifier) : pointFault(value, point);
  }

  checkEvent(event: string, outputs: unknown): string | undefined {
    return this.#checkFields("event", event, this.#events.get(event)?.outputs, outputs);
  }

  /** Of an event; "info" for one that the model gives none, or does not have. */
  eventLevel(event: string): EventLevel {
    return this.#events.get(event)?.level ?? "info";
  }

  checkAttribute(name: string, value: unknown): string | undefined {
    if (this.model === undefined) return identifierFault(name);
    const attribute = this.#attributes.get(name);
    return attribute === undefined ? unknown("attribute", name) : valueFault(value, attribute, name);
  }

  /** Whether the model has it; without a model every name that can be one. */
  hasAttribute(name: string): boolean {
    return this.model === undefined ? identifierFault(name) === undefined : this.#attributes.has(name);
  }

  /** Whether the model has it; without a model every name that can be one. */
  hasPoint(identifier: string): boolean {
    return this.model === undefined
      ? identifierFault(identifier) === undefined
      : this.#points.has(identifier);
  }

  /** Why these measure points cannot be set: unknown, not writable, or the value does not fit. */
  checkSet(points: unknown): string | undefined {
    if (!isObject(points)) return "points: expected an object";
    const entries = Object.entries(points);
    if (entries.length === 0) return "points: expected at least one";
    for (const [identifier, value] of entries) {
      const point = this.#points.get(identifier);
      const fault =
        this.model === undefined
          ? identifierFault(identifier)
          : point === undefined
            ? unknown("measure point", identifier)
            : point.writable !== true
              ? `${identifier}: cannot be set, the model does not call it writable`
              : // The sample of EnOS's manual sets a point that has a quality together with it.
                pointFault(value, point);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }

  checkService(service: string, inputs: unknown): string | undefined {
    return this.#checkFields("service", service, this.#services.get(service)?.inputs, inputs);
  }

  /**
   * The script's JSON text for bytes of a device.
   * @param task what it is for, and the operator is to hear of its fault; left out for a mere try
   * @param deviceKey whose the bytes are
   */
  rawToJson(bytes: Uint8Array, task?: "report" | "reply", deviceKey?: string): string | ScriptFault {
    if (task !== undefined) this.samples.add(task, bytes, deviceKey);
    if (this.#script === undefined) return noScript;
    const made = this.#script.rawToJson(bytes);
    if (task !== undefined && typeof made !== "string") this.#note(task, bytes, made);
    return made;
  }

  /**
   * The script's bytes for a device.
   * @param task as above
   */
  jsonToRaw(json: string, task?: "answer" | "command", deviceKey?: string): Uint8Array | ScriptFault {
    if (task !== undefined) this.samples.add(task, json, deviceKey);
    if (this.#script === undefined) return noScript;
    const made = this.#script.jsonToRaw(json);
    if (task !== undefined && "fault" in made) this.#note(task, json, made);
    return made;
  }

  /** The script made something of bytes that is of no use, for the reason that `fault` is. */
  refuseMade(task: "report" | "reply", bytes: Uint8Array, output: string, fault: string): void {
    this.#faults.add(task, bytes, { fault, output });
  }

  #note(task: ScriptTask, input: Uint8Array | string, fault: ScriptFault): void {
    // A script that refuses what somebody made up is right.
    if (fault.refusal === undefined) this.#faults.add(task, input, fault);
  }

  #checkFields(
    what: "event" | "service",
    identifier: string,
    fields: readonly ModelField[] | undefined,
    given: unknown,
  ): string | undefined {
    if (!isObject(given)) return `${what} ${printable(identifier)}: expected an object`;
    if (this.model !== undefined) {
      return fields === undefined ? unknown(what, identifier) : fieldsFault(given, fields, "");
    }
    for (const name of [identifier, ...Object.keys(given)]) {
      const fault = identifierFault(name);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }
}

function checkRecord(record: ProductRecord): ProductRecord {
  if (!isObject(record)) throw new ProductError("product: expected an object");
  const { productKey, name, largestDatagram: datagram, payload, script } = record;
  if (typeof productKey !== "string" || !keyPattern.test(productKey)) {
    throw new ProductError("productKey: expected 1 to 64 of A-Z a-z 0-9 . _ : - other than . and ..");
  }
  const place = `product ${productKey}`;
  if (name !== undefined && (typeof name !== "string" || name.length > longestName)) {
    throw new ProductError(`${place}: name: expected text of at most ${longestName} characters`);
  }
  const { least, most } = datagramRange;
  if (datagram !== undefined && !(Number.isInteger(datagram) && datagram >= least && datagram <= most)) {
    throw new ProductError(`${place}: largestDatagram: expected an integer from ${least} to ${most}`);
  }
  if (payload !== undefined && payload !== "raw" && payload !== "json") {
    throw new ProductError(`${place}: payload: expected "raw" or "json"`);
  }
  if (script !== undefined && (typeof script !== "string" || script.length > longestScript)) {
    throw new ProductError(`${place}: script: expected text of at most ${longestScript} characters`);
  }
  return record;
}

/** Commands in JSON go past the script, which is what seals them: the devices of a sealed product take none. */
function refuseJsonCommands(model: Model, payload: "raw" | "json", place: string): void {
  if (payload === "raw" || sealedOf(model)?.migrating !== false) return;
  throw new ProductError(
    `${place}: payload: is "json", and a sealed product's devices take commands as bytes; set "raw"`,
  );
}

function hasFormat(model: unknown): boolean {
  return isObject(model) && model.format !== undefined;
}

/** Whether the firmware's rooms add to it, see `joinedModel`. */
function hasParts(model: unknown): boolean {
  return isObject(model) && (model.health === true || model.remoteSettings === true);
}

/** Whether it can be read again: a model of before may have a quality that EnOS has not. */
function canBeKept(model: Model): boolean {
  return "product" in readModel(JSON.stringify(model));
}

function modelOf(value: unknown, place: string): Model {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    // One that holds itself; the reader is given what is no JSON and says so.
  }
  const read = isEnosModel(value) ? modelOfEnos(value) : readModel(text ?? "");
  // No byte is read or written here: that is the script's, which has the product's own numbers.
  const model = "product" in read ? joinedModel(read, emptyLock) : read;
  if ("product" in model) return model;
  const more = model.length > 1 ? ` (and ${model.length - 1} more)` : "";
  throw new ProductError(`${place}: model: ${faultLine(model[0])}${more}`);
}

function byIdentifier<T extends { readonly identifier: string }>(list: readonly T[] = []): Map<string, T> {
  return new Map(list.map((each) => [each.identifier, each]));
}

function unknown(what: string, identifier: string): string {
  return `${printable(identifier)}: not in the model, which has no such ${what}`;
}

function identifierFault(identifier: string): string | undefined {
  if (identifierPattern.test(identifier)) return undefined;
  return `${printable(identifier, 80)}: expected an identifier, a letter and then letters, digits, _ . or -`;
}
