/**
 * Option 2100 of a response says where a command waits, and option 2102 brings its payload along in the
 * editions of EnOS that have no GET.
 */
import { Code } from "../coap/code";
import { findOption } from "../coap/option";
import { decodeUtf8 } from "../text/utf8";
import { segmentFault } from "./credentials";
import { EnosOption, Topic, deviceRoot, longestSegment, pathOptions } from "./topic";
import type { Message } from "../coap/message";
import type { Publication } from "./publication";
import type { SessionOptions } from "./session-options";

/** Whose downlinks these are. */
export interface DownlinksOwner {
  /** Puts a GET in front of the requests that wait; false when there is no room. */
  fetch(get: Publication): boolean;
}

/** What the session was given that its downlinks go by. */
export type DownlinksOptions = Pick<SessionOptions, "credentials" | "guard" | "onDownlink" | "onEvent">;

/**
 * Most commands taken between two requests of the device's own: a server that always has one more would
 * otherwise keep the radio on for ever.
 */
const downlinkLimit = 8;
const deepestTopic = 8;

/** Takes the commands that ride back on responses, or fetches them. */
export class Downlinks {
  readonly #options: DownlinksOptions;
  readonly #owner: DownlinksOwner;
  #taken = 0;
  /** A GET for a command is under way or waits. */
  #fetching = false;

  constructor(options: DownlinksOptions, owner: DownlinksOwner) {
    this.#options = options;
    this.#owner = owner;
  }

  /** The device sends a request of its own: the count begins anew. */
  restart(): void {
    this.#taken = 0;
  }

  /** Takes the command that a response brings or announces, if it does. */
  take(message: Message, now: number): void {
    const path = findOption(message.options, EnosOption.downlinkPath);
    if (path === undefined || isLastCut(message, EnosOption.downlinkPath)) return;
    const topic = this.topicOf(path);
    if (topic === undefined) {
      this.ignored("its path is not one of this device's topics", now);
      return;
    }
    if (this.#taken >= downlinkLimit) {
      // The server offers it again with the response to the next reading.
      this.ignored("enough commands for now", now);
      return;
    }
    const payload = findOption(message.options, EnosOption.downlinkPayload);
    // Not asked while one is being fetched, for then nothing is sent.
    if (
      (payload !== undefined || !this.#fetching) &&
      this.#options.guard?.mayFollow("command", now) === false
    ) {
      this.ignored("enough commands for today", now);
      return;
    }
    if (payload === undefined) return this.fetch(topic, now);
    this.#taken += 1;
    this.#options.onDownlink(topic, payload, now, isLastCut(message, EnosOption.downlinkPayload));
  }

  private fetch(topic: string, now: number): void {
    // One at a time: the answer to a GET announces the next command, if there is one.
    if (this.#fetching) return;
    const sent = this.#owner.fetch({
      code: Code.get,
      path: pathOptions(this.root + topic),
      onComplete: (outcome, at) => {
        this.#fetching = false;
        if (outcome.kind === "accepted") {
          this.#options.onDownlink(topic, outcome.payload, at, outcome.cut === true);
        } else this.ignored(`its GET ended as ${outcome.kind}: ${outcome.reason}`, at);
      },
    });
    if (!sent) return this.ignored("too much to do", now);
    this.#taken += 1;
    this.#fetching = true;
  }

  /** `/topic/sys/PK/DK/` */
  private get root(): string {
    return `${deviceRoot(this.#options.credentials)}/`;
  }

  private ignored(reason: string, now: number): void {
    this.#options.onEvent?.({ kind: "downlink-ignored", reason }, now);
  }

  /** The topic below this device's root, or undefined when the path is anything else. */
  private topicOf(path: Uint8Array): string | undefined {
    const { root } = this;
    const text = decodeUtf8(path);
    if (text === undefined || !text.startsWith(root)) return undefined;
    const topic = text.slice(root.length);
    // Segment by segment, because a path may have as many as the datagram has bytes.
    let from = 0;
    for (let count = 0; count < deepestTopic; count++) {
      const slash = topic.indexOf("/", from);
      const end = slash < 0 ? topic.length : slash;
      if (segmentFault(topic.slice(from, end)) !== undefined) return undefined;
      if (slash < 0) {
        // A command that could not be answered is not taken: the answer's topic is longer than its own.
        return end - from + Topic.replySuffix.length > longestSegment ? undefined : topic;
      }
      from = slash + 1;
    }
    return undefined;
  }
}

/** Whether a message ends in the middle of an option of this number. */
function isLastCut({ cut, options }: Message, number: number): boolean {
  return cut === "options" && options.length > 0 && options[options.length - 1].number === number;
}
