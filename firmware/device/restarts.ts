/**
 * The restarts of the board that the device asks for, and why: the cloud wants one, the supervisor sees no other
 * way, or a safe start has had its day.
 */
import type { PersistentState, RestartCause } from "../continuity/persistent-state";
import type { AgentOptions } from "./agent-options";

/** Time after a start, or a loss of power, before the cloud can have the board restart, ms; deep sleep counts. */
const leastUptime = 3_600_000;
/** Longest time that the answer to a command has before the restart that the command asks for, ms. */
const restartWithin = 120_000;

/** Restarts that are asked for. All times are monotonic, ms. */
export class Restarts {
  readonly #options: Pick<AgentOptions, "starts" | "restart" | "log">;
  readonly #memory: PersistentState;
  /** The cloud may have asked for this start. */
  readonly #asked: boolean;
  /** When the one that was asked for comes, at the latest; Infinity for none. */
  by = Infinity;
  /** Not before this, and why. */
  #from = 0;
  #cause: RestartCause = "command";

  constructor(options: Pick<AgentOptions, "starts" | "restart" | "log" | "woken">, memory: PersistentState) {
    this.#options = options;
    this.#memory = memory;
    const { cause } = memory.restart;
    this.#asked = options.woken !== undefined || cause === "command" || cause === "settings";
  }

  /** Restarts the board now. */
  now(cause: RestartCause): void {
    const { restart, log } = this.#options;
    if (restart === undefined) return;
    log({ kind: "supervisor restart", reason: cause });
    this.#memory.noteRestart(cause);
    restart(cause);
  }

  /** The cloud has asked for a restart: it comes once the answer to that has arrived. Why it does not, if so. */
  ask(normally: boolean, now: number): string | undefined {
    const { restart, starts } = this.#options;
    if (restart === undefined) return "nothing here can restart it";
    // Whoever forges commands could have it restart at each first contact, with the radio always on.
    const leaves = normally && starts?.safe === true;
    if (!leaves && now < leastUptime) return "it has started within the last hour";
    if (leaves) starts.leaveSafe(false);
    this.askFrom(now, "command");
    return undefined;
  }

  /** Settings have changed: the restart with which they take effect comes an hour after one that was asked for, or now. */
  askForSettings(now: number): void {
    if (this.by === Infinity && this.#options.restart !== undefined) {
      this.askFrom(this.#asked ? Math.max(now, leastUptime) : now, "settings");
    }
  }

  private askFrom(at: number, cause: RestartCause): void {
    this.by = at + restartWithin;
    this.#from = at;
    this.#cause = cause;
  }

  /** Restarts the board if that was asked for. @param replying the answer to a command is still under way */
  poll(replying: boolean, now: number): void {
    if (this.by === Infinity || now < this.#from || (replying && now < this.by)) return;
    this.by = Infinity;
    this.now(this.#cause);
  }

  /** Whether a safe start has had its day, and the board restarts. */
  safeStartOver(now: number): boolean {
    const { starts } = this.#options;
    if (starts?.safe !== true || now < starts.safeUntil(now)) return false;
    starts.leaveSafe(true);
    this.now("safe-start-over");
    return true;
  }
}
