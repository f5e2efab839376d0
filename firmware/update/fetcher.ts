/**
 * Fetches the file block by block, each an exchange of its own, as far as the plan lets it. No block is signed, and none
 * belongs to a session: a session that is lost, or an address that changes, is no matter.
 */
import { blockSize } from "../coap/block";
import { requestBlock } from "../coap/block-request";
import { Code, codeClass, codeText } from "../coap/code";
import { readPlace } from "./file-place";
import type { Exchange, Outcome } from "../coap/exchange";
import type { Download } from "./download";
import type { UpdateHost } from "./update-host";

/** Whom it works for, and tells what has come. */
export interface FetchOwner {
  readonly host: UpdateHost;
  readonly download: Download | undefined;
  /** The package's head is there. */
  onHead(download: Download, now: number): void;
  /** Another file has come under this name. */
  onOtherFile(download: Download): void;
  /** The flash fails. */
  onFault(download: Download): void;
  /** The file is not to be had. */
  onGivenUp(reason: string): void;
}

/** Asks for blocks. All times are monotonic, ms. */
export class Fetcher {
  readonly #owner: FetchOwner;
  #exchange: Exchange | undefined;
  #underWay = false;

  constructor(owner: FetchOwner) {
    this.#owner = owner;
  }

  /** A block was asked for, and has not come. */
  get underWay(): boolean {
    return this.#underWay;
  }

  /** Asks for the block that is wanted next, if one is. */
  fetch(now: number): void {
    const { host, download } = this.#owner;
    const next = download?.next;
    // Read anew each time: it would be in RAM for days.
    const place = readPlace(host.tasks.task?.place ?? "");
    if (next === undefined || place === undefined || this.#underWay) return;
    this.#underWay = true;
    const { settings } = host.parts!;
    const exchange = requestBlock(
      host.voice!.endpoint,
      {
        address: place.host ?? settings.server,
        port: place.host === undefined ? settings.port : place.port,
        fixed: place.path,
        num: next.offset / blockSize(next.szx),
        szx: next.szx,
        onComplete: (outcome, at) => {
          this.#exchange = undefined;
          // What was dropped meanwhile is no answer to what is fetched now.
          if (!this.#underWay) return;
          this.#underWay = false;
          this.heard(download!, outcome, at);
        },
      },
      now,
    );
    if (this.#underWay) this.#exchange = exchange;
  }

  /** Forgets the block that is under way. */
  drop(now: number): void {
    this.#underWay = false;
    this.#exchange?.cancel(now);
  }

  private heard(download: Download, outcome: Outcome, now: number): void {
    const owner = this.#owner;
    const { radio, link } = owner.host.voice!;
    if (outcome.kind !== "response") {
      if (outcome.kind === "timeout" || outcome.kind === "no-response") radio.heard(false, now);
      return this.failed(download, outcome.kind, false, now);
    }
    radio.heard(true, now);
    link.confirm?.(now);
    const { code, payload } = outcome.message;
    if (code !== Code.content) return this.failed(download, codeText(code), codeClass(code) === 4, now);
    const taken = download.take(outcome.message);
    switch (taken) {
      case "taken":
      case "complete":
      case "head":
        owner.host.plan!.took(payload.length, now);
        return taken === "head" ? owner.onHead(download, now) : undefined;
      case "smaller":
        // As often as there are sizes of blocks.
        return;
      case "other-file":
        return owner.onOtherFile(download);
      case "stale":
        return this.failed(download, "another block", false, now);
      case "unusable":
        return this.failed(download, "no block of a file", true, now);
      case "fault":
        return owner.onFault(download);
    }
  }

  private failed({ received, fileSize }: Download, reason: string, refused: boolean, now: number): void {
    const owner = this.#owner;
    const retry = owner.host.plan!.failed(refused, now);
    if (retry === undefined) return owner.onGivenUp(refused ? reason : `no block for days: ${reason}`);
    const why = refused ? "refused" : "no-answer";
    owner.host.log({ kind: "update pauses", reason: why, fetched: received, size: fileSize, retry });
  }
}
