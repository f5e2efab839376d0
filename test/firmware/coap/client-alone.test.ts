/**
 * An endpoint without its server's half, as a device's is: what it rejects, and what it still recognises
 * as a duplicate (RFC 7252 sections 4.2, 4.3 and 4.5).
 */
import { readFileSync } from "node:fs";
import { describe, expect, it, test } from "vitest";
import { Rig, server, summary } from "./rig";

describe("a request", () => {
  const table: [name: string, bytes: string, reply: string | undefined][] = [
    ["CON GET", "40 01 1234", "70001234"],
    ["CON POST with a token and a payload", "42 02 1234 aabb ff 01", "70001234"],
    ["CON of a method that nobody knows", "40 1f 1234", "70001234"],
    ["CON with a critical option that nobody knows", "40 01 1234 90", "70001234"],
    ["CON with a block of a body", "40 02 1234 d1 0e 0e ff 01", "70001234"],
    ["NON GET", "50 01 1234", undefined],
    ["NON with a critical option that nobody knows", "50 01 1234 90", undefined],
  ];

  test.each(table)("%s: %s is answered with %s, and again when it comes again", (_name, bytes, reply) => {
    const rig = new Rig();
    rig.receiveBytes(bytes);
    rig.receiveBytes(bytes);
    expect(rig.sent.map((sent) => sent.bytes)).toEqual(reply === undefined ? [] : [reply, reply]);
    expect(rig.discarded).toEqual(["request", "request"]);
    expect(rig.endpoint.held).toEqual({ outgoing: 0, received: 0, waiting: 0, transfers: 0 });
    expect(rig.endpoint.deadline).toBe(Infinity);
  });
});

describe("a separate response", () => {
  const separate = (rig: Rig, type: number) => ({
    type,
    code: 0x44,
    messageId: 0x7777,
    token: rig.last.fields.token,
    payload: "aa",
  });

  it("that comes again is acknowledged again, and delivered once", () => {
    const rig = new Rig();
    const { completed } = rig.post();
    const response = separate(rig, 0);
    rig.receive(response);
    rig.receive(response);
    expect(summary(completed)).toEqual(["2.04 aa"]);
    expect(rig.sent.slice(1).map(({ bytes }) => bytes)).toEqual(["60007777", "60007777"]);
    expect(rig.sent[2]).toMatchObject(server);
    expect(rig.discarded).toEqual(["duplicate"]);
    expect(rig.endpoint.held.received).toBe(1);
    rig.wait(1_000_000);
    expect(rig.endpoint.held.received).toBe(0);
  });

  it("that comes again without being confirmable meets silence", () => {
    const rig = new Rig();
    const { completed } = rig.post();
    const response = separate(rig, 1);
    rig.receive(response);
    const { length } = rig.sent;
    rig.receive(response);
    expect(summary(completed)).toEqual(["2.04 aa"]);
    expect(rig.sent).toHaveLength(length);
    expect(rig.discarded).toEqual(["duplicate"]);
  });
});

test("the endpoint imports nothing of its server's half but types", () => {
  const modules = ["endpoint", "client", "block-client", "message-layer", "deduplication"];
  for (const module of modules) {
    const source = readFileSync(`firmware/coap/${module}.ts`, "utf8");
    expect(source).not.toMatch(/^import \{[^}]*\} from "\.\/(server|server-half|block-server)";/m);
  }
});
