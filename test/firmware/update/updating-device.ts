/**
 * A device that updates itself from the stand-in's cloud: the firmware's agent and update room, two slots with a boot loader
 * that goes back from an image which nobody confirms, flash whose power can fail, and starts anew. Time goes on over all
 * of them.
 */
import { createHash, generateKeyPairSync, sign as ecdsa, verify as ecdsaVerify } from "node:crypto";
import { DemoApplication } from "../../../firmware/application";
import { PersistentState } from "../../../firmware/continuity/persistent-state";
import { StartRecord } from "../../../firmware/continuity/start-record";
import { logLine } from "../../../firmware/device/log";
import { firmwareUpdateOf } from "../../../firmware/update/update";
import { Random } from "../../../host-sim/sim/time/random";
import { nodeCryptography } from "../../../host-sim/sim/engine/node-cryptography";
import { RetainedRam } from "../continuity/retained-ram";
import { Store } from "../delivery/journal-rig";
import { AgentRig } from "../device/rig";
import { FakeEnos } from "../enos/fake-enos";
import { demoPeer, rig as cloudRig } from "../../host-sim/cloud/harness";
import { code, peerDecode, peerEncode } from "../../../host-sim/tools/fuzz/peer";
import { smallPackage } from "./small-package";
import { UpdateFlash } from "./update-flash";
import type { AgentOptions } from "../../../firmware/device/agent";
import type { SleepState } from "../../../firmware/continuity/deep-sleep-record";
import type { Slots } from "../../../firmware/update/slots";
import type { FirmwareUpdate, StartedUpdate } from "../../../firmware/device/optional-parts";
import type { MemoryFlash } from "../../../host-sim/sim/flash/memory-flash";
import type { Rig } from "../../host-sim/cloud/harness";
import type { Peer } from "../../../host-sim/cloud/cloud";
import type { SmallPackage } from "./small-package";

export const board = "m5stack-nbiot";

/** A maker: a key pair of P-256. */
export class Maker {
  readonly #keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  /** x and y in hex, as the setting `updateKey` has them. */
  readonly publicKey: string;

  constructor() {
    const { x, y } = this.#keys.publicKey.export({ format: "jwk" });
    this.publicKey = Buffer.concat([Buffer.from(x!, "base64url"), Buffer.from(y!, "base64url")]).toString(
      "hex",
    );
  }

  /** The file with a signature of this maker's in its head. */
  signed(file: Uint8Array): Uint8Array {
    const signature = ecdsa("sha256", file.subarray(0, 216), {
      key: this.#keys.privateKey,
      dsaEncoding: "ieee-p1363",
    });
    const signed = file.slice();
    signed.set(signature, 216);
    return signed;
  }
}

/** Of P-256 by node:crypto, from x and y. */
function verify(publicKey: Uint8Array, digest: Uint8Array, signature: Uint8Array): boolean {
  // node hashes by itself, so what is signed is looked up by its digest.
  const signed = digests.get(Buffer.from(digest).toString("hex"));
  if (signed === undefined) return false;
  const part = (from: number): string =>
    Buffer.from(publicKey.subarray(from, from + 32)).toString("base64url");
  const key = { kty: "EC", crv: "P-256", x: part(0), y: part(32) };
  return ecdsaVerify("sha256", signed, { key, format: "jwk", dsaEncoding: "ieee-p1363" }, signature);
}

const digests = new Map<string, Uint8Array>();
const crypto = {
  ...nodeCryptography,
  sha256(data: Uint8Array): Uint8Array {
    const digest = createHash("sha256").update(data).digest();
    if (data.length === 216) digests.set(digest.toString("hex"), data.slice());
    return digest;
  },
};

export interface PackageOptions extends SmallPackage {
  readonly maker: Maker;
  readonly version?: string;
}

/** A file as `npm run update -- pack` makes one, small. */
export function packageOf({ maker, version = "0.3.0", ...options }: PackageOptions): Uint8Array {
  const file = smallPackage({
    ...options,
    forgeHead: (head) => {
      head.fill(0, 32, 56).write(version, 32, "latin1");
      head[200] = 1;
      options.forgeHead?.(head);
    },
  });
  return maker.signed(file);
}

/** What the board's restart throws, as it never returns. */
class Restarted extends Error {}

/** What an image does when it starts; `good` by default. */
export type Behaviour =
  "good" | "crashes" | "aborts early" | "loses power" | "mute" | "deaf" | "bad settings";

interface Slot {
  readonly flash: MemoryFlash;
  /** As ESP-IDF's `esp_ota_img_states_t`. */
  state: "undefined" | "new" | "pending" | "valid" | "invalid" | "aborted";
}

export interface DeviceOptions {
  readonly maker: Maker;
  readonly image: Uint8Array;
  readonly cloud?: Rig;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly agent?: Partial<AgentOptions>;
  readonly sleepsDeeply?: boolean;
  readonly partitionBlocks?: number;
  readonly slotBlocks?: number;
  /** Another server that answers datagrams to this address. */
  readonly others?: (
    datagram: Uint8Array,
    address: string,
    port: number,
    now: number,
  ) => Uint8Array | undefined;
  /** Why the board has no slots. */
  readonly unable?: string;
  /** As the modem tells it. */
  readonly coverage?: () => number | undefined;
  readonly seed?: number;
}

/** A server that has one file: what it answers to a GET for a block of it. */
export function fileServer(datagram: Uint8Array, path: string, file: Uint8Array): Uint8Array {
  const asked = peerDecode(datagram);
  const texts = asked.options.filter(([number]) => number === 11).map(([, hex]) => Buffer.from(hex, "hex"));
  const answer = { type: 2, messageId: asked.messageId, token: asked.token };
  if (`/${texts.join("/")}` !== path) return peerEncode({ ...answer, code: code("4.04") });
  const [, block = ""] = asked.options.find(([number]) => number === 23) ?? [];
  const value = parseInt(block || "0", 16);
  const size = 16 << (value & 7);
  const from = (value >> 4) * size;
  const more = from + size < file.length;
  const stated = (((value >> 4) << 4) | (more ? 8 : 0) | (value & 7)).toString(16).padStart(4, "0");
  return peerEncode({
    ...answer,
    code: code("2.05"),
    options: [
      [4, "abcd"],
      [23, stated],
    ],
    payload: Buffer.from(file.subarray(from, from + size)).toString("hex"),
  });
}

/** An agent's rig with the stand-in behind it, and perhaps another server. */
class Rigged extends AgentRig {
  readonly #others: DeviceOptions["others"];
  readonly #clock: () => number;

  constructor(
    options: ConstructorParameters<typeof AgentRig>[0],
    server: FakeEnos,
    others: DeviceOptions["others"],
    clock: () => number,
  ) {
    super(options, server);
    this.#others = others;
    this.#clock = clock;
  }

  override carry(bytes: Uint8Array, address: string, port: number, released: boolean): void {
    if (address === "192.0.2.1" && port === 5683) return super.carry(bytes, address, port, released);
    const answer = this.#others?.(bytes, address, port, this.#clock());
    if (answer !== undefined) this.deliverFrom(answer, address, port, 3_000);
  }
}

class StandIn extends FakeEnos {
  readonly #answer: (datagram: Uint8Array) => Uint8Array | undefined;

  constructor(answer: (datagram: Uint8Array) => Uint8Array | undefined) {
    super();
    this.#answer = answer;
  }

  override receive(datagram: Uint8Array): Uint8Array | undefined {
    // Its own answer is put aside; it notes what it has seen.
    super.receive(datagram);
    return this.#answer(datagram);
  }
}

/** One board over all its starts. All times are ms. */
export class UpdatingDevice {
  readonly cloud: Rig;
  readonly #options: DeviceOptions;
  readonly rig: UpdateFlash;
  readonly staging: MemoryFlash;
  readonly journal: MemoryFlash;
  readonly slots: readonly [Slot, Slot];
  readonly retained = new RetainedRam();
  readonly store = new Store();
  /** The slot that runs. */
  running = 0;
  /** The slot that the boot loader starts next. */
  next = 0;
  /** The versions of images, by their digest; and how they behave. */
  readonly versions = new Map<string, { version: string; behaviour: Behaviour }>();
  agent!: Rigged;
  update!: FirmwareUpdate;
  version = "";
  readonly log: string[] = [];
  /** Reasons of all starts. */
  readonly starts: string[] = [];
  /** Versions whose start was a safe one. */
  readonly safe: string[] = [];
  /** Versions that have run, one after the other. */
  readonly ran: string[] = [];
  peer: Peer = demoPeer;
  /** The cloud does not answer. */
  silent = false;
  /** There is no network for what runs now. */
  dead: () => boolean = () => false;
  readonly #informed = new Set<unknown>();
  readonly #requests: string[] = [];
  readonly #released: boolean[] = [];
  #base = 0;
  #wasDead = false;

  constructor(options: DeviceOptions) {
    this.#options = options;
    this.cloud = options.cloud ?? cloudRig();
    this.rig = new UpdateFlash(options.seed ?? 1);
    const { partitionBlocks = 16, slotBlocks = 24 } = options;
    this.staging = this.rig.partition("update", partitionBlocks).flash;
    this.journal = this.rig.partition("journal", 8).flash;
    const slot = (name: string): Slot => ({
      flash: this.rig.partition(name, slotBlocks).flash,
      state: "undefined",
    });
    this.slots = [slot("ota_0"), slot("ota_1")];
    this.slots[0].flash.bytes.set(options.image);
    this.knows(options.image, "0.2.0");
    this.start("power-on");
  }

  /** ms since the device was made. */
  get now(): number {
    return this.#base + this.agent.now;
  }

  /** Says what an image is. */
  knows(image: Uint8Array, version: string, behaviour: Behaviour = "good"): void {
    this.versions.set(digestOf(image), { version, behaviour });
  }

  /** Puts a firmware into the cloud, and gives the device a task to have it. */
  order(file: Uint8Array, version = "0.3.0", policy: "push" | "request" = "push"): string {
    const { ota } = this.cloud.cloud;
    const productKey = "MuGsF6W4";
    ota.putFirmware({ productKey, version, signMethod: "sha256" }, file, this.now);
    const { tasks } = ota.order({ productKey, version, policy, deviceKeys: ["861234567890123"] }, this.now);
    return tasks[0].taskId;
  }

  /** Requests that the server has seen, retransmissions too: method and path. */
  get requests(): string[] {
    return [...this.#requests, ...this.agent.server.lines];
  }

  /** Versions that the cloud was told. */
  get informed(): Set<unknown> {
    return this.#informed;
  }

  /** Whether each datagram to the server asked for early release. */
  get released(): boolean[] {
    return [...this.#released, ...this.agent.released];
  }

  /** The newest task. */
  get task(): { status: string; progress?: number; desc?: string } {
    return this.cloud.cloud.ota.tasks({ productKey: "MuGsF6W4" })[0];
  }

  /** Readings that the cloud has. */
  get readings(): number {
    return this.cloud.cloud.reported.readings("MuGsF6W4", "861234567890123").length;
  }

  /** Tells the device of a version as the stand-in's operator can by hand, whatever task it has. */
  tell(version: string, file: Uint8Array): void {
    const { ota, commands } = this.cloud.cloud;
    const { fileUrl, sign } = ota.putFirmware(
      { productKey: "MuGsF6W4", version, signMethod: "md5" },
      file,
      this.now,
    );
    const params = { version, sign, signMethod: "md5", fileUrl, fileSize: file.length };
    commands.send("MuGsF6W4", "861234567890123", { kind: "upgrade", params }, this.now, {
      pendingTtl: 86_400_000,
    });
  }

  /** Lets time pass, over restarts and loss of power. */
  wait(ms: number): void {
    const until = this.now + ms;
    while (this.now < until) {
      this.look();
      if (this.rig.power.off) this.start("power-on", 2_000);
      try {
        if (this.#options.sleepsDeeply === true) this.turns(until);
        else this.agent.wait(until - this.now);
      } catch (error) {
        if (this.rig.power.off) continue;
        if (!(error instanceof Restarted)) throw error;
        this.start("software", 500);
        this.look();
      }
    }
  }

  private look(): void {
    const dead = this.dead();
    if (dead) this.agent.link.ready = false;
    if (dead || this.#wasDead) this.agent.link.broken = dead;
    this.#wasDead = dead;
  }

  /** Waits until it is so; false when it is not in this time. */
  until(done: () => boolean, most: number): boolean {
    const until = this.now + most;
    while (!done()) {
      if (this.now >= until) return false;
      this.wait(Math.min(this.idleSeconds * 1_000, until - this.now));
    }
    return true;
  }

  /** Whole seconds until the one in which something is to happen, which may be the next one. */
  private get idleSeconds(): number {
    // Whether there is a network, and whether it sleeps, is asked second by second.
    if (this.#wasDead || this.dead() || this.rig.power.off || this.#options.sleepsDeeply === true) return 1;
    const seconds = Math.ceil((this.agent.next - this.agent.now) / 1_000);
    return seconds > 1 && seconds < Infinity ? seconds : 1;
  }

  /** The power fails now. */
  losePower(off = 5_000): void {
    this.start("power-on", off);
  }

  /** The chip restarts by itself. */
  crash(reason = "panic"): void {
    this.start(reason, 300);
  }

  lines(start: string): string[] {
    return this.log.filter((line) => line.startsWith(start));
  }

  /** Turn by turn, with deep sleep where it can be. */
  private turns(until: number): void {
    while (this.now < until) {
      const before = this.now;
      this.agent.step(until - this.#base);
      if (this.rig.power.off) return;
      const state = this.agent.agent.sleepState();
      if (state !== undefined && state.until - this.agent.now > 10_000) this.sleep(state);
      else if (this.now === before && this.agent.now >= until - this.#base) return;
    }
  }

  private sleep(state: SleepState): void {
    this.agent.agent.beforeSleep();
    new StartRecord(this.retained.start("deep-sleep"), "deep-sleep").ask();
    const at = this.agent.now;
    this.start("deep-sleep", 0, { state, at });
  }

  private start(reason: string, off = 0, slept?: { readonly state: SleepState; readonly at: number }): void {
    const before = this.agent === undefined ? 0 : this.now + off;
    this.rig.power.restore();
    if (reason !== "deep-sleep") this.boot();
    const image = this.slots[this.running];
    const { version, behaviour } = this.identify(image.flash.bytes);
    this.version = version;
    this.starts.push(reason);
    if (this.ran[this.ran.length - 1] !== version) this.ran.push(version);
    if (reason === "power-on") this.retained.bytes.fill(0xa5);
    const retained = this.retained.start(reason);
    const record = new StartRecord(retained, reason);
    const log = (event: Parameters<typeof logLine>[0]): void => void this.log.push(logLine(event));
    const restart = (): never => {
      record.ask();
      throw new Restarted();
    };
    const { unable } = this.#options;
    const newUpdate = firmwareUpdateOf(
      () => unable ?? { slots: this.board(), staging: this.staging, verify },
    );
    if (slept === undefined) this.#base = before;
    const now = slept === undefined ? 0 : slept.state.until;
    let started: StartedUpdate;
    try {
      started = newUpdate({
        ...{ version, retained, startReason: record.startReason, restart, log },
        forgetStarts: () => record.leaveSafe(false),
      });
      if (behaviour === "aborts early") return this.start("panic", 300);
      if (behaviour === "loses power") return this.start("power-on", 300);
      if (behaviour === "bad settings" && started.failed("server is not set", true)) return;
    } catch (error) {
      if (!(error instanceof Restarted)) throw error;
      return this.start("software", 300);
    }
    if (record.safe) this.safe.push(version);
    const random = new Random(`device ${this.starts.length}`);
    const application = new DemoApplication({ random: () => 0.5, rssi: () => -80, now: () => 0 });
    Object.defineProperty(application, "version", { value: version });
    const update = started.open({
      ...{ crypto, random: () => random.next(), board, settings: { server: "192.0.2.1", port: 5683 } },
      config: { updateKey: this.#options.maker.publicKey, ...this.#options.settings },
      credentials: { productKey: "MuGsF6W4", deviceKey: "861234567890123" },
      clock: { now: () => this.agent?.now ?? now, wall: () => epoch + this.now },
      modem: { readCell: () => ({ ecl: this.#options.coverage?.() }) },
    });
    this.update = update;
    const mute = behaviour === "mute";
    const server = new StandIn((datagram) => {
      if (mute || this.silent) return undefined;
      const answer = this.cloud.exchange(datagram, this.now, this.peer);
      this.#informed.add(this.cloud.cloud.devices.view("MuGsF6W4", "861234567890123")?.firmwareVersion);
      this.#informed.delete(undefined);
      return behaviour === "deaf" ? undefined : answer;
    });
    if (this.agent !== undefined) {
      this.#requests.push(...this.agent.server.lines);
      this.#released.push(...this.agent.released);
    }
    const woken = slept === undefined ? undefined : { ...slept.state, at: slept.at };
    this.agent = new Rigged(
      {
        application,
        update,
        flash: this.journal,
        retained,
        store: this.store,
        starts: record,
        startReason: record.startReason,
        memory: new PersistentState(this.store, () => random.next(), log, woken?.memory),
        sleepsDeeply: this.#options.sleepsDeeply,
        ...(woken === undefined ? {} : { woken }),
        restart,
        log,
        ...this.#options.agent,
      },
      server,
      this.#options.others,
      () => this.now,
    );
    this.agent.stopped = () => this.rig.power.off;
    if (this.#options.sleepsDeeply === true) Object.assign(this.agent.link, { sleepsByItself: true });
    this.agent.now = now;
    this.agent.agent.setTime(epoch + this.now, now, true);
    if (behaviour === "crashes") {
      try {
        this.agent.wait(6_000);
      } catch (error) {
        if (!(error instanceof Restarted)) throw error;
      }
      this.start("panic", 300);
    }
  }

  /** The boot loader. */
  private boot(): void {
    const slot = this.slots[this.next];
    if (slot.state === "new") slot.state = "pending";
    else if (slot.state === "pending") {
      slot.state = "aborted";
      this.next = 1 - this.next;
    }
    this.running = this.next;
  }

  private board(): Slots {
    const running = this.running;
    const other = 1 - running;
    return {
      running: this.slots[running].flash,
      other: this.slots[other].flash,
      activate: () => {
        if (!this.versions.has(this.digestIn(other))) return "not an image";
        this.slots[other].state = "new";
        this.next = other;
        return undefined;
      },
      unconfirmed: this.slots[running].state === "pending",
      confirm: () => void (this.slots[running].state = "valid"),
      back: () => {
        if (!this.versions.has(this.digestIn(other))) return "no image there";
        this.slots[running].state = "invalid";
        this.next = other;
        return undefined;
      },
    };
  }

  private digestIn(slot: number): string {
    const { bytes } = this.slots[slot].flash;
    for (const [digest] of this.versions) {
      const length = lengths.get(digest)!;
      if (digestOf(bytes.slice(0, length)) === digest) return digest;
    }
    return "";
  }

  private identify(bytes: Uint8Array): { version: string; behaviour: Behaviour } {
    void bytes;
    const found = this.versions.get(this.digestIn(this.running));
    if (found === undefined) throw new Error("an image was started that nobody has made");
    return found;
  }
}

/** Epoch ms at the device's first moment. */
const epoch = 1_767_225_600_000;

const lengths = new Map<string, number>();

function digestOf(image: Uint8Array): string {
  const digest = createHash("sha256").update(image).digest("hex");
  lengths.set(digest, image.length);
  return digest;
}
