/**
 * One example of EnOS's manual, or one variation that it allows or forbids, told anew with values of our own.
 * Which page it is from is said once for its table, and which section by each row.
 */
import type { expect as expectation } from "vitest";
import type {
  CloudEvent,
  DeviceView,
  Reading,
  StoredEvent,
  StoredPoint,
} from "../../../../host-sim/cloud/cloud";
import type { UdpCloud } from "../../../../host-sim/cloud/coap/udp";
import type { Edition, ManualDevice, Reply, Request } from "./device";

/** What a device sends: a message on a topic, or its bytes. */
export interface Said {
  /** Below /topic/sys/PK/DK. */
  readonly topic: string;
  /** In place of that topic's. */
  readonly path?: string;
  /**
   * Members of the message. `id` "123", `version` "1.0" and the topic's `method` are added, as every example of the
   * manual has them, unless they are here; undefined leaves one out.
   */
  readonly message?: Readonly<Record<string, unknown>>;
  /** The body as it is, in place of a message. */
  readonly body?: string | Uint8Array;
  readonly request?: Request;
}

/** What comes back. */
export interface Expected {
  /** CoAP's code; "2.04" when left out. */
  readonly coap?: string;
  /** EnOS's code in the body; without it the answer has no payload. */
  readonly code?: number;
  /** `data` of the answer; {} when left out; "any" for what `then` looks at. */
  readonly data?: unknown;
  /** The answer's `id` as it stands in its JSON; `"123"` when left out, undefined for an answer without. */
  readonly id?: string | undefined;
  /** EnOS's code that the operator is told; the answer's when left out, none for 200. */
  readonly told?: number;
  /** "any": what `then` looks at. */
  readonly body?: "any";
}

/** A device of its own in front of the stand-in, and what the stand-in has of it. */
export interface Stage {
  readonly expect: typeof expectation;
  readonly device: ManualDevice;
  readonly productKey: string;
  readonly deviceKey: string;
  readonly server: UdpCloud;
  /** When it began, epoch ms. */
  readonly started: number;
  /** Sends what is said. */
  send(said: Said): Promise<Reply>;
  readings(): Reading[];
  latest(): Record<string, StoredPoint>;
  deviceEvents(): StoredEvent[];
  view(): DeviceView;
  /** What the operator was told of this device, of one type. */
  events(type: CloudEvent["type"]): CloudEvent[];
}

export interface Example {
  readonly what: string;
  /** The section of the page. */
  readonly section: string;
  /** What was decided, and why, where the manual is silent or contradicts itself; without it the manual says so. */
  readonly decided?: string;
  /** The one in which this can be said; both when left out. */
  readonly edition?: Edition;
  /** "bare": a product without a model and without a script; "meter": one with a script in the manual's style. */
  readonly product?: "bare" | "meter";
  /** What comes first, and is taken. */
  readonly before?: readonly Said[] | ((stage: Stage) => Promise<void> | void);
  readonly say: Said | ((stage: Stage) => Said);
  readonly answer: Expected | ((stage: Stage) => Expected);
  /** What the stand-in has then. */
  readonly then?: (stage: Stage, reply: Reply) => void | Promise<void>;
}

/** The examples of one page. */
export interface Page {
  /** Where it is in the manual "EnOS Device Connection". */
  readonly page: string;
  readonly examples: readonly Example[];
}

/** What is sent: the message of a JSON topic as the manual prints it, with what a row changes. */
export function bodyOf({ topic, message = {}, body }: Said): string | Uint8Array {
  if (body !== undefined) return body;
  return JSON.stringify({ id: "123", version: "1.0", method: topic.replaceAll("/", "."), ...message });
}
