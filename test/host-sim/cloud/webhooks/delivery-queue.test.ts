/** What waits for a webhook: its order, its attempts, its bounds. */
import { beforeEach, describe, expect, it, test } from "vitest";
import { DeliveryQueue, retryDelays } from "../../../../host-sim/cloud/webhooks/delivery-queue";
import { answering, Clock, start } from "./rig";
import type { Outcome, QueueNews } from "../../../../host-sim/cloud/webhooks/delivery-queue";

let clock: Clock;
let sent: { id: string; at: number }[];
let news: QueueNews[];
let random: number;

function queueTo(answer: (id: string) => Promise<Outcome>): DeliveryQueue {
  return new DeliveryQueue({
    now: () => clock.now,
    schedule: clock.schedule,
    random: () => random,
    send: (id) => {
      sent.push({ id, at: clock.now - start });
      return answer(id);
    },
    tell: (each) => news.push(each),
  });
}

const add = (queue: DeliveryQueue, ids: string, body = "{}"): void => {
  for (const id of ids) queue.add(id, "stored", clock.now, body);
};
const states = (queue: DeliveryQueue): string[] => queue.list().map(({ id, state }) => `${id} ${state}`);

beforeEach(() => {
  clock = new Clock();
  sent = [];
  news = [];
  random = 0.5;
});

describe("deliveries", () => {
  it("go in order, one at a time, and not before the caller is done", async () => {
    const open: (() => void)[] = [];
    const queue = queueTo(() => new Promise((resolve) => open.push(() => resolve({ status: 204 }))));
    add(queue, "abc");
    expect(sent).toEqual([]);
    await clock.advance(1000);
    expect(sent.map(({ id }) => id)).toEqual(["a"]);
    open[0]();
    await clock.advance(1000);
    expect(sent.map(({ id }) => id)).toEqual(["a", "b"]);
    open[1]();
    await clock.advance(0);
    open[2]();
    await clock.advance(0);
    expect(queue.counts).toEqual({ waiting: 0, delivered: 3, failed: 0, dropped: 0 });
    expect(queue.list()[0]).toEqual({
      ...{ id: "c", type: "stored", at: start, state: "delivered", attempts: 1, httpStatus: 204 },
      endedAt: start + 2000,
    });
    expect(clock.pending).toBe(0);
  });

  it("are repeated with longer and longer waits, and hold up those behind them", async () => {
    const queue = queueTo(answering({ fault: "refused" }, { status: 500 }, { status: 302 }, { status: 200 }));
    add(queue, "ab");
    await clock.advance(0);
    expect(queue.list()[1]).toMatchObject({ attempts: 1, error: "refused", nextAttempt: start + 5000 });
    await clock.advance(36_000);
    expect(queue.list()[1]).toMatchObject({
      attempts: 3,
      httpStatus: 302,
      error: "answered 302; redirects are not followed",
    });
    await clock.advance(3_600_000);
    expect(sent).toEqual([
      ...[0, 5000, 35_000, 155_000].map((at) => ({ id: "a", at })),
      { id: "b", at: 155_000 },
    ]);
    expect(news).toEqual([{ outcome: "retrying", reason: "refused" }]);
    expect(queue.list()[1]).not.toHaveProperty("nextAttempt");
    expect(queue.list()[1].error).toBeUndefined();
  });

  it("are given up after the last wait, and the next one goes", async () => {
    const queue = queueTo((id) => Promise.resolve({ status: id === "a" ? 400 : 200 }));
    add(queue, "ab");
    await clock.advance(retryDelays.reduce((sum, ms) => sum + ms, 0) - 1);
    expect(queue.counts).toMatchObject({ waiting: 2 });
    await clock.advance(1);
    expect(sent).toHaveLength(retryDelays.length + 2);
    expect(states(queue)).toEqual(["b delivered", "a failed"]);
    expect(news).toEqual([
      { outcome: "retrying", reason: "answered 400" },
      { outcome: "failed", reason: "answered 400" },
    ]);
  });

  test.each([
    [0, 4000],
    [0.999_999, 6000],
  ])("wait up to a fifth longer or shorter: by %f", async (chance, wait) => {
    random = chance;
    const queue = queueTo(answering({ status: 503 }));
    add(queue, "a");
    await clock.advance(0);
    expect(queue.list()[0].nextAttempt).toBe(start + wait);
  });

  it("are tried at once when they are asked to be", async () => {
    const queue = queueTo(answering({ status: 503 }, { status: 200 }));
    add(queue, "a");
    await clock.advance(1000);
    queue.retryNow();
    await clock.advance(0);
    expect(sent.map(({ at }) => at)).toEqual([0, 1000]);
    queue.retryNow();
    expect(clock.pending).toBe(0);
  });

  it("end with 410, which is told", async () => {
    const queue = queueTo(answering({ status: 410 }));
    add(queue, "a");
    await clock.advance(0);
    expect(states(queue)).toEqual(["a failed"]);
    expect(news).toEqual([{ outcome: "gone" }]);
  });

  it("are dropped when they are, also the one under way, whose answer then counts for nothing", async () => {
    let answer: (outcome: Outcome) => void = () => undefined;
    const queue = queueTo(() => new Promise((resolve) => (answer = resolve)));
    add(queue, "ab");
    await clock.advance(0);
    queue.clear("disabled");
    expect(states(queue)).toEqual(["b dropped", "a dropped"]);
    add(queue, "c");
    answer({ status: 200 });
    await clock.advance(0);
    expect(sent.map(({ id }) => id)).toEqual(["a", "c"]);
    expect(queue.counts).toEqual({ waiting: 1, delivered: 0, failed: 0, dropped: 2 });
  });

  it("end with the program", async () => {
    const queue = queueTo(answering({ status: 503 }));
    add(queue, "a");
    await clock.advance(0);
    queue.close();
    add(queue, "b");
    expect(clock.pending).toBe(0);
    expect(queue.counts.waiting).toBe(1);
  });
});

describe("what waits is bounded", () => {
  it("in its number: the oldest is dropped, but not the one under way", async () => {
    const queue = queueTo(() => new Promise(() => undefined));
    queue.add("first", "stored", start, "{}");
    await clock.advance(0);
    for (let i = 0; i < 1100; i++) queue.add(String(i), "stored", start, "{}");
    expect(queue.counts).toMatchObject({ waiting: 1000, dropped: 101 });
    const waiting = queue.list().filter(({ state }) => state === "waiting");
    expect(waiting.at(-1)!.id).toBe("first");
    expect(waiting.at(-2)!.id).toBe("101");
    // At the first and at every tenfold.
    expect(news.map((each) => each.outcome === "dropped" && each.dropped)).toEqual([1, 10, 100]);
  });

  it("in its bytes, and one that is too long alone is dropped at once", async () => {
    const queue = queueTo(() => new Promise(() => undefined));
    add(queue, "a", "é".repeat(524_289));
    expect(states(queue)).toEqual(["a dropped"]);
    expect(clock.pending).toBe(0);
    add(queue, "bcd", "x".repeat(524_288));
    expect(states(queue)).toEqual(["d waiting", "c waiting", "b dropped", "a dropped"]);
    await clock.advance(0);
    add(queue, "e", "x".repeat(1 << 20));
    expect(queue.list().filter(({ state }) => state === "waiting")).toMatchObject([{ id: "c", attempts: 1 }]);
  });

  it("and so is what is shown of the past", async () => {
    const queue = queueTo(answering({ status: 200 }));
    for (let i = 0; i < 500; i++) queue.add(String(i), "stored", start, "{}");
    await clock.advance(0);
    expect(queue.counts).toMatchObject({ waiting: 0, delivered: 500 });
    expect(queue.list()).toHaveLength(100);
    expect(queue.list()[0].id).toBe("499");
  });
});
