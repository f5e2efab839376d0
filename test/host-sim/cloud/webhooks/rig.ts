/** Time that the test moves, and receivers that answer as it says. */
import type { CloudEvent } from "../../../../host-sim/cloud/events";
import type { Outcome } from "../../../../host-sim/cloud/webhooks/delivery-queue";
import { Destinations } from "../../../../host-sim/cloud/webhooks/destinations";
import { Webhooks } from "../../../../host-sim/cloud/webhooks/webhooks";
import type { WebhooksOptions } from "../../../../host-sim/cloud/webhooks/webhooks";
import { Random } from "../../../../host-sim/sim/time/random";
import { checkEvent } from "../event-check";

export const start = 1_700_000_000_000;

/** Timers in the order in which they are due. */
export class Clock {
  now = start;
  readonly #timers = new Set<{ at: number; work: () => void }>();

  readonly schedule = (ms: number, work: () => void): (() => void) => {
    const timer = { at: this.now + ms, work };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  };

  get pending(): number {
    return this.#timers.size;
  }

  /** Moves on, and does what is due meanwhile, promises and all. */
  async advance(ms: number): Promise<void> {
    const end = this.now + ms;
    for (;;) {
      await settled();
      const [next] = [...this.#timers].sort((one, other) => one.at - other.at);
      if (next === undefined || next.at > end) break;
      this.#timers.delete(next);
      this.now = Math.max(this.now, next.at);
      next.work();
    }
    this.now = end;
  }
}

/** Until no promise is left that waits for nothing but others. */
async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

/** An event of a device. */
export function stored(id: string, deviceKey = "DK", productKey = "PK"): CloudEvent {
  const event: CloudEvent = {
    ...{ type: "stored", at: start, productKey, deviceKey, kind: "reading", format: "json" },
    ...{ id, points: { temperature: 20.5 } },
  };
  checkEvent(event);
  return event;
}

interface Posted {
  url: string;
  headers: Readonly<Record<string, string>>;
  body: string;
}

/** Webhooks on a clock of their own, whose posts are answered as the test says: 200 unless it says otherwise. */
export function webhooksOver(options: Partial<WebhooksOptions> = {}): {
  webhooks: Webhooks;
  clock: Clock;
  posts: Posted[];
  events: CloudEvent[];
} {
  const clock = new Clock();
  const random = new Random("webhooks test");
  const posts: Posted[] = [];
  const events: CloudEvent[] = [];
  const { post = answering({ status: 200 }), ...rest } = options;
  const webhooks = new Webhooks({
    now: () => clock.now,
    schedule: clock.schedule,
    random: () => 0.5,
    randomBytes: (n) => random.bytes(n),
    destinations: Destinations.of(undefined),
    post: (url, headers, body) => {
      posts.push({ url, headers, body });
      return post(url, headers, body);
    },
    emit: (event) => {
      checkEvent(event);
      events.push(event);
    },
    ...rest,
  });
  return { webhooks, clock, posts, events };
}

/** Answers in turn, the last one for ever. */
export function answering(...outcomes: Outcome[]): () => Promise<Outcome> {
  let next = 0;
  return async () => outcomes[Math.min(next++, outcomes.length - 1)];
}
