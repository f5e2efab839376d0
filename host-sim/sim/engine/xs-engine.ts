/**
 * The XS engine behind the interface of all engines, with XS's own accounting.
 */
import { nothing } from "./engine";
import { HostEvent, eventHeader } from "../board/protocol";
import type { Engine, EngineUsage } from "./engine";
import { XsWorker } from "./worker";

/** Steps in one turn; an event of a firmware takes some thousands. */
const defaultLimit = 1_000_000_000;

/** Real XS: asynchronous, every step counted. */
export class XsEngine implements Engine {
  onCommand: (command: Uint8Array) => Uint8Array = () => nothing;
  readonly #worker: XsWorker;
  #compute = 0;
  #slots = 0;

  /**
   * Starts the engine's process.
   *
   * @param options.limit steps in one turn after which it gives up, at most 2^31 - 1
   * @throws EngineMissing when it is not installed
   */
  constructor(options: { limit?: number } = {}) {
    this.#worker = new XsWorker({
      limit: options.limit ?? defaultLimit,
      onCommand: (command) => this.onCommand(command),
    });
  }

  async evaluate(source: string): Promise<void> {
    const turn = await this.#worker.evaluate(source);
    this.#slots = turn.slots;
  }

  async deliver(event: Uint8Array): Promise<Uint8Array> {
    const turn = await this.#worker.command(event);
    this.#compute += turn.compute;
    this.#slots = turn.slots;
    return turn.result;
  }

  /** `compute` is the sum over all events: equal for equal events, on any machine. */
  usage(): EngineUsage {
    return { compute: this.#compute, slots: this.#slots };
  }

  /**
   * Slots that are still in use after a collection of garbage; needs the board's bundle. A slot takes
   * 16 bytes on an ESP32. To look leaves nothing behind (a script would: XS keeps a name for each).
   */
  async liveSlots(): Promise<number> {
    const event = new Uint8Array(eventHeader);
    event[0] = HostEvent.collect;
    const turn = await this.#worker.command(event);
    this.#slots = turn.slots;
    return turn.slots;
  }

  async close(): Promise<void> {
    await this.#worker.close();
  }
}
