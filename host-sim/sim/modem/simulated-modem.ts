/**
 * A simulated NB-IoT modem: the other end of the AT port. What differs from one family to the next is a
 * table, see `Family`.
 *
 *     off --key, supply--> booting --some seconds--> on --idle--> psm --key, pin, UART or T3412--> on
 *
 * It answers as the vendors' manuals describe; where they leave the order of lines or a delay open,
 * seeded chance decides, so that a driver has to cope with all.
 *
 * What can befall it is switched on from outside at any time: `reboot`, `keepRestarting`, `deafen`, `hang`,
 * `setSupply`, `lowSupply`, `removeSim`, `dropSockets`, `dropContext`, `urcs`, `slow`. Untouched, none of them draws a random
 * number.
 */
import type { Scheduler } from "../time/clock";
import type { Random } from "../time/random";
import { AtResponder } from "./at-responder";
import type { AtFailure } from "./at-responder";
import { Attachment } from "./attachment";
import { CommandExecution } from "./command-execution";
import { ModemClock } from "./modem-clock";
import type { ModemEvent } from "./modem-event";
import { PowerSaving } from "./power-saving";
import { Registration } from "./registration";
import { SimCard, imsiOf } from "./sim-card";
import { loginOf } from "./commands/context";
import { ControlLines } from "./control-lines";
import { Datagrams } from "./datagrams";
import { PsmSleep } from "./psm-sleep";
import type { Family, Unit } from "./family";
import type { Quirks } from "./quirks";
import { PhoneFunction } from "./function";
import { ManualTable } from "./manual/manual";
import type { FirmwareGeneration } from "./manual/manual";
import type { SimulatedModemOptions } from "./modem-options";
import { Power } from "./power";
import type { ModemState } from "./power";
import { bootSettings } from "./settings";
import type { Nvram, Settings } from "./settings";
import type { SerialModemSide } from "./uart";
import { UrcFaults } from "./urc-faults";
import type { UrcProbabilities } from "./urc-faults";
import { UdpSockets } from "./udp-sockets";

export type { SimulatedModemOptions } from "./modem-options";
export type { ModemState } from "./power";

export class SimulatedModem {
  readonly family: Family;
  /** Says which of its lines are lost on their way, answers among them; none when left out. */
  loses: ((line: string) => boolean) | undefined;
  readonly #options: SimulatedModemOptions;
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #port: SerialModemSide;
  readonly #quirks: Quirks;
  readonly #commands: CommandExecution;
  readonly #urcs: UrcFaults;
  readonly #power: Power;
  readonly #function: PhoneFunction;
  readonly #card: SimCard;
  readonly #clock: ModemClock;
  readonly #responder: AtResponder;
  readonly #registration: Registration;
  readonly #attachment: Attachment;
  readonly #sockets: UdpSockets;
  readonly #powerSaving: PowerSaving;
  readonly #nvram: Nvram;
  readonly #unit: Unit;
  #settings: Settings = bootSettings();
  readonly #context = { active: false };
  readonly #lines: ControlLines;
  readonly #sleep: PsmSleep;
  readonly #datagrams: Datagrams;
  readonly #generation: FirmwareGeneration | undefined;
  /** It restarts so many ms after each start, so many times more. */
  #restarts = { after: 0, left: 0 };

  constructor(options: SimulatedModemOptions) {
    const { scheduler, random, port, network, family } = options;
    this.family = family;
    this.#options = options;
    this.#scheduler = scheduler;
    this.#random = random.fork("behaviour");
    this.#port = port;
    const manual = family.manual === undefined ? undefined : new ManualTable(family.manual, options.firmware);
    this.#generation = manual?.generation;
    this.#quirks = { ...manual?.generation.traits, ...options.quirks };
    this.#card = new SimCard({ pin: options.pin });
    this.#card.fault = options.cardFault;
    if (options.baud !== undefined) port.setBaud?.(options.baud);
    const shared = {
      now: () => scheduler.now,
      random: this.#random,
      family,
      quirks: this.#quirks,
      unit: () => this.#unit,
      later: (delay: number, run: () => void) => this.#later(delay, run),
      urc: (text: string) => this.#urc(text),
      tell: (event: ModemEvent) => this.#tell(event),
    };
    this.#commands = new CommandExecution({
      ...shared,
      manual,
      reboot: (reason) => this.reboot(reason),
      dropped: (reason) => this.#dropped("command", reason),
    });
    this.#urcs = new UrcFaults(random.fork("urcs"));
    const epoch = options.epoch ?? Date.UTC(2026, 0, 1);
    this.#clock = new ModemClock(scheduler, epoch, options.zone, this.#quirks.clock);
    this.#nvram = family.nvram();
    if (options.apn !== undefined) this.#nvram.apn = options.apn;
    if (options.baud !== undefined) this.#nvram.baud = options.baud;
    this.#sockets = new UdpSockets(random.fork("ports"), family.sockets);
    this.#responder = new AtResponder({
      scheduler,
      write: (bytes) => {
        this.#powerSaving.spoken();
        port.write(bytes);
      },
      execute: (command) => this.#commands.execute(command),
      onLine: options.onLine,
      onDropped: (reason) => this.#dropped("command", reason),
      urcInsideResponse: this.#quirks.urcInsideResponse,
      urcCopies: () => this.#urcs.copies(),
      loses: (text) => this.loses?.(text) === true,
      gap: family.gap,
      longestLine: family.longestLine,
      urcsWait: family.urcsWait,
      dialect: (text) => family.dialect?.(this.#unit, text) ?? text,
    });
    this.#registration = new Registration({
      scheduler,
      random: random.fork("denial"),
      network,
      finds: () => this.#finds(),
      login: family.loginLater === true ? undefined : () => loginOf(this.#unit),
      told: this.#quirks.registrationTold,
      givesUp: this.#quirks.givesUpSearch,
      psmRequest: () => (this.#settings.psmOn ? this.#settings.psmTimers : undefined),
      onChange: () => this.#attachment.changed(),
    });
    this.#powerSaving = new PowerSaving({
      scheduler,
      random: random.fork("power saving"),
      assistance: options.releaseAssistance,
      onRrc: (state) => {
        this.#tell({ type: "rrc", time: scheduler.now, state });
        if (this.state === "on") family.rrc?.(this.#unit, state === "connected");
      },
      onEnterPsm: () => this.#sleep.enter(),
      onWakeByTimer: () => this.#sleep.wake("T3412"),
      onUpdate: () => void (network.use() && this.#clock.correct(network.clockError)),
      // Back from a sleep that was a restart, it is not registered before it has found its cell again.
      maySleep: () =>
        this.#registration.registered &&
        !this.#responder.busy &&
        !network.losing &&
        (family.sleep.may?.(this.#unit) ?? true),
      lock: family.sleep.lock,
    });
    this.#power = new Power({
      scheduler,
      random: this.#random,
      traits: family.power,
      bootsByItself: options.powerOn !== "key" || family.power.key === undefined,
      onBoot: () => this.#reset(),
      onOn: () => {
        port.setPowered(true);
        this.#junk();
        this.#booted();
        this.#restartAgain();
      },
      onHalt: () => this.#halt(),
      onPowerDown: () => {
        if (family.power.goodbye !== undefined) this.#responder.urc(family.power.goodbye);
      },
      onWakeKey: () => this.#sleep.wake("key"),
      onEvent: (event) => this.#tell(event),
    });
    this.#function = new PhoneFunction({
      ...shared,
      faultRandom: random.fork("card"),
      traits: family.boot,
      card: this.#card,
      registration: this.#registration,
      settings: () => this.#settings,
      onServing: () => (this.#commands.serving = true),
      search: () => this.#attachment.begin(),
      radioOff: () => this.#radioOff(),
    });
    this.#lines = new ControlLines({
      scheduler,
      traits: family.power,
      onReset: () => this.#power.resetByPin(),
      onWake: () => this.#sleep.wake("key"),
    });
    this.#attachment = new Attachment({
      ...shared,
      registration: this.#registration,
      powerSaving: this.#powerSaving,
      clock: this.#clock,
    });
    this.#datagrams = new Datagrams({
      ...shared,
      powerSaving: this.#powerSaving,
      network,
      sockets: this.#sockets,
      settings: () => this.#settings,
      grantEdrx: options.grantEdrx,
      dropped: (reason) => this.#dropped("datagram", reason),
    });
    this.#sleep = new PsmSleep({
      ...shared,
      port,
      powerSaving: this.#powerSaving,
      power: this.#power,
      registration: this.#registration,
      responder: this.#responder,
      card: this.#card,
      phone: this.#function,
      closeSockets: () => this.#closeSockets(),
      reset: () => this.#reset(),
      booted: () => this.#booted(),
      junk: () => this.#junk(),
    });
    this.#unit = this.#makeUnit();
    port.onReceive = (bytes) => this.#sleep.hear(bytes);
    network.onDownlink = (datagram, from, toPort) => this.#datagrams.page(datagram, from, toPort);
    network.onServiceLost = () => this.#attachment.serviceLost();
    for (const text of options.formerOwner ?? []) this.#commands.replay(text);
    if (options.powerOn !== "key" || family.power.key === undefined) this.#power.boot("supply");
  }

  get state(): ModemState {
    return this.#power.state;
  }

  /** The PWRKEY line: how long it is held low says what is meant, see `PowerTraits`. */
  setPowerKey(low: boolean): void {
    this.#power.setKey(low);
  }

  /** RESET_N: held low long enough, it starts anew. */
  setReset(low: boolean): void {
    this.#lines.setReset(low);
  }

  /** The pin that ends PSM (PSM_EINT), at its falling edge once it is low long enough. */
  setWakePin(low: boolean): void {
    this.#lines.setWake(low);
  }

  /** The supply rail. Off, everything volatile is gone; on again, it boots or waits for the key. */
  setSupply(on: boolean): void {
    this.#power.setSupply(on);
  }

  /**
   * Restarts at once, whatever it was doing: a crash or a brown-out. One that is off or hangs stays as
   * it is.
   */
  reboot(reason: string): void {
    this.#power.reboot(reason);
  }

  /**
   * Restarts by itself `after` ms from each start, the running one included, as one does whose supply breaks down
   * when it transmits. @param times how often; 0 ends it
   */
  keepRestarting(after: number, times = Infinity): void {
    this.#restarts = { after, left: times };
    if (this.state === "on") this.#restartAgain();
  }

  /** Its supply is too low: it says so where it does, and switches itself off if that goes on. */
  lowSupply(off: boolean): void {
    if (this.state !== "on") return;
    const { warning, off: lastWord } = this.family.lowSupply ?? {};
    if (warning !== undefined) this.#urc(warning);
    if (!off) return;
    if (lastWord !== undefined) this.#urc(lastWord);
    this.#power.switchOff("low supply");
  }

  /**
   * Dead from now on, UART and radio, until the key has turned it off and on again (a second each), or
   * until its supply was off. One that is off does not hang.
   */
  hang(until: "key" | "supply"): void {
    this.#power.hang(until);
  }

  /** From now on commands get no answer, until `AT+CFUN=1` or a restart by the key. */
  deafen(): void {
    this.#commands.trouble.deaf = true;
  }

  /** Answers take `factor` times as long. @throws RangeError unless it is above 0 */
  slow(factor: number): void {
    this.#commands.trouble.slowdown = factor;
  }

  /** Probabilities (0..1) that an unsolicited line is lost or comes twice; each can be set in here. */
  get urcs(): UrcProbabilities {
    return this.#urcs.probabilities;
  }

  set urcs(probabilities: UrcProbabilities) {
    this.#urcs.probabilities = probabilities;
  }

  /** Takes the SIM card out, which ends the registration; noticed when the card is next in use. */
  removeSim(): void {
    this.#card.setPresent(false);
    if (this.state === "on" && this.#card.ready) this.#function.cardGone();
  }

  /** Its SIM card, whose `attempts` tells how many PINs it was told, and whose `fault` can be set. */
  get card(): SimCard {
    return this.#card;
  }

  /** Puts the SIM card in; noticed after CFUN 0 and 1, or a restart. */
  insertSim(): void {
    this.#card.setPresent(true);
  }

  /** Forgets all sockets and tells the host nothing, as when its IP stack restarts; how many there were. */
  dropSockets(): number {
    return this.#closeSockets();
  }

  /** The network context is gone, as after a release by the operator; the sockets with it. */
  dropContext(): void {
    if (this.state !== "on" || !this.#registration.registered || !this.#context.active) return;
    this.#context.active = false;
    this.#closeSockets();
    for (const text of this.family.contextLost?.(this.#unit) ?? []) this.#urc(text);
  }

  #booted(): void {
    this.#function.booted(this.#nvram.baud === 0, () => this.#attachment.begin());
  }

  #restartAgain(): void {
    const { after, left } = this.#restarts;
    if (left === 0) return;
    this.#later(after, () => {
      if (this.#restarts.left === 0) return;
      this.#restarts = { after, left: left - 1 };
      this.reboot("by itself");
    });
  }

  /** Whether its settings let it find and take the cell that is there. */
  #finds(): boolean {
    const { plmn, band, technology, foreign } = this.#options.network.carrier;
    const { bands, technologies = ["nb-iot"], roaming } = this.family.searches?.(this.#unit) ?? {};
    const { operator } = this.#nvram;
    return (
      (operator === undefined || operator === plmn) &&
      (bands === undefined || bands.includes(band)) &&
      technologies.includes(technology) &&
      (roaming !== false || !foreign)
    );
  }

  /** Settings after a boot. */
  #reset(): void {
    const { psmOn, psmTimers, edrx } = this.#settings;
    this.#settings = bootSettings();
    if (this.family.keepsPsm === true) Object.assign(this.#settings, { psmOn, psmTimers, edrx });
    this.family.onBoot?.(this.#unit);
    this.#commands.serving = false;
    this.#context.active = false;
    this.#responder.echo = true;
    this.#responder.errorStyle = 0;
    this.#responder.verbose = this.#quirks.resultCodes !== "digits";
    this.#responder.quiet = this.#quirks.resultCodes === "none";
    this.#commands.trouble.deaf = false;
    this.family.onReset?.(this.#unit);
    this.#clock.restart();
  }

  /** Everything volatile ends here. */
  #halt(): void {
    this.#port.setPowered(false);
    this.#responder.reset();
    // No line about the end: nobody is left to say it.
    this.#settings.cereg = 0;
    this.#radioOff();
    this.#card.switchOff();
    this.#sleep.forget();
  }

  #radioOff(): void {
    this.#closeSockets();
    this.#powerSaving.stop();
    this.#registration.stop();
  }

  #closeSockets(): number {
    const ids = this.#sockets.closeAll();
    for (const id of ids) this.#socketChanged(id, "closed");
    return ids.length;
  }

  #junk(): void {
    if (this.#quirks.junkAtWake !== true) return;
    this.#port.write(this.#random.bytes(1 + Math.floor(this.#random.next() * 20)));
  }

  #urc(text: string): void {
    if (this.state === "on") this.#responder.urc(text);
  }

  #later(delay: number, run: () => void): void {
    this.#power.later(delay, run);
  }

  #socketChanged(id: number, state: "created" | "connected" | "closed"): void {
    const peer = this.#sockets.get(id)?.peer;
    this.#tell({ type: "socket", time: this.#scheduler.now, id, state, peer });
  }

  #dropped(what: "datagram" | "command", reason: Extract<ModemEvent, { type: "dropped" }>["reason"]): void {
    this.#tell({ type: "dropped", time: this.#scheduler.now, what, reason });
  }

  #tell(event: ModemEvent): void {
    this.#options.onEvent?.(event);
  }

  #makeUnit(): Unit {
    const modem = this;
    const imsi = imsiOf(this.#options.imei);
    const socketFailure: AtFailure = this.#random.chance(0.5) ? "ERROR" : { cme: 50 };
    return {
      get settings() {
        return modem.#settings;
      },
      card: this.#card,
      nvram: this.#nvram,
      responder: this.#responder,
      registration: this.#registration,
      sockets: this.#sockets,
      network: this.#options.network,
      random: this.#random,
      identity: { imei: this.#options.imei, imsi, iccid: `898601${imsi.slice(5)}0000` },
      generation: this.#generation,
      quirks: this.#quirks,
      socketFailure,
      context: this.#context,
      get grantedEdrx() {
        return modem.#datagrams.grantedEdrx;
      },
      clock: (tells) => this.#clock.text(tells),
      get clockTold() {
        return modem.#clock.told;
      },
      registrationFields: (level) =>
        this.family.registrationFields?.(this.#unit, level) ??
        this.#registration.fields(level, this.#quirks.ceregRoutingArea === true),
      urc: (text, delay) => {
        if (delay === undefined) this.#urc(text);
        else this.#later(delay, () => this.#urc(text));
      },
      releaseLock: () => this.#powerSaving.releaseLock(),
      setBaud: (rate) => {
        this.#nvram.baud = rate;
        this.#port.setBaud?.(rate);
      },
      cardUnlocked: () => this.#function.cardUnlocked(),
      setFunction: (cfun) => this.#function.set(cfun),
      requestPsm: () => this.#attachment.requestPsm(),
      send: (socket, datagram) => this.#datagrams.send(socket, datagram),
      socketChanged: (id, state) => this.#socketChanged(id, state),
      restart: (reason) => this.reboot(reason),
      powerDown: (reason, urgent) =>
        urgent === true ? this.#power.switchOff(reason) : this.#power.powerDown(reason),
      later: (delay, run) => this.#later(delay, run),
    };
  }
}
