import { describe, expect, it } from "vitest";
import { Rig, server, summary } from "./rig";
import { code } from "../../../host-sim/tools/fuzz/peer";
import type { Fields } from "../../../host-sim/tools/fuzz/peer";

const changed = code("2.04");
const silence = 300_000;

/** The answers a server may give to the request that was sent last. */
const piggybacked = (rig: Rig, over: Partial<Fields> = {}): Fields => {
  const { messageId, token } = rig.last.fields;
  return { type: 2, code: changed, messageId, token, payload: "aa", ...over };
};
const separate = (rig: Rig, over: Partial<Fields> = {}): Fields =>
  piggybacked(rig, { type: 0, messageId: 0x7777, ...over });

describe("duplicates", () => {
  it("of a CON response are acknowledged each time and delivered once", () => {
    const rig = new Rig();
    const { completed } = rig.post();
    const response = separate(rig);
    for (let i = 0; i < 3; i++) rig.receive(response);
    expect(rig.sent.slice(1).map((sent) => sent.bytes)).toEqual(["60007777", "60007777", "60007777"]);
    expect(summary(completed)).toEqual(["2.04 aa"]);
    expect(rig.discarded).toEqual(["duplicate", "duplicate"]);
  });

  it("of a CON response are told from a new request's, and from another server's", () => {
    const rig = new Rig();
    rig.post();
    const first = separate(rig);
    rig.receive(first);
    const { completed } = rig.post();
    const second = separate(rig, { messageId: 0x7778 });
    rig.receive(first);
    expect(completed).toEqual([]);
    rig.receive(first, { ...server, port: 7 });
    expect(rig.last).toMatchObject({ bytes: "70007777", port: 7 });
    rig.receive(second);
    expect(summary(completed)).toEqual(["2.04 aa"]);
  });

  it("of a NON response are dropped in silence; sent as CON they are acknowledged", () => {
    const rig = new Rig();
    const { completed } = rig.post();
    const response = separate(rig, { type: 1 });
    rig.receive(response);
    rig.receive(response);
    expect(rig.sent).toHaveLength(1);
    rig.receive({ ...response, type: 0 });
    expect(rig.last.bytes).toBe("60007777");
    expect(completed).toHaveLength(1);
  });

  it("of a CON response are known even after a flood of pings", () => {
    const rig = new Rig();
    rig.post();
    const response = separate(rig);
    rig.receive(response);
    for (let i = 0; i < 50; i++) rig.receive({ type: 0, code: 0, messageId: i });
    rig.receive(response);
    expect(rig.last.bytes).toBe("60007777");
  });

  it("are forgotten after EXCHANGE_LIFETIME, 247 s, when the id may be another message's", () => {
    const rig = new Rig();
    rig.post();
    rig.receive(separate(rig));
    rig.wait(246_999);
    const { completed } = rig.post();
    const response = separate(rig);
    rig.receive(response);
    expect(completed).toEqual([]);
    rig.wait(1);
    rig.receive(response);
    expect(summary(completed)).toEqual(["2.04 aa"]);
  });

  it("of an ACK are dropped", () => {
    const rig = new Rig();
    const { completed } = rig.post();
    const answer = piggybacked(rig);
    rig.receive(answer);
    rig.receive(answer);
    expect(summary(completed)).toEqual(["2.04 aa"]);
    expect(rig.discarded).toEqual(["unexpected"]);
  });

  it("late: a response after the time-out is rejected with RST and not delivered", () => {
    const rig = new Rig();
    const { completed } = rig.post();
    const [late, ack] = [separate(rig), piggybacked(rig)];
    rig.wait(silence);
    rig.receive(ack);
    expect(rig.last.fields.type).toBe(0);
    rig.receive(late);
    expect(rig.last.bytes).toBe("70007777");
    expect(summary(completed)).toEqual(["timeout"]);
  });
});
