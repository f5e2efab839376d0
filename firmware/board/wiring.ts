/**
 * Opens what a board has wired to its modem. Settings win over the board's row, so that another wiring
 * needs no other table.
 */
import Digital from "embedded:io/digital";
import SMBus from "embedded:io/smbus";
import type { RegisterBus } from "./axp2101";
import type { Board, ControlPin, PowerChip } from "./boards";

/** What the settings say of pins. */
export interface PinSettings {
  readonly transmit?: number;
  readonly receive?: number;
  readonly powerKey?: number;
  readonly reset?: number;
  readonly wake?: number;
  readonly ring?: number;
  /** GPIO that switches the modem's supply, high for on. */
  readonly modemSupply?: number;
  /** The control pins of the settings press with a high level. */
  readonly pressedHigh: boolean;
}

/** The pins of the modem's lines; undefined for a line that is not wired. */
export interface Pins {
  readonly transmit: number;
  readonly receive: number;
  readonly powerKey: ControlPin | undefined;
  readonly reset: ControlPin | undefined;
  readonly wake: ControlPin | undefined;
  /** RI, which the modem drives. */
  readonly ring: number | undefined;
  /** The switch of its supply. */
  readonly supply: number | undefined;
}

/** The modem's lines as its driver wants them; a line that is not wired is left out. */
export interface Wiring {
  readonly port: number;
  readonly transmit: number;
  readonly receive: number;
  readonly powerKey?: (pressed: boolean) => void;
  readonly reset?: (pressed: boolean) => void;
  readonly wakePin?: (pressed: boolean) => void;
  readonly supply?: (on: boolean) => void;
}

/** The driver of a power chip, on the bus that is opened for it. */
interface PowerChipDriver {
  /** Its address on the bus, 7 bits. */
  readonly address: number;
  readonly open: (bus: RegisterBus) => {
    /** Why it could not, or undefined. */
    switchModem(on: boolean): string | undefined;
  };
}

export interface WiringOptions {
  readonly board: Board;
  readonly settings: PinSettings;
  /** Drivers by the chip's name. */
  readonly chips: Readonly<Record<PowerChip["chip"], PowerChipDriver>>;
  /** Tells of a power chip that does not do as it should. */
  readonly log: (text: string) => void;
}

/** Which pin each line has, and which it lacks: the settings', else the board's row. */
export function pinsOf(board: Board, settings: PinSettings): Pins {
  const chosen = (pin: number | undefined, row: ControlPin | undefined): ControlPin | undefined =>
    pin === undefined ? row : { pin, pressedHigh: settings.pressedHigh };
  return {
    transmit: settings.transmit ?? board.transmit,
    receive: settings.receive ?? board.receive,
    powerKey: chosen(settings.powerKey, board.powerKey),
    reset: chosen(settings.reset, board.reset),
    wake: chosen(settings.wake, board.wake),
    ring: settings.ring ?? board.ring,
    supply: settings.modemSupply,
  };
}

/** Opens the pins. @throws Error for a pin that is in use, or that the chip does not have */
export function wire({ board, settings, chips, log }: WiringOptions): Wiring {
  const pins = pinsOf(board, settings);
  const powerKey = control(pins.powerKey);
  const reset = control(pins.reset);
  const wakePin = control(pins.wake);
  const supply =
    pins.supply !== undefined
      ? rail(pins.supply)
      : board.power === undefined
        ? undefined
        : chipRail(board.power, chips[board.power.chip], log);
  return {
    port: board.port,
    transmit: pins.transmit,
    receive: pins.receive,
    powerKey,
    reset,
    wakePin,
    supply,
  };
}

/** Directly driven, the line is only ever pulled low: released it floats at the modem's own supply. */
function control(line: ControlPin | undefined): ((pressed: boolean) => void) | undefined {
  if (line === undefined) return undefined;
  const high = line.pressedHigh === true;
  // Without the initial value the pin is low from its first moment: a press, or a release in time.
  const options = {
    pin: line.pin,
    mode: high ? Digital.Output : Digital.OutputOpenDrain,
    initialValue: high ? (0 as const) : (1 as const),
  };
  const key = new Digital(options);
  return (pressed) => key.write(pressed === high ? 1 : 0);
}

/** The switch of the modem's supply, on from the first moment. */
function rail(pin: number): (on: boolean) => void {
  const options = { pin, mode: Digital.Output, initialValue: 1 as const };
  const output = new Digital(options);
  return (on) => output.write(on ? 1 : 0);
}

/** The same on a power chip. One that does not answer leaves the modem as it is, and the log says so. */
function chipRail(
  { data, clock }: PowerChip,
  driver: PowerChipDriver,
  log: (text: string) => void,
): (on: boolean) => void {
  let chip: ReturnType<PowerChipDriver["open"]> | undefined;
  try {
    // The typings take the constructor's parameters for one.
    const options = { data, clock, hz: 100_000, address: driver.address } as never;
    chip = driver.open(new SMBus(options));
  } catch (error) {
    log(`power chip: ${error instanceof Error ? error.message : "unknown"}`);
  }
  const switchModem = (on: boolean): void => {
    const fault = chip?.switchModem(on);
    if (fault !== undefined) log(`power chip: ${fault}`);
  };
  switchModem(true);
  return switchModem;
}
