/** What the sequence chart shows of a datagram, and what it must not. */
import { describe, expect, it } from "vitest";
import { decodeCoap, encodeCoap } from "../../../../host-sim/cloud/coap/coap-wire";
import type { CoapOption } from "../../../../host-sim/cloud/coap/coap-wire";
import { MessageReader } from "../../../../host-sim/cloud/console/message-reader";
import { messageOf } from "../../../../host-sim/cloud/console/message-view";

const demoPeer = { address: "10.0.0.2", port: 40001 };
const apiToken = Uint8Array.of(7, 8, 9, 10);

function datagram(code: number, path: string, payload: string, more: CoapOption[] = []): Uint8Array {
  const segments =
    path === "" ? [] : path.split("/").map((each) => ({ number: 11, value: Buffer.from(each) }));
  const options = [...segments, ...more];
  return encodeCoap({
    type: 0,
    code,
    messageId: 0x1234,
    token: apiToken,
    options,
    payload: Buffer.from(payload),
  });
}

/** Reads a datagram, and shows it. */
const shown = (reader: MessageReader, ...datagram: Parameters<MessageReader["read"]>) =>
  messageOf(reader.read(...datagram));
const bytes = (message: { hex: string }): string => message.hex;
const hex = (text: string): string => Buffer.from(text).toString("hex");

describe("a message of the sequence chart", () => {
  it("shows a report with its signature masked", () => {
    const signature = Buffer.alloc(64, 0xa5);
    const sent = datagram(2, "topic/sys/PK/DK/thing/measurepoint/post", "{}", [
      { number: 2101, value: signature },
    ]);
    const message = shown(new MessageReader(), "in", sent, demoPeer, 5);
    expect(message).toMatchObject({
      at: 5,
      way: "up",
      peer: "10.0.0.2:40001",
      device: "PK/DK",
      size: sent.length,
    });
    expect(message.line).toBe("CON POST /topic/sys/PK/DK/thing/measurepoint/post · 2 B");
    expect(message.fields).toContainEqual(["2101, signature", "64 bytes, masked"]);
    expect(message.fields).toContainEqual(["payload", "{}"]);
    expect(bytes(message)).not.toContain("a5");
    expect(bytes(message)).toMatch(new RegExp(`(··){64}ff${hex("{}")}$`));
    expect(bytes(message).length).toBe(2 * sent.length);
  });

  it("masks both sides of an authentication", () => {
    const reader = new MessageReader();
    const asked = shown(reader, "in", datagram(2, "auth/PK/DK", `{"sign":"ABCDEF"}`), demoPeer, 0);
    const answered = shown(reader, "out", datagram(0x44, "", "the session's token"), demoPeer, 1);
    for (const [message, secret] of [
      [asked, "ABCDEF"],
      [answered, "session's token"],
    ] as const) {
      expect(message.device).toBe("PK/DK");
      expect(JSON.stringify(message)).not.toContain(secret);
      expect(bytes(message)).not.toContain(hex(secret));
      expect(message.fields.at(-1)).toEqual(["payload", expect.stringMatching(/^\d+ bytes, masked$/)]);
    }
  });

  it.each<[string, "in" | "out", Uint8Array]>([
    ["an answer to a request that nobody saw", "out", datagram(0x45, "", "hush hush")],
    ["a request to a path that there is not", "in", datagram(2, "authenticate/PK/DK", "hush hush")],
    [
      "an unknown option",
      "in",
      datagram(2, "auth/PK/DK", "", [{ number: 3000, value: Buffer.from("hush hush") }]),
    ],
    ["a query", "in", datagram(1, "auth/PK/DK", "", [{ number: 15, value: Buffer.from("hush hush") }])],
    ["what is no CoAP", "in", Buffer.from("hush hush")],
  ])("masks %s", (_what, direction, sent) => {
    const message = shown(new MessageReader(), direction, sent, demoPeer, 0);
    expect(JSON.stringify(message)).not.toContain("hush");
    expect(bytes(message)).not.toContain(hex("hush"));
  });

  it("shows the answer to a report, with the command that it carries", () => {
    const reader = new MessageReader();
    reader.read("in", datagram(2, "topic/sys/PK/DK/thing/measurepoint/post", "{}"), demoPeer, 0);
    const command = { number: 2102, value: Buffer.from(`{"id":"1"}`) };
    const message = shown(reader, "out", datagram(0x44, "", `{"code":200}`, [command]), demoPeer, 0);
    expect(message.line).toContain("2.04 /topic/sys/PK/DK/thing/measurepoint/post");
    expect(message.fields).toContainEqual(["2102, a command", `{"id":"1"}`]);
    expect(message.fields).toContainEqual(["payload", `{"code":200}`]);
  });

  it("takes any bytes", () => {
    const reader = new MessageReader();
    for (let n = 0; n < 2000; n += 1) {
      const any = Uint8Array.from(
        { length: n % 40 },
        (_, index) => (n * 7919 + index * 104_729 + (n >> 3) * index) & 255,
      );
      if (any.length > 0) any[0] = 0x40 | (any[0] & 0x3f);
      const message = shown(reader, n % 2 === 0 ? "in" : "out", any, demoPeer, n);
      expect(message.size).toBe(any.length);
      if ("malformed" in decodeCoap(any)) expect(message.fields[0][0]).toBe("fault");
    }
  });

  it("tells type, code, ids, path and what it is about as members of their own, also of an answer", () => {
    const reader = new MessageReader();
    const asked = shown(
      reader,
      "in",
      datagram(2, "topic/sys/PK/DK/thing/measurepoint/post", "{}"),
      demoPeer,
      0,
    );
    const about = { path: "/topic/sys/PK/DK/thing/measurepoint/post", about: "report" };
    expect(asked).toMatchObject({ type: "CON", code: "0.02", codeName: "POST", messageId: 0x1234, ...about });
    expect(asked).toMatchObject({ exchange: "0708090a" });
    expect(asked).not.toHaveProperty("again");
    const answered = shown(reader, "out", datagram(0x81, "", ""), demoPeer, 0);
    expect(answered).toMatchObject({ code: "4.01", codeName: "Unauthorized", ...about });
    const malformed = shown(reader, "in", Uint8Array.of(1), demoPeer, 0);
    for (const name of ["type", "code", "messageId", "path", "about"]) {
      expect(malformed).not.toHaveProperty(name);
    }
  });

  it("marks what comes again, and not what has the same id but says something else, or comes much later", () => {
    const reader = new MessageReader();
    const one = datagram(2, "topic/sys/PK/DK/thing/measurepoint/post", "{}");
    const other = datagram(2, "topic/sys/PK/DK/thing/measurepoint/post", `{"a":1}`);
    const again = (bytes: Uint8Array, at: number, port = 1, direction: "in" | "out" = "in") =>
      reader.read(direction, bytes, { address: "10.0.0.2", port }, at).again;
    expect([again(one, 0), again(one, 2_000), again(one, 6_000)]).toEqual([0, 1, 2]);
    expect([again(one, 6_000, 2), again(one, 6_000, 1, "out")]).toEqual([0, 0]);
    expect([again(other, 7_000), again(one, 8_000), again(one, 300_000)]).toEqual([0, 0, 0]);
  });

  it("keeps of a long datagram the beginning, and its fields whole", () => {
    const long = datagram(2, "topic/sys/PK/DK/thing/measurepoint/post", "x".repeat(1_400), [
      { number: 2101, value: Buffer.alloc(700, 0xa5) },
    ]);
    const reader = new MessageReader();
    const record = reader.read("in", long, demoPeer, 0);
    expect(record.bytes.length).toBe(1_500);
    const message = messageOf(record);
    expect(message).toMatchObject({ size: long.length, code: "0.02" });
    expect(message.line).toBe("CON POST /topic/sys/PK/DK/thing/measurepoint/post · 1400 B");
    expect(message.fields).toContainEqual(["2101, signature", "700 bytes, masked"]);
    expect(message.fields).toContainEqual(["payload", "x".repeat(1_400)]);
    expect(message.hex).toMatch(/(··){700}ff(78)+…$/);
  });
});
