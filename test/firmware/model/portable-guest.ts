/**
 * The thing model's random work for an engine without a board: one event with seed and rounds, one
 * answer with all lines. Built-ins are frozen, as on the board.
 */
import { decodeUtf8, encodeUtf8 } from "../../../firmware/text/utf8";
import { thingModel } from "./portable";

for (const each of [Object, Array, String, Number, Uint8Array, DataView, Error, Function]) {
  Object.freeze(each.prototype);
  Object.freeze(each);
}

Object.defineProperty(globalThis, "handleCommand", {
  value: (event: ArrayBuffer) => {
    const { seed, rounds } = JSON.parse(decodeUtf8(new Uint8Array(event))!) as {
      seed: number;
      rounds: number;
    };
    let state = seed;
    const lines: string[] = [];
    thingModel(rounds, {
      // Numerical Recipes' generator: the upper bits are what is used.
      below: (limit) => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return Math.floor((state / 0x1_0000_0000) * limit);
      },
      say: (suite, text) => lines.push(`${suite} ${text}`),
    });
    return { result: encodeUtf8(lines.join("\n")).buffer };
  },
});
