import { describe, expect, it, test } from "vitest";
import { AgentRig } from "../device/rig";
import type { Completion } from "../../../firmware/device/application";

const minute = 60_000;
const hour = 60 * minute;
const epoch = 1_700_000_000_000;

/** An idle agent: online, its first reading acknowledged. */
function resting(options: ConstructorParameters<typeof AgentRig>[0] = {}): AgentRig {
  const rig = new AgentRig(options);
  rig.agent.setTime(epoch, 0);
  rig.wait(minute);
  rig.server.seen.length = 0;
  return rig;
}
const last = (rig: AgentRig): unknown => JSON.parse(rig.server.seen.at(-1)!.payload);

describe("what an application sends by itself", () => {
  const rows: [what: string, topic: string, send: (rig: AgentRig) => void, params: unknown][] = [
    [
      "an event, with its time",
      "thing/event/alarm/post",
      ({ device }) => device.postEvent("alarm", { level: 3 }),
      { events: { level: 3 }, time: epoch + minute },
    ],
    [
      "attributes",
      "thing/attribute/update",
      ({ device }) => device.updateAttributes({ floor: 3, label: "größe" }),
      { attributes: { floor: 3, label: "größe" } },
    ],
    [
      "a question",
      "thing/attribute/query",
      ({ device }) => device.queryAttributes(["floor"], () => {}),
      { attributes: ["floor"] },
    ],
    [
      "a deletion",
      "thing/attribute/delete",
      ({ device }) => device.deleteAttributes(["floor"]),
      { attributes: ["floor"] },
    ],
    [
      "tags",
      "thing/tag/update",
      ({ device }) => device.updateTags({ site: "A", rack: "7" }),
      [
        { tagKey: "site", tagValue: "A" },
        { tagKey: "rack", tagValue: "7" },
      ],
    ],
    ["a question for tags", "thing/tag/query", ({ device }) => device.queryTags([], () => {}), { tags: [] }],
    ["tags to be gone", "thing/tag/delete", ({ device }) => device.deleteTags(["site"]), { tags: ["site"] }],
    [
      "its firmware",
      "ota/device/inform",
      ({ device }) => device.informFirmware("1.2.3"),
      { version: "1.2.3" },
    ],
  ];
  test.each(rows)("%s goes to %s at once, in EnOS's envelope", (_what, topic, send, params) => {
    const rig = resting();
    send(rig);
    expect(rig.wakes).toBe(1);
    rig.wait(minute);
    expect(rig.server.lines).toEqual([`POST …${topic}`]);
    expect(last(rig)).toEqual({
      id: expect.stringMatching(/^\d+$/) as string,
      version: "1.0",
      method: topic.replaceAll("/", "."),
      params,
    });
    expect(rig.server.seen[0].format).toBe(50);
    expect(rig.agent.totals).toMatchObject({ taken: 1, acknowledged: 1, messages: 1 });
    expect(rig.agent.waiting).toBe(0);
  });

  it("a reading in between", () => {
    const rig = resting({ format: "json" });
    rig.device.report({ n: 77 });
    rig.wait(minute);
    expect(last(rig)).toMatchObject({ params: { measurepoints: { n: 77 }, time: epoch + minute } });
    expect(rig.agent.totals).toMatchObject({ taken: 2, acknowledged: 2 });
  });

  it("what EnOS answered comes back, and when", () => {
    const rig = resting();
    rig.server.script = (request, server) => {
      server.answer(request);
      return { code: "2.04", payload: JSON.stringify({ id: "1", code: 200, data: { floor: 3 } }) };
    };
    const heard: Completion[] = [];
    rig.device.queryAttributes(["floor"], (how) => heard.push(how));
    rig.wait(minute);
    expect(heard).toEqual([{ kind: "accepted", data: { floor: 3 } }]);
  });

  it("EnOS's refusal comes back with its code", () => {
    const rig = resting();
    rig.server.script = (request, server) => {
      server.answer(request);
      return { code: "2.04", payload: JSON.stringify({ id: "1", code: 1208, data: {} }) };
    };
    const heard: Completion[] = [];
    rig.device.queryAttributes(["nope"], (how) => heard.push(how));
    rig.wait(minute);
    expect(heard).toEqual([{ kind: "refused", reason: "enos-code=1208", enosCode: 1208 }]);
    expect(rig.agent.totals).toMatchObject({ refused: 0, messages: 0 });
  });

  test.each([
    [
      "an event there is not",
      (rig: AgentRig, done: (how: Completion) => void) => rig.device.postEvent("nope", {}, done),
      "nope is no event of this product",
    ],
    [
      "outputs that are wrong",
      (rig: AgentRig, done: (how: Completion) => void) =>
        rig.device.postEvent("alarm", { level: "high" }, done),
      "level takes a number, got a text",
    ],
    [
      "an attribute that is too long",
      (rig: AgentRig, done: (how: Completion) => void) =>
        rig.device.updateAttributes({ label: "123456789" }, done),
      "label takes 8 bytes of UTF-8, got 9",
    ],
  ])("%s is refused before it costs a joule", (_what, send, reason) => {
    const rig = resting();
    const heard: Completion[] = [];
    send(rig, (how) => heard.push(how));
    rig.wait(hour - minute - 1);
    expect(heard).toEqual([{ kind: "refused", reason }]);
    expect(rig.server.lines.every((line) => line.endsWith("up_raw"))).toBe(true);
  });

  it("waits out an outage in its place among the readings", () => {
    const rig = resting({ format: "json" });
    rig.link.broken = true;
    rig.link.ready = false;
    rig.wait(20 * minute);
    rig.device.postEvent("alarm", { level: 1 });
    const at = rig.now;
    rig.wait(hour);
    rig.link.broken = false;
    rig.wait(10 * minute);
    const kinds = rig.server.lines.map((line) => line.replace("POST …thing/", ""));
    const event = kinds.indexOf("event/alarm/post");
    expect(event).toBeGreaterThan(0);
    expect(event).toBeLessThan(kinds.length - 1);
    expect(JSON.parse(rig.server.seen[event].payload)).toMatchObject({ params: { time: epoch + at } });
  });

  it("hears that it made room when the store is full", () => {
    const rig = resting();
    rig.link.broken = true;
    rig.link.ready = false;
    const heard: Completion[] = [];
    rig.device.updateTags({ a: "b" }, (how) => heard.push(how));
    rig.wait(130 * 15 * minute);
    expect(heard).toEqual([{ kind: "dropped" }]);
  });

  it("a callback that throws stops nothing", () => {
    const rig = resting();
    rig.device.updateTags({ a: "b" }, () => {
      throw new Error("mine");
    });
    rig.device.updateTags({ c: "d" });
    rig.wait(minute);
    expect(rig.lines("fault")).toEqual(["fault: in done: mine"]);
    expect(rig.agent.totals.messages).toBe(2);
  });
});

describe("a service that takes its time", () => {
  const service = "thing/service/measure";
  const command = (id: string) => ({ topic: service, payload: JSON.stringify({ id, params: { times: 2 } }) });
  const settled = async (): Promise<void> => {
    for (let i = 0; i < 5; i++) await Promise.resolve();
  };

  it("is answered when it is done, executed once however often it arrives meanwhile", async () => {
    const rig = new AgentRig({ reports: 4, interval: 60 });
    let finish: (value: { code: number; data: { value: number } }) => void = () => {};
    let calls = 0;
    rig.measure = () => {
      calls += 1;
      return new Promise((resolve) => (finish = resolve));
    };
    rig.server.downlinks.push(command("a"));
    rig.wait(50_000);
    rig.server.downlinks.push(command("a"));
    rig.wait(minute);
    expect(rig.server.lines.some((line) => line.endsWith("_reply"))).toBe(false);
    expect([calls, rig.wakes]).toEqual([1, 0]);
    expect(rig.lines("command: ")).toEqual(Array(2).fill(`command: working topic=${service}`));
    finish({ code: 200, data: { value: 1.5 } });
    await settled();
    expect(rig.wakes).toBe(1);
    rig.wait(20_000);
    const reply = rig.server.seen.filter((request) => request.line.endsWith("_reply"));
    expect(reply.map(({ payload }) => JSON.parse(payload))).toEqual([
      { id: "a", code: 200, data: { value: 1.5 } },
    ]);
    rig.server.downlinks.push(command("a"));
    rig.wait(2 * minute);
    expect(rig.server.lines.filter((line) => line.endsWith("_reply"))).toHaveLength(2);
    expect(calls).toBe(1);
  });

  it.each([
    ["is rejected", () => Promise.reject(new Error("no sensor")), 500, "no sensor"],
    ["gives nothing", () => Promise.resolve(undefined as never), 500, "the handler gave no result"],
    [
      "gives outputs that the model does not have",
      () => Promise.resolve({ code: 200, data: { value: "x" } }),
      500,
      "output value takes a number, got a text",
    ],
    ["has a code of its own", () => Promise.resolve({ code: 1042, message: "jammed" }), 1042, "jammed"],
  ])("and %s: the cloud hears why", async (_what, measure, code, message) => {
    const rig = new AgentRig({ reports: 1 });
    rig.measure = measure;
    rig.server.downlinks.push(command("a"));
    rig.wait(minute);
    await settled();
    rig.wait(minute);
    expect(last(rig)).toEqual({ id: "a", code, message, data: {} });
  });

  it("and never ends: it has failed after five minutes, and what it says later changes nothing", async () => {
    const rig = new AgentRig({ reports: 1 });
    let finish: (value: { code: number }) => void = () => {};
    rig.measure = () => new Promise((resolve) => (finish = resolve));
    rig.server.downlinks.push(command("a"));
    rig.wait(10 * minute);
    expect(last(rig)).toEqual({ id: "a", code: 500, message: "no result within 300 s", data: {} });
    const before = rig.server.seen.length;
    finish({ code: 200 });
    await settled();
    rig.wait(hour);
    expect(rig.server.seen).toHaveLength(before);
    expect(rig.agent.deadline).toBe(Infinity);
  });

  it("sixteen at a time: one more is left for EnOS to send again", () => {
    const rig = new AgentRig({ reports: 0, interval: 60 });
    rig.measure = () => new Promise(() => {});
    for (let id = 0; id < 17; id++) rig.server.downlinks.push(command(String(id)));
    rig.wait(4 * minute);
    expect(rig.lines("command: working")).toHaveLength(16);
    expect(rig.lines("command: ignored")[0]).toBe(`command: ignored topic=${service} reason="overload"`);
  });

  it.each([
    ["an input that is missing", {}, "times has to be there"],
    ["an input of another type", { times: "2" }, "times takes a number, got a text"],
    ["an input there is not", { times: 2, more: 1 }, "more is no field of the model"],
  ])("%s: refused without a call", (_what, params, message) => {
    const rig = new AgentRig({ reports: 1 });
    let calls = 0;
    rig.measure = () => ({ code: ++calls });
    rig.server.downlinks.push({ topic: service, payload: JSON.stringify({ id: "a", params }) });
    rig.wait(minute);
    expect(last(rig)).toMatchObject({ id: "a", message });
    expect(calls).toBe(0);
  });
});

describe("what no JSON can state", () => {
  const cycle: Record<string, unknown> = {};
  cycle["self"] = cycle;
  it.each([
    ["a BigInt", { a: 1n as unknown as string }],
    ["a cycle", cycle as Record<string, string>],
  ])("%s is refused at once, and keeps no reading back", (_what, tags) => {
    const rig = resting();
    const heard: Completion[] = [];
    rig.device.updateTags(tags, (how) => heard.push(how));
    expect(heard).toEqual([{ kind: "refused", reason: "cannot be stated in JSON" }]);
    rig.wait(20 * minute);
    expect(rig.agent.totals).toMatchObject({ taken: 2, acknowledged: 2 });
  });

  it.each(["raw", "compact", "json"] as const)(
    "values that fail when they are looked at go alone, %s",
    (format) => {
      const rig = new AgentRig({ format, batch: 3, reports: 3, interval: 60 });
      rig.agent.setTime(epoch, 0);
      const bad = {
        get n(): number {
          throw new Error("mine");
        },
      };
      rig.sample = () => (rig.samples === 2 ? bad : { n: rig.samples });
      rig.wait(10 * minute);
      expect(rig.agent.totals).toMatchObject({ taken: 3, acknowledged: 2, refused: 1 });
      expect(rig.lines("report: refused")[0]).toContain("fault mine");
      expect(rig.agent.waiting).toBe(0);
    },
  );

  it("values that are none lose their reading, told, and no other", () => {
    const rig = new AgentRig({ format: "json", reports: 0, interval: 60 });
    rig.sample = () => (rig.samples === 2 ? undefined! : { n: rig.samples });
    rig.wait(3 * minute - 1);
    expect(rig.lines("report: missed")).toEqual(['report: missed count=1 reason="no values"']);
    expect(rig.agent.totals).toMatchObject({ taken: 2, acknowledged: 2 });
    expect(() => rig.device.report(null!)).toThrow(TypeError);
  });
});
