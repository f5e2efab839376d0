/** Non-confirmable requests (RFC 7252 section 4.3), and how many interactions may be open (section 4.7). */
import { describe, expect, it, test } from "vitest";
import { serverHalf } from "../../../firmware/coap/server-half";
import { internet } from "../../../firmware/coap/transmission";
import { Rig, server, summary } from "./rig";
import { code } from "../../../host-sim/tools/fuzz/peer";
import type { Fields } from "../../../host-sim/tools/fuzz/peer";

const answer = (rig: Rig, over: Partial<Fields> = {}): Fields => {
  const { token } = rig.last.fields;
  return { type: 1, code: code("2.04"), messageId: 0x7777, token, payload: "aa", ...over };
};

describe("a non-confirmable request", () => {
  const ask = (payload?: Uint8Array) => {
    const rig = new Rig();
    return { rig, ...rig.post({ confirmable: false, payload }) };
  };

  it("is sent once", () => {
    const { rig } = ask();
    expect(rig.last.fields.type).toBe(1);
    rig.wait(1_000_000);
    expect(rig.sent).toHaveLength(1);
  });

  it("is answered by a NON, or by a CON that is acknowledged", () => {
    const non = ask();
    non.rig.receive(answer(non.rig));
    expect(summary(non.completed)).toEqual(["2.04 aa"]);
    expect(non.rig.sent).toHaveLength(1);
    const con = ask();
    con.rig.receive(answer(con.rig, { type: 0 }));
    expect(summary(con.completed)).toEqual(["2.04 aa"]);
    expect(con.rig.last.bytes).toBe("60007777");
  });

  it("may be rejected with RST", () => {
    const { rig, completed } = ask();
    rig.receive({ type: 3, code: 0, messageId: rig.last.fields.messageId });
    expect(summary(completed)).toEqual(["reset"]);
  });

  it("is not acknowledged by anything: an ACK with its id is thrown away", () => {
    const { rig, completed } = ask();
    const { messageId, token } = rig.last.fields;
    rig.receive({ type: 2, code: 0, messageId });
    rig.receive({ type: 2, code: code("2.04"), messageId, token });
    expect(completed).toEqual([]);
    expect(rig.discarded).toEqual(["unexpected", "unexpected"]);
  });

  test.each([
    [20, 93],
    [93, 93],
    [94, 94],
    [600, 600],
  ])("of %i bytes is given up after %i s: MAX_TRANSMIT_WAIT, or as PROBING_RATE asks", (bytes, seconds) => {
    const { rig, completed } = ask(new Uint8Array(bytes - 9));
    expect(rig.last.bytes.length / 2).toBe(bytes);
    rig.wait(seconds * 1_000 - 1);
    expect(completed).toEqual([]);
    rig.wait(1);
    expect(summary(completed)).toEqual(["no-response"]);
  });

  it("says nothing about the round trip", () => {
    const rig = new Rig({ transmission: { ...internet, algorithm: "fasor" } });
    rig.post({ confirmable: false });
    rig.wait(500);
    rig.receive(answer(rig));
    rig.post({ confirmable: false });
    rig.wait(1_000_000);
    expect(rig.endpoint.rtoState).toBeUndefined();
  });
});

describe("NSTART", () => {
  const other = { address: "192.0.2.2", port: 5683 };

  it("counts for each peer by itself", () => {
    const rig = new Rig();
    rig.post();
    rig.post();
    rig.post(other);
    rig.post({ ...server, port: 5684 });
    expect(rig.sent.map(({ address, port }) => `${address}:${port}`)).toEqual([
      "192.0.2.1:5683",
      "192.0.2.2:5683",
      "192.0.2.1:5684",
    ]);
  });

  it("counts a NON request until its response", () => {
    const rig = new Rig();
    rig.post({ confirmable: false });
    rig.post();
    expect(rig.sent).toHaveLength(1);
    rig.receive(answer(rig));
    expect(rig.sent).toHaveLength(2);
  });

  it("no longer counts a request that is acknowledged, though its response is still to come", () => {
    const rig = new Rig();
    const first = rig.post();
    const response = answer(rig, { type: 0 });
    rig.post();
    expect(rig.sent).toHaveLength(1);
    rig.receive({ type: 2, code: 0, messageId: rig.last.fields.messageId });
    expect(rig.sent).toHaveLength(2);
    rig.receive(response);
    expect(summary(first.completed)).toEqual(["2.04 aa"]);
  });

  it("with the queue bounds all that is open: acknowledged requests do not pile up", () => {
    const rig = new Rig();
    const outcomes: string[][] = [];
    for (let i = 0; i < 8; i++) {
      const { completed } = rig.post();
      rig.receive({ type: 2, code: 0, messageId: rig.last.fields.messageId });
      outcomes.push(summary(completed));
    }
    expect(rig.endpoint.pending).toBe(5);
    expect(outcomes.slice(5)).toEqual([["queue-full"], ["queue-full"], ["queue-full"]]);
  });
});

test.each([
  ["algorithm", "cocoa"],
  ["ackTimeout", 0],
  ["ackTimeout", NaN],
  ["connection", 0],
  ["connection", NaN],
  ["ackRandomFactor", 0.9],
  ["maxRetransmit", -1],
  ["maxRetransmit", 1.5],
  ["nstart", 0],
  ["probingRate", 0],
  ["queueLimit", -1],
])("transmission.%s cannot be %s", (name, value) => {
  expect(() => new Rig({ transmission: { ...internet, [name]: value } })).toThrow(
    new RegExp(`^transmission\\.${name} .*, got ${value}$`),
  );
});

test.each([
  ["maxDatagram", 15],
  ["maxBody", -1],
  ["remembered", 0],
  ["maxRequests", 0],
  ["blockSize", 100],
  ["blockSize", 2048],
])("%s cannot be %s", (name, value) => {
  expect(() => new Rig({ [name]: value })).toThrow(new RegExp(`^${name} is .*, got ${value}$`));
});

test.each([
  ["separateAfter", -1],
  ["maxTransfers", 0],
])("%s of the server's half cannot be %s", (name, value) => {
  const make = (): unknown => serverHalf({ onRequest() {}, [name]: value });
  expect(make).toThrow(new RegExp(`^${name} is .*, got ${value}$`));
});
