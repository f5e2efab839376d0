/** A partition that holds anything: what another firmware left, what has leaked away, answers that are no answers. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readFileBlock } from "../../../firmware/update/file-block";
import { Random } from "../../../host-sim/sim/time/random";
import { runs } from "../../density";
import { DownloadingBoard, served } from "./downloading-board";
import { changedImage, smallImage, smallPackage } from "./small-package";
import type { Message } from "../../../firmware/coap/message";

const running = smallImage("damaged", 20_000);
const image = changedImage(running, "damaged", 1_000);
const file = { bytes: smallPackage({ image, base: running, perChunk: 4_096 }), tag: Uint8Array.of(1) };
const isMade = (one: DownloadingBoard): boolean => Buffer.from(one.made(image.length)).equals(image);

describe("an update's partition", () => {
  it("may hold anything before the first update", () => {
    for (let seed = 0; seed < 20; seed++) {
      const one = new DownloadingBoard({ seed, running });
      const random = new Random(`garbage ${seed}`);
      one.update.flash.bytes.set(seed % 2 === 0 ? random.bytes(one.update.flash.bytes.length) : image);
      expect(one.start()).toBe(false);
      expect(one.download.drop()).toBe(true);
      expect(one.run(file)).toBe("ready");
      expect(isMade(one)).toBe(true);
    }
  });

  it("may lose bits in the middle of an update: it comes to its end or begins anew, and the image is right", () => {
    let anew = 0;
    fc.assert(
      fc.property(
        fc.nat(),
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 30 }),
        (seed, steps, bits) => {
          const one = new DownloadingBoard({ seed, running });
          one.run(file, steps);
          one.update.flash.flipBits(bits);
          if (!one.start()) anew += 1;
          for (let starts = 0; ; starts++) {
            const end = one.run(file, 400);
            if (end === "ready") break;
            if (starts > 8)
              throw new Error(`seed ${seed}, ${steps} steps, ${bits} bits: ${JSON.stringify(end)}`);
            // Its owner gives it up, and is told to update again.
            if (typeof end === "object" || end === "other-file") one.download.begin(file.bytes.length);
            else one.start();
          }
          if (!isMade(one)) throw new Error(`seed ${seed}, ${steps} steps, ${bits} bits: wrong image`);
        },
      ),
      { numRuns: runs(300) },
    );
    expect(anew).toBeGreaterThan(0);
  });

  it("takes any answer without being thrown off", () => {
    const option = fc.record({
      number: fc.constantFrom(4, 12, 23, 28, 60),
      value: fc.uint8Array({ maxLength: 10 }),
    });
    const answer = fc.record({
      code: fc.constantFrom(0x45, 0x45, 0x45, 0x43, 0x84, 0xa3),
      options: fc.array(option, { maxLength: 4 }),
      payload: fc.oneof(
        fc.uint8Array({ maxLength: 70 }),
        fc.constantFrom(512, 16).map((n) => new Uint8Array(n)),
      ),
      cut: fc.constantFrom(undefined, undefined, undefined, "payload" as const, "options" as const),
    });
    fc.assert(
      fc.property(fc.array(answer, { maxLength: 12 }), fc.nat({ max: 12 }), (answers, steps) => {
        const one = new DownloadingBoard({ seed: "any", running });
        one.run(file, steps);
        for (const { code, options, payload, cut } of answers) {
          options.sort((a, b) => a.number - b.number);
          const message: Message = {
            type: 2,
            code,
            messageId: 0,
            token: new Uint8Array(0),
            options,
            payload,
            cut,
          };
          const block = readFileBlock(message, 5);
          if (typeof block !== "string") {
            expect(block.bytes.length).toBeLessThanOrEqual(16 << block.szx);
            expect(block.szx).toBeLessThanOrEqual(5);
          }
          const before = one.download.received;
          const taken = one.download.take(message);
          if (taken !== "taken" && taken !== "head" && taken !== "complete") {
            expect(one.download.received).toBe(before);
          }
          expect(taken).not.toBe("fault");
        }
        // Whatever it took for a block has cost a chunk at most, or the head, which nobody has judged here.
        if (one.download.undecided || one.download.head === undefined) one.download.begin(file.bytes.length);
        let end = one.run(file);
        for (let again = 0; again < 4 && end !== "ready"; again++) {
          if (end === "other-file" || typeof end === "object") one.download.begin(file.bytes.length);
          end = one.run(file);
        }
        expect(end).toBe("ready");
        expect(isMade(one)).toBe(true);
      }),
      { numRuns: runs(400) },
    );
  });

  it("is not gone on with by a firmware of another form", () => {
    const one = new DownloadingBoard({ seed: "form", running });
    one.run(file, 6);
    const body = one.log.read(17)!.slice();
    body[0] = 2;
    one.log.write(17, body);
    expect(one.start()).toBe(false);
    expect(one.run(file)).toBe("ready");
  });
});

it("an answer of the server's own is a block", () => {
  expect(readFileBlock(served(file, 512, 5), 5)).toMatchObject({ offset: 512, szx: 5, last: false });
});
