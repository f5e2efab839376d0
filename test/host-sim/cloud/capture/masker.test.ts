/** Nothing secret is left in what the console, captures and reports show of a datagram. */
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { Masker } from "../../../../host-sim/cloud/capture/masker";
import { encodeCoap } from "../../../../host-sim/cloud/coap/coap-wire";
import { runs } from "../../../density";

const peer = { address: "10.0.0.2", port: 40_001 };
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const post = "topic/sys/PK/DK/thing/measurepoint/post";

interface Parts {
  readonly type?: 0 | 1 | 2 | 3;
  readonly code?: number;
  readonly messageId?: number;
  readonly token?: Uint8Array;
  readonly path?: string;
  readonly options?: readonly { number: number; value: Uint8Array }[];
}

function message(payload: string, parts: Parts = {}): Uint8Array {
  const { type = 0, code = 2, messageId = 7, token = Uint8Array.of(1, 2), path, options = [] } = parts;
  const segments = path?.split("/").map((each) => ({ number: 11, value: bytesOf(each) })) ?? [];
  return encodeCoap({
    type,
    code,
    messageId,
    token,
    options: [...segments, ...options],
    payload: bytesOf(payload),
  });
}

/** The acknowledgement with an answer in it. */
const answer = (payload: string, parts: Parts = {}): Uint8Array =>
  message(payload, { type: 2, code: 0x44, ...parts });

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

describe("masked", () => {
  // A Buffer's own `slice` shares its bytes: what a socket gave would reach the cloud masked.
  it("leaves what it was given as it is, a Buffer too", () => {
    const given = Buffer.from(message('{"sign":"secret"}', { path: "auth/PK/DK" }));
    const before = given.toString("hex");
    expect(new Masker(0x2a).mask("up", given, peer).hidden).toBeGreaterThan(0);
    expect(given.toString("hex")).toBe(before);
  });

  // The cloud knows a request by its address and message id alone: to a report with the id of the authentication
  // before it, it sends that one's answer again.
  test("the answer to an authentication that is sent again to a request with the same ids", () => {
    const masker = new Masker(0);
    const given = '{"token":"b9ac2c9c9908bb06"}';
    masker.mask("up", message("{}", { path: "auth/PK/DK" }), peer);
    expect(textOf(masker.mask("down", answer(given), peer).bytes)).not.toContain("b9ac");
    masker.mask("up", message("{}", { path: post }), peer);
    expect(textOf(masker.mask("down", answer(given), peer).bytes)).not.toContain("b9ac");
    // Also when so much has passed between that nobody knows the first request any more.
    for (let i = 0; i < 9000; i++) {
      masker.mask("up", message("", { path: post, token: Uint8Array.of(9), messageId: i }), peer);
    }
    masker.mask("up", message("{}", { path: post }), peer);
    for (const each of [given, '{"code":200,"\\u0074ok\\u0065n" :"b9ac2c9c9908bb06"}']) {
      expect(textOf(masker.mask("down", answer(each), peer).bytes)).not.toContain("b9ac");
    }
    expect(textOf(masker.mask("down", answer('{"code":200}'), peer).bytes)).toContain("200");
  });

  test.each([
    ['{"token":"b9ac2c9c9908bb06"}', "b9ac2c9c9908bb06"],
    ['{"secureMode":2,"sign" : "876C7169"}', "876C7169"],
    ['{"name":"ü","token":"ab', "ab"],
  ])("%s, on both sides of an authentication", (payload, secret) => {
    const masker = new Masker(0);
    for (const [way, before] of [
      ["up", message(payload, { path: "auth/PK/DK" })],
      ["down", answer(payload)],
    ] as const) {
      const { bytes: after, ranges, hidden, device, path, purpose } = masker.mask(way, before, peer);
      expect(after).toHaveLength(before.length);
      expect(Buffer.from(after).includes(secret)).toBe(false);
      const length = Buffer.byteLength(payload);
      expect([ranges, hidden]).toEqual([[[before.length - length, length]], length]);
      // All else is as it was, and the sender's buffer too.
      expect(after.subarray(0, before.length - length)).toEqual(before.subarray(0, before.length - length));
      expect(Buffer.from(before).includes(secret)).toBe(true);
      expect([device, path, purpose]).toEqual(["PK/DK", "/auth/PK/DK", "authentication"]);
    }
  });

  test("option 2101, and what has no known meaning, but no path and no command", () => {
    const before = message("{}", {
      path: post,
      options: [
        { number: 12, value: Uint8Array.of(50) },
        { number: 2100, value: bytesOf("/topic/down") },
        { number: 2101, value: bytesOf("39909D37FC378FF4") },
        { number: 2102, value: bytesOf("a command") },
        { number: 3000, value: bytesOf("anything") },
      ],
    });
    const { bytes: after, ranges } = new Masker(0x2a).mask("up", before, peer);
    const text = textOf(after);
    for (const shown of ["measurepoint", "/topic/down", "a command", "{}"]) expect(text).toContain(shown);
    for (const secret of ["39909D37FC378FF4", "anything"]) expect(text).not.toContain(secret);
    expect(ranges.map(([, length]) => length)).toEqual([16, 8]);
    expect(text).toContain("*".repeat(16));
  });

  test("the device of a path that is no topic, and its payload not", () => {
    const masker = new Masker(0x2a);
    const wrong = masker.mask("up", message("hush", { path: "topic/sys/PK/DK/thing/none" }), peer);
    expect([wrong.device, textOf(wrong.bytes).includes("hush")]).toEqual(["PK/DK", false]);
    const stranger = masker.mask("up", message("hush", { path: "authenticate/PK/DK" }), peer);
    expect(stranger.device).toBeUndefined();
  });

  test("the whole of what cannot be read", () => {
    const masker = new Masker(0);
    const { bytes, ranges } = masker.mask("up", Uint8Array.of(0xff, 1, 2), peer);
    expect([bytes, ranges]).toEqual([new Uint8Array(3), [[0, 3]]]);
    expect(masker.mask("up", new Uint8Array(), peer).ranges).toEqual([]);
  });

  test("the answer to an authentication that comes late, of a device that uses one token for everything", () => {
    const masker = new Masker(0);
    masker.mask("up", message("{}", { path: "auth/PK/DK", messageId: 1 }), peer);
    masker.mask("up", message("{}", { path: post, messageId: 2 }), peer);
    const late = masker.mask("down", answer("the session's token", { messageId: 1 }), peer);
    expect([textOf(late.bytes).includes("session"), late.purpose]).toEqual([false, "authentication"]);
    const own = masker.mask("down", answer("fine", { messageId: 2 }), peer);
    expect([textOf(own.bytes).includes("fine"), own.purpose]).toEqual([true, "report"]);
    // A message of its own has the token alone, which does not tell whose answer it is.
    const separate = masker.mask("down", message("the session's token", { type: 1, code: 0x44 }), peer);
    expect(textOf(separate.bytes)).not.toContain("session");
  });

  test("an acknowledgement whose id nobody asked with", () => {
    const masker = new Masker(0);
    masker.mask("up", message("{}", { path: post, messageId: 1 }), peer);
    const { bytes, device } = masker.mask("down", answer("hush", { messageId: 2 }), peer);
    expect([textOf(bytes).includes("hush"), device]).toEqual([false, "PK/DK"]);
  });
});

it("shows no payload of an authentication and no signature, in whatever order messages come", () => {
  const secret = "SECRETSECRET";
  const step = fc.record({
    request: fc.boolean(),
    auth: fc.boolean(),
    type: fc.constantFrom<0 | 1>(0, 1),
    id: fc.nat(3),
    token: fc.uint8Array({ maxLength: 1 }),
    port: fc.nat(1),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const masker = new Masker(0x2a);
      /** Requests by the id that is of theirs alone, as a device has it within an exchange's lifetime. */
      const open: { auth: boolean; type: 0 | 1; messageId: number; token: Uint8Array; port: number }[] = [];
      steps.forEach(({ request, auth, type, token, port, id }, i) => {
        const at = { ...peer, port };
        if (request) {
          const messageId = i * 4 + id;
          open.push({ auth, type, messageId, token, port });
          const options = [{ number: 2101, value: bytesOf(secret) }];
          const sent = message(auth ? secret : "{}", {
            ...{ type, messageId, token, options },
            path: auth ? "auth/PK/DK" : post,
          });
          expect(textOf(masker.mask("up", sent, at).bytes)).not.toContain("SECRET");
          return;
        }
        // Any of the requests is answered now, or twice.
        const asked = open[id % Math.max(1, open.length)];
        if (asked === undefined) return;
        const parts = { messageId: asked.type === 0 ? asked.messageId : i, token: asked.token };
        const sent =
          asked.type === 0
            ? answer(asked.auth ? secret : "{}", parts)
            : message(asked.auth ? secret : "{}", { type: 1, code: 0x44, ...parts });
        expect(textOf(masker.mask("down", sent, { ...peer, port: asked.port }).bytes)).not.toContain(
          "SECRET",
        );
      });
    }),
    { numRuns: runs(500) },
  );
});
