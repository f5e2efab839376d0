/**
 * What a modem's clock means. `AT+CCLK?` and its kin tell local time with the zone beside it on some firmware,
 * and UTC with the zone beside it on others, of one family too: read the wrong way, each reading is off by the
 * zone. It is found out, best evidence first:
 *
 *     setting          modemClock says it
 *     network time     a line that the modem sends by itself when the network tells the time (NITZ) is UTC: the
 *                      clock agrees with it with its zone taken off, or without
 *     change of zone   the zone beside the clock has changed, and the digits have moved along, or have not
 *     manual           the maker's manual says what this command tells
 *     usual            nothing tells: local time, as 3GPP TS 27.007 has it
 *
 * EnOS tells no time in its answers, so that the cloud is no witness.
 */
import { epochOf } from "../at/clock";
import type { Clock } from "../at/clock";
import type { DriverState } from "./driver-state";
import type { ClockEvidence } from "./modem-log";
import type { ModemOptions } from "./modem-options";

/** What the digits of a clock are. */
type Meaning = "local" | "utc";

/** Two clocks that were told within this time of each other agree, ms. */
const agreement = 60_000;
/** A time is asked for again when it is older than this, ms: by then a clock that drifts by 0.2 % is off by a second. */
const oldFrom = 600_000;

/** In the order of the numbers that are remembered, from 1; those without evidence are not proven. */
const remembered: readonly (readonly [Meaning, ClockEvidence | undefined])[] = Object.freeze(
  (
    [
      ["local", undefined],
      ["utc", undefined],
      ["local", "network time"],
      ["utc", "network time"],
      ["local", "change of zone"],
      ["utc", "change of zone"],
    ] as const
  ).map((row) => Object.freeze(row)),
);

/** Makes the network's time of what the modem tells. All times are ms. */
export class NetworkClock {
  readonly #driver: Pick<DriverState, "log">;
  readonly #options: Pick<ModemOptions, "clock" | "onTime">;
  /** Which row of `remembered` holds, from 1; 0 as long as no clock with a zone was told. */
  #row = 0;
  /** The last answer with a zone, and when it came. */
  #answer: Clock | undefined;
  #answeredAt = 0;
  /** UTC at monotonic zero, as the network told it. */
  #network: number | undefined;
  /** When the time was told last, ms; it outlives the ESP32's deep sleep. */
  toldAt: number | undefined;

  constructor(driver: Pick<DriverState, "log">, options: Pick<ModemOptions, "clock" | "onTime">) {
    this.#driver = driver;
    this.#options = options;
  }

  /** What was found out, 0 to 7: outlives the ESP32's deep sleep. */
  get seen(): number {
    return this.#row;
  }

  set seen(row: number) {
    this.#row = row <= remembered.length ? row : 0;
  }

  /** Whether the modem should be asked for its clock. */
  isOld(now: number): boolean {
    const age = now - (this.toldAt ?? -Infinity);
    return age < 0 || age >= oldFrom;
  }

  /** The modem was asked for its clock. */
  answered(clock: Clock, now: number): void {
    this.toldAt = now;
    const zone = clock.zone ?? 0;
    const mistaken = zone !== 0 && this.judge(clock, zone, now);
    if (zone !== 0) {
      this.#answer = clock;
      this.#answeredAt = now;
      // The half hour that may be missing in its zone would be missing in the time.
      if (clock.wholeHours === true && !this.isProven) return;
    }
    const meaning = zone === 0 ? "utc" : this.meaningOf(clock);
    this.#options.onTime?.(epochOf({ ...clock, tells: meaning }), now, mistaken);
  }

  /** The modem tells by itself what the network has told: UTC, unless that line is known to be otherwise. */
  heard(clock: Clock, now: number): void {
    this.toldAt = now;
    const epoch = epochOf({ ...clock, tells: clock.tells ?? "utc" });
    this.#network = epoch - now;
    const answer = this.#answer;
    const mistaken = answer !== undefined && this.judge(answer, answer.zone ?? 0, this.#answeredAt);
    this.#options.onTime?.(epoch, now, mistaken);
  }

  /** Looks for evidence of what an answer means; true when it was taken for the other until now. */
  private judge(clock: Clock, zone: number, at: number): boolean {
    if (this.chosen !== undefined) return false;
    const before = this.#row === 0 ? undefined : remembered[this.#row - 1][0];
    const network = this.#network;
    const last = this.#answer;
    let found: Meaning | undefined;
    let evidence: ClockEvidence = "network time";
    if (network !== undefined) found = meaningBy(clock.told - at - network, zone);
    if (found === undefined && last?.zone !== undefined && last.zone !== zone) {
      const moved = clock.told - last.told - (at - this.#answeredAt);
      found = meaningBy(moved, zone - last.zone);
      evidence = "change of zone";
    }
    if (found === undefined) return false;
    this.#row = 1 + remembered.findIndex(([meaning, by]) => meaning === found && by === evidence);
    if (before !== found) this.tell(found, evidence, zone);
    return before !== undefined && before !== found;
  }

  private get chosen(): Meaning | undefined {
    const { clock = "auto" } = this.#options;
    return clock === "auto" ? undefined : clock;
  }

  /** The network's time, or the user, has said what the digits are, and with that that the zone fits. */
  private get isProven(): boolean {
    if (this.chosen !== undefined) return true;
    return this.#row > 0 && remembered[this.#row - 1][1] === "network time";
  }

  /** What the digits of an answer are, as far as is known; told once. */
  private meaningOf({ zone = 0, tells }: Clock): Meaning {
    const { chosen } = this;
    if (this.#row === 0) {
      const meaning = chosen ?? tells ?? "local";
      this.#row = meaning === "local" ? 1 : 2;
      this.tell(meaning, chosen !== undefined ? "setting" : tells !== undefined ? "manual" : "usual", zone);
    }
    return chosen ?? remembered[this.#row - 1][0];
  }

  private tell(tells: Meaning, by: ClockEvidence, zone: number): void {
    this.#driver.log({ kind: "modem clock", tells, by, zone });
  }
}

/** @param ahead by how much the digits are ahead of UTC, ms @param zone by how much local time is */
function meaningBy(ahead: number, zone: number): Meaning | undefined {
  if (Math.abs(ahead) <= agreement) return "utc";
  return Math.abs(ahead - zone) <= agreement ? "local" : undefined;
}
