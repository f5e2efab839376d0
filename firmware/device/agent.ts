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
import { Session } from "../enos/session";
import { builtInServices } from "./built-in-services";
import { CommandResponder } from "./command-responder";
import { CommandMemory } from "../continuity/command-memory";
import { SessionKeeper } from "../continuity/session-keeper";
import { clockTolerance } from "../continuity/deep-sleep-record";
import { PersistentState } from "../continuity/persistent-state";
import { ApplicationMessages } from "../delivery/application-messages";
import { OthersBudget } from "../continuity/others-budget";
import { RadioGuard } from "../continuity/radio-budget";
import { ReadingIntake } from "./reading-intake";
import { Sampler } from "./sampler";
import { panicPause, panicsForgottenAfter, startDelay } from "./start-delay";
import { Supervisor } from "./supervisor";
import { MemberNames } from "../text/member-names";
import { troubleEvent } from "./trouble";
import { Uploader } from "../delivery/uploader";
import { WallClock } from "./wall-clock";
import { sessionLogEvent } from "./log";
import { reasonOf } from "../text/reason";
import type { Credentials } from "../enos/credentials";
import type { SessionEvent } from "../enos/session";
import type { ThingValues } from "../model/thing";
import type { Follow } from "../continuity/others-budget";
import type { AgentOptions, DatagramSocket } from "./agent-options";
import type { SleepState } from "../continuity/deep-sleep-record";
import type { RestartCause } from "../continuity/persistent-state";

export type { AgentOptions, DatagramSocket, Link } from "./agent-options";

/** Start reasons with which the power comes back to a whole street. */
const powerCameBack: readonly string[] = Object.freeze(["power-on", "brownout", "power-glitch"]);
/** Time after a start, or a loss of power, before the cloud can have the board restart, ms; deep sleep counts. */
const leastUptime = 3_600_000;
/** Longest time that the answer to a command has before the restart that the command asks for, ms. */
const restartWithin = 120_000;
/** A guarded device speaks to the cloud with the first reading after so many intervals, and these bounds, ms. */
const guardedIntervals = 8.5;
const leastSpacing = 600_000;
const longestSpacing = 23_400_000;
/** What a second of a board that waits awake costs, in seconds of radio: 83 mW against 263 of board and radio. */
const awakeShare = 1 / 3;
/** Room for a clock that goes wrong in deep sleep when the modem is looked at, ms. */
const lookMargin = 10_000;
/** A try that waits longer than this waits for the next contact while the device is guarded, ms. */
const shortestPause = 10_000;
/** The network's inactivity timer, ms: so long a connection lasts for which it was not told that one reply follows. */
const inactivity = 20_000;
/** Smallest block in which a body may go or come, bytes: of 16 an answer could have 512. */
const leastBlock = 64;

/** The device as a whole: call `poll` at `deadline` and after every event. */
export class Agent {
  readonly #options: AgentOptions;
  readonly #endpoint: Endpoint;
  readonly #session: Session;
  readonly #socket: DatagramSocket;
  readonly #uploader: Uploader;
  readonly #commands: CommandResponder;
  readonly #credentials: Credentials;
  readonly #memory: PersistentState;
  readonly #sessionKeeper: SessionKeeper;
  readonly #radio: RadioGuard;
  readonly #others: OthersBudget;
  readonly #sampler: Sampler;
  readonly #readings: ReadingIntake;
  readonly #supervisor: Supervisor;
  readonly #clock = new WallClock();
  readonly #messages: ApplicationMessages;
  /** The network is left alone until then, ms. */
  #startsAt: number | undefined;
  #polledAt = 0;
  #started = false;
  #idle = false;
  /** It has come to rest, and the journal can be made ready for the next readings. */
  #prepares = false;
  /** Something was sent since the last contact ended. */
  #contact = false;
  /** When the device last sent a request, or fell asleep after it, ms. */
  #lastRequest = Infinity;
  /** When to look whether the modem has fallen asleep after the last contact, ms. */
  #lookAt = Infinity;
  /** Slept deeply since the network told the time, ms. */
  #slept = 0;
  /** Commands that have come and are executed when the call that brought them has returned. */
  #arrived: { readonly topic: string; readonly payload: Uint8Array; readonly cut: boolean | undefined }[] =
    [];
  /** When a restart that the cloud asked for comes, at the latest, ms. */
  #restartBy = Infinity;

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
    const batch = options.batch ?? 1;
    this.#others = new OthersBudget({
      seconds: options.othersBudget ?? 0,
      spacing: Math.max(
        Math.min(guardedIntervals * batch * options.interval * 1000, longestSpacing),
        leastSpacing,
      ),
      retained: options.retained,
      onGuarded: (guard) => {
        this.#contact = true;
        log({ kind: "radio guarded", ...guard });
      },
    });
    this.#sampler = new Sampler(options);
    this.#supervisor = new Supervisor((now) => {
      log({ kind: "supervisor reset", reason: "no answer" });
      link.reset?.(now);
    });
    const mayFollow = (what: Follow, now: number): boolean => this.#others.may(what, now);
    this.#endpoint = new Endpoint({
      transmit: (datagram, address, port) => this.transmit(datagram, address, port),
      random,
      transmission: options.transmission,
      maxDatagram: options.maxDatagram,
      messageId: memory.firstMessageId,
      rtoState: memory.rto,
      leastBlock,
      mayFollow,
      onStranger: (late, now) =>
        late ? this.#others.late(this.#endpoint.retransmissions, now) : this.#others.stranger(now),
      // EnOS's answers ride on the acknowledgement. It was the one reply for which the network waits.
      onEmptyAck: (now) => this.#others.refused(inactivity, now),
      onDiscard: (reason, what) => log({ kind: "coap discarded", reason, what }),
    });
    const names = new MemberNames(random);
    this.#session = new Session({
      ...options.session,
      names,
      crypto: options.crypto,
      endpoint: this.#endpoint,
      random,
      onDownlink: (topic, payload, _now, cut) => {
        this.#arrived.push({ topic, payload, cut });
        this.#idle = false;
      },
      onEvent: (event) => this.onSession(event),
      onAnswered: (answered, now) => this.onAnswered(answered, now),
      mayFollow,
      onSequence: (sequence) => memory.coverSequence(sequence),
    });
    this.#sessionKeeper = new SessionKeeper({
      session: this.#session,
      memory,
      credentials: this.#credentials,
      lifetime: options.session.lifetime,
      keepAlive: options.keepAlive ?? false,
      retained: options.sleepsDeeply,
      log,
    });
    memory.follow({ rto: () => this.#endpoint.rtoState, escalation: () => link.escalation ?? [] });
    this.#uploader = new Uploader({
      session: this.#session,
      credentials: this.#credentials,
      thing: application.thing,
      names,
      random,
      payloadLimit: options.payloadLimit ?? 512,
      maxDatagram: options.maxDatagram ?? 1152,
      batch,
      lateAfter: 1000 * (options.late ?? (batch + 1) * options.interval),
      spacing: 1000 * (options.spacing ?? 3),
      flash: options.flash,
      retained: options.retained,
      policy: options.policy ?? "oldest",
      order: options.order ?? "oldest",
      memory,
      // A board that sleeps deeply does not until the next try.
      onRefused: (wait, now) =>
        this.#others.refused(options.sleepsDeeply === true ? wait * awakeShare : 0, now),
      log,
    });
    this.#readings = new ReadingIntake(
      {
        format: options.format,
        memory,
        uploader: this.#uploader,
        logValues: options.logValues === true,
        log,
      },
      options.woken?.taken ?? 0,
    );
    const { thing, commands } = application;
    const builtIn = builtInServices({
      restart: (normally) => this.restartSoon(normally),
      newest: options.newestLog ?? (() => ""),
    });
    this.#commands = new CommandResponder({
      application: { thing, commands: { ...commands, services: { ...builtIn, ...commands.services } } },
      credentials: this.#credentials,
      names,
      send: (answer, now) => this.#session.send(answer, now),
      wake: () => options.wake?.(),
      memory: new CommandMemory({
        store: options.store,
        retained: options.retained,
        crypto: options.crypto,
        epoch: () => this.#uploader.epoch,
        log,
      }),
      log,
    });
    this.#messages = new ApplicationMessages({
      thing: application.thing,
      uploader: this.#uploader,
      now: options.now ?? (() => this.#polledAt),
      memory,
      onReading: (values, now) => this.keep(values, now),
      onMessage: () => {
        this.#idle = false;
        options.wake?.();
      },
    });
    const { io, ...socketOptions } = options.socket;
    this.#socket = new io({
      ...socketOptions,
      // Read in `poll`: the stack of an ESP32 is too small to end an exchange and start the next
      // one on top of the UART, the AT engine and the socket.
      onReadable(): void {},
      onError(this: DatagramSocket, reason?: string): void {
        log({ kind: "socket error", reason: reason ?? "unknown" });
      },
    });
  }

  /** Counted since start; all but the commands and messages are readings. */
  get totals() {
    return { taken: this.#readings.taken, ...this.#commands.counts, ...this.#uploader.totals };
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
    return this.earliest(this.#options.link.deadline);
  }

  /** When `poll` wants to be called, with this for the link's deadline, ms. */
  private earliest(linkDeadline: number): number {
    const at = this.#polledAt;
    if (this.#options.troubles?.isDue(at) === true) return at;
    let deadline = Math.min(this.#endpoint.deadline, linkDeadline, this.#commands.deadline);
    deadline = Math.min(deadline, this.#sampler.deadline, this.#restartBy);
    if (this.#startsAt !== undefined && this.#startsAt > at) return Math.min(deadline, this.#startsAt);
    deadline = Math.min(deadline, this.#radio.deadline(at));
    deadline = Math.min(deadline, this.#lookAt);
    // While readings are taken, the contact waits for the first one after that.
    const { nextContact } = this.#others;
    if (nextContact > at && this.#uploader.waiting > 0 && !this.#sampler.left)
      deadline = Math.min(deadline, nextContact);
    if (this.#radio.suspended) return deadline;
    const alive = this.#sessionKeeper.deadline(this.nextRequest());
    // A keep-alive that is due already waits for the link alone, whose deadline is in the minimum.
    if (alive > at) deadline = Math.min(deadline, alive);
    return Math.min(deadline, this.#uploader.deadline(at));
  }

  /**
   * What deep sleep has to keep: nothing is under way, nothing is wanted before `until`, and all that waits is
   * in the journal. Undefined while the board must not lose its RAM.
   */
  sleepState(): SleepState | undefined {
    const { link } = this.#options;
    const deadline = this.earliest(link.workDeadline ?? link.deadline);
    const quiet = this.#idle && this.#uploader.idle && !this.#uploader.inFlight && !this.#commands.mayRepeat;
    if (!quiet || this.#session.busy || this.#commands.busy || this.#radio.suspended) return undefined;
    if (link.active !== false && link.sleepsByItself !== true) return undefined;
    if (link.busy === true || this.#endpoint.deadline < Infinity || this.#restartBy < Infinity)
      return undefined;
    if (!this.#uploader.safe || this.#options.troubles?.isDue(this.#polledAt) === true) return undefined;
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

  /** The board falls asleep now: keeps what is kept at this very moment only. */
  beforeSleep(): void {
    this.#uploader.keepIndex();
  }

  /** Reads what has come, and does what is due. */
  poll(now: number): void {
    this.#polledAt = now;
    if (!this.#started) this.start(now);
    this.#options.link.poll(now);
    this.receive(now);
    this.#endpoint.poll(now);
    this.obey(now);
    if (this.#commands.poll(now)) this.#idle = false;
    if (this.#restartBy < Infinity && (now >= this.#restartBy || !this.#commands.replying)) {
      this.#restartBy = Infinity;
      this.restart("command");
    }
    const values = this.#sampler.take(now);
    if (values !== undefined) this.keep(values, now);
    this.tellTroubles(now);
    this.#radio.note(this.#session.busy || !this.#options.link.ready, now);
    if (now >= this.#startsAt! && !this.#radio.suspended) this.send(now);
    this.watch(now);
    if (!this.#idle && this.#uploader.idle && !this.#session.busy && !this.#commands.busy) {
      this.#idle = true;
      this.#others.hold(this.#endpoint.retransmissions, now);
      const look = this.#lastRequest + (this.#options.link.fallsAsleepAfter ?? Infinity) + lookMargin;
      if (look > now && this.#others.watching(now)) this.#lookAt = look;
      const waiting = this.#uploader.waiting > 0 ? this.#uploader.waiting : undefined;
      const next = this.#sampler.left ? this.#sampler.deadline - now : undefined;
      this.#options.log({ kind: "agent idle", waiting, next });
      this.#prepares = true;
    }
    if (this.#prepares && this.#idle && this.#options.link.busy !== true) {
      this.#prepares = false;
      this.#uploader.prepare();
    }
  }

  /**
   * Executes what has come: not where it is received, for there the stack of an ESP32 is in use already, and the
   * application's handler needs some of it.
   */
  private obey(now: number): void {
    for (let command = this.#arrived.shift(); command !== undefined; command = this.#arrived.shift()) {
      this.#commands.obey(command.topic, command.payload, now, command.cut);
    }
  }

  /** The supervisor's look at it; to be called every few minutes, whatever `deadline` says. */
  supervise(now: number): void {
    const { link } = this.#options;
    if (this.#startsAt !== undefined && now - this.#startsAt >= panicsForgottenAfter)
      this.#options.starts?.worked();
    if (this.safeStartOver(now)) return;
    const allowed = !this.#radio.suspended && this.#startsAt !== undefined && now >= this.#startsAt;
    const trying = allowed && this.#uploader.waiting > 0 && !this.#uploader.idle;
    const waiting = this.#uploader.inFlight || (trying && !link.ready);
    // Not the sampler's deadline: the next reading is taken even while something else hangs.
    const due = Math.min(this.#uploader.deadline(this.#polledAt), this.#commands.deadline);
    const deadline = Math.min(this.#endpoint.deadline, link.deadline, due);
    const cause = this.#supervisor.look({ waiting, deadline }, now);
    if (cause !== undefined) this.restart(cause);
  }

  /** An exception has escaped `poll`, or what was called before it. */
  fault(now: number): void {
    if (this.#supervisor.fault(now)) this.restart("fault");
  }

  /** The network's time: `epoch` ms at `now`. False when it is not believed yet. */
  setTime(epoch: number, now: number): boolean {
    const before = this.#clock.epoch;
    const how = this.#clock.tell(epoch, now);
    // In deep sleep the clock runs by an oscillator without a crystal. Readings follow each correction that
    // the network makes, because small ones add up over many sleeps.
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

  private start(now: number): void {
    this.#started = true;
    const { application, log, startReason, startSpread = 0, interval } = this.#options;
    // Power comes back to many devices at once; a board that restarted by itself is the only one to do so.
    const alone = startReason !== undefined && !powerCameBack.includes(startReason);
    const longest = alone ? 0 : 1000 * Math.min(interval, startSpread);
    const { boots } = this.#memory;
    const { deviceKey } = this.#credentials;
    // Deep sleep is reached only by a device that has done all it had to do.
    const { starts, woken } = this.#options;
    if (woken !== undefined) starts?.worked();
    this.safeStartOver(now);
    const panics = woken === undefined ? (starts?.panics ?? 0) : 0;
    const delay = Math.max(startDelay(deviceKey, boots, longest), panicPause(deviceKey, boots, panics));
    this.#startsAt = now + delay;
    this.#others.begin(this.#options.woken !== undefined, now);
    this.goOn(now);
    if (panics > 0) log({ kind: "agent panicked", panics, delay });
    else if (delay > 0) log({ kind: "agent waits", delay });
    const device = this.#messages;
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
      log({ kind: "fault", text: `in start: ${reasonOf(error)}` });
    }
    if (application.version !== undefined && startReason !== "deep-sleep")
      device.informFirmware(application.version);
  }

  private tellTroubles(now: number): void {
    const { troubles } = this.#options;
    if (troubles === undefined || !troubles.isDue(now)) return;
    const taken = troubles.take(now);
    for (let i = 0; i < taken.length; i++) this.#messages.postEvent(troubleEvent, { ...taken[i] });
  }

  /** After deep sleep: takes up the state from before, as if the device had only waited. */
  private goOn(now: number): void {
    const { woken } = this.#options;
    if (woken === undefined) return;
    const { epoch, candidate, next, taken, slept } = woken;
    if (epoch !== undefined) {
      this.#clock.resume(epoch, candidate, slept * clockTolerance);
      this.#uploader.setEpoch(epoch);
    }
    this.#slept = slept;
    this.#lastRequest = woken.at ?? Infinity;
    if (this.#others.watching(now)) this.#lookAt = now;
    this.#sampler.resume(next, taken);
    this.#uploader.rest();
    this.#idle = true;
    this.#sessionKeeper.begin(epoch, now);
    if (woken.askedInVain) this.#sessionKeeper.leaveAlone();
  }

  private keep(values: ThingValues, now: number): void {
    this.#idle = false;
    this.#readings.keep(values, now);
  }

  /** When the next request with readings will be due, ms. */
  private nextRequest(): number {
    if (!this.#sampler.left) return Infinity;
    const missing = Math.max(0, (this.#options.batch ?? 1) - this.#uploader.waiting - 1);
    return this.#sampler.deadline + missing * this.#options.interval * 1000;
  }

  /** An exchange of the session's has ended, with an answer or without. */
  private onAnswered(answered: boolean, now: number): void {
    const { link } = this.#options;
    this.#radio.heard(answered, now);
    if (!answered) return this.#supervisor.unanswered(now);
    this.#commands.responded();
    this.#supervisor.answered();
    link.confirm?.(now);
    this.#sessionKeeper.keep(this.#uploader.epoch, false);
  }

  private onSession(event: SessionEvent): void {
    this.#options.log(sessionLogEvent(event));
    if (event.kind === "online") this.#sessionKeeper.keep(this.#uploader.epoch, true);
    this.#options.onSession?.(event);
  }

  /** Whether a safe start has had its day, and the board restarts. */
  private safeStartOver(now: number): boolean {
    const { starts } = this.#options;
    if (starts?.safe !== true || now < starts.safeUntil(now)) return false;
    starts.leaveSafe(true);
    this.restart("safe-start-over");
    return true;
  }

  /** The cloud has asked for a restart: it comes once the answer to that has arrived. Why it does not, if so. */
  private restartSoon(normally: boolean): string | undefined {
    const { restart, starts } = this.#options;
    if (restart === undefined) return "nothing here can restart it";
    // Whoever forges commands could have it restart at each first contact, with the radio always on.
    const leaves = normally && starts?.safe === true;
    if (!leaves && this.#polledAt < leastUptime) return "it has started within the last hour";
    if (leaves) starts.leaveSafe(false);
    this.#restartBy = this.#polledAt + restartWithin;
    return undefined;
  }

  private restart(cause: RestartCause): void {
    const { restart, log } = this.#options;
    if (restart === undefined) return;
    log({ kind: "supervisor restart", reason: cause });
    this.#memory.noteRestart(cause);
    restart(cause);
  }

  /** Ends the contact of a guarded device once it has nothing in hand: what failed waits for the next one. */
  private closeContact(now: number): void {
    const { link } = this.#options;
    if (this.#session.busy || this.#commands.busy || this.#uploader.inFlight) return;
    const retry = this.#uploader.deadline(now);
    if (!this.#uploader.idle && !(retry > now + shortestPause && retry < Infinity)) return;
    this.#uploader.rest();
    // Only a modem that is up can leave the network.
    if (!link.ready) return link.connect(now);
    this.#contact = false;
    this.#others.contactEnded(now);
    link.renew?.(now);
  }

  /** Notices that others keep the radio on, and acts on it. */
  private watch(now: number): void {
    const { link } = this.#options;
    if (now >= this.#lookAt) {
      this.#lookAt = Infinity;
      link.look?.(now);
    }
    const kept = link.keptOn?.(this.#lastRequest, now) ?? 0;
    if (kept > 0) {
      this.#others.keptOn(kept, now);
      // Told once: from here on it counts anew.
      this.#lastRequest = now;
    }
    if (this.#contact && this.#others.guarded(now)) this.closeContact(now);
  }

  private send(now: number): void {
    if (now < this.#others.nextContact) return this.#uploader.rest();
    // No further readings will come, so the last ones need not wait until they are a batch.
    if (!this.#sampler.left) this.#uploader.flush();
    const wanted = this.#uploader.wants(now);
    const aliveDue = now >= this.#sessionKeeper.deadline(this.nextRequest());
    if (!wanted && !aliveDue) return;
    const { link } = this.#options;
    if (!link.ready) {
      link.connect(now);
      if (!link.ready) return;
    }
    this.#contact = true;
    this.#sessionKeeper.begin(this.#uploader.epoch, now);
    if (wanted) this.#uploader.send(now);
    else this.#sessionKeeper.ask(now);
  }

  private transmit(datagram: Uint8Array, address: string, port: number): void {
    // A retransmission would wake the modem, which was switched off because the day's budget is spent.
    if (this.#radio.suspended) return;
    // With the last reading on its way, the radio can be released after one reply. A GET, which fetches a
    // command, is different: the answer to the command has to follow.
    const request = datagram[1] === Code.post;
    if (request) this.#lastRequest = this.#polledAt;
    this.#socket.releaseAfterReply =
      request && this.#session.online && this.#uploader.last && !this.#commands.busy;
    this.#memory.coverMessageId(this.#endpoint.nextMessageId);
    this.#socket.write(datagram, address, port);
  }

  private receive(now: number): void {
    const socket = this.#socket;
    for (let datagram = socket.read(); datagram !== undefined; datagram = socket.read()) {
      const { address, port, cut } = datagram;
      this.#endpoint.receive(new Uint8Array(datagram), address, port, now, cut === true);
    }
  }
}
