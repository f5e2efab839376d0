/**
 * What a modem of today draws: the nRF9160 as three people measured it, and so the class of the nRF91 and its like.
 * Against the first NB-IoT modules the gain is C-DRX: between two moments of listening it sleeps, where those drew
 * nearly as much as in reception.
 *
 * Read off a trace, or off the standard: powers of sending, receiving and idling, rates. Fitted, one measurement each
 * or two: `access` at levels 0 and 1, and `onDuration`. test/host-sim/inspect/energy/published.test.ts has the
 * measurements and says which were in the fit and which were not.
 */
import { esp32 } from "./esp32";
import { field } from "./field";
import { assumed, derived, each, measured, signalling } from "./figure-tags";
import type { EnergyProfile, Figure } from "./profile";

/** boaks/zephyr-coaps-client, docu: NB-IoT in the south of Germany, nRF9160-DK with a PPK2 at 5 V. */
const kraus = "nRF9160-DK at 5 V (A. Kraus, POWERCONSUMPTION.md, October 2022)";
const krausJune = "nRF9160-DK at 5 V (A. Kraus, POWERCONSUMPTION-2022-06.md)";
/** S. S. Røstad, IoT Protocol Stack Current Optimizations for the nRF9160 SiP, NTNU and Nordic, 2020: at 3.7 V. */
const rostad = "nRF9160 at 3.7 V (S. Røstad, NTNU and Nordic, 2020)";

/** ms that it receives without a pause behind each datagram, and at the beginning of each C-DRX cycle. */
const onDuration = 250;
const receive = 0.165;
/** W between the moments in which it listens. */
const drxSleep = 0.000_5;

/** Mean power of a connection with nothing on the air, where the network's C-DRX cycle takes `cycle` ms. */
export function connectedAt(cycle: number): Figure {
  const duty = Math.min(1, onDuration / cycle);
  return derived(
    Number((drxSleep + duty * (receive - drxSleep)).toPrecision(3)),
    `receives for ${onDuration} of ${cycle} ms, the network's C-DRX cycle; fitted to 12 s with a cycle of 320 ms: 1.36 J more than with release assistance, ${rostad}`,
  );
}

const beyond = "as the field's: no measurement of this class at level 2";

/** Modules of the nRF91's class in public networks, where C-DRX has a cycle of 2 s. */
export const modern: EnergyProfile = {
  name: "modern",
  modem: {
    psm: measured(0.000_03, `29.52 mC in an hour, ${rostad}`),
    radioOff: assumed(0.009_9, "its UART awake, as in modem.idle"),
    idle: measured(0.009_9, `1.97 mA with its UART on, between two exchanges, ${krausJune}`),
    edrx: measured(0.002_3, `0.46 mA with its UART off, between two exchanges, ${kraus}`),
    connected: connectedAt(2_048),
    receive: measured(receive, `33 mA between the pulses, ${kraus}`),
    transmit23: measured(
      1.1,
      `pulses of 200 to 250 mA, ${kraus}; Nordic's white paper nWP034: some 300 mA at most`,
    ),
    transmit10: measured(0.475, `pulses of 95 mA, ${krausJune}`),
    boot: assumed(0.1, "an application processor at some 30 mA"),
  },
  radio: {
    uplink: [
      derived(62_500, "multi-tone, 12 subcarriers of 15 kHz: the most of NB1 as M5311's sheet has it"),
      derived(15_600, "single-tone, 15 kHz: the most of NB1 as M5311's sheet has it"),
      assumed(1_500, beyond),
    ],
    downlink: each(
      (value) => assumed(value, "about what M5311's sheet gives at most; at level 2 as the field's"),
      [20_000, 20_000, 1_500],
    ),
    access: [
      derived(125, `fitted: 200 bytes each way, 0.273 J, ${krausJune}; 584 bytes up, 0.104 J, ${rostad}`),
      derived(221, `fitted: a wake with no more than a tracking area update, 0.256 J, ${kraus}`),
      assumed(1_500, beyond),
    ],
    accessTransmit: assumed(0.5, "half of the set-up sent, half received; the time is that of full power"),
    listen: derived(onDuration, "as at the beginning of a C-DRX cycle, see modem.connected"),
    update: signalling,
    power: field.radio.power,
  },
  board: esp32,
};
