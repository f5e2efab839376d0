/**
 * Settings that the cloud changes, by services of the thing model:
 *
 *     change_settings   inputs   settings struct, each may be left out
 *                                afresh bool, may be left out: what was changed before is forgotten
 *                       outputs  accepted bool, version int, reason string
 *     fetch_settings    outputs  version int, trial bool, changed string, settings struct
 *
 * A change is read as every start reads the configuration. What cannot be is refused with the reason, and nothing of it is
 * kept. What can be is stored, and the device restarts with it on trial:
 *
 *     change -> checked -> stored -> answered -> restart -> on trial -+- the cloud takes a reading -> kept, told
 *                                                                     +- three contacts without that -+
 *                                                                     +- a day without that ----------+-> taken back, told
 *                                                                     +- two starts that go wrong ----+
 *                                                                     +- ten starts ------------------+
 *                                                                     +- it cannot be read -----------+
 *
 * So a device that a change has cut off from the cloud comes back by itself. What was kept and cannot be read any more, as a
 * new firmware reads otherwise, is given up at the start itself: no change has a device restart again and again.
 */
import { CommandCode } from "../enos/command";
import { TwoSlotState } from "../continuity/two-slot-state";
import { reasonOf } from "../text/reason";
import { changed, namesOf, noChanges, over, sameChanges, valuesOf } from "./changes";
import { decodeRecord, encodeRecord, firstRecord, recordForm, recordKeys } from "./record";
import { remoteSettingsLine } from "./remote-settings-event";
import type { CommandResult } from "../enos/command";
import type { Device, ServiceHandler } from "../device/application";
import type { NewRemoteSettings, RemoteSettings, RemoteSettingsParts } from "../device/optional-parts";
import type { RemoteSettingsEvent } from "../device/part-event";
import type { Configuration } from "../device/setting-values";
import type { Settings } from "../device/settings";
import type { Changes } from "./changes";
import type { Cause, SettingsRecord } from "./record";

/** How long a change may be on trial, ms: a day of no network at all says as much as three contacts in vain. */
const longestTrial = 86_400_000;
/** Contacts in which the cloud may take no reading, and what lies between two that count, s. */
const mostTries = 3;
const tryTime = 600;
/** Starts that may go wrong with a change. */
const wrongStarts = 2;
/**
 * Starts of any other kind, such as after a loss of power. With a change for which the supply is too weak the device never
 * has its day, nor a contact that comes to its end.
 */
const mostStarts = 10;
/** Longest time from afar between two contacts that readings make, s: EnOS keeps no command for longer. */
const longestSilence = 172_800;
/** Least radio budget from afar, s: a trial that finds the modem registered does not show that it is too small. */
const leastBudget = 600;

/** The attribute that tells what is in force, and the event that tells of what was taken back. */
const settingsAttribute = "remote_settings";
const takenBackEvent = "settings_taken_back";

/** Makes what a product's model asks for. */
export const newSettingsFromAfar: NewRemoteSettings = (parts) => new SettingsFromAfar(parts);

class SettingsFromAfar implements RemoteSettings {
  readonly config: Configuration;
  readonly services: Readonly<Record<string, ServiceHandler>>;
  readonly #parts: RemoteSettingsParts;
  readonly #slots: TwoSlotState;
  #record: SettingsRecord = firstRecord;
  #device: Device | undefined;
  #wantsRestart = false;
  /** Something waits for the cloud's acknowledgement. */
  #telling = false;

  constructor(parts: RemoteSettingsParts) {
    this.#parts = parts;
    this.#slots = new TwoSlotState(parts.store, recordForm, recordKeys);
    this.services = {
      change_settings: ({ settings, afresh }) => this.change(settings, afresh === true),
      fetch_settings: () => this.fetch(),
    };
    this.load();
    this.config = this.choose();
    const { version, trial } = this.#record;
    if (version > 0 && (trial !== undefined || parts.startReason !== "deep-sleep")) {
      this.tell({ kind: "remote settings in force", version, trial: trial === undefined ? "no" : "yes" });
    }
  }

  get wantsRestart(): boolean {
    return this.#wantsRestart;
  }

  get deadline(): number {
    const { trial, tries, triedAt } = this.#record;
    if (trial === undefined || this.#wantsRestart) return Infinity;
    return tries < mostTries ? longestTrial : Math.min(longestTrial, 1000 * (triedAt + tryTime));
  }

  start(device: Device): void {
    this.#device = device;
    // What was to be told before deep sleep waits in the journal.
    if (this.#parts.startReason !== "deep-sleep") this.report();
  }

  startFailed(): boolean {
    const { trial, kept } = this.#record;
    if (trial === undefined && namesOf(kept) === "") return false;
    // What was kept, too, may have been before a firmware that cannot do with it.
    this.takeBack("the device stopped working", trial === undefined ? noChanges : kept);
    return true;
  }

  connected(now: number): void {
    const { trial, tries, triedAt } = this.#record;
    if (trial === undefined || this.#wantsRestart || tries >= mostTries) return;
    const at = Math.floor(now / 1000);
    // A loss of power has begun time anew.
    if (tries > 0 && at >= triedAt && at - triedAt < tryTime) return;
    this.save({ ...this.#record, tries: tries + 1, triedAt: at });
  }

  delivered(): void {
    const { trial, version } = this.#record;
    // A change that waits for its restart has shown nothing yet.
    if (trial === undefined || this.#wantsRestart) return;
    this.save({
      ...this.#record,
      kept: trial,
      trial: undefined,
      tries: 0,
      triedAt: 0,
      starts: 0,
      told: false,
    });
    this.tell({ kind: "remote settings kept", version });
    this.report();
  }

  poll(now: number): void {
    if (now < this.deadline) return;
    const { tries } = this.#record;
    this.takeBack(
      tries < mostTries ? "no contact for a day" : "no reading was taken by the cloud in three contacts",
    );
    this.#wantsRestart = true;
  }

  /** Reads what is in storage; what cannot be read is as if nothing had been changed. */
  private load(): void {
    try {
      const stored = this.#slots.load();
      if (stored === undefined) return;
      const record = decodeRecord(stored);
      if (record !== undefined) this.#record = record;
      else this.tell({ kind: "remote settings failed", reason: "not understood" });
    } catch (error) {
      this.tell({ kind: "remote settings failed", reason: reasonOf(error) });
    }
  }

  /** Whether it is in storage. Else it holds until the next start. */
  private save(record: SettingsRecord): boolean {
    this.#record = record;
    try {
      this.#slots.save(encodeRecord(record));
      return true;
    } catch (error) {
      this.tell({ kind: "remote settings failed", reason: reasonOf(error) });
      return false;
    }
  }

  /** The configuration of this start. */
  private choose(): Configuration {
    const { config, starts, startReason } = this.#parts;
    const { trial } = this.#record;
    if (trial !== undefined) {
      const cold = startReason !== "deep-sleep";
      if (starts.panics + starts.failures >= wrongStarts) this.takeBack("the device stopped working");
      else if (cold && this.#record.starts >= mostStarts) this.takeBack("the device started again and again");
      else if (this.fault(trial) !== undefined) this.takeBack("it cannot be read");
      else {
        if (cold) this.save({ ...this.#record, starts: this.#record.starts + 1 });
        return over(config, trial);
      }
    }
    const { kept } = this.#record;
    if (namesOf(kept) === "") return config;
    if (this.fault(kept) === undefined) return over(config, kept);
    this.takeBack("it cannot be read", noChanges);
    return config;
  }

  /** Why these cannot be; undefined when they can. */
  private fault(changes: Changes): string | undefined {
    const read = this.read(changes);
    return typeof read === "string" ? read : undefined;
  }

  private read(changes: Changes): Settings | string {
    const { config, check } = this.#parts;
    try {
      return check(over(config, changes));
    } catch (error) {
      return reasonOf(error);
    }
  }

  private takeBack(cause: Cause, kept = this.#record.kept): void {
    const { version } = this.#record;
    this.tell({ kind: "remote settings taken back", version, reason: cause });
    this.save({ ...firstRecord, version: version + 1, kept, cause, told: false });
  }

  private change(given: unknown, afresh: boolean): CommandResult {
    const { version, kept, trial = kept } = this.#record;
    const before = afresh ? noChanges : trial;
    const next = changed(before, (given ?? {}) as Readonly<Record<string, unknown>>);
    const reason = "reason" in next ? next.reason : this.refusal(next);
    if (reason !== undefined) return this.refuse(reason);
    const changes = next as Changes;
    if (sameChanges(changes, trial)) return answer(true, version, "");
    const former = this.#record;
    const names = namesOf(changes);
    const record = { ...firstRecord, version: version + 1, kept, trial: changes, cause: former.cause };
    if (!this.save({ ...record, told: former.told })) {
      this.#record = former;
      return this.refuse("storage did not take it");
    }
    this.tell({ kind: "remote settings changed", version: version + 1, names });
    this.#wantsRestart = true;
    return answer(true, version + 1, "");
  }

  private refuse(reason: string): CommandResult {
    this.tell({ kind: "remote settings refused", reason });
    return answer(false, this.#record.version, reason.slice(0, longestReason));
  }

  /** Why the device does not take these; undefined when it does. */
  private refusal(changes: Changes): string | undefined {
    const settings = this.read(changes);
    if (typeof settings === "string") return settings;
    const own = this.read(noChanges);
    const { radioBudget } = settings;
    const enough = typeof own === "string" || own.radioBudget === 0 ? leastBudget : own.radioBudget;
    if (radioBudget > 0 && radioBudget < Math.min(enough, leastBudget)) {
      return `radioBudget is ${radioBudget}, from afar it must be 0 or at least ${leastBudget}: with less the device may never find a network that it has lost`;
    }
    const silence = settings.interval * settings.batch;
    if (silence <= longestSilence) return undefined;
    if (typeof own !== "string" && silence <= own.interval * own.batch) return undefined;
    return `interval times batch is ${silence} s, from afar it must be at most ${longestSilence} s: nothing reaches the device in between`;
  }

  private fetch(): CommandResult {
    const { version, trial, kept } = this.#record;
    const { check, update } = this.#parts;
    // What an update reads for itself stands in the configuration alone.
    const read = { ...this.config, ...check(this.config) };
    const names = namesOf(trial ?? kept);
    const settings = valuesOf(read, update);
    return { code: CommandCode.ok, data: { version, trial: trial !== undefined, changed: names, settings } };
  }

  /** Tells the cloud what is in force, and what was taken back: until it has acknowledged that. */
  private report(): void {
    const { told, trial, version, kept, cause } = this.#record;
    const device = this.#device;
    if (device === undefined || told || trial !== undefined || this.#telling) return;
    this.#telling = true;
    if (cause !== "none") device.postEvent(takenBackEvent, { version: version - 1, reason: cause });
    const values = valuesOf(over({}, kept), this.#parts.update);
    device.updateAttributes({ [settingsAttribute]: { version, ...values } }, (how) => {
      this.#telling = false;
      if (how.kind !== "accepted" || this.#record.version !== version) return;
      this.save({ ...this.#record, cause: "none", told: true });
    });
  }

  private tell(event: RemoteSettingsEvent): void {
    this.#parts.log({ ...event, line: remoteSettingsLine(event) });
  }
}

/** Characters of the reason in an answer, as the model has room for them. */
const longestReason = 200;

function answer(accepted: boolean, version: number, reason: string): CommandResult {
  return { code: CommandCode.ok, data: { accepted, version, reason } };
}
