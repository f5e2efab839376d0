/** What a device obeys in a safe start, and what is built in at any other. */
import { describe, expect, it } from "vitest";
import { StartRecord } from "../../../firmware/continuity/start-record";
import { defineThing } from "../../../firmware/model/thing";
import { builtInServiceNames } from "../../../firmware/device/built-in-services";
import { safeApplication } from "../../../firmware/device/safe-start";
import { AgentRig, thing } from "./rig";
import { RetainedRam } from "../continuity/retained-ram";
import type { AgentOptions } from "../../../firmware/device/agent";

const minute = 60_000;
const hour = 60 * minute;

const model = defineThing({
  ...thing,
  services: [
    ...thing.services,
    {
      identifier: "restart",
      number: 19,
      inputs: [{ identifier: "normally", type: "bool", optional: true }],
      outputs: [],
    },
    {
      identifier: "fetch_log",
      number: 20,
      inputs: [{ identifier: "skip", type: "int", optional: true }],
      outputs: [{ identifier: "text", type: "string", maxLength: 1024 }],
    },
  ],
});

function safeRecord(): StartRecord {
  const ram = new RetainedRam();
  for (let n = 0; n < 3; n++) new StartRecord(ram.start("panic"), "panic");
  return new StartRecord(ram.start(), "deep-sleep");
}

/** The answers to JSON commands, and what restarted the board. */
function obeyed(
  options: Partial<AgentOptions>,
  commands: readonly (readonly [service: string, params: unknown])[],
) {
  const restarts: string[] = [];
  const rig = new AgentRig({
    model,
    lifetime: 3_600,
    restart: (cause) => void restarts.push(cause),
    ...options,
  });
  rig.wait(70 * minute);
  rig.server.downlinks.push(
    ...commands.map(([service, params], i) => ({
      topic: `thing/service/${service}`,
      payload: JSON.stringify({ id: String(i + 1), method: `thing.service.${service}`, params }),
    })),
  );
  rig.wait(2 * hour);
  return { rig, restarts };
}

/** Bodies of the answers to commands, in order. */
const answers = ({ server }: AgentRig): unknown[] =>
  server.seen.flatMap(({ line, payload }) =>
    /thing\/service\/.*_reply$/.test(line) ? [JSON.parse(payload) as unknown] : [],
  );

describe("in a safe start", () => {
  const starts = safeRecord();
  const application = safeApplication(model, "1.2.3", starts, builtInServiceNames);

  it("any command but the built-in services is answered with a code of its own and why", () => {
    const { rig } = obeyed(
      { starts, application, reports: -1, keepAlive: true, newestLog: () => "a line\n" },
      [
        ["measurepoint/set", { relay: 1 }],
        ["measurepoint/get", { measurepoints: ["n"] }],
        ["measure", { times: 1 }],
        ["nothing", {}],
        ["fetch_log", { skip: 7 }],
      ],
    );
    const message = "safe start after panic";
    expect(answers(rig)).toEqual([
      { id: "1", code: 240, message, data: {} },
      { id: "2", code: 240, message, data: {} },
      { id: "3", code: 240, message, data: {} },
      { id: "4", code: 404, message: "no service nothing", data: {} },
      { id: "5", code: 200, data: { text: "a line\n" } },
    ]);
    expect(rig.agent.totals.taken).toBe(0);
    expect(rig.samples).toBe(0);
    expect(rig.sets).toEqual([]);
  });

  it("ends by command in its first hour too, but nothing else restarts the board so soon", () => {
    for (const normally of [false, true]) {
      const record = safeRecord();
      const restarts: string[] = [];
      const rig = new AgentRig({
        ...{ model, lifetime: 900, starts: record, application, reports: -1, keepAlive: true },
        restart: (cause) => void restarts.push(cause),
      });
      rig.wait(10 * minute);
      rig.server.downlinks.push({
        topic: "thing/service/restart",
        payload: JSON.stringify({ id: "1", method: "thing.service.restart", params: { normally } }),
      });
      rig.wait(40 * minute);
      expect(answers(rig)).toMatchObject([{ id: "1", code: normally ? 200 : 500 }]);
      expect(restarts).toEqual(normally ? ["command"] : []);
      expect(record.safe).toBe(!normally);
    }
  });

  it("a restart comes after its answer, and normally if that was said", () => {
    for (const normally of [false, true]) {
      const record = safeRecord();
      const { rig, restarts } = obeyed({ starts: record, application, reports: -1, keepAlive: true }, [
        ["restart", normally ? { normally } : {}],
      ]);
      expect(answers(rig)).toEqual([{ id: "1", code: 200, data: {} }]);
      expect(restarts).toEqual(["command"]);
      expect(record.safe).toBe(!normally);
    }
  });

  it("ends after a day, and one more panic has it again", () => {
    const record = safeRecord();
    const restarts: string[] = [];
    const rig = new AgentRig({
      ...{ model, starts: record, application, reports: -1, keepAlive: true },
      restart: (cause) => void restarts.push(cause),
    });
    for (let hours = 0; hours < 24; hours++) {
      rig.wait(hour);
      rig.agent.supervise(rig.now - 1);
      expect(restarts).toEqual([]);
      expect(record.safe).toBe(true);
    }
    rig.agent.supervise(rig.now);
    expect(restarts).toEqual(["safe-start-over"]);
    expect(record).toMatchObject({ safe: false, panics: 2 });
    // It has been in contact all the time.
    expect(rig.lines("session: keep alive").length).toBeGreaterThan(0);
  });
});

describe("at any other start", () => {
  it("the built-in services are obeyed beside the application's", () => {
    const asked: number[][] = [];
    const newestLog = (...numbers: number[]): string => String(asked.push(numbers));
    const { rig, restarts } = obeyed({ newestLog }, [
      ["measure", { times: 1 }],
      ["fetch_log", {}],
      ["fetch_log", { skip: -5 }],
      ["fetch_log", { skip: "x" }],
      ["restart", {}],
    ]);
    expect(answers(rig)).toMatchObject([
      { id: "1", code: 200, data: { value: 7 } },
      { id: "2", code: 200, data: { text: "1" } },
      { id: "3", code: 200, data: { text: "2" } },
      { id: "4", code: 400 },
      { id: "5", code: 200, data: {} },
    ]);
    expect(asked).toEqual([
      [400, 0],
      [400, 0],
    ]);
    expect(restarts).toEqual(["command"]);
    expect(rig.agent.totals.taken).toBeGreaterThan(1);
  });

  it("a restart does not wait for an answer that never arrives", () => {
    const restarts: number[] = [];
    const rig: AgentRig = new AgentRig({ model, restart: () => void restarts.push(rig.now) });
    rig.wait(70 * minute);
    rig.server.downlinks.push({
      topic: "thing/service/restart",
      payload: '{"id":"1","method":"thing.service.restart","params":{}}',
    });
    rig.server.script = ({ line }) => (line.endsWith("_reply") ? "silence" : "default");
    rig.wait(30 * minute);
    expect(restarts).toHaveLength(1);
    expect(restarts[0]).toBeLessThan(80 * minute);
  });

  it("a restart is refused where nothing can do it, as on a PC", () => {
    const { rig } = obeyed({ restart: undefined }, [["restart", {}]]);
    expect(answers(rig)).toMatchObject([{ id: "1", code: 500 }]);
  });

  it("a product whose model does not name them has none", () => {
    const { rig, restarts } = obeyed({ model: thing } as Partial<AgentOptions>, [
      ["restart", {}],
      ["fetch_log", {}],
    ]);
    expect(answers(rig)).toMatchObject([{ code: 404 }, { code: 404 }]);
    expect(restarts).toEqual([]);
  });
});
