/**
 * A thing model as EnOS has it, written from ours. Two forms of the same:
 *
 *     template    what a device gets that asks `thing/tsltemplate/get`: tslModelId, tslAttributeMap, ...
 *     file        what EnOS's console exports and imports: thingModelId, thingAttributeMap, ..., texts in several
 *                 languages, and the class of each element, which names its type
 *
 * Both have maps by identifier. The limits of a number are always there: without a range they are its type's. What
 * ours says and EnOS's has no place for, which is numbers, compact forms and a length, stays behind. A sealed product's has
 * what names the device of a command besides (operated-model.ts).
 */
import { isEnumOfTexts } from "./model";
import { operatedModel } from "./operated-model";
import type { EventLevel, ItemType, Model, ModelEvent, ModelField, ModelPoint, ModelService } from "./model";
import type { ModelType, TypeName } from "./model";

/** A text of the console, in the language of its author and in others. */
interface EnosText {
  readonly defaultValue: string;
  readonly i18nValue: Readonly<Record<string, string>>;
}

/** An attribute, a measure point, an input or an output; what it has beside these depends on its type. */
type EnosElement = Readonly<Record<string, unknown>> & { readonly identifier: string };

interface EnosService {
  readonly outputData: readonly EnosElement[];
  readonly inputData: readonly EnosElement[];
  readonly name: string | EnosText;
  readonly required: boolean;
  readonly callType: "ASYNC" | "SYNC";
  readonly desc: string;
  readonly identifier: string;
}

interface EnosEvent {
  readonly outputData: readonly EnosElement[];
  readonly eventType: "INFO" | "WARN" | "ERROR";
  readonly name: string | EnosText;
  readonly required: boolean;
  readonly desc: string;
  readonly identifier: string;
}

type ById<T> = Readonly<Record<string, T>>;

/** The `data` of EnOS's answer to `thing/tsltemplate/get`. */
export interface EnosTemplate {
  readonly tslModelId: string;
  readonly tslModelName: string;
  readonly tslModelDesc: string;
  /** EnOS's own spelling. */
  readonly tslModelCatagory: string;
  readonly tslAttributeMap: ById<EnosElement>;
  readonly tslMeasurepointMap: ById<EnosElement>;
  readonly tslServiceMap: ById<EnosService>;
  readonly tslEventMap: ById<EnosEvent>;
  readonly [more: string]: unknown;
}

/** The file that EnOS's console exports, and imports. */
export interface EnosModel {
  readonly thingModelId: string;
  readonly thingModelName: EnosText;
  readonly thingModelDesc: string;
  /** EnOS's own spelling. */
  readonly thingModelCatagory: string;
  readonly thingAttributeMap: ById<EnosElement>;
  readonly thingMeasurepointMap: ById<EnosElement>;
  readonly thingServiceMap: ById<EnosService>;
  readonly thingEventMap: ById<EnosEvent>;
  readonly [more: string]: unknown;
}

/** The answer to a device that asks for its thing model. */
export function enosTemplateOf(product: Model): EnosTemplate {
  const model = operatedModel(product);
  const form = new Form("template");
  return {
    tslModelId: idOf(model.product),
    tslModelName: model.product,
    tslModelDesc: "",
    tslModelCatagory: "",
    tslAttributeMap: byId(model.attributes, (each) => form.attribute(each)),
    tslMeasurepointMap: byId(model.measurepoints, (each) => form.point(each)),
    tslServiceMap: byId(model.services, (each) => form.service(each)),
    tslEventMap: byId(model.events, (each) => form.event(each)),
    ...inheritance,
  };
}

/** The file for EnOS's console. */
export function enosModelOf(product: Model): EnosModel {
  const model = operatedModel(product);
  const form = new Form("file");
  return {
    thingModelId: idOf(model.product),
    thingModelName: text(model.product),
    thingModelDesc: "",
    thingModelCatagory: "",
    thingAttributeMap: byId(model.attributes, (each) => form.attribute(each)),
    thingMeasurepointMap: byId(model.measurepoints, (each) => form.point(each)),
    thingServiceMap: byId(model.services, (each) => form.service(each)),
    thingEventMap: byId(model.events, (each) => form.event(each)),
    ...inheritance,
  };
}

/** Nothing is inherited from another model. */
const inheritance = {
  tag: { tagMap: {} },
  allowAdditionalAttribute: false,
  allowAdditionalMeasurepoint: false,
  inheritedAttributeIds: [],
  inheritedMeasurepointIds: [],
  inheritedServiceIds: [],
  inheritedEventIds: [],
};

/** Where EnOS's classes of elements are; their names end in the type and the element's kind. */
const classes = "com.envisioniot.enos.model_service.share.data.tsl";

/** Largest number of each type as EnOS's console prints it; the smallest is its negative, an int's is one lower. */
const largest: Readonly<Partial<Record<TypeName, number>>> = {
  int: 0x7fff_ffff,
  int64: Number.MAX_VALUE,
  float: 3.4028235e38,
  double: Number.MAX_VALUE,
};

/** The words of EnOS's types, as its classes and its model service's API spell them. */
const typeWords: Readonly<Record<TypeName, string>> = {
  ...{ int: "Int", int64: "Double", float: "Float", double: "Double", string: "String", bool: "Bool" },
  ...{ enum: "Enum", date: "Date", timestamp: "Timestamp", array: "Array", struct: "Struct" },
};

const eventTypes: Readonly<Record<EventLevel, EnosEvent["eventType"]>> = {
  info: "INFO",
  warning: "WARN",
  error: "ERROR",
};

class Form {
  readonly #isFile: boolean;

  constructor(form: "template" | "file") {
    this.#isFile = form === "file";
  }

  attribute(field: ModelField): EnosElement {
    return this.#element(field, "attribute", "Attribute", { accessMode: true });
  }

  point(point: ModelPoint): EnosElement {
    const more = { signalType: signalOf(point.type), accessMode: point.writable === true };
    return this.#element(point, "measurepoint", "Measurepoint", more);
  }

  service({ identifier, name, inputs, outputs }: ModelService): EnosService {
    return {
      outputData: outputs.map((each) => this.#field(each)),
      inputData: inputs.map((each) => this.#field(each)),
      name: this.#text(name ?? identifier),
      required: false,
      callType: "ASYNC",
      desc: "",
      identifier,
    };
  }

  event({ identifier, name, level = "info", outputs }: ModelEvent): EnosEvent {
    return {
      outputData: outputs.map((each) => this.#field(each)),
      eventType: eventTypes[level],
      name: this.#text(name ?? identifier),
      required: false,
      desc: "",
      identifier,
    };
  }

  #field(field: ModelField): EnosElement {
    return this.#element(field, "datapoint", "", { required: field.optional !== true, accessMode: true });
  }

  #element(
    element: ModelType & { identifier: string; name?: string; quality?: boolean },
    folder: string,
    kind: string,
    more: object,
  ): EnosElement {
    const { identifier, name = identifier, type, unit } = element;
    return {
      ...this.#details(element),
      ...(unit === undefined ? {} : { unit: { unitId: unit, multiplier: "ONE" } }),
      ...(largest[type] === undefined ? {} : { hasQuality: element.quality === true }),
      required: false,
      ...more,
      identifier,
      name: this.#text(name),
      desc: "",
      tags: { tagMap: {} },
      ...(this.#isFile ? { $class: `${classes}.${folder}.TSL${typeWords[type]}${kind}` } : {}),
    };
  }

  #details(type: ModelType): object {
    const most = largest[type.type];
    if (most !== undefined) {
      const least = type.type === "int" ? -most - 1 : -most;
      const [minimum, maximum] = type.range ?? [least, most];
      return { minimum, maximum, exclusiveMinimum: false, exclusiveMaximum: false };
    }
    switch (type.type) {
      case "string":
        return type.maxLength === undefined ? {} : { maxLength: type.maxLength };
      case "enum": {
        const texts = isEnumOfTexts(type);
        const specsMap: Record<string, string> = {};
        for (const [number, name] of Object.entries(type.values!)) {
          specsMap[texts ? name : number] = JSON.stringify(text(name));
        }
        return { specsMap, valueType: !texts };
      }
      case "array":
        return {
          itemType: itemWord(type.items!),
          ...(type.maxItems === undefined ? {} : { maxItems: type.maxItems }),
        };
      case "struct":
        return { items: type.fields!.map((field) => this.#field(field)) };
      default:
        return {};
    }
  }

  #text(value: string): string | EnosText {
    return this.#isFile ? text(value) : value;
  }
}

function text(value: string): EnosText {
  return { defaultValue: value, i18nValue: {} };
}

function itemWord(type: ItemType): string {
  return typeWords[type].toLowerCase();
}

/** What EnOS calls a point's kind of signal: analog, digital or none of them. */
function signalOf(type: TypeName): string {
  if (type === "bool" || type === "enum") return "DI";
  return largest[type] === undefined ? "UNKNOWN" : "AI";
}

/** EnOS's identifier of a model has letters, digits, _ . and - only. */
function idOf(product: string): string {
  return product.replace(/[^A-Za-z0-9_.-]+/g, "_");
}

function byId<T extends { readonly identifier: string }, R>(list: readonly T[], of: (each: T) => R): ById<R> {
  return Object.fromEntries(list.map((each) => [each.identifier, of(each)]));
}
