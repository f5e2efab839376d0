/** The message layer: what is answered, with what, and what is not; and that nothing can break it. */
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { describeCoap } from "../../../host-sim/cloud/coap/coap-text";
import { encodeCoap } from "../../../host-sim/cloud/coap/coap-wire";
import type { CoapMessage } from "../../../host-sim/cloud/coap/coap-wire";
import { exchangeLifetime } from "../../../host-sim/cloud/coap/reply-store";
import {
  demoDevice,
  dk,
  noBytes,
  demoPeer,
  pk,
  topic,
  TestDevice,
  warm,
  rig,
  decoded,
  eventsOf,
  message,
  rawReading,
  uriPath,
} from "./harness";
import { density, runs } from "../../density";

const hex = (text: string): Uint8Array => Buffer.from(text.replaceAll(" ", ""), "hex");
const toHex = (bytes: Uint8Array | undefined): string | undefined => {
  return bytes && Buffer.from(bytes).toString("hex");
};
const up = "thing/model/up_raw";

function online(edition: "token" | "tokenless" = "token"): TestDevice {
  const device = new TestDevice(rig({ edition }), demoDevice, edition === "token");
  device.authenticate();
  return device;
}

test.each<[string, string, string | undefined]>([
  ["ping", "40001234", "70001234"],
  ["RST to nothing", "70001234", undefined],
  ["empty ACK", "60001234", undefined],
  ["empty NON", "50001234", undefined],
  ["a response in a CON", "40451234", "70001234"],
  ["a response in a NON", "50451234", undefined],
  ["a response in an ACK", "60451234", undefined],
  ["a request in an ACK", "60011234", undefined],
  ["a request in an RST", "70011234", undefined],
  ["version 0", "00011234", undefined],
  ["version 2", "80011234", undefined],
  ["nothing", "", undefined],
  ["3 bytes", "400112", undefined],
  ["malformed CON: token length 9", "49011234 000000000000000000", "70001234"],
  ["malformed CON: token cut off", "44011234 00", "70001234"],
  ["malformed CON: option cut off", "40011234 b4 61", "70001234"],
  ["malformed CON: marker alone", "40011234 ff", "70001234"],
  ["malformed CON: empty with bytes behind", "40001234 00", "70001234"],
  ["malformed CON: code class 1", "40201234", "70001234"],
  ["malformed CON: code class 7", "40e11234", "70001234"],
  ["malformed NON", "50011234 ff", undefined],
  ["malformed ACK", "60011234 ff", undefined],
  ["malformed RST", "70001234 00", undefined],
])("%s", (_name, datagram, reply) => {
  const b = rig();
  expect(toHex(b.exchange(hex(datagram)))).toBe(reply);
  expect(b.cloud.counters.datagrams).toBe(1);
});

it("never answers to port 0", () => {
  const b = rig();
  expect(b.exchange(hex("40001234"), 0, { address: "10.0.0.1", port: 0 })).toBeUndefined();
});

it("tells of malformed datagrams and how they were answered", () => {
  const b = rig();
  b.exchange(hex("40011234ff"));
  b.exchange(hex("80011234"));
  expect(eventsOf(b, "malformed").map(({ reason, answer }) => [reason, answer])).toEqual([
    ["payload marker without payload", "RST"],
    ["version 2, expected 1", "none"],
  ]);
});

describe("a confirmable request", () => {
  it("is answered in its ACK, with its message id and token", () => {
    const device = online();
    const reply = device.post(1, up, rawReading(1, [1, warm]));
    expect(reply).toMatchObject({ type: 2, code: "2.04", messageId: device.messageId });
  });

  it("that comes again is answered with the same bytes and not carried out again", () => {
    const device = online();
    const id = device.rig.cloud.commands.send(pk, dk, { kind: "set", points: { relay: 1 } }, 0);
    device.post(1, up, rawReading(1, [1, warm]));
    const first = device.rig.sent.at(-1)!.bytes;
    for (const now of [2, 60_000, exchangeLifetime]) {
      expect(toHex(device.rig.exchange(device.last, now))).toBe(toHex(first));
    }
    const { cloud } = device.rig;
    expect(cloud.reported.readings(pk, dk)).toHaveLength(1);
    expect(cloud.devices.view(pk, dk)?.counters).toMatchObject({
      requests: 1,
      duplicates: 0,
      commandsOffered: 1,
    });
    expect(cloud.commands.list(pk, dk)).toMatchObject([{ id, offers: 1 }]);
    expect(cloud.counters.duplicateRequests).toBe(3);
    expect(eventsOf(device.rig, "duplicate-request")).toHaveLength(3);
    // Later the message id is free again; the sequence number is not.
    expect(decoded(device.rig.exchange(device.last, 1 + exchangeLifetime)).code).toBe(0x81);
  });

  it("for authentication that comes again gets the same token", () => {
    const device = online();
    const first = device.rig.sent[0].bytes;
    expect(toHex(device.rig.exchange(device.last, 5000))).toBe(toHex(first));
    expect(device.rig.cloud.devices.view(pk, dk)?.counters.authenticated).toBe(1);
    expect(device.post(6000, up, rawReading(1, [1, warm])).code).toBe("2.04");
  });

  it("from another port is another exchange: its sequence number is spent, the reading not doubled", () => {
    const device = online();
    device.post(1, up, rawReading(1, [1, warm]));
    const reply = decoded(device.rig.exchange(device.last, 2, { ...demoPeer, port: 50_000 }));
    expect(reply.code).toBe(0x81);
    expect(device.rig.cloud.reported.readings(pk, dk)).toHaveLength(1);
  });

  it("that was refused is refused again with the same bytes", () => {
    const device = online();
    device.post(1, up, noBytes);
    const first = device.rig.sent.at(-1)!.bytes;
    expect(toHex(device.rig.exchange(device.last, 2))).toBe(toHex(first));
  });
});

describe("a non-confirmable request", () => {
  it("is answered in a NON with a message id of the cloud's own, and once", () => {
    const device = online("tokenless");
    const path = device.topic(up);
    const first = device.send(1, { path, type: 1, payload: rawReading(1, [1, warm]) });
    expect(first).toMatchObject({ type: 1, code: "2.04" });
    expect(device.rig.exchange(device.last, 2)).toBeUndefined();
    const second = device.send(3, { path, type: 1, payload: rawReading(2, [1, warm]) });
    expect(second.messageId).toBe((first.messageId + 1) & 0xffff);
    expect(device.rig.cloud.reported.readings(pk, dk)).toHaveLength(2);
    expect(eventsOf(device.rig, "duplicate-request")).toMatchObject([{ answered: false }]);
  });

  it("with an unknown critical option is dropped, an error otherwise answered", () => {
    const b = rig();
    const path = uriPath(["nowhere"]);
    const options = [...path, { number: 9, value: noBytes }];
    expect(b.exchange(encodeCoap(message({ type: 1, options })))).toBeUndefined();
    const reply = decoded(b.exchange(encodeCoap(message({ type: 1, messageId: 2, options: path }))));
    expect([reply.type, reply.code]).toEqual([1, 0x84]);
  });
});

describe("options", () => {
  const ask = (options: [number, string][], fields: Partial<CoapMessage> = {}): string => {
    const extra = options.map(([number, value]) => ({ number, value: hex(value) }));
    const request = message({ options: [...uriPath(["nowhere"]), ...extra], ...fields });
    const reply = decoded(rig().exchange(encodeCoap(request)));
    return describeCoap(reply).replace("ACK ", "").replace(" mid=0001", "");
  };
  test.each<[string, [number, string][], string]>([
    ["none", [], "4.04"],
    [
      "unknown, elective",
      [
        [8, "00"],
        [292, "01"],
        [65534, ""],
      ],
      "4.04",
    ],
    ["unknown, critical", [[9, ""]], "4.02"],
    ["unknown, critical, with a large number", [[65535, ""]], "4.02"],
    ["If-Match", [[1, "00"]], "4.02"],
    ["Uri-Query", [[15, "613d62"]], "4.02"],
    ["Block1 of nothing that more follows", [[27, "08"]], "4.00"],
    [
      "Uri-Host and Uri-Port",
      [
        [3, "656e6f73"],
        [7, "1633"],
      ],
      "4.04",
    ],
    [
      "Uri-Host twice",
      [
        [3, "61"],
        [3, "61"],
      ],
      "4.02",
    ],
    ["Uri-Host without a byte", [[3, ""]], "4.02"],
    ["Uri-Port of three bytes", [[7, "010203"]], "4.02"],
    [
      "Content-Format twice: elective, so skipped",
      [
        [12, "32"],
        [12, "32"],
      ],
      "4.04",
    ],
    ["Accept JSON", [[17, "32"]], "4.04"],
    ["Accept XML", [[17, "29"]], "4.06"],
    [
      "Accept twice",
      [
        [17, "32"],
        [17, "32"],
      ],
      "4.02",
    ],
    ["Proxy-Uri", [[35, "61"]], "5.05"],
    ["Proxy-Scheme", [[39, "61"]], "5.05"],
    [
      "two signatures",
      [
        [2101, "41"],
        [2101, "41"],
      ],
      "4.02",
    ],
    ["a path segment in broken UTF-8", [[11, "ff"]], "4.02"],
    ["a path segment of 256 bytes", [[11, "61".repeat(256)]], "4.02"],
  ])("%s", (_name, options, answer) => expect(ask(options)).toBe(answer));

  it("a payload of 1024 bytes is taken, one of 1025 answered 4.13 with the size", () => {
    expect(ask([], { payload: new Uint8Array(1024) })).toBe("4.04");
    expect(ask([], { payload: new Uint8Array(1025) })).toBe("4.13 Block1=6 Size1=8192");
  });
});

describe("paths", () => {
  const serve = (segments: string[], code = 2): string => {
    const device = online();
    return device.send(1, { path: segments, code, payload: rawReading(1, [1, warm]) }).code;
  };
  test.each<[string[], number, string]>([
    [[], 2, "4.04"],
    [[], 1, "4.04"],
    // A method that nothing takes is that first (RFC 7252 section 5.8).
    [[], 3, "4.05"],
    [["nowhere"], 4, "4.05"],
    [["nowhere"], 31, "4.05"],
    [[""], 2, "4.04"],
    [["auth"], 2, "4.04"],
    [["auth", pk, dk, "x"], 2, "4.04"],
    [[".well-known", "core"], 1, "4.04"],
    [topic, 2, "4.04"],
    [[...topic, ""], 2, "4.04"],
    [[...topic, "thing", "model", "up_raw"], 2, "2.04"],
    [[...topic, "thing", "model", "up_raw", ""], 2, "4.04"],
    [[...topic, "thing", "model/up_raw"], 2, "4.04"],
    [[...topic, "thing/model/up_raw"], 2, "4.04"],
    [["topic", "sys", `${pk}/${dk}`, "thing", "model", "up_raw"], 2, "4.04"],
    [["Topic", "sys", pk, dk, "thing", "model", "up_raw"], 2, "4.04"],
    [[...topic, "thing", "event", "", "post"], 2, "4.04"],
    [[...topic, "thing", "event", "a b", "post"], 2, "4.04"],
    [[...topic, "thing", "model", "up_raw"], 1, "4.05"],
    [[...topic, "thing", "model", "up_raw"], 3, "4.05"],
    [[...topic, "thing", "model", "up_raw"], 4, "4.05"],
    [[...topic, "thing", "model", "up_raw"], 31, "4.05"],
    [[...topic, "thing", "model", "down_raw"], 2, "4.05"],
    [[...topic, "thing", "service", "reboot"], 2, "4.05"],
    [[...topic, "thing", "service", "reboot_reply"], 1, "4.05"],
    [["topic", "sys", pk, "other", "thing", "model", "up_raw"], 2, "4.00"],
  ])("%j, method %i", (segments, code, answer) => expect(serve(segments, code)).toBe(answer));
});

it("answers 5.00 without a word when it fails itself, and tells its owner", () => {
  let draws = 0;
  const b = rig({
    randomBytes: (n) => {
      if (draws++ > 0) throw new Error("out of randomness");
      return new Uint8Array(n);
    },
  });
  expect(new TestDevice(b).authenticate()).toMatchObject({ code: "5.00", text: "", options: [] });
  expect(eventsOf(b, "internal-error")).toMatchObject([{ reason: "out of randomness" }]);
});

it("lets a listener call back", () => {
  const b = rig({
    onEvent: (event) => {
      if (event.type === "authenticated") {
        b.cloud.commands.send(pk, dk, { kind: "get", points: ["rssi"] }, event.at);
      }
    },
  });
  const device = new TestDevice(b);
  device.authenticate();
  expect(device.post(1, up, rawReading(1, [1, warm])).options).toHaveLength(1);
});

describe("whatever the bytes", () => {
  const path = [...topic, "thing", "model", "up_raw"];
  const known = fc.constantFrom(11, 2101, 2100, 12, 17, 60, 9);
  const option = fc.record({ number: known, value: fc.uint8Array({ maxLength: 70 }) });
  const likely = fc
    .record({
      type: fc.constantFrom<0 | 1 | 2 | 3>(0, 1, 2, 3),
      code: fc.oneof(fc.constantFrom(1, 2), fc.integer({ min: 1, max: 31 })),
      messageId: fc.integer({ min: 0, max: 9 }),
      token: fc.uint8Array({ maxLength: 8 }),
      segments: fc.oneof(
        fc.constantFrom(path, ["auth", pk, dk], [...topic, "thing", "measurepoint", "post"]),
        fc.array(fc.string({ maxLength: 20 }), { maxLength: 8 }),
      ),
      options: fc.array(option, { maxLength: 2 }),
      payload: fc.oneof(
        fc.uint8Array({ maxLength: 1100 }),
        fc.json().map((text) => new Uint8Array(Buffer.from(text))),
      ),
    })
    .map(({ segments, options, ...rest }) => {
      return encodeCoap({ ...rest, options: [...uriPath(segments), ...options] });
    });
  const cut = fc.tuple(likely, fc.nat(80)).map(([bytes, n]) => bytes.subarray(0, Math.min(n, bytes.length)));

  test.each(["token", "tokenless"] as const)("edition %s: no throw, one short reply at most", (edition) => {
    const b = rig({ edition, limits: { repliesPerPeer: 8, repliesTotal: 16 } });
    new TestDevice(b).authenticate();
    for (let i = 0; i < 20; i++) b.cloud.commands.send(pk, dk, { kind: "set", points: { relay: i % 2 } }, 0);
    let replies = 0;
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 40 }), likely, cut), fc.nat(20_000), (bytes, port) => {
        const before = b.cloud.counters.malformed;
        const reply = b.exchange(bytes, 0, { address: "10.9.9.9", port });
        if (reply === undefined) return;
        replies += 1;
        decoded(reply);
        expect(reply.length).toBeLessThanOrEqual(bytes.length + 1024);
        if (b.cloud.counters.malformed > before) expect(toHex(reply)).toMatch(/^7000[0-9a-f]{4}$/);
      }),
      { seed: 5683, numRuns: runs(8000) },
    );
    expect(replies).toBeGreaterThan(density(1000, 250));
    expect(eventsOf(b, "internal-error")).toEqual([]);
  });

  it("a stranger's reply is never longer than his request and a few bytes", () => {
    const b = rig();
    fc.assert(
      fc.property(likely, fc.nat(60_000), (bytes, port) => {
        const reply = b.exchange(bytes, 0, { address: "10.9.9.8", port });
        expect(reply?.length ?? 0).toBeLessThanOrEqual(bytes.length + 3);
      }),
      { seed: 5684, numRuns: runs(3000) },
    );
  });

  it("the longest command rides on a response at most 1 kB longer than the request", () => {
    const long = "k".repeat(64);
    const record = { productKey: long, deviceKey: long, deviceSecret: "s", edition: "tokenless" as const };
    const b = rig({ devices: [record], products: [{ productKey: long, largestDatagram: 1152 }] });
    const device = new TestDevice(b, record, false);
    device.authenticate();
    const service = "s".repeat(64);
    const method = `thing.service.${service}`;
    const empty = JSON.stringify({ id: "2078724684846989313", version: "1.0", method, params: { text: "" } });
    const inputs = { text: "x".repeat(768 - empty.length) };
    b.cloud.commands.send(long, long, { kind: "service", service, inputs }, 0);
    const post = "thing.measurepoint.post";
    const body = { id: "i".repeat(64), method: post, params: { measurepoints: { rssi: 1 } } };
    const reply = device.post(1, "thing/measurepoint/post", JSON.stringify(body));
    expect(reply.options).toHaveLength(2);
    const { bytes } = b.sent.at(-1)!;
    expect(bytes.length).toBeGreaterThan(900);
    expect(bytes.length).toBeLessThanOrEqual(device.last.length + 1024);
  });
});
