/**
 * A simulated SIM7020: the other end of the AT port.
 *
 *     off --key 1 s--> booting --3 to 5 s--> on --idle--> psm --key 0.7 s or T3412--> on
 *
 * It answers as the vendor's AT manual (V1.05) and low-power note describe; where they leave the
 * order of lines or a delay open, seeded chance decides, so that a driver has to cope with all.
 * Simplifications: UDP over IPv4 only, hex data only, no eDRX, no light sleep (AT+CSCLK), one
 * baud rate, and every cell takes every SIM card and access point name.
 */
import type { Endpoint } from "../radio/link";
import type { Scheduler } from "../world/clock";
import type { Random } from "../world/random";
import type { AtCommand } from "./at-command";
import { AtResponder } from "./at-responder";
import type { AtExecution, AtFailure } from "./at-responder";
import type { ModemEvent } from "./modem-event";
import { PowerKey } from "./power-key";
import { PowerSaving } from "./power-saving";
import { Registration } from "./registration";
import { notSupported, ordinaryDelay, sim7020Commands } from "./sim7020-commands";
import type { Sim7020Unit } from "./sim7020-commands";
import type { Sim7020Options, Sim7020Quirks } from "./sim7020-options";
import { bootSettings } from "./sim7020-settings";
import type { Sim7020Nvram, Sim7020Settings } from "./sim7020-settings";
import type { SerialModemSide } from "./uart";
import { formatHex, UdpSockets } from "./udp-sockets";
import type { UdpSocket } from "./udp-sockets";

export type { Sim7020Options, Sim7020Quirks } from "./sim7020-options";

/** `waking` and `stopping` last a moment only: the UART is dead in them. */
export type Sim7020State = "off" | "booting" | "on" | "psm" | "waking" | "stopping";

/** The modem's own clock before the network has set it: 1980, as GPS time begins. */
const clockWithoutNetwork = Date.UTC(1980, 0, 6);

export class Sim7020 {
  readonly #options: Sim7020Options;
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #port: SerialModemSide;
  readonly #quirks: Sim7020Quirks;
  readonly #key: PowerKey;
  readonly #responder: AtResponder;
  readonly #registration: Registration;
  readonly #sockets: UdpSockets;
  readonly #powerSaving: PowerSaving;
  readonly #nvram: Sim7020Nvram;
  readonly #unit: Sim7020Unit;
  #settings: Sim7020Settings = bootSettings();
  #state: Sim7020State = "off";
  /** Counts boots, so that what was planned before one does not happen after it. */
  #session = 0;
  #simReady = false;
  #clockSet = false;
  #bootedAt = 0;
  #deaf = false;
  #rebootPending: boolean;
  #updateAfterWake = false;
  #lastCereg = "";

  constructor(options: Sim7020Options) {
    const { scheduler, random, port, network } = options;
    this.#options = options;
    this.#scheduler = scheduler;
    this.#random = random.fork("behaviour");
    this.#port = port;
    this.#quirks = options.quirks ?? {};
    this.#rebootPending = this.#quirks.rebootDuring !== undefined;
    this.#nvram = { baud: 0, apn: options.apn ?? "internet" };
    this.#sockets = new UdpSockets(random.fork("ports"));
    this.#responder = new AtResponder({
      scheduler,
      write: (bytes) => port.write(bytes),
      execute: (command) => this.#execute(command),
      onLine: options.onLine,
      onDropped: (reason) => this.#dropped("command", reason),
      urcInsideResponse: this.#quirks.urcInsideResponse,
    });
    this.#registration = new Registration({ network, onChange: () => this.#registrationChanged() });
    this.#powerSaving = new PowerSaving({
      scheduler,
      random: random.fork("power saving"),
      onRrc: (state) => this.#tell({ type: "rrc", time: scheduler.now, state }),
      onEnterPsm: () => this.#enterPsm(),
      onWakeByTimer: () => this.#wake("T3412"),
      maySleep: () => !this.#responder.busy,
    });
    this.#key = new PowerKey(scheduler, () => this.#wake("key"), () => this.#toggle());
    this.#unit = this.#makeUnit();
    port.onReceive = (bytes) => {
      this.#powerSaving.uartActivity();
      if (this.#state === "on") this.#responder.receive(bytes);
    };
    network.onDownlink = (datagram, from, toPort) => this.#receive(datagram, from, toPort);
    if (options.powerOn !== "key") this.#boot("supply");
  }

  get state(): Sim7020State {
    return this.#state;
  }

  /** The PWRKEY line: held low 1 s it turns the modem on or off, 0.7 s wakes it from PSM. */
  setPowerKey(low: boolean): void {
    this.#key.set(low);
  }

  /** Restarts at once, whatever it was doing: a crash or a brown-out. An off modem stays off. */
  reboot(reason: string): void {
    if (this.#state === "off") return;
    this.#halt();
    this.#boot(reason);
  }

  /** From now on commands get no answer, until `AT+CFUN=1` or a restart by the key. */
  deafen(): void {
    this.#deaf = true;
  }

  #boot(reason: string): void {
    this.#enter("booting", reason);
    this.#settings = bootSettings();
    this.#responder.echo = true;
    this.#responder.errorStyle = 0;
    this.#deaf = false;
    this.#clockSet = false;
    this.#bootedAt = this.#scheduler.now;
    // Looking for the host's baud rate it must keep quiet: it does not know how to talk.
    const silent = this.#nvram.baud === 0;
    this.#later(this.#random.between(3_000, 5_000), () => {
      this.#enter("on", reason);
      this.#port.setPowered(true);
      this.#junk();
      const simDelay = this.#random.between(200, 1_200);
      const smsDelay = simDelay + this.#random.between(300, 2_000);
      const announce = (text: string) => !silent && this.#responder.urc(text);
      announce("RDY");
      this.#later(simDelay / 2, () => announce("+CFUN: 1"));
      this.#later(simDelay, () => {
        if (this.#settings.cfun !== 1) return;
        this.#simReady = true;
        announce("+CPIN: READY");
        this.#registration.search(this.#psmRequest());
      });
      this.#later(smsDelay, () => announce("SMS Ready"));
    });
  }

  /** Everything volatile ends here. */
  #halt(): void {
    this.#session += 1;
    this.#port.setPowered(false);
    this.#responder.reset();
    // No line about the end: nobody is left to say it.
    this.#settings.cereg = 0;
    this.#radioOff();
    this.#simReady = false;
    this.#updateAfterWake = false;
  }

  #powerDown(reason: string): void {
    this.#responder.urc("NORMAL POWER DOWN");
    this.#halt();
    this.#state = "stopping";
    this.#later(this.#random.between(1_000, 3_000), () => this.#enter("off", reason));
  }

  /** A press of a second. */
  #toggle(): void {
    if (this.#state === "off") this.#boot("key");
    else if (this.#state === "on") this.#powerDown("key");
  }

  #radioOff(): void {
    for (const id of this.#sockets.closeAll()) this.#socketChanged(id, "closed");
    this.#powerSaving.stop();
    this.#registration.stop();
  }

  /** Runs just before the command's OK. */
  #setFunction(cfun: 0 | 1 | 4): void {
    const was = this.#settings.cfun;
    if (cfun === was) return;
    this.#settings.cfun = cfun;
    if (was === 1) this.#radioOff();
    // The card speaks before the OK, or after it.
    const early = this.#random.chance(0.5);
    const cardDelay = this.#random.between(5, 600);
    if (cfun === 0) {
      this.#simReady = false;
      this.#soon(early ? 0 : cardDelay / 6, () => this.#urc("+CPIN: NOT READY"));
      return;
    }
    if (!this.#simReady) {
      this.#soon(early ? 0 : cardDelay, () => {
        if (this.#settings.cfun === 0 || this.#simReady) return;
        this.#simReady = true;
        this.#urc("+CPIN: READY");
      });
    }
    if (cfun !== 1) return;
    this.#later(cardDelay + this.#random.between(20, 200), () => {
      if (this.#settings.cfun === 1 && this.#registration.stat === 0) {
        this.#registration.search(this.#psmRequest());
      }
    });
  }

  #psmRequest() {
    return this.#settings.psmOn ? this.#settings.psmTimers : undefined;
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
    this.#clockSet = true;
    this.#urc(`+CLTS: ${this.#clock()}`);
  }

  /** `yy/MM/dd,hh:mm:ss+zz`; the network's zone is UTC here. */
  #clock(): string {
    const ms = this.#clockSet
      ? (this.#options.epoch ?? Date.UTC(2026, 0, 1)) + this.#scheduler.now
      : clockWithoutNetwork + this.#scheduler.now - this.#bootedAt;
    const iso = new Date(ms).toISOString();
    return `${iso.slice(2, 10).replaceAll("-", "/")},${iso.slice(11, 19)}+00`;
  }

  #enterPsm(): void {
    if (this.#settings.psmStatus) this.#urc('+CPSMSTATUS: "ENTER PSM"');
    this.#state = "psm";
    this.#settings.rai = 0;
    this.#responder.reset();
    this.#port.setPowered(false);
    this.#tell({ type: "psm", time: this.#scheduler.now, state: "enter" });
    if (this.#settings.retention) return;
    for (const id of this.#sockets.closeAll()) this.#socketChanged(id, "closed");
  }

  /** True when there was a sleep to end. */
  #wake(reason: "key" | "T3412"): boolean {
    if (reason === "T3412") this.#updateAfterWake = true;
    if (this.#state !== "psm") return false;
    this.#state = "waking";
    this.#later(this.#random.between(100, 300), () => {
      this.#state = "on";
      this.#port.setPowered(true);
      this.#powerSaving.woken();
      this.#loseSettings();
      this.#tell({ type: "psm", time: this.#scheduler.now, state: "exit", reason });
      this.#junk();
      this.#urc("+CPIN: READY");
      if (this.#settings.psmStatus) this.#urc('+CPSMSTATUS: "EXIT PSM"');
      if (this.#updateAfterWake) this.#powerSaving.update();
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
    if (this.#random.chance(this.#quirks.deaf ?? 0)) this.#deaf = true;
    if (this.#deaf) {
      if (command.name !== "+CFUN" || command.form !== "set" || command.args[0]?.text !== "1") {
        this.#dropped("command", "deaf");
        return undefined;
      }
      this.#deaf = false;
    }
    const rule = sim7020Commands.get(command.name);
    const [least, most] = rule?.delay ?? ordinaryDelay;
    const delay = this.#random.between(least, most);
    if (this.#rebootPending && command.name === this.#quirks.rebootDuring?.toUpperCase()) {
      this.#rebootPending = false;
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
    if (this.#state === "on") this.#responder.urc(text);
  }

  #enter(state: "off" | "booting" | "on", reason: string): void {
    this.#state = state;
    this.#tell({ type: "power", time: this.#scheduler.now, state, reason });
  }

  #later(delay: number, run: () => void): void {
    const session = this.#session;
    this.#scheduler.after(delay, () => {
      if (session === this.#session) run();
    });
  }

  /** `#later`, but in this very instant for a delay of 0. */
  #soon(delay: number, run: () => void): void {
    if (delay === 0) run();
    else this.#later(delay, run);
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
      get simReady() {
        return modem.#simReady;
      },
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
      clock: () => this.#clock(),
      setFunction: (cfun) => this.#setFunction(cfun),
      requestPsm: () => this.#requestPsm(),
      send: (socket, datagram) => this.#send(socket, datagram),
      socketChanged: (id, state) => this.#socketChanged(id, state),
      restart: (reason) => this.reboot(reason),
      powerDown: (reason) => this.#powerDown(reason),
      later: (delay, run) => this.#later(delay, run),
    };
  }

  /** Changed PSM settings travel in a tracking area update when there is a network. */
  #requestPsm(): void {
    if (this.#registration.stat !== 1) return;
    this.#powerSaving.update();
    // The answer comes while that connection lasts, so never into a sleep.
    this.#later(this.#random.between(300, 900), () => this.#registration.update(this.#psmRequest()));
  }
}
