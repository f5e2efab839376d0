/**
 * Types of the Moddable modules that the npm package @moddable/typings 5.6.0 lacks; only what an
 * ESP32 offers and this project may use. Described from the SDK's documentation and behaviour.
 */

declare module "embedded:storage/key-value" {
  type Format = "buffer" | "string" | "uint8" | "int8" | "uint16" | "int16" | "uint32" | "int32";

  export interface Storage {
    format: Format;
    /** `undefined` when the key is absent. @throws TypeError "mismatch" for a value of another format */
    read(key: string): ArrayBuffer | string | number | undefined;
    /** Format "buffer": fills `buffer`, answers the length. @throws RangeError when it is too small */
    read(key: string, buffer: ArrayBuffer | ArrayBufferView): number | undefined;
    /** Committed to flash when it returns. Keys: at most 15 characters. */
    write(key: string, value: ArrayBuffer | ArrayBufferView | string | number): void;
    delete(key: string): void;
    close(): void;
    [Symbol.iterator](): IterableIterator<string>;
  }

  const keyValue: {
    /** @param options.path name of the store (NVS namespace), at most 15 characters */
    open(options: { path: string; mode?: "r" | "r+"; format?: Format }): Storage;
  };
  export default keyValue;
}

declare module "embedded:storage/flash" {
  /** A partition. What it cannot do it throws. */
  export interface Partition {
    /** The ESP32's says no more; both numbers are multiples of its 4,096-byte blocks. */
    status(): { readonly size: number; readonly blockLength: number; readonly blocks: number };
    /** Fills the buffer, answers its length. */
    read(buffer: ArrayBuffer | ArrayBufferView, offset: number): number;
    /** Clears bits; those that an erase alone can set stay clear, and nothing tells. */
    write(buffer: ArrayBuffer | ArrayBufferView, offset: number): void;
    eraseBlock(start: number, end?: number): void;
    close(): void;
  }

  const flash: {
    /** @throws Error "can't find partition" */
    open(options: { path: string; mode?: "r" | "r+" }): Partition;
  };
  export default flash;
}

declare module "resetReason" {
  /** Why the board started: ESP-IDF's number, and a word for it such as "Power-On" or "Brownout". */
  export default function getResetReason(): { readonly reason: number; readonly string: string };
}

declare module "embedded:sensor/Humidity-Temperature/SHT3x" {
  /** Sensirion's SHT30, SHT31 and SHT35 on I2C, as ECMA-419 has sensors. Each call takes 50 to 200 ms, without a pause. */
  export default class SHT3x {
    /** @throws Error of the bus's where the sensor does not answer */
    constructor(options: {
      sensor: {
        /** The class of the bus, of which it makes one. */
        io: object;
        data: number;
        clock: number;
        address?: number;
        hz?: number;
      };
      onError?: (reason: string) => void;
    });
    /** A property is missing where the checksum of its value is wrong. @throws Error of the bus's */
    sample(): {
      readonly thermometer: { readonly temperature?: number };
      readonly hygrometer: { readonly humidity?: number };
    };
    close(): void;
  }
}
