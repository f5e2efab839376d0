/**
 * A limit on how many datagrams one address may send: a token bucket per address, refilled evenly. All ports
 * of an address share it, and with IPv6 all addresses of a network, because a flooder could use as many as he
 * likes.
 */
import { network } from "../network";

export interface RateLimit {
  /** Datagrams per second and address that are taken in the long run; 0 = no limit. */
  perSecond: number;
  /** Datagrams that are taken at once from an address that was silent before. */
  burst: number;
}

export const noRateLimit: Readonly<RateLimit> = { perSecond: 0, burst: 0 };

/** Whether a datagram is taken; "refused-again" when a refusal was told within the last second. */
export type RateVerdict = "taken" | "refused" | "refused-again";

interface Bucket {
  /** Datagrams that would be taken at `at`. */
  tokens: number;
  /** ms */
  at: number;
  /** When a refusal was last told, ms. */
  toldAt: number;
}

/** Refusals of one address are told this often, ms. */
const tellEvery = 1000;

/** The buckets of all addresses that spoke lately. Bounded: those longest silent are forgotten first. */
export class RateLimiter {
  readonly #most: number;
  /** The address that spoke last comes last. */
  readonly #buckets = new Map<string, Bucket>();
  #limit: Readonly<RateLimit> = noRateLimit;

  /** @param most addresses kept in mind */
  constructor(most: number) {
    this.#most = most;
  }

  get limit(): RateLimit {
    return { ...this.#limit };
  }

  /**
   * From now on; all addresses start anew with a full bucket.
   * @throws RangeError on a limit that is none
   */
  set limit(limit: RateLimit) {
    const { perSecond, burst } = limit;
    if (!Number.isFinite(perSecond) || perSecond < 0) {
      throw new RangeError(`rate limit, perSecond: expected a number of 0 or more, got ${perSecond}`);
    }
    if (!Number.isFinite(burst) || burst < (perSecond > 0 ? 1 : 0)) {
      throw new RangeError(`rate limit, burst: expected a number of 1 or more, got ${burst}`);
    }
    this.#limit = { perSecond, burst };
    this.#buckets.clear();
  }

  /** How many addresses are kept in mind. */
  get size(): number {
    return this.#buckets.size;
  }

  /** Whether a datagram from this address is taken. `now` in ms, never running backwards. */
  judge(address: string, now: number): RateVerdict {
    const { perSecond, burst } = this.#limit;
    if (perSecond === 0) return "taken";
    const from = network(address);
    let bucket = this.#buckets.get(from);
    if (bucket === undefined) {
      this.#forget(now);
      bucket = { tokens: burst, at: now, toldAt: -Infinity };
    } else {
      this.#buckets.delete(from);
      bucket.tokens = this.#tokens(bucket, now);
      bucket.at = now;
    }
    // Set anew, so that it moves to the end of the map's order.
    this.#buckets.set(from, bucket);
    if (bucket.tokens >= 1) {
      bucket.tokens -= 1;
      return "taken";
    }
    if (now - bucket.toldAt < tellEvery) return "refused-again";
    bucket.toldAt = now;
    return "refused";
  }

  #tokens({ tokens, at }: Bucket, now: number): number {
    return Math.min(this.#limit.burst, tokens + ((now - at) * this.#limit.perSecond) / 1000);
  }

  /** Makes room for one more. */
  #forget(now: number): void {
    for (const [address, bucket] of this.#buckets) {
      // A full bucket is like none at all. The first that is not may only go when there is no room left.
      const full = this.#tokens(bucket, now) >= this.#limit.burst;
      if (!full && this.#buckets.size < this.#most) return;
      this.#buckets.delete(address);
    }
  }
}
