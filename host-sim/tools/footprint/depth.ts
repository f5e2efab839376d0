/**
 * The deepest stack of each entry point of the firmware: the whole of it on XS, from the board's main module with
 * all that it calls, through days in which everybody tries to take it deep. Whoever answers the device looks for the
 * worst: what took the stack deeper than anything before is what the next answers are made of. A board has as many
 * slots as the manifest says, and XS does not throw when they are used up: it ends the program.
 *
 * Counted are the slots of the event in which something came in, so each figure is of the whole chain of calls: from
 * the UART's callback through modem, socket, CoAP, session and command to the handler of the application.
 */
import { readLogLine } from "../../sim/world/device-log";
import { World } from "../../sim/world/world";
import { HostEvent, resetReasons } from "../../sim/board/protocol";
import { decode } from "../../../firmware/coap/message";
import { bytesOf, hostileAnswer } from "../fuzz/hostile-answers";
import { Corpus } from "../fuzz/fuzzer";
import { commandOf } from "../fuzz/json-script";
import { Script } from "../fuzz/target";
import { ascii } from "../../../firmware/text/ascii";
import { HeapEngine } from "./heap-engine";
import { stagedBundle } from "./staged-bundle";
import type { Message } from "../../../firmware/coap/message";
import type { Option } from "../../../firmware/coap/option";
import type { Target } from "../fuzz/target";
import type { WorldOptions } from "../../sim/world/world";

/** Where the firmware is called from outside. */
export const entryPoints = Object.freeze([
  "start",
  "start with settings that are refused",
  "wake from deep sleep",
  "timer",
  "reading taken",
  "line of the modem's",
  "datagram received",
  "command executed",
  "room in the UART",
] as const);
type EntryPoint = (typeof entryPoints)[number];

/** What was seen of one. */
export interface Depth {
  readonly entry: EntryPoint;
  /** Slots of the stack at its deepest. */
  readonly stack: number;
  /** Events looked at. */
  readonly looks: number;
}

const hour = 3_600_000;
const services = ["measurepoint/set", "measurepoint/get", "calibrate", "reboot", "nothing"];

/** How each day is. */
interface Day {
  readonly options: Partial<WorldOptions>;
  /** Virtual ms. */
  readonly length: number;
  /** From when to when nobody answers, ms: readings fill the journal. */
  readonly silence?: readonly [from: number, until: number];
}

const days: readonly Day[] = [
  { options: { format: "alternate" }, length: 10 * hour },
  { options: { format: "json", edition: "tokenless" }, length: 6 * hour },
  { options: { format: "raw", settings: { startSpread: 30, sleep: "deep" } }, length: 8 * hour },
  {
    options: { format: "alternate", journalSize: 16_384 },
    length: 30 * hour,
    silence: [2 * hour, 24 * hour],
  },
  { options: { settings: { server: "203.0.113.5.".repeat(1_000) } }, length: hour },
];

/** What the answers are made of: the inputs of the fuzzer's, kept where they take the stack deeper. */
const answers: Target = {
  name: "depth",
  boundary: "datagram",
  code: [],
  portable: true,
  seeds: () => [
    new Uint8Array([0]),
    new Uint8Array([100, 0, 0]),
    new Uint8Array([100, 0, 1]),
    new Uint8Array([100, 0, 2, 16, 0, 2]),
    new Uint8Array([220, 32, 1, 3, 3, 8, 6, 220, 4, 7, 14]),
    new Uint8Array([220, 128, 1, 3, 12, 210, 4, 3]),
    new Uint8Array([220, 80, 64, 0, 3, 1, 205, 2]),
  ],
  generate: (random) => random.bytes(3 + Math.floor(random.next() * 50)),
  run() {},
};

/**
 * Runs the days and looks at the stack after each event.
 *
 * @param options.share of each day's length, for a look that takes less time
 * @param options.onWork hears how far it is, 0 to 1
 * @throws EngineMissing; Error when the firmware ended for want of stack or memory
 */
export async function measureDepth(
  options: {
    readonly modem?: string;
    readonly seed?: number;
    readonly share?: number;
    readonly onWork?: (share: number) => void;
  } = {},
): Promise<readonly Depth[]> {
  const { modem, seed = 1, share = 1, onWork } = options;
  const all = days.reduce((sum, { length }) => sum + length, 0);
  let before = 0;
  const found = new Map<EntryPoint, { stack: number; looks: number }>();
  const corpus = new Corpus(answers, seed);
  for (const [i, day] of days.entries()) {
    const length = day.length * share;
    const onTime = (time: number): void => onWork?.((before + Math.min(day.length, time / share)) / all);
    await new HostileDay({ ...day, length }, `${seed}/${i}`, modem, corpus, found, onTime).run();
    before += day.length;
  }
  return entryPoints.map((entry) => ({ entry, stack: 0, looks: 0, ...found.get(entry) }));
}

/** One device in one world, with a server that wants it to fail. */
class HostileDay {
  readonly #day: Day;
  readonly #seed: string;
  readonly #modem: string | undefined;
  readonly #corpus: Corpus;
  readonly #found: Map<EntryPoint, { stack: number; looks: number }>;
  readonly #onTime: (time: number) => void;
  #messageId = 1;
  /** The input that the last answer was made of, and the deepest stack since. */
  #input = new Uint8Array(0);
  #deepest = 0;
  /** Why this start came about, see `resetReasons`. */
  #reason = 0;
  /** Events of this start. */
  #events = 0;
  #heard: EntryPoint | undefined;
  #ended: string | undefined;

  constructor(
    day: Day,
    seed: string,
    modem: string | undefined,
    corpus: Corpus,
    found: Map<EntryPoint, { stack: number; looks: number }>,
    onTime: (time: number) => void,
  ) {
    this.#day = day;
    this.#seed = seed;
    this.#modem = modem;
    this.#corpus = corpus;
    this.#found = found;
    this.#onTime = onTime;
  }

  async run(): Promise<void> {
    const scripts = await stagedBundle({ long: true, modem: this.#modem });
    const world = await World.create({
      seed: this.#seed,
      engine: "node",
      edition: "token",
      coverage: 0,
      loss: 0,
      powerKey: true,
      modem: this.#modem,
      interval: 300,
      format: "alternate",
      settings: { startSpread: 30 },
      ...this.#day.options,
      onEvent: (event) => {
        this.#onTime(event.time);
        if (event.source === "device") this.#hear(event.text);
        if (event.source === "board" && event.text.includes("ran out of")) this.#ended ??= event.text;
      },
    });
    world.cell.onUplink = (datagram, peer) => {
      for (const answer of this.#answersTo(datagram, world)) world.cell.sendDownlink(answer, peer);
    };
    this.#takeEngines(world, scripts);
    try {
      await world.start();
      await world.clock.run({ until: this.#day.length, stop: () => this.#ended !== undefined });
    } finally {
      await world.close();
    }
    if (this.#ended !== undefined) {
      const input = Buffer.from(this.#input).toString("hex");
      throw new Error(`the firmware ended: ${this.#ended} (day ${this.#seed}, answer ${input})`);
    }
  }

  /** Puts an engine that shows its stack in the place of each that the world makes. */
  #takeEngines(world: World, scripts: { readonly preloaded: string; readonly main: string }): void {
    let made: World["engine"];
    Object.defineProperty(world, "engine", {
      get: () => made,
      set: (engine: NonNullable<World["engine"]>) => {
        made = engine;
        const heap = new HeapEngine();
        heap.onCommand = (command) => engine.onCommand(command);
        this.#events = 0;
        Object.assign(engine, {
          // Turns are taken one after the other, so that nothing waits for it.
          run: () => void heap.evaluate(scripts.preloaded),
          deliver: async (event: Uint8Array) => {
            this.#heard = undefined;
            const answer = await heap.deliver(event);
            this.#events += 1;
            await this.#look(heap, event, scripts.main);
            return answer;
          },
          close: () => heap.close(),
        });
      },
    });
  }

  async #look(heap: HeapEngine, event: Uint8Array, main: string): Promise<void> {
    // The first event loads the modules that the board has in flash, and main is called by the second.
    if (this.#events === 1) {
      this.#reason = event[1];
      await heap.evaluateInPlace(main);
      await heap.measure();
      return;
    }
    const { stack } = await heap.measure();
    const entry = this.#entryOf(event);
    const seen = this.#found.get(entry);
    this.#found.set(entry, { stack: Math.max(stack, seen?.stack ?? 0), looks: (seen?.looks ?? 0) + 1 });
    // Only what an answer sets off can be made deeper by another one.
    const byAnswer = entry === "datagram received" || entry === "command executed" || entry === "timer";
    if (byAnswer && stack > this.#deepest) {
      this.#deepest = stack;
      this.#corpus.keep(this.#input);
    }
  }

  #entryOf(event: Uint8Array): EntryPoint {
    if (this.#heard === "start with settings that are refused") return this.#heard;
    if (this.#events === 2)
      return resetReasons[this.#reason] === "Deep Sleep" ? "wake from deep sleep" : "start";
    if (this.#heard !== undefined) return this.#heard;
    switch (event[0]) {
      case HostEvent.serialReceived:
        return "line of the modem's";
      case HostEvent.serialWritable:
        return "room in the UART";
      default:
        return "timer";
    }
  }

  /** What the device says of the event that it is in. */
  #hear(line: string): void {
    const kind = readLogLine(line)?.kind ?? "";
    if (kind === "settings") this.#heard = "start with settings that are refused";
    else if (kind.startsWith("command")) this.#heard = "command executed";
    else if (kind === "report taken" && this.#heard === undefined) this.#heard = "reading taken";
    else if (
      /^(coap|session (online|refused|doubted|downlink)|report (ack|refus)|message (ack|refus))/.test(kind)
    ) {
      this.#heard ??= "datagram received";
    }
  }

  #answersTo(datagram: Uint8Array, world: World): Uint8Array[] {
    const { clock, device } = world;
    const [from, until] = this.#day.silence ?? [0, 0];
    if (clock.now >= from && clock.now < until) return [];
    const request = decode(datagram);
    if (typeof request === "string" || request.code === 0 || request.code >= 0x20) return [];
    this.#input = this.#corpus.next().slice();
    const script = new Script(this.#input);
    const [kind, head] = [script.byte(), script.byte()];
    // Without a session, and with nothing but faults, there would be little to see.
    if (isAuthentication(request) && kind < 230) return [this.#plain(request, 0x45, '{"token":"T"}')];
    if (kind < 40) return [this.#plain(request, 0x44, "")];
    const root = `/topic/sys/${device.productKey}/${device.deviceKey}/`;
    if (kind < 200) {
      // A command that announces itself, and what is fetched then.
      if (request.code === 1) return [this.#plain(request, 0x45, commandOf(script))];
      const path = ascii(`${root}thing/service/${script.pick(services)}`);
      const options = [{ number: 2100, value: path }];
      if ((head & 1) !== 0) options.push({ number: 2102, value: commandOf(script).subarray(0, 400) });
      return [this.#plain(request, 0x44, "", options)];
    }
    return hostileAnswer(script, head, request, root, this.#messageId++).map(bytesOf);
  }

  #plain(
    { messageId, token }: Message,
    code: number,
    body: string | Uint8Array,
    options: readonly Option[] = [],
  ): Uint8Array {
    const payload = typeof body === "string" ? ascii(body) : body;
    return bytesOf({ type: 2, code, messageId, token, options, payload });
  }
}

function isAuthentication({ options }: Message): boolean {
  return options.some(({ number, value }) => number === 11 && Buffer.from(value).toString() === "auth");
}
