/** Under which names the API may be called, and from which pages. */
import { describe, expect, test } from "vitest";
import {
  hostAllowed,
  isLoopback,
  isWildcard,
  originAllowed,
} from "../../../../host-sim/cloud/api/host-names";

test.each<[string, boolean]>([
  ["127.0.0.1", true],
  ["127.9.8.7", true],
  ["localhost", true],
  ["LocalHost.", true],
  ["api.localhost", true],
  ["::1", true],
  ["[::1]", true],
  ["0:0:0:0:0:0:0:1", true],
  ["::ffff:127.0.0.1", true],
  ["128.0.0.1", false],
  ["0.0.0.0", false],
  ["::", false],
  ["::2", false],
  ["127.0.0.1.example.com", false],
  ["127.evil", false],
  ["localhost.example.com", false],
  ["notlocalhost", false],
  ["", false],
])("%j is loopback: %s", (host, expected) => {
  expect(isLoopback(host)).toBe(expected);
});

test.each<[string, boolean]>([
  ["0.0.0.0", true],
  ["::", true],
  ["[::]", true],
  ["0:0:0:0:0:0:0:0", true],
  ["127.0.0.1", false],
  ["::1", false],
  ["", false],
])("%j is all addresses: %s", (host, expected) => {
  expect(isWildcard(host)).toBe(expected);
});

describe("Host", () => {
  test.each<[string | undefined, string, boolean]>([
    ["127.0.0.1:8080", "127.0.0.1", true],
    ["localhost", "127.0.0.1", true],
    ["localhost:8080", "127.0.0.1", true],
    ["[::1]:8080", "127.0.0.1", true],
    ["evil.example", "127.0.0.1", false],
    ["evil.example:8080", "127.0.0.1", false],
    ["localhost.evil.example", "127.0.0.1", false],
    ["192.168.1.5:8080", "127.0.0.1", false],
    ["192.168.1.5:8080", "192.168.1.5", true],
    ["192.168.1.6:8080", "192.168.1.5", false],
    ["192.168.1.6:8080", "0.0.0.0", true],
    ["[fe80::1]:8080", "::", true],
    ["evil.example", "0.0.0.0", false],
    ["cloud.lan:8080", "cloud.lan", true],
    ["CLOUD.lan.:8080", "cloud.lan", true],
    ["evil.lan:8080", "cloud.lan", false],
    [undefined, "127.0.0.1", false],
    ["", "127.0.0.1", false],
    ["localhost@evil.example", "127.0.0.1", false],
    ["evil.example#localhost", "127.0.0.1", false],
    ["localhost:8080:1", "127.0.0.1", false],
    ["localhost:abc", "127.0.0.1", false],
    ["[::1", "127.0.0.1", false],
  ])("%j, listening on %s: %s", (header, listening, expected) => {
    expect(hostAllowed(header, listening)).toBe(expected);
  });
});

describe("Origin", () => {
  test.each<[string | undefined, string | undefined, boolean]>([
    [undefined, "localhost:8080", true],
    ["http://localhost:8080", "localhost:8080", true],
    ["https://cloud.lan", "cloud.lan", true],
    ["http://localhost:3000", "localhost:8080", false],
    ["http://evil.example", "localhost:8080", false],
    ["null", "localhost:8080", false],
    ["", "localhost:8080", false],
    ["http://localhost:8080", undefined, false],
  ])("%j to %j: %s", (origin, host, expected) => {
    expect(originAllowed(origin, host)).toBe(expected);
  });
});
