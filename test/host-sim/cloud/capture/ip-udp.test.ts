/** Packets as RFC 791, RFC 8200 and RFC 768 have them. */
import { describe, expect, test } from "vitest";
import { checksum, ipUdp } from "../../../../host-sim/cloud/capture/ip-udp";

const device = { address: "10.45.0.7", port: 50_123 };
const server = { address: "203.0.113.5", port: 5683 };

/** Over a header or segment that carries its own checksum, the sum of all words is all ones. */
const sumsUp = (bytes: Uint8Array, before = 0): boolean => checksum(bytes, before) === 0;

describe("an IPv4 packet with UDP", () => {
  test.each([0, 1, 2, 31, 512])("of %i bytes has both checksums right", (length) => {
    const payload = Uint8Array.from({ length }, (_, i) => (7 * i + 3) & 255);
    const packet = ipUdp(device, server, payload);
    expect(packet.length).toBe(28 + length);
    expect(sumsUp(packet.subarray(0, 20))).toBe(true);
    // The pseudo header: addresses, protocol 17, length.
    const words = [0x0a2d, 0x0007, 0xcb00, 0x7105, 17, 8 + length];
    expect(
      sumsUp(
        packet.subarray(20),
        words.reduce((a, b) => a + b),
      ),
    ).toBe(true);
    expect(packet.subarray(28)).toEqual(payload);
  });

  test("never has the checksum 0, which would say that there is none", () => {
    // Two bytes are enough to make any sum: one of these makes 0xffff, whose complement is 0.
    const sums = new Set<number>();
    for (let word = 0; word <= 0xffff; word++) {
      const packet = ipUdp(device, server, Uint8Array.of(word >> 8, word & 255));
      sums.add((packet[26] << 8) | packet[27]);
    }
    expect(sums.has(0)).toBe(false);
    expect(sums.has(0xffff)).toBe(true);
  });

  test("is refused for what is no address, no port, or too long", () => {
    const none = new Uint8Array();
    expect(() => ipUdp({ ...device, address: "10.45.0" }, server, none)).toThrow(/IP address/);
    expect(() => ipUdp({ ...device, address: "10.45.0.256" }, server, none)).toThrow(/IP address/);
    expect(() => ipUdp({ ...device, port: 65_536 }, server, none)).toThrow(/port/);
    expect(() => ipUdp(device, server, new Uint8Array(65_508))).toThrow(/fits no IP packet/);
  });
});

describe("an IPv6 packet with UDP", () => {
  const one = { address: "2001:db8::7", port: 50_123 };
  const other = { address: "2001:db8:0:1::192.0.2.5", port: 5683 };

  test.each([0, 1, 31, 512])("of %i bytes has its checksum right", (length) => {
    const payload = Uint8Array.from({ length }, (_, i) => (7 * i + 3) & 255);
    const packet = ipUdp(one, other, payload);
    expect(packet.length).toBe(48 + length);
    const words = [0x2001, 0x0db8, 0, 0, 0, 0, 0, 7, 0x2001, 0x0db8, 0, 1, 0, 0, 0xc000, 0x0205];
    expect(Buffer.from(packet.subarray(8, 40)).toString("hex")).toBe(
      words.map((word) => word.toString(16).padStart(4, "0")).join(""),
    );
    const sum = words.reduce((a, b) => a + b) + 17 + 8 + length;
    expect(sumsUp(packet.subarray(40), sum)).toBe(true);
    expect(packet.subarray(48)).toEqual(payload);
  });

  test("is what one end makes of it that is no IPv4 address; two IPv4 addresses in IPv6's form are IPv4", () => {
    const none = new Uint8Array();
    expect(ipUdp(one, server, none)[0] >> 4).toBe(6);
    expect(ipUdp({ ...device, address: "::ffff:10.45.0.7" }, server, none)).toEqual(
      ipUdp(device, server, none),
    );
  });
});
