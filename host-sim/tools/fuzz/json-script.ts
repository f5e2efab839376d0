/** JSON as nobody should write it, out of a script's bytes: sound pieces in any order, and often. */
import { ascii } from "../../../firmware/text/ascii";
import type { Script } from "./target";

const pieces: readonly string[] = [
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  '"id":"1",',
  '"id":7,',
  '"id":12345678901234567890,',
  '"params":{',
  '"params":[',
  '"measurepoints":["temperature","relay"]',
  '"relay":1',
  '"interval":60',
  '"reference":{"temperature":20,"humidity":40,"source":"bench"}',
  '"delay":5',
  '"code":200,',
  '"code":"200",',
  '"code":1204,',
  '"data":{',
  '"token":"T",',
  '"a":',
  '"__proto__":',
  '"constructor":',
  '""',
  '"\\ud800"',
  '"\\u0000"',
  '"\\',
  "null",
  "true",
  "1e999",
  "-0.5e-7",
  "9",
  " ",
  "\u00ff",
  '{"id":"2","version":"1.0","params":{"relay":1}}',
  '{"id":"3","params":{"delay":1}}',
  '{"code":200,"message":"","data":{}}',
];

/** A command that can be read: values of any kind and depth in a sound envelope. */
export function commandOf(script: Script): Uint8Array {
  const open = script.pick(["[", '{"a":', '[{"relay":', '{"reference":', "[[],"]);
  const close = open.startsWith("[{") ? "}]" : open.startsWith("[") ? "]" : "}";
  const depth = script.below(17);
  const value = open.repeat(depth) + script.pick(["1", '"x"', "null", "1e999", "[]"]) + close.repeat(depth);
  const name = script.pick(["relay", "interval", "reference", "delay", "a", "measurepoints", "temperature"]);
  const id = script.pick(['"1"', "7", "12345678901234567890", `"${script.byte()}"`]);
  const more = script.pick(["", "", ',"relay":1', ',"delay":1', ',"humidity":40,"source":"x"']);
  return ascii(`{"id":${id},"version":"1.0","params":{"${name}":${value}${more}}}`);
}

/** At most some 9,000 bytes. */
export function jsonOf(script: Script): Uint8Array {
  let text = "";
  for (let count = 1 + script.below(14); count > 0; count--) {
    const choice = script.byte();
    const piece = pieces[choice % pieces.length];
    const often = choice < 200 ? 1 : script.pick([2, 5, 15, 16, 17, 40, 300, 1_200]);
    for (let i = 0; i < often && text.length < 8_200; i++) {
      // Many names, now and then; not ever new ones, for XS keeps them all, and each run is another device's start.
      text += choice >= 240 ? `"n${i % 220}":${i},` : piece;
    }
  }
  return ascii(text);
}
