/**
 * The thing model as it stands in model.json, once it has been checked, in EnOS's words.
 */

/** Version of model.json whose words are EnOS's; one that states none has the words of before (old-words.ts). */
export const modelFormat = 2;

/** Bytes of UTF-8 of EnOS's longest text. */
export const longestText = 1024;
/** Items of EnOS's longest array. */
export const mostItems = 128;

/** `int64` is none of EnOS's, where such a value is a double: a whole number within 2^53, 8 bytes on the wire. */
export type ItemType = "int" | "int64" | "float" | "double" | "string";
/** `date` is a text, "yyyy-MM-dd" or "yyyy-MM-dd HH:mm:ss"; `timestamp` is epoch ms. */
export type TypeName = ItemType | "bool" | "enum" | "date" | "timestamp" | "array" | "struct";
export type CompactForm = "int8" | "uint8" | "int16" | "uint16" | "int32" | "uint32";

/** What a value is. */
export interface ModelType {
  readonly type: TypeName;
  readonly unit?: string;
  readonly range?: readonly [number, number];
  /** `enum`: names by number. */
  readonly values?: Readonly<Record<string, string>>;
  /** `enum`: its values are the names, and the numbers stand for them in raw payloads. */
  readonly enumType?: "int" | "string";
  readonly maxLength?: number;
  readonly items?: ItemType;
  readonly maxItems?: number;
  readonly fields?: readonly ModelField[];
}

/** An attribute, a field of a struct (which has a number), an input or an output. */
export interface ModelField extends ModelType {
  readonly identifier: string;
  readonly name?: string;
  readonly number?: number;
  readonly optional?: boolean;
}

export interface ModelCompact {
  readonly as: CompactForm;
  /** 1 when left out. */
  readonly scale?: number;
  /** 0 when left out. */
  readonly offset?: number;
}

export interface ModelPoint extends ModelType {
  readonly identifier: string;
  readonly name?: string;
  readonly number: number;
  readonly quality?: boolean;
  readonly writable?: boolean;
  readonly compact?: ModelCompact;
}

export type EventLevel = "info" | "warning" | "error";

export interface ModelEvent {
  readonly identifier: string;
  readonly name?: string;
  readonly level?: EventLevel;
  readonly outputs: readonly ModelField[];
}

export interface ModelService {
  readonly identifier: string;
  readonly name?: string;
  readonly number: number;
  readonly inputs: readonly ModelField[];
  readonly outputs: readonly ModelField[];
}

/** What a sealed product may have besides the seal itself, as model.json says it. */
export interface SealedOptions {
  readonly proof?: true;
  readonly mark?: true;
  readonly migrating?: true;
}

/** A product's seal, with all that it may have. */
export interface Sealed {
  /** A reading is released by an answer that the script alone can make. */
  readonly proof: boolean;
  /** Each reading that was sealed has a measure point `sealed`, which is never on the air, with its device's mark. */
  readonly mark: boolean;
  /** Plain messages and commands are taken as well: the product is on its way to the seal. */
  readonly migrating: boolean;
}

export interface Model {
  readonly format: typeof modelFormat;
  readonly product: string;
  readonly version: number;
  /** Left out by a product whose payloads are plain. */
  readonly sealed?: true | SealedOptions;
  /** Its firmware is updated from afar; left out, its boards have nothing of that (firmware/update). */
  readonly update?: true;
  /** It tells of its health (firmware/health). */
  readonly health?: true;
  /** Its settings can be changed from afar (firmware/remote-settings). */
  readonly remoteSettings?: true;
  readonly measurepoints: readonly ModelPoint[];
  readonly attributes: readonly ModelField[];
  readonly events: readonly ModelEvent[];
  readonly services: readonly ModelService[];
}

/** A model's seal; undefined for a product whose payloads are plain. */
export function sealedOf({ sealed }: Pick<Model, "sealed">): Sealed | undefined {
  if (sealed === undefined) return undefined;
  const { proof, mark, migrating }: SealedOptions = sealed === true ? {} : sealed;
  return { proof: proof === true, mark: mark === true, migrating: migrating === true };
}

/** A seal in the shortest form that a model.json has for it. */
export function sealedForm({ proof, mark, migrating }: Sealed): true | SealedOptions {
  if (!proof && !mark && !migrating) return true;
  return { ...(proof ? { proof } : {}), ...(mark ? { mark } : {}), ...(migrating ? { migrating } : {}) };
}

/**
 * Something wrong in a model: where, as a JSON path such as `$.measurepoints[3].compact`, what, and how to
 * mend it.
 */
export interface ModelFault {
  readonly path: string;
  readonly problem: string;
  readonly remedy: string;
}

/** A fault as one line. */
export function faultLine({ path, problem, remedy }: ModelFault): string {
  return `${path}: ${problem}; ${remedy}`;
}

/** An enum's numbers, ascending. */
export function enumNumbers(type: ModelType): number[] {
  return Object.keys(type.values ?? {})
    .map(Number)
    .sort((a, b) => a - b);
}

/** Whether the compact layout needs more than a byte for the enum. */
export function isWide(numbers: readonly number[]): boolean {
  return numbers.some((number) => number < 0 || number > 0xff);
}

/** Whether an enum's values are texts. */
export function isEnumOfTexts(type: ModelType): boolean {
  return type.enumType === "string";
}
