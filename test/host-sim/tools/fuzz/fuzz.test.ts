/** Some seconds of fuzzing in every run, the same inputs each time; `npm run fuzz` goes further. */
import { describe, expect, it, test } from "vitest";
import { unhex } from "../../../../host-sim/tools/fuzz/peer";
import { couldMake } from "../../../../host-sim/tools/fuzz/block-pieces";
import { anatomy, compareWithPeer, peerFaults } from "../../../../host-sim/tools/fuzz/coap-packet-faults";
import { fuzz, replay } from "../../../../host-sim/tools/fuzz/fuzzer";
import { shrink } from "../../../../host-sim/tools/fuzz/shrink";
import { Violation, hex } from "../../../../host-sim/tools/fuzz/target";
import { targets } from "../../../../host-sim/tools/fuzz/targets";
import { density } from "../../../density";
import type { Piece } from "../../../../host-sim/tools/fuzz/block-pieces";
import type { Target } from "../../../../host-sim/tools/fuzz/target";

const shares: Readonly<Record<string, number>> = {
  decode: density(20_000, 5_000),
  endpoint: 1_500,
  blocks: density(12_000, 3_000),
  answers: density(6_000, 700),
  at: density(6_000, 600),
  flash: density(4_000, 500),
  retained: density(2_000, 200),
  settings: density(40_000, 3_000),
  state: density(6_000, 1_000),
  remote: density(20_000, 1_000),
  package: density(40_000, 3_000),
  chunk: density(20_000, 3_000),
  http: density(3_000, 400),
};

const campaigns = new Map<Target, ReturnType<typeof fuzz>>();
/** What came of a target's share, which is done once. */
function shareOf(target: Target): ReturnType<typeof fuzz> {
  const enough = (count: number): boolean => count >= shares[target.name];
  const campaign = campaigns.get(target) ?? fuzz(target, { seed: 3, enough });
  campaigns.set(target, campaign);
  return campaign;
}

describe.each(targets)("$name", (target) => {
  it(`keeps its rules for ${shares[target.name]} inputs`, async () => {
    const { failure, features } = await shareOf(target);
    if (failure !== undefined) {
      throw new Error(
        `${failure.message}\nnpm run fuzz -- --target ${target.name} --replay ${hex(failure.input)}`,
      );
    }
    // It would find little if it got nowhere.
    const few: Readonly<Record<string, number>> = {
      state: 8,
      flash: 15,
      retained: 15,
      package: 9,
      chunk: 25,
    };
    expect(features.length).toBeGreaterThan(few[target.name] ?? 35);
  });

  it("does the same for the same seed", async () => {
    const once = (): unknown => fuzz(target, { seed: 4, enough: (count) => count >= 100 });
    expect(await once()).toEqual(await once());
  });
});

describe("the endpoints under fuzz", () => {
  it("may have NSTART requests open with each of their peers: the bound of one was a fault of the rule", async () => {
    const endpoint = targets.find(({ name }) => name === "endpoint")!;
    const found = unhex("0001000000f700000000000000c7000000c7000000");
    expect((await replay(endpoint, found)).message).toBeUndefined();
  });

  it("are bounded over all of their peers", async () => {
    const endpoint = targets.find(({ name }) => name === "endpoint")!;
    const found = unhex("007f0000000500000000009e0000009e00d500c00000000000000000000000");
    expect((await replay(endpoint, found)).message).toBeUndefined();
  });

  it("take what there is of an answer that ends within an option", async () => {
    const endpoint = targets.find(({ name }) => name === "endpoint")!;
    const found = unhex(
      "00010000000000000000de320000000000000000000000000000110002000100d62300de7e6d" +
        "0000000000000000000000000000000000000000000000000000000000a6010c000c",
    );
    expect((await replay(endpoint, found)).message).toBeUndefined();
  });

  it("may forget a message while their store is full of those whose answers wait: a fault of the rule as well", async () => {
    const endpoint = targets.find(({ name }) => name === "endpoint")!;
    const found = unhex(
      "c10fd10000b2000001002a00110003012600000000000000001000120060f00000f002000000fc330e00a691" +
        "d20000020000f000000000000d00ff00fc330001d29e0000f000000000000d7700000000d29e000000020000" +
        "f002000177006a3582faa4000000000000000000000000000000000000ff2c00009ef8000000000000000000" +
        "0000000300a40200006e000000000063920101b70000010088e200025b000200f0007de90000001000000067" +
        "000100490000e42300b200eda3006201001000a40110000200a8000000005a00640064006c0000020001",
    );
    expect((await replay(endpoint, found)).message).toBeUndefined();
  });

  it("come to every kind of outcome and of discard", async () => {
    const endpoint = targets.find(({ name }) => name === "endpoint")!;
    const { features } = await shareOf(endpoint);
    const outcomes = ["response", "timeout", "no-response", "reset", "too-large", "queue-full", "cancelled"];
    const discards = [
      "malformed",
      "unexpected",
      "token-mismatch",
      "critical-option",
      "duplicate",
      "overload",
    ];
    for (const kind of [...outcomes, "block-fault"]) {
      expect(
        features.some((feature) => feature.startsWith(`outcome ${kind} `)),
        kind,
      ).toBe(true);
    }
    for (const reason of [...discards, "handler-failed"]) expect(features).toContain(`discard ${reason}`);
  });
});

/** Breaks its rule when a length and the sum of what it spans come together. */
const planted: Target = {
  name: "planted",
  boundary: "datagram",
  code: [],
  portable: true,
  seeds: () => [new Uint8Array(20)],
  generate: (random) => random.bytes(30),
  run(input, watch) {
    const at = input.indexOf(0x7f);
    if (at < 0) return;
    watch.feature("a marker");
    if (input[at + 1] === 0xff) watch.feature("a second");
    if (input[at + 1] === 0xff && input[at + 2] === 13) throw new Violation("no three in a row", String(at));
    if (input.length > 600) throw new RangeError("too long");
  },
};

describe("the fuzzer", () => {
  it("finds a planted fault by what it sees on the way, shrinks it, and replays it", async () => {
    const { failure, executions } = await fuzz(planted, { seed: 1, enough: (count) => count >= 400_000 });
    expect(executions).toBeGreaterThan(100);
    expect(failure).toMatchObject({ rule: "no three in a row", message: "no three in a row: 0" });
    expect(hex(failure!.input)).toBe("7fff0d");
    expect(failure!.found.length).toBeGreaterThan(3);
    expect((await replay(planted, failure!.input)).message).toBe("no three in a row: 0");
    expect((await replay(planted, unhex("7fff"))).message).toBeUndefined();
  });

  it("shrinks by leaving out and by lowering, and stops when its budget is spent", async () => {
    const sum = (bytes: Uint8Array): number => bytes.reduce((total, byte) => total + byte, 0);
    const input = unhex("0102030405060708090a0b0c64");
    expect(hex(await shrink(input, (bytes) => sum(bytes) >= 100))).toBe("64");
    let asked = 0;
    await shrink(new Uint8Array(600).fill(9), () => (asked++, false), 25);
    expect(asked).toBe(25);
  });
});

describe("coap-packet", () => {
  const examples: [part: string, datagram: string][] = [
    ["token lengths", `49010001 ${"61".repeat(9)}`],
    ["a token that the datagram ends in", "44010001 0102"],
    ["code classes", "40200001"],
    ["an empty message with a token length", "42000001"],
    ["option number", "40020001 e0fef3"],
    ["cuts an option's value", "40020001 b36161"],
    ["payload marker", "40020001 ff"],
  ];

  test.each(examples)("%s", (part, datagram) => {
    const names = compareWithPeer(unhex(datagram));
    expect(names.some((name) => name.includes(part))).toBe(true);
  });

  it("has an example of each of its known faults", () => {
    const shown = new Set(examples.flatMap(([, datagram]) => compareWithPeer(unhex(datagram))));
    expect(shown).toEqual(new Set(peerFaults.map(({ name }) => name)));
  });

  it("is judged by a reader that knows a message when it sees one", () => {
    expect(anatomy(unhex("40011234"))).toBeUndefined();
    expect(anatomy(unhex("44021234c0ffee01b161d10d00ff63"))).toBeUndefined();
    expect(anatomy(unhex("00011234"))).toBe("another version");
    expect(anatomy(unhex("40020001e0fe"))).toBe("missing extension");
    expect(anatomy(unhex("40020001f161"))).toBe("reserved nibble");
  });
});

describe("a body could have been made", () => {
  const piece = (num: number, more: boolean, text: string, group = "", szx = 0): Piece => ({
    block: { num, more, szx },
    payload: Buffer.from(text),
    group,
  });
  const [a, b] = ["a".repeat(16), "b".repeat(16)];
  const cases: [what: string, pieces: Piece[], body: string, could: boolean][] = [
    ["from blocks in their order", [piece(0, true, a), piece(1, false, "c")], `${a}c`, true],
    ["with others between", [piece(0, true, a), piece(5, true, b), piece(1, false, "c")], `${a}c`, true],
    ["from blocks of two sizes", [piece(0, true, a + b, "", 1), piece(2, false, "c")], `${a}${b}c`, true],
    ["not from the wrong order", [piece(1, false, "c"), piece(0, true, a)], `${a}c`, false],
    ["not with a gap", [piece(0, true, a), piece(2, false, "c")], `${a}c`, false],
    ["not without the last", [piece(0, true, a), piece(1, true, b)], a + b, false],
    ["not from a short one in the middle", [piece(0, true, "a"), piece(1, false, "c")], "ac", false],
    ["not from two bodies", [piece(0, true, a, "x"), piece(1, false, "c", "y")], `${a}c`, false],
    ["not of other bytes", [piece(0, true, a), piece(1, false, "c")], `${b}c`, false],
  ];
  test.each(cases)("%s", (_what, pieces, body, could) => {
    expect(couldMake(pieces, Buffer.from(body))).toBe(could);
  });
});
