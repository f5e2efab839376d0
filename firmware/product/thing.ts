/**
 * The thing model of the product "Climate node", version 1, layout fc17ca42d849e5ed.
 *
 * Written by `npm run model` from the product's model file: edit that, not this. The parsing script
 * that was written with it bears the same layout and belongs into EnOS's console.
 */
import { decodeCommand, encodeReply, serviceNumber } from "../model/command";
import { attributesFault, eventFault, reportFault } from "../model/check";
import { defineThing } from "../model/thing";
import { beginBatch } from "../model/batch";
import { encodeReport } from "../model/report";
import type { BatchWriter } from "../model/batch";
import type { Layout } from "../model/report";
import type { RawCommandFault, RequestId } from "../model/command";
import type { Thing, ThingFault, ThingValues, WithQuality } from "../model/thing";

/** What the values are and which bytes they take. */
export const thing: Thing = defineThing({
  product: "Climate node",
  version: 1,
  fingerprint: "fc17ca42d849e5ed",
  points: [
    {
      identifier: "temperature",
      number: 1,
      type: "double",
      range: [-40, 125],
      compact: { as: "int16", scale: 0.01, offset: 0 },
    },
    {
      identifier: "humidity",
      number: 2,
      type: "double",
      range: [0, 100],
      compact: { as: "uint16", scale: 0.01, offset: 0 },
    },
    {
      identifier: "rssi",
      number: 3,
      type: "int",
      range: [-128, 0],
      quality: true,
      compact: { as: "int8", scale: 1, offset: 0 },
    },
    { identifier: "relay", number: 4, type: "enum", values: [0, 1], writable: true },
    { identifier: "uptime", number: 5, type: "int64", range: [0, 9007199254740991] },
    { identifier: "firmware", number: 6, type: "string", maxLength: 32 },
  ],
  attributes: [
    { identifier: "floor", type: "int", range: [-20, 200] },
    { identifier: "serial", type: "double", range: [0, 9007199254740991] },
    { identifier: "gain", type: "float" },
    { identifier: "altitude", type: "double" },
    { identifier: "indoors", type: "bool" },
    { identifier: "mounting", type: "enum", values: [0, 1, 2] },
    { identifier: "label", type: "string", maxLength: 64 },
    { identifier: "installed", type: "timestamp" },
  ],
  events: [
    {
      identifier: "overheat",
      outputs: [
        { identifier: "temperature", type: "double" },
        { identifier: "since", type: "timestamp", optional: true },
      ],
    },
    {
      identifier: "restarted",
      outputs: [
        { identifier: "reason", type: "string", maxLength: 32 },
        { identifier: "boots", type: "int" },
        { identifier: "waiting", type: "int" },
      ],
    },
    {
      identifier: "trouble",
      outputs: [
        { identifier: "what", type: "string", maxLength: 32 },
        { identifier: "line", type: "string", maxLength: 512 },
        { identifier: "count", type: "int" },
      ],
    },
  ],
  services: [
    {
      identifier: "reboot",
      number: 17,
      inputs: [{ identifier: "delay", type: "int", range: [0, 3600] }],
      outputs: [{ identifier: "accepted", type: "bool" }],
    },
    {
      identifier: "calibrate",
      number: 18,
      inputs: [
        {
          identifier: "reference",
          type: "struct",
          fields: [
            { identifier: "temperature", number: 1, type: "double" },
            { identifier: "humidity", number: 2, type: "double", optional: true },
            { identifier: "source", number: 3, type: "string", maxLength: 32, optional: true },
          ],
        },
      ],
      outputs: [{ identifier: "corrections", type: "array", items: { type: "double" }, maxItems: 8 }],
    },
    {
      identifier: "restart",
      number: 19,
      inputs: [{ identifier: "normally", type: "bool", optional: true }],
      outputs: [],
    },
    {
      identifier: "fetch_log",
      number: 20,
      inputs: [{ identifier: "skip", type: "int", range: [0, 4096], optional: true }],
      outputs: [{ identifier: "text", type: "string", maxLength: 1024 }],
    },
  ],
});

/** Measure points of one moment; any may be left out. */
export type Report = {
  /** Temperature; degC; -40 to 125 */
  readonly temperature?: number;
  /** Relative humidity; %; 0 to 100 */
  readonly humidity?: number;
  /** Signal strength; dBm; -128 to 0 */
  readonly rssi?: WithQuality<number>;
  /** Relay; 0 off, 1 on */
  readonly relay?: 0 | 1;
  /** Time since start; s; 0 to 9007199254740991 */
  readonly uptime?: number;
  /** Firmware version; at most 32 bytes of UTF-8 */
  readonly firmware?: string;
};

/** Measure points that the cloud may set. */
export type Settings = {
  /** Relay; 0 off, 1 on */
  readonly relay?: 0 | 1;
};

/** Attributes of the device. */
export type Attributes = {
  /** Floor; -20 to 200 */
  readonly floor?: number;
  /** Serial number; 0 to 9007199254740991 */
  readonly serial?: number;
  /** Gain of the sensor */
  readonly gain?: number;
  /** Altitude; m */
  readonly altitude?: number;
  /** Indoors */
  readonly indoors?: boolean;
  /** Mounting; 0 wall, 1 mast, 2 pipe */
  readonly mounting?: 0 | 1 | 2;
  /** Label; at most 64 bytes of UTF-8 */
  readonly label?: string;
  /** Installed on */
  readonly installed?: number;
};

/** What each event tells. */
export type Events = {
  /** Too hot */
  readonly overheat: { readonly temperature: number; readonly since?: number };
  /** The device has started anew */
  readonly restarted: {
    readonly reason: string;
    readonly boots: number;
    readonly waiting: number;
  };
  /** What the device has to say of itself */
  readonly trouble: {
    readonly what: string;
    readonly line: string;
    readonly count: number;
  };
};

/** What each service takes and gives. */
export type Services = {
  /** Restart the device */
  readonly reboot: {
    readonly inputs: { readonly delay: number };
    readonly outputs: { readonly accepted: boolean };
  };
  /** Calibrate the sensors against a reference */
  readonly calibrate: {
    readonly inputs: {
      readonly reference: {
        readonly temperature: number;
        readonly humidity?: number;
        readonly source?: string;
      };
    };
    readonly outputs: { readonly corrections: readonly number[] };
  };
  /** Restart, out of a safe start too */
  readonly restart: {
    readonly inputs: { readonly normally?: boolean };
    readonly outputs: Readonly<Record<never, never>>;
  };
  /** Last lines of the log */
  readonly fetch_log: {
    readonly inputs: { readonly skip?: number };
    readonly outputs: { readonly text: string };
  };
};

/** How a service fared: 200 and its outputs, or a code of the device's own and why. */
export type ServiceResult<S extends keyof Services> =
  | { readonly code: 200; readonly data: Services[S]["outputs"] }
  | { readonly code: number; readonly message: string };

/** A function for each service but those that the firmware has built in; it may take its time. */
export type ServiceHandlers = {
  readonly [S in Exclude<keyof Services, "restart" | "fetch_log">]: (
    inputs: Services[S]["inputs"],
  ) => ServiceResult<S> | Promise<ServiceResult<S>>;
};

/** A raw command that can be obeyed. */
export type Command =
  | { readonly kind: "set"; readonly requestId: RequestId; readonly values: Settings }
  | {
      readonly [S in keyof Services]: {
        readonly kind: "service";
        readonly requestId: RequestId;
        readonly service: S;
        readonly inputs: Services[S]["inputs"];
      };
    }[keyof Services];

/**
 * Writes a raw report into `out` and returns its length in bytes, or which value stands in the way.
 *
 * @param requestId 0 to 2^32 - 1
 */
export function report(
  values: Report,
  requestId: number,
  out: Uint8Array,
  layout: Layout = "sample",
): number | ThingFault {
  return encodeReport(thing, values as ThingValues, requestId, out, layout);
}

/** Several reports in one payload; `length` has its bytes. */
export type Batch = BatchWriter<Report>;

/**
 * Starts a raw batch in `out`, to which readings are added with their times.
 *
 * @param requestId 0 to 2^32 - 1
 * @param time of the first reading, epoch ms
 * @param late its readings were stored while the device was offline
 */
export function batch(
  requestId: number,
  time: number,
  late: boolean,
  out: Uint8Array,
  layout: Layout = "sample",
): Batch {
  return beginBatch(thing, layout, requestId, time, late, out) as Batch;
}

/** The first value that is not as the model says, for a report as JSON; undefined when all are. */
export function checkReport(values: Report): ThingFault | undefined {
  return reportFault(thing, values as ThingValues);
}

/** The first attribute that is not as the model says, or undefined. */
export function checkAttributes(values: Attributes): ThingFault | undefined {
  return attributesFault(thing, values as ThingValues);
}

/** What of the event is not as the model says, or undefined. */
export function checkEvent<E extends keyof Events>(event: E, outputs: Events[E]): ThingFault | undefined {
  return eventFault(thing, event, outputs);
}

/** Reads a raw command, or says why it is none, with the code to answer. */
export function readCommand(payload: Uint8Array): Command | RawCommandFault {
  return decodeCommand(thing, payload) as Command | RawCommandFault;
}

/** Writes the answer to a raw set command into `out` and returns its length in bytes. */
export function answerSet(requestId: RequestId, code: number, out: Uint8Array): number | ThingFault {
  return encodeReply(thing, 2, requestId, code, undefined, out);
}

/** Writes the answer to a raw service command into `out` and returns its length, or what is wrong. */
export function answerService<S extends keyof Services>(
  service: S,
  requestId: RequestId,
  result: ServiceResult<S>,
  out: Uint8Array,
): number | ThingFault {
  const outputs = "data" in result ? result.data : undefined;
  return encodeReply(thing, serviceNumber(thing, service)!, requestId, result.code, outputs, out);
}
