/**
 * Fetches the file block by block, each an exchange of its own, as far as the plan lets it. No block is signed, and none
 * belongs to a session: a session that is lost, or an address that changes, is no matter.
 */
import { blockSize } from "../coap/block";
import { requestBlock } from "../coap/block-request";
import { Code, codeClass, codeText } from "../coap/code";
import type { Endpoint } from "../coap/endpoint";
import type { Exchange, Outcome } from "../coap/exchange";
import type { Download } from "./download";
import type { FilePlace } from "./file-place";
import type { Plan } from "./plan";
import type { UpdateEvent } from "./update-event";

export interface FetcherOptions {
  readonly endpoint: Pick<Endpoint, "exchange">;
  readonly download: Download;
  readonly plan: Plan;
  /** The server that readings go to. */
  readonly server: { readonly address: string; readonly port: number };
  readonly log: (event: UpdateEvent) => void;
  /** An exchange has ended, with an answer or without. */
  readonly onHeard: (answered: boolean, now: number) => void;
  /** The package's head is there. */
  readonly onHead: (now: number) => void;
  /** Another file has come under this name. */
  readonly onOtherFile: (now: number) => void;
  /** The flash fails. */
  readonly onFault: () => void;
  /** The file is not to be had. */
  readonly onGivenUp: (reason: string, now: number) => void;
}

/** Asks for blocks. All times are monotonic, ms. */
export class Fetcher {
  readonly #options: FetcherOptions;
  #exchange: Exchange | undefined;
  #underWay = false;

  constructor(options: FetcherOptions) {
    this.#options = options;
  }

  /** A block was asked for, and has not come. */
  get underWay(): boolean {
    return this.#underWay;
  }

  /** Asks for the block that is wanted next, if one is. */
  fetch(place: FilePlace, now: number): void {
    const { endpoint, download, server } = this.#options;
    const next = download.next;
    if (next === undefined || this.#underWay) return;
    this.#underWay = true;
    const exchange = requestBlock(
      endpoint,
      {
        address: place.host ?? server.address,
        port: place.host === undefined ? server.port : place.port,
        fixed: place.path,
        num: next.offset / blockSize(next.szx),
        szx: next.szx,
        onComplete: (outcome, at) => {
          this.#exchange = undefined;
          // What was dropped meanwhile is no answer to what is fetched now.
          if (!this.#underWay) return;
          this.#underWay = false;
          this.heard(outcome, at);
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

  private heard(outcome: Outcome, now: number): void {
    const { onHeard } = this.#options;
    if (outcome.kind !== "response") {
      if (outcome.kind === "timeout" || outcome.kind === "no-response") onHeard(false, now);
      return this.failed(outcome.kind, false, now);
    }
    onHeard(true, now);
    const { code } = outcome.message;
    if (code !== Code.content) return this.failed(codeText(code), codeClass(code) === 4, now);
    const { download, plan, onHead, onOtherFile } = this.#options;
    const taken = download.take(outcome.message);
    switch (taken) {
      case "taken":
      case "complete":
      case "head":
        plan.took(outcome.message.payload.length, now);
        return taken === "head" ? onHead(now) : undefined;
      case "smaller":
        // As often as there are sizes of blocks.
        return;
      case "other-file":
        return onOtherFile(now);
      case "stale":
        return this.failed("another block", false, now);
      case "unusable":
        return this.failed("no block of a file", true, now);
      case "fault":
        return this.#options.onFault();
    }
  }

  private failed(reason: string, refused: boolean, now: number): void {
    const { download, plan, log, onGivenUp } = this.#options;
    const retry = plan.failed(refused, now);
    if (retry === undefined) return onGivenUp(refused ? reason : `no block for days: ${reason}`, now);
    log({
      kind: "update pauses",
      reason: refused ? "refused" : "no-answer",
      fetched: download.received,
      size: download.fileSize,
      retry,
    });
  }
}
