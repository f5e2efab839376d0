/**
 * What a product with `"health": true` tells of itself, in the model's own words: measure points, so that history and
 * plots come for nothing, an event and two services. `npm run model` gives them their numbers (joined-parts.ts).
 *
 * A daily report has all points but the last two, at most 64 bytes in the compact layout where no number is above 72;
 * those two go when either has changed. What is not known is left out.
 */
import type { JoinedPart, JoinedPoint } from "./joined-parts";
import type { ModelCompact, ModelField } from "./model";

/** Why the device started last, by the numbers that firmware/health/start-reasons.ts has for them. */
export const startReasons: Readonly<Record<string, string>> = Object.freeze({
  "0": "unknown",
  "1": "power-on",
  "2": "software",
  "3": "panic",
  "4": "watchdog",
  "5": "abort",
  "6": "brownout",
  "7": "cpu-lockup",
  "8": "external",
});

const byte: ModelCompact = { as: "uint8" };
const word: ModelCompact = { as: "uint16" };
/** Seconds of a day, to two of them. */
const seconds: ModelCompact = { as: "uint16", scale: 2 };
/** dBm: -228 to 27. */
const power: ModelCompact = { as: "int8", offset: -100 };
const noise: ModelCompact = { as: "int8" };

function count(identifier: string, name: string, compact: ModelCompact): JoinedPoint {
  const most = compact.as === "uint8" ? 255 : 65_535;
  return { identifier: `health_${identifier}`, name, type: "int", range: [0, most], compact };
}

function time(identifier: string, name: string): JoinedPoint {
  return {
    identifier: `health_${identifier}`,
    name,
    type: "int",
    unit: "s",
    range: [0, 131_070],
    compact: seconds,
  };
}

/** The last, the least and the most that was seen since the report before. */
function seen(
  identifier: string,
  name: string,
  range: readonly [number, number],
  compact: ModelCompact,
  unit?: string,
): JoinedPoint[] {
  const one = (suffix: string, which: string): JoinedPoint => ({
    identifier: `health_${identifier}${suffix}`,
    name: `${name}, ${which}`,
    type: "int",
    ...(unit === undefined ? {} : { unit }),
    range,
    compact,
  });
  return [one("", "last"), one("_least", "least"), one("_most", "most")];
}

/** By the order in which they get their numbers: add yours at the end. */
const measurepoints: readonly JoinedPoint[] = [
  {
    identifier: "health_period",
    name: "Time since the report before",
    type: "int",
    unit: "s",
    range: [0, 655_350],
    compact: { as: "uint16", scale: 10 },
  },
  count("starts", "Starts", byte),
  count("panics", "Starts after a panic, the watchdog or an abort", byte),
  count("power_losses", "Starts after a loss of power or a brownout", byte),
  { identifier: "health_last_start", name: "Reason of the last start", type: "enum", values: startReasons },
  count("resyncs", "Modem resets: probed until it answered", byte),
  count("radio_resets", "Modem resets: radio off and on", byte),
  count("reboots", "Modem resets: restart by command", byte),
  count("key_resets", "Modem resets: by its power key", byte),
  count("supply_resets", "Modem resets: by its supply", byte),
  count("authentications", "Sessions opened with the cloud", byte),
  count("retransmissions", "CoAP messages sent again", word),
  count("unanswered", "Exchanges without an answer", word),
  time("awake", "Time that the board was awake"),
  time("modem_awake", "Time that the modem was awake"),
  time("connected", "Time with a radio connection, estimated"),
  {
    identifier: "health_energy",
    name: "Energy, estimated",
    type: "double",
    unit: "J",
    range: [0, 42_949_672],
    compact: { as: "uint32", scale: 0.01 },
  },
  count("waiting", "Readings and messages that wait for the cloud", word),
  count("lost_full", "Readings lost for want of room", word),
  count("lost_damaged", "Readings lost as flash could not give them back", word),
  count("refused", "Readings that the cloud or the model refused", word),
  {
    identifier: "health_erases",
    name: "Erases of the journal's most erased block",
    type: "int",
    range: [0, 131_070],
    compact: { as: "uint16", scale: 2 },
  },
  {
    identifier: "health_free_heap",
    name: "Least memory that was free since the start",
    type: "int",
    unit: "byte",
    range: [0, 1_048_560],
    compact: { as: "uint16", scale: 16 },
  },
  ...seen("rsrp", "Signal of the cell, RSRP", [-228, 27], power, "dBm"),
  ...seen("snr", "Signal to noise", [-128, 127], noise, "dB"),
  ...seen("coverage", "Coverage enhancement level", [0, 2], byte),
  {
    identifier: "health_battery",
    name: "Battery",
    type: "int",
    unit: "mV",
    range: [0, 65_535],
    compact: word,
  },
  { identifier: "health_firmware", name: "Firmware", type: "string", maxLength: 16 },
  { identifier: "health_modem", name: "Firmware of the modem", type: "string", maxLength: 32 },
];

/** A whole number among the outputs of the service `health`. */
function total(identifier: string, name: string, unit?: string): ModelField {
  return { identifier, name, type: "int", ...(unit === undefined ? {} : { unit }) };
}

/** What `"health": true` adds to a model. */
export const healthPart: JoinedPart = {
  name: "health",
  measurepoints,
  events: [
    {
      identifier: "health_alarm",
      name: "A limit of the device's health was crossed",
      level: "warning",
      outputs: [
        { identifier: "what", name: "The setting that has the limit", type: "string", maxLength: 32 },
        { identifier: "value", name: "What it has come to", type: "double" },
        { identifier: "limit", name: "The limit", type: "double" },
      ],
    },
  ],
  services: [
    {
      identifier: "health",
      name: "A report of the device's health now; the answer has what was counted in all",
      inputs: [],
      outputs: [
        total("time", "Time that it has run", "s"),
        total("starts", "Starts"),
        total("panics", "Starts after a panic, the watchdog or an abort"),
        total("power_losses", "Starts after a loss of power or a brownout"),
        total("resets", "Resets of the modem"),
        total("authentications", "Sessions opened with the cloud"),
        total("retransmissions", "CoAP messages sent again"),
        total("unanswered", "Exchanges without an answer"),
        total("lost", "Readings lost"),
        total("refused", "Readings refused"),
        total("awake", "Time that the board was awake", "s"),
        total("connected", "Time with a radio connection, estimated", "s"),
        total("energy", "Energy, estimated", "J"),
      ],
    },
    {
      identifier: "fetch_log",
      name: "Last lines of the log",
      inputs: [{ identifier: "skip", type: "int", range: [0, 16_384], optional: true }],
      outputs: [{ identifier: "text", type: "string", maxLength: 1024 }],
    },
  ],
};
