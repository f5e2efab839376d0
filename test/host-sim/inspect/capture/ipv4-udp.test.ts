/** Packets as RFC 791 and RFC 768 have them. */
import { describe, expect, test } from "vitest";
import { checksum, ipv4Udp } from "../../../../host-sim/inspect/capture/ipv4-udp";

const device = { address: "10.45.0.7", port: 50_123 };
const server = { address: "203.0.113.5", port: 5683 };

/** Over a header or segment that carries its own checksum, the sum of all words is all ones. */
const sumsUp = (bytes: Uint8Array, before = 0): boolean => checksum(bytes, before) === 0;

describe("an IPv4 packet with UDP", () => {
  test.each([0, 1, 2, 31, 512])("of %i bytes has both checksums right", (length) => {
    const payload = Uint8Array.from({ length }, (_, i) => (7 * i + 3) & 255);
    const packet = ipv4Udp(device, server, payload);
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
      const packet = ipv4Udp(device, server, Uint8Array.of(word >> 8, word & 255));
      sums.add((packet[26] << 8) | packet[27]);
    }
    expect(sums.has(0)).toBe(false);
    expect(sums.has(0xffff)).toBe(true);
  });

  test("is refused for what is no address, no port, or too long", () => {
    const none = new Uint8Array();
    expect(() => ipv4Udp({ ...device, address: "10.45.0" }, server, none)).toThrow(/IPv4 address/);
    expect(() => ipv4Udp({ ...device, address: "10.45.0.256" }, server, none)).toThrow(/IPv4 address/);
    expect(() => ipv4Udp({ ...device, port: 65_536 }, server, none)).toThrow(/port/);
    expect(() => ipv4Udp(device, server, new Uint8Array(65_508))).toThrow(/fits no IPv4 packet/);
  });
});
