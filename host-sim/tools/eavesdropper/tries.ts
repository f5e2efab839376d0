/**
 * What somebody in the middle tries, one after another, and by what it is judged.
 */
import { OptionNumber } from "../../cloud/coap/options";
import { rawDown } from "../../sim/path/man-in-the-middle";
import { settingJson } from "../../sim/path/public-knowledge";
import { Acknowledging, Commanding, Dropping, Replacing } from "../../sim/path/tricks";
import type { CoapOption } from "../../cloud/coap/coap-wire";
import type { ManInTheMiddle, Recorded, Trick } from "../../sim/path/man-in-the-middle";
import type { HostileCommand } from "../../sim/path/tricks";
import type { PublicKnowledge } from "../../sim/path/public-knowledge";
import type { HostileEvent, HostilePath } from "../../sim/radio/hostile-path";
import type { TappedRequest } from "../../sim/path/wire-tap";
import type { Random } from "../../sim/time/random";

/** How payloads are protected in a run: from the weakest on. */
export const protections = ["plain", "sealed", "sealed, proof"] as const;
export type Protection = (typeof protections)[number];

/** What a try has to go by. */
export interface Means {
  readonly path: HostilePath;
  readonly man: ManInTheMiddle;
  readonly knowledge: PublicKnowledge;
  readonly random: Random;
  /** How often he tries each: once with each report that passes. */
  readonly most: number;
  /** Device keys of the one that he listens to, and of another of the same product. */
  readonly first: string;
  readonly second: string;
}

/** One thing that he tries. */
export interface Try {
  /** By which it is named in JSON. */
  readonly name: string;
  /** For people, behind "he". */
  readonly text: string;
  /** Whose books say what has come of it. */
  readonly whose: "first" | "second";
  /**
   * What he gains, once for each that is in the books then: a reading in the cloud that the device never took, a command
   * obeyed that the operator never sent, or a reading that neither has.
   */
  readonly gain: "untrue" | "obeyed" | "lost";
  /** The least that keeps it from him; undefined: none of them does. */
  readonly keptBy: Protection | undefined;
  /** ms for which he tries, where that is not the usual. */
  readonly lasting?: number;
  begin(means: Means): Trick;
}

/** What he would have the cloud believe, and the device do. */
const fever = { temperature: 80, humidity: 5, relay: 0, uptime: 1 };
const relayOn = { relay: 1 };
/** What the numbers of what he makes up begin with. */
const madeUp = 0x6d69_7400;

const options = ({ path, first, most }: Means, act: HostileEvent["act"], deviceKey = first) => ({
  ...{ path, act, deviceKey, most },
});

/** All of them, in their order. */
export const tries: readonly Try[] = [
  {
    name: "change-report",
    text: "changes what a report says",
    whose: "first",
    gain: "untrue",
    keptBy: "sealed",
    begin: (means) =>
      new Replacing(options(means, "alter"), ({ message: { payload } }, turn) => {
        const { knowledge, random } = means;
        return { payload: knowledge.flipped(payload, "temperature") ?? blindly(payload, random, turn) };
      }),
  },
  {
    name: "make-up-report",
    text: "makes a report up",
    whose: "first",
    gain: "untrue",
    keptBy: "sealed",
    begin: (means) =>
      new Replacing(options(means, "make-up"), (request, turn) => ({
        payload: madeUpReport(means, request, turn),
      })),
  },
  {
    name: "make-up-json",
    text: "makes a report up in JSON, on a topic of its own",
    whose: "first",
    gain: "untrue",
    keptBy: undefined,
    begin: (means) =>
      new Replacing(options(means, "make-up"), ({ message }, turn) => {
        const body = {
          id: String(madeUp + turn),
          version: "1.0",
          method: "thing.measurepoint.post",
          params: { measurepoints: { ...fever, uptime: turn } },
        };
        const path = ["thing", "measurepoint", "post"];
        return { payload: Buffer.from(JSON.stringify(body)), options: onTopic(message.options, path) };
      }),
  },
  {
    name: "replay-report",
    text: "sends an old report again, as if it were new",
    whose: "first",
    gain: "untrue",
    keptBy: "sealed",
    begin: (means) => {
      const old = means.man.reports.filter(({ deviceKey }) => deviceKey === means.first);
      return new Replacing(options(means, "replay"), (request, turn) =>
        oldPayload(means, old[(turn + 1) % old.length], request),
      );
    },
  },
  {
    name: "swap-report",
    text: "passes one device's report off as another's",
    whose: "second",
    gain: "untrue",
    keptBy: "sealed",
    begin: (means) =>
      new Replacing(options(means, "swap", means.second), (request) =>
        oldPayload(
          means,
          means.man.reports.filter(({ deviceKey }) => deviceKey === means.first).at(-1),
          request,
        ),
      ),
  },
  {
    name: "make-up-command",
    text: "makes a command up: relay on",
    whose: "first",
    gain: "obeyed",
    keptBy: "sealed",
    begin: (means) => new Commanding(options(means, "command"), (turn) => madeUpCommand(means, turn)),
  },
  {
    name: "replay-command",
    text: "sends an old command again",
    whose: "first",
    gain: "obeyed",
    keptBy: "sealed",
    begin: (means) =>
      new Commanding(options(means, "replay-answer"), (turn) => oldCommand(means, turn, 0x100)),
  },
  {
    name: "swap-command",
    text: "passes one device's command to another",
    whose: "second",
    gain: "obeyed",
    keptBy: "sealed",
    begin: (means) =>
      new Commanding(options(means, "swap", means.second), (turn) => oldCommand(means, turn, undefined)),
  },
  {
    name: "acknowledge",
    text: 'answers "stored" himself, so that a reading is lost',
    whose: "first",
    gain: "lost",
    keptBy: "sealed, proof",
    begin: (means) => new Acknowledging(options(means, "taken")),
  },
  {
    name: "drop",
    text: "lets nothing pass for three hours, so that readings are lost",
    whose: "first",
    gain: "lost",
    keptBy: "plain",
    lasting: 3 * 3_600_000,
    begin: ({ path }) => new Dropping({ path }),
  },
];

/** Parts of a payload in which he turns bits, one after another. */
const parts = 3;

/** A bit flipped where he knows nothing of what it means: in the head, in what names the sender, in what follows, at the end. */
function blindly(payload: Uint8Array, random: Random, turn: number): Uint8Array {
  const changed = payload.slice();
  const part = Math.floor((payload.length * ((turn % parts) + random.next())) / parts);
  changed[part] ^= 1 << (random.u32() & 7);
  return changed;
}

/**
 * A report in bytes, under the number of the one that it takes the place of where he can read that; where reports are
 * sealed in plain, and under a key of his own, in turn.
 */
function madeUpReport({ knowledge }: Means, request: TappedRequest, turn: number): Uint8Array {
  const { message, productKey, deviceKey } = request;
  const number = knowledge.numberOf(message.payload) ?? madeUp + turn;
  const plain = knowledge.report({ ...fever, uptime: turn }, number);
  return turn % 2 === 1 ? (knowledge.sealed(productKey, deviceKey, plain) ?? plain) : plain;
}

/** What has passed before, as a report that is new as far as he can make it one. */
function oldPayload(
  { knowledge }: Means,
  old: Recorded | undefined,
  { message }: TappedRequest,
): { readonly payload: Uint8Array } | undefined {
  if (old === undefined) return undefined;
  const number = knowledge.numberOf(message.payload);
  const renumbered = number === undefined ? undefined : knowledge.renumbered(old.payload, number);
  return { payload: renumbered ?? old.payload };
}

/** In bytes, in JSON, and in bytes that are sealed under a key of his own, in turn. */
function madeUpCommand({ knowledge, first }: Means, turn: number): HostileCommand | undefined {
  const id = String(madeUp + turn);
  if (turn % 3 === 1) {
    return { topic: "thing/service/measurepoint/set", payload: Buffer.from(settingJson(relayOn, id)) };
  }
  const own = turn % 3 === 2 ? knowledge.sealedSetting(first, relayOn, id) : undefined;
  const payload = own ?? knowledge.setting(relayOn, id);
  return payload && { topic: rawDown, payload };
}

/**
 * A command for the first device that has passed before.
 *
 * @param number from which he numbers them anew, where he can; undefined leaves them as they were
 */
function oldCommand(
  { knowledge, man, first }: Means,
  turn: number,
  number: number | undefined,
): HostileCommand | undefined {
  const commands = man.commands.filter(({ deviceKey }) => deviceKey === first);
  const old = commands[turn % Math.max(1, commands.length)];
  if (old === undefined) return undefined;
  const renumbered =
    number === undefined ? undefined : knowledge.renumbered(old.payload, madeUp + number + turn);
  return { topic: rawDown, payload: renumbered ?? old.payload };
}

/** The options of a request on another topic of the same device, with a Content-Format for JSON. */
function onTopic(before: readonly CoapOption[], topic: readonly string[]): CoapOption[] {
  const paths = before.filter(({ number }) => number === OptionNumber.uriPath).slice(0, 4);
  const others = before.filter(
    ({ number }) => number !== OptionNumber.uriPath && number !== OptionNumber.contentFormat,
  );
  const path = topic.map((segment) => ({ number: OptionNumber.uriPath, value: Buffer.from(segment) }));
  const json = { number: OptionNumber.contentFormat, value: Uint8Array.of(50) };
  return [...others, ...paths, ...path, json];
}
