/**
 * An update from the cloud's word of a version to the restart into it, and after that restart the trial:
 *
 *     upgrade command, or an offer
 *        |  newer than this firmware, at a place that a GET can be sent to
 *        v
 *     fetching: head -> judged -> blocks -> chunks applied -> image compared -> "90" told -> restart
 *        |                |  none for this device: told, 3 a day                                |
 *        |                v                                                                     v
 *        +-- cancelled -> failed: told, forgotten  <-- back: the slot before starts <-- trial, in the other slot
 *                                                                                         |  a reading delivered
 *                                                                                         v
 *                                                                                       kept: "100" told
 *
 * One thing at a time, and readings first: its owner asks `wants` only when no reading wants the link. Work in flash is
 * done in slices, between exchanges.
 */
import { Fetcher } from "./fetcher";
import { readPlace, placeOf } from "./file-place";
import { judgeHead } from "./judge";
import { Step } from "./progress";
import { Reporter } from "./reporter";
import { nothingTold } from "./task";
import { freshTrial } from "./trial";
import { isNewer } from "./version-order";
import { UpgradeCode, readUpgrade } from "./upgrade-command";
import type { Download, DownloadFault } from "./download";
import type { FilePlace } from "./file-place";
import type { Judge } from "./judge";
import type { Moment, Plan } from "./plan";
import type { Report } from "./progress";
import type { Voice } from "./reporter";
import type { FetcherOptions } from "./fetcher";
import type { Task } from "./task";
import type { TaskKeeper } from "./task-keeper";
import type { UpdateEvent } from "./update-event";
import type { UpdateSettings } from "./update-settings";
import type { Offer } from "./upgrade-command";

/** What the updater is made of. */
export interface UpdaterOptions extends Judge {
  readonly settings: UpdateSettings;
  readonly tasks: TaskKeeper;
  readonly plan: Plan;
  readonly voice: Voice;
  readonly endpoint: FetcherOptions["endpoint"];
  readonly server: FetcherOptions["server"];
  readonly onHeard: FetcherOptions["onHeard"];
  /** Makes the download once somebody needs it. */
  readonly newDownload: () => Download | string;
  readonly moment: () => Moment;
  readonly random: () => number;
  readonly log: (event: UpdateEvent) => void;
}

/** From this size on the cloud hears of the half as well, bytes: each report is an exchange. */
const halfFrom = 65_536;
/** How often the file may turn out to be another one. */
const mostNewFiles = 2;

/** The update of a firmware that is not on trial. All times are monotonic, ms. Nothing of it throws. */
export class Updater {
  readonly #options: UpdaterOptions;
  readonly #reporter: Reporter;
  #download: Download | undefined;
  #fetcher: Fetcher | undefined;
  #place: FilePlace | undefined;
  /** The image is whole, and its head was judged once more. */
  #verified = false;
  /** The cloud has heard so: the board may restart into it. */
  #ready = false;
  /** Why it pauses, as it was said last; what was said before deep sleep is not said at each wake. */
  #said: string | undefined;
  #quiet = false;

  constructor(options: UpdaterOptions) {
    this.#options = options;
    this.#reporter = new Reporter(options.voice, options.random, options.log);
  }

  /** Goes on with what is in flash. @param quiet behind deep sleep: it is nothing that has to be told */
  resume(quiet: boolean, now: number): void {
    const { task } = this.#options.tasks;
    if (task?.phase !== "fetching") return;
    const { version, place } = task;
    const download = this.open();
    this.#place = readPlace(place);
    // Somebody has flashed another firmware meanwhile, or the flash has lost what there was.
    if (isNewer(version, this.#options.version) !== true) return this.end("not newer any more");
    if (typeof download === "string") return this.end(download);
    if (this.#place === undefined || !(download.resume() || download.begin(task.size) === undefined))
      return this.fail(Step.download, "state lost");
    this.#quiet = quiet;
    const { received: fetched, fileSize: size } = download;
    if (!quiet) this.#options.log({ kind: "update goes on", version, fetched, size });
    if (download.undecided) this.judge(download, now);
  }

  /** The image is there and the cloud knows: the board may restart into it. */
  get ready(): boolean {
    return this.#ready;
  }

  /** The boot loader does not start it. */
  unstartable(reason: string): void {
    this.fail(Step.burning, reason);
  }

  /** A block is under way, or work in flash is to be done. */
  get busy(): boolean {
    return this.fetching || this.#download?.works === true || this.#ready;
  }

  /** A block is under way. */
  get fetching(): boolean {
    return this.#fetcher?.underWay === true;
  }

  /** Takes a command. */
  obey(payload: Uint8Array, now: number): void {
    const { voice, log } = this.#options;
    const command = readUpgrade(payload, voice.names);
    if (command === undefined) return log({ kind: "update refused", version: "", reason: "unreadable" });
    const { id, offer } = command;
    const [code, reason] = this.consider(offer, now);
    if (reason !== undefined) {
      const version = typeof offer === "string" ? "" : offer.version;
      log({ kind: "update refused", version, reason });
    }
    this.#reporter.reply(id, code, reason, now);
  }

  /** Answers a command that comes at the wrong time, or to a board that cannot be updated. */
  refuse(payload: Uint8Array, code: number, reason: string, now: number): void {
    const command = readUpgrade(payload, this.#options.voice.names);
    if (command === undefined) return;
    const version = typeof command.offer === "string" ? "" : command.offer.version;
    this.#options.log({ kind: "update refused", version, reason });
    this.#reporter.reply(command.id, code, reason, now);
  }

  /** Whether something can be sent now. */
  wants(now: number): boolean {
    return this.next(now) !== undefined;
  }

  /** Sends it. */
  send(now: number): void {
    const { plan } = this.#options;
    switch (this.next(now)) {
      case "report": {
        const report = this.due!;
        const must = report.step < 0 || report.step >= Step.verified;
        const { version } = this.#options.tasks.task!;
        return this.#reporter.tell(report, must, (gone, at) => this.told(version, report, gone, at), now);
      }
      case "ask":
        plan.asked(now);
        return this.#reporter.ask((offer, at) => this.offered(offer, at), now);
      case "block":
        this.#said = undefined;
        this.#quiet = false;
        return this.#fetcher!.fetch(this.#place!, now);
    }
  }

  /** Whether something follows a request that is under way, as far as one can see. */
  follows(now: number): boolean {
    if (this.#download?.works === true) return true;
    if (this.#reporter.speaking) return this.mayFetch(now) || this.#verified;
    return this.due !== undefined || this.mayFetch(now);
  }

  /** When something can be sent or is to be done next, ms; Infinity for never. */
  deadline(now: number): number {
    if (this.#download?.works === true && !this.fetching) return now + 1;
    const { plan, moment } = this.#options;
    let deadline = Infinity;
    const at = (time: number): void => {
      if (time > now && time < deadline) deadline = time;
    };
    at(plan.askAt);
    if (this.due !== undefined) at(this.#reporter.notBefore);
    if (this.#download?.next !== undefined) at(plan.resumesAt(moment(), now));
    return deadline;
  }

  /** Does one slice of work in flash. */
  poll(): void {
    const download = this.#download;
    if (download === undefined || this.fetching) return;
    if (!download.works) return;
    const step = download.step();
    if (typeof step === "object") this.faulted(step);
    else if (step === "ready") this.verify(download);
  }

  private next(now: number): "report" | "ask" | "block" | undefined {
    if (this.fetching || this.#reporter.speaking || this.#ready) return undefined;
    const { plan } = this.#options;
    if (this.due !== undefined && now >= this.#reporter.notBefore) return "report";
    if (now >= plan.askAt && this.#options.tasks.task === undefined) return "ask";
    return this.mayFetch(now) ? "block" : undefined;
  }

  private mayFetch(now: number): boolean {
    const download = this.#download;
    // What is there is worked up before more comes: a chunk that is none costs no more than itself.
    if (download?.next === undefined || download.works || this.#fetcher === undefined) return false;
    const { plan, moment, log } = this.#options;
    const reason = plan.pause(moment(), now);
    if (reason === undefined) return true;
    if (reason !== "no-answer" && reason !== "refused" && reason !== this.#said) {
      this.#said = reason;
      if (!this.#quiet)
        log({ kind: "update pauses", reason, fetched: download.received, size: download.fileSize });
    }
    return false;
  }

  /** What the cloud has to hear next. */
  private get due(): Report | undefined {
    const { task } = this.#options.tasks;
    if (task === undefined) return undefined;
    if (task.phase === "failed") return task.report;
    if (task.phase === "kept") return { step: Step.done, desc: task.version };
    const download = this.#download;
    if (task.phase !== "fetching" || download === undefined) return undefined;
    const { received, fileSize, head } = download;
    if (head === undefined) return undefined;
    const half = fileSize >= halfFrom && 2 * received >= fileSize;
    const step = this.#verified ? Step.verified : half ? Step.half : Step.begun;
    return step > task.told ? { step, desc: `${received} of ${fileSize} bytes` } : undefined;
  }

  private told(version: string, { step }: Report, gone: boolean, now: number): void {
    const { tasks } = this.#options;
    const { task } = tasks;
    // Meanwhile another one has taken its place, or it has come to something else.
    if (task?.version !== version || (step >= 0 && step < Step.done) !== (task.phase === "fetching")) return;
    if (task.phase !== "fetching") return void tasks.keep(undefined);
    if (gone) {
      this.#fetcher?.drop(now);
      return this.end("the cloud has no such task");
    }
    tasks.change({ told: step });
    if (step >= Step.verified && this.#verified) this.#ready = true;
  }

  private offered(offer: Offer, now: number): void {
    const [, reason] = this.consider(offer, now);
    if (reason !== undefined) this.#options.log({ kind: "update refused", version: offer.version, reason });
  }

  /** Whether an offer is taken up; the code of the answer to it, and why not. */
  private consider(offer: Offer | string, now: number): readonly [code: number, reason?: string] {
    if (typeof offer === "string") return [UpgradeCode.badRequest, offer];
    const { settings, tasks, plan, version: running, board, log } = this.#options;
    const { version } = offer;
    if (isNewer(version, running) !== true) return [UpgradeCode.notNewer, `not newer than ${running}`];
    const place = placeOf(offer, settings.files, board);
    const { task } = tasks;
    const download = this.open();
    if (typeof download === "string") return [UpgradeCode.unable, download];
    if (task?.phase === "fetching" && task.version === version && task.place === place) {
      log({ kind: "update goes on", version, fetched: download.received, size: download.fileSize });
      // The cloud may have begun its task anew.
      if (!this.#ready) tasks.change({ told: nothingTold });
      plan.begin();
      return [UpgradeCode.ok];
    }
    const read = readPlace(place);
    if (read === undefined) return [UpgradeCode.badRequest, "fileUrl is none of CoAP"];
    if (!plan.mayBegin(now)) return [UpgradeCode.enough, "too many files today"];
    this.#fetcher?.drop(now);
    this.forget();
    const fault = download.begin(offer.fileSize);
    const begun: Task = {
      phase: "fetching",
      ...{ version, from: running, place, size: offer.fileSize, told: nothingTold },
      ...{ report: { step: 0, desc: "" }, activations: 0, newFiles: 0, trial: freshTrial },
    };
    if (fault !== undefined || !tasks.keep(begun)) return [UpgradeCode.unable, fault ?? "flash fails"];
    this.#place = read;
    plan.begin();
    log({ kind: "update begun", version, size: offer.fileSize, place });
    return [UpgradeCode.ok];
  }

  /** The download, made at the first use. */
  private open(): Download | string {
    const { newDownload, endpoint, plan, server, log, onHeard } = this.#options;
    if (this.#download !== undefined) return this.#download;
    const download = newDownload();
    if (typeof download === "string") return download;
    this.#download = download;
    this.#fetcher = new Fetcher({
      ...{ endpoint, download, plan, server, log, onHeard },
      onHead: (now) => this.judge(download, now),
      onOtherFile: () => this.beginAnew(download),
      onFault: () => this.faulted(download.fault!),
      onGivenUp: (reason) => this.fail(Step.download, reason),
    });
    return download;
  }

  private judge(download: Download, now: number): void {
    const head = this.judged(download);
    if (typeof head === "string") {
      this.#options.plan.headRefused(now);
      return this.fail(Step.verification, head);
    }
    const reason = download.accept();
    if (reason !== undefined) return this.fail(Step.download, reason);
    this.#options.log({
      kind: "update package",
      version: head.version,
      what: head.kind,
      size: download.fileSize,
      image: head.imageLength,
    });
  }

  private judged(download: Download): ReturnType<typeof judgeHead> {
    const bytes = download.signedHead();
    const { task } = this.#options.tasks;
    return bytes === undefined || task === undefined
      ? "head-too-short"
      : judgeHead(this.#options, bytes, task.version);
  }

  /** The image is whole; its head lay in flash all the while, so it is judged once more. */
  private verify(download: Download): void {
    if (this.#verified) return;
    const head = this.judged(download);
    if (typeof head === "string") return this.fail(Step.verification, head);
    this.#verified = true;
    this.#options.log({ kind: "update verified", version: head.version, image: head.imageLength });
  }

  private beginAnew(download: Download): void {
    const { tasks, plan, log } = this.#options;
    const { version, newFiles } = tasks.task!;
    if (newFiles >= mostNewFiles) return this.fail(Step.download, "the file changes again and again");
    log({ kind: "update begins anew", version, reason: "another file" });
    // What the cloud has said of its size may be true of the other file.
    if (download.begin(0) !== undefined) return this.fail(Step.burning, "flash fails");
    tasks.change({ newFiles: newFiles + 1 });
    plan.begin();
  }

  private faulted({ stage, detail }: DownloadFault): void {
    const step = stage === "flash" ? Step.burning : Step.verification;
    this.fail(step, `${stage} ${detail}`);
  }

  /** It has come to nothing, of which the cloud is to hear. */
  private fail(step: number, reason: string): void {
    const { tasks, log } = this.#options;
    const { task } = tasks;
    this.#download?.drop();
    this.forget();
    if (task === undefined) return;
    log({ kind: "update ended", version: task.version, reason });
    tasks.keep({ ...task, phase: "failed", report: { step, desc: reason } });
  }

  /** It is forgotten, and nobody wants to hear why. */
  private end(reason: string): void {
    const { tasks, log } = this.#options;
    const version = tasks.task?.version ?? "";
    this.#download?.drop();
    this.forget();
    tasks.keep(undefined);
    log({ kind: "update ended", version, reason });
  }

  private forget(): void {
    this.#verified = false;
    this.#ready = false;
    this.#place = undefined;
    this.#said = undefined;
    this.#quiet = false;
  }
}
