/** What the stand-in reads of a package's head, and what it says of one that is filed otherwise. */
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import {
  packageDoubts,
  packageHeadBytes,
  readPackageHead,
} from "../../../../host-sim/cloud/ota/package-head";
import { differencePackage, wholePackage } from "../../../../host-sim/tools/update/package-file";
import { bodyOf } from "../coap/message-layer-rig";
import { packageOf } from "./package";
import type { HeadFields } from "./package";

describe("a head", () => {
  it("of a whole image says which board, version and product", () => {
    expect(readPackageHead(packageOf({ productKey: "MuGsF6W4" }))).toEqual({
      ...{ kind: "whole", board: "m5stack-nbiot", version: "1.3.0", productKey: "MuGsF6W4" },
      imageSize: 1_200_000,
    });
  });

  it("of a difference says from which version", () => {
    expect(readPackageHead(packageOf({ from: "1.2.0" }))).toEqual({
      ...{ kind: "difference", board: "m5stack-nbiot", version: "1.3.0", from: "1.2.0" },
      imageSize: 1_200_000,
    });
  });

  it("is read of what npm run update packs", () => {
    const [base, image] = [bodyOf(9_000, "base"), bodyOf(10_000, "image")];
    const about = { board: "m5stack-nbiot", version: "0.3.0", productKey: "MuGsF6W4", baseVersion: "0.2.0" };
    const sign = (): Uint8Array => new Uint8Array(64);
    const common = { board: "m5stack-nbiot", version: "0.3.0", productKey: "MuGsF6W4", imageSize: 10_000 };
    expect(readPackageHead(wholePackage(image, about, sign))).toEqual({ kind: "whole", ...common });
    expect(readPackageHead(differencePackage(base, image, about, sign))).toEqual({
      ...{ kind: "difference", ...common, from: "0.2.0" },
    });
  });

  it("is read where it stands alone, as a page reads it, and in the middle of another buffer", () => {
    const bytes = packageOf();
    const whole = readPackageHead(bytes);
    expect(readPackageHead(bytes.subarray(0, packageHeadBytes))).toEqual(whole);
    const shifted = Buffer.concat([Buffer.alloc(7), bytes]).subarray(7);
    expect(readPackageHead(shifted)).toEqual(whole);
  });

  it.each([[Buffer.alloc(0)], [Buffer.from("EnU")], [Buffer.alloc(1000, 7)], [packageOf({ magic: "enup" })]])(
    "is none of other files",
    (bytes) => expect(readPackageHead(bytes)).toBeUndefined(),
  );

  test.each<[HeadFields, RegExp]>([
    [{ format: 2 }, /^its format is 2/],
    [{ kind: 7 }, /^its kind is 7/],
    [{ headLength: 279 }, /^its head is said to have 279/],
    [{ board: "" }, /no version or no board/],
    [{ version: "" }, /no version or no board/],
    [{ kind: 1 }, /does not name the version/],
    [{ board: "a/b" }, /a text in its head/],
    [{ version: "-1" }, /a text in its head/],
    [{ version: "1\u0000 2" }, /a text in its head/],
    [{ productKey: "ä" }, /a text in its head/],
    [{ from: "<b>" }, /a text in its head/],
  ])("with %j cannot be read", (fields, fault) => {
    expect(readPackageHead(packageOf(fields))).toEqual({ fault: expect.stringMatching(fault) });
  });

  it("that is cut short cannot be read", () => {
    for (const length of [4, 100, packageHeadBytes - 1]) {
      expect(readPackageHead(packageOf().subarray(0, length))).toEqual({
        fault: expect.stringContaining(`it ends in its head, after ${length} bytes`),
      });
    }
  });

  it("whatever it says gives values that can stand in a path, or a fault", () => {
    const text = fc.string({ unit: "binary", maxLength: 24 });
    fc.assert(
      fc.property(text, text, text, text, fc.nat(3), (board, version, productKey, from, kind) => {
        const read = readPackageHead(packageOf({ board, version, productKey, from, kind }));
        if (read === undefined || "fault" in read) return;
        for (const each of [read.board, read.version, read.productKey ?? "x", read.from ?? "x"]) {
          expect(each).toMatch(/^[A-Za-z0-9][A-Za-z0-9._+:-]{0,23}$/);
        }
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(() => readPackageHead(Buffer.concat([Buffer.from("EnUp"), bytes]))).not.toThrow();
      }),
    );
  });
});

describe("a package that is filed otherwise than its head says", () => {
  const head = readPackageHead(packageOf({ from: "1.2.0", productKey: "MuGsF6W4" }))!;
  const filed = { productKey: "MuGsF6W4", version: "1.3.0", board: "m5stack-nbiot", from: "1.2.0" };

  test.each([
    [{}, undefined],
    [{ version: "1.3.1" }, "version 1.3.0, and it is filed under 1.3.1"],
    [{ board: "other" }, "board m5stack-nbiot, and it is filed under other"],
    [{ from: "1.1.0" }, "base 1.2.0, and it is filed under 1.1.0"],
    [{ productKey: "Another1" }, "product MuGsF6W4: devices of Another1 refuse it"],
    // Not said yet.
    [{ version: undefined, board: undefined, from: undefined }, undefined],
  ])("%j is doubted", (change, doubt) => {
    const doubts = packageDoubts(head, { ...filed, ...change });
    expect(doubts).toEqual(doubt === undefined ? [] : [`its head says ${doubt}`]);
  });

  it("is doubted when it cannot be read", () => {
    expect(packageDoubts({ fault: "its kind is 7" }, filed)).toEqual([
      "it begins as a package does, but its kind is 7",
    ]);
  });
});
