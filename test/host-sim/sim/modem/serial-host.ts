/** What the tests put at the board's end of the wire: a patient host that types and reads lines. */
import { VirtualClock } from "../../../../host-sim/sim/time/clock";
import { Random } from "../../../../host-sim/sim/time/random";
import { NbIotCell } from "../../../../host-sim/sim/radio/link";
import type { NbIotCellOptions } from "../../../../host-sim/sim/radio/link";
import { Uart } from "../../../../host-sim/sim/modem/uart";
import { createModem } from "../../../../host-sim/sim/modem/families";
import type { SimulatedModem, SimulatedModemOptions } from "../../../../host-sim/sim/modem/simulated-modem";
import type { ModemEvent } from "../../../../host-sim/sim/modem/modem-event";

export const imei = "864600030000017";

/** Writes through the FIFO as it has room, and cuts what comes into lines. */
export class SerialHost {
  /** Non-empty lines with the virtual ms at which their end came. */
  readonly lines: { time: number; text: string }[] = [];
  /** Every chunk as it came. */
  readonly chunks: { time: number; bytes: Uint8Array }[] = [];
  readonly #clock: VirtualClock;
  readonly #uart: Uart;
  #outgoing = new Uint8Array(0);
  #partial = "";

  constructor(clock: VirtualClock, uart: Uart) {
    this.#clock = clock;
    this.#uart = uart;
    uart.board.onReceive = (bytes) => this.#receive(bytes);
    uart.board.onWritable = () => this.#pump();
  }

  get texts(): string[] {
    return this.lines.map((line) => line.text);
  }

  write(bytes: Uint8Array): void {
    this.#outgoing = Uint8Array.from([...this.#outgoing, ...bytes]);
    this.#pump();
  }

  type(text: string): void {
    this.write(new TextEncoder().encode(text));
  }

  /** Lets `ms` of virtual time pass. */
  async pass(ms: number): Promise<void> {
    await this.#clock.run({ until: this.#clock.now + ms });
  }

  /** Waits for a line, at most `ms`; the lines that came until then, that one included. */
  async until(wanted: (text: string) => boolean, ms: number): Promise<string[]> {
    const start = this.lines.length;
    const end = this.#clock.now + ms;
    await this.#clock.run({
      until: end,
      stop: () => this.lines.slice(start).some((line) => wanted(line.text)),
    });
    return this.lines.slice(start).map((line) => line.text);
  }

  /** Types a command and waits for its final line; the lines that came, URCs among them. */
  command(text: string, ms = 10_000): Promise<string[]> {
    this.type(`${text}\r`);
    return this.until((line) => /^(OK|ERROR|\+CME ERROR: .*)$/.test(line), ms);
  }

  #pump(): void {
    const free = this.#uart.board.txFree();
    if (free === 0 || this.#outgoing.length === 0) return;
    const part = this.#outgoing.slice(0, free);
    this.#outgoing = this.#outgoing.slice(part.length);
    this.#uart.board.write(part);
  }

  #receive(bytes: Uint8Array): void {
    this.chunks.push({ time: this.#clock.now, bytes });
    this.#partial += String.fromCharCode(...bytes);
    const parts = this.#partial.split(/[\r\n]+/);
    this.#partial = parts.pop()!;
    for (const text of parts) if (text !== "") this.lines.push({ time: this.#clock.now, text });
  }
}

export interface World {
  clock: VirtualClock;
  cell: NbIotCell;
  uart: Uart;
  modem: SimulatedModem;
  host: SerialHost;
  events: ModemEvent[];
}

/** A modem on a wire in a cell without loss. */
export function makeWorld(
  seed: number | string,
  modem: Partial<SimulatedModemOptions> = {},
  cell: Partial<NbIotCellOptions> = {},
): World {
  const clock = new VirtualClock();
  const random = new Random(seed);
  const nbIotCell = new NbIotCell({
    scheduler: clock,
    random: random.fork("cell"),
    coverage: 0,
    loss: 0,
    ...cell,
  });
  const uart = new Uart({ scheduler: clock, baud: 115_200 });
  const events: ModemEvent[] = [];
  const host = new SerialHost(clock, uart);
  const sim7020 = createModem("sim7020", {
    scheduler: clock,
    random: random.fork("modem"),
    port: uart.modem,
    network: nbIotCell.admit(),
    imei,
    onEvent: (event) => events.push(event),
    ...modem,
    // What newer firmware adds to CEREG is for the tests that are about it.
    quirks: { ceregRoutingArea: false, ...modem.quirks },
  });
  return { clock, cell: nbIotCell, uart, modem: sim7020, host, events };
}

/** Boots, sets PSM up (T3324 10 s, T3412 1 h) and waits for registration. */
export async function bringUp(world: World, extra: string[] = []): Promise<void> {
  const { host } = world;
  await host.pass(7_000);
  const setUp = [
    "ATE0",
    "AT+CMEE=1",
    "AT+CFUN=0",
    '*MCGDEFCONT="IP","iot.example"',
    "AT+CPSMSTATUS=1",
    'AT+CPSMS=1,,,"00100001","00000101"',
    "AT+CEREG=5",
    ...extra,
    "AT+CFUN=1",
  ];
  for (const text of setUp) await host.command(text.startsWith("AT") ? text : `AT${text}`);
  await host.until((text) => text.startsWith("+CEREG: 1,"), 120_000);
}

/** Opens socket 0 towards this peer. */
export async function openSocket(host: SerialHost, address = "203.0.113.5", port = 5683): Promise<void> {
  await host.command("AT+CSOC=1,2,1");
  await host.command(`AT+CSOCON=0,${port},"${address}"`);
}

/** Holds the power key for `ms`. */
export async function press(world: World, ms: number): Promise<void> {
  world.modem.setPowerKey(true);
  await world.host.pass(ms);
  world.modem.setPowerKey(false);
}
