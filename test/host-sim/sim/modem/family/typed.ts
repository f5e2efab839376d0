/** A simulated modem of any family with a patient host at its port, in a cell without loss. */
import { createModem } from "../../../../../host-sim/sim/modem/families";
import type { ModemEvent } from "../../../../../host-sim/sim/modem/modem-event";
import type {
  SimulatedModem,
  SimulatedModemOptions,
} from "../../../../../host-sim/sim/modem/simulated-modem";
import { Uart } from "../../../../../host-sim/sim/modem/uart";
import { NbIotCell } from "../../../../../host-sim/sim/radio/link";
import { VirtualClock } from "../../../../../host-sim/sim/time/clock";
import { Random } from "../../../../../host-sim/sim/time/random";
import { SerialHost } from "../serial-host";

export const imei = "864600030000017";

export interface Typed {
  readonly clock: VirtualClock;
  readonly cell: NbIotCell;
  readonly modem: SimulatedModem;
  readonly host: SerialHost;
  readonly events: ModemEvent[];
  /** Datagrams that reached the server, which sends each back as it came. */
  readonly arrived: Uint8Array[];
  /** Types commands, each of which must be answered with OK. */
  all(...commands: readonly string[]): Promise<void>;
  /** Every byte that came since the last call. */
  bytes(): Uint8Array;
}

export function typed(
  family: string,
  seed: number | string,
  modem: Partial<SimulatedModemOptions> = {},
): Typed {
  const clock = new VirtualClock();
  const random = new Random(seed);
  const cell = new NbIotCell({ scheduler: clock, random: random.fork("cell"), coverage: 0, loss: 0 });
  const arrived: Uint8Array[] = [];
  cell.onUplink = (bytes, peer, to) => {
    arrived.push(bytes);
    cell.sendDownlink(bytes, peer, to);
  };
  const uart = new Uart({ scheduler: clock, baud: 115_200 });
  const host = new SerialHost(clock, uart);
  const events: ModemEvent[] = [];
  const simulated = createModem(family, {
    scheduler: clock,
    random: random.fork("modem"),
    port: uart.modem,
    network: cell.admit(),
    imei,
    onEvent: (event) => events.push(event),
    ...modem,
  });
  return {
    clock,
    cell,
    modem: simulated,
    host,
    events,
    arrived,
    all: async (...commands) => {
      for (const text of commands) {
        const answer = await host.command(text, 120_000);
        if (!answer.includes("OK")) throw new Error(`${text}: ${answer.join(" | ")}`);
      }
    },
    bytes: () => Uint8Array.from(host.chunks.splice(0).flatMap(({ bytes }) => [...bytes])),
  };
}

/** Booted, echo off, errors as numbers. */
export async function booted(
  family: string,
  seed: number | string = 1,
  modem: Partial<SimulatedModemOptions> = {},
): Promise<Typed> {
  const world = typed(family, seed, modem);
  await world.host.pass(12_000);
  await world.all("ATE0", "AT+CMEE=1");
  return world;
}

/** The same, then set up by these commands while the radio is off, and registered. */
export async function registered(
  family: string,
  seed: number | string = 1,
  commands: readonly string[] = [],
  modem: Partial<SimulatedModemOptions> = {},
): Promise<Typed> {
  const world = await booted(family, seed, modem);
  await world.all("AT+CFUN=0", ...commands);
  // Older firmware has no level 4.
  if ((await world.host.command("AT+CEREG=4")).at(-1) !== "OK") await world.all("AT+CEREG=2");
  await world.all("AT+CFUN=1");
  await world.host.until((text) => text.startsWith("+CEREG: 1,"), 120_000);
  await world.host.pass(1_000);
  return world;
}

/** Holds the power key for `ms`. */
export async function press({ modem, host }: Typed, ms: number): Promise<void> {
  modem.setPowerKey(true);
  await host.pass(ms);
  modem.setPowerKey(false);
}
