/**
 * What a user sets, read from the configuration once and checked, so that a wrong setting is one
 * clear line at start and not a strange failure in the field.
 */
import { SettingsError, lifetimeRange } from "../enos/credentials";
import { contactsOf, periodicUpdateOf } from "./contact-plan";
import { readModemSettings } from "./modem-settings";
import { choice, gpio, oneOf, serverAndPort, show, text, textOrNone, whole, yesNo } from "./setting-values";
import type { ReadingFormat } from "../delivery/entry";
import type { FullPolicy } from "../journal/journal";
import type { Order } from "../delivery/upload-queue";
import type { EditionSetting } from "../enos/authentication";
import type { FormatSetting } from "../enos/session-options";
import type { InitialisationVector } from "../enos/sign";
import type { ModemSettings } from "./modem-settings";
import type { Configuration } from "./setting-values";

/** Clocks of an ESP32's processor, MHz; not each chip has them all. */
const clocks: readonly number[] = Object.freeze([80, 160, 240]);

/** How readings are encoded: a raw layout of the thing model, JSON, or all of these in turn. */
export type Format = ReadingFormat | "alternate";

/** All that a user sets. The names are those of the configuration. */
export interface Settings extends ModemSettings {
  /** IPv4 address of the EnOS CoAP server, or its name. */
  readonly server: string;
  readonly port: number;
  /** Seconds between readings. */
  readonly interval: number;
  /** Readings to take, 0 for no end. */
  readonly reports: number;
  /** Not called "format": that name is mcconfig's own, for displays. */
  readonly payload: Format;
  /** How many readings are sent together: so many must wait before a request is made. See contact-plan.ts. */
  readonly batch: number;
  /** Longest payload of a request with several readings, bytes. */
  readonly payloadLimit: number;
  /** Age from which a reading counts as late, seconds; undefined: what a batch takes, and an interval. */
  readonly late?: number;
  /** Which readings are sent first when many wait. */
  readonly order: Order;
  /** Which readings are given up when the journal is full. */
  readonly full: FullPolicy;
  /** Seconds between two requests while readings that have waited are sent. */
  readonly spacing: number;
  /** Longest wait for the network, and for the second reading, after power came back, seconds. */
  readonly startSpread: number;
  /** Seconds a day for which the radio may be on in vain, 0 for no bound. */
  readonly radioBudget: number;
  /** Seconds a day for which others may make the radio be on, 0 for no bound. */
  readonly othersBudget: number;
  /** Whether a session is kept alive while no reading is due. */
  readonly keepAlive: boolean;
  /** Whether the values of each reading go into the log. */
  readonly logValues: boolean;
  /** What the ESP32 does between readings while its modem sleeps: `deep` needs a firmware with deep-sleep.c. */
  readonly sleep: "none" | "deep";
  /** Clock of the processor while there is something to do, MHz. */
  readonly processor: number;
  /**
   * What the processor does while it waits: stays at that clock, goes down to 80 MHz, or sleeps lightly where that
   * loses nothing but a line end, see `LightSleep`.
   */
  readonly waiting: "awake" | "slow" | "light-sleep";
  /** Lifetime of the authentication, seconds; left out, it follows from what lies between two contacts. */
  readonly lifetime: number;
  readonly edition: EditionSetting;
  readonly iv: InitialisationVector;
  /** Whether bytes for a parsing script are sent with their Content-Format. */
  readonly contentFormat: FormatSetting;
  /** Name of the board, which says how its modem is wired. */
  readonly board: string;
  /** Family of the modem, such as "sim7020"; the board's when left out. */
  readonly modem?: string;
  /** GPIOs of the modem's UART, where they are not the board's. */
  readonly transmit?: number;
  readonly receive?: number;
  /** Whether the control pins named here press with a high level, through a transistor. */
  readonly pressedHigh: boolean;
  /** GPIO that drives PWRKEY of the modem, if wired. */
  readonly powerKey?: number;
  /** GPIO that drives RESET_N of the modem, if wired. */
  readonly reset?: number;
  /** GPIO that drives the modem's own pin for ending PSM (PSM_EINT), if it has one and it is wired. */
  readonly wake?: number;
  /** GPIO that the modem's RI is wired to, which it pulls low before it says something by itself. */
  readonly ring?: number;
  /** GPIO that switches the modem's supply, high for on, if there is such a switch. */
  readonly modemSupply?: number;
}

/**
 * Reads all settings. Each has its property in what is returned, an undefined one too: see `unknownSettings`.
 *
 * @param seals the product seals its payloads
 * @throws SettingsError that names the setting, its value and what it may be
 */
export function readSettings(config: Configuration, seals = false): Settings {
  const interval = whole(config, "interval", 900, 1, 86_400);
  const asked = whole(config, "batch", 1, 1, 100);
  const { batch, lifetime } = contactsOf(
    interval,
    asked,
    config.lifetime === undefined
      ? undefined
      : whole(config, "lifetime", 0, lifetimeRange.least, lifetimeRange.most),
  );
  return {
    ...serverAndPort(config),
    interval,
    reports: whole(config, "reports", 0, 0, 1_000_000),
    payload: payloadOf(config, seals),
    batch,
    payloadLimit: whole(config, "payloadLimit", 512, 64, 1_024),
    late: config.late === undefined ? undefined : whole(config, "late", 0, 0, 31_536_000),
    order: choice(config, "order", "oldest", ["oldest", "live"]),
    full: choice(config, "full", "oldest", ["oldest", "newest", "thin"]),
    spacing: whole(config, "spacing", 3, 0, 3_600),
    startSpread: whole(config, "startSpread", 300, 0, 3_600),
    radioBudget: whole(config, "radioBudget", 5_400, 0, 86_400),
    othersBudget: whole(config, "othersBudget", 240, 0, 86_400),
    keepAlive: yesNo(config, "keepAlive", false),
    logValues: yesNo(config, "logValues", false),
    sleep: choice(config, "sleep", "none", ["none", "deep"]),
    processor: oneOf(config, "processor", 160, clocks),
    waiting: choice(config, "waiting", "slow", ["awake", "slow", "light-sleep"]),
    lifetime,
    edition: choice(config, "edition", "auto", ["auto", "token", "tokenless"]),
    iv: text(config, "iv", "zero"),
    contentFormat: choice(config, "contentFormat", "auto", ["auto", "always"]),
    board: text(config, "board", "m5stack-nbiot"),
    modem: textOrNone(config, "modem"),
    transmit: gpio(config, "transmit"),
    receive: gpio(config, "receive"),
    pressedHigh: yesNo(config, "pressedHigh", false),
    powerKey: gpio(config, "powerKey"),
    reset: gpio(config, "reset"),
    wake: gpio(config, "wake"),
    ring: gpio(config, "ring"),
    modemSupply: gpio(config, "modemSupply"),
    ...readModemSettings(config, periodicUpdateOf(interval * batch)),
  };
}

function payloadOf(config: Configuration, seals: boolean): Format {
  const payload = choice(config, "payload", "raw", ["raw", "compact", "json", "alternate"]);
  if (!seals || payload === "raw" || payload === "compact") return payload;
  throw new SettingsError(
    `payload is ${show(payload)}, it must be raw or compact: this product is sealed, and EnOS's own JSON cannot be`,
  );
}
