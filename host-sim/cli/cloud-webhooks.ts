/** The webhooks of `npm run cloud`: on this machine's clock, timers, chance and network. */
import { randomBytes } from "node:crypto";
import { reasonOf } from "../cloud/reason";
import { Destinations } from "../cloud/webhooks/destinations";
import { HttpSender } from "../cloud/webhooks/http-sender";
import { Webhooks } from "../cloud/webhooks/webhooks";
import type { WebhooksOptions } from "../cloud/webhooks/webhooks";
import { misuse } from "./misuse";

/** What `--webhooks-to` says. @throws CommandError for what is no list of hosts */
export function destinationsOf(text: string | undefined): Destinations {
  try {
    return Destinations.of(text);
  } catch (error) {
    throw misuse(`--webhooks-to: ${reasonOf(error)}`);
  }
}

/** Webhooks, and what ends their calls and timers. */
export function openWebhooks(options: Pick<WebhooksOptions, "destinations" | "storage" | "emit">): {
  webhooks: Webhooks;
  close(): Promise<void>;
} {
  const sender = new HttpSender(options.destinations);
  const webhooks = new Webhooks({
    ...options,
    now: Date.now,
    schedule: unheldTimer,
    random: () => randomBytes(4).readUInt32BE() / 2 ** 32,
    randomBytes,
    post: (...what) => sender.post(...what),
  });
  return {
    webhooks,
    close: async () => {
      webhooks.close();
      sender.close();
    },
  };
}

/** A timer that does not keep the program from ending. */
function unheldTimer(ms: number, work: () => void): () => void {
  const timer = setTimeout(work, ms).unref();
  return () => clearTimeout(timer);
}
