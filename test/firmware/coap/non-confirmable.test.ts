/** Non-confirmable requests (RFC 7252 section 4.3), and how many interactions may be open (section 4.7). */
import { describe, expect, it, test } from "vitest";
import { internet } from "../../../firmware/coap/transmission";
import { Bench, server, summary } from "./rig";
import { code } from "../../../host-sim/tools/fuzz/peer";
import type { Fields } from "../../../host-sim/tools/fuzz/peer";

const answer = (bench: Bench, over: Partial<Fields> = {}): Fields => {
  const { token } = bench.last.fields;
  return { type: 1, code: code("2.04"), messageId: 0x7777, token, payload: "aa", ...over };
};

describe("a non-confirmable request", () => {
  const ask = (payload?: Uint8Array) => {
    const bench = new Bench();
    return { bench, ...bench.post({ confirmable: false, ...(payload === undefined ? {} : { payload }) }) };
  };

  it("is sent once", () => {
    const { bench } = ask();
    expect(bench.last.fields.type).toBe(1);
    bench.wait(1_000_000);
    expect(bench.sent).toHaveLength(1);
  });

  it("is answered by a NON, or by a CON that is acknowledged", () => {
    const non = ask();
    non.bench.receive(answer(non.bench));
    expect(summary(non.completed)).toEqual(["2.04 aa"]);
    expect(non.bench.sent).toHaveLength(1);
    const con = ask();
    con.bench.receive(answer(con.bench, { type: 0 }));
    expect(summary(con.completed)).toEqual(["2.04 aa"]);
    expect(con.bench.last.bytes).toBe("60007777");
  });

  it("may be rejected with RST", () => {
    const { bench, completed } = ask();
    bench.receive({ type: 3, code: 0, messageId: bench.last.fields.messageId });
    expect(summary(completed)).toEqual(["reset"]);
  });

  it("is not acknowledged by anything: an ACK with its id is thrown away", () => {
    const { bench, completed } = ask();
    const { messageId, token } = bench.last.fields;
    bench.receive({ type: 2, code: 0, messageId });
    bench.receive({ type: 2, code: code("2.04"), messageId, token });
    expect(completed).toEqual([]);
    expect(bench.discarded).toEqual(["unexpected", "unexpected"]);
  });

  test.each([
    [20, 93],
    [93, 93],
    [94, 94],
    [600, 600],
  ])("of %i bytes is given up after %i s: MAX_TRANSMIT_WAIT, or as PROBING_RATE asks", (bytes, seconds) => {
    const { bench, completed } = ask(new Uint8Array(bytes - 9));
    expect(bench.last.bytes.length / 2).toBe(bytes);
    bench.wait(seconds * 1_000 - 1);
    expect(completed).toEqual([]);
    bench.wait(1);
    expect(summary(completed)).toEqual(["no-response"]);
  });

  it("says nothing about the round trip", () => {
    const bench = new Bench({ transmission: { ...internet, algorithm: "fasor" } });
    bench.post({ confirmable: false });
    bench.wait(500);
    bench.receive(answer(bench));
    bench.post({ confirmable: false });
    bench.wait(1_000_000);
    expect(bench.endpoint.rtoState).toBeUndefined();
  });
});

describe("NSTART", () => {
  const other = { address: "192.0.2.2", port: 5683 };

  it("counts for each peer by itself", () => {
    const bench = new Bench();
    bench.post();
    bench.post();
    bench.post(other);
    bench.post({ ...server, port: 5684 });
    expect(bench.sent.map(({ address, port }) => `${address}:${port}`)).toEqual([
      "192.0.2.1:5683",
      "192.0.2.2:5683",
      "192.0.2.1:5684",
    ]);
  });

  it("counts a NON request until its response", () => {
    const bench = new Bench();
    bench.post({ confirmable: false });
    bench.post();
    expect(bench.sent).toHaveLength(1);
    bench.receive(answer(bench));
    expect(bench.sent).toHaveLength(2);
  });

  it("no longer counts a request that is acknowledged, though its response is still to come", () => {
    const bench = new Bench();
    const first = bench.post();
    const response = answer(bench, { type: 0 });
    bench.post();
    expect(bench.sent).toHaveLength(1);
    bench.receive({ type: 2, code: 0, messageId: bench.last.fields.messageId });
    expect(bench.sent).toHaveLength(2);
    bench.receive(response);
    expect(summary(first.completed)).toEqual(["2.04 aa"]);
  });

  it("with the queue bounds all that is open: acknowledged requests do not pile up", () => {
    const bench = new Bench();
    const outcomes: string[][] = [];
    for (let i = 0; i < 8; i++) {
      const { completed } = bench.post();
      bench.receive({ type: 2, code: 0, messageId: bench.last.fields.messageId });
      outcomes.push(summary(completed));
    }
    expect(bench.endpoint.pending).toBe(5);
    expect(outcomes.slice(5)).toEqual([["queue-full"], ["queue-full"], ["queue-full"]]);
  });
});

test.each([
  ["algorithm", "cocoa"],
  ["ackTimeout", 0],
  ["ackTimeout", NaN],
  ["ackRandomFactor", 0.9],
  ["maxRetransmit", -1],
  ["maxRetransmit", 1.5],
  ["nstart", 0],
  ["probingRate", 0],
  ["queueLimit", -1],
])("transmission.%s cannot be %s", (name, value) => {
  expect(() => new Bench({ transmission: { ...internet, [name]: value } })).toThrow(
    new RegExp(`^transmission\\.${name} .*, got ${value}$`),
  );
});

test.each([
  ["maxDatagram", 15],
  ["maxBody", -1],
  ["remembered", 0],
  ["maxTransfers", 0],
  ["blockSize", 100],
  ["blockSize", 2048],
])("%s cannot be %s", (name, value) => {
  expect(() => new Bench({ [name]: value })).toThrow(new RegExp(`^${name} is .*, got ${value}$`));
});
