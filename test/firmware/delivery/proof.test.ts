/**
 * Who sealed an upload with proof believes the script's own answer to it, and nobody else's; and what a product that
 * seals without proof concludes from a server that opens none of its envelopes.
 */
import { describe, expect, it, test } from "vitest";
import { AgentRig } from "../device/rig";
import { SealedEnos, idOf, openUpload, prove, sealingFor } from "../device/sealed-enos";
import type { AgentOptions } from "../../../firmware/device/agent";
import type { Answer, Seen } from "../enos/fake-enos";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const epoch = Date.UTC(2026, 0, 1);

const isUpload = ({ line }: Seen): boolean => line.endsWith("/up_raw");
const envelopeOf = ({ bytes }: Seen) => openUpload(Buffer.from(bytes, "hex"))!;

function rigOf(proof: boolean, options: Partial<AgentOptions> = {}) {
  const server = new SealedEnos(proof);
  const rig = new AgentRig({ sealing: sealingFor(proof), ...options }, server);
  rig.agent.setTime(epoch, 0);
  return { rig, server };
}

/** Uploads are answered so, whatever the script says. */
function forge(server: SealedEnos, answer: (request: Seen) => Answer | "default"): void {
  server.script = (request) => (isUpload(request) ? answer(request) : "default");
}

/** Answers that somebody without the key may give, or a script that proves nothing. */
const unproven: [what: string, answer: (request: Seen) => Answer][] = [
  ["2.04 alone", () => ({ code: "2.04" })],
  ["2.04 with the plain answer", (request) => ({ code: "2.04", payload: plainAnswer(request, 200) })],
  ["2.04 with EnOS's JSON", () => ({ code: "2.04", payload: '{"id":"1","code":200,"data":{}}' })],
  ["2.04 with EnOS's refusal", () => ({ code: "2.04", payload: '{"id":"1","code":1204,"data":{}}' })],
  ["2.04 with the plain refusal", (request) => ({ code: "2.04", payload: plainAnswer(request, 1204) })],
  ["a wrong proof", (request) => ({ code: "2.04", payload: changed(proofOf(request, 200), 13) })],
  [
    "another code under the proof",
    (request) => ({ code: "2.04", payload: changed(proofOf(request, 200), 5) }),
  ],
  ["another id under the proof", (request) => ({ code: "2.04", payload: changed(proofOf(request, 200), 3) })],
  ["half a proof", (request) => ({ code: "2.04", payload: proofOf(request, 200).subarray(0, 10) })],
  [
    "a proof with a byte more",
    (request) => ({ code: "2.04", payload: Buffer.concat([proofOf(request, 200), Buffer.of(0)]) }),
  ],
  ["4.00", () => ({ code: "4.00" })],
  ["4.04", () => ({ code: "4.04" })],
  ["4.13", () => ({ code: "4.13" })],
  ["4.00 with a proof", (request) => ({ code: "4.00", payload: proofOf(request, 1204) })],
  ["5.00", () => ({ code: "5.00" })],
];

function plainAnswer(request: Seen, code: number): Buffer {
  return proofOf(request, code).subarray(0, 6);
}
function proofOf(request: Seen, code: number): Buffer {
  const envelope = envelopeOf(request);
  return prove(idOf(envelope), code, envelope);
}
function changed(bytes: Buffer, at: number): Buffer {
  bytes[at] ^= 1;
  return bytes;
}

const nothingLost = { refused: 0, dropped: 0 };

describe.each(unproven)("with proof, %s", (_what, answer) => {
  it("releases no reading and gives none up: it is sent again with growing pauses, until one is proven", () => {
    const { rig, server } = rigOf(true, { reports: 1 });
    forge(server, answer);
    rig.wait(2 * day);
    expect(rig.agent.waiting).toBe(1);
    expect(rig.agent.totals).toMatchObject({ taken: 1, acknowledged: 0, ...nothingLost });
    const pauses = rig.lines("report: kept").map((line) => Number(/retry=(\d+)s/.exec(line)![1]));
    expect(pauses.length).toBeGreaterThan(20);
    expect(Math.max(...pauses.slice(0, 2))).toBeLessThan(120);
    // An hour, with a spread.
    expect(Math.min(...pauses.slice(-5))).toBeGreaterThan(1_700);
    server.script = () => "default";
    rig.wait(2 * hour);
    expect(rig.agent.waiting).toBe(0);
    expect(rig.agent.totals).toMatchObject({ taken: 1, acknowledged: 1, ...nothingLost });
  });

  it("keeps a batch, an event and attributes as well, and those behind them", () => {
    const { rig, server } = rigOf(true, { reports: 9, batch: 4 });
    const told: unknown[] = [];
    forge(server, answer);
    rig.wait(minute);
    rig.device.postEvent("alarm", { level: 1 }, (how) => void told.push(how));
    rig.device.updateAttributes({ floor: 1 }, (how) => void told.push(how));
    rig.wait(day);
    expect(told).toEqual([]);
    expect(rig.agent.waiting).toBe(11);
    server.script = () => "default";
    rig.wait(day);
    expect(rig.agent.waiting).toBe(0);
    expect(told).toEqual(Array(2).fill({ kind: "accepted", data: {} }));
    expect(rig.agent.totals).toMatchObject({ taken: 9, acknowledged: 9, messages: 2, ...nothingLost });
  });

  it("to one of two does not lose it when the other is proven in the same session", () => {
    const { rig, server } = rigOf(true, { reports: 40 });
    let victim: number | undefined;
    forge(server, (request) => {
      victim ??= idOf(envelopeOf(request));
      return idOf(envelopeOf(request)) === victim ? answer(request) : "default";
    });
    rig.wait(day);
    expect(rig.agent.totals).toMatchObject({ taken: 40, acknowledged: 39, ...nothingLost });
    expect(rig.agent.waiting).toBe(1);
    server.script = () => "default";
    rig.wait(3 * hour);
    expect(rig.agent.totals).toMatchObject({ acknowledged: 40, ...nothingLost });
  });
});

describe("with proof", () => {
  it("the same answers do release, or give up, what is sealed without it: this is what the proof is for", () => {
    const fates = unproven.map(([what, answer]) => {
      const { rig, server } = rigOf(false, { reports: 40 });
      let victim: number | undefined;
      forge(server, (request) => {
        victim ??= idOf(envelopeOf(request));
        return idOf(envelopeOf(request)) === victim ? answer(request) : "default";
      });
      rig.wait(day);
      const { refused } = rig.agent.totals;
      return `${what}: ${rig.agent.waiting > 0 ? "waits" : refused > 0 ? "given up" : "released"}`;
    });
    expect(fates).toEqual([
      "2.04 alone: released",
      "2.04 with the plain answer: released",
      "2.04 with EnOS's JSON: released",
      "2.04 with EnOS's refusal: waits",
      "2.04 with the plain refusal: given up",
      "a wrong proof: released",
      "another code under the proof: waits",
      "another id under the proof: waits",
      "half a proof: waits",
      "a proof with a byte more: waits",
      "4.00: given up",
      "4.04: waits",
      "4.13: given up",
      "4.00 with a proof: given up",
      "5.00: waits",
    ]);
  });

  it("the proof of an earlier envelope with the same reading is none of the one that is asked for", () => {
    const { rig, server } = rigOf(true, { reports: 1 });
    let first: Seen | undefined;
    forge(server, (request) => ({ code: "2.04", payload: proofOf((first ??= request), 200) }));
    server.script = ((forged) => (request, enos) => {
      if (isUpload(request) && first === undefined) {
        first = request;
        return "silence";
      }
      return forged(request, enos);
    })(server.script);
    rig.wait(30_000);
    // The device's retransmission is the same envelope: its proof counts.
    expect(rig.agent.totals.acknowledged).toBe(1);

    const again = rigOf(true, { reports: 1 });
    first = undefined;
    forge(again.server, (request) => {
      if (first !== undefined) return { code: "2.04", payload: proofOf(first, 200) };
      first = request;
      return { code: "5.00" };
    });
    again.rig.wait(hour);
    expect(again.rig.agent.totals).toMatchObject({ acknowledged: 0, ...nothingLost });
    expect(again.rig.lines("report: kept").at(-1)).toContain('reason="unproven"');
  });

  it("a refusal is not believed even with a proof, which somebody between two devices can have made for another's", () => {
    const { rig, server } = rigOf(true, { reports: 9, batch: 4 });
    server.codeOf = ({ plain }) => (plain.slice(10).includes("00000007") ? 1204 : 200);
    rig.wait(day);
    expect(rig.agent.totals).toMatchObject({ taken: 9, acknowledged: 8, ...nothingLost });
    expect(rig.lines("report: apart")[0]).toContain('reason="unproven enos-code=1204"');
    server.codeOf = () => 200;
    rig.wait(2 * hour);
    expect(rig.agent.totals).toMatchObject({ acknowledged: 9, ...nothingLost });
  });

  it.each([
    ["2.04", { code: "2.04" }],
    ["4.00", { code: "4.00" }],
  ])(
    "one reading to which all answer %s holds none of the others up, and costs a request behind each",
    (_what, answer) => {
      const { rig, server } = rigOf(true, { reports: 96 });
      const isBad = (request: Seen): boolean => envelopeOf(request).plain.endsWith("00000005");
      forge(server, (request) => (isBad(request) ? answer : "default"));
      rig.wait(day + hour);
      expect(rig.agent.totals).toMatchObject({ taken: 96, acknowledged: 95, ...nothingLost });
      const after = rig.lines("report: acknowledged").map((line) => Number(/after=([\d.]+)s/.exec(line)![1]));
      expect(Math.max(...after)).toBeLessThan(30);
      // Six of them while its pauses still grow.
      expect(server.seen.filter((request) => isUpload(request) && isBad(request)).length).toBeLessThan(
        96 * 2 + 12,
      );
      expect(rig.agent.waiting).toBe(1);
    },
  );

  it("the log says why, and of a message what it was", () => {
    const { rig, server } = rigOf(true, { reports: 1 });
    forge(server, () => ({ code: "2.04" }));
    rig.wait(minute);
    rig.device.postEvent("alarm", { level: 1 });
    rig.wait(10 * minute);
    expect(rig.lines("report: kept")[0]).toMatch(/^report: kept id=\d+ reason="unproven" retry=/);
    expect(rig.lines("message: kept")[0]).toMatch(
      /^message: kept id=\d+ topic=thing\/event\/alarm\/post reason="unproven" retry=/,
    );
    forge(server, () => ({ code: "4.13" }));
    rig.wait(3 * hour);
    expect(rig.log.join("\n")).toContain('reason="unproven rejected 4.13 too-large"');
  });

  it("a batch that no answer proves goes apart at its third try, so that one of them does not stop the others", () => {
    const { rig, server } = rigOf(true, { reports: 9, batch: 4 });
    // The script fails at one reading, and EnOS says 4.00 of whatever has it.
    forge(server, (request) =>
      envelopeOf(request).plain.slice(10).includes("00000008") ? { code: "4.00" } : "default",
    );
    rig.wait(day);
    expect(rig.lines("report: apart")).toHaveLength(1);
    expect(rig.lines("report: apart")[0]).toContain('reason="unproven rejected 4.00 illegal-payload"');
    expect(rig.agent.totals).toMatchObject({ taken: 9, acknowledged: 8, ...nothingLost });
    expect(rig.agent.waiting).toBe(1);
  });

  it("refusals of different uploads have the session begin anew", () => {
    const { rig, server } = rigOf(true, { reports: 4 });
    forge(server, () => ({ code: "4.00" }));
    rig.wait(2 * hour);
    expect(rig.lines("session: authenticating").length).toBeGreaterThan(1);
    expect(rig.agent.totals).toMatchObject({ taken: 4, acknowledged: 0, ...nothingLost });
  });

  it("a plain question that is answered gives up no envelope that was refused in its session", () => {
    const { rig, server } = rigOf(true, { reports: 3 });
    forge(server, () => ({ code: "4.00" }));
    rig.wait(hour);
    rig.device.queryTags([], () => {});
    rig.wait(hour);
    expect(server.lines.some((line) => line.endsWith("tag/query"))).toBe(true);
    expect(rig.agent.totals).toMatchObject({ taken: 3, ...nothingLost });
    expect(rig.agent.waiting).toBe(3);
  });
});

describe("without proof, a server whose script opens nothing, as it has other keys or none", () => {
  test.each([
    ["4.00", { code: "4.00" }],
    ["EnOS's own refusal", { code: "2.04", payload: '{"id":"1","code":1220,"data":{}}' }],
  ] as const)("and says %s: readings wait, whatever else the session takes", (_what, answer) => {
    const { rig, server } = rigOf(false, { reports: 30 });
    forge(server, () => answer);
    for (let i = 0; i < 8; i++) {
      rig.wait(hour);
      rig.device.queryTags([], () => {});
      rig.device.informFirmware("1.0");
    }
    expect(server.lines.filter((line) => line.endsWith("tag/query")).length).toBeGreaterThan(3);
    expect(rig.agent.totals).toMatchObject({ taken: 30, acknowledged: 0, ...nothingLost });
    // The script gets its keys.
    server.script = () => "default";
    rig.wait(day);
    expect(rig.agent.totals).toMatchObject({ taken: 30, acknowledged: 30, ...nothingLost });
  });

  it("one reading that it refuses while it opens others is given up", () => {
    const { rig, server } = rigOf(false, { reports: 12 });
    forge(server, (request) =>
      envelopeOf(request).plain.endsWith("00000003") ? { code: "4.00" } : "default",
    );
    rig.wait(6 * hour);
    expect(rig.agent.totals).toMatchObject({ taken: 12, acknowledged: 11, refused: 1, dropped: 0 });
  });

  it("an answer that is proven all the same is read", () => {
    const { rig, server } = rigOf(false, { reports: 1 });
    forge(server, (request) => ({ code: "2.04", payload: proofOf(request, 200) }));
    rig.wait(hour);
    expect(rig.agent.totals.acknowledged).toBe(1);
  });
});
