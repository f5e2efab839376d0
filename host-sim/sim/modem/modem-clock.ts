/**
 * The modem's clock: the network's time once it has been told it, and 1980 until then.
 *
 * No document says of every firmware whether it tells local time or UTC, in both cases with the zone behind it:
 * each modem has its way.
 */
import type { Scheduler } from "../time/clock";

/** The modem's own clock before the network has set it: 1980, as GPS time begins. */
const withoutNetwork = Date.UTC(1980, 0, 6);

/** What a firmware tells: local time, UTC, what the network never told it, or a day that no month has. */
export type ClockStyle = "local" | "utc" | "never" | "absurd";

export class ModemClock {
  readonly #scheduler: Scheduler;
  readonly #epoch: number;
  readonly #zone: number;
  readonly #style: ClockStyle;
  #startedAt = 0;
  /** ms that the network's time was ahead when it was told; `undefined`: not told yet. */
  #error: number | undefined;

  /**
   * @param epoch the true time at virtual time 0, ms since 1970
   * @param zone of the network, quarter-hours east of UTC
   * @param style what this firmware tells when its command leaves that open
   */
  constructor(scheduler: Scheduler, epoch: number, zone = 0, style: ClockStyle = "local") {
    this.#style = style;
    this.#zone = zone;
    this.#scheduler = scheduler;
    this.#epoch = epoch;
  }

  /** The modem boots: it knows no time. */
  restart(): void {
    this.#startedAt = this.#scheduler.now;
    this.#error = undefined;
  }

  /** The network tells its time, `error` ms ahead of the true one. */
  set(error: number): void {
    if (this.#style !== "never") this.#error = error;
  }

  /** The same in passing: it corrects a clock that was set, and does not set one. */
  correct(error: number): void {
    if (this.#error !== undefined) this.#error = error;
  }

  /** Whether the network has told the time. */
  get told(): boolean {
    return this.#error !== undefined;
  }

  /** `yy/MM/dd,hh:mm:ss+zz`: local time as 3GPP has it, or UTC with the zone behind it all the same. */
  text(tells: "local" | "utc" = this.#style === "utc" ? "utc" : "local"): string {
    const { now } = this.#scheduler;
    const zone = this.told ? this.#zone : 0;
    const utc = this.told ? this.#epoch + now + this.#error! : withoutNetwork + now - this.#startedAt;
    const iso = new Date(tells === "utc" ? utc : utc + zone * 900_000).toISOString();
    const sign = zone < 0 ? "-" : "+";
    const quarters = String(Math.abs(zone)).padStart(2, "0");
    if (this.#style === "absurd") return `26/02/31,${iso.slice(11, 19)}${sign}${quarters}`;
    return `${iso.slice(2, 10).replaceAll("-", "/")},${iso.slice(11, 19)}${sign}${quarters}`;
  }
}
