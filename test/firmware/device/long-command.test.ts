/** Commands that a modem cuts off, on the answer to a reading or as the answer to a GET: which of them can be refused. */
import { describe, expect, it, test } from "vitest";
import { decodeCoap } from "../../../host-sim/cloud/coap/coap-wire";
import { FakeEnos, root } from "../enos/fake-enos";
import { AgentRig } from "./rig";
import type { AgentOptions } from "../../../firmware/device/agent";

const set = "thing/service/measurepoint/set";
const hour = 3_600_000;

/** A server behind a modem that gives `most` bytes of each datagram. */
class CuttingEnos extends FakeEnos {
  readonly most = 512;
  /** Whether the command comes with each answer to a reading until it is answered. */
  offering = true;
  readonly replies: string[] = [];
  readonly command: string | Uint8Array;
  readonly topic: string;

  constructor(command: string | Uint8Array, topic = set) {
    super("tokenless");
    this.command = command;
    this.topic = topic;
    this.script = ({ line, payload, bytes }) => {
      if (line.endsWith("_reply")) {
        this.offering = false;
        this.replies.push(topic === set ? payload : bytes);
      }
      if (!this.offering || !line.endsWith("/up_raw")) return "default";
      return {
        code: "2.04",
        options: [
          [2100, `${root}/${topic}`],
          [2102, command],
        ],
      };
    };
  }

  override receive(datagram: Uint8Array): Uint8Array | undefined {
    return super.receive(datagram)?.slice(0, this.most);
  }
}

function run(server: FakeEnos, options: Partial<AgentOptions> = {}, hours = 2.1): AgentRig {
  const rig = new AgentRig(options, server);
  rig.wait(hours * hour);
  return rig;
}

const long = (id: string, before = ""): string =>
  `{${before}"id":${id},"version":"1.0","params":{"name":"${"x".repeat(700)}"}}`;

describe("a command that makes an answer too long", () => {
  test.each([
    ["a text", '"2078724684846989312"'],
    ["a number", "7"],
    ["a number of more digits than a double keeps", "12345678901234567890"],
    ["an escaped text", '"a\\u0062"'],
  ])("is refused by its id, %s, and not handed to the application", (_, id) => {
    const server = new CuttingEnos(long(id));
    const rig = run(server);
    const stated = id.replace("\\u0062", "b");
    expect(server.replies).toEqual([
      `{"id":${stated},"code":242,"message":"longer than the modem takes","data":{}}`,
    ]);
    expect(rig.sets).toEqual([]);
    expect(rig.lines("command: too long")).toHaveLength(1);
    expect(rig.lines("report: acknowledged").length).toBe(rig.lines("report: taken").length);
    expect(rig.lines("report: kept")).toHaveLength(1);
  });

  it("in bytes too", () => {
    const command = new Uint8Array(760);
    command.set([2, 1, 2, 3, 4, 2, 0, 0, 0, 1]);
    const server = new CuttingEnos(command, "thing/model/down_raw");
    const rig = run(server);
    expect(server.replies).toEqual(["0201020304f2"]);
    expect(rig.sets).toEqual([]);
    expect(rig.lines("report: acknowledged").length).toBe(rig.lines("report: taken").length);
  });

  test.each([
    ["behind what has come", long('"7"', `"note":"${"y".repeat(500)}",`)],
    [
      "of digits that may go on",
      `{"note":"${"y".repeat(428)}","id":123456789${"0".repeat(40)}}${"z".repeat(400)}`,
    ],
    ["in another object", `{"params":{"id":"7","name":"${"x".repeat(700)}"}}`],
  ])(
    "with an id %s it cannot be refused: readings wait, with growing pauses, and none is lost",
    (_, command) => {
      const server = new CuttingEnos(command);
      const rig = new AgentRig({}, server);
      rig.wait(24 * hour);
      expect(server.replies).toEqual([]);
      const tries = rig.readings.length;
      expect(tries).toBeLessThan(24 * 3);
      expect(rig.lines("command: too long").length).toBeGreaterThan(5);
      expect(rig.lines("report: acknowledged")).toEqual([]);
      // The command's time is over, or somebody has revoked it.
      server.offering = false;
      rig.wait(3 * hour);
      expect(rig.agent.waiting).toBeLessThan(2);
      expect(rig.lines("report: dropped")).toEqual([]);
    },
  );

  it("that was executed before is answered as it was then", () => {
    const server = new CuttingEnos('{"id":"1","params":{"relay":1}}');
    const rig = run(server, {}, 0.3);
    expect(rig.sets).toEqual([{ relay: 1 }]);
    (server as { command: unknown }).command = long('"1"');
    server.script = ({ line, payload }) => {
      if (line.endsWith("_reply")) server.replies.push(payload);
      if (!line.endsWith("/up_raw") || server.replies.length > 1) return "default";
      return {
        code: "2.04",
        options: [
          [2100, `${root}/${set}`],
          [2102, long('"1"')],
        ],
      };
    };
    rig.wait(hour);
    expect(rig.sets).toEqual([{ relay: 1 }]);
    expect(new Set(server.replies)).toEqual(new Set(['{"id":"1","code":200,"data":{}}']));
  });

  it("a success that is cut off elsewhere releases nothing", () => {
    const server = new CuttingEnos(long('"7"'), "thing/service/measurepoint/set");
    server.script = ({ line }) =>
      line.endsWith("/up_raw")
        ? {
            code: "2.04",
            options: [[2100, `${root}/${"p".repeat(200)}/${"q".repeat(200)}/${"r".repeat(200)}`]],
          }
        : "default";
    const rig = run(server, {}, 1);
    expect(rig.lines("report: acknowledged")).toEqual([]);
    expect(rig.lines("report: kept").every((line) => line.includes("unanswered cut"))).toBe(true);
    expect(rig.lines("report: kept").length).toBeGreaterThan(2);
  });

  it("an answer whose token is another's is no answer", () => {
    const server = new CuttingEnos(long('"7"'));
    const receive = server.receive.bind(server);
    server.receive = (datagram) => {
      const answer = receive(datagram);
      if (answer !== undefined && answer.length === 512) answer[4] ^= 1;
      return answer;
    };
    const rig = run(server, {}, 1);
    expect(server.replies).toEqual([]);
    expect(rig.lines("command: too long")).toEqual([]);
    expect(rig.lines("coap: discarded").length).toBeGreaterThan(0);
  });
});

it("a command that was fetched and is cut off is refused, whatever its beginning says", () => {
  const server = new FakeEnos("token");
  // Complete as far as it has come: only the modem knows that there was more.
  server.downlinks.push({ topic: set, payload: '{"id":"5","params":{"relay":1}}' });
  const rig = new AgentRig({}, server);
  const receive = server.receive.bind(server);
  let cutNext = false;
  server.receive = (datagram) => {
    const message = decodeCoap(datagram);
    cutNext = !("malformed" in message) && message.code === 1;
    return receive(datagram);
  };
  const { deliver } = rig.socket;
  rig.socket.deliver = function (bytes: Uint8Array): void {
    deliver.call(this, bytes);
    if (cutNext) Object.assign(this.received.at(-1)!, { cut: true });
  };
  rig.wait(hour);
  expect(rig.sets).toEqual([]);
  const replies = server.seen.filter(({ line }) => line.endsWith("_reply"));
  expect(replies.map(({ payload }) => payload)).toEqual([
    '{"id":"5","code":242,"message":"longer than the modem takes","data":{}}',
  ]);
});

it("an answer to a reading whose body is cut off releases nothing, and the log says why", () => {
  const server = new CuttingEnos("");
  server.script = ({ line }) =>
    line.endsWith("/up_raw") ? { code: "2.04", payload: "x".repeat(600) } : "default";
  const rig = new AgentRig({}, server);
  const { deliver } = rig.socket;
  rig.socket.deliver = function (bytes: Uint8Array): void {
    deliver.call(this, bytes);
    Object.assign(this.received.at(-1)!, { cut: bytes.length === server.most });
  };
  rig.wait(hour);
  expect(rig.lines("report: acknowledged")).toEqual([]);
  expect(rig.lines("report: kept")[0]).toContain('reason="cut-answer"');
});
