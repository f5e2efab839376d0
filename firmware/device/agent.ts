/**
 * The device: takes readings, keeps them until the cloud has them, obeys commands, and lets the
 * modem sleep in between.
 *
 *    every interval:  sample -> journal -> uploader (link up, session) -> stored -> released
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
import { SessionKeeper } from "../continuity/session-keeper";
import { clockTolerance } from "../continuity/deep-sleep-record";
import { PersistentState } from "../continuity/persistent-state";
import { ApplicationMessages } from "../delivery/application-messages";
import { RadioGuard } from "../continuity/radio-budget";
import { Sampler } from "./sampler";
import { startDelay } from "./start-delay";
import { Supervisor } from "./supervisor";
import { Uploader } from "../delivery/uploader";
import { WallClock } from "./wall-clock";
import { sessionLogEvent } from "./log";
import type { Credentials } from "../enos/credentials";
import type { SessionEvent } from "../enos/session";
import type { ThingValues } from "../model/thing";
import type { AgentOptions, DatagramSocket } from "./agent-options";
import type { CommandReply } from "./commands";
import type { DeviceAtRest } from "../continuity/deep-sleep-record";
import type { ReadingFormat } from "../delivery/entry";
import type { RestartCause } from "../continuity/persistent-state";

export type { AgentOptions, DatagramSocket, Link } from "./agent-options";

/** Formats that take turns in `alternate`. */
const turns: readonly ReadingFormat[] = Object.freeze(["raw", "compact", "json"] as const);

/** In how many answers a command that was not answered would have come again. */
const repeats = 3;

/** The device as a whole: call `poll` at `deadline` and after every event. */
export class Agent {
  readonly #options: AgentOptions;
  readonly #endpoint: Endpoint;
  readonly #session: Session;
  readonly #socket: DatagramSocket;
  readonly #uploader: Uploader;
  readonly #executor: CommandExecutor;
  readonly #credentials: Credentials;
  readonly #memory: PersistentState;
  readonly #sessionKeeper: SessionKeeper;
  readonly #radio: RadioGuard;
  readonly #sampler: Sampler;
  readonly #supervisor: Supervisor;
  readonly #clock = new WallClock();
  /** The network is left alone until then, ms. */
  #startsAt: number | undefined;
  #polledAt = 0;
  #started = false;
  #idle = false;
  /** Slept deeply since the network told the time, ms. */
  #slept = 0;
  /** Answers of the cloud to wait for before it is sure that it does not send a command again. */
  #unsettled = 0;
  readonly #counts = { taken: 0, commands: 0, repeatedCommands: 0 };

  /**
   * @throws SettingsError when credentials or session settings cannot work
   */
  constructor(options: AgentOptions) {
    this.#options = options;
    this.#credentials = options.session.credentials;
    const { application, random, log, link } = options;
    this.#memory = options.memory ?? new PersistentState(options.store, random, log);
    const memory = this.#memory;
    this.#radio = new RadioGuard(options.radioBudget ?? 0, link, memory, log);
    this.#sampler = new Sampler(options);
    this.#supervisor = new Supervisor((now) => {
      log({ kind: "supervisor reset", reason: "no answer" });
      link.reset?.(now);
    });
    this.#endpoint = new Endpoint({
      transmit: (datagram, address, port) => this.#transmit(datagram, address, port),
      random,
      transmission: options.transmission,
      maxDatagram: options.maxDatagram,
      messageId: memory.firstMessageId,
      rtoState: memory.rto,
      onDiscard: (reason, what) => log({ kind: "coap discarded", reason, what }),
    });
    this.#session = new Session({
      ...options.session,
      crypto: options.crypto,
      endpoint: this.#endpoint,
      random,
      onDownlink: (topic, payload, now) => this.#obey(topic, payload, now),
      onEvent: (event) => this.#onSession(event),
      onAnswered: (answered, now) => this.#onAnswered(answered, now),
      onSequence: (sequence) => memory.coverSequence(sequence),
    });
    this.#sessionKeeper = new SessionKeeper({
      session: this.#session,
      memory,
      credentials: this.#credentials,
      lifetime: options.session.lifetime,
      keepAlive: options.keepAlive ?? false,
      retained: options.retained,
      log,
    });
    memory.follow({ rto: () => this.#endpoint.rtoState, escalation: () => link.escalation ?? [] });
    const batch = options.batch ?? 1;
    this.#uploader = new Uploader({
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
        log({ kind: "socket error", reason: reason ?? "unknown" });
      },
    });
  }

  /** Counted since start; all but the commands and messages are readings. */
  get totals() {
    return { ...this.#counts, ...this.#uploader.totals };
  }

  /** Whether the session with the cloud is open. */
  get online(): boolean {
    return this.#session.online;
  }

  /** Readings and messages that wait for the cloud's acknowledgement. */
  get waiting(): number {
    return this.#uploader.waiting;
  }

  /** When `poll` wants to be called, ms. */
  get deadline(): number {
    const { link } = this.#options;
    const at = this.#polledAt;
    let deadline = Math.min(this.#endpoint.deadline, link.deadline, this.#executor.deadline);
    deadline = Math.min(deadline, this.#sampler.deadline);
    if (this.#startsAt !== undefined && this.#startsAt > at) return Math.min(deadline, this.#startsAt);
    deadline = Math.min(deadline, this.#radio.deadline(at));
    if (this.#radio.suspended) return deadline;
    const alive = this.#sessionKeeper.deadline(this.#nextReport());
    // Once it is due the link is what is waited for.
    if (alive > at) deadline = Math.min(deadline, alive);
    return Math.min(deadline, this.#uploader.deadline(at));
  }

  /**
   * How the device stands at rest: nothing under way, nothing wanted before `until`, all that waits in the
   * journal. The board may lose its RAM then. Undefined while it must not.
   */
  atRest(): DeviceAtRest | undefined {
    const { link } = this.#options;
    const { deadline } = this;
    const quiet = this.#idle && this.#uploader.idle && !this.#uploader.inFlight && this.#unsettled === 0;
    if (!quiet || this.#session.busy || this.#executor.busy || this.#radio.suspended) return undefined;
    if (link.active !== false && link.settled !== true) return undefined;
    if (link.busy === true || this.#endpoint.deadline < Infinity) return undefined;
    if (!this.#uploader.safe) return undefined;
    if (!(deadline < Infinity && this.#startsAt! <= this.#polledAt)) return undefined;
    this.#sessionKeeper.hold(this.#uploader.epoch);
    return {
      until: deadline,
      next: this.#sampler.deadline,
      taken: this.#sampler.taken,
      epoch: this.#clock.epoch,
      candidate: this.#clock.candidate,
      slept: this.#slept,
      askedInVain: this.#sessionKeeper.askedInVain,
      memory: this.#memory.snapshot(this.#endpoint.nextMessageId),
    };
  }

  /** Reads what has come, and does what is due. */
  poll(now: number): void {
    this.#polledAt = now;
    if (!this.#started) this.#start(now);
    this.#options.link.poll(now);
    this.#receive(now);
    this.#endpoint.poll(now);
    const finished = this.#executor.takeFinished(now);
    for (let i = 0; i < finished.length; i++) this.#answer(finished[i], now);
    const values = this.#sampler.take(now);
    if (values !== undefined) this.#keep(values, now);
    this.#radio.note(this.#session.busy || !this.#options.link.ready, now);
    if (now >= this.#startsAt! && !this.#radio.suspended) this.#send(now);
    if (!this.#idle && this.#uploader.idle && !this.#session.busy && !this.#executor.busy) {
      this.#idle = true;
      const waiting = this.#uploader.waiting > 0 ? this.#uploader.waiting : undefined;
      const next = this.#sampler.left ? this.#sampler.deadline - now : undefined;
      this.#options.log({ kind: "agent idle", waiting, next });
    }
  }

  /** The supervisor's look at it; to be called every few minutes, whatever `deadline` says. */
  supervise(now: number): void {
    const { link } = this.#options;
    const allowed = !this.#radio.suspended && this.#startsAt !== undefined && now >= this.#startsAt;
    const trying = allowed && this.#uploader.waiting > 0 && !this.#uploader.idle;
    const waiting = this.#uploader.inFlight || (trying && !link.ready);
    // Without the next reading's, which comes whatever hangs.
    const due = Math.min(this.#uploader.deadline(this.#polledAt), this.#executor.deadline);
    const deadline = Math.min(this.#endpoint.deadline, link.deadline, due);
    const cause = this.#supervisor.look({ waiting, deadline }, now);
    if (cause !== undefined) this.#restart(cause);
  }

  /** An exception has escaped `poll`, or what was called before it. */
  fault(now: number): void {
    if (this.#supervisor.fault(now)) this.#restart("fault");
  }

  /** The network's time: `epoch` ms at `now`. False when it is not believed yet. */
  setTime(epoch: number, now: number): boolean {
    const before = this.#clock.epoch;
    const how = this.#clock.tell(epoch, now);
    // In deep sleep the clock runs by an oscillator without a crystal: readings keep to the network's time,
    // every step of it, for small ones add up.
    if (how === "set" && this.#slept > 0) this.#sampler.shift(this.#clock.epoch! - before!);
    if (how !== "doubted") this.#slept = 0;
    if (how === "doubted" || how === "jumped") this.#options.log({ kind: `clock ${how}` });
    if (how === "doubted") return false;
    this.#uploader.setEpoch(this.#clock.epoch!);
    return true;
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
    this.#goOn(now);
    if (delay > 0) log({ kind: "agent waits", delay });
    const device = new ApplicationMessages({
      thing: application.thing,
      uploader: this.#uploader,
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
        waiting: this.#uploader.waiting,
      });
      if (cause !== "none") this.#memory.restartTold();
    } catch (error) {
      log({ kind: "fault", text: `in start: ${error instanceof Error ? error.message : "unknown"}` });
    }
  }

  /** After deep sleep: where it was, as if it had only waited. */
  #goOn(now: number): void {
    const { woken } = this.#options;
    if (woken === undefined) return;
    const { epoch, candidate, next, taken, slept } = woken;
    if (epoch !== undefined) {
      this.#clock.resume(epoch, candidate, slept * clockTolerance);
      this.#uploader.setEpoch(epoch);
    }
    this.#slept = slept;
    this.#sampler.resume(next, taken);
    this.#counts.taken = taken;
    this.#uploader.beginIdle();
    this.#idle = true;
    this.#sessionKeeper.begin(epoch, now);
    if (woken.askedInVain) this.#sessionKeeper.leaveAlone();
  }

  #format(): ReadingFormat {
    const { format } = this.#options;
    return format === "alternate" ? turns[this.#counts.taken % turns.length] : format;
  }

  /** Takes a reading in: when this returns it is in the journal. */
  #keep(values: ThingValues, now: number): void {
    const { log, logValues } = this.#options;
    const id = this.#memory.takeId();
    const format = this.#format();
    this.#counts.taken += 1;
    this.#idle = false;
    const time = this.#uploader.timeOf(now);
    if (!this.#uploader.append({ kind: "reading", id, takenAt: now, time, values: copyOf(values), format }))
      return;
    log({ kind: "report taken", id, format, values: logValues === true ? values : undefined });
  }

  /** When the next request is due without anybody asking for it, ms. */
  #nextReport(): number {
    if (!this.#sampler.left) return Infinity;
    const missing = Math.max(0, (this.#options.batch ?? 1) - this.#uploader.waiting - 1);
    return this.#sampler.deadline + missing * this.#options.interval * 1000;
  }

  /** An exchange of the session's has ended, with an answer or without. */
  #onAnswered(answered: boolean, now: number): void {
    const { link } = this.#options;
    this.#radio.heard(answered, now);
    if (!answered) return this.#supervisor.unanswered(now);
    if (this.#unsettled > 0) this.#unsettled -= 1;
    this.#supervisor.answered();
    link.confirm?.(now);
    this.#sessionKeeper.keep(this.#uploader.epoch, false);
  }

  #onSession(event: SessionEvent): void {
    this.#options.log(sessionLogEvent(event));
    if (event.kind === "online") this.#sessionKeeper.keep(this.#uploader.epoch, true);
    this.#options.onSession?.(event);
  }

  #restart(cause: RestartCause): void {
    const { restart, log } = this.#options;
    if (restart === undefined) return;
    log({ kind: "supervisor restart", reason: cause });
    this.#memory.noteRestart(cause);
    restart(cause);
  }

  #send(now: number): void {
    // The last ones wait for no others.
    if (!this.#sampler.left) this.#uploader.flush();
    const wanted = this.#uploader.wants(now);
    const aliveDue = now >= this.#sessionKeeper.deadline(this.#nextReport());
    if (!wanted && !aliveDue) return;
    const { link } = this.#options;
    if (!link.ready) {
      link.connect(now);
      if (!link.ready) return;
    }
    this.#sessionKeeper.begin(this.#uploader.epoch, now);
    if (wanted) this.#uploader.send(now);
    else this.#sessionKeeper.ask(now);
  }

  #obey(topic: string, payload: Uint8Array, now: number): void {
    const handled = this.#executor.handle(topic, payload, now);
    this.#idle = false;
    if (handled === "unreadable" || handled === "overload") {
      this.#options.log({ kind: "command ignored", topic, reason: handled });
    } else if (handled === "working") {
      this.#options.log({ kind: "command working", topic });
    } else {
      this.#answer(handled, now);
    }
  }

  #answer(reply: CommandReply, now: number): void {
    const { log } = this.#options;
    const { id, code } = reply;
    if (reply.duplicate) this.#counts.repeatedCommands += 1;
    else this.#counts.commands += 1;
    const kind = reply.duplicate ? "command repeated" : "command executed";
    log({ kind, command: reply.kind, id, code });
    this.#session.send(
      {
        path: pathOptions(`${deviceRoot(this.#credentials)}/${reply.topic}`, reply.contentFormat),
        payload: reply.payload,
        answer: true,
        onComplete: (outcome) => {
          // The server's refusal is the first of those answers.
          this.#unsettled =
            outcome.kind === "accepted" ? 0 : outcome.kind === "rejected" ? repeats - 1 : repeats;
          // The cloud sends a command again until it has its answer.
          if (outcome.kind === "accepted") log({ kind: "command answered", id });
          else log({ kind: "command unanswered", id, reason: describeOutcome(outcome) });
        },
      },
      now,
    );
    this.#idle = false;
  }

  #transmit(datagram: Uint8Array, address: string, port: number): void {
    // A retransmission of what was under way would wake the modem that was just switched off.
    if (this.#radio.suspended) return;
    // The last reading on its way means that one answer is all that is expected.
    // What fetches a command does not: its answer has to follow.
    const request = datagram[1] === Code.post;
    this.#socket.releaseAfterReply =
      request && this.#session.online && this.#uploader.last && !this.#executor.busy;
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

/** As they are now: the application may use one object for all its readings. */
function copyOf(values: ThingValues): ThingValues {
  try {
    return { ...values };
  } catch {
    // It may do anything when it is looked at, which shows when it is sent.
    return values;
  }
}
