/**
 * Settings from afar: whatever a command gives, whatever storage gives back at a start, and in whatever order contacts, days
 * and restarts come, the device starts with settings that can be read, nothing of another name is changed, and it restarts
 * no more often than it was told something, and once more for what was taken back.
 */
import { readSettings } from "../../../firmware/device/settings";
import { crc32 } from "../../../firmware/journal/crc";
import { remoteNames } from "../../../firmware/remote-settings/remote-names";
import { newSettingsFromAfar } from "../../../firmware/remote-settings/remote-settings";
import { Script, check } from "./target";
import { checkedLog } from "./tiny-device";
import type { Completion, Device } from "../../../firmware/device/application";
import type { RemoteSettings } from "../../../firmware/device/optional-parts";
import type { Configuration } from "../../../firmware/device/setting-values";
import type { CommandResult } from "../../../firmware/enos/command";
import type { Target, Watch } from "./target";

const own: Configuration = Object.freeze({ server: "203.0.113.5", interval: 900, apn: "iot.example" });
const names = remoteNames.map(({ name }) => name);
const strangers = ["server", "apn", "pin", "init", "toString", "__proto__", "constructor", ""];
const values: readonly unknown[] = [
  ...[
    0,
    1,
    60,
    600,
    86_400,
    -1,
    0.5,
    NaN,
    Infinity,
    2 ** 53,
    true,
    false,
    null,
    undefined,
    "",
    "8,20",
    "26201",
  ],
  ...[
    "compact",
    "json",
    "deep",
    "light-sleep",
    "live",
    "thin",
    "lte-m",
    "none",
    "1-5",
    "\n",
    "é",
    "x".repeat(101),
    {},
    [],
  ],
];
const hour = 3_600_000;

export const remoteSettingsTarget: Target = {
  name: "remote",
  boundary: "settings",
  code: ["firmware/remote-settings/"],
  portable: true,
  seeds: () => [
    new Uint8Array([0, 1, 0, 3, 1, 2, 3, 0]),
    new Uint8Array([0, 1, 0, 2, 2, 2, 4, 1, 2, 4, 2, 4, 2, 4, 5]),
    new Uint8Array([0, 1, 20, 14, 1, 6, 24, 1, 5, 6, 1, 7, 0]),
  ],
  generate: (random) => random.bytes(2 + Math.floor(random.next() * 60)),
  run(input, watch) {
    watch.input();
    new FuzzedBoard(new Script(input), watch).live();
  },
};

/** A board that a script changes, restarts and damages. */
class FuzzedBoard {
  readonly #script: Script;
  readonly #watch: Watch;
  readonly #stored = new Map<string, Uint8Array>();
  #remote!: RemoteSettings;
  #told: ((how: Completion) => void)[] = [];
  #failing = false;
  #now = 0;
  /** Changes that were accepted, and restarts that were wanted. */
  #accepted = 0;
  #restarts = 0;
  #writes = 0;

  constructor(script: Script, watch: Watch) {
    this.#script = script;
    this.#watch = watch;
  }

  live(): void {
    const script = this.#script;
    this.#start("power-on");
    for (let turn = 0; turn < 40 && !script.over; turn++) this.#turn(script.below(9));
    const restarts = `${this.#restarts} restarts for ${this.#accepted} changes`;
    check(
      this.#restarts <= 2 * this.#accepted + 1,
      "it restarts for a change, and for what is taken back",
      () => restarts,
    );
    check(this.#writes < 200, "storage is written rarely", () => `${this.#writes} times`);
  }

  #turn(what: number): void {
    const remote = this.#remote;
    switch (what) {
      case 0:
      case 1:
        return this.#change();
      case 2:
        this.#now += 20 * 60_000;
        return remote.connected(this.#now);
      case 3:
        return remote.delivered(this.#now);
      case 4:
        this.#now += hour * (1 + this.#script.below(30));
        remote.poll(this.#now);
        return this.#restartIfWanted();
      case 5:
        return this.#start(this.#script.pick(["power-on", "panic", "deep-sleep", "software"]));
      case 6:
        return this.#answered();
      case 7:
        return this.#damage();
      default:
        this.#failing = !this.#failing;
    }
  }

  #start(startReason: string): void {
    const script = this.#script;
    if (startReason !== "deep-sleep") this.#now = 0;
    this.#told = [];
    const store = {
      read: (key: string): ArrayBuffer | undefined => {
        if (this.#failing) throw new Error("NVS");
        return this.#stored.get(key)?.slice().buffer;
      },
      write: (key: string, value: Uint8Array): void => {
        this.#writes += 1;
        if (this.#failing) throw new Error("NVS");
        this.#stored.set(key, value.slice());
      },
    };
    const panics = startReason === "panic" ? script.below(4) : 0;
    this.#remote = newSettingsFromAfar({
      ...{ config: own, store, startReason, starts: { panics, failures: 0 }, update: false },
      check: (config) => readSettings(config),
      log: checkedLog(this.#watch),
    });
    const { config } = this.#remote;
    readSettings(config);
    for (const name of Object.keys(config)) {
      check(
        Object.is(config[name], own[name]) || names.includes(name),
        "nothing else is changed",
        () => name,
      );
    }
    const keep = (_values: unknown, done?: (how: Completion) => void): void => {
      if (done !== undefined) this.#told.push(done);
    };
    this.#remote.start({ updateAttributes: keep, postEvent: () => {} } as unknown as Device);
    this.#watch.feature(`starts with ${Object.keys(config).length} ${startReason}`);
  }

  #change(): void {
    const script = this.#script;
    const settings: Record<string, unknown> = {};
    for (let count = script.below(4); count > 0; count--) {
      const name = script.byte() > 240 ? script.pick(strangers) : script.pick(names);
      Object.defineProperty(settings, name, {
        value: script.pick(values),
        enumerable: true,
        configurable: true,
      });
    }
    const inputs = { settings, afresh: script.byte() > 200 } as never;
    const { code, data } = this.#remote.services.change_settings(inputs) as CommandResult;
    check(code === 200 && data !== undefined, "a change is answered", () => `${code}`);
    const { accepted, version, reason } = data as { accepted: boolean; version: number; reason: string };
    check(accepted === (reason === ""), "what is refused has a reason, and nothing else", () => reason);
    check(
      reason.length <= 200 && Number.isInteger(version),
      "the answer is one that the model takes",
      () => reason,
    );
    if (accepted) this.#accepted += 1;
    this.#watch.feature(`change ${accepted ? "accepted" : reason.split(" ")[0].slice(0, 20)}`);
    this.#restartIfWanted();
    const fetched = this.#remote.services.fetch_settings({}) as CommandResult;
    check(fetched.code === 200, "settings are told");
  }

  #restartIfWanted(): void {
    if (!this.#remote.wantsRestart) return;
    this.#restarts += 1;
    this.#start("software");
  }

  #answered(): void {
    const how: Completion = this.#script.byte() > 128 ? { kind: "dropped" } : { kind: "accepted", data: {} };
    for (const done of this.#told.splice(0)) done(how);
  }

  /** Bytes of what is stored change, their CRC is put right, and the board starts anew. */
  #damage(): void {
    const script = this.#script;
    const bytes = this.#stored.get(script.pick(["ra", "rb"]));
    if (bytes !== undefined && bytes.length > 4) {
      for (let count = script.below(6); count > 0; count--)
        bytes[script.byte() % bytes.length] = script.byte();
      const end = bytes.length - 4;
      new DataView(bytes.buffer).setUint32(end, crc32(bytes, 0, end), true);
    }
    // What stands there now may be a change of its own.
    this.#accepted += 1;
    this.#start("power-on");
  }
}
