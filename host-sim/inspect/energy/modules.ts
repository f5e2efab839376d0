/**
 * What the data sheets of the modem families say: the field's profile with the sheet's figures in the place of its
 * own. A sheet knows the module and no network, so that rates, access and C-DRX stay the field's; where it gives no
 * figure, the field's stays too, with its own source.
 */
import { field } from "./field";
import type { EnergyProfile, Figure } from "./profile";

type ModemFigures = EnergyProfile["modem"];

/** A family's sheet: the supply at which it was read, V, and currents by state, A. */
interface Sheet {
  readonly source: string;
  readonly volts: number;
  readonly amperes: Partial<Record<keyof ModemFigures, number>>;
  /** Where one of them needs a word more. */
  readonly notes?: Partial<Record<keyof ModemFigures, string>>;
  /** Read off a module by somebody else, not printed by its maker. */
  readonly tag?: "measured";
}

const robinson = "D. Robinson, LTE Cat-NB performance evaluation, Stellenbosch 2019, chapter 3";

/** The sheets, by the family's name. */
export const sheets: Readonly<Record<string, Sheet>> = Object.freeze({
  sim7020: {
    source: "SIM7020 Hardware Design V1.02, table 30, page 37, at 3.3 V",
    volts: 3.3,
    amperes: {
      psm: 3.4e-6,
      radioOff: 236e-6,
      idle: 5.6e-3,
      edrx: 95e-6,
      transmit23: 0.128,
      transmit10: 0.035,
    },
    notes: {
      radioOff: "AT+CFUN=0",
      edrx: "cycle 81.92 s, window 20.48 s, DRX 2.56 s",
      transmit23: "band 8, 23 dBm",
      transmit10: "band 8, 10 dBm",
    },
  },
  sim7000: {
    source: "SIM7000 Series Hardware Design V1.07, table 34, pages 50 to 52, at 3.8 V",
    volts: 3.8,
    amperes: { psm: 9e-6, idle: 11e-3, receive: 0.0684, transmit23: 0.1446, transmit10: 0.0695 },
    notes: {
      idle: "LTE idle",
      receive: "NB-IoT, band 8, 12 subcarriers down",
      transmit23: "NB-IoT, band 8, one subcarrier of 15 kHz, 23 dBm",
      transmit10: "NB-IoT, band 8, one subcarrier of 15 kHz, 10 dBm",
    },
  },
  sim7080: {
    source:
      "SIM7080 Series SPEC 2020-04-27, and for sending SIM7070 Hardware Design V1.03, table 37, page 56, at 3.8 V",
    volts: 3.8,
    amperes: { psm: 3.2e-6, idle: 10e-3, edrx: 0.6e-3, transmit23: 0.143, transmit10: 0.08 },
    notes: {
      edrx: "SIM7070: cycle 81.92 s, window 40.96 s, DRX 2.56 s",
      transmit23: "NB2, band 8, one subcarrier, 21 dBm, its most",
      transmit10: "NB2, band 8, one subcarrier, 10 dBm",
    },
  },
  bc660k: {
    source: "BC660K-GL Hardware Design, section 3.4.2, page 21, at 3.3 V",
    volts: 3.3,
    amperes: { psm: 0.8e-6 },
    notes: { psm: "deep sleep" },
  },
  bc95: {
    source: `${robinson}: its C-DRX was seen to peak at 70.4 mA`,
    volts: 3.6,
    amperes: { psm: 4.2e-6, receive: 0.0704 },
    tag: "measured",
  },
  "sara-n2": {
    source: `${robinson}: its C-DRX was seen to peak at 73.6 mA`,
    volts: 3.6,
    amperes: { psm: 3.6e-6, receive: 0.0736 },
    tag: "measured",
  },
  "sara-r5": {
    source:
      "SARA-R5 data sheet UBX-19016638 R07, table 12, page 26, at 3.8 V; its figures for sending are LTE-M's",
    volts: 3.8,
    amperes: { psm: 62e-6, radioOff: 1e-3, idle: 25e-3, edrx: 1.1e-3 },
    notes: {
      psm: "SARA-R500S; SARA-R510S 0.5 uA",
      radioOff: "airplane mode",
      idle: "active mode, DRX 1.28 s",
      edrx: "cycle 655.36 s, window 20.48 s",
    },
  },
});

/** Families whose sheets nobody here has read: what to take for them. */
export const withoutSheet = ["bc66", "bg95", "sara-r4"] as const;

/** The profile of a module, by its family's name; undefined without a sheet of it. */
export function moduleProfile(name: string): EnergyProfile | undefined {
  if (!Object.hasOwn(sheets, name)) return undefined;
  const { source, volts, amperes, notes = {}, tag = "derived" } = sheets[name];
  const modem: Record<string, Figure> = { ...field.modem };
  for (const [state, current] of Object.entries(amperes)) {
    const note = notes[state as keyof ModemFigures];
    modem[state] = {
      value: Number((volts * current).toPrecision(3)),
      tag,
      source: note === undefined ? source : `${source}: ${note}`,
    };
  }
  return { ...field, name, modem: modem as unknown as ModemFigures };
}
