/**
 * What a hostile party between the operator's network and the server can do, by where it stands. The three
 * strengths are kept apart in results, because only the first can be anybody on the Internet:
 *
 *   off-path       sees nothing and guesses: message ids, tokens, at most a port; sends under any address
 *   on-path        reads all that passes, and sends what it likes; what passes arrives all the same
 *   in-the-middle  decides what passes: drops, delays, alters, and answers in the server's place
 */

export type Strength = "off-path" | "on-path" | "in-the-middle";

/** All strengths, the weakest first. */
export const strengths = Object.freeze(["off-path", "on-path", "in-the-middle"] as const);

interface ActTraits {
  /** The least that one has to be able to do. */
  readonly strength: Strength;
  /** When: of its own accord at every `every`, or at each request or answer that passes. */
  readonly at: "every" | "request" | "answer" | "either";
  /**
   * It makes use of what the protocol does not protect: answers are not authenticated, and a signature does not
   * cover the payload. Nothing that the device does could keep a reading or a command right.
   */
  readonly unprotected?: true;
}

const traits = {
  /** An empty CON to the device, which RFC 7252 answers with RST. */
  ping: { strength: "off-path", at: "every" },
  /** A NON response with a token that was guessed. */
  response: { strength: "off-path", at: "every" },
  /** A CON response with a token that was guessed. */
  "confirmable-response": { strength: "off-path", at: "every" },
  /** An ACK that carries a response: message id and token are guessed. */
  acknowledgement: { strength: "off-path", at: "every" },
  /** A RST for a message id that was guessed. */
  reset: { strength: "off-path", at: "every" },
  /** A request to the device. */
  request: { strength: "off-path", at: "every" },
  /** Random bytes to the device. */
  garbage: { strength: "off-path", at: "every" },
  /** Requests and random bytes to the server, from another address. */
  "to-server": { strength: "off-path", at: "every" },

  /** Answers with 4.01, as if the session had ended. */
  unauthorized: { strength: "on-path", at: "request" },
  /** Answers with an error that speaks of the server and not of the reading: 4.03, 5.00, 5.03. */
  error: { strength: "on-path", at: "request" },
  /** Answers with an error that blames the request: 4.00, 4.02, 4.04, 4.13, a 2.xx that stores nothing. */
  blame: { strength: "on-path", at: "request", unprotected: true },
  /** Answers a reading with 2.04 and a body like EnOS's: the device takes it for stored. */
  taken: { strength: "on-path", at: "request", unprotected: true },
  /** Answers with a command in option 2102. */
  command: { strength: "on-path", at: "request", unprotected: true },
  /** Announces a command, option 2100, with every answer. */
  announce: { strength: "on-path", at: "request" },
  /** Answers in blocks of 16 bytes, each of which says that more follow. */
  blocks: { strength: "on-path", at: "request" },
  /** Answers with a body of brackets, which a recursive reader of JSON follows until its stack is full. */
  nesting: { strength: "on-path", at: "request" },
  /** Acknowledges each request at once, so that nothing is sent again, and never answers. */
  hush: { strength: "on-path", at: "request" },
  /** Sends the server what the device has sent before, from another address. */
  replay: { strength: "on-path", at: "request" },
  /** Sends the device what the server has sent before. */
  "replay-answer": { strength: "on-path", at: "answer" },
  /** Sends the device ten pings at each datagram that passes. */
  flood: { strength: "on-path", at: "either" },

  drop: { strength: "in-the-middle", at: "either" },
  /** Seconds to minutes. */
  delay: { strength: "in-the-middle", at: "either" },
  /** Holds a datagram back until the next one has passed. */
  reorder: { strength: "in-the-middle", at: "either" },
  double: { strength: "in-the-middle", at: "either" },
  /** Changes bytes of what passes. */
  alter: { strength: "in-the-middle", at: "either", unprotected: true },
} as const satisfies Record<string, ActTraits>;

export type HostileAct = keyof typeof traits;

/** All acts. */
export const hostileActs = Object.freeze(Object.keys(traits)) as readonly HostileAct[];

/** What an act takes, when it happens, and whether the protocol protects against it. */
export const traitsOf = (act: HostileAct): ActTraits => traits[act];

/** The acts that somebody of this strength can do; all but the unprotected ones where that is asked for. */
export function actsOf(strength: Strength, protectedOnly = false): HostileAct[] {
  const reach = strengths.indexOf(strength);
  return hostileActs.filter((act) => {
    const { strength: least, unprotected } = traitsOf(act);
    return strengths.indexOf(least) <= reach && !(protectedOnly && unprotected === true);
  });
}

/** One attack. Times in virtual ms. */
export interface Attack {
  readonly strength: Strength;
  /** What is done, in turn by chance; each must be within the strength. */
  readonly acts: readonly HostileAct[];
  /** When it begins (default 0) and ends (default never). */
  readonly from?: number;
  readonly to?: number;
  /** ms between two datagrams that are sent of its own accord (default 5000). */
  readonly every?: number;
  /** Share of the datagrams that pass at which something is done, 0 to 1 (default 1). */
  readonly share?: number;
  /** Whether it knows the device's public port, or guesses one for each datagram (default "known"). */
  readonly port?: "known" | "guessed";
  /** What it gives as its address towards the device: the server's, its own, or either by chance (default). */
  readonly sender?: "server" | "own";
}

/** @throws RangeError for an act beyond the strength, or times and shares that cannot be */
export function checkAttack({
  strength,
  acts,
  from = 0,
  to = Infinity,
  every = 5_000,
  share = 1,
}: Attack): void {
  if (!strengths.includes(strength))
    throw new RangeError(`no strength "${strength}": ${strengths.join(", ")}`);
  if (acts.length === 0) throw new RangeError("an attack needs an act");
  const able = actsOf(strength);
  for (const act of acts) {
    if (!hostileActs.includes(act)) throw new RangeError(`no act "${act}": ${hostileActs.join(", ")}`);
    if (!able.includes(act))
      throw new RangeError(`"${act}" takes ${traitsOf(act).strength}, not ${strength}`);
  }
  if (!(from >= 0 && to > from)) throw new RangeError(`an attack from ${from} to ${to} ms has no time`);
  if (!(every >= 1 && every < Infinity)) throw new RangeError(`every must be 1 ms or more, got ${every}`);
  if (!(share > 0 && share <= 1)) throw new RangeError(`share must be above 0 and at most 1, got ${share}`);
}
