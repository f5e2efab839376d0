/** What the cloud says of a version, and where its file is: whatever else comes, nothing is thrown. */
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { MemberNames } from "../../../firmware/text/member-names";
import { placeOf, readPlace } from "../../../firmware/update/file-place";
import { isTaskGone, progressBody } from "../../../firmware/update/progress";
import { readOffers, readUpgrade, upgradeReply } from "../../../firmware/update/upgrade-command";

const names = (): MemberNames => new MemberNames(() => 0.5);
const bytes = (value: unknown): Uint8Array =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value));
const params = { version: "0.3.0", sign: "ab", signMethod: "md5", fileUrl: "/f/a", fileSize: 1_234 };
const offer = { version: "0.3.0", fileUrl: "/f/a", fileSize: 1_234 };

describe("a command", () => {
  it("as the manual has it", () => {
    const command = { id: "7", version: "1.0", method: "ota.device.upgrade", params };
    expect(readUpgrade(bytes(command), names())).toEqual({ id: "7", offer });
    expect(readUpgrade(bytes({ id: 7, params }), names())).toEqual({ id: 7, offer });
  });

  it("keeps the digits of an id that no double holds", () => {
    const read = readUpgrade(bytes('{"params":{},"id":12345678901234567890}'), names())!;
    expect(Buffer.from(upgradeReply(read.id, 200)).toString()).toBe(
      '{"id":12345678901234567890,"code":200,"data":{}}',
    );
  });

  test.each<[string, unknown, string]>([
    ["no params", { id: "1" }, "no params"],
    ["params that are a list", { id: "1", params: [] }, "no params"],
    ["a version that is none", { id: "1", params: { ...params, version: "3" } }, "no version n.n.n"],
    ["a version that is a number", { id: "1", params: { ...params, version: 3 } }, "no version n.n.n"],
    ["no URL", { id: "1", params: { ...params, fileUrl: undefined } }, "no fileUrl"],
    ["a URL of 201 characters", { id: "1", params: { ...params, fileUrl: "/".repeat(201) } }, "no fileUrl"],
    ["a size below 0", { id: "1", params: { ...params, fileSize: -1 } }, "no fileSize"],
    ["a size that is none", { id: "1", params: { ...params, fileSize: "big" } }, "no fileSize"],
    ["a size beyond all flash", { id: "1", params: { ...params, fileSize: 1e9 } }, "no fileSize"],
    ["half of it", '{"id":"1","params":{"version":"0.', "unreadable"],
  ])("with %s has no offer, and can be answered", (_what, command, reason) => {
    expect(readUpgrade(bytes(command), names())).toEqual({ id: "1", offer: reason });
  });

  it("without an id is none", () => {
    const deep = `{"id":"1","params":${"[".repeat(40)}`;
    for (const command of [deep, {}, { params }, "", "[]", "{", { id: null, params }, { id: {}, params }])
      expect(readUpgrade(bytes(command), names()), JSON.stringify(command)).toBeUndefined();
  });

  it("takes whatever it is given", () => {
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.json().map(bytes),
      fc.string().map(bytes),
    );
    fc.assert(
      fc.property(anything, (payload) => {
        readUpgrade(payload, names());
        readOffers(payload, names());
        isTaskGone(payload, names());
      }),
    );
  });
});

describe("the answer to getversion", () => {
  it("has the newest of its versions", () => {
    const data = ["0.2.9", "0.10.0", "nonsense", "0.3.0"].map((version) => ({ ...params, version }));
    expect(readOffers(bytes({ id: "1", code: 200, data }), names())).toMatchObject({ version: "0.10.0" });
  });

  it.each([[{ code: 200, data: [] }], [{ code: 500, data: [params] }], [{ code: 200, data: {} }], [{}]])(
    "%j has none",
    (answer) => {
      expect(readOffers(bytes(answer), names())).toBeUndefined();
    },
  );
});

describe("progress", () => {
  it("is said in EnOS's words", () => {
    const body = JSON.parse(
      Buffer.from(progressBody("9", { step: -3, desc: "unsigned" })).toString(),
    ) as object;
    expect(body).toEqual({
      ...{ id: "9", version: "1.0", method: "ota.device.progress" },
      params: { step: "-3", desc: "unsigned" },
    });
  });

  it("is over where there is no such task", () => {
    const gone = (code: unknown): boolean => isTaskGone(bytes({ id: "1", code }), names());
    expect([764, 765, "764", 200, 500].map(gone)).toEqual([true, true, true, false, false]);
    expect(isTaskGone(new Uint8Array(0), names())).toBe(false);
  });
});

describe("a place", () => {
  const segments = (text: string): string[] | undefined => {
    const place = readPlace(text);
    if (place === undefined) return undefined;
    const { bytes: path } = place.path;
    const found: string[] = [];
    for (let at = 0; at < path.length;) {
      let length = path[at] & 15;
      let from = at + 1;
      if (length === 13) length = 13 + path[from++];
      found.push(Buffer.from(path.subarray(from, from + length)).toString());
      at = from + length;
    }
    return found;
  };

  it.each<[string, string | undefined, number, string[]]>([
    ["/f/pZ3r", undefined, 5683, ["f", "pZ3r"]],
    ["coap://192.0.2.7/a", "192.0.2.7", 5683, ["a"]],
    ["COAP://files.example:5700/fw/0.3.0-b.enup", "files.example", 5700, ["fw", "0.3.0-b.enup"]],
    ["/a%2Fb/%C3%A9", undefined, 5683, ["a/b", "é"]],
    ["/é", undefined, 5683, ["é"]],
  ])("%s", (text, host, port, path) => {
    expect(readPlace(text)).toMatchObject({ host, port });
    expect(segments(text)).toEqual(path);
  });

  it.each([
    ...["https://files.example/a", "files.example/a", "", "coap://", "coap:///a", "coap://h", "coap://h:0/a"],
    ...[
      "coap://h:70000/a",
      "coap://h:1x/a",
      "coap://u@h/a",
      "coap://[::1]/a",
      "/a?b",
      "/a#b",
      "/a b",
      "/%zz",
    ],
    ...[
      "/",
      "/.",
      "/a/..",
      `/${"a".repeat(256)}`,
      "/a".repeat(17),
      `/${"abcdefgh/".repeat(15)}${"a".repeat(250)}`,
    ],
  ])("%j is none", (text) => {
    expect(readPlace(text)).toBeUndefined();
  });

  it("of whatever text throws nothing", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.webUrl(),
          fc.string().map((s) => `/${s}`),
        ),
        (text) => {
          const place = readPlace(text);
          if (place !== undefined) expect(place.path.bytes.length).toBeLessThan(450);
        },
      ),
    );
  });

  it("is the folder of the settings, where they name one", () => {
    expect(placeOf(offer, "", "m5stack-nbiot")).toBe("/f/a");
    expect(placeOf(offer, "coap://h/fw", "m5stack-nbiot")).toBe("coap://h/fw/0.3.0-m5stack-nbiot.enup");
  });
});
