import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { SessionRig } from "./rig";
import { FakeEnos, keys, root } from "./fake-enos";
import { runs } from "../../density";
import type { Answer } from "./fake-enos";

const up = "POST …thing/model/up_raw";
const raw = "thing/model/down_raw";
const set = "thing/service/measurepoint/set";

/** A session that is open, with the noise of opening it forgotten. */
function opened(edition: "token" | "tokenless"): SessionRig {
  const rig = new SessionRig(new FakeEnos(edition));
  rig.publish();
  rig.server.seen.length = 0;
  rig.events.length = 0;
  return rig;
}

describe("a command announced by option 2100 alone", () => {
  it("is fetched by a signed GET", () => {
    const rig = opened("token");
    rig.server.downlinks.push({ topic: raw, payload: "open" });
    expect(rig.publish()).toBe("accepted");
    expect(rig.server.lines).toEqual([up, `GET …${raw}`]);
    expect(rig.server.seen[1]).toMatchObject({
      payload: "",
      format: undefined,
      signed: "tokenT1-ésequence3",
    });
    expect(rig.downlinks).toEqual([`${raw} open`]);
    expect(rig.story).toEqual([]);
  });

  it("brings all the others that wait, one by one", () => {
    const rig = opened("token");
    for (const payload of ["1", "2", "3"]) rig.server.downlinks.push({ topic: set, payload });
    rig.publish();
    expect(rig.downlinks).toEqual([`${set} 1`, `${set} 2`, `${set} 3`]);
    expect(rig.server.lines).toEqual([up, `GET …${set}`, `GET …${set}`, `GET …${set}`]);
  });

  it("whose GET fails is let go: the server announces it again", () => {
    const rig = opened("token");
    rig.server.downlinks.push({ topic: raw, payload: "open" });
    rig.server.script = (request) => (request.line.startsWith("GET") ? { code: "4.04" } : "default");
    expect(rig.publish()).toBe("accepted");
    expect(rig.downlinks).toEqual([]);
    expect(rig.story).toEqual(["ignored: its GET ended as rejected: no-such-path"]);
    rig.server.script = () => "default";
    rig.publish();
    expect(rig.downlinks).toEqual([`${raw} open`]);
  });

  it("whose GET meets a dead token is fetched after a fresh authentication", () => {
    const rig = opened("token");
    rig.server.downlinks.push({ topic: raw, payload: "open" });
    let died = false;
    rig.server.script = (request, server) => {
      if (request.line.startsWith("GET") && !died) {
        died = true;
        server.forget();
      }
      return "default";
    };
    rig.publish();
    expect(rig.downlinks).toEqual([`${raw} open`]);
    expect(rig.story).toEqual(["authenticating unauthorized", "online token"]);
  });

  it("and for ever more of them by a mad server ends, and the device's own requests get through", () => {
    const rig = opened("token");
    rig.server.script = ({ line }) => ({
      code: line.startsWith("GET ") ? "2.05" : "2.04",
      payload: "again",
      options: [[2100, `${root}/${raw}`]],
    });
    expect(rig.publish()).toContain("accepted");
    expect(rig.server.lines).toEqual([up, ...Array(8).fill(`GET …${raw}`)]);
    expect(rig.publish()).toContain("accepted");
    expect(rig.server.lines.filter((line) => line === up)).toHaveLength(2);
    expect(rig.server.lines.length).toBeLessThanOrEqual(20);
  });
});

describe("a command that comes along in option 2102", () => {
  it("needs no GET", () => {
    const rig = opened("tokenless");
    rig.server.downlinks.push({ topic: raw, payload: "open" });
    expect(rig.publish()).toBe("accepted");
    expect(rig.downlinks).toEqual([`${raw} open`]);
    expect(rig.server.lines).toEqual([up]);
  });

  it("may be empty", () => {
    const rig = opened("tokenless");
    rig.server.downlinks.push({ topic: raw, payload: "" });
    rig.publish();
    expect(rig.downlinks).toEqual([`${raw} `]);
  });

  it("is followed by the next on the next response", () => {
    const rig = opened("tokenless");
    for (const payload of ["1", "2", "3"]) rig.server.downlinks.push({ topic: set, payload });
    rig.onDownlink = () => rig.send(`${set}_reply`, "done");
    rig.publish();
    expect(rig.downlinks).toEqual([`${set} 1`, `${set} 2`, `${set} 3`]);
    expect(rig.server.lines).toEqual([up, `POST …${set}_reply`, `POST …${set}_reply`, `POST …${set}_reply`]);
  });

  it("without its path is no command", () => {
    const rig = opened("tokenless");
    rig.server.script = () => ({ code: "2.04", options: [[2102, "open"]] });
    expect(rig.publish()).toBe("accepted");
    expect(rig.downlinks).toEqual([]);
  });

  it("is taken in the edition with tokens as well: each response tells by itself", () => {
    const rig = opened("token");
    rig.server.script = () => ({
      code: "2.04",
      options: [
        [2100, `${root}/${raw}`],
        [2102, "open"],
      ],
    });
    rig.publish();
    expect(rig.downlinks).toEqual([`${raw} open`]);
  });

  it("on a refusal is not looked at", () => {
    const rig = opened("tokenless");
    rig.server.script = () => ({
      code: "4.04",
      options: [
        [2100, `${root}/${raw}`],
        [2102, "open"],
      ],
    });
    expect(rig.publish()).toBe("rejected no-such-path");
    expect(rig.downlinks).toEqual([]);
  });
});

describe("a path that is none of this device's", () => {
  const paths: [string, string | Uint8Array][] = [
    ["another device's", `/topic/sys/${keys.productKey}/other/${raw}`],
    ["another product's", `/topic/sys/other/${keys.deviceKey}/${raw}`],
    ["one whose key goes on", `${root}9/${raw}`],
    ["elsewhere", "/auth/MuGsF6W4/861234567890123"],
    ["the root itself", root],
    ["the root with a slash", `${root}/`],
    ["empty", ""],
    ["relative", raw],
    ["up and out", `${root}/../other/${raw}`],
    ["up at the end", `${root}/thing/..`],
    ["this folder", `${root}/./thing`],
    ["an empty segment", `${root}/thing//model`],
    ["a trailing slash", `${root}/thing/`],
    ["a blank", `${root}/thing/mo del`],
    ["a line end", `${root}/thing/model\r\n`],
    ["non-ASCII", `${root}/thing/größe`],
    ["not UTF-8", Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xc3, 0x28])])],
    ["a segment of 256", `${root}/${"x".repeat(256)}`],
    ["one whose answer has a segment of 256", `${root}/thing/service/${"x".repeat(250)}`],
    ["nine segments", `${root}/1/2/3/4/5/6/7/8/9`],
  ];

  describe.each(["with payload", "without"])("%s", (kind) => {
    test.each(paths)("%s: ignored and told", (_what, path) => {
      const rig = opened("token");
      const options: Answer["options"] =
        kind === "without"
          ? [[2100, path]]
          : [
              [2100, path],
              [2102, "open"],
            ];
      rig.server.script = () => ({ code: "2.04", options });
      expect(rig.publish()).toBe("accepted");
      expect(rig.downlinks).toEqual([]);
      expect(rig.server.lines).toEqual([up]);
      expect(rig.story).toEqual(["ignored: its path is not one of this device's topics"]);
    });
  });

  it("whatever bytes it is, the request is accepted and every GET stays below the device's root", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 60 }),
          fc.string({ maxLength: 40 }).map((tail) => Buffer.from(`${root}/${tail}`, "utf8")),
          fc
            .array(fc.constantFrom("thing", "..", ".", "", "model", "a b"), { maxLength: 10 })
            .map((tail) => Buffer.from([root, ...tail].join("/"), "utf8")),
        ),
        (path) => {
          const rig = opened("tokenless");
          rig.server.script = (request) =>
            request.line.startsWith("GET")
              ? { code: "2.05", payload: "x" }
              : { code: "2.04", options: [[2100, path]] };
          expect(rig.publish()).toBe("accepted");
          for (const { line } of rig.server.seen.slice(1)) {
            expect(line).toMatch(/^GET \/topic\/sys\/MuGsF6W4\/861234567890123(\/[!-.0-~]+)+$/);
            expect(line.split("/")).not.toContain("..");
          }
        },
      ),
      { seed: 2100, numRuns: runs(300) },
    );
  });
});

describe("from inside onDownlink", () => {
  it("the answer to the command goes out, and what waited before it goes first", () => {
    const rig = opened("tokenless");
    rig.server.downlinks.push({ topic: set, payload: "1" });
    rig.onDownlink = () => rig.send(`${set}_reply`, "done");
    const first = rig.send("thing/model/up_raw", "1");
    const second = rig.send("thing/model/up_raw", "2");
    rig.pump();
    expect([first, second].map((outcomes) => outcomes.length)).toEqual([1, 1]);
    expect(rig.server.seen.map((request) => request.payload)).toEqual(["1", "2", "done"]);
  });

  it("numbers stay in order when replies, GETs and requests mix", () => {
    const rig = opened("token");
    for (const payload of ["1", "2", "3", "4"]) rig.server.downlinks.push({ topic: set, payload });
    rig.onDownlink = () => rig.send(`${set}_reply`, "done");
    const all = Array.from({ length: 4 }, () => rig.send());
    rig.pump();
    expect(all.map((outcomes) => outcomes.length)).toEqual([1, 1, 1, 1]);
    expect(rig.downlinks).toHaveLength(4);
    expect(rig.server.lines.filter((line) => line.endsWith("_reply"))).toHaveLength(4);
    const numbers = rig.server.seen.map((request) => Number(/sequence(\d+)$/.exec(request.signed!)![1]));
    expect(numbers).toEqual(numbers.map((_, i) => numbers[0] + i));
    expect(rig.story).toEqual([]);
  });
});
