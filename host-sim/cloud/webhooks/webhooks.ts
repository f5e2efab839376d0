/**
 * Webhooks: what happens is posted, signed, to those who asked for it. The webhooks are kept in the storage; what
 * waits for them is not.
 */
import { DeliveryQueue, faultOf } from "./delivery-queue";
import type { Delivery, Outcome, QueueNews, QueueOptions } from "./delivery-queue";
import type { Destinations } from "./destinations";
import { readWebhookUrl } from "./destinations";
import { secretLength, secretOf, signedHeaders } from "./signature";
import { checkWebhook, isWanted, restoredWebhook } from "./webhook";
import type { WebhookChoice, WebhookRecord } from "./webhook";
import type { CloudEvent } from "../events";
import type { CloudStorage } from "../registry/storage";

export type { Delivery } from "./delivery-queue";

/** Webhooks at a time. */
const mostWebhooks = 32;
const storageKind = "webhook";
/** Bytes of chance in the id of a delivery. */
const idLength = 12;

export interface WebhooksOptions extends Pick<QueueOptions, "now" | "schedule" | "random"> {
  readonly destinations: Destinations;
  /** Posts once. Never rejects. */
  post(url: string, headers: Readonly<Record<string, string>>, body: string): Promise<Outcome>;
  randomBytes(n: number): Uint8Array;
  /** Keeps the webhooks over a restart. */
  readonly storage?: Pick<CloudStorage, "put" | "delete">;
  /** Hears what becomes of webhooks. */
  emit(event: CloudEvent): void;
}

/** A webhook as it may be seen. */
export interface WebhookView extends Omit<WebhookRecord, "secret"> {
  readonly waiting: number;
  /** Since the program was started. */
  readonly delivered: number;
  readonly failed: number;
  readonly dropped: number;
}

export interface WebhookOrder extends WebhookChoice {
  readonly url: string;
  /** Made when left out. */
  readonly secret?: string;
}

/** What is left out stays as it is; null takes a restriction away. */
export type WebhookChange = {
  readonly [K in keyof WebhookChoice]?: WebhookChoice[K] | null;
} & { readonly url?: string; readonly enabled?: boolean };

/** How a test went. */
export interface TestOutcome {
  readonly id: string;
  readonly delivered: boolean;
  readonly httpStatus?: number;
  readonly error?: string;
}

interface Entry {
  record: WebhookRecord;
  readonly queue: DeliveryQueue;
}

/** There is no room for another webhook. */
export class TooManyWebhooks extends Error {
  override name = "TooManyWebhooks";
}

export class Webhooks {
  readonly #options: WebhooksOptions;
  /** In the order of their making. */
  readonly #entries = new Map<string, Entry>();
  #nextId = 1;

  constructor(options: WebhooksOptions) {
    this.#options = options;
  }

  /**
   * Takes up a webhook that was kept; false for an entry of another kind.
   * @throws TypeError when its content is another's
   */
  restore(kind: string, keys: readonly string[], value: unknown): boolean {
    if (kind !== storageKind) return false;
    const record = restoredWebhook(value);
    if (keys.length !== 1 || Number(keys[0]) !== Number(record.id)) throw new TypeError("no webhook");
    this.#add(record);
    return true;
  }

  /** Queues an event for those who want it. */
  event(event: CloudEvent): void {
    let body: string | undefined;
    for (const { record, queue } of this.#entries.values()) {
      if (!record.enabled || !isWanted(event, record)) continue;
      body ??= bodyOf(event.type, event.at, event);
      queue.add(this.#deliveryId(), event.type, event.at, body);
    }
  }

  list(): WebhookView[] {
    return [...this.#entries.values()].map(viewOf);
  }

  view(id: string): WebhookView | undefined {
    const entry = this.#entries.get(id);
    return entry && viewOf(entry);
  }

  /** What waits for it and what ended last, the newest first; empty for one that is not there. */
  deliveries(id: string): Delivery[] {
    return this.#entries.get(id)?.queue.list() ?? [];
  }

  /**
   * Makes a webhook; `secret` when it was made here, which is told this once.
   * @throws RangeError for one that cannot be; TooManyWebhooks
   */
  create(order: WebhookOrder): { view: WebhookView; secret?: string } {
    if (this.#entries.size >= mostWebhooks) {
      throw new TooManyWebhooks(`there are ${mostWebhooks} webhooks already; remove one`);
    }
    const { randomBytes, now } = this.#options;
    const secret = order.secret ?? secretOf(randomBytes(secretLength));
    const record = { ...order, id: String(this.#nextId), secret, enabled: true, createdAt: now() };
    this.#check(record);
    const entry = this.#add(record);
    this.#keep(record);
    return order.secret === undefined ? { view: viewOf(entry), secret } : { view: viewOf(entry) };
  }

  /** @throws RangeError for a webhook that is not there, or a change that cannot be */
  change(id: string, change: WebhookChange): WebhookView {
    const entry = this.#known(id);
    const { url, enabled, ...choice } = change;
    const given = Object.entries({ ...choice, url, enabled }).filter(([, value]) => value !== undefined);
    const all = { ...entry.record, ...Object.fromEntries(given) };
    const record = Object.fromEntries(
      Object.entries(all).filter(([, value]) => value !== null),
    ) as unknown as WebhookRecord & { disabledBecause?: string };
    this.#check(record);
    if (record.enabled) delete record.disabledBecause;
    entry.record = record;
    this.#keep(record);
    if (record.enabled) entry.queue.retryNow();
    else entry.queue.clear("the webhook was disabled");
    return viewOf(entry);
  }

  /** Forgets a webhook and what waits for it. @throws RangeError for one that is not there */
  remove(id: string): void {
    const { queue } = this.#known(id);
    queue.close();
    this.#entries.delete(id);
    this.#options.storage?.delete(storageKey(id));
  }

  /**
   * Posts a message of type `test` at once, past what waits; when it is taken, what waits for another attempt goes, too.
   * @throws RangeError (as a rejection) for a webhook that is not there
   */
  async test(id: string): Promise<TestOutcome> {
    const { record, queue } = this.#known(id);
    const at = this.#options.now();
    const message = this.#deliveryId();
    const outcome = await this.#post(
      record,
      message,
      bodyOf("test", at, { type: "test", at, webhookId: id }),
    );
    const error = faultOf(outcome);
    if (error === undefined) queue.retryNow();
    return {
      id: message,
      delivered: error === undefined,
      ...("status" in outcome ? { httpStatus: outcome.status } : {}),
      ...(error === undefined ? {} : { error }),
    };
  }

  /** Sends nothing more; what waits is lost. */
  close(): void {
    for (const { queue } of this.#entries.values()) queue.close();
  }

  #add(record: WebhookRecord): Entry {
    const { now, schedule, random } = this.#options;
    const entry: Entry = {
      record,
      queue: new DeliveryQueue({
        ...{ now, schedule, random },
        send: (id, body) => this.#post(entry.record, id, body),
        tell: (news) => this.#hear(entry, news),
      }),
    };
    this.#entries.set(record.id, entry);
    this.#nextId = Math.max(this.#nextId, Number(record.id) + 1);
    return entry;
  }

  #post({ url, secret }: WebhookRecord, id: string, body: string): Promise<Outcome> {
    const { post, now } = this.#options;
    return post(url, signedHeaders(secret, id, now(), body), body);
  }

  #hear(entry: Entry, news: QueueNews): void {
    const { id } = entry.record;
    const at = this.#options.now();
    if (news.outcome !== "gone") {
      this.#options.emit({ type: "webhook", at, id, ...news });
      return;
    }
    const disabledBecause = "it was answered 410: its receiver wants nothing more";
    entry.record = { ...entry.record, enabled: false, disabledBecause };
    this.#keep(entry.record);
    this.#options.emit({ type: "webhook", at, id, outcome: "disabled", reason: disabledBecause });
    entry.queue.clear("the webhook was disabled");
  }

  /** @throws RangeError */
  #check(record: WebhookRecord): void {
    checkWebhook(record);
    const fault = this.#options.destinations.urlFault(readWebhookUrl(record.url));
    if (fault !== undefined) throw new RangeError(`url: ${fault}`);
  }

  #keep(record: WebhookRecord): void {
    this.#options.storage?.put(storageKey(record.id), record);
  }

  #known(id: string): Entry {
    const entry = this.#entries.get(id);
    if (entry === undefined) throw new RangeError(`no webhook ${id}`);
    return entry;
  }

  #deliveryId(): string {
    return `msg_${Buffer.from(this.#options.randomBytes(idLength)).toString("hex")}`;
  }
}

/** The form that the specification suggests. */
function bodyOf(type: string, at: number, data: object): string {
  return JSON.stringify({ type, timestamp: new Date(at).toISOString(), data });
}

function storageKey(id: string): string {
  return `${storageKind}/${id.padStart(12, "0")}`;
}

function viewOf({ record: { secret: _secret, ...record }, queue }: Entry): WebhookView {
  return { ...record, ...queue.counts };
}
