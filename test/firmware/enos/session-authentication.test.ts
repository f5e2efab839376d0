/** Authentication of a session: again when it is due, and what a refusal of it leads to. */
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { SessionRig, words } from "./rig";
import { FakeEnos, keys } from "./fake-enos";
import { runs } from "../../density";
import type { Answer } from "./fake-enos";

const auth = `POST /auth/${keys.productKey}/${keys.deviceKey}`;
const up = "POST …thing/model/up_raw";
const hour = 3_600_000;

describe("authentication again", () => {
  test.each(["token", "tokenless"] as const)(
    "when the lifetime has passed without contact, %s",
    (edition) => {
      const rig = new SessionRig(new FakeEnos(edition));
      rig.publish();
      // A minute is kept for the request's way: what arrives too late is refused.
      rig.wait(hour - 60_001);
      expect(rig.publish()).toBe("accepted");
      expect(rig.server.lines.filter((line) => line === auth)).toHaveLength(1);
      rig.wait(hour - 60_000);
      expect(rig.publish()).toBe("accepted");
      expect(rig.server.lines).toEqual([auth, up, up, auth, up]);
      expect(rig.story.filter((line) => line.startsWith("auth"))).toEqual([
        "authenticating first",
        "authenticating lapsed",
      ]);
      if (edition === "token") expect(rig.server.seen.at(-1)!.signed).toBe("tokenT2-ésequence1");
    },
  );

  it("earlier by what the device's clock may be slow, as the server's goes on", () => {
    const rig = new SessionRig(new FakeEnos(), { lifetime: 86_400, drift: 0.0025 });
    rig.publish();
    // 86,340 s less a part in 401.
    rig.wait(86_124_000);
    rig.publish();
    expect(rig.server.lines).toEqual([auth, up, up]);
    rig.wait(86_126_000);
    rig.publish();
    expect(rig.server.lines).toEqual([auth, up, up, auth, up]);
  });

  it("silence is no contact: requests without an answer do not prolong the session", () => {
    const rig = new SessionRig();
    rig.publish();
    rig.server.script = () => "silence";
    rig.wait(hour / 2);
    const lost = rig.send();
    rig.wait(hour / 2);
    expect(lost.map(words)).toEqual(["unanswered timeout"]);
    rig.server.script = () => "default";
    rig.publish();
    expect(rig.server.lines.slice(-2)).toEqual([auth, up]);
  });

  test.each(["token", "tokenless"] as const)("on 4.01, and the request is repeated, %s", (edition) => {
    const rig = new SessionRig(new FakeEnos(edition));
    rig.publish();
    rig.server.forget();
    expect(rig.publish("thing/model/up_raw", "precious")).toBe("accepted");
    expect(rig.server.lines).toEqual([auth, up, up, auth, up]);
    expect(rig.server.seen.at(-1)!.payload).toBe("precious");
    expect(rig.story).toContain("authenticating unauthorized");
    const [refused, repeated] = [rig.server.seen[2], rig.server.seen[4]];
    expect(repeated.messageId).not.toBe(refused.messageId);
    expect(repeated.token).not.toBe(refused.token);
  });

  it("on 4.02, when the server has moved to the edition without tokens", () => {
    const rig = new SessionRig(new FakeEnos("token"));
    rig.publish();
    rig.server.edition = "tokenless";
    expect(rig.publish()).toBe("accepted");
    expect(rig.server.lines).toEqual([auth, up, up, auth, up]);
    expect(rig.story.slice(2)).toEqual(["authenticating bad-option", "online tokenless"]);
  });

  it("and on 4.01 when it has moved the other way", () => {
    const rig = new SessionRig(new FakeEnos("tokenless"));
    rig.publish();
    rig.server.edition = "token";
    expect(rig.publish()).toBe("accepted");
    expect(rig.story.slice(2)).toEqual(["authenticating unauthorized", "online token"]);
  });

  test.each([
    ["4.01", "unauthorized"],
    ["4.02", "bad-option"],
  ])("happens once per request: a second %s is the outcome, and a pause follows", (code, reason) => {
    const rig = new SessionRig();
    rig.server.script = (request, server) => (request.line === auth ? server.answer(request) : { code });
    expect(rig.publish()).toBe(`rejected ${reason}`);
    expect(rig.server.lines).toEqual([auth, up, auth, up]);
    expect(rig.publish()).toBe("offline waiting");
    expect(rig.server.seen).toHaveLength(4);
  });

  it("does not drain the battery when every request is refused for ever: the pause grows to an hour", () => {
    const rig = new SessionRig();
    rig.server.script = (request, server) =>
      request.line === auth ? server.answer(request) : { code: "4.01" };
    let datagrams = 0;
    for (let minute = 0; minute < 24 * 60; minute++) {
      rig.publish();
      rig.wait(60_000);
      if (minute === 12 * 60) datagrams = rig.server.seen.length;
    }
    // In the second half of the day a round of four datagrams comes every half to whole hour.
    expect(rig.server.seen.length - datagrams).toBeLessThanOrEqual(4 * 25);
    expect(rig.server.seen.length - datagrams).toBeGreaterThanOrEqual(4 * 10);
  });

  it("forgets its pauses once a request is accepted", () => {
    const rig = new SessionRig();
    rig.server.script = () => ({ code: "5.00" });
    for (let i = 0; i < 6; i++) {
      rig.publish();
      rig.wait(hour);
    }
    rig.server.script = () => "default";
    expect(rig.publish()).toBe("accepted");
    rig.server.forget();
    rig.server.script = () => ({ code: "5.00" });
    rig.wait(hour);
    expect(rig.publish()).toBe("offline server-error");
    expect(rig.events.at(-1)).toMatchObject({ kind: "refused" });
    expect((rig.events.at(-1) as { retryAfter: number }).retryAfter).toBeLessThanOrEqual(15_000);
  });
});

describe("a refused authentication", () => {
  it("is tried again after a pause that doubles, with a spread, up to an hour and no longer", () => {
    const rig = new SessionRig();
    rig.server.script = () => ({ code: "4.03" });
    const pauses: number[] = [];
    for (let i = 0; i < 20; i++) {
      const outcome = rig.send();
      rig.pump();
      const last = outcome[0] as { kind: string; retryAfter: number };
      expect(last.kind).toBe("offline");
      pauses.push(last.retryAfter);
      expect(rig.server.seen).toHaveLength(i + 1);
      rig.wait(last.retryAfter - 1);
      expect(rig.publish()).toBe("offline waiting");
      expect(rig.server.seen).toHaveLength(i + 1);
      rig.wait(1);
    }
    pauses.forEach((pause, i) => {
      const step = Math.min(15_000 * 2 ** i, hour);
      expect(pause).toBeGreaterThanOrEqual(step / 2);
      expect(pause).toBeLessThanOrEqual(step);
    });
    expect(new Set(pauses.slice(10)).size).toBeGreaterThan(5);
  });

  it("says how long the pause still lasts", () => {
    const rig = new SessionRig();
    rig.server.script = () => ({ code: "4.03" });
    rig.publish();
    const { retryAfter } = rig.events.at(-1) as { retryAfter: number };
    rig.wait(1_000);
    const outcomes = rig.send();
    expect(outcomes).toEqual([{ kind: "offline", reason: "waiting", retryAfter: retryAfter - 1_000 }]);
  });

  it("gives back all that waits", () => {
    const rig = new SessionRig();
    rig.server.script = () => ({ code: "4.03" });
    const all = [rig.send(), rig.send(), rig.send()];
    rig.pump();
    expect(all.map((outcomes) => outcomes.map(words))).toEqual(Array(3).fill(["offline forbidden"]));
    expect(rig.session.busy).toBe(false);
  });

  const hostile: [string, Answer][] = [
    ["not JSON", { code: "2.04", payload: "token" }],
    ["JSON cut short", { code: "2.04", payload: '{"token":"T' }],
    ["not UTF-8", { code: "2.04", payload: Buffer.from("7b22746f6b656e223a22ff227d", "hex") }],
    ["an array", { code: "2.04", payload: "[]" }],
    ["null", { code: "2.04", payload: "null" }],
    ["a number", { code: "2.04", payload: "12" }],
    ["a token that is a number", { code: "2.04", payload: '{"token":7}' }],
    ["a token that is null", { code: "2.04", payload: '{"token":null}' }],
    ["an empty token", { code: "2.04", payload: '{"token":""}' }],
    ["a token of 257 bytes", { code: "2.04", payload: `{"token":"${"t".repeat(257)}"}` }],
    [
      "a token of 129 characters that take 258 bytes",
      { code: "2.04", payload: `{"token":"${"é".repeat(129)}"}` },
    ],
  ];

  test.each(hostile)("an answer with %s opens no session", (_what, answer) => {
    const rig = new SessionRig();
    rig.server.script = () => answer;
    expect(rig.publish()).toBe("offline unreadable-answer");
    expect(rig.server.lines).toEqual([auth]);
  });

  it("a token of 256 bytes works, and so do odd characters", () => {
    for (const token of ["t".repeat(256), 'a"b\\c', "sequence9token", "\u0000", "😀"]) {
      const rig = new SessionRig();
      rig.server.script = (request, server) => {
        if (request.line !== auth) return server.answer(request);
        server.token = token;
        server.sequence = 0;
        return { code: "2.05", payload: JSON.stringify({ token }) };
      };
      expect(rig.publish()).toBe("accepted");
    }
  });

  it("any body at all: the session opens, or refuses with a reason, and never throws", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 60 }),
          fc.json().map((text) => Buffer.from(text, "utf8")),
        ),
        fc.constantFrom("auto", "token", "tokenless"),
        (payload, edition) => {
          const rig = new SessionRig(new FakeEnos(), { edition: edition as "auto" });
          rig.server.script = (request) =>
            request.line === auth ? { code: "2.04", payload } : { code: "2.04" };
          expect(["accepted", "offline unreadable-answer", "offline edition-mismatch"]).toContain(
            rig.publish(),
          );
        },
      ),
      { seed: 5, numRuns: runs(300) },
    );
  });
});
