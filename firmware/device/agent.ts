/**
 * The device: takes readings, keeps them until the cloud has them, obeys commands, and lets the
 * modem sleep in between.
 *
 *    every interval:  sample -> pending -> (link up, session) -> sent -> acknowledged -> released
 *    on a response:   command -> executed once -> answered
 *
 * One exchange at a time, oldest reading first. A reading that got no answer stays and is tried
 * again after a pause that grows; one that the cloud refuses for what it says is given up, told
 * and counted. No clock of its own: call `poll` at `deadline` and after every event.
 */
import { Code } from "../coap/code";
import { Endpoint } from "../coap/endpoint";
import { enosOk, isFinal } from "../enos/body";
import { describeOutcome } from "../enos/outcome";
import { Session } from "../enos/session";
import { deviceRoot, pathOptions } from "../enos/topic";
import { Pending } from "../journal/pending";
import { CommandExecutor } from "./commands";
import { ReadingEncoder } from "./reading";
import type { Transmission } from "../coap/transmission";
import type { Credentials } from "../enos/credentials";
import type { PublishOutcome, Rejection } from "../enos/outcome";
import type { SessionEvent, SessionSettings } from "../enos/session";
import type { Cryptography } from "../enos/sign";
import type { PointDefinition, Values } from "../model/point";
import type { CommandHandlers } from "./commands";
import type { Reading } from "./reading";
import type { Format } from "./settings";

/** What brings datagrams out of the device: a modem, or a network that is simply there. */
export interface Link {
  /** Whether datagrams can be sent now. */
  readonly ready: boolean;
  readonly deadline: number;
  /** Asks for it to become ready; may be called again and again. */
  connect(now: number): void;
  poll(now: number): void;
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
export interface SocketOptions {
  readonly io: new (options: any) => DatagramSocket;
  readonly [option: string]: unknown;
}

/** What the product is and does. */
export interface Application {
  readonly points: readonly PointDefinition[];
  /** Takes a reading now. */
  readonly sample: () => Values;
  readonly commands: CommandHandlers;
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
  /** Events for logs: the room and what happened there, no secrets. */
  readonly log: (room: string, text: string) => void;
  /** The session's own events, for whoever must act on them. */
  readonly onSession?: (event: SessionEvent) => void;
}

/** Readings kept in RAM while the cloud is out of reach: a day and more at 15 minutes. */
const pendingLimit = 128;
const backoffFirst = 30_000;
const backoffLongest = 3_600_000;

/** The device as a whole: call `poll` at `deadline` and after every event. */
export class Agent {
  readonly #options: AgentOptions;
  readonly #endpoint: Endpoint;
  readonly #session: Session;
  readonly #socket: DatagramSocket;
  readonly #encoder: ReadingEncoder;
  readonly #executor: CommandExecutor;
  readonly #pending: Pending<Reading>;
  readonly #credentials: Credentials;
  #nextId: number;
  #taken = 0;
  /** When the next reading is due, ms; the first at the first poll. */
  #nextSample: number | undefined;
  #notBefore = 0;
  #polledAt = 0;
  #failures = 0;
  /** The reading under way. */
  #sending: Reading | undefined;
  /** Epoch ms at monotonic zero, once the network has told the time. */
  #epoch: number | undefined;
  #idle = false;

  /** Counted since start. */
  readonly totals = { taken: 0, acknowledged: 0, refused: 0, dropped: 0, commands: 0, repeatedCommands: 0 };

  /**
   * @throws SettingsError when credentials or session settings cannot work
   */
  constructor(options: AgentOptions) {
    this.#options = options;
    this.#credentials = options.session.credentials;
    this.#endpoint = new Endpoint({
      transmit: (datagram, address, port) => this.#transmit(datagram, address, port),
      random: options.random,
      transmission: options.transmission,
      maxDatagram: options.maxDatagram,
      onDiscard: (reason, detail) => options.log("coap", `discarded reason=${reason} what="${detail}"`),
    });
    this.#session = new Session({
      ...options.session,
      crypto: options.crypto,
      endpoint: this.#endpoint,
      random: options.random,
      onDownlink: (topic, payload, now) => this.#obey(topic, payload, now),
      onEvent: (event) => {
        options.log("session", describeEvent(event));
        options.onSession?.(event);
      },
    });
    this.#encoder = new ReadingEncoder(this.#credentials, options.application.points);
    this.#executor = new CommandExecutor(options.application.points, options.application.commands);
    this.#pending = new Pending<Reading>(pendingLimit, (reading) => {
      this.totals.dropped += 1;
      options.log("report", `dropped id=${reading.id} reason=full`);
    });
    this.#nextId = Math.floor(options.random() * 0x1_0000_0000);
    const { io, ...socketOptions } = options.socket;
    this.#socket = new io({
      ...socketOptions,
      // Read in `poll`: the stack of an ESP32 is too small to settle an exchange and start the next
      // one on top of the UART, the AT engine and the socket.
      onReadable(): void {},
      onError(this: DatagramSocket, reason?: string): void {
        options.log("socket", `error reason="${reason ?? "unknown"}"`);
      },
    });
  }

  /** Whether the session with the cloud is open. */
  get online(): boolean {
    return this.#session.online;
  }

  /** Readings that wait for the cloud's acknowledgement. */
  get backlog(): number {
    return this.#pending.length;
  }

  /** When `poll` wants to be called, ms. */
  get deadline(): number {
    let deadline = Math.min(this.#endpoint.deadline, this.#options.link.deadline);
    if (this.#samplesLeft()) deadline = Math.min(deadline, this.#nextSample ?? 0);
    // Past that the link is what everything waits for.
    if (this.#pending.length > 0 && this.#sending === undefined && this.#notBefore > this.#polledAt) {
      deadline = Math.min(deadline, this.#notBefore);
    }
    return deadline;
  }

  /** Reads what has come, and does what is due. */
  poll(now: number): void {
    this.#polledAt = now;
    this.#nextSample ??= now;
    this.#options.link.poll(now);
    this.#receive(now);
    this.#endpoint.poll(now);
    this.#sample(now);
    this.#send(now);
    if (!this.#idle && this.#pending.length === 0 && !this.#session.busy) {
      this.#idle = true;
      const next = this.#samplesLeft() ? ` next=${Math.round((this.#nextSample - now) / 1000)}s` : "";
      this.#options.log("agent", `idle${next}`);
    }
  }

  /** The network's time: `epoch` ms at `now`. */
  setTime(epoch: number, now: number): void {
    this.#epoch = epoch - now;
  }

  /** Ends what is under way and closes the socket; readings not yet acknowledged are gone. */
  close(now: number): void {
    this.#endpoint.close(now);
    this.#socket.close();
  }

  #samplesLeft(): boolean {
    return this.#options.reports === 0 || this.#taken < this.#options.reports;
  }

  #sample(now: number): void {
    const due = this.#nextSample!;
    if (now < due || !this.#samplesLeft()) return;
    const { format, interval } = this.#options;
    // Late by whatever kept the device: the next one is due where it would have been.
    const next = due + interval * 1000;
    this.#nextSample = next > now ? next : now + interval * 1000;
    let values: Values;
    try {
      values = this.#options.application.sample();
    } catch (error) {
      this.#options.log("report", `missed reason="${error instanceof Error ? error.message : "unknown"}"`);
      return;
    }
    const reading: Reading = {
      id: this.#nextId,
      takenAt: now,
      values,
      format: format === "alternate" ? (this.#taken % 2 === 0 ? "raw" : "json") : format,
    };
    this.#nextId = (this.#nextId + 1) >>> 0;
    this.#taken += 1;
    this.totals.taken += 1;
    this.#idle = false;
    this.#pending.append(reading, this.#sending);
    this.#options.log("report", `taken id=${reading.id} format=${reading.format}`);
  }

  /**
   * Sends the oldest reading, and the next one when that was settled at once. A loop and not a call
   * from the outcome: a day of readings that cannot be sent would fill the stack.
   */
  #send(now: number): void {
    for (;;) {
      const reading = this.#pending.oldest;
      if (reading === undefined || this.#sending !== undefined || now < this.#notBefore) return;
      if (!this.#options.link.ready) {
        this.#options.link.connect(now);
        if (!this.#options.link.ready) return;
      }
      this.#sendReading(reading, now);
    }
  }

  #sendReading(reading: Reading, now: number): void {
    const payload = this.#encoder.payload(
      reading,
      this.#epoch === undefined ? undefined : Math.round(this.#epoch + reading.takenAt),
    );
    if (typeof payload === "string") {
      this.#giveUp(reading, payload);
      return;
    }
    this.#sending = reading;
    this.#session.send(
      {
        path: this.#encoder.path(reading),
        payload,
        onComplete: (outcome, at) => this.#settle(reading, outcome, at),
      },
      now,
    );
  }

  #settle(reading: Reading, outcome: PublishOutcome, now: number): void {
    this.#sending = undefined;
    if (outcome.kind === "accepted") {
      const verdict = this.#encoder.verdict(reading, outcome.payload);
      if (verdict !== undefined && isFinal(verdict)) return this.#giveUp(reading, `enos-code=${verdict}`);
      if (verdict !== undefined && verdict !== enosOk) {
        this.#keep(reading, `enos-code=${verdict}`, 0, now);
        return this.#pending.postpone(reading.id);
      }
      this.#failures = 0;
      this.#notBefore = 0;
      this.totals.acknowledged += 1;
      this.#pending.release(reading.id);
      this.#options.log(
        "report",
        `acknowledged id=${reading.id} after=${((now - reading.takenAt) / 1000).toFixed(1)}s`,
      );
      return;
    }
    const illegal =
      outcome.kind === "rejected" && outcome.reason === "illegal-payload" && this.#session.proven;
    if (illegal || (outcome.kind !== "offline" && outcome.reason === "too-large")) {
      // The same bytes would be refused again.
      return this.#giveUp(reading, outcome.reason);
    }
    const retryAfter = outcome.kind === "offline" ? outcome.retryAfter : 0;
    this.#keep(reading, describeOutcome(outcome), retryAfter, now);
    // It may be this one that the server cannot digest: the others get their turn before it.
    if (outcome.kind === "rejected" && blames(outcome.reason)) this.#pending.postpone(reading.id);
  }

  /** Tries again after a pause that grows, `retryAfter` ms at least. */
  #keep(reading: Reading, reason: string, retryAfter: number, now: number): void {
    const step = Math.min(backoffFirst * 2 ** Math.min(this.#failures, 16), backoffLongest);
    this.#failures += 1;
    const wait = Math.max(retryAfter, Math.round(step * (0.5 + 0.5 * this.#options.random())));
    this.#notBefore = now + wait;
    this.#options.log(
      "report",
      `kept id=${reading.id} reason="${reason}" retry=${Math.round(wait / 1000)}s backlog=${this.#pending.length}`,
    );
  }

  #giveUp(reading: Reading, reason: string): void {
    this.totals.refused += 1;
    this.#pending.release(reading.id);
    this.#options.log("report", `refused id=${reading.id} reason="${reason}"`);
  }

  #obey(topic: string, payload: Uint8Array, now: number): void {
    const reply = this.#executor.handle(topic, payload);
    if (reply === undefined) {
      this.#options.log("command", `ignored topic=${topic} reason="unreadable"`);
      return;
    }
    // The cloud chose the id: whatever it holds, the log gets one line of it.
    const id = JSON.stringify(reply.id);
    if (reply.duplicate) this.totals.repeatedCommands += 1;
    else this.totals.commands += 1;
    this.#options.log(
      "command",
      `${reply.duplicate ? "repeated" : "executed"} kind=${reply.kind} id=${id} code=${reply.code}`,
    );
    this.#session.send(
      {
        path: pathOptions(`${deviceRoot(this.#credentials)}/${reply.topic}`, reply.contentFormat),
        payload: reply.payload,
        answer: true,
        onComplete: (outcome) => {
          const how = outcome.kind === "accepted" ? "answered" : "unanswered";
          // The cloud sends a command again until it has its answer.
          this.#options.log(
            "command",
            `${how} id=${id}${outcome.kind === "accepted" ? "" : ` reason="${describeOutcome(outcome)}"`}`,
          );
        },
      },
      now,
    );
    this.#idle = false;
  }

  #transmit(datagram: Uint8Array, address: string, port: number): void {
    // The last reading on its way means that one answer is all that is expected.
    // What fetches a command does not: its answer has to follow.
    const request = datagram[1] === Code.post;
    this.#socket.releaseAfterReply = request && this.#session.online && this.#pending.length <= 1;
    this.#socket.write(datagram, address, port);
  }

  #receive(now: number): void {
    const socket = this.#socket;
    for (let datagram = socket.read(); datagram !== undefined; datagram = socket.read()) {
      this.#endpoint.receive(new Uint8Array(datagram), datagram.address, datagram.port, now);
    }
  }
}

/** Rejections that speak of the request and not of the device or its session. */
function blames(reason: Rejection): boolean {
  return reason !== "unauthorized" && reason !== "bad-option" && reason !== "forbidden";
}

function describeEvent(event: SessionEvent): string {
  switch (event.kind) {
    case "authenticating":
      return `authenticating cause=${event.cause}`;
    case "online":
      return `online edition=${event.edition}`;
    case "refused":
      return `not admitted reason=${event.reason} retry=${Math.round(event.retryAfter / 1000)}s`;
    case "doubted":
      return `doubted reason=${event.reason} check="iv and edition"`;
    case "downlink-ignored":
      return `downlink ignored reason="${event.reason}"`;
  }
}
