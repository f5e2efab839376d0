/**
 * What the first NB-IoT modules were seen to draw in public networks: SARA-N2, BC95 and their like, whose
 * connection costs nearly as much as reception, all the while that it lasts.
 */
import { esp32 } from "./esp32";
import { assumed, derived, each, measured, signalling } from "./figure-tags";
import type { EnergyProfile } from "./profile";

/** The first generation of modules in public networks, at 3.6 V. */
export const field: EnergyProfile = {
  name: "field",
  modem: {
    psm: derived(0.000_014_4, "4 uA at 3.6 V: SARA-N2 3.6 uA, BC95 4.2 uA, SIM7020 3.4 uA in PSM"),
    radioOff: measured(0.000_85, "SIM7020 hardware design: 236 uA at CFUN=0"),
    idle: measured(0.018_5, "SIM7020 hardware design: 5.6 mA idle at 3.3 V"),
    edrx: measured(0.002_9, "BG96, model of TU Dortmund: 0.81 mA between paging windows"),
    connected: {
      ...measured(
        0.18,
        "50 mA over a 20 s inactivity tail (u-blox UBX-16017368, SARA-N2); SARA-N200 listened at 72 to 74 mA for 12.8 of 17 ms in one network and for 56 of 256 ms in another (D. Robinson, 2019)",
      ),
      low: 0.058,
      high: 0.21,
    },
    receive: measured(0.216, "SARA-N2 60 mA while it receives; M5311 54 mA"),
    transmit23: assumed(
      0.79,
      "220 mA at 23 dBm: SARA-N2 and BC95 nearer to 250 mA (D. Robinson, 2019), SIM7000 145 mA, SIM7020 128 mA",
    ),
    transmit10: measured(
      0.264,
      "SIM7000 Series Hardware Design V1.07, page 52: 69.5 mA at 10 dBm, NB-IoT with one subcarrier, at 3.8 V",
    ),
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
    listen: assumed(0, "in modem.connected, which is the mean over a tail's whole length"),
    update: signalling,
    power: each(
      (value) =>
        measured(value, "23 dBm below an RSRP of -100 dBm, 10 dB less for 10 dB more (four vendors)"),
      [10, 23, 23],
    ),
  },
  board: esp32,
};
