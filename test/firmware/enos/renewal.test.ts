import { describe, expect, it, test } from "vitest";
import { RequestSigner, renewedFrom } from "../../../firmware/enos/sign";
import { nodeCryptography } from "../../../host-sim/sim/engine/node-cryptography";
import { FakeEnos, keys } from "./fake-enos";
import { SessionRig } from "./rig";
import type { Answer, Script } from "./fake-enos";

const auth = `POST /auth/${keys.productKey}/${keys.deviceKey}`;
const up = "POST …thing/model/up_raw";
/** As long as EnOS's: with it option 2101 grows from 64 to 96 bytes at message 100. */
const enosToken = (n: number): string => `${n}`.padStart(16, "0");

function rigWith(tokenOf = enosToken): SessionRig {
  const server = new FakeEnos();
  server.tokenOf = tokenOf;
  return new SessionRig(server);
}

/** Sends so many requests, each of which is accepted. */
function publish(rig: SessionRig, count: number): void {
  for (let i = 0; i < count; i++) expect(rig.publish()).toBe("accepted");
}

describe("a session whose signatures have become longer", () => {
  it("is renewed before its 100th message, and goes on from 1", () => {
    const rig = rigWith();
    publish(rig, 99);
    expect(rig.server.lines.filter((line) => line === auth)).toHaveLength(1);
    publish(rig, 1);
    expect(rig.server.lines.slice(-2)).toEqual([auth, up]);
    expect(rig.server.seen.at(-1)!.signed).toBe(`token${enosToken(2)}sequence1`);
    expect(rig.story.filter((line) => line.startsWith("auth"))).toEqual([
      "authenticating first",
      "authenticating longer-signature",
    ]);
    publish(rig, 99);
    expect(rig.server.lines.filter((line) => line === auth)).toHaveLength(3);
  });

  it("goes on where the server refuses a new one, and asks for no other", () => {
    const refusals: Answer[] = [{ code: "4.03" }, { code: "5.00" }, { code: "2.04", payload: "[" }];
    for (const refusal of refusals) {
      const rig = rigWith();
      publish(rig, 99);
      rig.server.script = (request) => (request.line === auth ? refusal : "default");
      publish(rig, 20);
      expect(rig.server.lines.slice(-21)).toEqual([auth, ...Array<string>(20).fill(up)]);
      expect(rig.server.seen.at(-1)!.signed).toBe(`token${enosToken(1)}sequence119`);
      expect(rig.session.state).toMatchObject({ sequence: 120 });
    }
  });

  it("is over where the new one has no answer, and the request waits for the next", () => {
    const rig = rigWith();
    publish(rig, 99);
    const silent: Script = () => "silence";
    rig.server.script = silent;
    const outcomes = rig.send();
    rig.wait(200_000);
    expect(outcomes).toMatchObject([{ kind: "offline", reason: "timeout" }]);
    expect(rig.session.state).toBeUndefined();
    rig.server.script = () => "default";
    publish(rig, 1);
    expect(rig.server.lines.slice(-2)).toEqual([auth, up]);
  });

  it("answers and fetches commands first", () => {
    const rig = rigWith();
    publish(rig, 98);
    rig.server.downlinks.push({ topic: "thing/model/down_raw", payload: "x" });
    publish(rig, 1);
    expect(rig.server.lines.slice(-2)).toEqual([up, "GET …thing/model/down_raw"]);
    expect(rig.server.seen.at(-1)!.signed).toBe(`token${enosToken(1)}sequence100`);
  });

  it("is renewed after a restart too", () => {
    const rig = rigWith();
    publish(rig, 99);
    const { state } = rig.session;
    const next = new SessionRig(rig.server);
    expect(next.session.resume(state!, next.now - 1_000, next.now)).toBe(true);
    publish(next, 1);
    expect(rig.server.lines.slice(-2)).toEqual([auth, up]);
  });

  it("is not renewed without a token, nor where the token's length makes it no longer", () => {
    for (const server of [new FakeEnos("tokenless"), new FakeEnos()]) {
      server.tokenOf = () => "a token that is thirty-two long!".slice(0, 20);
      const rig = new SessionRig(server);
      publish(rig, 120);
      expect(server.lines.filter((line) => line === auth)).toHaveLength(1);
    }
  });
});

describe("from which sequence on it pays", () => {
  test.each([
    [16, 100],
    [32, 100],
    [256, 100],
    // 31 bytes with one digit, 32 with two: nine short signatures are not worth an authentication.
    [17, Infinity],
    // The next block begins with the first digit.
    [18, Infinity],
    [15, 1_000],
    [20, Infinity],
    [8, Infinity],
  ])("with a token of %i bytes: %d", (length, from) => {
    expect(renewedFrom(length)).toBe(from);
  });

  it("is where the signatures that are made become longer", () => {
    const signer = new RequestSigner(nodeCryptography, keys.deviceSecret, "zero");
    for (let length = 1; length <= 64; length++) {
      const token = new Uint8Array(length).fill(0x61);
      const lengthAt = (sequence: number): number => signer.sign(token, sequence).length;
      const from = renewedFrom(length);
      if (from === Infinity) continue;
      expect(lengthAt(from) - lengthAt(from - 1)).toBe(32);
      expect(lengthAt(from - 1)).toBe(lengthAt(1));
    }
  });
});
