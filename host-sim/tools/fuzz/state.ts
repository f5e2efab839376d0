/**
 * What key-value storage gives back at a start: nothing, anything, and the record of this device's with bytes
 * changed and its CRC put right. The device starts, has ids that count up, and keeps its state again.
 */
import { PersistentState } from "../../../firmware/continuity/persistent-state";
import { crc32 } from "../../../firmware/journal/crc";
import { Random } from "../../sim/time/random";
import { Script, check } from "./target";
import { TinyDevice, checkedLog } from "./tiny-device";
import type { ByteStore } from "../../../firmware/continuity/two-slot-state";
import type { Target, Watch } from "./target";

export const stateTarget: Target = {
  name: "state",
  boundary: "settings",
  code: ["firmware/continuity/"],
  portable: true,
  seeds: () => [
    new Uint8Array([0]),
    new Uint8Array([1, 1, 13, 7, 1, 60, 255]),
    new Uint8Array([2, 0, 0, 3, 1, 2, 3]),
  ],
  generate: (random) => random.bytes(1 + Math.floor(random.next() * 60)),
  run(input, watch) {
    watch.input();
    const script = new Script(input);
    const stored = new Map<string, Uint8Array>();
    const writes = { count: 0 };
    let failing = false;
    const store: ByteStore = {
      read: (key) => {
        if (failing) throw new Error("NVS");
        return stored.get(key)?.slice().buffer;
      },
      write: (key, value) => {
        writes.count += 1;
        if (failing) throw new Error("NVS");
        stored.set(key, value.slice());
      },
    };
    const random = new Random("state");
    const start = (): PersistentState => new PersistentState(store, () => random.next(), checkedLog(watch));
    const first = start();
    const token = script.take(script.below(140));
    first.keepSession({ edition: "token", token, sequence: script.byte(), lastContact: 1e12 });
    for (const key of ["a", "b"]) {
      const bytes = damaged(stored.get(key) ?? new Uint8Array(0), script);
      if (bytes === undefined) stored.delete(key);
      else stored.set(key, bytes);
    }
    failing = script.byte() > 240;
    const memory = start();
    const ids = [memory.takeId(), memory.takeId(), memory.takeId()];
    check(((ids[2] - ids[0]) | 0) === 2, "ids count up", () => ids.join(" "));
    watch.feature(
      `session ${memory.session?.edition} rto ${memory.rto !== undefined} cause ${memory.restart.cause}`,
    );
    live(memory, watch, script.byte());
    check(writes.count < 200, "storage is written rarely", () => `${writes.count} times`);
  },
};

/** The device lives with that memory for a while. */
function live(memory: PersistentState, watch: Watch, turns: number): void {
  const device = new TinyDevice(watch, { memory, keepAlive: (turns & 1) !== 0, radioBudget: 3_600 });
  for (let turn = turns & 15; turn >= 0; turn--) device.wait(1_000_000);
  device.agent.setTime(1_700_000_000_000, device.now);
  device.wait(1_000_000);
}

/** Bytes of a record changed as the script says; undefined for one that is gone. */
function damaged(record: Uint8Array, script: Script): Uint8Array | undefined {
  const how = script.byte();
  if (how > 250) return undefined;
  if (how > 230) return script.take(script.byte());
  const bytes = record.slice(0, how > 220 ? script.byte() : record.length);
  for (let count = script.below(10); count > 0 && bytes.length > 0; count--) {
    bytes[script.byte() % bytes.length] = script.byte();
  }
  // With its CRC put right, so that what is behind it is seen.
  if ((how & 1) !== 0 && bytes.length > 4) {
    const end = bytes.length - 4;
    new DataView(bytes.buffer).setUint32(end, crc32(bytes, 0, end), true);
  }
  return bytes;
}
