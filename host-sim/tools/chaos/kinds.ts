/**
 * The kinds of trouble that a script may have, how often each comes, how long it lasts and how bad it is.
 */
import { actCounts } from "./hostile-trouble";
import { tricks } from "./interposed";
import type { Random } from "../../sim/time/random";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** What a trouble strikes. `use` is none: the cloud's operator and the application do what they are there for. */
export type Group =
  | "network"
  | "cloud"
  | "refusals"
  | "hostile"
  | "modem"
  | "wires"
  | "clock"
  | "power"
  | "flash"
  | "storage"
  | "board"
  | "use";

interface Kind {
  readonly group: Group;
  /** How often it comes, against the others. */
  readonly weight: number;
  /** ms */
  readonly lasting: readonly [least: number, most: number];
  readonly amount: (random: Random) => number;
  /** It is for a sealed product: what it does to a plain one, nothing could excuse or prevent. */
  readonly sealedOnly?: true;
}

const whole = (least: number, most: number) => (random: Random) =>
  least + Math.floor(random.next() * (most - least + 1));
const between = (least: number, most: number) => (random: Random) =>
  Math.round(random.between(least, most) * 100) / 100;
const oneOf = (values: readonly number[]) => (random: Random) => random.pick(values);
const none = (): number => 0;
const act = (kind: string) => whole(0, actCounts[kind] - 1);
const once = [0, 0] as const;
/** Of 3GPP TS 24.301 section 9.9.3.9: from illegal UE to congestion, for good and for a while. */
const causes = [3, 6, 7, 8, 11, 15, 17, 22];
/** Codes of CoAP that are no success, and successes that EnOS never gives (RFC 7252 section 12.1.2, RFC 7959). */
const coapCodes = [
  400, 401, 402, 403, 404, 405, 406, 408, 412, 413, 415, 429, 500, 501, 502, 503, 504, 505, 201, 202, 203,
  205,
];
/** Codes of EnOS's answers other than 200, of the message, of the server, and such that nobody has described. */
const enosCodes = [
  400, 500, 503, 764, 1008, 1009, 1202, 1204, 1206, 1208, 1212, 1220, 1251, 1260, 11902, 99_999, 0, -1,
];

/** All kinds, and what `amount` is. */
const table = {
  /** No cell. */
  "coverage-outage": { group: "network", weight: 3, lasting: [2 * minute, 8 * hour], amount: none },
  /** Another coverage level: 0 to 2. */
  "coverage-level": { group: "network", weight: 2, lasting: [10 * minute, 6 * hour], amount: whole(0, 2) },
  /** Share of datagrams lost each way. */
  loss: { group: "network", weight: 3, lasting: [5 * minute, 3 * hour], amount: between(0.1, 0.6) },
  /** Factor on latencies. */
  "slow-network": { group: "network", weight: 2, lasting: [5 * minute, 2 * hour], amount: between(2, 12) },
  /** Share of datagrams that come twice. */
  duplication: { group: "network", weight: 2, lasting: [10 * minute, 6 * hour], amount: between(0.1, 0.9) },
  /** EMM cause with which attaches are refused. */
  "attach-denial": { group: "network", weight: 2, lasting: [5 * minute, 4 * hour], amount: oneOf(causes) },
  /** The operator's NAT forgets its mappings. */
  "nat-rebind": { group: "network", weight: 2, lasting: once, amount: none },
  /** The cloud answers nothing. */
  "cloud-down": { group: "cloud", weight: 2, lasting: [1 * minute, 6 * hour], amount: none },
  /** Share of requests answered 5.00. */
  "cloud-errors": {
    group: "cloud",
    weight: 2,
    lasting: [5 * minute, 4 * hour],
    amount: oneOf([0.3, 0.7, 1]),
  },
  /** The cloud forgets sessions. */
  "cloud-restart": { group: "cloud", weight: 2, lasting: once, amount: none },
  /** Datagrams a minute that the cloud takes from an address; the others are lost. */
  "rate-limit": { group: "cloud", weight: 1, lasting: [5 * minute, 4 * hour], amount: oneOf([1, 3, 10]) },
  /** The cloud has another secret for the device. */
  "secret-rotated": { group: "cloud", weight: 1, lasting: [5 * minute, 6 * hour], amount: none },
  /** The cloud speaks the other edition of the protocol, from then on. */
  "edition-change": { group: "cloud", weight: 1, lasting: once, amount: none },
  /** The cloud gets another address, and somebody tells the device: it is without power meanwhile. */
  "server-change": { group: "cloud", weight: 1, lasting: [1 * minute, 2 * hour], amount: none },
  /** Code with which half of the requests are answered, 404 for 4.04, instead of being carried out. */
  "coap-code": { group: "refusals", weight: 3, lasting: [2 * minute, 2 * hour], amount: oneOf(coapCodes) },
  /** Code in the bodies of half of the answers, likewise. */
  "enos-code": { group: "refusals", weight: 3, lasting: [2 * minute, 2 * hour], amount: oneOf(enosCodes) },
  /** Somebody off the path, who guesses: which of its acts, see hostile-trouble.ts. */
  "attack-off-path": {
    group: "hostile",
    weight: 1,
    lasting: [10 * minute, 6 * hour],
    amount: act("attack-off-path"),
  },
  /** Somebody who reads what passes and sends beside it, likewise. */
  "attack-on-path": {
    group: "hostile",
    weight: 1,
    lasting: [10 * minute, 6 * hour],
    amount: act("attack-on-path"),
  },
  /** Somebody who decides what passes, likewise. */
  "attack-in-the-middle": {
    group: "hostile",
    weight: 1,
    lasting: [10 * minute, 6 * hour],
    amount: act("attack-in-the-middle"),
  },
  /** Somebody who makes use of what the protocol leaves open, likewise: losses and altered values are his. */
  forgery: { group: "hostile", weight: 1, lasting: [10 * minute, 2 * hour], amount: act("forgery") },
  /** The man in the middle, who has all but the keys, and plays one of his tricks: see interposed.ts. */
  interposed: {
    group: "hostile",
    weight: 4,
    lasting: [20 * minute, 4 * hour],
    amount: whole(0, tricks.length - 1),
    sealedOnly: true,
  },
  "modem-reboot": { group: "modem", weight: 2, lasting: once, amount: none },
  "modem-deaf": { group: "modem", weight: 2, lasting: once, amount: none },
  /** Dead until its key is pressed; on a board that cannot, somebody comes when it has lasted. */
  "modem-hang-key": { group: "modem", weight: 1, lasting: [10 * minute, 4 * hour], amount: none },
  /** Dead until its supply was off, likewise. */
  "modem-hang-supply": { group: "modem", weight: 1, lasting: [10 * minute, 4 * hour], amount: none },
  /** ms without supply. */
  "modem-brownout": { group: "modem", weight: 2, lasting: once, amount: whole(5, 500) },
  /** Factor on the time until an answer. */
  "modem-slow": { group: "modem", weight: 1, lasting: [5 * minute, 2 * hour], amount: between(1.5, 4) },
  "sim-removal": { group: "modem", weight: 1, lasting: [1 * minute, 2 * hour], amount: none },
  /** The modem forgets its sockets and tells nobody, or loses the context they stand on, which it tells. */
  "sockets-gone": { group: "modem", weight: 2, lasting: once, amount: none },
  /** Share of unsolicited lines lost. */
  "urc-loss": { group: "wires", weight: 2, lasting: [5 * minute, 3 * hour], amount: between(0.1, 0.7) },
  /** Share of unsolicited lines that come twice. */
  "urc-doubling": { group: "wires", weight: 1, lasting: [5 * minute, 3 * hour], amount: between(0.1, 0.9) },
  /** Bytes of noise. */
  "uart-garbage": { group: "wires", weight: 2, lasting: once, amount: whole(1, 300) },
  /** Bytes lost on their way to the board. */
  "uart-overrun": { group: "wires", weight: 2, lasting: once, amount: whole(1, 200) },
  /** Bytes with a flipped bit. */
  "uart-corruption": { group: "wires", weight: 2, lasting: once, amount: whole(1, 30) },
  /** ms that the network's time is wrong: minutes, days, years. */
  "clock-error": {
    group: "clock",
    weight: 2,
    lasting: [10 * minute, 8 * hour],
    amount: (random) => {
      const size = random.pick([minute, 10 * minute, hour, day, 40 * day, 400 * day, 4_000 * day]);
      return Math.round((random.chance(0.5) ? 1 : -1) * size * random.between(0.5, 1.5));
    },
  },
  /** The board is without power, the modem is not. */
  "power-cut": { group: "power", weight: 3, lasting: [1 * second, 2 * hour], amount: none },
  /** Board and modem are without power. */
  "power-cut-all": { group: "power", weight: 2, lasting: [1 * second, 2 * hour], amount: none },
  /** Writes and erases, of flash and key-value storage, until the power fails in the middle of one. */
  "power-cut-in-write": {
    group: "power",
    weight: 3,
    lasting: [1 * second, 30 * minute],
    amount: whole(1, 40),
  },
  /** Bits that flip in what was written to flash. */
  "flash-bit-errors": { group: "flash", weight: 1, lasting: once, amount: whole(1, 3) },
  /** Bits that set, anywhere. */
  "flash-bits-set": { group: "flash", weight: 1, lasting: once, amount: whole(1, 3) },
  /** A block that can neither be written nor erased, for good. */
  "flash-bad-block": { group: "flash", weight: 1, lasting: once, amount: whole(0, 31) },
  /** Share of reads, writes and erases that end in an exception. */
  "flash-refuses": {
    group: "flash",
    weight: 1,
    lasting: [5 * minute, 4 * hour],
    amount: oneOf([0.02, 0.2, 1]),
  },
  /** Share of writes and erases that change nothing and say that they are done. */
  "flash-loses": {
    group: "flash",
    weight: 1,
    lasting: [5 * minute, 4 * hour],
    amount: oneOf([0.02, 0.2, 1]),
  },
  /** Share of them that change some of their bits. */
  "flash-halves": {
    group: "flash",
    weight: 1,
    lasting: [5 * minute, 4 * hour],
    amount: oneOf([0.02, 0.2, 1]),
  },
  /** Share of reads in which a bit comes the other way round. */
  "flash-misreads": {
    group: "flash",
    weight: 1,
    lasting: [5 * minute, 4 * hour],
    amount: oneOf([0.001, 0.02]),
  },
  /** Share of what is done to key-value storage that ends in an exception. */
  "storage-refuses": {
    group: "storage",
    weight: 1,
    lasting: [5 * minute, 4 * hour],
    amount: oneOf([0.1, 0.5, 1]),
  },
  /** It has no room for another value. */
  "storage-full": { group: "storage", weight: 1, lasting: [5 * minute, 4 * hour], amount: none },
  /** Share of writes that change nothing and say that they are done. */
  "storage-loses": {
    group: "storage",
    weight: 1,
    lasting: [5 * minute, 4 * hour],
    amount: oneOf([0.1, 0.5, 1]),
  },
  /** Share of values in which a bit is read or written the other way round. */
  "storage-misreads": {
    group: "storage",
    weight: 1,
    lasting: [5 * minute, 4 * hour],
    amount: oneOf([0.1, 0.5]),
  },
  /** Flash and key-value storage are as so many hours before, while the board is without power. */
  "image-restored": {
    group: "storage",
    weight: 1,
    lasting: [1 * second, 1 * minute],
    amount: whole(1, 8),
    sealedOnly: true,
  },
  /** Bits of the memory that outlives a restart; -1: all of it is random, -2: it is empty. */
  "retained-damage": { group: "storage", weight: 1, lasting: once, amount: oneOf([1, 2, 8, -1, -2]) },
  /** The engine ends the firmware; so many of the starts that follow end in the application's. */
  "engine-panic": { group: "board", weight: 2, lasting: once, amount: oneOf([0, 0, 0, 1, 2, 5]) },
  /** How the application fails: an index in `failures` of application-trouble.ts. */
  "application-fails": { group: "board", weight: 2, lasting: [5 * minute, 4 * hour], amount: whole(1, 9) },
  /** Commands that the cloud's operator sends at once. */
  commands: { group: "use", weight: 4, lasting: once, amount: oneOf([1, 1, 1, 2, 3, 5, 8, 20]) },
  /** Commands that the cloud sends once more, as if it had lost track of them. */
  "commands-again": { group: "use", weight: 2, lasting: once, amount: oneOf([1, 2, 5, 16]) },
  /** Events, attributes and tags that the application sends with its next reading. */
  messages: { group: "use", weight: 4, lasting: once, amount: oneOf([1, 1, 2, 3, 8]) },
} as const satisfies Record<string, Kind>;

export type FaultKind = keyof typeof table;

/** All kinds with what is drawn for each. */
export const kinds: Readonly<Record<FaultKind, Kind>> = table;

/** Their names. */
export const faultKinds = Object.freeze(Object.keys(kinds)) as readonly FaultKind[];

/** The groups that they are in. */
export const groups: readonly Group[] = [...new Set(faultKinds.map((kind) => kinds[kind].group))];

/** The kinds that names of kinds and of groups stand for, in the table's order; undefined for a strange name. */
export function kindsNamed(names: readonly string[]): FaultKind[] | undefined {
  const known = (name: string): boolean =>
    Object.hasOwn(kinds, name) || groups.some((group) => group === name);
  if (!names.every(known)) return undefined;
  return faultKinds.filter((kind) => names.includes(kind) || names.includes(kinds[kind].group));
}

/** The groups with their kinds, a line for each. */
export function kindsByGroup(): string {
  return groups
    .map((group) => `  ${group}: ${faultKinds.filter((kind) => kinds[kind].group === group).join(", ")}`)
    .join("\n");
}
