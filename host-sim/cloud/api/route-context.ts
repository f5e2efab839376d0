/**
 * What the application API is made of, and what each of its routes is given.
 */
import type { LiveCapture } from "../capture/live-capture";
import type { EnosCloud } from "../cloud";
import type { Feed } from "../console/feed";
import type { ScriptEngine } from "../script/script-engine";
import type { Webhooks } from "../webhooks/webhooks";

/** See `serveApi`. */
export interface ApiOptions {
  cloud: EnosCloud;
  /** ms, what `cloud` is called with. */
  now(): number;
  /** Resolves once all that the cloud was told is safe; no answer to a change leaves before. */
  flush(): Promise<void>;
  /** Address or name to listen on, and the name under which it may be called. */
  host: string;
  /** Bearer token. Needed on anything but loopback. */
  token?: string;
  /** Bearer token of those who may look and change nothing; needs `token`, which the others have. */
  readToken?: string;
  /** Of this program. */
  version: string;
  /** Of the cloud, for the status. */
  edition: string;
  /** Where devices reach the cloud, for the status. */
  coap?: { readonly address: string; readonly port: number };
  /** Whether there is a data directory, for the status. */
  kept: boolean;
  randomBytes(n: number): Uint8Array;
  /** What the console shows as it happens; no console when left out. */
  feed?: Feed;
  /** Datagrams as they pass; no captures when left out. */
  capture?: LiveCapture;
  /** What happens, posted to programs; no webhooks when left out. */
  webhooks?: Webhooks;
  /** Runs parsing scripts that the console tries; none when left out. */
  scriptEngine?: ScriptEngine;
  /** Hears of faults of this program; one line each. */
  onError?(line: string): void;
}

/** What the routes are given. */
export interface RouteContext extends ApiOptions {
  /** When the API was made, ms. */
  readonly startedAt: number;
}
