/**
 * What the agent is made of and set to: see `Agent`.
 */
import type { Joined } from "../coap/endpoint-options";
import type { Transmission } from "../coap/transmission";
import type { SessionEvent, SessionSettings } from "../enos/session-options";
import type { Cryptography } from "../enos/sign";
import type { Flash } from "../journal/flash";
import type { FullPolicy } from "../journal/journal";
import type { ByteStore } from "../continuity/two-slot-state";
import type { Application } from "./application";
import type { Sealing } from "../delivery/sealing";
import type { Order } from "../delivery/upload-queue";
import type { DeepSleepRecord, SleepState } from "../continuity/deep-sleep-record";
import type { RetainedMemory } from "../continuity/retained-memory";
import type { PersistentState, RestartCause } from "../continuity/persistent-state";
import type { Radio } from "../continuity/radio-budget";
import type { StartRecord } from "../continuity/start-record";
import type { Log } from "./log";
import type { FirmwareUpdate, HealthReport, RemoteSettings } from "./optional-parts";
import type { Format } from "./settings";
import type { Troubles } from "./trouble";

/** What brings datagrams out of the device: a modem, or on a PC its network, which needs no driver. */
export interface Link extends Radio {
  /** Whether datagrams can be sent now. */
  readonly ready: boolean;
  readonly deadline: number;
  /** The same without what need not be done if the board sleeps deeply then; `deadline` when left out. */
  readonly workDeadline?: number;
  /** Asks the link to become ready; may be called again and again. */
  connect(now: number): void;
  poll(now: number): void;
  /** The link is up, and goes to sleep by itself if nobody sends anything. */
  readonly sleepsByItself?: boolean;
  /** A datagram or a command is on its way to the modem. */
  readonly busy?: boolean;
  /** Resets a modem that claims to be ready while nothing comes back; a harder reset at each call. */
  reset?(now: number): void;
  /** Leaves the network, at the price of a new attach: ends a connection that others keep open. */
  leave?(now: number): void;
  /** Nothing is done with the link for a while, and its radio is off. */
  readonly leftAlone?: boolean;
  /** Looks whether a link that is taken for asleep is, or whether the radio of one that is left alone is off. */
  look?(now: number): void;
  /** ms after the last request at which it must have fallen asleep; Infinity where it does not. */
  readonly fallsAsleepAfter?: number;
  /** For how long, ms, the link was awake though it should have slept; see `Modem.keptOn`. */
  keptOn?(since: number, now: number): number;
  /** The cloud has answered, so the next `reset` begins with the mildest again. */
  confirm?(now: number): void;
  /** How far the resets have gone, to be kept over a restart: up to six numbers, 0 to 65535. */
  readonly escalation?: readonly number[];
}

/** A datagram socket as ECMA-419 has them. */
export interface DatagramSocket {
  write(buffer: Uint8Array, address: string, port: number): void;
  /** `cut`: what the link has given may be no more than the beginning of a longer datagram. */
  read(): (ArrayBuffer & { address: string; port: number; cut?: boolean }) | undefined;
  close(): void;
  /** See `Udp.awaitAnswer`. */
  awaitAnswer?(): void;
  /** See `Udp.releaseAfterReply`; sockets of other networks have no use for it. */
  releaseAfterReply?: boolean;
  /** See `Udp.unchanging`. */
  unchanging?: boolean;
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
  /** Of a link that may give datagrams as one that came one behind the other. */
  readonly joined?: Joined;
  readonly link: Link;
  readonly socket: SocketOptions;
  readonly application: Application;
  /** Seconds between readings. */
  readonly interval: number;
  /** Readings to take, 0 for no end, less for none. */
  readonly reports: number;
  readonly format: Format;
  /** How many readings are sent together: so many must wait before a request is made (default 1). */
  readonly batch?: number;
  /** Longest payload of a request with several readings, bytes (default 512). */
  readonly payloadLimit?: number;
  /** Age from which a reading is late, seconds (default: what a batch takes, and one interval more). */
  readonly late?: number;
  /** The journal's partition; without one, readings that wait are lost when the power fails. */
  readonly flash?: Flash;
  /** Which readings are given up when the journal is full (default "oldest"). */
  readonly policy?: FullPolicy;
  /** Which readings are sent first when many wait (default "oldest"). */
  readonly order?: Order;
  /** Seconds between two requests while readings that have waited are sent (default 3). */
  readonly spacing?: number;
  /** What the device remembers over a restart; made from `store` when left out. */
  readonly memory?: PersistentState;
  /** Of a product that seals its payloads; left out, they are plain. */
  readonly sealing?: Sealing;
  /** Of a product whose firmware is updated from afar. */
  readonly update?: FirmwareUpdate;
  /** Of a product that tells of its health. */
  readonly health?: HealthReport;
  /** Of a product whose settings can be changed from afar. */
  readonly remoteSettings?: RemoteSettings;
  /** Storage that outlives restarts, where the board has any; commands that were executed are known from it. */
  readonly store?: ByteStore;
  /** What the device knew before the board's deep sleep, if that is how it started. */
  readonly woken?: SleepState & Partial<Pick<DeepSleepRecord, "at">>;
  /** The board sleeps deeply between readings, so storage is written less often (default false). */
  readonly sleepsDeeply?: boolean;
  /** The board's memory that outlives deep sleep and restarts; undefined for none. */
  readonly retained?: RetainedMemory;
  /** Why the board started, as it knows it: "power-on", "software", "brownout" ... */
  readonly startReason?: string;
  /** What went wrong at starts before this one; without it a panic is not told from other starts. */
  readonly starts?: StartRecord;
  /** The log's lines, for the service `fetch_log`: up to `length` characters before the newest `skip` ones. */
  readonly newestLog?: (length: number, skip: number) => string;
  /** Longest wait for the network, and for the second reading, after power came back, seconds (default 0). */
  readonly startSpread?: number;
  /** A session is kept alive while no reading is due (default false). */
  readonly keepAlive?: boolean;
  /** Seconds a day for which the radio may be on in vain (default 0: no bound). */
  readonly radioBudget?: number;
  /** Seconds a day for which others may make the radio be on (default 0: no bound). */
  readonly othersBudget?: number;
  /** The values of each reading go into the log. */
  readonly logValues?: boolean;
  /** Restarts the board, which costs no reading: they are in the journal. Left out, nothing is restarted. */
  readonly restart?: (cause: RestartCause) => void;
  /** The time, ms, for what the application sends outside of any call into the agent. */
  readonly now?: () => number;
  /**
   * Asks for `poll` to be called soon, never at once: the application has something to send, or a
   * command's handler that took its time has come to its end.
   */
  readonly wake?: () => void;
  /** Takes the events of the log, which hold no secrets; `logLine` makes a line of each. */
  readonly log: Log;
  /** What is to be told to the operator: it hears the same lines as the log. */
  readonly troubles?: Troubles;
  /** The session's own events, for whoever must act on them. */
  readonly onSession?: (event: SessionEvent) => void;
}
