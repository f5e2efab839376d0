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
import { Rig, server, summary } from "./rig";
import { code, peerEncode, unhex } from "../../../host-sim/tools/fuzz/peer";
import { runs } from "../../density";
import type { Exchange } from "../../../firmware/coap/exchange";
import type { Transmission } from "../../../firmware/coap/transmission";

const answer = (rig: Rig, index = rig.sent.length - 1): void => {
  const { messageId, token } = rig.sent[index].fields;
  rig.receive({ type: 2, code: code("2.04"), messageId, token });
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
      const rig = new Rig({ transmission, random: () => random.next() });
      const { completed, exchange } = rig.post();
      const start = rig.now;
      rig.wait(1_000_000);
      const times = rig.sent.map((sent) => sent.at - start);
      const t = times[1];
      expect(t).toBeGreaterThanOrEqual(transmission.ackTimeout);
      expect(t).toBeLessThanOrEqual(transmission.ackTimeout * transmission.ackRandomFactor);
      expect(times).toHaveLength(1 + transmission.maxRetransmit);
      times.forEach((time, i) => expect(time).toBeCloseTo(t * (2 ** i - 1), 6));
      expect(new Set(rig.sent.map((sent) => sent.bytes)).size).toBe(1);
      expect(summary(completed)).toEqual(["timeout"]);
      expect(completed[0].at - start).toBeCloseTo(t * (2 ** (transmission.maxRetransmit + 1) - 1), 6);
      expect(completed[0].at - start).toBeLessThanOrEqual(maxTransmitWait(transmission));
      expect(exchange.retransmissions).toBe(transmission.maxRetransmit);
      expect(rig.endpoint.retransmissions).toBe(transmission.maxRetransmit);
      // Each of them may be answered still, and the first transmission.
      expect(rig.endpoint.lateAnswers).toBe(transmission.maxRetransmit + 1);
      expect(rig.endpoint.deadline).toBe(Infinity);
      expect(rig.endpoint.pending).toBe(0);
      spread.push(t);
    }
    // Drawn anew each time, or all devices of a cell would retransmit together.
    expect(Math.max(...spread) - Math.min(...spread)).toBeGreaterThan(0.2 * transmission.ackTimeout);
  });
});

describe("giving up", () => {
  it("comes as no-response at MAX_TRANSMIT_WAIT when the server acknowledged and fell silent", () => {
    const rig = new Rig();
    const { completed } = rig.post();
    const start = rig.now;
    rig.receive({ type: 2, code: 0, messageId: rig.last.fields.messageId });
    rig.wait(silenceOf(internet));
    expect(summary(completed)).toEqual(["no-response"]);
    expect(completed[0].at - start).toBe(93_000);
    expect(rig.sent).toHaveLength(1);
  });

  it("is not put off by a poll that comes late: after MAX_TRANSMIT_WAIT nothing more is sent", () => {
    const rig = new Rig();
    const { completed } = rig.post();
    rig.now += 92_000;
    rig.endpoint.poll(rig.now);
    expect(rig.sent).toHaveLength(2);
    rig.wait(1_000);
    expect(summary(completed)).toEqual(["timeout"]);
    const second = rig.post();
    rig.now += 94_000;
    rig.endpoint.poll(rig.now);
    expect(summary(second.completed)).toEqual(["timeout"]);
    expect(rig.sent).toHaveLength(3);
  });

  it("can still be turned by a response in the last moment", () => {
    const rig = new Rig();
    const { completed } = rig.post();
    rig.now = rig.endpoint.deadline + 500_000;
    answer(rig);
    rig.endpoint.poll(rig.now);
    expect(summary(completed)).toEqual(["2.04 "]);
  });

  it("with MAX_RETRANSMIT 0 comes after one time-out", () => {
    const rig = new Rig({ transmission: { ...internet, maxRetransmit: 0 } });
    const { completed } = rig.post();
    rig.wait(3_000);
    expect(summary(completed)).toEqual(["timeout"]);
    expect(rig.sent).toHaveLength(1);
  });
});

describe("NSTART and the queue", () => {
  const numbered = (rig: Rig, n: number) => rig.post({ payload: unhex(`0${n}`) });
  const payloads = (rig: Rig): string[] => rig.sent.map((sent) => sent.fields.payload);

  it("one at a time, the rest in order, and one too many is refused at once", () => {
    const rig = new Rig();
    const all = [1, 2, 3, 4, 5].map((n) => numbered(rig, n));
    const refused = numbered(rig, 6);
    expect(summary(refused.completed)).toEqual(["queue-full"]);
    expect(rig.endpoint.pending).toBe(5);
    expect(payloads(rig)).toEqual(["01"]);
    for (let n = 1; n <= 5; n++) {
      expect(payloads(rig)).toEqual(["01", "02", "03", "04", "05"].slice(0, n));
      answer(rig);
      expect(summary(all[n - 1].completed)).toEqual(["2.04 "]);
    }
    expect(rig.endpoint.pending).toBe(0);
  });

  it("a time-out lets the next one go", () => {
    const rig = new Rig();
    numbered(rig, 1);
    const { completed } = numbered(rig, 2);
    rig.wait(93_000);
    expect(rig.last.fields.payload).toBe("02");
    answer(rig);
    expect(summary(completed)).toEqual(["2.04 "]);
  });

  it("NSTART 2: two under way, each answered by its own message id and token", () => {
    const rig = new Rig({ transmission: { ...internet, nstart: 2 } });
    const [one, two, three] = [1, 2, 3].map((n) => numbered(rig, n));
    expect(payloads(rig)).toEqual(["01", "02"]);
    answer(rig, 1);
    expect([one, two, three].map(({ completed }) => completed.length)).toEqual([0, 1, 0]);
    expect(payloads(rig)).toEqual(["01", "02", "03"]);
    answer(rig, 0);
    answer(rig, 2);
    expect([one, two, three].map(({ completed }) => summary(completed))).toEqual([
      ["2.04 "],
      ["2.04 "],
      ["2.04 "],
    ]);
  });

  it("NSTART 2: both time out in one late poll", () => {
    const rig = new Rig({ transmission: { ...internet, nstart: 2 } });
    const all = [1, 2, 3].map((n) => numbered(rig, n));
    rig.now += 94_000;
    rig.endpoint.poll(rig.now);
    expect(all.map(({ completed }) => summary(completed))).toEqual([["timeout"], ["timeout"], []]);
    expect(payloads(rig)).toEqual(["01", "02", "03"]);
  });

  it("a queued request that turns out too large does not stop those behind it", () => {
    const rig = new Rig({ maxDatagram: 20 });
    numbered(rig, 1);
    const large = rig.post({ payload: new Uint8Array(30) });
    numbered(rig, 3);
    answer(rig);
    expect(summary(large.completed)).toEqual(["too-large"]);
    expect(payloads(rig)).toEqual(["01", "03"]);
  });
});

describe("from inside a completion", () => {
  it("the next request starts at once", () => {
    const rig = new Rig();
    let second: ReturnType<Rig["post"]> | undefined;
    rig.post({ onComplete: () => (second = rig.post({ payload: unhex("02") })) });
    answer(rig);
    expect(rig.last.fields.payload).toBe("02");
    answer(rig);
    expect(summary(second!.completed)).toEqual(["2.04 "]);
  });

  it("a chain of requests does not push ahead of one that waits", () => {
    const rig = new Rig();
    const chain = (): void => void rig.post({ payload: unhex("cc"), onComplete: chain });
    chain();
    const { completed } = rig.post({ payload: unhex("01") });
    answer(rig);
    expect(rig.last.fields.payload).toBe("01");
    answer(rig);
    expect(summary(completed)).toEqual(["2.04 "]);
    expect(rig.last.fields.payload).toBe("cc");
  });

  it("a full queue still takes the request whose place has just come free", () => {
    const rig = new Rig();
    let again: ReturnType<Rig["post"]> | undefined;
    rig.post({ onComplete: () => (again = rig.post({ payload: unhex("99") })) });
    for (let i = 0; i < 4; i++) rig.post();
    answer(rig);
    expect(again!.completed).toEqual([]);
    for (let i = 0; i < 5; i++) answer(rig);
    expect(rig.last.fields.payload).toBe("99");
    expect(summary(again!.completed)).toEqual(["2.04 "]);
  });

  it("of a time-out, another request starts and lives its own life", () => {
    const rig = new Rig();
    const start = rig.now;
    let next: ReturnType<Rig["post"]> | undefined;
    const { completed } = rig.post({ onComplete: () => (next = rig.post()) });
    rig.wait(93_000);
    expect(summary(completed)).toEqual(["timeout"]);
    expect(next!.completed).toEqual([]);
    rig.wait(93_000);
    expect(summary(next!.completed)).toEqual(["timeout"]);
    expect(next!.completed[0].at - start).toBeGreaterThan(2 * 31 * 2_000);
  });

  it("cancelling the exchange that has just completed does nothing", () => {
    const rig = new Rig();
    let exchange: Exchange | undefined;
    const result = rig.post({ onComplete: () => exchange!.cancel(rig.now) });
    exchange = result.exchange;
    answer(rig);
    expect(summary(result.completed)).toEqual(["2.04 "]);
  });

  it("closing the endpoint cancels what waits, once", () => {
    const rig = new Rig();
    rig.post({ onComplete: () => rig.endpoint.close(rig.now) });
    const { completed } = rig.post();
    answer(rig);
    expect(summary(completed)).toEqual(["cancelled"]);
    expect(rig.endpoint.pending).toBe(0);
  });
});

describe("cancel and close", () => {
  it("a cancelled exchange is not retransmitted, and its late response is rejected", () => {
    const rig = new Rig();
    const { completed, exchange } = rig.post();
    const { token } = rig.last.fields;
    exchange.cancel(rig.now);
    exchange.cancel(rig.now);
    expect(summary(completed)).toEqual(["cancelled"]);
    rig.wait(silenceOf(internet));
    expect(rig.sent).toHaveLength(1);
    rig.receive({ type: 0, code: code("2.04"), messageId: 0x7777, token });
    expect(rig.last.bytes).toBe("70007777");
    expect(completed).toHaveLength(1);
  });

  it("a cancelled one in the queue is never sent; one under way makes room", () => {
    const rig = new Rig();
    const first = rig.post();
    const second = rig.post({ payload: unhex("02") });
    rig.post({ payload: unhex("03") });
    second.exchange.cancel(rig.now);
    first.exchange.cancel(rig.now);
    expect(summary(second.completed)).toEqual(["cancelled"]);
    expect(rig.sent.map((sent) => sent.fields.payload)).toEqual(["70", "03"]);
  });

  it("a closed endpoint takes nothing more and says nothing more", () => {
    const rig = new Rig();
    const under = rig.post();
    const waiting = rig.post();
    rig.endpoint.close(rig.now);
    expect([under, waiting].map(({ completed }) => summary(completed))).toEqual([
      ["cancelled"],
      ["cancelled"],
    ]);
    expect(summary(rig.post().completed)).toEqual(["cancelled"]);
    rig.receive({ type: 0, code: 0, messageId: 1 });
    rig.wait(silenceOf(internet));
    expect(rig.sent).toHaveLength(1);
    expect(rig.endpoint.deadline).toBe(Infinity);
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
        const rig = new Rig({ transmission: { ...internet, nstart, queueLimit: 3 } });
        const all: ReturnType<Rig["post"]>[] = [];
        for (const action of steps) {
          switch (action.do) {
            case "request": {
              const entry = rig.post({
                onComplete: () => {
                  if (action.again) all.push(rig.post());
                },
              });
              all.push(entry);
              break;
            }
            case "wait":
              rig.wait(action.ms);
              break;
            case "sleep":
              rig.now += action.ms;
              rig.endpoint.poll(rig.now);
              break;
            case "noise":
              rig.endpoint.receive(action.bytes, server.address, server.port, rig.now);
              break;
            case "reply": {
              const requests = rig.sent.filter((sent) => sent.fields.type === 0);
              if (requests.length === 0) break;
              const { messageId, token } = requests[action.to % requests.length].fields;
              const bytes = peerEncode({
                type: action.type,
                code: action.code,
                messageId: action.ownId ? messageId : messageId ^ 0x5555,
                token: action.code === 0 ? "" : token,
                options: action.code === 0 ? [] : [[action.option, ""]],
              });
              rig.endpoint.receive(bytes, server.address, action.port, rig.now);
              break;
            }
            case "cancel":
              if (all.length > 0) all[action.which % all.length].exchange.cancel(rig.now);
          }
          expect(all.filter(({ completed }) => completed.length > 1)).toEqual([]);
          expect(rig.endpoint.pending).toBe(all.filter(({ completed }) => completed.length === 0).length);
        }
        // Those under way end within one wait, those in the queue within one more each.
        for (let i = 0; i < 6 + 3; i++) rig.wait(maxTransmitWait(internet));
        expect(all.map(({ completed }) => completed.length)).toEqual(all.map(() => 1));
        expect(rig.endpoint.pending).toBe(0);
        expect(rig.endpoint.deadline).toBe(Infinity);
      }),
      { seed: 4, numRuns: runs(400) },
    );
  });
});

function silenceOf(transmission: Transmission): number {
  return 3 * maxTransmitWait(transmission);
}
