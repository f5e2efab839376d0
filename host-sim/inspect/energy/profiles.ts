/**
 * The two built-in profiles. `limit` is what the standard thinks possible, `field` what modules of today
 * were seen to draw in public networks: the truth of a product lies nearer to the second.
 */
import type { ByCoverage, EnergyProfile, Figure } from "./profile";

const measured = (value: number, source: string): Figure => ({ value, tag: "measured", source });
const derived = (value: number, source: string): Figure => ({ value, tag: "derived", source });
const assumed = (value: number, source: string): Figure => ({ value, tag: "assumed", source });
const each = (make: (value: number) => Figure, values: readonly [number, number, number]): ByCoverage => [
  make(values[0]),
  make(values[1]),
  make(values[2]),
];

const study = "3GPP TR 45.820, power assumptions of the battery life evaluation";
const fitted =
  "fitted to the twelve battery lives of TR 45.820 (5 Wh, 50 and 200 bytes, MCL 144, 154, 164 dB)";
const esp32 = "ESP32 datasheet, at 3.3 V";

/** Radio as in 3GPP's study; the board's share is the field's. */
const limit: EnergyProfile = {
  name: "limit",
  modem: {
    psm: derived(0.000_015, study),
    radioOff: assumed(0.000_015, "as in PSM: the study has no such state"),
    idle: derived(0.003, study),
    edrx: derived(0.003, study),
    connected: derived(0.003, "light sleep of the study while it waits for the acknowledgement"),
    receive: derived(0.09, study),
    transmit23: derived(0.545, study),
    transmit10: derived(0.545, "the study sends with 23 dBm throughout"),
    boot: assumed(0.003, "the study has no such state: as light sleep"),
  },
  radio: {
    uplink: each((value) => derived(value, fitted), [15_600, 2_030, 597]),
    downlink: each(
      (value) =>
        assumed(value, "held while uplink and set-up were fitted: the twelve cells do not tell it apart"),
      [20_000, 5_000, 1_000],
    ),
    access: each((value) => derived(value, fitted), [143, 252, 2_830]),
    accessTransmit: assumed(0.5, "half of the set-up sent, half received"),
    power: each((value) => derived(value, study), [23, 23, 23]),
  },
  board: {
    awake: derived(0.083, `${esp32}: 25 mA, waiting at 80 to 160 MHz without radio`),
    deepSleep: measured(
      0.000_033,
      `${esp32}: 10 uA with the RTC's memory kept; a board's regulator adds its own`,
    ),
  },
};

/** Modules of today in public networks, at 3.6 V. */
const field: EnergyProfile = {
  name: "field",
  modem: {
    psm: derived(0.000_014_4, "4 uA at 3.6 V: SARA-N2 3.6 uA, BC95 4.2 uA, SIM7020 3.4 uA in PSM"),
    radioOff: measured(0.000_85, "SIM7020 hardware design: 236 uA at CFUN=0"),
    idle: measured(0.018_5, "SIM7020 hardware design: 5.6 mA idle at 3.3 V"),
    edrx: measured(0.002_9, "BG96, model of TU Dortmund: 0.81 mA between paging windows"),
    connected: measured(0.18, "50 mA over a 20 s inactivity tail (u-blox, application note on NB-IoT power)"),
    receive: measured(0.216, "SARA-N2 60 mA while it receives; M5311 54 mA"),
    transmit23: assumed(
      0.79,
      "220 mA at 23 dBm, between SARA-N2's 250 mA and the 167 mA of M5311 and SIM7000",
    ),
    transmit10: measured(0.392, "SIM7000: 109 mA at 10 dBm"),
    boot: assumed(0.1, "an application processor at some 30 mA"),
  },
  radio: {
    uplink: [
      derived(
        14_000,
        "what TR 45.820's energy for a byte at MCL 144 dB comes to at 0.5 W; M5311: 15.6 kbit/s at most",
      ),
      derived(12_000, "200 bytes in ECL1: release assistance instead of a 20 s tail saves 93 % (u-blox)"),
      derived(
        1_500,
        "200 bytes in ECL2: 0.72 J in good, 3.85 J in bad conditions (u-blox); their geometric mean",
      ),
    ],
    downlink: each(
      (value) => assumed(value, "about the uplink's; M5311 21 kbit/s at most, 0.5 kbit/s seen in the field"),
      [20_000, 10_000, 1_500],
    ),
    access: [
      assumed(400, "a random access without repetitions and the connection's set-up"),
      derived(300, "as the uplink's rate: what is left of those 7 %, most of which is random access"),
      derived(1_500, "as the uplink's rate; five random accesses were seen (u-blox)"),
    ],
    accessTransmit: assumed(0.5, "half of the set-up sent, half received"),
    power: each(
      (value) =>
        measured(value, "23 dBm below an RSRP of -100 dBm, 10 dB less for 10 dB more (four vendors)"),
      [10, 23, 23],
    ),
  },
  board: limit.board,
};

/** The built-in ones. */
export const profiles: Readonly<Record<"limit" | "field", EnergyProfile>> = Object.freeze({ limit, field });
