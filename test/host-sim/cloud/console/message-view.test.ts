/** What the sequence chart shows of a datagram, and what it must not. */
import { describe, expect, it } from "vitest";
import { decodeCoap, encodeCoap } from "../../../../host-sim/cloud/coap/coap-wire";
import type { CoapOption } from "../../../../host-sim/cloud/coap/coap-wire";
import { MessageReader } from "../../../../host-sim/cloud/console/message-view";

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

const bytes = (message: { hex: string }): string => message.hex;
const hex = (text: string): string => Buffer.from(text).toString("hex");

describe("a message of the sequence chart", () => {
  it("shows a report with its signature masked", () => {
    const signature = Buffer.alloc(64, 0xa5);
    const sent = datagram(2, "topic/sys/PK/DK/thing/measurepoint/post", "{}", [
      { number: 2101, value: signature },
    ]);
    const message = new MessageReader().read("in", sent, demoPeer, 5);
    expect(message).toMatchObject({
      id: 1,
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
    const asked = reader.read("in", datagram(2, "auth/PK/DK", `{"sign":"ABCDEF"}`), demoPeer, 0);
    const answered = reader.read("out", datagram(0x44, "", "the session's token"), demoPeer, 1);
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
    const message = new MessageReader().read(direction, sent, demoPeer, 0);
    expect(JSON.stringify(message)).not.toContain("hush");
    expect(bytes(message)).not.toContain(hex("hush"));
  });

  it("shows the answer to a report, with the command that it carries", () => {
    const reader = new MessageReader();
    reader.read("in", datagram(2, "topic/sys/PK/DK/thing/measurepoint/post", "{}"), demoPeer, 0);
    const command = { number: 2102, value: Buffer.from(`{"id":"1"}`) };
    const message = reader.read("out", datagram(0x44, "", `{"code":200}`, [command]), demoPeer, 0);
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
      const message = reader.read(n % 2 === 0 ? "in" : "out", any, demoPeer, n);
      expect(message.size).toBe(any.length);
      if ("malformed" in decodeCoap(any)) expect(message.fields[0][0]).toBe("fault");
    }
  });
});
