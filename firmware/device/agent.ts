/**
 * The device: takes readings, keeps them until the cloud has them, obeys commands, and lets the
 * modem sleep in between.
 *
 *    every interval:  sample -> journal -> uplink (link up, session) -> stored -> released
 *    on a response:   command -> executed once -> answered
 *
 * One exchange at a time. A reading that got no answer stays and is tried again after a pause that
 * grows; one that the cloud refuses for what it says is given up, told and counted. No clock of its
 * own: call `poll` at `deadline` and after every event.
 */
import { Code } from "../coap/code";
import { Endpoint } from "../coap/endpoint";
import { describeOutcome } from "../enos/outcome";
import { Session } from "../enos/session";
import { deviceRoot, pathOptions } from "../enos/topic";
import { CommandExecutor } from "./commands";
import { Continuity } from "./continuity";
import { DeviceMemory } from "./memory";
import { Outbound, isReading } from "./outbound";
import { RadioBudget } from "./radio-budget";
import { startDelay } from "./start-delay";
import { Supervisor } from "./supervisor";
import { Uplink } from "./uplink";
import { WallClock } from "./wall-clock";
import type { Transmission } from "../coap/transmission";
import type { Credentials } from "../enos/credentials";
import type { SessionEvent, SessionSettings } from "../enos/session";
import type { Cryptography } from "../enos/sign";
import type { ThingValues } from "../model/thing";
import type { Flash } from "../journal/flash";
import type { FullPolicy } from "../journal/journal";
import type { ByteStore } from "../journal/slots";
import type { Application } from "./application";
import type { Order } from "./backlog";
import type { CommandReply } from "./commands";
import type { ReadingFormat } from "./entry";
import type { RestartCause } from "./memory";
import type { Format } from "./settings";

/** What brings datagrams out of the device: a modem, or a network that is simply there. */
export interface Link {
  /** Whether datagrams can be sent now. */
  readonly ready: boolean;
  readonly deadline: number;
  /** Asks for it to become ready; may be called again and again. */
  connect(now: number): void;
  poll(now: number): void;
  /** Whether its radio draws power; undefined for a network that is simply there. */
  readonly active?: boolean;
  /** Off with it, until `connect`. */
  suspend?(now: number): void;
  /** It claims to be ready and nothing comes back: resets it, harder each time. */
  reset?(now: number): void;
  /** Something did come back. */
  confirm?(now: number): void;
  /** What it wants kept over a restart: up to six numbers, 0 to 65535. */
  readonly ladder?: readonly number[];
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
  /** The journal's partition; without one, what waits is lost with the power. */
  readonly flash?: Flash;
  /** What goes when the journal is full (default "oldest"). */
  readonly policy?: FullPolicy;
  /** What goes first when much waits (default "oldest"). */
  readonly order?: Order;
  /** Seconds between two requests that catch up with what has waited (default 3). */
  readonly spacing?: number;
  /** What the device remembers over a restart; made from `store` when left out. */
  readonly memory?: DeviceMemory;
  readonly store?: ByteStore;
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
  readonly #memory: DeviceMemory;
  readonly #continuity: Continuity;
  readonly #budget: RadioBudget;
  readonly #supervisor: Supervisor;
  readonly #clock = new WallClock();
  /** The network is left alone until then, ms. */
  #startsAt: number | undefined;
  #suspended = false;
  #savedSpent = 0;
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
    const { application, random, log, link } = options;
    this.#memory = options.memory ?? new DeviceMemory(options.store, random, log);
    const memory = this.#memory;
    this.#budget = new RadioBudget(options.radioBudget ?? 0, memory.budget.spent);
    this.#supervisor = new Supervisor((now) => {
      log("supervisor", "reset reason=\"no answer\"");
      link.reset?.(now);
    });
    this.#endpoint = new Endpoint({
      transmit: (datagram, address, port) => this.#transmit(datagram, address, port),
      random,
      transmission: options.transmission,
      maxDatagram: options.maxDatagram,
      messageId: memory.firstMessageId,
      rtoState: memory.rto,
      onDiscard: (reason, detail) => log("coap", `discarded reason=${reason} what="${detail}"`),
    });
    this.#session = new Session({
      ...options.session,
      crypto: options.crypto,
      endpoint: this.#endpoint,
      random,
      onDownlink: (topic, payload, now) => this.#obey(topic, payload, now),
      onEvent: (event, now) => this.#onSession(event, now),
      onSequence: (sequence) => memory.coverSequence(sequence),
    });
    this.#continuity = new Continuity({
      session: this.#session,
      memory,
      credentials: this.#credentials,
      lifetime: options.session.lifetime,
      keepAlive: options.keepAlive ?? false,
      log,
    });
    memory.follow({ rto: () => this.#endpoint.rtoState, ladder: () => link.ladder ?? [] });
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
      spacing: 1000 * (options.spacing ?? 3),
      flash: options.flash,
      policy: options.policy ?? "oldest",
      order: options.order ?? "oldest",
      memory,
      onAnswer: (answered, now) => this.#heard(answered, now),
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
    const { link } = this.#options;
    const at = this.#polledAt;
    let deadline = Math.min(this.#endpoint.deadline, link.deadline, this.#executor.deadline);
    if (this.#samplesLeft()) deadline = Math.min(deadline, this.#nextSample ?? 0);
    if (this.#startsAt !== undefined && this.#startsAt > at) return Math.min(deadline, this.#startsAt);
    if (this.#suspended) return Math.min(deadline, this.#budget.deadline(at));
    if (link.active === true) deadline = Math.min(deadline, this.#budget.deadline(at));
    deadline = Math.min(deadline, this.#continuity.deadline(this.#nextReport()));
    return Math.min(deadline, this.#uplink.deadline(at));
  }

  /** Reads what has come, and does what is due. */
  poll(now: number): void {
    this.#polledAt = now;
    this.#nextSample ??= now;
    if (!this.#started) this.#start(now);
    this.#options.link.poll(now);
    this.#receive(now);
    this.#endpoint.poll(now);
    const finished = this.#executor.takeFinished(now);
    for (let i = 0; i < finished.length; i++) this.#answer(finished[i], now);
    this.#sample(now);
    this.#spend(now);
    if (now >= this.#startsAt! && !this.#suspended) this.#send(now);
    if (!this.#idle && this.#uplink.idle && !this.#session.busy && !this.#executor.busy) {
      this.#idle = true;
      const next = this.#samplesLeft() ? ` next=${Math.round((this.#nextSample - now) / 1000)}s` : "";
      const waiting = this.#uplink.backlog > 0 ? ` waiting=${this.#uplink.backlog}` : "";
      this.#options.log("agent", `idle${waiting}${next}`);
    }
  }

  /** The supervisor's look at it; to be called every few minutes, whatever `deadline` says. */
  supervise(now: number): void {
    const { link } = this.#options;
    const allowed = !this.#suspended && this.#startsAt !== undefined && now >= this.#startsAt;
    const trying = allowed && this.#uplink.backlog > 0 && !this.#uplink.idle;
    const waiting = this.#uplink.underWay || (trying && !link.ready);
    const cause = this.#supervisor.look({ trying, waiting, deadline: this.deadline }, now);
    if (cause !== undefined) this.#restart(cause);
  }

  /** An exception has escaped `poll`, or what was called before it. */
  fault(now: number): void {
    if (this.#supervisor.fault(now)) this.#restart("fault");
  }

  /** The network's time: `epoch` ms at `now`. */
  setTime(epoch: number, now: number): void {
    const how = this.#clock.tell(epoch, now);
    if (how === "doubted" || how === "jumped") this.#options.log("clock", how);
    if (how !== "doubted") this.#uplink.setEpoch(this.#clock.epoch!);
  }

  /** Ends what is under way and closes the socket; readings not yet acknowledged stay in the journal. */
  close(now: number): void {
    this.#endpoint.close(now);
    this.#socket.close();
  }

  #start(now: number): void {
    this.#started = true;
    const { application, log, startReason, startSpread = 0, interval } = this.#options;
    // A board that restarted by itself does so alone; power comes back to many at once.
    const alone = startReason !== undefined && startReason !== "power-on" && startReason !== "brownout";
    const longest = alone ? 0 : 1000 * Math.min(interval, startSpread);
    const delay = startDelay(this.#credentials.deviceKey, this.#memory.boots, longest);
    this.#startsAt = now + delay;
    if (delay > 0) log("agent", `waits ${Math.round(delay / 1000)}s before it uses the network`);
    const device = new Outbound({
      thing: application.thing,
      uplink: this.#uplink,
      now: this.#options.now ?? (() => this.#polledAt),
      memory: this.#memory,
      onReading: (values, now) => this.#keep(values, now),
      onMessage: () => {
        this.#idle = false;
        this.#options.wake?.();
      },
    });
    const { cause, count } = this.#memory.restart;
    try {
      application.start?.(device, {
        boots: this.#memory.boots,
        reason: startReason ?? "unknown",
        restart: cause,
        restarts: count,
        waiting: this.#uplink.backlog,
      });
      if (cause !== "none") this.#memory.restartTold();
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
    this.#taken += 1;
    this.#keep(values, now);
  }

  /** Takes a reading in: when this returns it is in the journal. */
  #keep(values: ThingValues, now: number): void {
    const { log, logValues } = this.#options;
    const id = this.#memory.takeId();
    const format = this.#format();
    this.#counts.taken += 1;
    this.#idle = false;
    if (!this.#uplink.append({ kind: "reading", id, takenAt: now, time: this.#uplink.timeOf(now), values, format })) {
      return;
    }
    const what = logValues === true ? ` values=${JSON.stringify(values)}` : "";
    log("report", `taken id=${id} format=${format}${what}`);
  }

  /** When the next request is due without anybody asking for it, ms. */
  #nextReport(): number {
    if (!this.#samplesLeft()) return Infinity;
    const missing = Math.max(0, (this.#options.batch ?? 1) - this.#uplink.backlog - 1);
    return (this.#nextSample ?? 0) + missing * this.#options.interval * 1000;
  }

  /** Keeps the books on the radio; switches it off when the day's budget is spent. */
  #spend(now: number): void {
    const { link, log } = this.#options;
    if (link.active === undefined) return;
    this.#budget.note(link.active, now);
    const spent = this.#budget.isSpent(now);
    const seconds = this.#budget.spent(now);
    // Not every second of it: a restart forgives a tenth.
    if (seconds > 1.1 * this.#savedSpent + 60 || (seconds < this.#savedSpent && seconds === 0)) {
      this.#savedSpent = seconds;
      this.#memory.keepBudget(0, seconds);
    }
    if (spent === this.#suspended) return;
    this.#suspended = spent;
    if (spent) {
      const wait = Math.round((this.#budget.deadline(now) - now) / 1000);
      log("agent", `radio off reason="budget spent" spent=${seconds}s resumes=${wait}s`);
      link.suspend?.(now);
    } else {
      log("agent", "radio budget of a new day");
    }
  }

  /** An exchange has ended. */
  #heard(answered: boolean, now: number): void {
    const { link } = this.#options;
    if (!answered) {
      this.#budget.failed(now);
      if (link.ready) this.#supervisor.unanswered(now);
      return;
    }
    this.#supervisor.answered();
    this.#budget.answered();
    link.confirm?.(now);
    this.#continuity.keep(this.#uplink.epoch, false);
  }

  #onSession(event: SessionEvent, now: number): void {
    this.#options.log("session", describeEvent(event));
    if (event.kind === "online") {
      this.#heard(true, now);
      this.#continuity.keep(this.#uplink.epoch, true);
    } else if (event.kind === "refused") {
      this.#heard(event.reason !== "timeout" && event.reason !== "no-response", now);
    }
    this.#options.onSession?.(event);
  }

  #restart(cause: RestartCause): void {
    const { restart, log } = this.#options;
    if (restart === undefined) return;
    log("supervisor", `restart reason=${cause}`);
    this.#memory.noteRestart(cause);
    restart(cause);
  }

  #send(now: number): void {
    // The last ones wait for no others.
    if (!this.#samplesLeft()) this.#uplink.flush();
    const wanted = this.#uplink.wants(now);
    const aliveDue = now >= this.#continuity.deadline(this.#nextReport());
    if (!wanted && !aliveDue) return;
    const { link } = this.#options;
    if (!link.ready) {
      link.connect(now);
      if (!link.ready) return;
    }
    this.#continuity.begin(this.#uplink.epoch, now);
    if (wanted) this.#uplink.send(now);
    else this.#continuity.ask(now);
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
    this.#memory.coverMessageId(this.#endpoint.nextMessageId);
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
    case "resumed":
      return `resumed edition=${event.edition}`;
    case "refused":
      return `not admitted reason=${event.reason} retry=${Math.round(event.retryAfter / 1000)}s`;
    case "doubted":
      return `doubted reason=${event.reason} check="iv and edition"`;
    case "downlink-ignored":
      return `downlink ignored reason="${event.reason}"`;
  }
}
