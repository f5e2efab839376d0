/** Commands as the device takes them from responses: executed once, answered, and none that ends it. */
import { describe, expect, it } from "vitest";
import { FakeEnos, keys, root } from "../enos/fake-enos";
import { AgentRig } from "./rig";
import type { Answer } from "../enos/fake-enos";

const minute = 60_000;
const hour = 60 * minute;
const auth = `POST /auth/${keys.productKey}/${keys.deviceKey}`;
const up = "POST …thing/model/up_raw";
const down = "thing/model/down_raw";
const set = "thing/service/measurepoint/set";

/** The body in blocks of 512 bytes, one with each request. */
function inBlocks(body: string): () => Answer {
  const size = 512;
  let number = 0;
  return () => {
    const payload = body.slice(size * number, size * (number + 1));
    const more = body.length > size * (number + 1);
    const value = (number << 4) | (more ? 8 : 0) | 5;
    number = more ? number + 1 : 0;
    return { code: "2.05", payload, options: [[23, Uint8Array.of(value >> 8, value & 0xff)]] };
  };
}

describe("JSON that would end a parser which recurses", () => {
  it.each([
    ["arrays", "[".repeat(8_000)],
    ["objects", '{"a":'.repeat(1_600)],
  ])("as a command in blocks, %s: ignored and told, and the device goes on", (_what, body) => {
    const rig = new AgentRig();
    const block = inBlocks(body);
    rig.server.downlinks.push({ topic: set, payload: body });
    rig.server.script = (request, server) => {
      if (!request.line.startsWith("GET ")) return "default";
      server.downlinks.length = 0;
      return block();
    };
    rig.wait(hour - 1);
    expect(rig.server.lines.filter((line) => line.startsWith("GET ")).length).toBeGreaterThan(15);
    expect(rig.lines("command:")).toEqual([`command: ignored topic=${set} reason="too-deep"`]);
    expect(rig.agent.totals).toMatchObject({ taken: 4, acknowledged: 4 });
  });
});

describe("commands", () => {
  it("are executed once, answered each time, and the answer's response may bring the next", () => {
    const rig = new AgentRig({ reports: 1 }, new FakeEnos("tokenless"));
    const command = (id: string, relay: number) => ({
      topic: set,
      payload: JSON.stringify({ id, params: { relay } }),
    });
    rig.server.downlinks.push(command("a", 1), command("a", 1), command("b", 0));
    rig.wait(minute);
    expect(rig.sets).toEqual([{ relay: 1 }, { relay: 0 }]);
    const replies = rig.server.seen.filter((request) => request.line === `POST ${root}/${set}_reply`);
    expect(replies.map((request) => JSON.parse(request.payload))).toEqual(
      ["a", "a", "b"].map((id) => ({ id, code: 200, data: {} })),
    );
    expect(rig.agent.totals).toMatchObject({ commands: 2, repeatedCommands: 1 });
    expect(rig.lines("command: ")).toEqual([
      'command: executed kind=set id="a" code=200',
      'command: answered id="a"',
      'command: repeated kind=set id="a" code=200',
      'command: answered id="a"',
      'command: executed kind=set id="b" code=200',
      'command: answered id="b"',
    ]);
    expect(rig.log.at(-1)).toBe("agent: idle");
  });

  it("are fetched where the server has tokens, and a raw one is answered in raw", () => {
    const rig = new AgentRig({ reports: 1 });
    rig.server.downlinks.push({ topic: down, payload: "\x02\x00\x00\x00\x07\x02\x00\x00\x00\x01" });
    rig.wait(minute);
    expect(rig.sets).toEqual([{ relay: 1 }]);
    expect(rig.server.lines).toEqual([auth, up, `GET …${down}`, `POST …${down}_reply`]);
    expect(rig.server.seen.at(-1)).toMatchObject({ bytes: "0200000007c8", format: undefined });
  });

  it("that nobody can read are passed over and told", () => {
    const rig = new AgentRig({ reports: 1 });
    rig.server.downlinks.push({ topic: set, payload: "nonsense" });
    rig.wait(minute);
    expect(rig.lines("command: ")).toEqual([`command: ignored topic=${set} reason="unreadable"`]);
    expect(rig.agent.totals).toMatchObject({ acknowledged: 1, commands: 0 });
  });

  it("that are none of the topics that this firmware obeys are told as such", () => {
    const rig = new AgentRig({ reports: 1 });
    const payload = '{"id":"7","version":"1.0","method":"ota.device.upgrade","params":{"version":"2"}}';
    rig.server.downlinks.push({ topic: "ota/device/upgrade", payload });
    rig.wait(minute);
    expect(rig.lines("command: ")).toEqual([
      'command: ignored topic=ota/device/upgrade reason="not-for-this-firmware"',
    ]);
  });

  it("with an id that holds a line end stay one line of the log", () => {
    const rig = new AgentRig({ reports: 1 });
    rig.server.downlinks.push({
      topic: set,
      payload: JSON.stringify({ id: "a\nreport: forged", params: {} }),
    });
    rig.wait(minute);
    expect(rig.agent.totals.commands).toBe(1);
    for (const line of rig.log) expect(line).not.toContain("\n");
  });

  it("whose handler throws are answered with 500, and the reading that brought them counts", () => {
    const rig = new AgentRig({ reports: 1 });
    Object.defineProperty(rig.sets, "push", {
      value: () => {
        throw new Error("stuck");
      },
    });
    rig.server.downlinks.push({ topic: set, payload: JSON.stringify({ id: "a", params: { relay: 1 } }) });
    rig.wait(minute);
    expect(JSON.parse(rig.server.seen.at(-1)!.payload)).toEqual({
      id: "a",
      code: 500,
      message: "stuck",
      data: {},
    });
    expect(rig.agent.totals).toMatchObject({ acknowledged: 1, commands: 1 });
    expect(rig.agent.waiting).toBe(0);
  });
});
