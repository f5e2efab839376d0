import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  exchangeLifetime,
  internet,
  maxTransmitSpan,
  maxTransmitWait,
  narrowband,
} from "../../../firmware/coap/transmission";
import { Random } from "../../../host-sim/sim/time/random";
import { Bench, server, summary } from "./rig";
import { code, peerEncode, unhex } from "../../../host-sim/tools/fuzz/peer";
import type { Exchange } from "../../../firmware/coap/exchange";
import type { Transmission } from "../../../firmware/coap/transmission";

const answer = (bench: Bench, index = bench.sent.length - 1): void => {
  const { messageId, token } = bench.sent[index].fields;
  bench.receive({ type: 2, code: code("2.04"), messageId, token });
};

describe("the derived times", () => {
  it("are those of RFC 7252 section 4.8.2 for its own parameters", () => {
    expect(maxTransmitSpan(internet)).toBe(45_000);
    expect(maxTransmitWait(internet)).toBe(93_000);
    expect(exchangeLifetime(internet)).toBe(247_000);
  });

  it("leave room for NB-IoT's seconds", () => {
    expect(maxTransmitWait(narrowband)).toBe(105_000);
    expect(exchangeLifetime({ ...narrowband, algorithm: "plain" })).toBe(255_000);
    // A learnt time-out may run out at any moment before MAX_TRANSMIT_WAIT.
    expect(maxTransmitSpan(narrowband)).toBe(105_000);
    expect(exchangeLifetime(narrowband)).toBe(315_000);
  });
});

describe.each([
  ["internet", internet],
  ["narrowband", narrowband],
])("with a silent server, %s", (_name, transmission) => {
  it("sends at 0, T, 3T, 7T ... the same bytes, T within its bounds, and gives up at the end", () => {
    const spread: number[] = [];
    for (let seed = 0; seed < 50; seed++) {
      const random = new Random(seed);
      const bench = new Bench({ transmission, random: () => random.next() });
      const { completed, exchange } = bench.post();
      const start = bench.now;
      bench.wait(1_000_000);
      const times = bench.sent.map((sent) => sent.at - start);
      const t = times[1];
      expect(t).toBeGreaterThanOrEqual(transmission.ackTimeout);
      expect(t).toBeLessThanOrEqual(transmission.ackTimeout * transmission.ackRandomFactor);
      expect(times).toHaveLength(1 + transmission.maxRetransmit);
      times.forEach((time, i) => expect(time).toBeCloseTo(t * (2 ** i - 1), 6));
      expect(new Set(bench.sent.map((sent) => sent.bytes)).size).toBe(1);
      expect(summary(completed)).toEqual(["timeout"]);
      expect(completed[0].at - start).toBeCloseTo(t * (2 ** (transmission.maxRetransmit + 1) - 1), 6);
      expect(completed[0].at - start).toBeLessThanOrEqual(maxTransmitWait(transmission));
      expect(exchange.retransmissions).toBe(transmission.maxRetransmit);
      expect(bench.endpoint.retransmissions).toBe(transmission.maxRetransmit);
      expect(bench.endpoint.deadline).toBe(Infinity);
      expect(bench.endpoint.pending).toBe(0);
      spread.push(t);
    }
    // Drawn anew each time, or all devices of a cell would retransmit together.
    expect(Math.max(...spread) - Math.min(...spread)).toBeGreaterThan(0.2 * transmission.ackTimeout);
  });
});

describe("giving up", () => {
  it("comes as no-response at MAX_TRANSMIT_WAIT when the server acknowledged and fell silent", () => {
    const bench = new Bench();
    const { completed } = bench.post();
    const start = bench.now;
    bench.receive({ type: 2, code: 0, messageId: bench.last.fields.messageId });
    bench.wait(silenceOf(internet));
    expect(summary(completed)).toEqual(["no-response"]);
    expect(completed[0].at - start).toBe(93_000);
    expect(bench.sent).toHaveLength(1);
  });

  it("is not put off by a poll that comes late: after MAX_TRANSMIT_WAIT nothing more is sent", () => {
    const bench = new Bench();
    const { completed } = bench.post();
    bench.now += 92_000;
    bench.endpoint.poll(bench.now);
    expect(bench.sent).toHaveLength(2);
    bench.wait(1_000);
    expect(summary(completed)).toEqual(["timeout"]);
    const second = bench.post();
    bench.now += 94_000;
    bench.endpoint.poll(bench.now);
    expect(summary(second.completed)).toEqual(["timeout"]);
    expect(bench.sent).toHaveLength(3);
  });

  it("can still be turned by a response in the last moment", () => {
    const bench = new Bench();
    const { completed } = bench.post();
    bench.now = bench.endpoint.deadline + 500_000;
    answer(bench);
    bench.endpoint.poll(bench.now);
    expect(summary(completed)).toEqual(["2.04 "]);
  });

  it("with MAX_RETRANSMIT 0 comes after one time-out", () => {
    const bench = new Bench({ transmission: { ...internet, maxRetransmit: 0 } });
    const { completed } = bench.post();
    bench.wait(3_000);
    expect(summary(completed)).toEqual(["timeout"]);
    expect(bench.sent).toHaveLength(1);
  });
});

describe("NSTART and the queue", () => {
  const numbered = (bench: Bench, n: number) => bench.post({ payload: unhex(`0${n}`) });
  const payloads = (bench: Bench): string[] => bench.sent.map((sent) => sent.fields.payload);

  it("one at a time, the rest in order, and one too many is refused at once", () => {
    const bench = new Bench();
    const all = [1, 2, 3, 4, 5].map((n) => numbered(bench, n));
    const refused = numbered(bench, 6);
    expect(summary(refused.completed)).toEqual(["queue-full"]);
    expect(bench.endpoint.pending).toBe(5);
    expect(payloads(bench)).toEqual(["01"]);
    for (let n = 1; n <= 5; n++) {
      expect(payloads(bench)).toEqual(["01", "02", "03", "04", "05"].slice(0, n));
      answer(bench);
      expect(summary(all[n - 1].completed)).toEqual(["2.04 "]);
    }
    expect(bench.endpoint.pending).toBe(0);
  });

  it("a time-out lets the next one go", () => {
    const bench = new Bench();
    numbered(bench, 1);
    const { completed } = numbered(bench, 2);
    bench.wait(93_000);
    expect(bench.last.fields.payload).toBe("02");
    answer(bench);
    expect(summary(completed)).toEqual(["2.04 "]);
  });

  it("NSTART 2: two under way, each answered by its own message id and token", () => {
    const bench = new Bench({ transmission: { ...internet, nstart: 2 } });
    const [one, two, three] = [1, 2, 3].map((n) => numbered(bench, n));
    expect(payloads(bench)).toEqual(["01", "02"]);
    answer(bench, 1);
    expect([one, two, three].map(({ completed }) => completed.length)).toEqual([0, 1, 0]);
    expect(payloads(bench)).toEqual(["01", "02", "03"]);
    answer(bench, 0);
    answer(bench, 2);
    expect([one, two, three].map(({ completed }) => summary(completed))).toEqual([
      ["2.04 "],
      ["2.04 "],
      ["2.04 "],
    ]);
  });

  it("NSTART 2: both time out in one late poll", () => {
    const bench = new Bench({ transmission: { ...internet, nstart: 2 } });
    const all = [1, 2, 3].map((n) => numbered(bench, n));
    bench.now += 94_000;
    bench.endpoint.poll(bench.now);
    expect(all.map(({ completed }) => summary(completed))).toEqual([["timeout"], ["timeout"], []]);
    expect(payloads(bench)).toEqual(["01", "02", "03"]);
  });

  it("a queued request that turns out too large does not stop those behind it", () => {
    const bench = new Bench({ maxDatagram: 20 });
    numbered(bench, 1);
    const large = bench.post({ payload: new Uint8Array(30) });
    numbered(bench, 3);
    answer(bench);
    expect(summary(large.completed)).toEqual(["too-large"]);
    expect(payloads(bench)).toEqual(["01", "03"]);
  });
});

describe("from inside a completion", () => {
  it("the next request starts at once", () => {
    const bench = new Bench();
    let second: ReturnType<Bench["post"]> | undefined;
    bench.post({ onComplete: () => (second = bench.post({ payload: unhex("02") })) });
    answer(bench);
    expect(bench.last.fields.payload).toBe("02");
    answer(bench);
    expect(summary(second!.completed)).toEqual(["2.04 "]);
  });

  it("a chain of requests does not push ahead of one that waits", () => {
    const bench = new Bench();
    const chain = (): void => void bench.post({ payload: unhex("cc"), onComplete: chain });
    chain();
    const { completed } = bench.post({ payload: unhex("01") });
    answer(bench);
    expect(bench.last.fields.payload).toBe("01");
    answer(bench);
    expect(summary(completed)).toEqual(["2.04 "]);
    expect(bench.last.fields.payload).toBe("cc");
  });

  it("a full queue still takes the request whose place has just come free", () => {
    const bench = new Bench();
    let again: ReturnType<Bench["post"]> | undefined;
    bench.post({ onComplete: () => (again = bench.post({ payload: unhex("99") })) });
    for (let i = 0; i < 4; i++) bench.post();
    answer(bench);
    expect(again!.completed).toEqual([]);
    for (let i = 0; i < 5; i++) answer(bench);
    expect(bench.last.fields.payload).toBe("99");
    expect(summary(again!.completed)).toEqual(["2.04 "]);
  });

  it("of a time-out, another request starts and lives its own life", () => {
    const bench = new Bench();
    const start = bench.now;
    let next: ReturnType<Bench["post"]> | undefined;
    const { completed } = bench.post({ onComplete: () => (next = bench.post()) });
    bench.wait(93_000);
    expect(summary(completed)).toEqual(["timeout"]);
    expect(next!.completed).toEqual([]);
    bench.wait(93_000);
    expect(summary(next!.completed)).toEqual(["timeout"]);
    expect(next!.completed[0].at - start).toBeGreaterThan(2 * 31 * 2_000);
  });

  it("cancelling the exchange that has just completed does nothing", () => {
    const bench = new Bench();
    let exchange: Exchange | undefined;
    const result = bench.post({ onComplete: () => exchange!.cancel(bench.now) });
    exchange = result.exchange;
    answer(bench);
    expect(summary(result.completed)).toEqual(["2.04 "]);
  });

  it("closing the endpoint cancels what waits, once", () => {
    const bench = new Bench();
    bench.post({ onComplete: () => bench.endpoint.close(bench.now) });
    const { completed } = bench.post();
    answer(bench);
    expect(summary(completed)).toEqual(["cancelled"]);
    expect(bench.endpoint.pending).toBe(0);
  });
});

describe("cancel and close", () => {
  it("a cancelled exchange is not retransmitted, and its late response is rejected", () => {
    const bench = new Bench();
    const { completed, exchange } = bench.post();
    const { token } = bench.last.fields;
    exchange.cancel(bench.now);
    exchange.cancel(bench.now);
    expect(summary(completed)).toEqual(["cancelled"]);
    bench.wait(silenceOf(internet));
    expect(bench.sent).toHaveLength(1);
    bench.receive({ type: 0, code: code("2.04"), messageId: 0x7777, token });
    expect(bench.last.bytes).toBe("70007777");
    expect(completed).toHaveLength(1);
  });

  it("a cancelled one in the queue is never sent; one under way makes room", () => {
    const bench = new Bench();
    const first = bench.post();
    const second = bench.post({ payload: unhex("02") });
    bench.post({ payload: unhex("03") });
    second.exchange.cancel(bench.now);
    first.exchange.cancel(bench.now);
    expect(summary(second.completed)).toEqual(["cancelled"]);
    expect(bench.sent.map((sent) => sent.fields.payload)).toEqual(["70", "03"]);
  });

  it("a closed endpoint takes nothing more and says nothing more", () => {
    const bench = new Bench();
    const under = bench.post();
    const waiting = bench.post();
    bench.endpoint.close(bench.now);
    expect([under, waiting].map(({ completed }) => summary(completed))).toEqual([
      ["cancelled"],
      ["cancelled"],
    ]);
    expect(summary(bench.post().completed)).toEqual(["cancelled"]);
    bench.receive({ type: 0, code: 0, messageId: 1 });
    bench.wait(silenceOf(internet));
    expect(bench.sent).toHaveLength(1);
    expect(bench.endpoint.deadline).toBe(Infinity);
  });
});

describe("whatever happens", () => {
  /** One thing that may happen to an endpoint. */
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ do: fc.constant("request" as const), again: fc.boolean() }) },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 120_000 }) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant("noise" as const), bytes: fc.uint8Array({ maxLength: 24 }) }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant("reply" as const),
        to: fc.nat(),
        type: fc.integer({ min: 0, max: 3 }),
        code: fc.constantFrom(0, 1, 0x44, 0x81, 0xa0),
        ownId: fc.boolean(),
        option: fc.constantFrom(2100, 2103),
        port: fc.constantFrom(5683, 5683, 5683, 1),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("cancel" as const), which: fc.nat() }) },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant("sleep" as const), ms: fc.integer({ min: 0, max: 200_000 }) }),
    },
  );

  it("nothing is thrown, every request has one outcome, and it ends within MAX_TRANSMIT_WAIT", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.integer({ min: 1, max: 3 }), (steps, nstart) => {
        const bench = new Bench({ transmission: { ...internet, nstart, queueLimit: 3 } });
        const all: ReturnType<Bench["post"]>[] = [];
        for (const action of steps) {
          switch (action.do) {
            case "request": {
              const entry = bench.post({
                onComplete: () => {
                  if (action.again) all.push(bench.post());
                },
              });
              all.push(entry);
              break;
            }
            case "wait":
              bench.wait(action.ms);
              break;
            case "sleep":
              bench.now += action.ms;
              bench.endpoint.poll(bench.now);
              break;
            case "noise":
              bench.endpoint.receive(action.bytes, server.address, server.port, bench.now);
              break;
            case "reply": {
              const requests = bench.sent.filter((sent) => sent.fields.type === 0);
              if (requests.length === 0) break;
              const { messageId, token } = requests[action.to % requests.length].fields;
              const bytes = peerEncode({
                type: action.type,
                code: action.code,
                messageId: action.ownId ? messageId : messageId ^ 0x5555,
                token: action.code === 0 ? "" : token,
                options: action.code === 0 ? [] : [[action.option, ""]],
              });
              bench.endpoint.receive(bytes, server.address, action.port, bench.now);
              break;
            }
            case "cancel":
              if (all.length > 0) all[action.which % all.length].exchange.cancel(bench.now);
          }
          expect(all.filter(({ completed }) => completed.length > 1)).toEqual([]);
          expect(bench.endpoint.pending).toBe(all.filter(({ completed }) => completed.length === 0).length);
        }
        // Those under way end within one wait, those in the queue within one more each.
        for (let i = 0; i < 6 + 3; i++) bench.wait(maxTransmitWait(internet));
        expect(all.map(({ completed }) => completed.length)).toEqual(all.map(() => 1));
        expect(bench.endpoint.pending).toBe(0);
        expect(bench.endpoint.deadline).toBe(Infinity);
      }),
      { seed: 4, numRuns: 400 },
    );
  });
});

function silenceOf(transmission: Transmission): number {
  return 3 * maxTransmitWait(transmission);
}
