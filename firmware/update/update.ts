/**
 * The update of a product's firmware, as main and agent have it. At the very start it says whether this firmware is on
 * trial, and goes back where the start shows that it is no good; then it is the trial, or fetches the next firmware.
 *
 *     start ----> what the task in flash says ----> open(), attach() ----> each turn: wants, send, poll
 *       activated, this version: the trial begins
 *       activated, another one: the boot loader has gone back, or the power has failed before the start
 *       trial, this version: one more start of the trial
 *       back, another version: it has failed, which is told
 */
import { retainedParts } from "../continuity/retained-memory";
import { Plan, planLength } from "./plan";
import { Step } from "./progress";
import { newTrial, nothingTold } from "./task";
import { TaskKeeper } from "./task-keeper";
import { Trial, freshTrial, isPowerStart, isWrongStart, startedAgain, verdictOf } from "./trial";
import { Updater } from "./updater";
import { readUpdateSettings, updateSettingNames } from "./update-settings";
import { updateLine } from "./update-words";
import { UpgradeCode, upgradeTopic } from "./upgrade-command";
import type {
  FirmwareUpdate,
  NewUpdate,
  StartedUpdate,
  UpdateBoard,
  UpdateParts,
  UpdateSurroundings,
  UpdateVoice,
} from "../device/optional-parts";
import type { Configuration } from "../device/setting-values";
import type { Moment } from "./plan";
import type { Task } from "./task";
import type { UpdateEvent } from "./update-event";
import type { UpdateHost } from "./update-host";
import type { UpdateSettings } from "./update-settings";

/** How often a start is asked for that is none: by the boot loader's word, or as the power fails each time. */
const mostActivations = 3;
const mostPowerlessActivations = 10;
/** Panics in a row from which on a safe start does without the update: three of them were in safe starts that had it. */
const mostSafePanics = 6;
/** The modem is asked for the coverage level this seldom, ms. */
const coverageKept = 60_000;
/**
 * A firmware that has failed its trial has so long for its readings to come to where a restart costs none, ms. One that
 * has lost its journal, and reaches no cloud, would never be rid of them.
 */
const longestFarewell = 3_600_000;

/** What makes a product's update, of what its board has for it. */
export function firmwareUpdateOf(openBoard: () => UpdateBoard | string): NewUpdate {
  return (surroundings) => new Update(surroundings, openBoard);
}

/** A bit of the plan's flags: there is a task in flash. */
const hasTask = 1;

/** The update of a firmware: its start and the way back, then its trial, or what fetches the next firmware. */
class Update implements StartedUpdate, FirmwareUpdate, UpdateHost {
  readonly surroundings: UpdateSurroundings;
  readonly tasks: TaskKeeper;
  parts: UpdateParts | undefined;
  settings: UpdateSettings | undefined;
  plan: Plan | undefined;
  voice: UpdateVoice | undefined;
  #trial: Trial | undefined;
  #updater: Updater | undefined;
  readonly #openBoard: () => UpdateBoard | string;
  #board: UpdateBoard | string | undefined;
  #polled = false;
  /** The trial has failed, for this reason. */
  #failed: string | undefined;
  /** When it goes back whatever there is, ms. */
  #leavesBy = Infinity;
  #coverage: number | undefined;
  #coverageAt = -Infinity;
  /** What the plan had counted when it was kept last. */
  #kept = 0;

  constructor(surroundings: UpdateSurroundings, openBoard: () => UpdateBoard | string) {
    this.surroundings = surroundings;
    this.#openBoard = openBoard;
    const kept = this.deep ? surroundings.retained.read(retainedParts.update) : undefined;
    const known = kept !== undefined && kept.length >= planLength;
    const empty = known && (kept[planLength - 1] & hasTask) === 0;
    this.tasks = new TaskKeeper(this, known ? kept.slice(planLength) : undefined, empty);
    if (!empty) this.begin();
  }

  /** Opened at the first use: most wakes from deep sleep have none for it. */
  get board(): UpdateBoard | string {
    return (this.#board ??= this.#openBoard());
  }

  get settingNames(): readonly string[] {
    return updateSettingNames;
  }

  failed(reason: string, lasting: boolean): boolean {
    const { task } = this.tasks;
    if (task?.phase !== "trial") return false;
    const trial = { ...task.trial, starts: task.trial.starts + 1 };
    const kept = this.tasks.change({ trial });
    const verdict = lasting || !kept ? { kind: "back" as const, reason } : verdictOf(trial);
    return verdict?.kind === "back" && this.goBack(verdict.reason);
  }

  isBarred({ safe, panics }: { readonly safe: boolean; readonly panics: number }): boolean {
    return safe && (panics >= mostSafePanics || this.tasks.task?.phase === "trial");
  }

  check(config: Configuration): void {
    readUpdateSettings(config);
  }

  open(parts: UpdateParts): FirmwareUpdate {
    const settings = readUpdateSettings(parts.config);
    const plan = new Plan(settings, parts.random);
    const kept = this.surroundings.retained.read(retainedParts.update);
    if (kept !== undefined) plan.restore(kept.subarray(0, planLength), this.deep, parts.clock.now());
    this.parts = parts;
    this.settings = settings;
    this.plan = plan;
    const { tasks } = this;
    const { task } = tasks;
    if (task?.phase === "trial") this.#trial = new Trial(task.trial, (trial) => void tasks.change({ trial }));
    const reason = this.deep ? undefined : this.unable;
    if (reason !== undefined) this.log({ kind: "update none", reason });
    return this;
  }

  /** This start is a wake, in which the clock has gone on. */
  private get deep(): boolean {
    return this.surroundings.startReason === "deep-sleep";
  }

  /** Why this board is not updated. */
  get unable(): string | undefined {
    if (typeof this.board === "string") return this.board;
    const { updates, updateKey } = this.settings!;
    return updates === "none" ? "updates=none" : updateKey === "" ? "no updateKey" : undefined;
  }

  /** Takes the task to where this start shows that it is. */
  private begin(): void {
    const { board, tasks } = this;
    if (typeof board === "string") return;
    const { version, startReason } = this.surroundings;
    const { task } = tasks;
    if (task === undefined || task.phase === "fetching" || task.phase === "kept" || task.phase === "failed") {
      // An image that nobody has told of: somebody has written it into the slot by cable.
      if (!this.deep && board.slots.unconfirmed) tasks.keep(newTrial(version));
      return;
    }
    const mine = task.version === version;
    switch (task.phase) {
      case "activated":
        if (mine) {
          tasks.change({ phase: "trial", trial: freshTrial });
          this.surroundings.forgetStarts();
        }
        // Its package has another version than itself: nobody would ever know it for the one that was asked for.
        else if (board.slots.unconfirmed) {
          return void this.goBack(`expected version ${task.version}, the image is ${version}`);
        } else this.missed(tasks, task);
        break;
      case "trial":
        if (mine) {
          const kept = tasks.change({ trial: startedAgain(task.trial, startReason) });
          // Else it would start wrong for ever, each time for the first time.
          if (!kept && isWrongStart(startReason)) return void this.goBack("its starts cannot be counted");
        }
        // It has not come as far as to tell the boot loader that it runs.
        else if (isPowerStart(startReason)) this.missed(tasks, task);
        else this.giveUp(task, `its first start ended, ${startReason}`);
        break;
      case "back":
        if (mine || board.slots.unconfirmed) return void this.goBack(task.report.desc);
        this.giveUp(task, task.report.desc);
    }
    const now = tasks.task;
    if (now?.phase !== "trial") return;
    const { starts, tries } = now.trial;
    this.log({ kind: "update trial", version, starts, tries });
    const verdict = verdictOf(now.trial);
    if (verdict?.kind === "back") this.goBack(verdict.reason);
  }

  /** The new firmware was to start, and this one does: the power has failed before, or it has not come far. */
  private missed(tasks: TaskKeeper, task: Task): void {
    const { startReason } = this.surroundings;
    const most = isPowerStart(startReason) ? mostPowerlessActivations : mostActivations;
    if (task.activations < most) {
      // It is fetched and whole; what is told again shows that there is a network.
      tasks.change({ phase: "fetching", told: Step.half });
      return;
    }
    this.giveUp(task, `does not start, ${startReason}`);
  }

  /** The new firmware has failed, which is told, and not asked for once more. */
  private giveUp({ version }: Task, reason: string): void {
    const { tasks } = this;
    tasks.noteRolledBack(version);
    // Or this one would begin with a safe start, a day without readings, for what the other has done.
    this.surroundings.forgetStarts();
    tasks.change({ phase: "failed", report: { step: Step.failed, desc: `rolled back: ${reason}` } });
  }

  /** Has the slot before started, at once. */
  private goBack(reason: string): boolean {
    if (!this.prepareBack(reason)) return false;
    this.surroundings.restart();
    return true;
  }

  /** Has the slot before started from the next start on; false when that cannot be, and this firmware stays. */
  private prepareBack(reason: string): boolean {
    const { board, tasks } = this;
    if (typeof board === "string") return false;
    const { version } = this.surroundings;
    tasks.change({ phase: "back", report: { step: Step.failed, desc: reason } });
    this.log({ kind: "update back", version, reason });
    const fault = board.slots.back();
    if (fault === undefined) return true;
    // There is none: what is here is all that there is.
    this.log({ kind: "update ended", version, reason: `no way back: ${fault}` });
    tasks.keep(undefined);
    return false;
  }

  attach(voice: UpdateVoice): void {
    this.voice = voice;
    this.#updater = new Updater(this);
  }

  obey(topic: string, payload: Uint8Array, now: number): boolean {
    const updater = this.#updater;
    if (topic !== upgradeTopic || updater === undefined) return false;
    const reason = this.unable;
    if (reason !== undefined) updater.refuse(payload, UpgradeCode.unable, reason, now);
    else if (this.inTrial) updater.refuse(payload, UpgradeCode.busy, "on trial", now);
    else if (updater.ready) updater.refuse(payload, UpgradeCode.busy, "about to restart", now);
    else updater.obey(payload, now);
    return true;
  }

  wants(now: number): boolean {
    return this.working && this.#updater!.wants(now);
  }

  send(now: number): void {
    if (this.working) this.#updater!.send(now);
  }

  follows(now: number): boolean {
    return this.working && this.#updater!.follows(now);
  }

  get fetching(): boolean {
    return this.#updater?.fetching === true;
  }

  get busy(): boolean {
    return this.#updater?.busy === true || this.restarts;
  }

  deadline(now: number): number {
    // What was sent in this turn may end a try whose time was over before.
    const trial = this.inTrial
      ? Math.max(Math.min(this.#trial!.deadline, this.#leavesBy), now + 1)
      : Infinity;
    if (!this.#polled) return Math.min(trial, now);
    return this.working ? Math.min(trial, this.#updater!.deadline(now)) : trial;
  }

  poll(now: number): void {
    if (!this.#polled) this.start(now);
    if (this.inTrial) this.judge(now);
    else if (this.working) this.#updater!.poll();
    if (this.plan!.counted !== this.#kept) this.beforeSleep(now);
  }

  get inTrial(): boolean {
    return this.#trial !== undefined && this.tasks.task?.phase === "trial";
  }

  get holdsVersion(): boolean {
    const phase = this.tasks.task?.phase;
    return phase === "trial" || phase === "kept";
  }

  get restarts(): boolean {
    return this.#failed !== undefined || this.#updater?.ready === true;
  }

  restart(now: number): boolean {
    const { board, tasks } = this;
    if (typeof board === "string") return false;
    if (this.#failed !== undefined) {
      const reason = this.#failed;
      this.#failed = undefined;
      return this.prepareBack(reason);
    }
    const { task } = tasks;
    if (task === undefined || this.#updater?.ready !== true) return false;
    this.beforeSleep(now);
    // Written first: should the power fail in between, this firmware starts again and knows what it was about to do.
    const kept = tasks.change({ phase: "activated", activations: task.activations + 1 });
    const fault = kept ? board.slots.activate() : "flash fails";
    if (fault === undefined) {
      this.log({ kind: "update starts", version: task.version });
      return true;
    }
    tasks.change({ phase: "fetching" });
    this.#updater.unstartable(fault);
    return false;
  }

  connected(now: number): void {
    if (this.inTrial) this.#trial!.connected(now);
  }

  delivered(now: number): void {
    this.plan!.contact(now);
    if (!this.inTrial) return;
    this.#trial!.delivered();
    // A command that came with the answer finds the trial over.
    this.judge(now);
  }

  beforeSleep(now: number): void {
    const { tasks, surroundings } = this;
    const plan = this.plan!;
    this.#kept = plan.counted;
    const flags = tasks.task === undefined ? 0 : hasTask;
    const state = plan.state(flags, now);
    const hint = flags === 0 ? undefined : tasks.hint;
    const body = new Uint8Array(planLength + (hint?.length ?? 0));
    body.set(state);
    if (hint !== undefined) body.set(hint, planLength);
    surroundings.retained.write(retainedParts.update, body);
  }

  /** Whether the next firmware may be fetched, or what is to be told be told. */
  private get working(): boolean {
    return this.#updater !== undefined && this.#polled && !this.inTrial && this.#failed === undefined;
  }

  /** The first turn of the loop: from here on the supervisor, and the trial, see to a firmware that does not work. */
  private start(now: number): void {
    this.#polled = true;
    const { deep } = this;
    if (!deep && typeof this.board !== "string" && this.board.slots.unconfirmed) this.board.slots.confirm();
    if (this.tasks.task?.phase === "fetching" && this.unable === undefined) this.#updater?.resume(deep, now);
  }

  private judge(now: number): void {
    if (now >= this.#leavesBy) return this.leave();
    const verdict = this.#trial!.poll(now);
    if (verdict === undefined || this.#failed !== undefined) return;
    const { tasks, surroundings } = this;
    if (verdict.kind === "back") {
      this.#failed = verdict.reason;
      this.#leavesBy = now + longestFarewell;
    } else {
      this.log({ kind: "update kept", version: surroundings.version });
      tasks.change({ phase: "kept", told: nothingTold });
    }
  }

  /** Nobody has found the time for the restart back. */
  private leave(): void {
    const reason = this.#failed;
    this.#failed = undefined;
    this.#leavesBy = Infinity;
    if (reason !== undefined) this.goBack(reason);
  }

  get moment(): Moment {
    const { clock, modem } = this.parts!;
    if (this.settings!.coverage < 2) {
      const now = clock.now();
      if (now >= this.#coverageAt + coverageKept || this.#coverage === undefined) {
        this.#coverage = modem.readCell()?.ecl;
        this.#coverageAt = now;
      }
    }
    return { epoch: clock.wall(), coverage: this.#coverage };
  }

  log(event: UpdateEvent): void {
    this.surroundings.log({ ...event, line: updateLine(event) });
  }
}
