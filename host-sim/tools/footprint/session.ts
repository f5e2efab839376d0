/**
 * A session of the real firmware on XS, through modem, radio and cloud, with the heap counted after each
 * event: what is alive while nothing happens, with a report in flight, in the middle of a block-wise transfer, and while
 * a command is carried out.
 *
 * Counts are above the state in which the preloaded modules have run, since what those made lies in flash on
 * the board. Left in are the records that the simulated board keeps in JavaScript for a timer, the serial
 * port and storage, where the SDK's modules keep them partly in C. Left out is what ESP-IDF and the SDK's C
 * code allocate for themselves.
 *
 * Held against Moddable's own (SDK 8.2.3, XS 17.9.1): the same session with the firmware preloaded by its
 * linker, built for Linux with the simulated board's modules, counted in the same way, the machine itself
 * left out on both sides:
 *
 *                                   slots                  bytes of chunks
 *                                   here   there           here     there
 *   after main's function          2,368   2,393          9,108     9,036
 *   report in flight               2,661   2,684         13,040    12,964
 *   block-wise transfer in flight  2,747   2,766         17,524    17,340
 *   smallest heap                  3,008   2,972         21,936    20,632    chunks in a PC's bytes
 *   deepest stack                    787     702
 *
 * so what is alive is within 1 % of Moddable's, the smallest heap and the stack rather too large.
 */
import { decodeCoap } from "../../cloud/coap/coap-wire";
import { readLogLine, splitLogLine } from "../../sim/world/device-log";
import { products } from "../../sim/world/products";
import { World } from "../../sim/world/world";
import { HeapEngine } from "./heap-engine";
import { stagedBundle } from "./staged-bundle";
import type { DatagramReport } from "../../sim/radio/link";
import type { ApplicationName } from "../../sim/world/device-options";
import type { WorldEvent } from "../../sim/world/world";
import type { HeapState } from "./heap-engine";
import type { StagedBundle } from "./staged-bundle";

/** What the firmware is at; later ones are looked at until the next begins. */
export const moments = Object.freeze([
  "loaded",
  "started",
  "asleep",
  "authenticating",
  "report in flight",
  "block-wise transfer in flight",
  "command",
  "other work",
] as const);
type Moment = (typeof moments)[number];

/**
 * The machine itself when it has just been cloned from flash: SDK 8.2.3 with an empty main, counted as above.
 */
const machine: Room = Object.freeze({ slots: 71, chunks: 36 });

/** RAM at one moment, on a machine of 32 bits. */
export interface Room {
  /** Of 16 bytes. */
  readonly slots: number;
  /** Bytes of chunks, with their headers of 8. */
  readonly chunks: number;
}

interface MomentRoom extends Room {
  readonly moment: Moment;
  /** Events after which the heap was looked at; the greatest sum counts. */
  readonly looks: number;
}

export interface SessionRoom {
  readonly moments: readonly MomentRoom[];
  /** Slots of the stack at its deepest. */
  readonly stack: number;
  /** Names that came up at run time and stay. */
  readonly keys: number;
  /** Slots that lie in flash on the board: what the preloaded modules made. */
  readonly preloaded: number;
  /** Bytes of chunks whose owner was not found: 0, or the method is wrong. */
  readonly unknown: number;
  /** Chunks at their most: the same ones on a machine of 32 bits over those of this machine. */
  readonly ratio: number;
}

/** Bytes of RAM on a machine of 32 bits. */
export function bytesOf({ slots, chunks }: Room): number {
  return 16 * slots + chunks;
}

/** A heap that is not to grow. Bytes are this machine's. */
export interface Bounds {
  readonly slots: number;
  readonly bytes: number;
}

const bundles = new Map<string, Promise<StagedBundle>>();

/** Bundled once per process. */
function scriptsOf(
  long: boolean,
  modem: string | undefined,
  application: ApplicationName | undefined,
): Promise<StagedBundle> {
  const key = `${modem} ${long} ${application}`;
  let bundle = bundles.get(key);
  if (bundle === undefined) bundles.set(key, (bundle = stagedBundle({ long, modem, application })));
  return bundle;
}

/** Virtual ms that the session may take. */
const patience = 6 * 3_600_000;
/** Reports to wait for; the command comes after so many. */
const reportsWanted = 6;
const commandAfter = 3;

export interface SessionOptions {
  /** Family of the modem, the only one that the firmware carries; the board's own when left out. */
  readonly modem?: string;
  /** Product that the board carries (default "demo"). */
  readonly application?: ApplicationName;
  readonly payload?: "raw" | "json" | "alternate";
  /** Whether the application sends a message too long for a datagram (default true). */
  readonly long?: boolean;
}

/**
 * Runs the session and counts after each event.
 *
 * @throws EngineMissing; Error when it did not come to its end
 */
export function measureSession(options: SessionOptions = {}): Promise<SessionRoom> {
  return new Session(options).run();
}

/**
 * Whether the same session comes to its end in a heap so small, collecting garbage when it is full as a
 * board does, and not in between.
 *
 * @throws EngineMissing; Error when it went wrong in another way
 */
export async function fitsInto(bounds: Bounds, options: SessionOptions = {}): Promise<boolean> {
  const session = new Session(options, bounds);
  try {
    await session.run();
    return true;
  } catch (error) {
    if (session.exhausted) return false;
    throw error;
  }
}

class Session {
  readonly #options: SessionOptions;
  readonly #bounds: Bounds | undefined;
  readonly #rooms = new Map<Moment, { room: Room; looks: number }>();
  #moment: Moment = "other work";
  #events = 0;
  #base!: HeapState;
  readonly #most = { here: 0, there: 0 };
  #keys = 0;
  #unknown = 0;
  #stack = 0;
  #world: World | undefined;
  readonly #done = { reports: 0, tags: 0, commands: 0 };
  #restarted: string | undefined;
  exhausted = false;

  constructor(options: SessionOptions, bounds?: Bounds) {
    this.#options = options;
    this.#bounds = bounds;
  }

  async run(): Promise<SessionRoom> {
    const { modem, application, payload = "alternate", long = true } = this.#options;
    const scripts = await scriptsOf(long, modem, application);
    const world = await World.create({
      seed: 1,
      engine: "node",
      edition: "token",
      coverage: 0,
      loss: 0,
      powerKey: true,
      modem,
      application,
      interval: 900,
      format: payload,
      pendingTtl: patience,
      settings: { startSpread: 30 },
      onEvent: (event) => this.#hear(event),
    });
    this.#world = world;
    const heap = new HeapEngine();
    takePlace(world, heap, scripts.preloaded, () => this.#look(heap, scripts));
    try {
      await world.start();
      await world.clock.run({ until: patience, stop: () => this.#finished || this.#restarted !== undefined });
    } finally {
      await world.close();
      await heap.close();
    }
    if (this.#restarted !== undefined) throw new Error(`the session ended early: ${this.#restarted}`);
    if (!this.#finished) {
      throw new Error(`the session did not come to its end: ${JSON.stringify(this.#done)}`);
    }
    return {
      moments: moments.flatMap((moment) => {
        const seen = this.#rooms.get(moment);
        return seen === undefined ? [] : [{ moment, ...seen.room, looks: seen.looks }];
      }),
      stack: this.#stack,
      keys: this.#keys,
      preloaded: this.#base.slots,
      unknown: this.#unknown,
      ratio: this.#most.there / this.#most.here,
    };
  }

  get #finished(): boolean {
    const { reports, tags, commands } = this.#done;
    const { long = true } = this.#options;
    return reports >= reportsWanted && (tags > 0 || !long) && commands > 0 && this.#moment === "asleep";
  }

  /** After each event that the firmware has handled. */
  async #look(heap: HeapEngine, { main }: StagedBundle): Promise<void> {
    this.#events += 1;
    if (this.#events === 1) {
      this.#base = await heap.measure();
      await heap.evaluateInPlace(main);
      const loaded = await heap.measure();
      this.#base = withNamesOf(loaded, this.#base);
      this.#count("loaded", loaded);
      if (this.#bounds === undefined) return;
      const slots = Math.max(0, this.#bounds.slots - roomAbove(loaded, this.#base).slots);
      return heap.confine({ slots, bytes: this.#bounds.bytes });
    }
    if (this.#bounds !== undefined) return;
    const state = await heap.measure();
    this.#keys = Math.max(this.#keys, state.keys - this.#base.keys);
    this.#stack = Math.max(this.#stack, state.stack);
    this.#unknown = Math.max(this.#unknown, state.chunks.unknown.here);
    this.#count(this.#events === 2 ? "started" : this.#moment, state);
  }

  #count(moment: Moment, state: HeapState): void {
    const room = roomAbove(state, this.#base);
    const here = bytesHere(state) - bytesHere(this.#base);
    if (here > this.#most.here) Object.assign(this.#most, { here, there: room.chunks });
    const seen = this.#rooms.get(moment);
    this.#rooms.set(moment, {
      room: seen === undefined || bytesOf(room) > bytesOf(seen.room) ? room : seen.room,
      looks: (seen?.looks ?? 0) + 1,
    });
  }

  #hear(event: WorldEvent): void {
    switch (event.source) {
      case "air":
        this.#hearAir(event.report);
        return;
      case "device":
        this.#hearDevice(event.text);
        return;
      case "cloud":
        if (event.event.type === "stored") this.#sendCommand();
        if (event.event.type === "command-offered") this.#moment = "command";
        return;
      case "board":
        this.#restarted ??= event.text;
        if (event.text.includes("ran out of memory")) this.exhausted = true;
        return;
    }
  }

  /** What is on its way says what the firmware waits for. */
  #hearAir({ direction, bytes }: DatagramReport): void {
    const message = decodeCoap(bytes);
    if ("malformed" in message) return;
    const request = message.code > 0 && message.code < 0x20;
    // A command is fetched and answered by requests of its own.
    if (!request || direction === "down" || this.#moment === "command") return;
    const path = message.options.filter(({ number }) => number === uriPath).map(({ value }) => text(value));
    const blocks = message.options.some(({ number }) => number === block1);
    if (path[0] === "auth") this.#moment = "authenticating";
    else if (blocks) this.#moment = "block-wise transfer in flight";
    else this.#moment = "report in flight";
  }

  #hearDevice(line: string): void {
    const over = (moment: Moment): void => {
      if (this.#moment === moment) this.#moment = "other work";
    };
    switch (readLogLine(line)?.kind) {
      case undefined:
        throw new Error(
          `the room "${splitLogLine(line).room}" of the device's log has a line that nobody can read`,
        );
      case "session online":
        return over("authenticating");
      case "report acknowledged":
        this.#done.reports += 1;
        return over("report in flight");
      case "message acknowledged":
        this.#done.tags += 1;
        return over("block-wise transfer in flight");
      case "command answered":
        this.#done.commands += 1;
        return over("command");
      case "modem asleep":
        this.#moment = "asleep";
        return;
      case "modem waking":
        this.#moment = "other work";
        return;
    }
  }

  #sendCommand(): void {
    if (this.#done.reports !== commandAfter) return;
    const world = this.#world!;
    const { productKey, deviceKey } = world.device;
    if (world.cloud.commands.list(productKey, deviceKey).length > 0) return;
    const inputs = { reference: { temperature: 20, humidity: 40, source: "bench" } };
    const calibrate = { kind: "service", service: "calibrate", inputs } as const;
    const command = this.#options.application === "room" ? products.room.command : calibrate;
    world.clock.after(
      0,
      () => void world.cloud.commands.sendAddressed(productKey, deviceKey, command, world.cloudNow),
    );
  }
}

/** Numbers of options (RFC 7252 section 5.10, RFC 7959 section 2.1). */
const uriPath = 11;
const block1 = 27;

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}

/**
 * Names that main's source brings are in the heap once it is compiled: a slot and a text
 * each. The board's linker has put them into flash with all others.
 */
function withNamesOf(loaded: HeapState, base: HeapState): HeapState {
  const slots = base.slots + loaded.keys - base.keys;
  return { ...base, slots, keys: loaded.keys, chunks: { ...base.chunks, text: loaded.chunks.text } };
}

function bytesHere({ chunks }: HeapState): number {
  return Object.values(chunks).reduce((sum, { here }) => sum + here, 0);
}

/** With the machine itself, whose own slots are in the base here. */
function roomAbove(state: HeapState, base: HeapState): Room {
  const chunks = (heap: HeapState): number =>
    Object.values(heap.chunks).reduce((sum, { there }) => sum + there, 0);
  return {
    slots: machine.slots + state.slots - base.slots,
    chunks: machine.chunks + chunks(state) - chunks(base),
  };
}

/**
 * Puts an engine of ours, and a script of ours, in the place of those that the world makes when it powers
 * the board on; `after` is called behind each event.
 */
export function takePlace(world: World, heap: HeapEngine, script: string, after: () => Promise<void>): void {
  let made: World["engine"];
  Object.defineProperty(world, "engine", {
    get: () => made,
    set: (engine: NonNullable<World["engine"]>) => {
      made = engine;
      heap.onCommand = (command) => engine.onCommand(command);
      Object.assign(engine, {
        // Turns are taken one after the other, so that nothing waits for it.
        run: () => void heap.evaluate(script),
        deliver: async (event: Uint8Array) => {
          const answer = await heap.deliver(event);
          await after();
          return answer;
        },
        close: () => heap.close(),
      });
    },
  });
}
