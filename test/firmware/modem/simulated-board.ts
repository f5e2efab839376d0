/** The driver and its port on one end of the wire, a simulated modem in its cell on the other. */
import { expect } from "vitest";
import { logLine, modemLog } from "../../../firmware/device/log";
import { familyNamed } from "../../../firmware/modem/family/family";
import { families as driverFamilies } from "../../../firmware/modem/family/index";
import { Modem as Driver } from "../../../firmware/modem/driver/modem";
import type { ModemOptions as DriverOptions } from "../../../firmware/modem/driver/modem-options";
import { SerialWriter } from "../../../firmware/modem/driver/serial-writer";
import { Udp } from "../../../firmware/modem/udp";
import { createModem, families } from "../../../host-sim/sim/modem/families";
import type { ModemEvent } from "../../../host-sim/sim/modem/modem-event";
import type {
  SimulatedModem as Modem,
  SimulatedModemOptions as ModemOptions,
} from "../../../host-sim/sim/modem/simulated-modem";
import { Uart } from "../../../host-sim/sim/modem/uart";
import { NbIotCell } from "../../../host-sim/sim/radio/link";
import type { NbIotCellOptions } from "../../../host-sim/sim/radio/link";
import { VirtualClock } from "../../../host-sim/sim/time/clock";
import type { ScheduledEvent } from "../../../host-sim/sim/time/clock";
import { Random } from "../../../host-sim/sim/time/random";

export const imei = "864600030000017";
export const epoch = Date.UTC(2026, 0, 1);
export const server = { address: "203.0.113.5", port: 5683 };

export interface SimulatedBoardOptions {
  readonly seed: number | string;
  /** Family of the modem (default "sim7020"). */
  readonly family?: string;
  readonly withKey?: boolean;
  readonly driver?: Partial<DriverOptions>;
  readonly modem?: Partial<ModemOptions>;
  readonly cell?: Partial<NbIotCellOptions>;
}

export class SimulatedBoard {
  readonly clock = new VirtualClock();
  readonly cell: NbIotCell;
  readonly modem: Modem;
  driver: Driver;
  socket: Udp;
  /** What the simulated modem went through. */
  readonly events: ModemEvent[] = [];
  /** AT traffic, `> ` from the driver and `< ` from the modem. */
  readonly lines: string[] = [];
  readonly states: string[] = [];
  readonly log: string[] = [];
  readonly failures: string[] = [];
  readonly times: { epoch: number; time: number }[] = [];
  /** Datagrams that reached the server; it sends each back as it came. */
  readonly arrived: Uint8Array[] = [];
  /** The device as the server saw it, with each of them. */
  readonly peers: { readonly address: string; readonly port: number }[] = [];
  /** And those that came back. */
  readonly returned: { bytes: Uint8Array; address: string; port: number }[] = [];
  readonly #options: SimulatedBoardOptions;
  /** Commands of which noise changes the last byte in front of their CR. */
  spoil: RegExp | undefined;
  /** The wire, whose faults can be switched on. */
  readonly uart: Uart;
  readonly #spread: Random;
  #poll: ScheduledEvent | undefined;
  #resume: readonly number[] | undefined;

  constructor(options: SimulatedBoardOptions) {
    const { seed, modem, cell } = options;
    const { clock } = this;
    const random = new Random(seed);
    this.#options = options;
    this.#spread = random.fork("driver");
    this.cell = new NbIotCell({
      scheduler: clock,
      random: random.fork("cell"),
      coverage: 0,
      loss: 0,
      ...cell,
    });
    this.cell.onUplink = (bytes, peer, to) => {
      this.arrived.push(bytes);
      this.peers.push(peer);
      this.cell.sendDownlink(bytes, peer, to);
    };
    const { family = "sim7020" } = options;
    const uart = new Uart({ scheduler: clock, baud: families.get(family)?.baud ?? 115_200 });
    this.uart = uart;
    this.modem = createModem(family, {
      scheduler: clock,
      random: random.fork("modem"),
      port: uart.modem,
      network: this.cell.admit(),
      imei,
      epoch,
      onEvent: (event) => this.events.push(event),
      onLine: (direction, text) => this.lines.push(`${direction === "host" ? ">" : "<"} ${text}`),
      ...modem,
    });
    [this.driver, this.socket] = this.#start();
  }

  /** The modem's control lines, whichever its family has. */
  #wires(): Partial<DriverOptions> {
    const { key, reset, wakePin } = this.modem.family.power;
    return {
      powerKey: key === undefined ? undefined : (pressed: boolean) => this.modem.setPowerKey(pressed),
      ...(reset !== undefined && (key === undefined || key.off === Infinity)
        ? { reset: (pressed: boolean) => this.modem.setReset(pressed) }
        : {}),
      ...(wakePin === true ? { wakePin: (pressed: boolean) => this.modem.setWakePin(pressed) } : {}),
    };
  }

  /** Another socket on the same modem, with what it receives. */
  another(): { readonly socket: Udp; readonly received: Uint8Array[] } {
    const received: Uint8Array[] = [];
    const socket = new Udp({
      modem: this.driver,
      onReadable(this: Udp) {
        for (let datagram = this.read(); datagram !== undefined; datagram = this.read()) {
          received.push(new Uint8Array(datagram));
        }
      },
    });
    return { socket, received };
  }

  /** Sends on a socket, at the present time. */
  sendOn(socket: Udp, bytes: Uint8Array, port: number): void {
    this.driver.poll(this.clock.now);
    this.#turn(() => socket.write(bytes, server.address, port));
  }

  /**
   * The ESP32 starts anew: driver and socket are new ones, the modem knows nothing of it.
   * @param resume what the driver remembered, as after deep sleep
   */
  restart(resume?: readonly number[]): void {
    this.#resume = resume;
    this.clock.cancel(this.#poll);
    // The pin floats, which lets go of the key.
    this.modem.setPowerKey(false);
    [this.driver, this.socket] = this.#start();
  }

  #start(): [Driver, Udp] {
    const { clock } = this;
    const { board } = this.uart;
    const { withKey = true, family = "sim7020" } = this.#options;
    const writer = new SerialWriter(board, 64);
    const driver = new Driver({
      family: familyNamed(driverFamilies, family),
      write: (bytes) => {
        const isSpoilt = this.spoil?.test(String.fromCharCode(...bytes)) === true;
        writer.write(
          isSpoilt ? bytes.map((byte, at) => (at === bytes.length - 2 ? byte ^ 0x40 : byte)) : bytes,
        );
      },
      apn: "iot.example",
      psm: { t3412: 3_600, t3324: 10 },
      ...(withKey ? this.#wires() : {}),
      random: () => this.#spread.next(),
      onUp: () => this.states.push("up"),
      onDown: (reason) => this.states.push(`down ${reason}`),
      onTime: (time, now) => this.times.push({ epoch: time, time: now }),
      log: modemLog((event) => this.log.push(logLine(event).slice("modem: ".length))),
      resume: this.#resume,
      ...this.#options.driver,
    });
    const { returned, failures } = this;
    const socket = new Udp({
      modem: driver,
      onReadable(this: Udp) {
        for (let datagram = this.read(); datagram !== undefined; datagram = this.read()) {
          const { address, port } = datagram;
          returned.push({ bytes: new Uint8Array(datagram), address, port });
        }
      },
      onError: (reason) => void failures.push(reason),
    });
    board.onWritable = (free) => writer.onWritable(free);
    board.onReceive = (bytes) => this.#turn(() => driver.receive(bytes, clock.now));
    return [driver, socket];
  }

  connect(): void {
    this.#turn(() => this.driver.connect(this.clock.now));
  }

  /** The driver looks at its modem. */
  look(): void {
    this.#turn(() => this.driver.look(this.clock.now));
  }

  send(bytes: Uint8Array): void {
    this.driver.poll(this.clock.now);
    this.#turn(() => this.socket.write(bytes, server.address, server.port));
  }

  /** What was received was no answer, as whoever reads it has found. */
  awaitAnswer(): void {
    this.#turn(() => this.socket.awaitAnswer());
  }

  async pass(ms: number): Promise<void> {
    await this.clock.run({ until: this.clock.now + ms });
  }

  async until(condition: () => boolean, ms: number): Promise<boolean> {
    await this.clock.run({ until: this.clock.now + ms, stop: condition });
    return condition();
  }

  /** @throws Error when it is not up in time */
  async up(ms = 300_000): Promise<void> {
    this.connect();
    if (!(await this.until(() => this.driver.ready, ms))) throw new Error(`not up: ${this.history()}`);
  }

  /**
   * Sends these bytes, as CoAP does again and again, until they are back.
   *
   * @returns how often they were sent
   * @throws Error when they are not back in time
   */
  async exchange(bytes: Uint8Array, ms = 3_600_000): Promise<number> {
    const end = this.clock.now + ms;
    const before = this.returned.length;
    for (let sent = 1; this.clock.now < end; sent++) {
      if (!this.driver.ready) this.connect();
      this.send(bytes);
      if (await this.until(() => this.returned.length > before, 60_000)) return sent;
    }
    throw new Error(`no answer: ${this.history()}`);
  }

  /** The last of what happened, for a failed test's message. */
  history(): string {
    return `${this.driver.state}; ${this.log.slice(-8).join("; ")}; ${this.lines.slice(-20).join(" | ")}`;
  }

  /** As the firmware does it: the event, a poll, and the timer anew. */
  #turn(event: () => void): void {
    event();
    this.driver.poll(this.clock.now);
    this.clock.cancel(this.#poll);
    const { deadline } = this.driver;
    if (deadline !== Infinity) this.#poll = this.clock.at(deadline, () => this.#turn(() => {}));
  }
}

/** A board that the network has denied until its driver pauses for more than an hour, and when the pause is over. */
export async function pausingBoard(
  family: string,
  modem: Partial<ModemOptions> = {},
): Promise<{ board: SimulatedBoard; due: number }> {
  const hour = 3_600_000;
  const board = new SimulatedBoard({ seed: "denied", family, modem });
  // No EPS services in this PLMN: a modem tries again by itself.
  board.cell.denial = 14;
  board.connect();
  await board.pass(10 * hour);
  await board.until(() => board.driver.state === "pausing", hour);
  const due = board.driver.workDeadline;
  expect(due - board.clock.now).toBeGreaterThan(hour);
  return { board, due };
}
