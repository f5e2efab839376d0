/**
 * What a modem family does in its own way: tables of commands, patterns and times, and short functions
 * where the flow really differs. Everything else is `Modem`'s, and the same for all.
 *
 *     AT -> ATE0, CMEE -> `always` -> model, IMEI -> SIM card -> `persistent` [-> restart]
 *        -> radio off -> `radio`, CPSMS, CEDRXS, `sleepy`, CEREG -> radio on -> `search` -> registered
 *        -> `attach` -> `signalAndTime` -> up
 *     asleep -> (key, pin or UART) -> AT -> ATE0, CMEE -> `always`, CEREG -> registered -> `attach` ...
 */
import type { Clock } from "../at/clock";
import type { AtResult } from "../at/engine";
import type { FirmwareGaps } from "../at/firmware-gaps";
import type { Step } from "../at/script";
import type { RadioTechnology, SignalAndTime, Wanted } from "../at/standard-commands";

/** How the family's control lines are used, times in ms; a line that the modem does not have is 0. */
export interface PowerTimes {
  /** PWRKEY low to switch the modem on. */
  readonly on: number;
  /** PWRKEY low to switch the modem off. */
  readonly off: number;
  /** PWRKEY, or the wake pin, low to end PSM. */
  readonly wake: number;
  /** RESET_N low. */
  readonly reset: number;
  /** From the press that switches the modem off until it may be switched on again. */
  readonly down: number;
  /** From a start until the modem surely answers on the UART. */
  readonly boot: number;
}

/** The command that switches a modem off in good order. */
export interface PowerOff {
  readonly line: string;
  /** Time for its answer, ms. */
  readonly timeout: number;
  /** What comes in place of OK. */
  readonly ends?: (line: Uint8Array) => AtResult | undefined;
}

/** How the family sleeps. */
export interface SleepTraits {
  /** What ends PSM: the power key, a pin of its own (PSM_EINT), or any byte on the UART. */
  readonly wakes: "key" | "pin" | "uart";
  /** After PSM the modem starts anew: settings, context and sockets are gone. */
  readonly boots: boolean;
  /**
   * Light sleep of the UART: ms without a command after which the modem may lose the first characters of the
   * next; left out when it does not.
   */
  readonly light?: number;
  /** A start takes the leave to sleep away: one that has restarted, or was woken by T3412, stays awake until it is told anew. */
  readonly stays?: boolean;
}

/** What an unsolicited line means to the driver. */
export type ModemUrc =
  | { readonly kind: "asleep" }
  | { readonly kind: "awake" }
  /** What the SIM card wants, in the words of `+CPIN:`; READY, or anything else, is the answer to a PIN. */
  | { readonly kind: "card"; readonly status: string }
  /** Something waits to be read from a socket. */
  | { readonly kind: "data"; readonly socket: number }
  /** A datagram, pushed. */
  | {
      readonly kind: "datagram";
      readonly socket: number;
      readonly bytes: Uint8Array;
      /** The line was too long, and these are the bytes of its beginning. */
      readonly cut?: boolean;
    }
  /** A line that was to carry a datagram and cannot be read. */
  | { readonly kind: "unreadable" }
  /** A socket is gone. */
  | { readonly kind: "closed"; readonly socket: number; readonly reason: string }
  /** The network context is gone, and the sockets with it. */
  | { readonly kind: "no-context" }
  /** The network's time. */
  | { readonly kind: "time"; readonly clock: Clock }
  /** The supply's voltage is near a limit of the modem. */
  | { readonly kind: "low-supply" | "high-supply" }
  /** The modem has switched itself off, over its supply's voltage or because it was told to. */
  | { readonly kind: "powered-off"; readonly supply?: "low" | "high" };

/** The cell that serves the modem, as far as the modem tells. */
export interface Cell {
  /** Signal of the cell's reference, dBm, and its quality, dB. */
  readonly rsrp?: number;
  readonly rsrq?: number;
  /** Signal to noise, dB. */
  readonly snr?: number;
  /** Coverage enhancement level: 0 near, 2 far. */
  readonly ecl?: number;
  readonly band?: number;
  /** As the modem writes it: some in hexadecimal, some not. */
  readonly cellId?: string;
  readonly rat?: RadioTechnology;
  /** MCC and MNC, five or six digits. */
  readonly operator?: string;
}

/** What of the context the network has chosen. */
export interface GrantedContext {
  readonly apn?: string;
  readonly address?: string;
}

/** Settings that a family may have no command for; `server` is a server given by its name. */
type AbsentSetting = "bands" | "operator" | "roaming" | "apnUser" | "ipType" | "init" | "baud" | "server";

/** A received datagram, and its sender where the modem names it. */
export interface Received {
  readonly bytes: Uint8Array;
  /** The modem announced more than it gave: these are the bytes of its beginning. */
  readonly cut?: boolean;
  readonly address?: string;
  readonly port?: number;
}

/** UDP in the family's own commands. A send that fails is tried once more on a new socket. */
export interface SocketTraits {
  /** Sockets that are used at once, at most. */
  readonly count: number;
  /** Largest datagram, bytes. */
  readonly largest: number;
  /**
   * Opens a socket to a peer. `opened` must be called with its id before the last step ends.
   *
   * @param id where the host chooses the id, this one
   */
  readonly open: (id: number, address: string, port: number, opened: (id: number) => void) => Step[];
  readonly close: (id: number) => Step[];
  /**
   * Steps of which the last sends; one before it asks for release assistance.
   *
   * @param release one answer is expected, then nothing: the network may release the connection
   * @param gaps what the firmware was found to lack, to which the steps may add
   */
  readonly send: (
    id: number,
    bytes: Uint8Array,
    address: string,
    port: number,
    release: boolean,
    gaps: FirmwareGaps,
  ) => Step[];
  /**
   * Reads one datagram from a modem that keeps them; `onData` is not called when there is none, and that alone tells that
   * none waits: bytes that an answer counts as left are this datagram's, or no document says of what.
   */
  readonly read?: (id: number, onData: (received: Received) => void) => Step[];
  /**
   * No document says that `read` keeps to the borders of datagrams: what it gives may be several, one behind the other. The
   * family's manifest in board/modem then has coap/manifest-joined.json.
   */
  readonly joinsDatagrams?: boolean;
  /** Most bytes that `read` gives: a datagram of so many may be the beginning of a longer one. */
  readonly readLimit?: number;
  /**
   * Asks whether a socket has lived through a sleep that was a start; `alive` is called when it has. Left out: none
   * does. Of a modem that wakes as it was they do, and a datagram that is refused tells otherwise.
   */
  readonly survival?: (id: number, alive: () => void) => Step[];
}

/** What a modem family does in its own way: tables of commands, patterns and times, and short functions. */
export interface Family {
  /** As settings and logs name it. */
  readonly name: string;
  /** The answers to AT+CGMM contain one of these, in capital letters. */
  readonly models: readonly string[];
  /** Rate of the UART, bit/s. */
  readonly baud: number;
  /** Pause between a response and the next command, ms. */
  readonly gap: number;
  /** Beginnings of the lines that may come unasked. */
  readonly urcs: readonly Uint8Array[];
  /** Lines that only a booting modem sends, see `AtEngineOptions.banners`. */
  readonly banners: readonly Uint8Array[];
  /** A restart leaves echo and the level of `+CEREG:` as they were: the banner alone tells of it. */
  readonly restartKeepsSettings?: boolean;
  readonly power: PowerTimes;
  readonly sleep: SleepTraits;
  /** Technologies that it has; NB-IoT alone when left out. */
  readonly technologies?: readonly RadioTechnology[];
  /** Settings that it has no command for. */
  readonly without?: readonly AbsentSetting[];
  /** How much `+CEREG:` is to tell: 5, or 4 where reject causes are not to be had. */
  readonly cereg: 4 | 5;
  /** Asks for the cause of a denial where `+CEREG:` does not tell it. */
  readonly cause?: (onCause: (cause: number) => void) => Step[];
  /** Asks for the granted timers, as their 8 bits, where `+CEREG:` may not tell them. */
  readonly grantedTimers?: (onTimers: (t3324: string, t3412: string) => void) => Step[];
  /** Time for `AT+CFUN=…`, ms. */
  readonly cfunTimeout: number;
  /** Radio off and SIM card kept where possible; `AT+CFUN=0` when left out. */
  readonly radioOff?: string;
  /** Restart by command; `AT+CFUN=1,1` when left out. */
  readonly restart?: string;
  /** Takes leave of the network and switches the modem off, until its key switches it on; left out where none does. */
  readonly powerOff?: PowerOff;
  /** Asks for the IMEI in the family's own way; the usual ways are tried behind it. */
  readonly imei?: (onLine: (line: Uint8Array) => void) => Step[];
  /**
   * Sets the rate of the modem's UART, which it takes up behind the OK of the first step; what follows is said at
   * the new rate. Left out where it is not to be changed.
   */
  readonly rate?: (baud: number) => Step[];
  /** Asks for the SIM card's number; `AT+CCID` when left out. */
  readonly iccid?: string;
  /**
   * Gives the SIM card its PIN, up to the PIN in quotes, and a line that `urc` reads as "card" tells what became of
   * it; `AT+CPIN=`, and its OK tells, when left out.
   */
  readonly pinCommand?: string;
  /** Asks how many tries for the PIN the card has left; `AT+CPINR` when left out. */
  readonly pinTries?: (onTries: (left: number) => void) => Step[];
  /**
   * Said after each boot and each wake: what the modem forgets.
   *
   * @param kept after a wake: the modem has kept the level of `+CEREG:`, and with it all else that its manual says is
   *   kept in the same way
   */
  readonly always?: (wanted: Wanted, kept?: boolean) => Step[];
  /**
   * Settings that the modem keeps without power and takes up at a restart: written only when they read
   * otherwise. `changed` is to be called when one was written.
   */
  readonly persistent?: (wanted: Wanted, changed: () => void) => Step[];
  /** Said while the radio is off: what travels in the attach request. */
  readonly radio: (wanted: Wanted) => Step[];
  /** Asks for PSM and eDRX; 3GPP's own commands when left out. */
  readonly saving?: (wanted: Wanted) => Step[];
  /** Said behind `saving`. */
  readonly sleepy?: (wanted: Wanted) => Step[];
  /** Said once the radio is on: what makes the modem look for a network, where it does not by itself. */
  readonly search?: (wanted: Wanted) => Step[];
  /** Said once the modem is registered: where a context must be activated for sockets. */
  readonly attach?: (wanted: Wanted) => Step[];
  /** Command lines sent when no datagram waits any more: they let the modem sleep. */
  readonly idle?: readonly string[];
  /** Asks for the signal by the first step, and for the time by those behind it. */
  readonly signalAndTime: (signalAndTime: SignalAndTime) => Step[];
  /** Asks for the cell; `onCell` gets it in one part or several. */
  readonly cell?: (onCell: (part: Cell) => void) => Step[];
  /** Asks for access point name and address that the network gave; in one part or several. */
  readonly context?: (onContext: (part: GrantedContext) => void) => Step[];
  /** Asks which bands the modem is set to search, in words for a log, such as `8,20` or the modem's own mask. */
  readonly bands?: (onBands: (bands: string) => void, wanted: Wanted) => Step[];
  /** Asks the network for the IPv4 address of a name; `onAddress` is not called when there is none. */
  readonly resolve?: (name: string, onAddress: (address: string) => void) => Step[];
  /** @param cut the line was too long, and this is its beginning; asked only of families that push datagrams */
  readonly urc: (line: Uint8Array, cut?: boolean) => ModemUrc | undefined;
  readonly sockets: SocketTraits;
}

/**
 * The family of this name among those that a firmware has.
 *
 * @throws RangeError that says what to do, when it has no such family
 */
export function familyNamed(families: readonly Family[], name: string): Family {
  for (let i = 0; i < families.length; i++) if (families[i].name === name) return families[i];
  const shown = name.slice(0, 40);
  if (families.length === 1) {
    throw new RangeError(
      `modem is "${shown}", and this firmware has ${families[0].name} alone: leave the setting out, or name ` +
        `another modem in the board's manifest (board/modem) and build again`,
    );
  }
  const names = families.map((family) => family.name).join(", ");
  throw new RangeError(`modem is "${shown}", it must be one of ${names}`);
}
