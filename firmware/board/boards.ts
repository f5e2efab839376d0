/**
 * Boards, and how their modem is wired to the ESP32: the one table of pins.
 *
 * A control line is pressed when it is low at the modem. Driven directly it is an open drain; where a
 * transistor stands between, as on LilyGO's boards, a high level presses.
 */

/** One GPIO that works a control line of the modem. */
export interface ControlPin {
  readonly pin: number;
  /** A high level presses: there is a transistor in between. */
  readonly pressedHigh?: boolean;
}

/** A power management chip that feeds the modem. */
export interface PowerChip {
  readonly chip: "axp2101";
  /** GPIOs of its I2C bus. */
  readonly data: number;
  readonly clock: number;
}

export interface Board {
  readonly name: string;
  /** The modem's family, see `firmware/modem/family/index.ts`. */
  readonly modem: string;
  /** Number of the ESP32's UART, and its GPIOs. */
  readonly port: number;
  readonly transmit: number;
  readonly receive: number;
  readonly powerKey?: ControlPin;
  readonly reset?: ControlPin;
  /** The modem's own pin for ending PSM. */
  readonly wake?: ControlPin;
  /** GPIO that the modem's RI is wired to: low when it has something to say. */
  readonly ring?: number;
  readonly power?: PowerChip;
}

function board(row: Board): Board {
  return Object.freeze({
    ...row,
    powerKey: row.powerKey === undefined ? undefined : Object.freeze(row.powerKey),
    power: row.power === undefined ? undefined : Object.freeze(row.power),
  });
}

/** Frozen, rows too: what is preloaded lives in flash. */
export const boards: readonly Board[] = Object.freeze([
  // M5Stack Unit NB-IoT (U111) on PORT.C of an M5Stack Core; docs.m5stack.com, "Unit NB-IoT" and "Core".
  // Its Grove plug has supply, TX and RX only.
  board({ name: "m5stack-nbiot", modem: "sim7020", port: 1, transmit: 17, receive: 16 }),
  // M5Stack Unit CatM (U128) on the same plug; docs.m5stack.com, "Unit CatM".
  board({ name: "m5stack-catm", modem: "sim7080", port: 1, transmit: 17, receive: 16 }),
  // LilyGO T-SIM7080G-S3 (ESP32-S3): utilities.h of Xinyuan-LilyGO/LilyGo-T-SIM7080G. The modem is fed by
  // DC3 of an AXP2101, and PWRKEY is driven through a transistor. RI is BOARD_MODEM_RI_PIN there.
  board({
    name: "lilygo-t-sim7080g-s3",
    modem: "sim7080",
    port: 1,
    transmit: 5,
    receive: 4,
    powerKey: { pin: 41, pressedHigh: true },
    ring: 3,
    power: { chip: "axp2101", data: 15, clock: 7 },
  }),
  // LilyGO T-SIM7000G (ESP32): README of Xinyuan-LilyGO/LilyGO-T-SIM7000G. None of its files names a GPIO for RI.
  board({
    name: "lilygo-t-sim7000g",
    modem: "sim7000",
    port: 1,
    transmit: 27,
    receive: 26,
    powerKey: { pin: 4, pressedHigh: true },
  }),
  // Any other: pins and modem by settings.
  board({ name: "generic", modem: "sim7020", port: 1, transmit: 17, receive: 16 }),
]);

/** @throws RangeError for a name that is none of theirs */
export function boardNamed(name: string): Board {
  for (let i = 0; i < boards.length; i++) if (boards[i].name === name) return boards[i];
  const names = boards.map((each) => each.name).join(", ");
  throw new RangeError(`board is "${name.slice(0, 40)}", it must be one of ${names}`);
}
