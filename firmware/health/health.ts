/**
 * The device's health: counts what happens to it, tells it once a day and when it is asked to, and says at once when a
 * limit is crossed.
 *
 *     log's events, datagrams, starts -> tally -> once a day, with the reading that is taken then -> measure points
 *                                             +-> a limit is crossed -> event `health_alarm`
 *     lines of the log -> log-keeper -> flash -> service `fetch_log`
 *
 * An event costs an addition. What was counted is in retained memory whenever the device has come to rest.
 */
import { CommandCode } from "../enos/command";
import { reasonOf } from "../text/reason";
import { EnergyEstimate } from "./energy";
import { worded } from "./health-event";
import { isCrossed, limitNames, limits, readLimits, standingBits } from "./limits";
import { LogKeeper } from "./log-keeper";
import { reportValues, resetsIn, totalsOf, versionValues, versionsMark } from "./report";
import { isPanic, isPowerLoss, startReasonNumber } from "./start-reasons";
import { Count, Seen, Span, Tally, resetLevels } from "./tally";
import type { ServiceHandler } from "../device/application";
import type { LogEvent } from "../device/log";
import type { HealthParts, HealthReport, HealthSigns, HealthTold, NewHealth } from "../device/optional-parts";
import type { Flash } from "../journal/flash";
import type { ThingValues } from "../model/thing";
import type { Cell } from "../modem/family/family";
import type { Standing } from "./report";

/** What health needs of the board besides. */
export interface BoardHealth {
  /** The partition of the log; undefined where the board's table has none. */
  readonly openLog: () => Flash | undefined;
  /** Bytes of memory, the least that were free since the start; undefined where nobody knows. */
  readonly leastFreeHeap: () => number | undefined;
}

/** The event's identifier in the thing model. */
const alarmEvent = "health_alarm";
const hour = 3_600_000;
const day = 24 * hour;
/** A report waits so long for a reading to go with, or goes so much earlier with one. */
const patience = hour;
const early = 300_000;
/** The modem is asked for its cell this seldom: it takes a command in a contact. */
const betweenCells = 2 * hour;
/** Storage has the counts this often, for a board that loses its power. */
const betweenStores = 6 * hour;

/** How a product makes its health. */
export function healthOf(board: BoardHealth): NewHealth {
  return (parts) => new Health(board, parts);
}

class Health implements HealthReport {
  readonly #board: BoardHealth;
  readonly #parts: HealthParts;
  readonly #tally: Tally;
  readonly #energy: EnergyEstimate;
  readonly #log: LogKeeper;
  readonly #limits: readonly number[];
  readonly services: Readonly<Record<string, ServiceHandler>>;
  readonly settingNames = limitNames;
  #signs: HealthSigns | undefined;
  #isModemAwake = false;
  #cell: Cell | undefined;
  #modemVersion: string | undefined;
  /** The versions are others than those that were told. */
  #isChanged = false;
  /** When the next report is due, ms. */
  #due: number;
  /** The operator has asked for one. */
  #isAsked = false;
  /** Of `HealthSigns.retransmissions`, those that are counted. */
  #retransmissions = 0;
  /** As they were at the last report: to find out takes longer. */
  #standing: Standing | undefined;

  /** @throws SettingsError for a limit that cannot be */
  constructor(board: BoardHealth, parts: HealthParts) {
    this.#board = board;
    this.#parts = parts;
    const { config, retained, store, ring, startReason, log, now } = parts;
    this.#limits = readLimits(config);
    const tally = new Tally(retained, store);
    this.#tally = tally;
    const at = now();
    const isWake = startReason === "deep-sleep";
    // A wake without its memory has a clock that begins anew.
    const asleep = isWake && at >= tally.keptAt ? at - tally.keptAt : 0;
    this.#energy = new EnergyEstimate(tally, asleep, at);
    // The first one tells soon that all is well.
    if (tally.isNew) tally.reportDue = hour;
    this.#due = at + Math.min(tally.reportDue - tally.allSpans[Span.time], day);
    this.#log = new LogKeeper({
      ring,
      store: retained.store,
      open: board.openLog,
      isCold: !isWake,
      tally,
      onFailure: (reason) => log(worded({ kind: "health log failed", reason })),
    });
    this.services = {
      health: () => {
        this.#isAsked = true;
        this.#energy.note(this.#isModemAwake, now());
        this.sync();
        return { code: CommandCode.ok, data: totalsOf(tally) };
      },
    };
    if (!isWake) this.started(startReason);
    tally.keep(at);
  }

  begin(signs: HealthSigns): void {
    this.#signs = signs;
    this.#retransmissions = signs.retransmissions();
  }

  newest(length: number, skip: number): string {
    return this.#log.newest(length, skip);
  }

  hear(event: LogEvent): void {
    this.#log.heard();
    const tally = this.#tally;
    switch (event.kind) {
      case "session authenticating":
        return tally.count(Count.authentications);
      case "report refused":
        tally.isChanged = true;
        return tally.count(Count.refused);
      case "report dropped": {
        const { reason } = event;
        tally.isChanged = true;
        return tally.count(reason === "full" || reason === "thinned" ? Count.lostFull : Count.lostDamaged);
      }
      case "modem down":
        // Its resets are behind such a line, and in no other that is sure to come.
        tally.isChanged = true;
        return undefined;
      case "modem firmware":
        // It is told once a boot, and a board that sleeps deeply has forgotten it with the next reading.
        this.#modemVersion = event.version;
        this.#isChanged = versionsMark(this.#parts.version, event.version) !== tally.versions;
        return undefined;
      default:
        return undefined;
    }
  }

  sent(length: number, now: number): void {
    this.#energy.sent(length, now);
    const tally = this.#tally;
    if (tally.allSpans[Span.time] < tally.cellDue) return;
    tally.cellDue = tally.allSpans[Span.time] + betweenCells;
    this.#parts.modem.readCell();
  }

  received(length: number, isLast: boolean, now: number): void {
    this.#energy.received(length, isLast, now);
  }

  unanswered(): void {
    this.#tally.count(Count.unanswered);
  }

  get deadline(): number {
    return this.#isAsked || this.#isChanged ? 0 : this.#due + patience;
  }

  poll(isModemAwake: boolean, isTaking: boolean, now: number): boolean {
    if (isModemAwake !== this.#isModemAwake) {
      this.#isModemAwake = isModemAwake;
      this.#energy.note(isModemAwake, now);
    }
    const { cell } = this.#parts.modem;
    if (cell !== this.#cell) this.see(cell);
    // Or what is in flash would be there twice after a panic.
    if (this.#log.poll()) this.#tally.keep(now);
    if (this.#isAsked || this.#isChanged || now >= this.#due + patience) return true;
    return isTaking && (now >= this.#due - early || this.#tally.isChanged || this.mayAlarm());
  }

  tell(isTaking: boolean, now: number): HealthTold {
    this.#energy.note(this.#isModemAwake, now);
    this.sync();
    const isAsked = this.#isAsked;
    const isDaily = now >= this.#due - (isTaking ? early : 0);
    const readings: ThingValues[] = [];
    const tally = this.#tally;
    // What still stands so is told each day; what was counted is told once, and then counts anew.
    if (isDaily) tally.told &= ~standingBits;
    const alarms = this.alarms(isTaking, isAsked || isDaily);
    if (isAsked || isDaily) {
      this.#isAsked = false;
      readings.push(reportValues(tally, this.#standing!));
      this.#parts.log(worded({ kind: "health report", period: tally.spans[Span.time] }));
      tally.closeReport(isDaily);
      if (isDaily) {
        tally.told &= standingBits;
        // At the same time of day, but for a report that came late.
        const late = now - this.#due;
        const next = late < hour ? day - late : day;
        this.#due = now + next;
        tally.reportDue = tally.allSpans[Span.time] + next;
      }
    }
    const versions = this.newVersions(isAsked, isDaily);
    if (versions !== undefined) readings.push(versions);
    tally.isChanged = false;
    tally.keep(now);
    if (isDaily) this.store(0);
    return { readings, event: alarmEvent, alarms, atOnce: isAsked };
  }

  rested(now: number): void {
    this.#energy.note(this.#isModemAwake, now);
    this.count();
    this.#log.rested();
    this.#tally.keep(now);
    this.store(betweenStores);
  }

  beforeSleep(now: number): void {
    const { t3324 = Infinity } = this.#parts.modem.granted;
    this.#energy.beforeSleep(1_000 * t3324, now);
    this.count();
    this.#log.beforeSleep();
    this.#tally.keep(now);
  }

  private started(reason: string): void {
    const tally = this.#tally;
    const number = startReasonNumber(reason);
    tally.lastStart = number;
    tally.count(Count.starts);
    tally.isChanged = true;
    if (isPanic(number)) tally.count(Count.panics);
    if (isPowerLoss(number)) tally.count(Count.powerLosses);
  }

  private see(cell: Cell | undefined): void {
    this.#cell = cell;
    if (cell === undefined) return;
    this.#tally.see(Seen.rsrp, cell.rsrp);
    this.#tally.see(Seen.snr, cell.snr);
    this.#tally.see(Seen.coverage, cell.ecl);
  }

  /** Whether a limit may be crossed by what changes with each reading. */
  private mayAlarm(): boolean {
    const [waiting, , , , , energy] = this.#limits;
    return energy > 0 || (waiting > 0 && (this.#signs?.waiting() ?? 0) > waiting);
  }

  /** Takes over what others have counted since the start. */
  private count(): void {
    const retransmissions = this.#signs?.retransmissions() ?? 0;
    if (retransmissions === this.#retransmissions) return;
    this.#tally.count(Count.retransmissions, retransmissions - this.#retransmissions);
    this.#retransmissions = retransmissions;
  }

  /** The same, and what outlives starts. */
  private sync(): void {
    this.count();
    const tally = this.#tally;
    const resets = this.#signs?.resets();
    if (resets === undefined) return;
    for (let level = 0; level < resetLevels; level++) {
      const before = tally.resetsBefore[level];
      const count = resets[level];
      // Less than before: the driver's count was lost, and began anew.
      if (count !== before) tally.count(Count.resets + level, count > before ? count - before : count);
      tally.resetsBefore[level] = count;
    }
  }

  /** Alarms that were not told yet. @param all those too that take longer to find out */
  private alarms(isTaking: boolean, all: boolean): HealthTold["alarms"] {
    const tally = this.#tally;
    const { counts, spans } = tally;
    const waiting = Math.max(0, (this.#signs?.waiting() ?? 0) - (isTaking ? 1 : 0));
    if (all) {
      const { erases, battery } = this.#signs ?? {};
      this.#standing = {
        waiting,
        erases: erases?.(),
        freeHeap: this.#board.leastFreeHeap(),
        battery: batteryOf(battery),
      };
    }
    const { erases, freeHeap, battery } = this.#standing ?? {};
    const values = [
      waiting,
      resetsIn(counts),
      counts[Count.panics],
      counts[Count.lostFull] + counts[Count.lostDamaged],
      counts[Count.refused],
      spans[Span.joules],
      erases,
      freeHeap,
      battery,
    ];
    const alarms: HealthTold["alarms"][number][] = [];
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      const limit = this.#limits[i];
      if ((tally.told & (1 << i)) !== 0 || !isCrossed(i, value, limit)) continue;
      tally.told |= 1 << i;
      const alarm = { what: limits[i].name, value: Math.round(value!), limit };
      this.#parts.log(worded({ kind: "health alarm", ...alarm }));
      alarms.push(alarm);
    }
    return alarms;
  }

  /** The versions, when they are asked for or were not told yet. */
  private newVersions(isAsked: boolean, isDaily: boolean): ThingValues | undefined {
    const { version } = this.#parts;
    const tally = this.#tally;
    const modem = this.#modemVersion;
    if (modem === undefined) {
      // Some modems do not tell theirs.
      return isAsked || (isDaily && tally.versions === 0) ? versionValues(version, undefined) : undefined;
    }
    if (!isAsked && !this.#isChanged) return undefined;
    this.#isChanged = false;
    tally.versions = versionsMark(version, modem);
    return versionValues(version, modem);
  }

  private store(every: number): void {
    try {
      this.#tally.store(every);
    } catch (error) {
      this.#parts.log(worded({ kind: "health memory failed", reason: reasonOf(error) }));
    }
  }
}

/** The application's measurement, where it has one that can be. */
function batteryOf(measure: (() => unknown) | undefined): number | undefined {
  try {
    const value = measure?.();
    return typeof value === "number" && value > 0 ? value : undefined;
  } catch {
    return undefined;
  }
}
