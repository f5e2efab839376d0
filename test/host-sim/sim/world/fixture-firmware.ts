/**
 * A firmware for tests of slots: it copies its own image into the other slot, block by block, has it started, and what is
 * started then confirms itself, gives itself up, restarts or does nothing, by the setting `then`.
 */
/// <reference path="../../../../node_modules/@moddable/typings/timer.d.ts" />
/// <reference path="../../../../node_modules/@moddable/typings/mc/config.d.ts" />
/// <reference path="../../../../firmware/ffi.d.ts" />
/// <reference path="../../../../firmware/moddable.d.ts" />
import Timer from "timer";
import FFI from "mc/ffi";
import keyValue from "embedded:storage/key-value";
import flash from "embedded:storage/flash";
import config from "mc/config";

declare function trace(...log: (string | number | boolean)[]): void;

const say = (text: string): void => trace(text, "\n");

/** What an expression throws, as text; "nothing" when it does not. */
function thrown(run: () => unknown): string {
  try {
    run();
    return "nothing";
  } catch (error) {
    return error instanceof Error ? error.message : "no Error";
  }
}

export default function main(): void {
  const native = new FFI();
  const state = native.enos_update_state();
  say(`state ${state}`);
  const store = keyValue.open({ path: "copy", format: "string" });
  const running = flash.open({ path: "running", mode: "r" });
  const other = flash.open({ path: "nextota" });
  const staging = flash.open({ path: "update" });
  if (state === 1) {
    if (config.then === "confirm")
      say(`confirmed ${native.enos_update_confirm()} ${native.enos_update_state()}`);
    if (config.then === "back") say(`back ${native.enos_update_back()}`);
    if (config.then === "back" || config.then === "restart") native.esp_restart();
    return;
  }
  if (store.read("done") === "yes") return;
  const sizes = [running, other, staging].map((partition) => partition.status().size);
  say(`sizes ${sizes.join(" ")}, ${thrown(() => running.eraseBlock(0))}`);
  const block = new Uint8Array(4_096);
  const { blocks } = running.status();
  let at = 0;
  const copy = (): void => {
    for (const end = Math.min(blocks, at + 64); at < end; at++) {
      running.read(block, 4_096 * at);
      if (config.damage === at) block[17] ^= 1;
      other.eraseBlock(at);
      other.write(block, 4_096 * at);
    }
    if (at < blocks) return void Timer.set(copy, 10);
    store.write("done", "yes");
    say(`activated ${native.enos_update_activate()}`);
    native.esp_restart();
  };
  copy();
}
