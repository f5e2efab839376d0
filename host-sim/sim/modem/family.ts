/**
 * What a modem family does in its own way, as seen from the AT port. Everything else (supply, SIM card,
 * registration, power saving, faults) is `SimulatedModem`'s, and the same for all.
 */
import type { Endpoint, RadioAttachment, RadioTechnology } from "../radio/link";
import type { Random } from "../time/random";
import type { AtAnswer, AtFailure, AtResponder } from "./at-responder";
import type { AtCommand } from "./at-command";
import type { FirmwareGeneration, Manual } from "./manual/manual";
import type { Quirks } from "./quirks";
import type { Registration } from "./registration";
import type { SimCard } from "./sim-card";
import type { Nvram, Settings } from "./settings";
import type { UdpSocket, UdpSockets } from "./udp-sockets";

/** The modem as its commands see it. */
export interface Unit {
  readonly settings: Settings;
  readonly nvram: Nvram;
  readonly responder: AtResponder;
  readonly registration: Registration;
  readonly sockets: UdpSockets;
  readonly network: RadioAttachment;
  readonly random: Random;
  readonly identity: { readonly imei: string; readonly imsi: string; readonly iccid: string };
  /** Which firmware of its family's manual it has; `undefined` where the family has no manual. */
  readonly generation: FirmwareGeneration | undefined;
  readonly card: SimCard;
  readonly quirks: Quirks;
  /** How this firmware tells that a socket command makes no sense. */
  readonly socketFailure: AtFailure;
  /** The context that sockets need, for families that have such a thing. */
  readonly context: { active: boolean };
  /** The eDRX cycle that the network grants, 4 bits; `undefined` for none. */
  readonly grantedEdrx: string | undefined;
  /** Whether the network has told the time. */
  readonly clockTold: boolean;
  /** The fields of `+CEREG:` for a level, behind n in an answer. */
  registrationFields(level: number): string;
  /** Time as `26/01/01,00:00:00+00`: the network's local time, or UTC with the zone behind it. */
  clock(tells?: "local" | "utc"): string;
  setFunction(cfun: 0 | 1 | 4): void;
  /** Another UART rate from now on, kept without power; 0 finds the host's. */
  setBaud(rate: number): void;
  /** The SIM card was told the right PIN. */
  cardUnlocked(): void;
  /** Tells the network of changed PSM settings. */
  requestPsm(): void;
  send(socket: UdpSocket, datagram: Uint8Array): void;
  socketChanged(id: number, state: "created" | "connected" | "closed"): void;
  /** An unsolicited line, `delay` ms from now (default now). */
  urc(text: string, delay?: number): void;
  restart(reason: string): void;
  /** Switches itself off: in good order, or (urgent) at once and without a word. */
  powerDown(reason: string, urgent?: boolean): void;
  /** Lets the modem sleep before the time for which an AT command keeps it awake. */
  releaseLock(): void;
  /** Runs `run` after `delay` ms unless the modem restarts before. */
  later(delay: number, run: () => void): void;
}

/** One command's rule. */
export interface CommandRule {
  /** ms until the answer, from and to. Default `ordinaryDelay`, which is also that of other forms. */
  readonly delay?: readonly [number, number];
  /** The only form that takes so long; all do when left out. */
  readonly delayed?: AtCommand["form"];
  /** `undefined`: this form of the command does not exist. */
  run(unit: Unit, command: AtCommand): AtAnswer | undefined;
}

/** Press lengths, ms low, and how long things take, ms from and to. */
export interface PowerTraits {
  /** PWRKEY; left out where there is none: it boots with its supply. */
  readonly key?: { readonly on: number; readonly off: number };
  /** Low on PWRKEY, or on the wake pin, that ends PSM; left out where neither does. */
  readonly wake?: number;
  /** Whether that is a pin of its own. */
  readonly wakePin?: boolean;
  /** RESET_N low that restarts it. */
  readonly reset?: number;
  readonly boot: readonly [number, number];
  readonly down: readonly [number, number];
  /** Its last words when it is switched off. */
  readonly goodbye?: string;
}

interface SleepTraits {
  /** After PSM it is as after a boot. */
  readonly boots: boolean;
  /** Any byte on the UART ends PSM; that byte, and what comes within `deafFor` ms, is lost. */
  readonly wakesByUart?: { readonly deafFor: number; when?(unit: Unit): boolean };
  /**
   * Awake, but past its `lock` and without a connection, its UART sleeps: what wakes it, and what comes
   * within `deafFor` ms, is lost. Left out: it does not.
   */
  readonly light?: { readonly deafFor: number; may(unit: Unit): boolean };
  /** ms that an AT command keeps it awake; left out: 5 s after a wake, T3324 at most after a release. */
  readonly lock?: number;
  /** Whether its settings let it sleep at all. */
  may?(unit: Unit): boolean;
  /** Whether sockets live through it. */
  keepsSockets(unit: Unit): boolean;
  /** Lines as it falls asleep. */
  entering(unit: Unit): readonly string[];
  /** Lines as it wakes; a family that boots says those of `booted` as well. */
  leaving(unit: Unit): readonly string[];
}

/** What its settings let a modem find. */
export interface SearchScope {
  /** Any band when left out. */
  readonly bands?: readonly number[];
  /** NB-IoT alone when left out. */
  readonly technologies?: readonly RadioTechnology[];
  /** False: foreign networks are not taken. */
  readonly roaming?: boolean;
}

/** What it says when it starts. */
export interface BootTraits {
  /** At once. */
  readonly lines: readonly string[];
  /** On the way to reading the SIM card. */
  readonly half?: string;
  /**
   * Whether it tells of the SIM card: `+CPIN: READY`, then and with `AT+CFUN`; or how it says that, `undefined` for
   * not at all.
   */
  readonly card: boolean | ((state: string) => string | undefined);
  /** When all is done. */
  readonly last?: readonly string[];
  /** It takes commands only from then on. */
  readonly servesLate?: boolean;
  /** ms to the SIM card, and from there to the last line, from and to. */
  readonly cardDelay: readonly [number, number];
  readonly lastDelay: readonly [number, number];
}

export interface Family {
  readonly name: string;
  /** UART rate that it has from the factory, bit/s. */
  readonly baud: number;
  readonly power: PowerTraits;
  readonly sleep: SleepTraits;
  /** What its manual allows: `commands` has a rule for those of it that do something. */
  readonly manual?: Manual;
  readonly commands: ReadonlyMap<string, CommandRule>;
  /** Sockets there are. */
  readonly sockets: number;
  /** As it leaves the factory. */
  nvram(): Nvram;
  readonly boot: BootTraits;
  /** A boot begins: settings other than the usual ones. */
  onBoot?(unit: Unit): void;
  /** The usual settings of a boot are there: what it keeps of echo, error style and URC levels, or has otherwise. */
  onReset?(unit: Unit): void;
  /** The fields of `+CEREG:` for a level, as in `Registration.fields`, where it has them otherwise. */
  registrationFields?(unit: Unit, level: number): string;
  /** Characters of the longest command that it takes; 1,100 when left out. */
  readonly longestLine?: number;
  /** The command that restarts it, besides `AT+CFUN=1,1`: even a modem that is deaf to others hears it. */
  readonly restartCommand?: string;
  /** PSM and eDRX requests outlive a restart. */
  readonly keepsPsm?: boolean;
  /** Attaches by itself when the radio is on; else `AT+CGATT=1` or `AT+COPS` makes it. */
  attachesItself(unit: Unit): boolean;
  /** What its settings let it find; NB-IoT in any band when left out. */
  searches?(unit: Unit): SearchScope;
  /** What it says when its supply is too low, and when that has switched it off. */
  readonly lowSupply?: { readonly warning?: string; readonly off?: string };
  /** It attaches without the access point's login, which is told with the context of its sockets. */
  readonly loginLater?: boolean;
  /** It is registered: lines and contexts that follow. */
  attached?(unit: Unit): void;
  /** A datagram has come for this socket: a line that carries it, or one that hints at it. */
  deliver(unit: Unit, socket: UdpSocket, datagram: Uint8Array, from: Endpoint): void;
  /** Its sockets take datagrams from anywhere. */
  readonly unconnected?: boolean;
  /** The radio connection has come or gone. */
  rrc?(unit: Unit, connected: boolean): void;
  /** How it writes lines, where that is not as 3GPP has it. */
  dialect?(unit: Unit, text: string): string;
  /** Unsolicited lines never stand between a command and its OK. */
  readonly urcsWait?: boolean;
  /** The context is lost from outside: its lines. */
  contextLost?(unit: Unit): readonly string[];
  /** Pause that it needs between a response and the next command, ms: sooner ones are lost. */
  readonly gap?: number;
}
