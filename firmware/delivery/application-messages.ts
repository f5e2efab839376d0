/**
 * What an application sends by itself, checked against the model before the uploader gets it.
 */
import { Topic, eventTopic } from "../enos/topic";
import { attributesFault, eventFault } from "../model/check";
import type { Thing, ThingFault, ThingValues } from "../model/thing";
import type { PersistentState } from "../continuity/persistent-state";
import type { Completion, Message } from "./entry";
import type { Uploader } from "./uploader";

/**
 * What an application may send by itself. All of it waits its turn with the readings, is tried again
 * until the cloud has answered, and carries the time of the call.
 */
export interface Device {
  /** Takes a reading outside of the interval. @throws TypeError for what is no object */
  report(values: ThingValues): void;
  /** Sends an event of the thing model. */
  postEvent(
    event: string,
    outputs: Readonly<Record<string, unknown>>,
    done?: (how: Completion) => void,
  ): void;
  /** Sets attributes, at most 200. */
  updateAttributes(values: ThingValues, done?: (how: Completion) => void): void;
  /** Asks for attributes, all when none is named: they come as `data`. */
  queryAttributes(names: readonly string[], done: (how: Completion) => void): void;
  deleteAttributes(names: readonly string[], done?: (how: Completion) => void): void;
  /** Sets tags, texts by name, which are no part of the model; those that are not named stay as they are. */
  updateTags(tags: Readonly<Record<string, string>>, done?: (how: Completion) => void): void;
  /** Asks for tags, all when none is named: they come as `data`. */
  queryTags(names: readonly string[], done: (how: Completion) => void): void;
  deleteTags(names: readonly string[], done?: (how: Completion) => void): void;
  /**
   * Tells the version of the firmware: EnOS gives updates over the air to such devices alone. Once a start is
   * enough, and what `Application.version` says is told by itself.
   */
  informFirmware(version: string, done?: (how: Completion) => void): void;
}

export interface ApplicationMessagesOptions {
  readonly thing: Thing;
  readonly uploader: Uploader;
  /** The device's monotonic clock, ms. */
  readonly now: () => number;
  /** Gives each message its id. */
  readonly memory: PersistentState;
  readonly onReading: (values: ThingValues, now: number) => void;
  /** A message was appended to the queue. */
  readonly onMessage: () => void;
}

type Done = ((how: Completion) => void) | undefined;

/** Whether an application gave an object; its values are checked against the model when they are sent. */
export function isReading(values: unknown): values is ThingValues {
  return typeof values === "object" && values !== null;
}

/** Sends what the application asks for, through the uploader. */
export class ApplicationMessages implements Device {
  readonly #options: ApplicationMessagesOptions;

  constructor(options: ApplicationMessagesOptions) {
    this.#options = options;
  }

  report(values: ThingValues): void {
    if (!isReading(values)) throw new TypeError("a reading is an object, of values by identifier");
    const { now, onReading, onMessage } = this.#options;
    onReading(values, now());
    onMessage();
  }

  postEvent(event: string, outputs: Readonly<Record<string, unknown>>, done?: Done): void {
    const fault = eventFault(this.#options.thing, event, outputs);
    this.append(eventTopic(event), { events: { ...outputs } }, fault, done, { timed: true });
  }

  updateAttributes(values: ThingValues, done?: Done): void {
    const fault = attributesFault(this.#options.thing, values);
    this.append(Topic.attributeUpdate, { attributes: { ...values } }, fault, done);
  }

  queryAttributes(names: readonly string[], done: (how: Completion) => void): void {
    this.append(Topic.attributeQuery, { attributes: names.slice() }, undefined, done, { volatile: true });
  }

  deleteAttributes(names: readonly string[], done?: Done): void {
    this.append(Topic.attributeDelete, { attributes: names.slice() }, undefined, done);
  }

  updateTags(tags: Readonly<Record<string, string>>, done?: Done): void {
    const params: Record<string, string>[] = [];
    for (const tagKey in tags) {
      if (tags[tagKey] !== undefined) params.push({ tagKey, tagValue: tags[tagKey] });
    }
    this.append(Topic.tagUpdate, params, undefined, done);
  }

  queryTags(names: readonly string[], done: (how: Completion) => void): void {
    this.append(Topic.tagQuery, { tags: names.slice() }, undefined, done, { volatile: true });
  }

  deleteTags(names: readonly string[], done?: Done): void {
    this.append(Topic.tagDelete, { tags: names.slice() }, undefined, done);
  }

  informFirmware(version: string, done?: Done): void {
    this.append(Topic.firmwareInform, { version }, undefined, done, { volatile: true });
  }

  /** The same for what the device tells by itself, and once more after a deep sleep that came before the answer. */
  tellFirmware(version: string, done: Done): void {
    this.append(Topic.firmwareInform, { version }, undefined, done, { volatile: true, toldAgain: true });
  }

  private append(
    topic: string,
    params: Message["params"],
    fault: ThingFault | undefined,
    done: Done,
    { timed = false, volatile = false, toldAgain = false } = {},
  ): void {
    const reason = fault === undefined ? unstated(params) : `${fault.id} ${fault.detail}`;
    if (reason !== undefined) {
      done?.({ kind: "refused", reason });
      return;
    }
    const { uploader, memory, now, onMessage } = this.#options;
    const takenAt = now();
    const time = uploader.timeOf(takenAt);
    uploader.append({
      kind: "message",
      id: memory.takeId(),
      takenAt,
      time,
      topic,
      params,
      timed,
      done,
      volatile,
      ...(toldAgain ? { toldAgain } : {}),
    });
    onMessage();
  }
}

/**
 * Why the parameters cannot be put into JSON, such as a BigInt or a cycle; undefined when they can. Without
 * this check the queue would find out when it sends them, again and again.
 */
function unstated(params: unknown): string | undefined {
  try {
    JSON.stringify(params);
    return undefined;
  } catch {
    return "cannot be stated in JSON";
  }
}
