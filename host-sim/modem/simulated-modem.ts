/**
 * A simulated NB-IoT modem: the other end of the AT port. What differs from one family to the next is a
 * table, see `Family`.
 *
 *     off --key, supply--> booting --some seconds--> on --idle--> psm --key, pin, UART or T3412--> on
 *
 * It answers as the vendors' manuals describe; where they leave the order of lines or a delay open,
 * seeded chance decides, so that a driver has to cope with all.
 *
 * What can befall it is switched on from outside at any time: `reboot`, `deafen`, `hang`, `setSupply`,
 * `removeSim`, `dropSockets`, `dropContext`, `urcs`, `slow`. Untouched, none of them draws a random
 * number.
 */
import type { Endpoint } from "../radio/link";
import type { Scheduler } from "../world/clock";
import type { Random } from "../world/random";
import type { AtCommand } from "./at-command";
import { AtResponder } from "./at-responder";
import type { AtAnswer, AtExecution, AtFailure } from "./at-responder";
import { ModemClock } from "./modem-clock";
import type { ModemEvent } from "./modem-event";
import { PowerSaving } from "./power-saving";
import { Registration } from "./registration";
import { SimCard } from "./sim-card";
import { notSupported, ordinaryDelay } from "./commands/common";
import { decodeEdrx } from "./edrx";
import type { Family, Quirks, Unit } from "./family";
import { PhoneFunction } from "./function";
import type { SimulatedModemOptions } from "./modem-options";
import { Power } from "./power";
import type { ModemState } from "./power";
import { bootSettings } from "./settings";
import type { Nvram, Settings } from "./settings";
import { Trouble } from "./trouble";
import type { SerialModemSide } from "./uart";
import { UrcFaults } from "./urc-faults";
import type { UrcProbabilities } from "./urc-faults";
import { UdpSockets } from "./udp-sockets";
import type { UdpSocket } from "./udp-sockets";

export type { SimulatedModemOptions } from "./modem-options";
export type { ModemState } from "./power";

/** ms that a modem which starts anew takes to find back into a network that knows it. */
const rejoinTime = [800, 4_000] as const;

export class SimulatedModem {
  readonly family: Family;
  readonly #options: SimulatedModemOptions;
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #port: SerialModemSide;
  readonly #quirks: Quirks;
  readonly #trouble: Trouble;
  readonly #urcs: UrcFaults;
  readonly #power: Power;
  readonly #function: PhoneFunction;
  readonly #card = new SimCard();
  readonly #clock: ModemClock;
  readonly #responder: AtResponder;
  readonly #registration: Registration;
  readonly #sockets: UdpSockets;
  readonly #powerSaving: PowerSaving;
  readonly #nvram: Nvram;
  readonly #unit: Unit;
  #settings: Settings = bootSettings();
  readonly #context = { active: false };
  #updateAfterWake = false;
  #lastCereg = "";
  /** Commands are taken, not only received. */
  #serving = false;
  /** Virtual ms until which the UART of a modem that is waking loses what comes. */
  #deafUntil = -Infinity;
  /** Level of the wake pin and the reset line, and since when they are low. */
  #wakeLow: number | undefined;
  #resetLow: number | undefined;

  constructor(options: SimulatedModemOptions) {
    const { scheduler, random, port, network, family } = options;
    this.family = family;
    this.#options = options;
    this.#scheduler = scheduler;
    this.#random = random.fork("behaviour");
    this.#port = port;
    this.#quirks = options.quirks ?? {};
    this.#trouble = new Trouble(this.#random, this.#quirks, family.restartCommand);
    this.#urcs = new UrcFaults(random.fork("urcs"));
    this.#clock = new ModemClock(scheduler, options.epoch ?? Date.UTC(2026, 0, 1), options.zone);
    this.#nvram = family.nvram();
    if (options.apn !== undefined) this.#nvram.apn = options.apn;
    this.#sockets = new UdpSockets(random.fork("ports"), family.sockets);
    this.#responder = new AtResponder({
      scheduler,
      write: (bytes) => {
        this.#powerSaving.spoken();
        port.write(bytes);
      },
      execute: (command) => this.#execute(command),
      onLine: options.onLine,
      onDropped: (reason) => this.#dropped("command", reason),
      urcInsideResponse: this.#quirks.urcInsideResponse,
      urcCopies: () => this.#urcs.copies(),
      ...(family.gap === undefined ? {} : { gap: family.gap }),
      ...(family.urcsWait === undefined ? {} : { urcsWait: family.urcsWait }),
      dialect: (text) => family.dialect?.(this.#unit, text) ?? text,
    });
    this.#registration = new Registration({
      scheduler,
      random: random.fork("denial"),
      network,
      psmRequest: () => (this.#settings.psmOn ? this.#settings.psmTimers : undefined),
      onChange: () => this.#registrationChanged(),
    });
    this.#powerSaving = new PowerSaving({
      scheduler,
      random: random.fork("power saving"),
      onRrc: (state) => {
        this.#tell({ type: "rrc", time: scheduler.now, state });
        if (this.state === "on") family.rrc?.(this.#unit, state === "connected");
      },
      onEnterPsm: () => this.#enterPsm(),
      onWakeByTimer: () => this.#wake("T3412"),
      onUpdate: () => void (network.use() && this.#clock.correct(network.clockError)),
      maySleep: () => !this.#responder.busy && !network.losing && (family.sleep.may?.(this.#unit) ?? true),
      ...(family.sleep.lock === undefined ? {} : { lock: family.sleep.lock }),
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
        this.#function.booted(this.#nvram.baud === 0, () => this.#begin());
      },
      onHalt: () => this.#halt(),
      onPowerDown: () => {
        if (family.power.goodbye !== undefined) this.#responder.urc(family.power.goodbye);
      },
      onWakeKey: () => this.#wake("key"),
      onEvent: (event) => this.#tell(event),
    });
    this.#function = new PhoneFunction({
      random: this.#random,
      faultRandom: random.fork("card"),
      traits: family.boot,
      card: this.#card,
      registration: this.#registration,
      settings: () => this.#settings,
      onServing: () => (this.#serving = true),
      search: () => this.#begin(),
      urc: (text) => this.#urc(text),
      later: (delay, run) => this.#later(delay, run),
      radioOff: () => this.#radioOff(),
    });
    this.#unit = this.#makeUnit();
    port.onReceive = (bytes) => {
      const { wakesByUart, light } = family.sleep;
      if (this.state === "psm" && wakesByUart !== undefined && (wakesByUart.when?.(this.#unit) ?? true)) {
        this.#deafUntil = scheduler.now + wakesByUart.deafFor;
        this.#wake("uart");
        return;
      }
      if (this.state === "on" && this.#powerSaving.drowsy && light?.may(this.#unit) === true) {
        this.#deafUntil = scheduler.now + light.deafFor;
      }
      this.#powerSaving.uartActivity();
      if (this.state === "on" && scheduler.now >= this.#deafUntil) this.#responder.receive(bytes);
    };
    network.onDownlink = (datagram, from, toPort) => this.#page(datagram, from, toPort);
    network.onServiceLost = () => this.#serviceLost();
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
    const { now } = this.#scheduler;
    const { reset } = this.family.power;
    if (low) this.#resetLow ??= now;
    else if (this.#resetLow !== undefined) {
      const held = now - this.#resetLow;
      this.#resetLow = undefined;
      if (reset !== undefined && held >= reset) this.#power.resetByPin();
    }
  }

  /** The pin that ends PSM (PSM_EINT), at its falling edge once it is low long enough. */
  setWakePin(low: boolean): void {
    const { wake, wakePin } = this.family.power;
    if (!low) {
      this.#wakeLow = undefined;
    } else if (this.#wakeLow === undefined && wakePin === true && wake !== undefined) {
      const since = this.#scheduler.now;
      this.#wakeLow = since;
      this.#scheduler.after(wake, () => {
        if (this.#wakeLow === since) this.#wake("key");
      });
    }
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
   * Dead from now on, UART and radio, until the key has turned it off and on again (a second each), or
   * until its supply was off. One that is off does not hang.
   */
  hang(until: "key" | "supply"): void {
    this.#power.hang(until);
  }

  /** From now on commands get no answer, until `AT+CFUN=1` or a restart by the key. */
  deafen(): void {
    this.#trouble.deaf = true;
  }

  /** Answers take `factor` times as long. @throws RangeError unless it is above 0 */
  slow(factor: number): void {
    this.#trouble.slowdown = factor;
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
    if (this.state !== "on" || this.#registration.stat !== 1 || !this.#context.active) return;
    this.#context.active = false;
    this.#closeSockets();
    for (const text of this.family.contextLost?.(this.#unit) ?? []) this.#urc(text);
  }

  /** The SIM card is read and the radio on: attaches, where it does that by itself. */
  #begin(): void {
    if (this.#registration.grant !== undefined)
      return this.#registration.rejoin(this.#random.between(...rejoinTime));
    if (this.family.attachesItself(this.#unit)) this.#registration.search();
  }

  /** Settings after a boot. */
  #reset(): void {
    const { psmOn, psmTimers, edrx } = this.#settings;
    this.#settings = bootSettings();
    if (this.family.keepsPsm === true) Object.assign(this.#settings, { psmOn, psmTimers, edrx });
    this.family.onBoot?.(this.#unit);
    this.#serving = false;
    this.#context.active = false;
    this.#responder.echo = true;
    this.#responder.errorStyle = 0;
    this.#trouble.deaf = false;
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
    this.#updateAfterWake = false;
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

  /** No cell any more: it looks for one, and its sockets wait. Asleep, it is not listening. */
  #serviceLost(): void {
    const { mode } = this.#powerSaving;
    if ((mode !== "connected" && mode !== "idle") || this.#registration.stat !== 1) return;
    this.#powerSaving.stop();
    this.#registration.search();
  }

  #registrationChanged(): void {
    const { stat, grant } = this.#registration;
    const { cereg } = this.#settings;
    this.#tell({ type: "attach", time: this.#scheduler.now, stat, psm: grant?.psm });
    const fields = this.#registration.fields(cereg, this.#quirks.ceregRoutingArea === true);
    if (cereg > 0 && fields !== this.#lastCereg) this.#urc(`+CEREG: ${fields}`);
    this.#lastCereg = fields;
    if (stat !== 1) return;
    this.#powerSaving.attached(grant?.psm);
    if (this.#settings.networkTime) this.#clock.set(this.#options.network.clockError);
    this.family.attached?.(this.#unit);
  }

  #enterPsm(): void {
    const { sleep } = this.family;
    for (const text of sleep.entering(this.#unit)) this.#urc(text);
    this.#power.state = "psm";
    this.#settings.rai = 0;
    this.#responder.reset();
    // What a byte can wake has its ear at the wire.
    if (sleep.wakesByUart === undefined) this.#port.setPowered(false);
    this.#tell({ type: "psm", time: this.#scheduler.now, state: "enter" });
    const kept = sleep.keepsSockets(this.#unit) && this.#quirks.socketClosedInPsm !== true;
    if (!kept) this.#closeSockets();
  }

  /** True when there was a sleep to end. */
  #wake(reason: "key" | "uart" | "T3412"): boolean {
    if (reason === "T3412") this.#updateAfterWake = true;
    if (this.state !== "psm") return false;
    this.#power.state = "waking";
    if (this.family.sleep.boots) return this.#wakeByBoot(reason);
    this.#later(this.#random.between(100, 300), () => {
      this.#power.state = "on";
      this.#port.setPowered(true);
      this.#powerSaving.woken();
      this.#loseSettings();
      this.#tell({ type: "psm", time: this.#scheduler.now, state: "exit", reason });
      this.#junk();
      if (!this.#card.present) this.#function.cardGone();
      else if (this.family.boot.card) this.#urc("+CPIN: READY");
      for (const text of this.family.sleep.leaving(this.#unit)) this.#urc(text);
      if (this.#updateAfterWake && this.#card.present) this.#powerSaving.update();
      this.#updateAfterWake = false;
    });
    return true;
  }

  /** Wakes as from off: nothing of before is known but what the network and the NVRAM know. */
  #wakeByBoot(reason: "key" | "uart" | "T3412"): boolean {
    this.#later(this.#random.between(...this.family.power.boot), () => {
      this.#reset();
      this.#card.switchOff();
      this.#registration.pause();
      this.#power.state = "on";
      this.#port.setPowered(true);
      this.#powerSaving.woken();
      this.#tell({ type: "psm", time: this.#scheduler.now, state: "exit", reason });
      this.#junk();
      for (const text of this.family.sleep.leaving(this.#unit)) this.#urc(text);
      this.#updateAfterWake = false;
      this.#function.booted(this.#nvram.baud === 0, () => this.#begin());
    });
    return true;
  }

  /** No document says whether echo and error style outlive PSM: they may, or not. */
  #loseSettings(): void {
    const echo = this.#random.chance(0.5);
    const errorStyle = this.#random.chance(0.5);
    if (this.#quirks.echoAfterPsm ?? echo) this.#responder.echo = true;
    if (errorStyle) this.#responder.errorStyle = 0;
  }

  #junk(): void {
    if (this.#quirks.junkAtWake !== true) return;
    this.#port.write(this.#random.bytes(1 + Math.floor(this.#random.next() * 20)));
  }

  #execute(command: AtCommand): AtExecution | undefined {
    if (!this.#trouble.hears(command)) {
      this.#dropped("command", "deaf");
      return undefined;
    }
    if (!this.#serving) {
      this.#dropped("command", "busy");
      return undefined;
    }
    const rule = this.family.commands.get(command.name);
    const slow = rule?.delayed === undefined || rule.delayed === command.form;
    const [least, most] = (slow ? rule?.delay : undefined) ?? ordinaryDelay;
    const delay = this.#trouble.slowdown * this.#random.between(least, most);
    if (this.#trouble.breaksAt(command)) {
      this.#later(delay / 2, () => this.reboot(`in the middle of ${command.name}`));
    }
    return { delay, run: () => this.#prompting(rule?.run(this.#unit, command) ?? notSupported) };
  }

  /** A prompt that is late, or does not come. */
  #prompting(answer: AtAnswer): AtAnswer {
    if (answer.prompt === undefined) return answer;
    const { noPrompt, slowPrompt } = this.#quirks;
    if (noPrompt !== undefined && this.#random.chance(noPrompt)) {
      return { ...answer, prompt: { ...answer.prompt, sign: "" } };
    }
    // Some come when the driver has given them up already.
    if (slowPrompt === true) {
      return { ...answer, prompt: { ...answer.prompt, delay: this.#random.between(500, 8_000) } };
    }
    return answer;
  }

  #send(socket: UdpSocket, datagram: Uint8Array): void {
    const { rai } = this.#settings;
    this.#settings.rai = 0;
    this.#tell({ type: "send", time: this.#scheduler.now, id: socket.id, bytes: datagram, rai });
    this.#powerSaving.sent(rai);
    this.#options.network.uplink(datagram, socket.localPort, socket.peer!);
  }

  /** With eDRX the network keeps what it has until the modem listens again. */
  #page(datagram: Uint8Array, from: Endpoint, toPort: number): void {
    const cycle = this.#powerSaving.mode === "idle" ? this.#edrxCycle() : undefined;
    if (cycle === undefined) return this.#receive(datagram, from, toPort);
    const wait = cycle - (this.#scheduler.now % cycle);
    this.#later(wait, () => this.#receive(datagram, from, toPort));
  }

  /** ms between two paging windows; `undefined`: none was granted. */
  #edrxCycle(): number | undefined {
    const asked = this.#settings.edrx;
    if (asked === undefined) return undefined;
    const granted = this.#options.grantEdrx === undefined ? asked : this.#options.grantEdrx(asked);
    return granted === undefined ? undefined : decodeEdrx(granted);
  }

  #receive(datagram: Uint8Array, from: Endpoint, toPort: number): void {
    if (this.#powerSaving.mode === "off") return this.#dropped("datagram", "radio off");
    if (!this.#powerSaving.reachable) return this.#dropped("datagram", "psm");
    this.#powerSaving.received();
    const socket = this.#sockets.byPort(toPort);
    const peer = socket?.peer;
    const expected =
      this.family.unconnected === true || (peer?.address === from.address && peer.port === from.port);
    if (socket === undefined || !expected) {
      return this.#dropped("datagram", "no socket");
    }
    this.#tell({ type: "receive", time: this.#scheduler.now, id: socket.id, bytes: datagram });
    this.family.deliver(this.#unit, socket, datagram, from);
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
    // A home network's subscriber and card numbers that go with the IMEI, all invented.
    const digits = this.#options.imei.slice(-10).padStart(10, "0");
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
      identity: { imei: this.#options.imei, imsi: `00101${digits}`, iccid: `898601${digits}0000` },
      baud: this.#port.baud ?? 115_200,
      quirks: this.#quirks,
      socketFailure,
      context: this.#context,
      get grantedEdrx() {
        const asked = modem.#settings.edrx;
        return asked === undefined ? undefined : (modem.#options.grantEdrx ?? ((bits) => bits))(asked);
      },
      clock: (tells) => this.#clock.text(tells),
      get clockTold() {
        return modem.#clock.told;
      },
      urc: (text, delay) => {
        if (delay === undefined) this.#urc(text);
        else this.#later(delay, () => this.#urc(text));
      },
      releaseLock: () => this.#powerSaving.releaseLock(),
      setFunction: (cfun) => this.#function.set(cfun),
      requestPsm: () => this.#requestPsm(),
      send: (socket, datagram) => this.#send(socket, datagram),
      socketChanged: (id, state) => this.#socketChanged(id, state),
      restart: (reason) => this.reboot(reason),
      powerDown: (reason) => this.#power.powerDown(reason),
      later: (delay, run) => this.#later(delay, run),
    };
  }

  /** Changed PSM settings travel in a tracking area update when there is a network. */
  #requestPsm(): void {
    if (this.#registration.stat !== 1) return;
    this.#powerSaving.update();
    // The answer comes while that connection lasts, so never into a sleep.
    this.#later(this.#random.between(300, 900), () => this.#registration.update());
  }
}
