/**
 * What EnOS's protocol protects and what it does not, shown on the stand-in: each sentence of docs/security.md that
 * is about the protocol has its test here.
 */
import { describe, expect, it } from "vitest";
import { decodeCoap, encodeCoap } from "../../../host-sim/cloud/coap/coap-wire";
import { decoded, dk, dotted, eventsOf, pk, rig, TestDevice } from "./harness";
import type { CoapMessage } from "../../../host-sim/cloud/coap/coap-wire";

const stranger = { address: "198.51.100.66", port: 4711 };
const post = "thing/measurepoint/post";
const reading = (temperature: number, id = "1"): string =>
  JSON.stringify({
    id,
    version: "1.0",
    method: "thing.measurepoint.post",
    params: { measurepoints: { temperature } },
  });

function device(edition: "token" | "tokenless", options: Parameters<typeof rig>[0] = {}): TestDevice {
  return new TestDevice(rig({ edition, ...options }), undefined, edition === "token");
}
const code = (bytes: Uint8Array | undefined): string => dotted(decoded(bytes).code);
const temperatures = ({ rig: { cloud } }: TestDevice): unknown[] =>
  cloud.reported.readings(pk, dk).map(({ points }) => points["temperature"]);

/** The same message with changes, as somebody makes them who can change what passes. */
function altered(bytes: Uint8Array, changes: Partial<CoapMessage>): Uint8Array {
  const message = decodeCoap(bytes);
  if ("malformed" in message) throw new Error(message.malformed);
  return encodeCoap({ ...message, ...changes });
}

describe("an authentication", () => {
  it("is refused without the device's secret, and tells nobody which devices there are", () => {
    const one = device("token");
    const wrong = one.authenticate(0, { sign: "0".repeat(64) });
    const unknown = new TestDevice(one.rig, { productKey: pk, deviceKey: "nobody", deviceSecret: "x" });
    expect([wrong.code, unknown.authenticate().code]).toEqual(["4.01", "4.01"]);
    expect(wrong.text).toBe("");
  });

  it("does not carry the secret, and is the same bytes each time but for ids", () => {
    const one = device("token");
    one.authenticate();
    const first = one.last;
    one.authenticate();
    expect(Buffer.from(first).includes(one.record.deviceSecret)).toBe(false);
    expect(altered(first, { messageId: 1, token: Uint8Array.of(1) })).toEqual(
      altered(one.last, { messageId: 1, token: Uint8Array.of(1) }),
    );
  });

  it("that was recorded is accepted from anywhere, at any later time, and ends the running session", () => {
    const one = device("token");
    one.authenticate();
    const recorded = one.last;
    expect(one.post(1, post, reading(20)).code).toBe("2.04");
    const month = 30 * 86_400_000;
    const answer = decoded(one.rig.exchange(recorded, month, stranger));
    expect(dotted(answer.code)).toBe("2.04");
    // Whoever sent it is given the new session's token, and the device's own requests are refused.
    expect(JSON.parse(Buffer.from(answer.payload).toString())).toEqual({ token: expect.any(String) });
    expect(one.post(month + 1, post, reading(21)).code).toBe("4.01");
    // The device authenticates anew and goes on.
    expect(one.authenticate(month + 2).code).toBe("2.04");
    expect(one.post(month + 3, post, reading(22)).code).toBe("2.04");
  });
});

describe("edition with a token", () => {
  it("takes no request without a signature, none with another device's, and none that is replayed", () => {
    const one = device("token");
    one.authenticate();
    expect(one.send(1, { path: one.topic(post), payload: reading(20), sign: null }).code).toBe("4.01");
    expect(one.post(2, post, reading(21)).code).toBe("2.04");
    const sent = one.last;
    // A new message id, or it would be taken for a retransmission, which has the same answer as before.
    expect(code(one.rig.exchange(altered(sent, { messageId: 7 }), 3, stranger))).toBe("4.01");
    expect(code(one.rig.exchange(sent, 4))).toBe("2.04");
    expect(temperatures(one)).toEqual([21]);
  });

  it("stores under a true signature whatever the payload was made into", () => {
    const one = device("token");
    one.authenticate();
    const options = one
      .topic(post)
      .map((segment) => ({ number: 11, value: Buffer.from(segment) }))
      .concat({ number: 2101, value: Buffer.from(one.nextSign()) });
    const message = { type: 0, code: 2, messageId: 9, token: Uint8Array.of(1), options } as const;
    const sent = encodeCoap({ ...message, options, payload: Buffer.from(reading(20)) });
    expect(code(one.rig.exchange(altered(sent, { payload: Buffer.from(reading(-40)) }), 1))).toBe("2.04");
    expect(temperatures(one)).toEqual([-40]);
  });

  it("lets another topic be put under a signature too", () => {
    const one = device("token");
    one.authenticate();
    const body = JSON.stringify({
      id: "1",
      version: "1.0",
      method: "thing.tag.update",
      params: [{ tagKey: "a", tagValue: "b" }],
    });
    const path = one
      .topic("thing/tag/update")
      .map((segment) => ({ number: 11, value: Buffer.from(segment) }));
    const sign = { number: 2101, value: Buffer.from(one.nextSign()) };
    const sent = encodeCoap({
      ...({ type: 0, code: 2, messageId: 9, token: Uint8Array.of(1) } as const),
      options: [...one.topic(post).map((segment) => ({ number: 11, value: Buffer.from(segment) })), sign],
      payload: Buffer.from(reading(20)),
    });
    const moved = altered(sent, { options: [...path, sign], payload: Buffer.from(body) });
    expect(code(one.rig.exchange(moved, 1))).toBe("2.04");
    expect(one.rig.cloud.devices.view(pk, dk)?.tags).toEqual({ a: "b" });
  });
});

describe("edition without a token", () => {
  it("takes a report from whoever knows the two keys, where the session is known by its path", () => {
    const one = device("tokenless");
    one.authenticate();
    one.post(1, post, reading(20));
    const forged = altered(one.last, { messageId: 9, payload: Buffer.from(reading(-40, "2")) });
    expect(code(one.rig.exchange(forged, 2, stranger))).toBe("2.04");
    expect(temperatures(one)).toEqual([20, -40]);
  });

  it("and where it is known by its address, from whoever gives that as his", () => {
    const one = device("tokenless", { tie: "address" });
    one.authenticate();
    one.post(1, post, reading(20));
    const forged = altered(one.last, { messageId: 9, payload: Buffer.from(reading(-40, "2")) });
    expect(code(one.rig.exchange(forged, 2, stranger))).toBe("4.01");
    expect(code(one.rig.exchange(forged, 3, one.peer))).toBe("2.04");
    expect(temperatures(one)).toEqual([20, -40]);
  });
});

it("what comes down is signed by nothing: an answer is its code, its payload and its options", () => {
  for (const edition of ["token", "tokenless"] as const) {
    const one = device(edition);
    one.authenticate();
    one.rig.cloud.commands.send(pk, dk, { kind: "set", points: { relay: 1 } }, 1);
    const { options } = one.post(2, post, reading(20));
    expect(options.map(({ number }) => number)).toEqual(edition === "token" ? [2100] : [2100, 2102]);
    expect(eventsOf(one.rig, "command-offered")).toHaveLength(1);
  }
});
