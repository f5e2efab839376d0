import { describe, expect, it } from "vitest";
import { Bench, server, summary } from "./rig";
import { code } from "../../../host-sim/tools/fuzz/peer";
import type { Fields } from "../../../host-sim/tools/fuzz/peer";

const changed = code("2.04");
const silence = 300_000;

/** The answers a server may give to the request that was sent last. */
const piggybacked = (bench: Bench, over: Partial<Fields> = {}): Fields => {
  const { messageId, token } = bench.last.fields;
  return { type: 2, code: changed, messageId, token, payload: "aa", ...over };
};
const separate = (bench: Bench, over: Partial<Fields> = {}): Fields =>
  piggybacked(bench, { type: 0, messageId: 0x7777, ...over });

describe("duplicates", () => {
  it("of a CON response are acknowledged each time and delivered once", () => {
    const bench = new Bench();
    const { completed } = bench.post();
    const response = separate(bench);
    for (let i = 0; i < 3; i++) bench.receive(response);
    expect(bench.sent.slice(1).map((sent) => sent.bytes)).toEqual(["60007777", "60007777", "60007777"]);
    expect(summary(completed)).toEqual(["2.04 aa"]);
    expect(bench.discarded).toEqual(["duplicate", "duplicate"]);
  });

  it("of a CON response are told from a new request's, and from another server's", () => {
    const bench = new Bench();
    bench.post();
    const first = separate(bench);
    bench.receive(first);
    const { completed } = bench.post();
    const second = separate(bench, { messageId: 0x7778 });
    bench.receive(first);
    expect(completed).toEqual([]);
    bench.receive(first, { ...server, port: 7 });
    expect(bench.last).toMatchObject({ bytes: "70007777", port: 7 });
    bench.receive(second);
    expect(summary(completed)).toEqual(["2.04 aa"]);
  });

  it("of a NON response are dropped in silence; sent as CON they are acknowledged", () => {
    const bench = new Bench();
    const { completed } = bench.post();
    const response = separate(bench, { type: 1 });
    bench.receive(response);
    bench.receive(response);
    expect(bench.sent).toHaveLength(1);
    bench.receive({ ...response, type: 0 });
    expect(bench.last.bytes).toBe("60007777");
    expect(completed).toHaveLength(1);
  });

  it("of a CON response are known even after a flood of pings", () => {
    const bench = new Bench();
    bench.post();
    const response = separate(bench);
    bench.receive(response);
    for (let i = 0; i < 50; i++) bench.receive({ type: 0, code: 0, messageId: i });
    bench.receive(response);
    expect(bench.last.bytes).toBe("60007777");
  });

  it("are forgotten after EXCHANGE_LIFETIME, 247 s, when the id may be another message's", () => {
    const bench = new Bench();
    bench.post();
    bench.receive(separate(bench));
    bench.wait(246_999);
    const { completed } = bench.post();
    const response = separate(bench);
    bench.receive(response);
    expect(completed).toEqual([]);
    bench.wait(1);
    bench.receive(response);
    expect(summary(completed)).toEqual(["2.04 aa"]);
  });

  it("of an ACK are dropped", () => {
    const bench = new Bench();
    const { completed } = bench.post();
    const answer = piggybacked(bench);
    bench.receive(answer);
    bench.receive(answer);
    expect(summary(completed)).toEqual(["2.04 aa"]);
    expect(bench.discarded).toEqual(["unexpected"]);
  });

  it("late: a response after the time-out is rejected with RST and not delivered", () => {
    const bench = new Bench();
    const { completed } = bench.post();
    const [late, ack] = [separate(bench), piggybacked(bench)];
    bench.wait(silence);
    bench.receive(ack);
    expect(bench.last.fields.type).toBe(0);
    bench.receive(late);
    expect(bench.last.bytes).toBe("70007777");
    expect(summary(completed)).toEqual(["timeout"]);
  });
});
