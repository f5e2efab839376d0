/** A bundle whose functions read the meter does what it did, and each reading carries the function's own index. */
import { expect, test } from "vitest";
import { instrument } from "../../../../host-sim/tools/bench/instrument";

const bundle = `"use strict";
(() => {
  // firmware/text/hex.ts
  function hex(value) {
    return [value, (digit) => (digit + 1)];
  }
  // firmware/modem/at/framer.ts
  var LineFramer;
  var init_framer = () => {
    LineFramer = class {
      #length = 3;
      get length() { return this.#length; }
      receive = (bytes) => ({ count: bytes + hex(this.length)[1](1) });
    };
  };
  init_framer();
  return new LineFramer().receive(10).count;
})()`;

test("functions are named by class, by what they are assigned to and by what they stand in", () => {
  const { functions } = instrument(bundle);
  expect(functions.map(({ module, name }) => `${module} ${name}`)).toEqual([
    " ",
    "firmware/text/hex.ts hex",
    "firmware/text/hex.ts hex >",
    "firmware/modem/at/framer.ts init_framer",
    "firmware/modem/at/framer.ts LineFramer.length",
    "firmware/modem/at/framer.ts LineFramer.receive",
  ]);
});

test("what a bundle does stays, and each function says where it begins and ends", () => {
  const { source } = instrument(bundle);
  const calls: string[] = [];
  const run = new Function("__in", "__out", `return ${source.replace('"use strict";\n', "")}`);
  const result: unknown = run(
    (index: number) => calls.push(`in ${index}`),
    () => calls.push("out"),
  );
  expect(result).toBe(12);
  expect(calls.join(", ")).toBe("in 0, in 3, out, in 5, in 4, out, in 1, out, in 2, out, out, out");
});
