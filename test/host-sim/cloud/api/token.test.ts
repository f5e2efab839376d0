/** Which tokens are taken, and what becomes of Authorization headers. */
import { describe, expect, it, test } from "vitest";
import { TokenGuard, tokenFault } from "../../../../host-sim/cloud/api/token";

const apiToken = "c2VjcmV0LXNlY3JldA==";

describe("a token", () => {
  test.each(["0123456789abcdef", apiToken, "a-b.c_d~e+f/g0123", "x".repeat(512)])("can be %s", (token) => {
    expect(tokenFault(token)).toBeUndefined();
  });

  test.each<[string, RegExp]>([
    ["", /expected 16 to 512 characters, got 0/],
    ["0123456789abcde", /expected 16 to 512 characters, got 15/],
    ["x".repeat(513), /got 513/],
    ["with a space 01234", /expected letters, digits/],
    ["line\nline01234567", /expected letters, digits/],
    ["=0123456789abcdef", /expected letters, digits/],
    ["0123456789abcdeü", /expected letters, digits/],
  ])("cannot be %j", (token, fault) => {
    expect(tokenFault(token)).toMatch(fault);
    expect(tokenFault(token)).not.toContain("0123456789");
    expect(() => new TokenGuard(token)).toThrow(RangeError);
  });
});

describe("a header", () => {
  const guard = new TokenGuard(apiToken);
  it.each<[string | undefined, string]>([
    [`Bearer ${apiToken}`, "operate"],
    [`bearer ${apiToken}`, "operate"],
    [`Bearer   ${apiToken}  `, "operate"],
    [undefined, "missing"],
    ["", "missing"],
    ["Bearer", "missing"],
    ["Bearer ", "missing"],
    [apiToken, "missing"],
    [`Basic ${apiToken}`, "missing"],
    [`Bearer ${apiToken} more`, "missing"],
    [`Bearer ${apiToken}x`, "wrong"],
    [`Bearer ${apiToken.slice(0, -1)}`, "wrong"],
    [`Bearer ${apiToken.toLowerCase()}`, "wrong"],
    [`Bearer ${"x".repeat(4096)}`, "wrong"],
    [`Bearer ${"x".repeat(4097)}`, "missing"],
  ])("%j is %s", (header, verdict) => {
    expect(guard.judge(header)).toBe(verdict);
  });
});
