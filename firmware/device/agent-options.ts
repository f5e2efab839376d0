/**
 * What the agent is made of and set to: see `Agent`.
 */
import type { Transmission } from "../coap/transmission";
import type { SessionEvent, SessionSettings } from "../enos/session";
import type { Cryptography } from "../enos/sign";
import type { Flash } from "../journal/flash";
import type { FullPolicy } from "../journal/journal";
import type { ByteStore } from "../continuity/two-slot-state";
import type { Application } from "./application";
import type { Order } from "../delivery/upload-queue";
import type { DeviceAtRest } from "../continuity/deep-sleep-record";
import type { PersistentState, RestartCause } from "../continuity/persistent-state";
import type { Radio } from "../continuity/radio-budget";
import type { Log } from "./log";
import type { Format } from "./settings";

/** What brings datagrams out of the device: a modem, or a network that is simply there. */
export interface Link extends Radio {
  /** Whether datagrams can be sent now. */
  readonly ready: boolean;
  readonly deadline: number;
  /** Asks for it to become ready; may be called again and again. */
  connect(now: number): void;
  poll(now: number): void;
  /** It is up, and goes to sleep by itself if nobody wants anything of it. */
  readonly settled?: boolean;
  /** Something is on its way to it. */
  readonly busy?: boolean;
  /** It claims to be ready and nothing comes back: resets it, harder each time. */
  reset?(now: number): void;
  /** Something did come back. */
  confirm?(now: number): void;
  /** What it wants kept over a restart: up to six numbers, 0 to 65535. */
  readonly escalation?: readonly number[];
}

/** A datagram socket as ECMA-419 has them. */
export interface DatagramSocket {
  write(buffer: Uint8Array, address: string, port: number): void;
  read(): (ArrayBuffer & { address: string; port: number }) | undefined;
  close(): void;
  /** See `Udp.releaseAfterReply`; sockets of other networks have no use for it. */
  releaseAfterReply?: boolean;
}

/** `{ io, …options }`: the class of the socket and what its constructor gets besides the callbacks. */
interface SocketOptions {
  // oxlint-disable-next-line no-explicit-any -- each io class of ECMA-419 declares options of its own
  readonly io: new (options: any) => DatagramSocket;
  readonly [option: string]: unknown;
}

export interface AgentOptions {
  readonly session: SessionSettings;
  readonly crypto: Cryptography;
  /** Random number in [0, 1). */
  readonly random: () => number;
  readonly transmission: Transmission;
  /** Longest datagram that the link takes, bytes. */
  readonly maxDatagram?: number;
  readonly link: Link;
  readonly socket: SocketOptions;
  readonly application: Application;
  /** Seconds between readings. */
  readonly interval: number;
  /** Readings to take, 0 for no end. */
  readonly reports: number;
  readonly format: Format;
  /** Readings that are waited for until they are sent (default 1). */
  readonly batch?: number;
  /** Longest payload that readings are put together to, bytes (default 512). */
  readonly payloadLimit?: number;
  /** Age from which a reading is late, seconds (default: what a batch takes, and one interval more). */
  readonly late?: number;
  /** The journal's partition; without one, what waits is lost with the power. */
  readonly flash?: Flash;
  /** What goes when the journal is full (default "oldest"). */
  readonly policy?: FullPolicy;
  /** What goes first when much waits (default "oldest"). */
  readonly order?: Order;
  /** Seconds between two requests that catch up with what has waited (default 3). */
  readonly spacing?: number;
  /** What the device remembers over a restart; made from `store` when left out. */
  readonly memory?: PersistentState;
  readonly store?: ByteStore;
  /** What the device knew before the board's deep sleep, if that is how it started. */
  readonly woken?: DeviceAtRest;
  /** Memory outlives deep sleep, so storage is written less often (default false). */
  readonly retained?: boolean;
  /** Why the board started, as it knows it: "power-on", "software", "brownout" ... */
  readonly startReason?: string;
  /** Longest wait for the network after power came back, seconds (default 0). */
  readonly startSpread?: number;
  /** A session without a report due is kept alive (default false). */
  readonly keepAlive?: boolean;
  /** Seconds a day for which the radio may be on in vain (default 0: no bound). */
  readonly radioBudget?: number;
  /** The values of each reading go into the log. */
  readonly logValues?: boolean;
  /** Starts the board anew. Readings are safe in the journal; left out, nothing is restarted. */
  readonly restart?: (cause: RestartCause) => void;
  /** The time, ms, for what the application sends outside of any call into the agent. */
  readonly now?: () => number;
  /**
   * Asks for `poll` to be called soon, never at once: the application has something to send, or a
   * command's handler that took its time has come to its end.
   */
  readonly wake?: () => void;
  /** Takes what happens, without secrets; `logLine` makes a line of it. */
  readonly log: Log;
  /** The session's own events, for whoever must act on them. */
  readonly onSession?: (event: SessionEvent) => void;
}
