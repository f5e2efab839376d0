/**
 * What the standard thinks possible: the power assumptions of 3GPP's study, with the radio fitted to its twelve
 * battery lives.
 */
import { esp32 } from "./esp32";
import { assumed, derived, each, signalling } from "./figure-tags";
import type { EnergyProfile } from "./profile";

const study = "3GPP TR 45.820, power assumptions of the battery life evaluation";
const fitted =
  "fitted to the twelve battery lives of TR 45.820 (5 Wh, 50 and 200 bytes, MCL 144, 154, 164 dB)";

/** Radio as in 3GPP's study; the board's share is the field's. */
export const limit: EnergyProfile = {
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
    listen: assumed(0, "the study waits in light sleep"),
    update: signalling,
    power: each((value) => derived(value, study), [23, 23, 23]),
  },
  board: esp32,
};
