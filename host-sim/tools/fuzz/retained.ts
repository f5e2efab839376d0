/**
 * Retained memory at a start: what a device wrote there before it slept, panicked or lost its power, with bytes
 * changed, parts exchanged and their CRCs put right. The device starts, for whatever reason, and goes on: with what
 * was kept, or without it.
 */
import { DeepSleep } from "../../../firmware/continuity/deep-sleep";
import { encodeDeepSleepRecord } from "../../../firmware/continuity/deep-sleep-record";
import { LogRing } from "../../../firmware/continuity/log-ring";
import { PersistentState } from "../../../firmware/continuity/persistent-state";
import {
  RetainedMemory,
  partOverhead,
  retainedLength,
  retainedParts,
} from "../../../firmware/continuity/retained-memory";
import { StartRecord } from "../../../firmware/continuity/start-record";
import { Troubles } from "../../../firmware/device/trouble";
import { logLine, modemLog } from "../../../firmware/device/log";
import { crc32 } from "../../../firmware/journal/crc";
import { Modem } from "../../../firmware/modem/driver/modem";
import { sim7020 } from "../../../firmware/modem/family/sim7020";
import { Random } from "../../sim/time/random";
import { PlainFlash } from "./flash-image";
import { Script, check } from "./target";
import { TinyDevice, checkedLog } from "./tiny-device";
import type { Woken } from "../../../firmware/continuity/deep-sleep";
import type { RetainedPart, RetainedStore } from "../../../firmware/continuity/retained-memory";
import type { LogEvent } from "../../../firmware/device/log";
import type { Target, Watch } from "./target";

const parts: readonly RetainedPart[] = Object.values(retainedParts);
const reasons = [
  "deep-sleep",
  "deep-sleep",
  "panic",
  "watchdog",
  "software",
  "brownout",
  "unknown",
  "power-on",
];
const hour = 3_600_000;

/** The bytes, which nobody reads or writes beyond. */
class PlainStore implements RetainedStore {
  readonly bytes = new Uint8Array(retainedLength);

  read(offset: number, length: number): Uint8Array {
    check(offset >= 0 && offset + length <= retainedLength, "nothing outside of retained memory");
    return this.bytes.slice(offset, offset + length);
  }

  write(offset: number, bytes: Uint8Array): void {
    check(offset >= 0 && offset + bytes.length <= retainedLength, "nothing outside of retained memory");
    this.bytes.set(bytes, offset);
  }

  crc32(offset: number, length: number): number {
    check(offset >= 0 && offset + length <= retainedLength, "nothing outside of retained memory");
    return crc32(this.bytes, offset, offset + length);
  }
}

export const retainedTarget: Target = {
  name: "retained",
  boundary: "retained memory",
  code: ["firmware/continuity/", "firmware/journal/", "firmware/device/trouble"],
  portable: true,
  seeds: () => [
    new Uint8Array([0, 0, 0]),
    new Uint8Array([1, 1, 0, 1, 0, 4, 255, 200, 9, 1]),
    new Uint8Array([2, 2, 1, 1, 3, 3, 7, 0, 3, 2]),
  ],
  generate: (random) => random.bytes(3 + Math.floor(random.next() * 70)),
  run(input, watch) {
    const script = new Script(input);
    const scene = new Scene(watch);
    scene.start("power-on", script.byte() & 3);
    scene.fallAsleep(script);
    damage(scene.store.bytes, script);
    for (let starts = 1 + script.below(2); starts > 0; starts--) {
      scene.start(script.pick(reasons), script.below(6));
      if (script.byte() < 128) scene.fallAsleep(script);
    }
  },
};

/** One board: its retained memory, its flash, and the devices that start on it one after the other. */
class Scene {
  readonly store = new PlainStore();
  readonly #watch: Watch;
  readonly #flash = new PlainFlash(4);
  readonly #random = new Random("retained");
  /** The board's own wall clock, epoch ms. */
  #wall = 1_700_000_000_000;
  #device: TinyDevice | undefined;
  #memory: PersistentState | undefined;
  #retained: RetainedMemory | undefined;

  constructor(watch: Watch) {
    this.#watch = watch;
  }

  /** As main.ts puts a device together; then it lives for some hours. */
  start(reason: string, hours: number): void {
    const watch = this.#watch;
    watch.input();
    const retained = new RetainedMemory(this.store, reason);
    const record = new StartRecord(retained, reason);
    const ring = new LogRing(retained);
    const troubles = new Troubles(record);
    const checked = checkedLog(watch);
    const log = (event: LogEvent): void => {
      checked(event);
      ring.append(logLine(event), this.#wall);
      troubles.hear(event);
    };
    let woken: Woken | undefined;
    if (reason === "deep-sleep") {
      const board = { wall: () => this.#wall, sleep: () => {} };
      woken = new DeepSleep({ board, retained, beforeSleep: () => true, log }).wake();
    }
    watch.feature(`${reason} woken ${woken !== undefined} safe ${record.safe}`);
    const next = (): number => this.#random.next();
    const memory = new PersistentState(undefined, next, log, woken?.memory);
    const modem = new Modem({
      family: sim7020,
      write: () => {},
      apn: "iot.example",
      psm: { t3412: 3_600, t3324: 10 },
      powerKey: () => {},
      escalation: memory.escalation,
      resume: woken?.modem,
      random: next,
      log: modemLog(log),
    });
    const now = woken?.now ?? 1_000;
    modem.connect(now);
    modem.poll(now);
    check(modem.deadline > now || modem.deadline === Infinity, "the modem's clock goes on");
    watch.feature(`modem ${modem.state}`);
    const device = new TinyDevice(watch, {
      now,
      memory,
      woken,
      retained,
      sleepsDeeply: true,
      flash: this.#flash,
      startReason: reason,
      starts: record,
      troubles,
      othersBudget: 600,
      newestLog: (length, skip) => ring.newest(length, skip),
    });
    for (let turn = 0; turn < 4 * hours; turn++) device.wait(hour / 4);
    record.worked();
    check(ring.newest(4_000, 0).length <= 4_000, "the log's end is bounded");
    this.#device = device;
    this.#memory = memory;
    this.#retained = retained;
  }

  /** The device keeps what it needs, and the board's clock goes on without it. */
  fallAsleep(script: Script): void {
    const device = this.#device!;
    device.agent.beforeSleep();
    const at = device.now;
    const record = encodeDeepSleepRecord({
      at,
      wall: this.#wall,
      until: at + hour,
      next: at + hour,
      taken: script.byte(),
      epoch: (script.byte() & 1) === 0 ? undefined : this.#wall - at,
      candidate: undefined,
      slept: 0,
      wake: at + hour - 1_000,
      start: script.byte(),
      askedInVain: false,
      waits: (script.byte() & 1) === 0,
      versionUntold: (script.byte() & 1) === 0,
      empty: script.byte(),
      retries: { at: at + script.pick([0, 1_000, hour, -hour]), failures: script.byte() },
      radio: { spent: 1_000 * script.byte(), dayBegan: at, suspended: (script.byte() & 1) === 0 },
      unanswered: { mute: script.below(4), inVain: script.byte(), since: 0 },
      modem: [
        ...[1_001, script.below(0x4_0000), at + script.pick([0, hour, -1]), script.below(0x4_0000), -1],
        ...[2, 10, 3_600, -1, script.below(3) - 1, 0xcb00, 0x7105, 5683, 0],
      ],
      memory: this.#memory!.snapshot(script.byte()),
    });
    if (record !== undefined) this.#retained!.write(retainedParts.deepSleep, record);
    this.#wall += script.pick([hour, hour, 1_000, 0, 30 * 24 * hour, -hour]);
  }
}

/** What a brown-out, a cosmic ray and whoever has a debugger do to it. */
function damage(bytes: Uint8Array, script: Script): void {
  for (let count = script.below(8); count > 0; count--) {
    const how = script.byte();
    const part = parts[(how >> 4) % parts.length];
    const at = part.offset + 4 + ((script.byte() * 8 + (how & 7)) % (part.length - partOverhead));
    switch (how % 5) {
      case 0:
        bytes[at] ^= 1 << script.below(8);
        break;
      case 1:
        bytes[at] = script.byte();
        break;
      case 2:
        bytes.set(script.take(script.below(24)).subarray(0, retainedLength - at), at);
        break;
      case 3:
        bytes.fill(script.byte(), part.offset, part.offset + part.length);
        break;
      default:
        bytes[part.offset + script.below(4)] = script.byte();
    }
    if ((how & 8) !== 0) sign(bytes, part, (script.byte() & 1) !== 0);
  }
}

/** Puts a part's CRC right, so that what is behind it is seen; with its form put right as well, or not. */
function sign(bytes: Uint8Array, part: RetainedPart, formed: boolean): void {
  const view = new DataView(bytes.buffer, part.offset, part.length);
  if (formed) view.setUint16(0, part.form, true);
  const length = Math.min(view.getUint16(2, true), part.length - partOverhead);
  view.setUint16(2, length, true);
  view.setUint32(4 + length, crc32(bytes, part.offset, part.offset + 4 + length), true);
}
