/** Faults made on purpose: what they do, to which datagrams, and that a seeded run repeats itself. */
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import {
  duplicateAfter,
  Departures,
  noFaults,
  checkFaults,
  drawFate,
} from "../../../../host-sim/cloud/coap/faults";
import type { Faults } from "../../../../host-sim/cloud/coap/faults";
import { Random } from "../../../../host-sim/sim/time/random";
import { demoPeer } from "../harness";
import { Asker, bodyOf, layerRig, told } from "./message-layer-rig";
import { runs } from "../../../density";
import type { LayerRig } from "./message-layer-rig";

const faulty = (faults: Partial<Faults>, chances?: readonly number[]): LayerRig => {
  const b = layerRig({ chances });
  b.layer.faults = { ...noFaults, ...faults };
  return b;
};
const ping = Buffer.from("40001234", "hex");
const always = 1;

describe("the draw", () => {
  it("is none while all is off, however late things are", () => {
    const b = faulty({ delayDown: 100 });
    b.receive(ping);
    b.receive(Buffer.from("00", "hex"));
    expect(b.draws).toBe(0);
  });

  test.each(["dropUp", "dropDown", "duplicateDown", "serverError"] as const)(
    "is four numbers per datagram, whatever it is, for %s alone as for all",
    (name) => {
      const b = faulty({ [name]: 0.5 });
      [ping, Buffer.from("00", "hex"), Buffer.from("60001234", "hex")].forEach((bytes, n) => {
        b.receive(bytes);
        expect(b.draws).toBe(4 * (n + 1));
      });
    },
  );

  it("is for dropUp, serverError, dropDown and duplicateDown, in this order", () => {
    const all = { dropUp: 0.5, serverError: 0.5, dropDown: 0.5, duplicateDown: 0.5, delayDown: 0 };
    const names = ["dropUp", "serverError", "dropDown", "duplicateDown"] as const;
    names.forEach((name, place) => {
      let n = 0;
      const fate = drawFate(all, () => (n++ === place ? 0.49 : 0.5));
      expect(names.filter((each) => fate[each])).toEqual([name]);
    });
  });

  it("one fault switched on does not move where another strikes", () => {
    const dropped = (faults: Partial<Faults>): number[] => {
      const b = faulty({ dropUp: 0.3, ...faults });
      return Array.from({ length: 200 }, (_each, n) => {
        const before = b.layer.counters.droppedUp;
        b.receive(ping, n);
        return b.layer.counters.droppedUp - before;
      });
    };
    const alone = dropped({});
    expect(alone.reduce((sum, n) => sum + n)).toBeGreaterThan(30);
    expect(dropped({ dropDown: 0.5, duplicateDown: 0.2, serverError: 1, delayDown: 50 })).toEqual(alone);
  });

  it("a probability of 1 strikes always, even at the largest number that is drawn", () => {
    const fate = drawFate({ ...noFaults, dropUp: 1 }, () => 1 - 2 ** -32);
    expect(fate).toMatchObject({ dropUp: true, dropDown: false, duplicateDown: false, serverError: false });
  });
});

it("dropUp: the datagram never came", () => {
  const b = faulty({ dropUp: always });
  b.layer.rateLimit = { perSecond: 1, burst: 1 };
  b.receive(ping);
  expect(b.sent).toEqual([]);
  expect(b.events).toEqual([]);
  expect(b.layer.counters).toMatchObject({ datagrams: 1, droppedUp: 1, ignored: 0 });
  expect(b.layer.held.addresses).toBe(0);
});

it("dropDown: it was carried out, and the retransmission gets the answer", () => {
  const b = faulty({ dropDown: 0.5 }, [0.9, 0.9, 0.1, 0.9, 0.9, 0.9, 0.9, 0.9]);
  const asker = new Asker(b);
  expect(() => asker.ask({ payload: bodyOf(5) })).toThrow("expected one reply");
  expect(b.handled).toHaveLength(1);
  b.receive(asker.last);
  expect(told(b.sent[0].bytes).line).toBe("2.04");
  expect(b.handled).toHaveLength(1);
  expect(b.layer.counters).toMatchObject({ droppedDown: 1, duplicateRequests: 1 });
});

describe("duplicateDown", () => {
  it("the copy comes a little later, and with a deadline", () => {
    const b = faulty({ duplicateDown: always });
    b.receive(ping, 1000);
    expect(b.sent).toHaveLength(1);
    expect(b.layer.deadline).toBe(1000 + duplicateAfter);
    b.poll(1000 + duplicateAfter - 1);
    expect(b.sent).toHaveLength(1);
    b.poll(1000 + duplicateAfter);
    expect(b.sent).toHaveLength(2);
    expect(b.sent[1].bytes).toEqual(b.sent[0].bytes);
    expect([b.layer.deadline, b.layer.counters.duplicatedDown]).toEqual([Infinity, 1]);
  });

  it("does not hold up the next answer", () => {
    const b = faulty({ duplicateDown: always });
    const asker = new Asker(b);
    asker.ask({}, 0);
    expect(told(b.sent[0].bytes).message.messageId).toBe(1);
    asker.ask({}, 10);
    b.poll(1000);
    expect(b.sent.map(({ bytes }) => told(bytes).message.messageId)).toEqual([1, 2, 1, 2]);
  });
});

describe("delayDown", () => {
  it("all that is sent leaves so much later, in its order", () => {
    const b = faulty({ delayDown: 500 });
    const ids = [1, 2, 3].map((n) => Buffer.from(`4000000${n}`, "hex"));
    b.receive(ids[0], 0);
    b.receive(ids[1], 0);
    b.receive(ids[2], 100);
    expect(b.layer.deadline).toBe(500);
    b.poll(499);
    expect(b.sent).toEqual([]);
    b.poll(500);
    b.poll(600);
    expect(b.sent.map(({ bytes, at }) => [bytes[3], at])).toEqual([
      [1, 500],
      [2, 500],
      [3, 600],
    ]);
    expect(b.layer.counters.delayedDown).toBe(3);
  });

  it("what is due leaves before the next datagram is looked at", () => {
    const b = faulty({ delayDown: 500 });
    b.receive(Buffer.from("40000001", "hex"), 0);
    b.layer.faults = noFaults;
    b.receive(Buffer.from("40000002", "hex"), 700);
    expect(b.sent.map(({ bytes }) => bytes[3])).toEqual([1, 2]);
  });

  it("made shorter, or switched off, lets nothing overtake what waits", () => {
    const b = faulty({ delayDown: 500 });
    b.receive(Buffer.from("40000001", "hex"), 0);
    b.layer.faults = { ...noFaults, delayDown: 10 };
    b.receive(Buffer.from("40000002", "hex"), 1);
    b.layer.faults = noFaults;
    b.receive(Buffer.from("40000003", "hex"), 2);
    b.poll(499);
    expect(b.sent).toEqual([]);
    b.poll(500);
    expect(b.sent.map(({ bytes }) => bytes[3])).toEqual([1, 2, 3]);
    b.receive(Buffer.from("40000004", "hex"), 501);
    expect(b.sent).toHaveLength(4);
  });

  it("is for copies too: each so much after its original", () => {
    const b = faulty({ delayDown: 500, duplicateDown: always });
    b.receive(ping, 0);
    b.poll(500);
    expect(b.sent).toHaveLength(1);
    b.poll(500 + duplicateAfter);
    expect(b.sent).toHaveLength(2);
  });

  it("what finds no room to wait is lost and counted", () => {
    const b = layerRig({ limits: { departures: 3 } });
    b.layer.faults = { ...noFaults, delayDown: 500, duplicateDown: 1 };
    for (const n of [1, 2, 3]) b.receive(Buffer.from(`4000000${n}`, "hex"), 0);
    expect(b.layer.held.departures).toBe(3);
    expect(b.layer.counters).toMatchObject({ delayedDown: 2, duplicatedDown: 1, overflowDown: 2 });
    b.poll(10_000);
    expect(b.sent.map(({ bytes }) => bytes[3])).toEqual([1, 2, 1]);
  });

  it("a peer that answers from within the sending finds everything in order", () => {
    const order: number[] = [];
    const b = layerRig({
      transmit(bytes) {
        order.push(bytes[3]);
        if (bytes[3] === 1) b.receive(Buffer.from("40000003", "hex"), 500);
      },
    });
    b.layer.faults = { ...noFaults, delayDown: 500 };
    b.receive(Buffer.from("40000001", "hex"), 0);
    b.receive(Buffer.from("40000002", "hex"), 0);
    b.poll(500);
    b.poll(1000);
    expect(order).toEqual([1, 2, 3]);
  });
});

describe("serverError", () => {
  it("5.00 without a word, nothing handled, and the same again for a retransmission", () => {
    const b = faulty({ serverError: 0.5 }, [0.9, 0.1, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9]);
    const asker = new Asker(b);
    const { line, message } = asker.ask({ payload: bodyOf(5) });
    expect([line, message.options]).toEqual(["5.00", []]);
    b.receive(asker.last);
    expect(b.sent[1].bytes).toEqual(b.sent[0].bytes);
    expect(b.handled).toEqual([]);
    expect(b.layer.counters.serverErrors).toBe(1);
    expect(b.events[0]).toMatchObject({
      type: "request-refused",
      code: 0xa0,
      reason: "a fault made on purpose",
    });
    expect(asker.ask({}).line).toBe("5.00");
  });

  it("a block that it hits is not taken, and may come again", () => {
    const b = faulty({ serverError: 0.5 }, [0.9, 0.9, 0.9, 0.9, 0.9, 0.1, 0.9, 0.9, ...Array(8).fill(0.9)]);
    const asker = new Asker(b);
    const body = bodyOf(30);
    const last = { up: "1/0/16", payload: body.subarray(16) };
    expect(asker.ask({ up: "0/1/16", payload: body.subarray(0, 16) }).line).toBe("2.31 1:0/1/16");
    expect(asker.ask(last).line).toBe("5.00");
    expect(asker.ask(last).line).toBe("2.04 1:1/0/16");
    expect(Buffer.compare(b.handled[0].payload, body)).toBe(0);
  });

  it("pings and what is malformed are not requests", () => {
    const b = faulty({ serverError: always });
    b.receive(ping);
    b.receive(Buffer.from("40011234ff", "hex"));
    expect(b.sent.map(({ bytes }) => Buffer.from(bytes).toString("hex"))).toEqual(["70001234", "70001234"]);
    expect(b.layer.counters.serverErrors).toBe(0);
  });
});

describe("the setting", () => {
  it("is read as a copy and set as a whole", () => {
    const b = faulty({ dropUp: 0.25 });
    b.layer.faults.dropUp = 1;
    expect(b.layer.faults).toEqual({ ...noFaults, dropUp: 0.25 });
  });

  test.each<[Partial<Faults>, string]>([
    [{ dropUp: -0.1 }, "dropUp: expected a probability from 0 to 1, got -0.1"],
    [{ dropDown: 1.1 }, "dropDown: expected a probability from 0 to 1, got 1.1"],
    [{ duplicateDown: Number.NaN }, "duplicateDown: expected a probability from 0 to 1, got NaN"],
    [{ serverError: Infinity }, "serverError: expected a probability from 0 to 1, got Infinity"],
    [{ delayDown: -1 }, "delayDown: expected ms from 0 to 600000, got -1"],
    [{ delayDown: Number.NaN }, "delayDown: expected ms from 0 to 600000, got NaN"],
    [{ delayDown: 600_001 }, "delayDown: expected ms from 0 to 600000, got 600001"],
  ])("%j: a RangeError, and the former faults stay", (faults, reason) => {
    const b = faulty({ dropUp: 0.25 });
    expect(() => (b.layer.faults = { ...noFaults, ...faults })).toThrow(new RangeError(`faults, ${reason}`));
    expect(b.layer.faults.dropUp).toBe(0.25);
  });

  it("carries nothing that is no fault", () => {
    expect(checkFaults({ ...noFaults, other: 1 } as Faults)).toEqual(noFaults);
  });
});

it("two runs of one seed are alike to the last datagram, and another seed's is not", () => {
  const run = (seed: string): string[] => {
    const random = new Random(seed);
    const b = layerRig({ random: () => random.next() });
    b.layer.faults = { dropUp: 0.2, dropDown: 0.2, duplicateDown: 0.3, delayDown: 30, serverError: 0.2 };
    for (let n = 0; n < 300; n++)
      b.receive(Buffer.from(`4002${n.toString(16).padStart(4, "0")}`, "hex"), 10 * n);
    b.poll(100_000);
    return b.sent.map(({ bytes, at }) => `${at} ${Buffer.from(bytes).toString("hex")}`);
  };
  expect(run("one")).toEqual(run("one"));
  expect(run("one")).not.toEqual(run("two"));
});

it("departures leave in the order of their times, originals in that of their coming", () => {
  const step = fc.record({ wait: fc.nat(50), delay: fc.nat(200), copy: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
      const departures = new Departures(20);
      let now = 0;
      let waiting = 0;
      const left: { n: number; copy: boolean }[] = [];
      const take = (): void => {
        for (let next = departures.take(now); next !== undefined; next = departures.take(now)) {
          waiting -= 1;
          left.push({ n: next.datagram[0], copy: steps[next.datagram[0]].copy });
        }
        expect(departures.deadline).toBeGreaterThan(now);
        expect(departures.size).toBe(waiting);
      };
      steps.forEach(({ wait, delay, copy }, n) => {
        now += wait;
        take();
        const taken = departures.add(Uint8Array.of(n), demoPeer, now + delay, copy);
        expect(taken).toBe(waiting < 20);
        if (taken) waiting += 1;
      });
      now += 1_000_000;
      take();
      const originals = left.filter(({ copy }) => !copy).map(({ n }) => n);
      expect(originals).toEqual([...originals].sort((a, b) => a - b));
      expect([departures.deadline, departures.clear]).toEqual([Infinity, true]);
    }),
    { seed: 50, numRuns: runs(500) },
  );
});
