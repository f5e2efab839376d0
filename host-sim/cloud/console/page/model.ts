/** What of a thing model the console reads. */

export interface Field {
  readonly identifier: string;
  readonly name?: string;
  readonly type?: string;
  readonly unit?: string;
  readonly range?: readonly [number, number];
  readonly values?: Readonly<Record<string, string>>;
  /** "string": the values are the texts. */
  readonly enumType?: string;
  readonly maxLength?: number;
  readonly optional?: boolean;
}

export interface Model {
  readonly measurepoints?: readonly (Field & { readonly writable?: boolean })[];
  readonly services?: readonly {
    readonly identifier: string;
    readonly name?: string;
    readonly inputs?: readonly Field[];
  }[];
}

export interface Product {
  readonly productKey: string;
  readonly payload?: string;
  readonly model?: Model;
  readonly script?: string;
}
