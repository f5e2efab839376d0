/**
 * The thing model of the product "Room climate", version 1, layout ba65a6fb893b77af.
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
import type { Thing, ThingFault, ThingValues } from "../model/thing";

/** What the values are and which bytes they take. */
export const thing: Thing = defineThing({
  product: "Room climate",
  version: 1,
  fingerprint: "ba65a6fb893b77af",
  points: [
    {
      identifier: "temperature",
      number: 1,
      type: "double",
      range: [-45, 130],
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
      identifier: "battery",
      number: 3,
      type: "double",
      range: [0, 60],
      compact: { as: "uint16", scale: 0.001, offset: 0 },
    },
  ],
  attributes: [],
  events: [
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
      identifier: "measure",
      number: 17,
      inputs: [],
      outputs: [
        { identifier: "temperature", type: "double" },
        { identifier: "humidity", type: "double" },
      ],
    },
    {
      identifier: "restart",
      number: 18,
      inputs: [{ identifier: "normally", type: "bool", optional: true }],
      outputs: [],
    },
    {
      identifier: "fetch_log",
      number: 19,
      inputs: [{ identifier: "skip", type: "int", range: [0, 4096], optional: true }],
      outputs: [{ identifier: "text", type: "string", maxLength: 1024 }],
    },
  ],
});

/** Measure points of one moment; any may be left out. */
export type Report = {
  /** Temperature; degC; -45 to 130 */
  readonly temperature?: number;
  /** Relative humidity; %; 0 to 100 */
  readonly humidity?: number;
  /** Battery voltage; V; 0 to 60 */
  readonly battery?: number;
};

/** Measure points that the cloud may set. */
export type Settings = Readonly<Record<never, never>>;

/** Attributes of the device. */
export type Attributes = Readonly<Record<never, never>>;

/** What each event tells. */
export type Events = {
  /** What the device has to say of itself */
  readonly trouble: {
    readonly what: string;
    readonly line: string;
    readonly count: number;
  };
};

/** What each service takes and gives. */
export type Services = {
  /** Measure now, outside of the interval */
  readonly measure: {
    readonly inputs: Readonly<Record<never, never>>;
    readonly outputs: { readonly temperature: number; readonly humidity: number };
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
