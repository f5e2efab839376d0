/**
 * The device: takes readings, keeps them until the cloud has them, obeys commands, and lets the
 * modem sleep in between.
 *
 *    every interval:  sample -> uplink (link up, session) -> stored -> released
 *    on a response:   command -> executed once -> answered
 *
 * One exchange at a time, oldest reading first. A reading that got no answer stays and is tried
 * again after a pause that grows; one that the cloud refuses for what it says is given up, told
 * and counted. No clock of its own: call `poll` at `deadline` and after every event.
 */
import { Code } from "../coap/code";
import { Endpoint } from "../coap/endpoint";
import { describeOutcome } from "../enos/outcome";
import { Session } from "../enos/session";
import { deviceRoot, pathOptions } from "../enos/topic";
import { CommandExecutor } from "./commands";
import { Outbound, isReading } from "./outbound";
import { Uplink } from "./uplink";
import type { Transmission } from "../coap/transmission";
import type { Credentials } from "../enos/credentials";
import type { SessionEvent, SessionSettings } from "../enos/session";
import type { Cryptography } from "../enos/sign";
import type { ThingValues } from "../model/thing";
import type { Application } from "./application";
import type { CommandReply } from "./commands";
import type { ReadingFormat } from "./entry";
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
  /** The time, ms, for what the application sends outside of any call into the agent. */
  readonly now?: () => number;
  /**
   * Asks for `poll` to be called soon, never at once: the application has something to send, or a
   * command's handler that took its time has come to its end.
   */
  readonly wake?: () => void;
  /** Events for logs: the room and what happened there, no secrets. */
  readonly log: (room: string, text: string) => void;
  /** The session's own events, for whoever must act on them. */
  readonly onSession?: (event: SessionEvent) => void;
}

/** Formats that take turns in `alternate`. */
const turns: readonly ReadingFormat[] = Object.freeze(["raw", "compact", "json"] as const);

/** The device as a whole: call `poll` at `deadline` and after every event. */
export class Agent {
  readonly #options: AgentOptions;
  readonly #endpoint: Endpoint;
  readonly #session: Session;
  readonly #socket: DatagramSocket;
  readonly #uplink: Uplink;
  readonly #executor: CommandExecutor;
  readonly #credentials: Credentials;
  #taken = 0;
  /** When the next reading is due, ms; the first at the first poll. */
  #nextSample: number | undefined;
  #polledAt = 0;
  #started = false;
  #idle = false;
  readonly #counts = { taken: 0, commands: 0, repeatedCommands: 0 };

  /**
   * @throws SettingsError when credentials or session settings cannot work
   */
  constructor(options: AgentOptions) {
    this.#options = options;
    this.#credentials = options.session.credentials;
    const { application, random, log } = options;
    this.#endpoint = new Endpoint({
      transmit: (datagram, address, port) => this.#transmit(datagram, address, port),
      random,
      transmission: options.transmission,
      maxDatagram: options.maxDatagram,
      onDiscard: (reason, detail) => log("coap", `discarded reason=${reason} what="${detail}"`),
    });
    this.#session = new Session({
      ...options.session,
      crypto: options.crypto,
      endpoint: this.#endpoint,
      random,
      onDownlink: (topic, payload, now) => this.#obey(topic, payload, now),
      onEvent: (event) => {
        log("session", describeEvent(event));
        options.onSession?.(event);
      },
    });
    const batch = options.batch ?? 1;
    this.#uplink = new Uplink({
      session: this.#session,
      credentials: this.#credentials,
      thing: application.thing,
      random,
      payloadLimit: options.payloadLimit ?? 512,
      maxDatagram: options.maxDatagram ?? 1152,
      batch,
      lateAfter: 1000 * (options.late ?? (batch + 1) * options.interval),
      log,
    });
    this.#executor = new CommandExecutor(application.thing, application.commands, () => options.wake?.());
    const { io, ...socketOptions } = options.socket;
    this.#socket = new io({
      ...socketOptions,
      // Read in `poll`: the stack of an ESP32 is too small to settle an exchange and start the next
      // one on top of the UART, the AT engine and the socket.
      onReadable(): void {},
      onError(this: DatagramSocket, reason?: string): void {
        log("socket", `error reason="${reason ?? "unknown"}"`);
      },
    });
  }

  /** Counted since start; all but the commands and messages are readings. */
  get totals() {
    return { ...this.#counts, ...this.#uplink.totals };
  }

  /** Whether the session with the cloud is open. */
  get online(): boolean {
    return this.#session.online;
  }

  /** Readings and messages that wait for the cloud's acknowledgement. */
  get backlog(): number {
    return this.#uplink.backlog;
  }

  /** When `poll` wants to be called, ms. */
  get deadline(): number {
    let deadline = Math.min(this.#endpoint.deadline, this.#options.link.deadline, this.#executor.deadline);
    if (this.#samplesLeft()) deadline = Math.min(deadline, this.#nextSample ?? 0);
    return Math.min(deadline, this.#uplink.deadline(this.#polledAt));
  }

  /** Reads what has come, and does what is due. */
  poll(now: number): void {
    this.#polledAt = now;
    this.#nextSample ??= now;
    if (!this.#started) this.#start();
    this.#options.link.poll(now);
    this.#receive(now);
    this.#endpoint.poll(now);
    const finished = this.#executor.takeFinished(now);
    for (let i = 0; i < finished.length; i++) this.#answer(finished[i], now);
    this.#sample(now);
    this.#send(now);
    if (!this.#idle && this.#uplink.idle && !this.#session.busy && !this.#executor.busy) {
      this.#idle = true;
      const next = this.#samplesLeft() ? ` next=${Math.round((this.#nextSample - now) / 1000)}s` : "";
      const waiting = this.#uplink.backlog > 0 ? ` waiting=${this.#uplink.backlog}` : "";
      this.#options.log("agent", `idle${waiting}${next}`);
    }
  }

  /** The network's time: `epoch` ms at `now`. */
  setTime(epoch: number, now: number): void {
    this.#uplink.epoch = epoch - now;
  }

  /** Ends what is under way and closes the socket; readings not yet acknowledged are gone. */
  close(now: number): void {
    this.#endpoint.close(now);
    this.#socket.close();
  }

  #start(): void {
    this.#started = true;
    const { application, log } = this.#options;
    const device = new Outbound({
      thing: application.thing,
      uplink: this.#uplink,
      now: this.#options.now ?? (() => this.#polledAt),
      format: () => this.#format(),
      onReading: (id, format) => this.#took(id, format),
      onMessage: () => {
        this.#idle = false;
        this.#options.wake?.();
      },
    });
    try {
      application.start?.(device);
    } catch (error) {
      log("fault", `in start: ${error instanceof Error ? error.message : "unknown"}`);
    }
  }

  #samplesLeft(): boolean {
    return this.#options.reports === 0 || this.#taken < this.#options.reports;
  }

  #format(): ReadingFormat {
    const { format } = this.#options;
    return format === "alternate" ? turns[this.#counts.taken % turns.length] : format;
  }

  #sample(now: number): void {
    const due = this.#nextSample!;
    if (now < due || !this.#samplesLeft()) return;
    const { interval, application } = this.#options;
    // Late by whatever kept the device: the next one is due where it would have been.
    const next = due + interval * 1000;
    this.#nextSample = next > now ? next : now + interval * 1000;
    let values: ThingValues;
    try {
      values = application.sample();
      if (!isReading(values)) throw new TypeError("no values");
    } catch (error) {
      this.#options.log("report", `missed reason="${error instanceof Error ? error.message : "unknown"}"`);
      return;
    }
    const reading = {
      kind: "reading",
      id: this.#uplink.takeId(),
      takenAt: now,
      values,
      format: this.#format(),
    } as const;
    this.#taken += 1;
    this.#uplink.append(reading);
    this.#took(reading.id, reading.format);
  }

  #took(id: number, format: ReadingFormat): void {
    this.#counts.taken += 1;
    this.#idle = false;
    this.#options.log("report", `taken id=${id} format=${format}`);
  }

  #send(now: number): void {
    // The last ones wait for no others.
    if (!this.#samplesLeft()) this.#uplink.flush();
    if (!this.#uplink.wants(now)) return;
    const { link } = this.#options;
    if (!link.ready) {
      link.connect(now);
      if (!link.ready) return;
    }
    this.#uplink.send(now);
  }

  #obey(topic: string, payload: Uint8Array, now: number): void {
    const handled = this.#executor.handle(topic, payload, now);
    this.#idle = false;
    if (handled === "unreadable" || handled === "overload") {
      this.#options.log("command", `ignored topic=${topic} reason="${handled}"`);
    } else if (handled === "working") {
      this.#options.log("command", `working topic=${topic}`);
    } else {
      this.#answer(handled, now);
    }
  }

  #answer(reply: CommandReply, now: number): void {
    // The cloud chose the id: whatever it holds, the log gets one line of it.
    const id = JSON.stringify(reply.id);
    if (reply.duplicate) this.#counts.repeatedCommands += 1;
    else this.#counts.commands += 1;
    const what = reply.duplicate ? "repeated" : "executed";
    this.#options.log("command", `${what} kind=${reply.kind} id=${id} code=${reply.code}`);
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
    this.#socket.releaseAfterReply =
      request && this.#session.online && this.#uplink.atLast && !this.#executor.busy;
    this.#socket.write(datagram, address, port);
  }

  #receive(now: number): void {
    const socket = this.#socket;
    for (let datagram = socket.read(); datagram !== undefined; datagram = socket.read()) {
      this.#endpoint.receive(new Uint8Array(datagram), datagram.address, datagram.port, now);
    }
  }
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
