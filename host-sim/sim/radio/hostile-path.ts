/**
 * The way between the operator's network and the server, with whoever stands there:
 *
 *   device == cell, NAT --- HostilePath --- server
 *
 * Nobody is there until `attack` is called. Several attacks may go on at once; each draws from a stream of its
 * own, so that one more shifts nothing in the others, and the radio's own draws stay as they were.
 */
import { checkAttack, traitsOf } from "./hostile-acts";
import { forgedAnswer, guessed, guessedRequest, requestIn } from "./hostile-server";
import type { Attack, HostileAct } from "./hostile-acts";
import type { Endpoint } from "./nat";
import type { Random } from "../time/random";
import type { Scheduler } from "../time/clock";

/** Something that a hostile party did. */
export interface HostileEvent {
  /** Virtual ms. */
  readonly time: number;
  readonly strength: Attack["strength"];
  readonly act: HostileAct | InterposedAct;
  /** To whom the datagram goes, or would have gone. */
  readonly towards: "device" | "server";
  readonly bytes: Uint8Array;
}

/** What somebody interposed does besides: messages that he makes up, and others' that he puts into this one's place. */
type InterposedAct = "make-up" | "swap";

/** Somebody in the middle who decides of each datagram by himself, and not by chance: see host-sim/sim/path. */
export interface Interposed {
  /** What goes on to the server in the place of a device's datagram: the same, another, or none. */
  up(datagram: Uint8Array, peer: Endpoint): Uint8Array | undefined;
  /** What goes on to the device in the place of the server's. */
  down(datagram: Uint8Array, peer: Endpoint): Uint8Array | undefined;
}

export interface HostilePathOptions {
  readonly scheduler: Scheduler;
  readonly random: Random;
  /** The server's address, which a hostile party may give as its own. */
  readonly server: Endpoint;
  /** Public endpoints at which devices can be reached now. */
  readonly devices: () => readonly Endpoint[];
  /** Sends what the server has sent on to a device. */
  readonly toDevice: (datagram: Uint8Array, peer: Endpoint) => void;
  /** Sends a datagram of a hostile party to a device. */
  readonly injectDown: (datagram: Uint8Array, peer: Endpoint, from: Endpoint) => void;
  readonly toServer: (datagram: Uint8Array, peer: Endpoint) => void;
  readonly onEvent?: (event: HostileEvent) => void;
}

/** Its own address (RFC 5737, for documentation). */
const ownAddress = "198.51.100.66";
/** Datagrams that are remembered to be sent again. */
const remembered = 16;
/** Pings of one `flood`. */
const floodSize = 10;
/** ms for which `delay` holds a datagram. */
const delays = [1_000, 180_000] as const;
/** ms after which `reorder` lets go of a datagram though no other has passed. */
const longestHold = 30_000;

/** An attack, and what it has seen. */
interface Attacker {
  readonly attack: Attack;
  readonly random: Random;
  readonly byItself: readonly HostileAct[];
  readonly atRequests: readonly HostileAct[];
  readonly atAnswers: readonly HostileAct[];
  readonly seenUp: { readonly bytes: Uint8Array; readonly peer: Endpoint }[];
  readonly seenDown: { readonly bytes: Uint8Array; readonly peer: Endpoint }[];
  active: boolean;
}

/** The way from the operator's network to the server and back. */
export class HostilePath {
  readonly #options: HostilePathOptions;
  readonly #attackers: Attacker[] = [];
  #held: (() => void)[] = [];
  #interposed: Interposed | undefined;
  #attacks = 0;
  /** Datagrams acted upon or made, by act. */
  readonly counts: Partial<Record<HostileAct, number>> = {};

  constructor(options: HostilePathOptions) {
    this.#options = options;
  }

  /**
   * Somebody attacks from `from` to `to`; a time that is past is now.
   *
   * @returns ends it at once
   * @throws RangeError see `checkAttack`
   */
  attack(attack: Attack): () => void {
    checkAttack(attack);
    const { scheduler, random } = this.#options;
    const { acts, from = 0, to = Infinity } = attack;
    const at = (...when: string[]): HostileAct[] => acts.filter((act) => when.includes(traitsOf(act).at));
    const attacker: Attacker = {
      attack,
      random: random.fork(`attack ${this.#attacks++}`),
      byItself: at("every"),
      atRequests: at("request", "either"),
      atAnswers: at("answer", "either"),
      seenUp: [],
      seenDown: [],
      active: false,
    };
    const stop = (): void => {
      attacker.active = false;
      const index = this.#attackers.indexOf(attacker);
      if (index >= 0) this.#attackers.splice(index, 1);
    };
    const beginning = scheduler.at(from, () => {
      attacker.active = true;
      this.#attackers.push(attacker);
      if (attacker.byItself.length > 0) this.#beat(attacker);
    });
    if (to < Infinity) scheduler.at(to, stop);
    return () => {
      scheduler.cancel(beginning);
      stop();
    };
  }

  /** Everything passes through somebody's hands from now on, before whoever else attacks. */
  interpose(somebody: Interposed): void {
    this.#interposed = somebody;
  }

  /** He sends a device a datagram in the server's name. */
  answerFor(act: HostileEvent["act"], bytes: Uint8Array, device: Endpoint): void {
    this.told(act, "device", bytes);
    this.#options.injectDown(bytes, device, this.#options.server);
  }

  /** He did something with a datagram that passes, or would have. */
  told(act: HostileEvent["act"], towards: HostileEvent["towards"], bytes: Uint8Array): void {
    const { scheduler, onEvent } = this.#options;
    onEvent?.({ time: scheduler.now, strength: "in-the-middle", act, towards, bytes });
  }

  /** A datagram comes out of the operator's network. */
  up(sent: Uint8Array, peer: Endpoint): void {
    const datagram = this.#interposed === undefined ? sent : this.#interposed.up(sent, peer);
    if (datagram === undefined) return;
    for (const attacker of this.#attackers) {
      if (attacker.attack.strength !== "off-path") keep(attacker.seenUp, datagram, peer);
      const act = this.#choose(attacker, attacker.atRequests);
      if (act !== undefined && this.#act(attacker, act, "server", datagram, peer)) return;
    }
    this.#options.toServer(datagram, peer);
    this.#letGo();
  }

  /** The server sends a datagram to a device. */
  down(sent: Uint8Array, peer: Endpoint): void {
    const datagram = this.#interposed === undefined ? sent : this.#interposed.down(sent, peer);
    if (datagram === undefined) return;
    for (const attacker of this.#attackers) {
      if (attacker.attack.strength !== "off-path") keep(attacker.seenDown, datagram, peer);
      const act = this.#choose(attacker, attacker.atAnswers);
      if (act !== undefined && this.#act(attacker, act, "device", datagram, peer)) return;
    }
    this.#options.toDevice(datagram, peer);
    this.#letGo();
  }

  #choose({ attack, random }: Attacker, acts: readonly HostileAct[]): HostileAct | undefined {
    if (acts.length === 0) return undefined;
    const { share = 1 } = attack;
    const act = random.pick(acts);
    return share === 1 || random.chance(share) ? act : undefined;
  }

  /** The next datagram that is sent without having seen one. */
  #beat(attacker: Attacker): void {
    if (!attacker.active) return;
    const { attack, random, byItself } = attacker;
    const act = random.pick(byItself);
    if (act === "to-server") {
      const bytes = guessedRequest(random);
      this.#tell(attacker, act, "server", bytes);
      this.#options.toServer(bytes, { address: ownAddress, port: port(random) });
    } else {
      const known = this.#options.devices();
      const found = known.length === 0 ? undefined : random.pick(known);
      if (found !== undefined) {
        const target = attack.port === "guessed" ? { address: found.address, port: port(random) } : found;
        this.#send(attacker, act, guessed(act, random), target);
      }
    }
    this.#options.scheduler.after(attack.every ?? 5_000, () => this.#beat(attacker));
  }

  /** Does it to a datagram that passes. True when the datagram goes no further by itself. */
  #act(
    attacker: Attacker,
    act: HostileAct,
    towards: "device" | "server",
    datagram: Uint8Array,
    peer: Endpoint,
  ): boolean {
    const { attack, random, seenUp, seenDown } = attacker;
    const { scheduler, toServer } = this.#options;
    const pass = (bytes: Uint8Array): void => this.#passOn(towards, bytes, peer);
    const told = (bytes = datagram): void => this.#tell(attacker, act, towards, bytes);
    switch (act) {
      case "drop":
        told();
        return true;
      case "delay":
        told();
        scheduler.after(random.between(...delays), () => pass(datagram));
        return true;
      case "reorder": {
        told();
        let due: (() => void) | undefined = () => pass(datagram);
        const go = (): void => {
          const run = due;
          due = undefined;
          run?.();
        };
        this.#held.push(go);
        scheduler.after(longestHold, go);
        return true;
      }
      case "double":
        told();
        pass(datagram);
        return false;
      case "alter": {
        const bytes = datagram.slice();
        const count = 1 + Math.floor(random.next() * 3);
        for (let i = 0; i < count; i++)
          bytes[Math.floor(random.next() * bytes.length)] ^= 1 + (random.u32() % 255);
        told(bytes);
        pass(bytes);
        return true;
      }
      case "flood":
        for (let i = 0; i < floodSize; i++) this.#send(attacker, act, guessed("ping", random), peer);
        return false;
      case "replay": {
        const { bytes } = random.pick(seenUp);
        this.#tell(attacker, act, "server", bytes);
        toServer(bytes, { address: ownAddress, port: port(random) });
        return false;
      }
      case "replay-answer":
        this.#send(attacker, act, random.pick(seenDown).bytes, peer);
        return false;
      default: {
        const request = requestIn(datagram);
        if (request === undefined) return false;
        this.#send(
          { ...attacker, attack: { ...attack, sender: "server" } },
          act,
          forgedAnswer(act, request, random),
          peer,
        );
        // Who is in the middle keeps the request, so that its answer is the only one.
        return attack.strength === "in-the-middle";
      }
    }
  }

  #passOn(towards: "device" | "server", bytes: Uint8Array, peer: Endpoint): void {
    if (towards === "device") this.#options.toDevice(bytes, peer);
    else this.#options.toServer(bytes, peer);
  }

  /** What was held back follows the datagram that has passed. */
  #letGo(): void {
    const held = this.#held;
    this.#held = [];
    for (const go of held) go();
  }

  #send(attacker: Attacker, act: HostileAct, bytes: Uint8Array, target: Endpoint): void {
    const { attack, random } = attacker;
    const { server, injectDown } = this.#options;
    const own = attack.sender === undefined ? random.chance(0.5) : attack.sender === "own";
    this.#tell(attacker, act, "device", bytes);
    injectDown(bytes, target, own ? { address: ownAddress, port: port(random) } : server);
  }

  #tell({ attack }: Attacker, act: HostileAct, towards: "device" | "server", bytes: Uint8Array): void {
    this.counts[act] = (this.counts[act] ?? 0) + 1;
    const { scheduler, onEvent } = this.#options;
    onEvent?.({ time: scheduler.now, strength: attack.strength, act, towards, bytes });
  }
}

function keep(seen: Attacker["seenUp"], bytes: Uint8Array, peer: Endpoint): void {
  seen.push({ bytes: bytes.slice(), peer });
  if (seen.length > remembered) seen.shift();
}

/** A UDP port that no server reserves. */
function port(random: Random): number {
  return 1_024 + (random.u32() % 64_512);
}
