/**
 * A simulated SIM7020: the other end of the AT port.
 *
 *     off --key 1 s--> booting --3 to 5 s--> on --idle--> psm --key 0.7 s or T3412--> on
 *
 * It answers as the vendor's AT manual (V1.05) and low-power note describe; where they leave the
 * order of lines or a delay open, seeded chance decides, so that a driver has to cope with all.
 * Simplifications: UDP over IPv4 only, hex data only, no eDRX, no light sleep (AT+CSCLK), one
 * baud rate, and every cell takes every SIM card and access point name.
 *
 * What can befall it is switched on from outside at any time: `reboot`, `deafen`, `hang`, `setSupply`,
 * `removeSim`, `dropSockets`, `urcs`, `slow`. Untouched, none of them draws a random number.
 */
import type { Endpoint } from "../radio/link";
import type { Scheduler } from "../world/clock";
import type { Random } from "../world/random";
import type { AtCommand } from "./at-command";
import { AtResponder } from "./at-responder";
import type { AtExecution, AtFailure } from "./at-responder";
import { ModemClock } from "./modem-clock";
import type { ModemEvent } from "./modem-event";
import { PowerSaving } from "./power-saving";
import { Registration } from "./registration";
import { SimCard } from "./sim-card";
import { notSupported, ordinaryDelay, sim7020Commands } from "./sim7020-commands";
import type { Sim7020Unit } from "./sim7020-commands";
import { Sim7020Function } from "./sim7020-function";
import type { Sim7020Options, Sim7020Quirks } from "./sim7020-options";
import { Sim7020Power } from "./sim7020-power";
import type { Sim7020State } from "./sim7020-power";
import { bootSettings } from "./sim7020-settings";
import type { Sim7020Nvram, Sim7020Settings } from "./sim7020-settings";
import { Trouble } from "./trouble";
import type { SerialModemSide } from "./uart";
import { UrcFaults } from "./urc-faults";
import type { UrcProbabilities } from "./urc-faults";
import { formatHex, UdpSockets } from "./udp-sockets";
import type { UdpSocket } from "./udp-sockets";

export type { Sim7020Options, Sim7020Quirks } from "./sim7020-options";

export type { Sim7020State } from "./sim7020-power";

export class Sim7020 {
  readonly #options: Sim7020Options;
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #port: SerialModemSide;
  readonly #quirks: Sim7020Quirks;
  readonly #trouble: Trouble;
  readonly #urcs: UrcFaults;
  readonly #power: Sim7020Power;
  readonly #function: Sim7020Function;
  readonly #card = new SimCard();
  readonly #clock: ModemClock;
  readonly #responder: AtResponder;
  readonly #registration: Registration;
  readonly #sockets: UdpSockets;
  readonly #powerSaving: PowerSaving;
  readonly #nvram: Sim7020Nvram;
  readonly #unit: Sim7020Unit;
  #settings: Sim7020Settings = bootSettings();
  #updateAfterWake = false;
  #lastCereg = "";

  constructor(options: Sim7020Options) {
    const { scheduler, random, port, network } = options;
    this.#options = options;
    this.#scheduler = scheduler;
    this.#random = random.fork("behaviour");
    this.#port = port;
    this.#quirks = options.quirks ?? {};
    this.#trouble = new Trouble(this.#random, this.#quirks);
    this.#urcs = new UrcFaults(random.fork("urcs"));
    this.#clock = new ModemClock(scheduler, options.epoch ?? Date.UTC(2026, 0, 1));
    this.#nvram = { baud: 0, apn: options.apn ?? "internet" };
    this.#sockets = new UdpSockets(random.fork("ports"));
    this.#responder = new AtResponder({
      scheduler,
      write: (bytes) => port.write(bytes),
      execute: (command) => this.#execute(command),
      onLine: options.onLine,
      onDropped: (reason) => this.#dropped("command", reason),
      urcInsideResponse: this.#quirks.urcInsideResponse,
      urcCopies: () => this.#urcs.copies(),
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
      onRrc: (state) => this.#tell({ type: "rrc", time: scheduler.now, state }),
      onEnterPsm: () => this.#enterPsm(),
      onWakeByTimer: () => this.#wake("T3412"),
      onUpdate: () => void (network.use() && this.#clock.correct(network.clockError)),
      maySleep: () => !this.#responder.busy && !network.losing,
    });
    this.#power = new Sim7020Power({
      scheduler,
      random: this.#random,
      bootsByItself: options.powerOn !== "key",
      onBoot: () => this.#reset(),
      onOn: () => {
        port.setPowered(true);
        this.#junk();
        this.#function.booted(this.#nvram.baud === 0);
      },
      onHalt: () => this.#halt(),
      onPowerDown: () => this.#responder.urc("NORMAL POWER DOWN"),
      onWakeKey: () => this.#wake("key"),
      onEvent: (event) => this.#tell(event),
    });
    this.#function = new Sim7020Function({
      random: this.#random,
      faultRandom: random.fork("card"),
      card: this.#card,
      registration: this.#registration,
      settings: () => this.#settings,
      urc: (text) => this.#urc(text),
      later: (delay, run) => this.#later(delay, run),
      radioOff: () => this.#radioOff(),
    });
    this.#unit = this.#makeUnit();
    port.onReceive = (bytes) => {
      this.#powerSaving.uartActivity();
      if (this.state === "on") this.#responder.receive(bytes);
    };
    network.onDownlink = (datagram, from, toPort) => this.#receive(datagram, from, toPort);
    network.onServiceLost = () => this.#serviceLost();
    if (options.powerOn !== "key") this.#power.boot("supply");
  }

  get state(): Sim7020State {
    return this.#power.state;
  }

  /** The PWRKEY line: held low 1 s it turns the modem on or off, 0.7 s wakes it from PSM. */
  setPowerKey(low: boolean): void {
    this.#power.setKey(low);
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

  /** Settings after a boot. */
  #reset(): void {
    this.#settings = bootSettings();
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
    if (!this.#settings.networkTime) return;
    this.#clock.set(this.#options.network.clockError);
    this.#urc(`+CLTS: ${this.#clock.text()}`);
  }

  #enterPsm(): void {
    if (this.#settings.psmStatus) this.#urc('+CPSMSTATUS: "ENTER PSM"');
    this.#power.state = "psm";
    this.#settings.rai = 0;
    this.#responder.reset();
    this.#port.setPowered(false);
    this.#tell({ type: "psm", time: this.#scheduler.now, state: "enter" });
    if (!this.#settings.retention) this.#closeSockets();
  }

  /** True when there was a sleep to end. */
  #wake(reason: "key" | "T3412"): boolean {
    if (reason === "T3412") this.#updateAfterWake = true;
    if (this.state !== "psm") return false;
    this.#power.state = "waking";
    this.#later(this.#random.between(100, 300), () => {
      this.#power.state = "on";
      this.#port.setPowered(true);
      this.#powerSaving.woken();
      this.#loseSettings();
      this.#tell({ type: "psm", time: this.#scheduler.now, state: "exit", reason });
      this.#junk();
      if (this.#card.present) this.#urc("+CPIN: READY");
      else this.#function.cardGone();
      if (this.#settings.psmStatus) this.#urc('+CPSMSTATUS: "EXIT PSM"');
      if (this.#updateAfterWake && this.#card.present) this.#powerSaving.update();
      this.#updateAfterWake = false;
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
    const rule = sim7020Commands.get(command.name);
    const [least, most] = rule?.delay ?? ordinaryDelay;
    const delay = this.#trouble.slowdown * this.#random.between(least, most);
    if (this.#trouble.breaksAt(command)) {
      this.#later(delay / 2, () => this.reboot(`in the middle of ${command.name}`));
    }
    return { delay, run: () => rule?.run(this.#unit, command) ?? notSupported };
  }

  #send(socket: UdpSocket, datagram: Uint8Array): void {
    const { rai } = this.#settings;
    this.#settings.rai = 0;
    this.#tell({ type: "send", time: this.#scheduler.now, id: socket.id, bytes: datagram, rai });
    this.#powerSaving.sent(rai);
    this.#options.network.uplink(datagram, socket.localPort, socket.peer!);
  }

  #receive(datagram: Uint8Array, from: Endpoint, toPort: number): void {
    if (this.#powerSaving.mode === "off") return this.#dropped("datagram", "radio off");
    if (!this.#powerSaving.reachable) return this.#dropped("datagram", "psm");
    this.#powerSaving.received();
    const socket = this.#sockets.byPort(toPort);
    const peer = socket?.peer;
    if (socket === undefined || peer?.address !== from.address || peer.port !== from.port) {
      return this.#dropped("datagram", "no socket");
    }
    this.#tell({ type: "receive", time: this.#scheduler.now, id: socket.id, bytes: datagram });
    this.#urc(`+CSONMI: ${socket.id},${2 * datagram.length},${formatHex(datagram)}`);
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

  #dropped(
    what: "datagram" | "command",
    reason: Extract<ModemEvent, { type: "dropped" }>["reason"],
  ): void {
    this.#tell({ type: "dropped", time: this.#scheduler.now, what, reason });
  }

  #tell(event: ModemEvent): void {
    this.#options.onEvent?.(event);
  }

  #makeUnit(): Sim7020Unit {
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
      ceregRoutingArea: this.#quirks.ceregRoutingArea === true,
      socketFailure,
      clock: () => this.#clock.text(),
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
