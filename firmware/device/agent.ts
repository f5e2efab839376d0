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
import { beginHealth, commandsOf, readingsOf, sessionKeeperOf, socketOf, uploaderOf } from "./agent-parts";
import { Session } from "../enos/session";
import { clockTolerance, sleepDrift } from "../continuity/deep-sleep-record";
import { PersistentState } from "../continuity/persistent-state";
import { ApplicationMessages } from "../delivery/application-messages";
import { RadioGuard } from "../continuity/radio-budget";
import { Contacts } from "./contacts";
import { FailureCount } from "./failure-count";
import { Restarts } from "./restarts";
import { Sampler } from "./sampler";
import { delayOf, spreadOf, panicsForgottenAfter } from "./start-delay";
import { Supervisor } from "./supervisor";
import { startApplication } from "./application-start";
import { MemberNames } from "../text/member-names";
import { troubleEvent } from "./trouble";
import { WallClock } from "./wall-clock";
import { sessionLogEvent } from "./log";
import type { SessionEvent } from "../enos/session-options";
import type { ReadingFormat } from "../delivery/entry";
import type { ThingValues } from "../model/thing";
import type { CommandResponder } from "./command-responder";
import type { SessionKeeper } from "../continuity/session-keeper";
import type { ReadingIntake } from "./reading-intake";
import type { Uploader } from "../delivery/uploader";
import type { AgentOptions, DatagramSocket } from "./agent-options";
import type { FirmwareUpdate } from "./optional-parts";
import type { SleepState } from "../continuity/deep-sleep-record";

export type { AgentOptions, DatagramSocket, Link } from "./agent-options";

/** A try that waits longer than this waits for the next contact while the device is guarded, ms. */
const shortestPause = 10_000;
/** Smallest block in which a body may go or come, bytes: of 16 an answer could have 512. */
const leastBlock = 64;

/** The device as a whole: call `poll` at `deadline` and after every event. */
export class Agent {
  readonly #options: AgentOptions;
  readonly #endpoint: Endpoint;
  readonly #session: Session;
  readonly #socket: DatagramSocket;
  /** Whether the product has any of the parts that others do without: each turn asks. */
  readonly #hasParts: boolean;
  /** For blocks of another server's; made when the first is asked for. */
  #otherSocket: DatagramSocket | undefined;
  readonly #uploader: Uploader;
  readonly #commands: CommandResponder;
  readonly #memory: PersistentState;
  readonly #sessionKeeper: SessionKeeper;
  readonly #radio: RadioGuard;
  readonly #contacts: Contacts;
  readonly #restarts: Restarts;
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
  /** The cloud has not been told the firmware's version since the start; after deep sleep the record says it. */
  #versionUntold: boolean;
  /** It is told once the firmware has proven itself. */
  #versionWaits = false;
  /** Readings of which the cloud gets nothing, since it was spoken to last. */
  #empty = 0;
  /** Readings that the cloud has acknowledged since the start, as those who judge by them were told. */
  #delivered = 0;
  /** Slept deeply since the network told the time, ms. */
  #slept = 0;
  /** Commands that have come and are executed when the call that brought them has returned. */
  #arrived: { readonly topic: string; readonly payload: Uint8Array; readonly cut: boolean | undefined }[] =
    [];

  /**
   * @throws SettingsError when credentials or session settings cannot work
   */
  constructor(options: AgentOptions) {
    this.#options = options;
    const { application, random, log, link } = options;
    const { update, health, remoteSettings } = options;
    this.#hasParts = update !== undefined || health !== undefined || remoteSettings !== undefined;
    this.#versionUntold = options.startReason !== "deep-sleep";
    this.#memory = options.memory ?? new PersistentState(options.store, random, log);
    const memory = this.#memory;
    this.#radio = new RadioGuard(options.radioBudget ?? 0, link, memory, log);
    this.#contacts = new Contacts(options);
    this.#restarts = new Restarts(options, memory);
    const failures = new FailureCount(options.retained);
    this.#sampler = new Sampler(options, failures);
    this.#supervisor = new Supervisor(options);
    this.#endpoint = new Endpoint({
      transmit: (datagram, address, port) => this.transmit(datagram, address, port),
      random,
      transmission: options.transmission,
      maxDatagram: options.maxDatagram,
      joined: options.joined,
      messageId: memory.firstMessageId,
      rtoState: memory.rto,
      leastBlock,
      guard: this.#contacts,
      onDiscard: (reason, what) => log({ kind: "coap discarded", reason, what }),
    });
    const names = new MemberNames(random);
    const { credentials, address, port, lifetime, edition, iv, contentFormat } = options.session;
    // Without a spread, whose result V8 gives a shape of its own for each device of a fleet.
    this.#session = new Session({
      credentials,
      address,
      port,
      lifetime,
      edition,
      iv,
      contentFormat,
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
      guard: this.#contacts,
      sequences: memory,
      formats: memory,
      drift: options.sleepsDeeply === true ? sleepDrift : 0,
    });
    memory.follow({ endpoint: this.#endpoint, link });
    const shared = { options, memory, session: this.#session, names };
    this.#sessionKeeper = sessionKeeperOf(shared);
    this.#uploader = uploaderOf(shared, this.#contacts);
    this.#readings = readingsOf(shared, this.#uploader, failures);
    this.#commands = commandsOf(shared, this.#uploader, this.#contacts, (normally) =>
      this.#restarts.ask(normally, this.#polledAt),
    );
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
    this.#socket = socketOf(options);
    beginHealth(options, this.#endpoint, this.#uploader);
    options.update?.attach({
      ...{ session: this.#session, endpoint: this.#endpoint, names, memory, radio: this.#radio, link },
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
    const reading = this.#sampler.deadline;
    let deadline = Math.min(
      this.#hasParts ? this.partsDeadline(at) : Infinity,
      this.#endpoint.deadline,
      linkDeadline,
      this.#commands.deadline,
      reading,
      this.#restarts.by,
    );
    if (this.#startsAt !== undefined && this.#startsAt > at) return Math.min(deadline, this.#startsAt);
    deadline = Math.min(deadline, this.#radio.deadline(at), this.#contacts.lookAt);
    const { listensUntil } = this.#contacts;
    if (listensUntil > at && listensUntil < deadline) deadline = listensUntil;
    // While readings are taken, the contact waits for the first one after that.
    const next = this.#contacts.next;
    if (next > at && next < deadline && this.#uploader.waiting > 0 && !this.#sampler.left) deadline = next;
    if (this.#radio.suspended) return deadline;
    const alive = this.#sessionKeeper.due;
    // A keep-alive that is due already waits for the link alone, whose deadline is in the minimum.
    if (alive > at && alive < deadline && this.nextRequest() > alive) deadline = alive;
    return Math.min(deadline, this.#uploader.deadline(at));
  }

  /**
   * What deep sleep has to keep: nothing is under way, nothing can be done before `until`, and all that waits is
   * in the journal. That is so at rest, in a pause between two tries, and while the link leaves its modem alone, as it
   * does without a network. Undefined while the board must not lose its RAM.
   */
  sleepState(): SleepState | undefined {
    const { link } = this.#options;
    // Each turn asks, and most are answered by the first of these.
    if (link.active !== false && link.sleepsByItself !== true) return undefined;
    if (this.#contacts.listensUntil > this.#polledAt) return undefined;
    if (!this.#uploader.mayStartAnew || this.#commands.mayRepeat || this.busy) return undefined;
    if (link.busy === true || this.#endpoint.deadline < Infinity || this.#restarts.by < Infinity)
      return undefined;
    const deadline = this.earliest(link.workDeadline ?? link.deadline);
    if (this.#options.update?.inTrial === true) return undefined;
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
      waits: !this.#uploader.idle,
      versionUntold: this.#versionUntold,
      empty: this.#empty,
      retries: this.#uploader.retries,
      radio: this.#radio.state,
      unanswered: this.#supervisor,
      memory: this.#memory.snapshot(this.#endpoint.nextMessageId),
    };
  }

  /** The board falls asleep now: keeps what is kept at this very moment only. */
  beforeSleep(): void {
    if (!this.#idle) this.#contacts.fallsAsleep(this.#endpoint.lateAnswers, this.#polledAt);
    this.#options.health?.beforeSleep(this.#polledAt);
    this.#uploader.keepIndex();
    this.#options.update?.beforeSleep(this.#polledAt);
  }

  /** Reads what has come, and does what is due. */
  poll(now: number): void {
    this.#polledAt = now;
    if (!this.#started) this.start(now);
    this.#options.link.poll(now);
    this.receive(now);
    this.#endpoint.poll(now);
    if (this.#hasParts) this.tellDelivered(now);
    this.obey(now);
    if (this.#commands.poll(now)) this.#idle = false;
    if (this.#hasParts) this.lookAtParts(now);
    this.#restarts.poll(this.#commands.replying, now);
    const values = this.#sampler.take(now);
    if (values === "missed") this.#empty += 1;
    else if (values !== undefined) this.keep(values, now);
    this.tellTroubles(now);
    if (this.#hasParts) this.tellHealth(values !== undefined && values !== "missed", now);
    const { link, update } = this.#options;
    this.#radio.note(this.#session.busy || update?.fetching === true || !link.ready, now);
    // A supply that sags under the radio, and the radio's noise, would be in what is measured meanwhile.
    const measures = this.#sampler.busy && link.active === false;
    if (now >= this.#startsAt! && !this.#radio.suspended && !measures) this.send(now);
    const isOver = this.#contacts.watch(now);
    // To leave the network takes a modem that is up: the contact ends when the radio may be on again.
    if (isOver && !this.#radio.suspended) this.closeContact(now);
    if (!this.#idle && this.#uploader.idle && !this.busy) {
      this.#idle = true;
      this.#contacts.rested(this.#endpoint.lateAnswers, now);
      this.#options.health?.rested(now);
      const waiting = this.#uploader.waiting > 0 ? this.#uploader.waiting : undefined;
      const next = this.#sampler.left ? this.#sampler.deadline - now : undefined;
      this.#options.log({ kind: "agent idle", waiting, next });
      this.#prepares = true;
    }
    if (this.#prepares && this.#idle && link.busy !== true) {
      this.#prepares = false;
      this.#uploader.prepare();
    }
  }

  /** Tells those who judge something new by it that the cloud has acknowledged readings. */
  private tellDelivered(now: number): void {
    const { acknowledged } = this.#uploader.totals;
    if (acknowledged === this.#delivered) return;
    this.#delivered = acknowledged;
    const { update, remoteSettings } = this.#options;
    update?.delivered(now);
    remoteSettings?.delivered(now);
  }

  readonly #onVersionTold = (): void => void (this.#versionUntold = false);

  /** When one of the parts that a product has or not wants its turn, ms. */
  private partsDeadline(now: number): number {
    const { health, remoteSettings, update, link } = this.#options;
    return Math.min(
      health === undefined ? Infinity : health.deadline,
      remoteSettings === undefined ? Infinity : remoteSettings.deadline,
      // Its work waits for the link, with whose last word there is a turn.
      update === undefined || link.busy === true ? Infinity : update.deadline(now),
    );
  }

  /** Lets the parts that a product has or not do what is theirs. */
  private lookAtParts(now: number): void {
    const { update, remoteSettings } = this.#options;
    if (update !== undefined) this.lookAtUpdate(update, now);
    if (remoteSettings === undefined) return;
    remoteSettings.poll(now);
    if (remoteSettings.wantsRestart) this.#restarts.askForSettings(now);
  }

  private lookAtUpdate(update: FirmwareUpdate, now: number): void {
    // An erase keeps the processor from its UART.
    if (this.#options.link.busy !== true) update.poll(now);
    if (this.#versionWaits && !update.holdsVersion) {
      this.#versionWaits = false;
      const { version } = this.#options.application;
      if (version !== undefined) this.#messages.tellFirmware(version, this.#onVersionTold);
    }
    if (!update.restarts || this.#session.busy || this.#commands.busy || this.#commands.replying) return;
    if (this.#uploader.safe && this.#options.restart !== undefined && update.restart(now))
      this.#restarts.now("update");
  }

  /**
   * Executes what has come: not where it is received, for there the stack of an ESP32 is in use already, and the
   * application's handler needs some of it.
   */
  private obey(now: number): void {
    for (let command = this.#arrived.shift(); command !== undefined; command = this.#arrived.shift()) {
      const { topic, payload, cut } = command;
      if (this.#options.update?.obey(topic, payload, now) === true) continue;
      this.#commands.obey(topic, payload, now, cut);
    }
  }

  /** The supervisor's look at it; to be called every few minutes, whatever `deadline` says. */
  supervise(now: number): void {
    const { link } = this.#options;
    this.#contacts.keep(now);
    if (this.#startsAt !== undefined && now - this.#startsAt >= panicsForgottenAfter)
      this.#options.starts?.worked();
    if (this.#restarts.safeStartOver(now)) return;
    const allowed = !this.#radio.suspended && this.#startsAt !== undefined && now >= this.#startsAt;
    const trying = allowed && this.#uploader.waiting > 0 && !this.#uploader.idle;
    const waiting = this.#uploader.inFlight || (trying && !link.ready);
    // Not the sampler's deadline: the next reading is taken even while something else hangs.
    const due = Math.min(this.#uploader.deadline(this.#polledAt), this.#commands.deadline);
    // Nor what the link does for its own sake, such as a look at a modem that is left alone.
    const deadline = Math.min(this.#endpoint.deadline, link.workDeadline ?? link.deadline, due);
    const cause = this.#supervisor.look({ waiting, deadline }, now);
    if (cause !== undefined) this.#restarts.now(cause);
  }

  /** An exception has escaped `poll`, or what was called before it. */
  fault(now: number): void {
    if (this.#supervisor.fault(now)) this.#restarts.now("fault");
  }

  /** The network's time: `epoch` ms at `now`, see `WallClock.tell`. False when it is not believed yet. */
  setTime(epoch: number, now: number, sure = false): boolean {
    const before = this.#clock.epoch;
    const how = this.#clock.tell(epoch, now, sure);
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
    this.#otherSocket?.close();
  }

  private start(now: number): void {
    this.#started = true;
    const { log, starts, woken } = this.#options;
    // Deep sleep is reached by a device that has done all it had to do, or that waits for a network.
    if (woken !== undefined && (!woken.waits || now >= panicsForgottenAfter)) starts?.worked();
    this.#restarts.safeStartOver(now);
    const panics = woken === undefined ? (starts?.panics ?? 0) : 0;
    const { boots } = this.#memory;
    const spread = spreadOf(this.#options, boots);
    const delay = delayOf(this.#options, spread, boots, panics);
    this.#startsAt = now + delay;
    this.#sampler.stagger(spread);
    this.#contacts.begin(woken !== undefined, woken?.at, now);
    this.goOn(now);
    if (panics > 0) log({ kind: "agent panicked", panics, delay });
    else if (delay > 0) log({ kind: "agent waits", delay });
    // With the version of a firmware on trial an update would seem to have come to its end.
    this.#versionWaits = this.#versionUntold && this.#options.update?.holdsVersion === true;
    const onTold = this.#versionUntold && !this.#versionWaits ? this.#onVersionTold : undefined;
    startApplication(this.#options, this.#messages, this.#memory, this.#uploader.waiting, onTold);
    this.#options.remoteSettings?.start(this.#messages);
  }

  private tellTroubles(now: number): void {
    const { troubles } = this.#options;
    if (troubles === undefined || !troubles.isDue(now)) return;
    const taken = troubles.take(now);
    for (let i = 0; i < taken.length; i++) this.#messages.postEvent(troubleEvent, { ...taken[i] });
  }

  /** @param isTaking a reading was taken in this turn, with which a report can go */
  private tellHealth(isTaking: boolean, now: number): void {
    const { health, link, format } = this.#options;
    if (health?.poll(link.active === true, isTaking, now) !== true) return;
    const { readings, event, alarms, atOnce } = health.tell(isTaking, now);
    for (let i = 0; i < readings.length; i++)
      this.keep(readings[i], now, format === "json" ? "json" : "compact");
    for (let i = 0; i < alarms.length; i++) this.#messages.postEvent(event, { ...alarms[i] });
    if (atOnce) this.#uploader.flush();
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
    this.#sampler.resume(next, taken);
    const { waits, retries, radio, unanswered, empty, askedInVain, versionUntold } = woken;
    this.#uploader.resume(retries, waits);
    this.#radio.restore(radio);
    this.#supervisor.restore(unanswered);
    this.#empty = empty;
    this.#versionUntold = versionUntold;
    this.#idle = !waits;
    this.#sessionKeeper.begin(epoch, now);
    if (askedInVain) this.#sessionKeeper.leaveAlone();
    // Its timer ends with each deep sleep.
    if (waits) this.supervise(now);
  }

  /** Something is under way that is no upload. */
  private get busy(): boolean {
    const others = this.#session.busy || this.#commands.busy || this.#sampler.busy;
    return others || this.#options.update?.busy === true;
  }

  private keep(values: ThingValues, now: number, format?: ReadingFormat): void {
    this.#idle = false;
    if (!this.#readings.keep(values, now, format)) this.#empty += 1;
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
    this.#empty = 0;
    this.#radio.heard(answered, now);
    if (!answered) {
      this.#options.health?.unanswered();
      return this.#supervisor.unanswered(now);
    }
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

  /** Ends the contact of a guarded device once it has nothing in hand: what failed waits for the next one. */
  private closeContact(now: number): void {
    if (this.#session.busy || this.#commands.busy || this.#uploader.inFlight) return;
    if (this.#options.update?.fetching === true) return;
    const retry = this.#uploader.deadline(now);
    if (!this.#uploader.idle && !(retry > now + shortestPause && retry < Infinity)) return;
    this.#uploader.rest();
    this.#contacts.end(now);
  }

  private send(now: number): void {
    const { link, update } = this.#options;
    // One exchange at a time: a reading waits for the block that is under way.
    if (update?.fetching === true) return;
    if (now < this.#contacts.next) return this.#uploader.rest();
    // No further readings will come, so the last ones need not wait until they are a batch.
    if (!this.#sampler.left) this.#uploader.flush();
    const wanted = this.#uploader.wants(now);
    // A device whose readings come to nothing speaks as often as it would with them: else no command would reach it.
    const silent = this.#empty >= (this.#options.batch ?? 1) && !this.#session.busy;
    const asks = !wanted && (silent || this.isAliveDue(now));
    const updates = !wanted && !asks && this.#uploader.idle && !this.#session.busy && update?.wants(now);
    if (!wanted && !asks && updates !== true) return;
    if (!link.ready) {
      link.connect(now);
      if (!link.ready) return;
    }
    this.#contacts.opened();
    update?.connected(now);
    this.#options.remoteSettings?.connected(now);
    this.#sessionKeeper.begin(this.#uploader.epoch, now);
    if (wanted) return this.#uploader.send(now);
    if (!asks) {
      this.#idle = false;
      return update!.send(now);
    }
    this.#empty = 0;
    this.#sessionKeeper.ask(now);
  }

  /** Whether the session is to be kept alive now, and no request will do so in time. */
  private isAliveDue(now: number): boolean {
    const { due } = this.#sessionKeeper;
    return now >= due && this.nextRequest() > due;
  }

  private transmit(datagram: Uint8Array, address: string, port: number): void {
    // A retransmission would wake the modem, which was switched off because the day's budget is spent.
    if (this.#radio.suspended) return;
    // With the last reading on its way, the radio can be released after one reply. A GET, which fetches a
    // command, is different: the answer to the command has to follow.
    const request = datagram[1] === Code.post;
    const { session, update } = this.#options;
    const fetches = update?.fetching === true;
    if (request || fetches) this.#contacts.requested(this.#polledAt);
    // Of a bounded number of blocks the last one is no different.
    const last = fetches
      ? this.#uploader.idle
      : request && this.#session.online && this.#uploader.last && !this.#commands.busy;
    const own = address === session.address && port === session.port;
    const socket = own ? this.#socket : (this.#otherSocket ??= socketOf(this.#options));
    // Nor is it where blocks of an update follow.
    socket.releaseAfterReply = last && update?.follows(this.#polledAt) !== true;
    // The endpoint writes into the bytes of its other messages again.
    socket.unchanging = request || fetches;
    this.#memory.coverMessageId(this.#endpoint.nextMessageId);
    this.#options.health?.sent(datagram.length, this.#polledAt);
    socket.write(datagram, address, port);
  }

  private receive(now: number): void {
    this.receiveFrom(this.#socket, now);
    if (this.#otherSocket !== undefined) this.receiveFrom(this.#otherSocket, now);
  }

  private receiveFrom(socket: DatagramSocket, now: number): void {
    let came = false;
    for (let datagram = socket.read(); datagram !== undefined; datagram = socket.read()) {
      const { address, port, cut } = datagram;
      came = true;
      this.#options.health?.received(datagram.byteLength, socket.releaseAfterReply === true, now);
      this.#endpoint.receive(new Uint8Array(datagram), address, port, now, cut === true);
    }
    if (came && this.#endpoint.pending > 0) socket.awaitAnswer?.();
  }
}
