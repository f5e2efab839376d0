import { describe, expect, it, test } from "vitest";
import { SessionRig, words } from "./rig";
import { pathOptions } from "../../../firmware/enos/topic";
import { FakeEnos, keys, root } from "./fake-enos";
import type { PublishOutcome } from "../../../firmware/enos/outcome";
import type { Answer, Seen } from "./fake-enos";

const auth = `POST /auth/${keys.productKey}/${keys.deviceKey}`;
const up = "POST …thing/model/up_raw";
const hour = 3_600_000;

describe("the edition with tokens", () => {
  it("authenticates first and signs every request after it, numbered from 1 upwards", () => {
    const rig = new SessionRig();
    expect([rig.publish(), rig.publish(), rig.publish()]).toEqual(["accepted", "accepted", "accepted"]);
    expect(rig.server.lines).toEqual([auth, up, up, up]);
    expect(rig.server.seen.map((request) => request.signed)).toEqual([
      undefined,
      "tokenT1-ésequence1",
      "tokenT1-ésequence2",
      "tokenT1-ésequence3",
    ]);
    expect(rig.server.seen[0].format).toBe(50);
    expect(rig.story).toEqual(["authenticating first", "online token"]);
    expect(rig.session).toMatchObject({ online: true, edition: "token", busy: false });
  });

  it("retransmits a request with the number it had", () => {
    const rig = new SessionRig();
    rig.publish();
    rig.server.script = (_request, server) => (server.seen.length < 4 ? "silence" : "default");
    const outcomes = rig.send();
    rig.pump();
    rig.wait(40_000);
    expect(outcomes.map(words)).toEqual(["accepted"]);
    expect(rig.server.seen.slice(2).map((request) => request.signed)).toEqual([
      "tokenT1-ésequence2",
      "tokenT1-ésequence2",
    ]);
    expect(new Set(rig.server.seen.slice(2).map((request) => request.messageId)).size).toBe(1);
  });

  it("takes a new number after a request that was never answered, as the server may have seen it", () => {
    const rig = new SessionRig();
    rig.publish();
    rig.server.script = () => "silence";
    const lost = rig.send();
    rig.wait(200_000);
    expect(lost.map(words)).toEqual(["unanswered timeout"]);
    rig.server.script = () => "default";
    expect(rig.publish()).toBe("accepted");
    expect(rig.server.seen.at(-1)!.signed).toBe("tokenT1-ésequence3");
  });

  it.each([
    ["zero", Buffer.alloc(16)],
    ["key", Buffer.from("112d046529be3bfa97b3af9f42d762f3", "hex")],
    ["30313233343536373839616263646566", Buffer.from("0123456789abcdef")],
    ["ecb", null],
  ])("speaks iv %s", (iv, bytes) => {
    const rig = new SessionRig(new FakeEnos("token", bytes), { iv });
    expect(rig.publish()).toBe("accepted");
  });
});

describe("the edition without", () => {
  it("is recognised by an answer without a token, and signs nothing", () => {
    const rig = new SessionRig(new FakeEnos("tokenless"));
    expect([rig.publish(), rig.publish()]).toEqual(["accepted", "accepted"]);
    expect(rig.server.lines).toEqual([auth, up, up]);
    expect(rig.server.seen.map((request) => request.signed)).toEqual([undefined, undefined, undefined]);
    expect(rig.story).toEqual(["authenticating first", "online tokenless"]);
  });

  test.each(["{}", '{"id":"1"}', '{"data":{"token":"x"}}'])("so is %s", (payload) => {
    const rig = new SessionRig();
    rig.server.script = (request) => (request.line === auth ? { code: "2.04", payload } : { code: "2.04" });
    expect(rig.publish()).toBe("accepted");
    expect(rig.session.edition).toBe("tokenless");
  });
});

describe("the edition set by hand", () => {
  it("token: a server without tokens is refused, no request goes out unsigned", () => {
    const rig = new SessionRig(new FakeEnos("tokenless"), { edition: "token" });
    expect(rig.publish()).toBe("offline edition-mismatch");
    expect(rig.server.lines).toEqual([auth]);
  });

  it("token: one with tokens is as always", () => {
    expect(new SessionRig(new FakeEnos("token"), { edition: "token" }).publish()).toBe("accepted");
  });

  it("tokenless: a token that comes all the same is not used, nor any other body read", () => {
    for (const payload of ['{"token":"T"}', "welcome", "[1", ""]) {
      const rig = new SessionRig(new FakeEnos("tokenless"), { edition: "tokenless" });
      rig.server.script = (request) => (request.line === auth ? { code: "2.04", payload } : { code: "2.04" });
      expect(rig.publish()).toBe("accepted");
      expect(rig.server.seen[1].signed).toBeUndefined();
      expect(rig.session.edition).toBe("tokenless");
    }
  });
});

describe.each([
  ["4.00", "illegal-payload"],
  ["4.13", "too-large"],
] as const)("%s, a refusal that blames the request", (code, reason) => {
  const refused = { code };
  const toRequests = (answer: Answer) => (request: Seen) => (request.line === auth ? "default" : answer);

  it("is believed only after a fresh authentication: the request goes once more", () => {
    const rig = new SessionRig();
    rig.publish();
    rig.server.script = toRequests(refused);
    expect(rig.publish()).toBe(`rejected ${reason}`);
    expect(rig.server.lines).toEqual([auth, up, up, auth, up]);
    expect(rig.story.slice(2)).toEqual([`authenticating ${reason}`, "online token"]);
    // Nothing was accepted since, so that another authentication would tell nothing new.
    expect(rig.publish()).toBe(`rejected ${reason}`);
    expect(rig.server.lines.slice(5)).toEqual([up]);
    rig.server.script = () => "default";
    expect(rig.publish()).toBe("accepted");
    expect(rig.server.lines.slice(6)).toEqual([up]);
  });

  it("of a session from before a restart is not believed at once either", () => {
    const rig = new SessionRig();
    rig.session.resume({ edition: "token", token: Buffer.from("T"), sequence: 9 }, rig.now, rig.now);
    rig.server.script = (_request, server) => (server.seen.length === 1 ? refused : "default");
    expect(rig.publish()).toBe("accepted");
    expect(rig.server.lines).toEqual([up, auth, up]);
  });

  it("and an authentication that is refused then: the request is not", () => {
    const rig = new SessionRig();
    rig.publish();
    rig.server.script = (request) => (request.line === auth ? { code: "4.01" } : refused);
    expect(rig.publish()).toBe("offline unauthorized");
  });

  it("of a request that can be divided: 4.13 is believed at once, for its parts are sent next", () => {
    const rig = new SessionRig();
    rig.publish();
    rig.server.script = toRequests(refused);
    const outcomes: string[] = [];
    const onComplete = (outcome: PublishOutcome): void => void outcomes.push(words(outcome));
    const path = pathOptions(`${root}/thing/model/up_raw`);
    rig.session.send({ path, divisible: true, onComplete }, rig.now);
    rig.pump();
    expect(outcomes).toEqual([`rejected ${reason}`]);
    expect(rig.server.lines.slice(2)).toEqual(code === "4.13" ? [up] : [up, auth, up]);
  });

  it("of a session that is in doubt: the next request authenticates the device", () => {
    const rig = new SessionRig();
    rig.publish();
    const { opened } = rig.session;
    rig.session.doubt(reason, rig.now);
    expect(rig.session.online).toBe(false);
    expect(rig.publish()).toBe("accepted");
    expect(rig.server.lines.slice(2)).toEqual([auth, up]);
    expect(rig.session.opened).toBe(opened + 1);
    expect(rig.story.slice(2)).toEqual([`doubted ${reason}`, `authenticating ${reason}`, "online token"]);
  });
});

describe("an error is an outcome with a name, without another request", () => {
  const errors: [code: string, reason: string][] = [
    ["4.00", "illegal-payload"],
    ["4.03", "forbidden"],
    ["4.04", "no-such-path"],
    ["4.05", "method-not-allowed"],
    ["4.13", "too-large"],
    ["5.00", "server-error"],
    ["5.03", "server-error"],
    ["4.29", "other"],
    ["4.06", "other"],
  ];

  test.each(errors.filter(([code]) => code !== "4.00" && code !== "4.13"))(
    "%s to a request: %s",
    (code, reason) => {
      const rig = new SessionRig();
      rig.publish();
      rig.server.script = () => ({ code });
      expect(rig.publish()).toBe(`rejected ${reason}`);
      rig.wait(hour / 2);
      expect(rig.server.lines).toEqual([auth, up, up]);
      rig.server.script = () => "default";
      expect(rig.publish()).toBe("accepted");
      expect(rig.server.lines).toEqual([auth, up, up, up]);
    },
  );

  test.each([...errors, ["4.01", "unauthorized"], ["4.02", "bad-option"]])(
    "%s to an authentication: %s",
    (code, reason) => {
      const rig = new SessionRig();
      rig.server.script = () => ({ code });
      expect(rig.publish()).toBe(`offline ${reason}`);
      rig.wait(hour);
      expect(rig.server.lines).toEqual([auth]);
      expect(rig.story).toEqual(["authenticating first", `refused ${reason}`]);
      expect(rig.session.online).toBe(false);
    },
  );

  it("RST and silence are outcomes too", () => {
    const rig = new SessionRig();
    rig.publish();
    rig.server.script = () => "reset";
    expect(rig.publish()).toBe("unanswered reset");
    rig.server.script = () => "silence";
    const outcomes = rig.send();
    rig.wait(105_000);
    expect(outcomes.map(words)).toEqual(["unanswered timeout"]);
  });

  it("an authentication without an answer is one as well", () => {
    const rig = new SessionRig();
    rig.server.script = () => "silence";
    const outcomes = rig.send();
    rig.wait(105_000);
    expect(outcomes.map(words)).toEqual(["offline timeout"]);
    expect(rig.server.lines).toEqual([auth, auth, auth]);
  });
});

describe("whether the server has answered", () => {
  it("is told once for each exchange: an authentication, and each request", () => {
    const rig = new SessionRig();
    rig.publish();
    expect(rig.answers).toEqual([true, true]);
    rig.publish();
    expect(rig.answers).toEqual([true, true, true]);
  });

  it("is told of a request before the request's own outcome, and of an opened session before its request", () => {
    const story: string[] = [];
    const rig = new SessionRig(undefined, {
      onEvent: (event) => story.push(event.kind),
      onAnswered: (answered) => story.push(`answered ${answered}`),
    });
    const onComplete = (): void => void story.push("complete");
    rig.session.send({ path: pathOptions(`${root}/thing/model/up_raw`), onComplete }, rig.now);
    rig.pump();
    expect(story).toEqual(["authenticating", "online", "answered true", "answered true", "complete"]);
  });

  test.each([
    ["4.00", { code: "4.00" }],
    ["5.00", { code: "5.00" }],
    ["RST", "reset"],
  ] as const)("%s is an answer, to a request and to an authentication", (_name, answer) => {
    const rig = new SessionRig();
    rig.server.script = () => answer;
    rig.publish();
    expect(rig.answers).toEqual([true]);
    rig.wait(hour);
    rig.server.script = (request) => (request.line === auth ? "default" : answer);
    rig.publish();
    expect(rig.answers).toEqual([true, true, true]);
  });

  it("a request that is sent again after a fresh authentication is told of once", () => {
    const rig = new SessionRig();
    rig.publish();
    rig.server.forget();
    rig.answers.length = 0;
    expect(rig.publish()).toBe("accepted");
    expect(rig.server.lines).toEqual([auth, up, up, auth, up]);
    expect(rig.answers).toEqual([true, true]);
  });

  it("silence is none, to an authentication or to a request", () => {
    const rig = new SessionRig();
    rig.server.script = () => "silence";
    rig.send();
    rig.wait(105_000);
    expect(rig.answers).toEqual([false]);
    rig.server.script = () => "default";
    rig.wait(hour);
    rig.publish();
    rig.server.script = () => "silence";
    rig.send();
    rig.wait(105_000);
    expect(rig.answers).toEqual([false, true, true, false]);
  });

  it("what never left the device says nothing of the server", () => {
    const rig = new SessionRig();
    rig.server.script = () => ({ code: "4.03" });
    rig.publish();
    expect(rig.publish()).toBe("offline waiting");
    expect(rig.answers).toEqual([true]);
    rig.server.script = () => "default";
    rig.wait(hour);
    rig.publish();
    rig.answers.length = 0;
    const outcomes = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map(() => rig.send());
    expect(outcomes[9].map(words)).toEqual(["unanswered queue-full"]);
    rig.endpoint.close(rig.now);
    expect(outcomes[0].map(words)).toEqual(["unanswered cancelled"]);
    expect(rig.answers).toEqual([]);
  });

  it("the GET that fetches a command is not told of", () => {
    const rig = new SessionRig();
    rig.publish();
    rig.answers.length = 0;
    rig.server.downlinks.push({ topic: "thing/model/down_raw", payload: "open" });
    rig.publish();
    expect(rig.server.lines.at(-1)).toBe("GET …thing/model/down_raw");
    expect(rig.answers).toEqual([true]);
  });
});

describe("the queue", () => {
  it("sends one request at a time, in order, after one authentication", () => {
    const rig = new SessionRig();
    const all = ["1", "2", "3"].map((payload) => rig.send("thing/model/up_raw", payload));
    expect(rig.session.busy).toBe(true);
    rig.pump();
    expect(all.map((outcomes) => outcomes.map(words))).toEqual(Array(3).fill(["accepted"]));
    expect(rig.server.seen.map((request) => request.payload).slice(1)).toEqual(["1", "2", "3"]);
  });

  it("refuses the ninth that waits at once", () => {
    const rig = new SessionRig();
    const all = Array.from({ length: 10 }, () => rig.send());
    expect(all.slice(0, 8)).toEqual(Array(8).fill([]));
    expect(all.slice(8).map((outcomes) => outcomes.map(words))).toEqual(
      Array(2).fill(["unanswered queue-full"]),
    );
    rig.pump();
    expect(all.slice(0, 8).map((outcomes) => outcomes.map(words))).toEqual(Array(8).fill(["accepted"]));
  });

  it("closing the endpoint gives every request its one outcome", () => {
    const rig = new SessionRig();
    rig.publish();
    const all = [rig.send(), rig.send(), rig.send()];
    rig.endpoint.close(rig.now);
    expect(all.map((outcomes) => outcomes.map(words))).toEqual(Array(3).fill(["unanswered cancelled"]));
  });
});

it("no event ever holds a secret, a token or a signature", () => {
  const rig = new SessionRig();
  const signs: string[] = [];
  rig.server.script = (request, server) => {
    if (request.line === auth) signs.push((JSON.parse(request.payload) as { sign: string }).sign);
    return server.seen.length % 3 === 0 ? { code: "4.01" } : server.answer(request);
  };
  for (let i = 0; i < 20; i++) {
    rig.publish();
    rig.wait(hour);
  }
  const told = JSON.stringify(rig.events);
  expect(told.length).toBeGreaterThan(100);
  for (const secret of [keys.deviceSecret, "T1-", "T2-", ...signs]) expect(told).not.toContain(secret);
});
