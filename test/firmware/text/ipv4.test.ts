import { isIPv4 } from "node:net";
import fc from "fast-check";
import { expect, it, test } from "vitest";
import { ipv4, isIpv4 } from "../../../firmware/text/ipv4";
import { runs } from "../../density";

test.each([
  ["203.0.113.5", "203.0.113.5"],
  ["0.0.0.0", "0.0.0.0"],
  ["255.255.255.255", "255.255.255.255"],
  ["010.000.000.001", "10.0.0.1"],
  ["1.2.3", undefined],
  ["1.2.3.4.5", undefined],
  ["1.2.3.256", undefined],
  ["1..3.4", undefined],
  ["1.2.3.4 ", undefined],
  ["-1.2.3.4", undefined],
  ["1.2.3.4.", undefined],
  ["0000000000000001.2.3.4", undefined],
  ["", undefined],
])("%j is %j", (text, address) => expect(ipv4(text)).toBe(address));

it("agrees with Node's reader, which takes no leading zeros", () => {
  const part = fc.oneof(
    fc.nat(300).map(String),
    fc.stringMatching(/^[0-9]{0,3}$/),
    fc.string({ maxLength: 3 }),
  );
  const text = fc.oneof(
    fc.array(part, { minLength: 3, maxLength: 5 }).map((parts) => parts.join(".")),
    fc.ipV4(),
    fc.string(),
  );
  fc.assert(
    fc.property(text, (given) => {
      expect(isIpv4(given)).toBe(isIPv4(given));
      const told = ipv4(given);
      if (told !== undefined) expect(isIPv4(told)).toBe(true);
    }),
    { numRuns: runs(2_000) },
  );
});
