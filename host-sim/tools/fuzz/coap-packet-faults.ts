/**
 * coap-packet 1.1.1 beside the firmware's decoder: the faults of coap-packet by name, each with the
 * datagrams that it concerns, found by a reader that shares no line with either. Wherever none of them
 * applies, both must agree.
 */
import { decode } from "../../../firmware/coap/message";
import { peerDecode } from "./peer";
import { check, hex } from "./target";

/** What is wrong with a datagram, or undefined. Straight from the text of RFC 7252 section 3. */
export function anatomy(b: Uint8Array): string | undefined {
  if (b.length < 4) return "no header";
  if (b[0] >> 6 !== 1) return "another version";
  const tkl = b[0] % 16;
  if (tkl > 8) return "reserved token length";
  if ([1, 6, 7].includes(b[1] >> 5)) return "reserved code class";
  if (b[1] === 0) return b.length === 4 && tkl === 0 ? undefined : "empty message that is not empty";
  if (b.length < 4 + tkl) return "truncated token";
  let rest = [...b.subarray(4 + tkl)];
  let option = 0;
  while (rest.length > 0) {
    const [head] = rest;
    rest = rest.slice(1);
    if (head === 0xff) return rest.length === 0 ? "marker without payload" : undefined;
    const numbers = [head >> 4, head % 16];
    for (let i = 0; i < 2; i++) {
      if (numbers[i] === 15) return "reserved nibble";
      const extra = Math.max(0, numbers[i] - 12);
      if (rest.length < extra) return "missing extension";
      if (extra === 1) numbers[i] = 13 + rest[0];
      if (extra === 2) numbers[i] = 269 + rest[0] * 256 + rest[1];
      rest = rest.slice(extra);
    }
    option += numbers[0];
    if (option > 65535) return "option number above 65535";
    if (rest.length < numbers[1]) return "truncated option value";
    rest = rest.slice(numbers[1]);
  }
  return undefined;
}

/** What the firmware calls it. */
const names: Readonly<Record<string, readonly string[]>> = {
  "no header": ["short"],
  "another version": ["version"],
  "reserved token length": ["token-length"],
  "reserved code class": ["code-class"],
  "empty message that is not empty": ["empty-with-content"],
  "truncated token": ["token-truncated"],
  "marker without payload": ["payload-empty"],
  "reserved nibble": ["option-delta", "option-length"],
  "missing extension": ["option-extension"],
  "option number above 65535": ["option-number"],
  "truncated option value": ["option-truncated"],
};

/** A fault of coap-packet: what it accepts and RFC 7252 does not. */
export interface PeerFault {
  readonly name: string;
  applies(datagram: Uint8Array, disorder: string): boolean;
}

export const peerFaults: readonly PeerFault[] = [
  {
    name: "accepts the reserved token lengths 9 to 14 (section 3: must be processed as a format error)",
    applies: (datagram) => datagram[0] % 16 >= 9 && datagram[0] % 16 <= 14,
  },
  {
    name: "accepts a token that the datagram ends in (section 3)",
    applies: (datagram) => datagram.length < 4 + (datagram[0] % 16),
  },
  {
    name: "accepts the reserved code classes 1, 6 and 7 (section 3 and 12.1)",
    applies: (datagram) => [1, 6, 7].includes(datagram[1] >> 5),
  },
  {
    name: "accepts an empty message with a token length (section 4.1)",
    applies: (datagram) => datagram[1] === 0 && datagram.length === 4 && datagram[0] % 16 > 0,
  },
  {
    name: "accepts an option number above 65535 (section 12.2)",
    applies: (_, disorder) => disorder === "option number above 65535",
  },
  {
    name: "cuts an option's value short where the datagram ends (section 3.1)",
    applies: (_, disorder) => disorder === "truncated option value",
  },
  {
    name: "accepts a payload marker without payload (section 3: must be processed as a format error)",
    applies: (_, disorder) => disorder === "marker without payload",
  },
];

/**
 * Compares the two on one datagram and returns the names of coap-packet's faults that it shows.
 *
 * @throws Violation when they differ in anything that is not on the list
 */
export function compareWithPeer(datagram: Uint8Array): string[] {
  const ours = decode(datagram);
  const disorder = anatomy(datagram);
  check(
    (disorder === undefined) === (typeof ours !== "string"),
    "accepts what RFC 7252 section 3 does",
    () => {
      return `${typeof ours === "string" ? `refused as ${ours}` : "accepted"}, but it has ${disorder ?? "no fault"}`;
    },
  );
  if (typeof ours === "string") {
    check(
      names[disorder!].includes(ours),
      "names the rule that is broken",
      () => `${ours}, but it has ${disorder}`,
    );
  }
  let theirs: ReturnType<typeof peerDecode> | undefined;
  try {
    theirs = peerDecode(datagram);
  } catch {
    theirs = undefined;
  }
  if (typeof ours === "string") {
    if (theirs === undefined) return [];
    const faults = peerFaults.filter((fault) => fault.applies(datagram, disorder!));
    check(
      faults.length > 0,
      "agrees with coap-packet but for its known faults",
      () => `it accepts ${disorder}`,
    );
    return faults.map(({ name }) => name);
  }
  check(theirs !== undefined, "agrees with coap-packet but for its known faults", () => "it refuses this");
  const { type, code, messageId, token, options, payload } = ours;
  const fields = {
    type,
    code,
    messageId,
    token: hex(token),
    options: options.map(({ number, value }) => [number, hex(value)]),
    payload: hex(payload),
  };
  const [mine, peers] = [JSON.stringify(fields), JSON.stringify(theirs)];
  check(mine === peers, "reads the same as coap-packet", () => `${mine} against ${peers}`);
  return [];
}
