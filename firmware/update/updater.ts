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
import { blockSize } from "../coap/block";
import { Download } from "./download";
import { Fetcher } from "./fetcher";
import { readPlace, placeOf } from "./file-place";
import { judgeHead } from "./judge";
import { Step } from "./progress";
import { Reporter } from "./reporter";
import { nothingTold } from "./task";
import { freshTrial } from "./trial";
import { isNewer } from "./version-order";
import { UpgradeCode, readUpgrade } from "./upgrade-command";
import type { DownloadFault } from "./download";
import type { FetchOwner } from "./fetcher";
import type { Report } from "./progress";
import type { Task } from "./task";
import type { UpdateHost } from "./update-host";
import type { Offer } from "./upgrade-command";

/** From this size on the cloud hears of the half as well, bytes: each report is an exchange. */
const halfFrom = 65_536;
/** How often the file may turn out to be another one. */
const mostNewFiles = 2;

/** The update of a firmware that is not on trial. All times are monotonic, ms. Nothing of it throws. */
export class Updater implements FetchOwner {
  readonly host: UpdateHost;
  readonly #reporter: Reporter;
  readonly #fetcher: Fetcher;
  /** Made at the first use. */
  download: Download | undefined;
  /** The image is whole, and its head was judged once more. */
  #verified = false;
  /** The cloud has heard so: the board may restart into it. */
  #ready = false;
  /** Why it pauses, as it was said last; what was said before deep sleep is not said at each wake. */
  #said: string | undefined;
  #quiet = false;

  constructor(host: UpdateHost) {
    this.host = host;
    this.#reporter = new Reporter(host);
    this.#fetcher = new Fetcher(this);
  }

  /** Goes on with what is in flash. @param quiet behind deep sleep: it is nothing that has to be told */
  resume(quiet: boolean, now: number): void {
    const { host } = this;
    const { task } = host.tasks;
    if (task?.phase !== "fetching") return;
    const { version, place } = task;
    const download = this.open();
    // Somebody has flashed another firmware meanwhile, or the flash has lost what there was.
    if (isNewer(version, host.surroundings.version) !== true) return this.end("not newer any more");
    if (typeof download === "string") return this.end(download);
    if (readPlace(place) === undefined || !(download.resume() || download.begin(task.size) === undefined))
      return this.fail(Step.download, "state lost");
    this.#quiet = quiet;
    const { received: fetched, fileSize: size } = download;
    if (!quiet) host.log({ kind: "update goes on", version, fetched, size });
    if (download.undecided) this.onHead(download, now);
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
    return this.fetching || this.download?.works === true || this.#ready;
  }

  /** A block is under way. */
  get fetching(): boolean {
    return this.#fetcher.underWay;
  }

  /** Takes a command. */
  obey(payload: Uint8Array, now: number): void {
    const { host } = this;
    const command = readUpgrade(payload, host.voice!.names);
    if (command === undefined) return host.log({ kind: "update refused", version: "", reason: "unreadable" });
    const { id, offer } = command;
    const [code, reason] = this.consider(offer, now);
    if (reason !== undefined) this.logRefused(offer, reason);
    this.#reporter.reply(id, code, reason, now);
  }

  /** Answers a command that comes at the wrong time, or to a board that cannot be updated. */
  refuse(payload: Uint8Array, code: number, reason: string, now: number): void {
    const command = readUpgrade(payload, this.host.voice!.names);
    if (command === undefined) return;
    this.logRefused(command.offer, reason);
    this.#reporter.reply(command.id, code, reason, now);
  }

  /** Whether something can be sent now. */
  wants(now: number): boolean {
    return this.next(now) !== undefined;
  }

  /** Sends it. */
  send(now: number): void {
    switch (this.next(now)) {
      case "report": {
        const report = this.due!;
        const must = report.step < 0 || report.step >= Step.verified;
        const { version } = this.host.tasks.task!;
        return this.#reporter.tell(report, must, (gone, at) => this.told(version, report, gone, at), now);
      }
      case "ask":
        this.host.plan!.asked(now);
        return this.#reporter.ask((offer, at) => this.offered(offer, at), now);
      case "block":
        this.#said = undefined;
        this.#quiet = false;
        return this.#fetcher.fetch(now);
    }
  }

  /** Whether something follows a request that is under way, as far as one can see. */
  follows(now: number): boolean {
    const { download, host } = this;
    if (download?.works === true) return true;
    const next = download?.next;
    if (this.fetching && next !== undefined) {
      // Behind the last block comes the report that all is there.
      const bytes = blockSize(next.szx);
      const { received, fileSize } = download!;
      return received === 0 || received + bytes >= fileSize || host.plan!.mayFollow(bytes, now);
    }
    if (this.#reporter.speaking) return this.mayFetch(now) || this.#verified;
    return this.due !== undefined || this.mayFetch(now);
  }

  /** When something can be sent or is to be done next, ms; Infinity for never. */
  deadline(now: number): number {
    if (this.download?.works === true && !this.fetching) return now + 1;
    const { host } = this;
    const plan = host.plan!;
    let deadline = plan.askAt > now ? plan.askAt : Infinity;
    const report = this.due === undefined ? Infinity : this.#reporter.notBefore;
    if (report > now && report < deadline) deadline = report;
    const block = this.download?.next === undefined ? Infinity : plan.resumesAt(host.moment, now);
    return block > now && block < deadline ? block : deadline;
  }

  /** Does one slice of work in flash. */
  poll(): void {
    const { download } = this;
    if (download === undefined || this.fetching || !download.works) return;
    const step = download.step();
    if (typeof step === "object") this.faulted(step);
    else if (step === "ready") this.verify(download);
  }

  private next(now: number): "report" | "ask" | "block" | undefined {
    if (this.fetching || this.#reporter.speaking || this.#ready) return undefined;
    if (this.due !== undefined && now >= this.#reporter.notBefore) return "report";
    const { host } = this;
    if (now >= host.plan!.askAt && host.tasks.task === undefined && host.unable === undefined) return "ask";
    return this.mayFetch(now) ? "block" : undefined;
  }

  private mayFetch(now: number): boolean {
    const { download, host } = this;
    // What is there is worked up before more comes: a chunk that is none costs no more than itself.
    if (download?.next === undefined || download.works) return false;
    const reason = host.plan!.pause(host.moment, now);
    if (reason === undefined) return true;
    if (reason !== "no-answer" && reason !== "refused" && reason !== this.#said) {
      this.#said = reason;
      const { received: fetched, fileSize: size } = download;
      if (!this.#quiet) host.log({ kind: "update pauses", reason, fetched, size });
    }
    return false;
  }

  /** What the cloud has to hear next. */
  private get due(): Report | undefined {
    const { task } = this.host.tasks;
    if (task === undefined) return undefined;
    if (task.phase === "failed") return task.report;
    if (task.phase === "kept") return { step: Step.done, desc: task.version };
    const { download } = this;
    if (task.phase !== "fetching" || download === undefined) return undefined;
    const { received, fileSize, head } = download;
    if (head === undefined) return undefined;
    const half = fileSize >= halfFrom && 2 * received >= fileSize;
    const step = this.#verified ? Step.verified : half ? Step.half : Step.begun;
    return step > task.told ? { step, desc: `${received} of ${fileSize} bytes` } : undefined;
  }

  private told(version: string, { step }: Report, gone: boolean, now: number): void {
    const tasks = this.host.tasks;
    const { task } = tasks;
    // Meanwhile another one has taken its place, or it has come to something else.
    if (task?.version !== version || (step >= 0 && step < Step.done) !== (task.phase === "fetching")) return;
    if (task.phase !== "fetching") return void tasks.keep(undefined);
    if (gone) {
      this.#fetcher.drop(now);
      return this.end("the cloud has no such task");
    }
    tasks.change({ told: step });
    if (step >= Step.verified && this.#verified) this.#ready = true;
  }

  private offered(offer: Offer, now: number): void {
    // Nobody has ordered that: it would be fetched, tried and rolled back each day.
    const failed = this.host.tasks.wasRolledBack(offer.version);
    const reason = failed ? "was rolled back" : this.consider(offer, now)[1];
    if (reason !== undefined) this.logRefused(offer, reason);
  }

  private logRefused(offer: Offer | string, reason: string): void {
    const version = typeof offer === "string" ? "" : offer.version;
    this.host.log({ kind: "update refused", version, reason });
  }

  /** Whether an offer is taken up; the code of the answer to it, and why not. */
  private consider(offer: Offer | string, now: number): readonly [code: number, reason?: string] {
    if (typeof offer === "string") return [UpgradeCode.badRequest, offer];
    const { host } = this;
    const { version: running } = host.surroundings;
    const tasks = host.tasks;
    const plan = host.plan!;
    const { version } = offer;
    if (isNewer(version, running) !== true) return [UpgradeCode.notNewer, `not newer than ${running}`];
    const place = placeOf(offer, host.settings!.files, host.parts!.board);
    const { task } = tasks;
    const current = this.download;
    const same = task?.phase === "fetching" && task.version === version && task.place === place;
    if (same && current !== undefined) {
      const { received: fetched, fileSize: size } = current;
      host.log({ kind: "update goes on", version, fetched, size });
      // The cloud may have begun its task anew.
      if (!this.#ready) tasks.change({ told: nothingTold });
      plan.begin();
      return [UpgradeCode.ok];
    }
    if (readPlace(place) === undefined) return [UpgradeCode.badRequest, "fileUrl is none of CoAP"];
    if (!plan.mayBegin(now)) return [UpgradeCode.enough, "too many files today"];
    this.#fetcher.drop(now);
    this.forget();
    const download = this.open();
    const fault = typeof download === "string" ? download : download.begin(offer.fileSize);
    const begun: Task = {
      phase: "fetching",
      ...{ version, place, size: offer.fileSize, told: nothingTold },
      ...{ report: { step: 0, desc: "" }, activations: 0, newFiles: 0, trial: freshTrial },
    };
    if (fault !== undefined || !tasks.keep(begun)) {
      this.letGo();
      tasks.keep(undefined);
      return [UpgradeCode.unable, fault ?? "flash fails"];
    }
    plan.begin();
    host.log({ kind: "update begun", version, size: offer.fileSize, place });
    return [UpgradeCode.ok];
  }

  /** The download, made at the first use. */
  private open(): Download | string {
    if (this.download !== undefined) return this.download;
    const { board, tasks, parts } = this.host;
    const { log } = tasks;
    if (typeof log === "string") return log;
    if (typeof board === "string") return board;
    const { crypto } = parts!;
    return (this.download = new Download({ log, slots: board.slots, newSha256: () => crypto.newSha256() }));
  }

  onHead(download: Download, now: number): void {
    const { host } = this;
    const head = this.judged(download);
    if (typeof head === "string") {
      host.plan!.headRefused(now);
      return this.fail(Step.verification, head);
    }
    const reason = download.accept();
    if (reason !== undefined) return this.fail(Step.download, reason);
    const { version, kind: what, imageLength: image } = head;
    host.log({ kind: "update package", version, what, size: download.fileSize, image });
  }

  private judged(download: Download): ReturnType<typeof judgeHead> {
    const { board, tasks, parts, settings, surroundings } = this.host;
    const bytes = download.signedHead();
    const { task } = tasks;
    if (bytes === undefined || task === undefined || typeof board === "string") return "head-too-short";
    const { crypto, credentials } = parts!;
    const judge = {
      ...{ crypto, verify: board.verify, updateKey: settings!.updateKey, board: parts!.board },
      ...{ productKey: credentials.productKey, version: surroundings.version },
    };
    return judgeHead(judge, bytes, task.version);
  }

  /** The image is whole; its head lay in flash all the while, so it is judged once more. */
  private verify(download: Download): void {
    if (this.#verified) return;
    const head = this.judged(download);
    if (typeof head === "string") return this.fail(Step.verification, head);
    this.#verified = true;
    this.host.log({ kind: "update verified", version: head.version, image: head.imageLength });
  }

  onOtherFile(download: Download): void {
    const { host } = this;
    const tasks = host.tasks;
    const { version, newFiles } = tasks.task!;
    if (newFiles >= mostNewFiles) return this.fail(Step.download, "the file changes again and again");
    host.log({ kind: "update begins anew", version, reason: "another file" });
    // What the cloud has said of its size may be true of the other file.
    if (download.begin(0) !== undefined) return this.fail(Step.burning, "flash fails");
    tasks.change({ newFiles: newFiles + 1 });
    host.plan!.begin();
  }

  onFault({ fault }: Download): void {
    if (fault !== undefined) this.faulted(fault);
  }

  onGivenUp(reason: string): void {
    this.fail(Step.download, reason);
  }

  private faulted({ stage, detail }: DownloadFault): void {
    const step = stage === "flash" ? Step.burning : Step.verification;
    this.fail(step, `${stage} ${detail}`);
  }

  /** It has come to nothing, of which the cloud is to hear. */
  private fail(step: number, reason: string): void {
    const { host } = this;
    const tasks = host.tasks;
    const { task } = tasks;
    this.letGo();
    if (task === undefined) return;
    host.log({ kind: "update ended", version: task.version, reason });
    tasks.keep({ ...task, phase: "failed", report: { step, desc: reason } });
  }

  /** It is forgotten, and nobody wants to hear why. */
  private end(reason: string): void {
    const { host } = this;
    const tasks = host.tasks;
    const version = tasks.task?.version ?? "";
    this.letGo();
    tasks.keep(undefined);
    host.log({ kind: "update ended", version, reason });
  }

  /** Nothing is fetched any more; the state log may be let go. */
  private letGo(): void {
    this.download?.drop();
    this.download = undefined;
    this.forget();
  }

  private forget(): void {
    this.#verified = false;
    this.#ready = false;
    this.#said = undefined;
    this.#quiet = false;
  }
}
