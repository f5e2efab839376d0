import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { AtEngine } from "../../../../firmware/modem/at/engine";
import { isCeregAnswer } from "../../../../firmware/modem/at/fields";
import { ascii, asciiText } from "../../../../firmware/text/ascii";
import { runs } from "../../../density";

describe("any bytes, any order of events", () => {
  const line = fc.constantFrom(
    "OK",
    "ERROR",
    "+CME ERROR: 10",
    "+CME ERROR: x",
    "RDY",
    "SMS Ready",
    "+CSQ: 1,2",
    "+CEREG: 5,1",
    "+CEREG: 2",
    "+CSONMI: 0,2,41",
    "864600030000017",
    "AT+CSQ",
    "AT",
    "+CPIN: READY",
    "x".repeat(1_300),
  );
  const event = fc.oneof(
    fc.constantFrom("AT", "AT+CSQ", "AT+CEREG?", "AT+CGSN").map((command) => ({ command })),
    line.map((text) => ({ bytes: ascii(`\r\n${text}\r\n`) })),
    fc.uint8Array({ maxLength: 60 }).map((bytes) => ({ bytes })),
    fc.nat(7_000).map((wait) => ({ wait })),
    fc.constant({ clear: true }),
  );

  it("never throw; one command in flight, lines only for it, and one end for each", () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 120, size: "max" }), (events) => {
        let now = 0;
        let inFlight: number | undefined;
        const ends: number[] = [];
        const sent: string[] = [];
        const engine: AtEngine = new AtEngine({
          write: (bytes) => {
            expect(inFlight).toBeUndefined();
            inFlight = sent.findIndex((text, id) => ends[id] === 0 && `${text}\r` === asciiText(bytes));
            expect(inFlight).toBeGreaterThanOrEqual(0);
          },
          urcs: ["+CSONMI:", "+CEREG:", "+CPIN:"].map(ascii),
          banners: ["RDY", "SMS Ready"].map(ascii),
          onUrc: () => {},
          onBanner: (at) => engine.clear(at),
        });
        for (const what of events) {
          if ("command" in what) {
            const id = sent.push(what.command) - 1;
            ends.push(0);
            engine.send(
              {
                line: ascii(what.command),
                timeout: what.command === "AT" ? 300 : 5_000,
                probe: what.command === "AT",
                bare: what.command === "AT+CGSN",
                prefix: ascii(what.command === "AT+CSQ" ? "+CSQ:" : "+CEREG:"),
                owns: isCeregAnswer,
                onLine: () => expect(sent[inFlight!]).toBe(what.command),
                onDone: (result) => {
                  ends[id] += 1;
                  if (result.kind !== "aborted") expect(sent[inFlight!]).toBe(what.command);
                  // Commands alike are one another's equals: what counts is that one was in flight.
                  if (result.kind !== "aborted" || inFlight === id) inFlight = undefined;
                },
              },
              now,
            );
          } else if ("bytes" in what) {
            engine.receive(what.bytes, now);
          } else if ("wait" in what) {
            now += what.wait;
            engine.poll(now);
          } else {
            engine.clear(now);
            inFlight = undefined;
          }
        }
        // Silence: all that is left runs out, in bounded time.
        for (let polls = 0; engine.deadline !== Infinity; polls++) {
          expect(polls).toBeLessThan(100);
          now = Math.max(now, engine.deadline);
          engine.poll(now);
        }
        expect(engine.busy).toBe(false);
        expect(ends.every((count) => count === 1)).toBe(true);
        expect(now).toBeLessThanOrEqual(120 * 7_000 + 17 * 6_000);
      }),
      { seed: 27_007, numRuns: runs(500) },
    );
  });
});
