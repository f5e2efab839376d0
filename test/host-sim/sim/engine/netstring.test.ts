/** Netstrings, however the pipe cuts them. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { NetstringReader, netstring } from "../../../../host-sim/sim/engine/netstring";

function readAll(reader: NetstringReader): Buffer[] {
  const messages: Buffer[] = [];
  for (let next = reader.next(); next !== undefined; next = reader.next()) messages.push(Buffer.from(next));
  return messages;
}

test("is written as the worker reads it", () => {
  expect(netstring("e", Buffer.from("1+1")).toString()).toBe("4:e1+1,");
  expect(netstring("", new Uint8Array(0)).toString()).toBe("0:,");
});

test("comes out whole, wherever it was cut", () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 6 }),
      fc.array(fc.nat(), { maxLength: 12 }),
      (bodies, cuts) => {
        const stream = Buffer.concat(bodies.map((body) => netstring("?", body)));
        const reader = new NetstringReader();
        const messages: Buffer[] = [];
        const places = [...cuts.map((cut) => cut % (stream.length + 1)), stream.length].sort((a, b) => a - b);
        let from = 0;
        for (const to of places) {
          reader.push(stream.subarray(from, to));
          messages.push(...readAll(reader));
          from = to;
        }
        expect(messages).toEqual(bodies.map((body) => Buffer.concat([Buffer.from("?"), body])));
      },
    ),
  );
});

test.each(["x:", "1x:a,", ":a,", "1:ab", "12345678901:"])("refuses %j", (text) => {
  const reader = new NetstringReader();
  reader.push(Buffer.from(text));
  expect(() => readAll(reader)).toThrow(/^no netstring/);
});

test("never loops or grows on bytes of any kind", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      const reader = new NetstringReader();
      reader.push(Buffer.from(bytes));
      try {
        expect(readAll(reader).length).toBeLessThanOrEqual(bytes.length / 3);
      } catch (error) {
        expect(String(error)).toContain("no netstring");
      }
    }),
  );
});
