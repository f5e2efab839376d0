/** Commands to devices, in both editions: offered, fetched, answered, offered again, given up. */
import { describe, expect, it, test } from "vitest";
import type { Command } from "../../../host-sim/cloud/cloud";
import type { Edition } from "../../../host-sim/cloud/registry/registry";
import { demoDevice, dk, pk, product, TestDevice, warm, rig, eventsOf, rawReading } from "./harness";
import type { Sent } from "./harness";

const up = "thing/model/up_raw";
const set = "thing/service/measurepoint/set";
const relay: Command = { kind: "set", points: { relay: 1 } };

function online(edition: Edition = "token", options: Parameters<typeof rig>[0] = {}): TestDevice {
  const device = new TestDevice(rig({ edition, ...options }), demoDevice, edition === "token");
  device.authenticate();
  return device;
}

/** A reading with an id of its own, which serves here to make the device speak. */
let reading = 0;
const speak = (device: TestDevice, now: number): Sent => {
  return device.post(now, up, rawReading(++reading, [1, warm]));
};

const offered = (reply: Sent): string | undefined => {
  const option = reply.options.find(({ number }) => number === 2100);
  return option && Buffer.from(option.value).toString("utf8").replace(`/topic/sys/${pk}/${dk}/`, "");
};
const delivered = (reply: Sent): unknown => {
  const option = reply.options.find(({ number }) => number === 2102);
  return option && JSON.parse(Buffer.from(option.value).toString("utf8"));
};
const status = (device: TestDevice): string[] => {
  return device.rig.cloud.commands.list(pk, dk).map((command) => command.status);
};
const send = (device: TestDevice, command: Command, now = 0): string => {
  return device.rig.cloud.commands.send(pk, dk, command, now);
};
const answer = (device: TestDevice, now: number, path: string, id: string, code = 200): Sent => {
  return device.post(now, `${path}_reply`, JSON.stringify({ id, code, data: { ok: true } }));
};

describe("edition of May 2019", () => {
  it("offers the path, gives the command to a GET, and is content with the reply", () => {
    const device = online();
    const id = send(device, relay);
    expect(status(device)).toEqual(["pending"]);

    const reply = speak(device, 1);
    expect(reply.options.map(({ number }) => number)).toEqual([2100]);
    expect(offered(reply)).toBe(set);
    expect(status(device)).toEqual(["pending"]);

    const command = device.get(2, set);
    expect(command).toMatchObject({ code: "2.05", options: [] });
    const body = { id, version: "1.0", method: "thing.service.measurepoint.set", params: { relay: 1 } };
    expect(JSON.parse(command.text)).toEqual(body);
    expect(status(device)).toEqual(["sent"]);

    expect(answer(device, 3, set, id)).toMatchObject({ code: "2.04", text: "", options: [] });
    expect(device.rig.cloud.commands.list(pk, dk)[0]).toMatchObject({
      ...{ id, kind: "set", path: set, status: "success", code: 200, data: { ok: true }, offers: 1 },
    });
    const types = device.rig.events.map(({ type }) => type).filter((type) => type.startsWith("command"));
    expect(types).toEqual(["command-queued", "command-offered", "command-fetched", "command-answered"]);
  });

  it("does not offer on the answer to the authentication", () => {
    const device = online();
    send(device, relay);
    expect(offered(device.authenticate())).toBeUndefined();
    expect(offered(speak(device, 1))).toBe(set);
  });

  it("does not offer on an error", () => {
    const device = online();
    send(device, relay);
    expect(device.post(1, up, "x")).toMatchObject({ code: "4.00", options: [] });
    expect(offered(speak(device, 2))).toBe(set);
  });

  it("tells with the answer to a reply that one more waits, in the order of their queueing", () => {
    const device = online();
    const get = "thing/service/measurepoint/get";
    const ids = [send(device, relay), send(device, { kind: "set", points: { relay: 0 } })];
    ids.push(send(device, { kind: "get", points: ["temperature", "rssi"] }));
    expect(offered(speak(device, 1))).toBe(set);
    const first = device.get(2, set);
    expect(offered(first)).toBeUndefined();
    expect(status(device)).toEqual(["sent", "pending", "pending"]);
    expect(offered(answer(device, 3, set, ids[0]))).toBe(set);
    const second = device.get(4, set);
    expect([first, second].map(({ text }) => (JSON.parse(text) as { id: string }).id)).toEqual(
      ids.slice(0, 2),
    );
    expect(offered(answer(device, 5, set, ids[1]))).toBe(get);
    const third = device.get(6, get);
    expect(JSON.parse(third.text)).toMatchObject({
      method: "thing.service.measurepoint.get",
      params: ["temperature", "rssi"],
    });
    expect(offered(answer(device, 7, get, ids[2]))).toBeUndefined();
    expect(status(device)).toEqual(["success", "success", "success"]);
  });

  it("gives the command once more to a GET that comes again", () => {
    const device = online();
    send(device, relay);
    speak(device, 1);
    const first = device.get(2, set);
    expect(device.get(3, set)).toMatchObject({ code: "2.05", text: first.text });
  });

  it("knows no command where none waits: 4.04, for signed requests only", () => {
    const device = online();
    expect(device.get(1, set).code).toBe("4.04");
    const id = send(device, relay);
    expect(device.send(2, { path: device.topic(set), code: 1, sign: null }).code).toBe("4.01");
    device.get(3, set);
    answer(device, 4, set, id);
    expect(device.get(5, set).code).toBe("4.04");
  });

  it("calls a service by its name, with its inputs", () => {
    const device = online();
    const id = send(device, { kind: "service", service: "reboot", inputs: { delay: 5 } });
    expect(offered(speak(device, 1))).toBe("thing/service/reboot");
    expect(JSON.parse(device.get(2, "thing/service/reboot").text)).toEqual({
      ...{ id, version: "1.0", method: "thing.service.reboot", params: { delay: 5 } },
    });
    answer(device, 3, "thing/service/reboot", id, -1);
    expect(device.rig.cloud.commands.list(pk, dk)[0]).toMatchObject({ status: "failed", code: -1 });
  });

  it("sends raw bytes, and knows their reply by the request id", () => {
    const device = online();
    send(device, { kind: "raw", payload: Buffer.from("020000004d0400000001", "hex"), requestId: 77 });
    expect(offered(speak(device, 1))).toBe("thing/model/down_raw");
    const command = device.get(2, "thing/model/down_raw");
    expect(Buffer.from(command.payload).toString("hex")).toBe("020000004d0400000001");
    const reply = (text: string): Sent => {
      return device.post(3, "thing/model/down_raw_reply", Buffer.from(text, "hex"));
    };
    expect(reply("020000004ec8").code).toBe("2.04");
    expect(reply("020000004d").code).toBe("4.00");
    expect(reply("030000004dc8").code).toBe("4.00");
    expect(status(device)).toEqual(["sent"]);
    expect(reply("020000004dc8").code).toBe("2.04");
    expect(device.rig.cloud.commands.list(pk, dk)[0]).toMatchObject({ status: "success", code: 200 });
    const counters = device.rig.cloud.devices.view(pk, dk)?.counters;
    expect(counters).toMatchObject({ strayReplies: 1, commandsAnswered: 1 });
  });
});

/** Eight bytes. */
const hexOf = (id: string): string => BigInt(id).toString(16).padStart(16, "0");

describe("a product whose commands are raw", () => {
  const products = [{ ...product, payload: "raw" as const }];

  it("has the parsing script make the bytes, and read the reply", () => {
    const device = online("token", { products });
    const id = send(device, relay);
    expect(offered(speak(device, 1))).toBe("thing/model/down_raw");
    const head = `06${hexOf(id)}02`;
    const { payload } = device.get(2, "thing/model/down_raw");
    expect(Buffer.from(payload).toString("hex")).toBe(`${head}0400000001`);
    expect(device.post(3, "thing/model/down_raw_reply", Buffer.from(`${head}c8`, "hex")).code).toBe("2.04");
    expect(device.rig.cloud.commands.view(id)).toMatchObject({
      ...{ id, productKey: pk, deviceKey: dk, kind: "set", status: "success", code: 200 },
      ...{ createdAt: 0, sentAt: 2, answeredAt: 3 },
    });
  });

  it("calls a service, and reads what it gives out of the reply", () => {
    const device = online("tokenless", { products });
    const inputs = { reference: { temperature: 20, source: "größe" } };
    const id = send(device, { kind: "service", service: "calibrate", inputs });
    speak(device, 1);
    const reply = Buffer.from(`06${hexOf(id)}12c800103ff8000000000000c000000000000000`, "hex");
    expect(device.post(2, "thing/model/down_raw_reply", reply).code).toBe("2.04");
    expect(device.rig.cloud.commands.view(id)).toMatchObject({ code: 200, data: { corrections: [1.5, -2] } });
  });

  it("has no form for a question, and none for what the script cannot state", () => {
    const device = online("token", { products });
    expect(() => send(device, { kind: "get", points: ["relay"] })).toThrow(/no raw form/);
    const script = "function rawDataToJsonStr() { return ''; } function jsonStrToRawData() { return []; }";
    const mute = online("token", { products: [{ ...product, script, payload: "raw" }] });
    expect(() => send(mute, relay)).toThrow(/gave no bytes/);
  });
});

describe("a firmware to fetch", () => {
  const path = "ota/device/upgrade";
  const params = { version: "2.1", sign: "00ff", signMethod: "md5", fileUrl: "/files/2.1", fileSize: 4096 };

  it.each(["raw", "json"] as const)(
    "goes as JSON to a product whose commands are %s, and back",
    (payload) => {
      for (const edition of ["token", "tokenless"] as const) {
        const device = online(edition, { products: [{ ...product, payload }] });
        const id = send(device, { kind: "upgrade", params });
        const reply = speak(device, 1);
        expect(offered(reply)).toBe(path);
        const command = edition === "token" ? JSON.parse(device.get(2, path).text) : delivered(reply);
        expect(command).toEqual({ id, version: "1.0", method: "ota.device.upgrade", params });
        expect(answer(device, 3, path, id).code).toBe("2.04");
        expect(device.rig.cloud.commands.view(id)).toMatchObject({ kind: "upgrade", path, code: 200 });
      }
    },
  );
});

it("gives each command up after a time of its own", () => {
  const device = online();
  const { cloud } = device.rig;
  const slow = cloud.commands.send(pk, dk, relay, 0, { pendingTtl: 7_200_000 });
  const quick = cloud.commands.send(pk, dk, relay, 0, { pendingTtl: 5_000 });
  expect(cloud.deadline).toBe(5_000);
  cloud.poll(5_000);
  expect([cloud.commands.view(slow)?.status, cloud.commands.view(quick)?.status]).toEqual([
    "pending",
    "expired",
  ]);
  expect(cloud.deadline).toBe(3_600_000);
});

describe("later editions", () => {
  it("deliver the command with the response, payload and all", () => {
    const device = online("tokenless");
    const id = send(device, relay);
    const reply = speak(device, 1);
    expect(reply.options.map(({ number }) => number)).toEqual([2100, 2102]);
    expect(offered(reply)).toBe(set);
    expect(delivered(reply)).toMatchObject({ id, params: { relay: 1 } });
    expect(status(device)).toEqual(["sent"]);
    expect(answer(device, 2, set, id)).toMatchObject({ code: "2.04", options: [] });
    expect(status(device)).toEqual(["success"]);
  });

  it("deliver one command per response", () => {
    const device = online("tokenless");
    const ids = [send(device, relay), send(device, relay)];
    const first = delivered(speak(device, 1));
    const second = delivered(answer(device, 2, set, ids[0]));
    expect([first, second]).toMatchObject(ids.map((id) => ({ id })));
  });
});

describe.each(["token", "tokenless"] as const)("edition %s, when things go wrong", (edition) => {
  it("offers again after resendAfter, not before, until the reply is there", () => {
    const device = online(edition, { limits: { responseTimeout: 60_000 } });
    const id = send(device, relay);
    const takes = (now: number): void => {
      expect(offered(speak(device, now))).toBe(set);
      if (edition === "token") device.get(now, set);
    };
    takes(0);
    expect(offered(speak(device, 9_999))).toBeUndefined();
    takes(10_000);
    expect(offered(speak(device, 19_999))).toBeUndefined();
    takes(20_000);
    expect(offered(answer(device, 35_000, set, id))).toBeUndefined();
    expect(offered(speak(device, 200_000))).toBeUndefined();
    expect(device.rig.cloud.commands.list(pk, dk)[0].offers).toBe(3);
  });

  it("tells with each answer of a command that was not fetched, in the edition that has it fetched", () => {
    const device = online(edition);
    send(device, relay);
    const told = [1, 2, 3].map((now) => offered(speak(device, now)));
    expect(told).toEqual(edition === "token" ? [set, set, set] : [set, undefined, undefined]);
  });

  it("keeps a command over a session that lapsed", () => {
    const device = online(edition);
    device.authenticate(0, { lifetime: 30 });
    device.rig.cloud.commands.send(pk, dk, relay, 1, { pendingTtl: 60_000, responseTimeout: 60_000 });
    expect(offered(speak(device, 2))).toBe(set);
    device.rig.cloud.poll(40_000);
    device.authenticate(50_000);
    expect(offered(speak(device, 50_001))).toBe(set);
  });

  it("gives a command up that was sent and not answered within its response time-out", () => {
    const device = online(edition, { limits: { pendingTtl: 60_000 } });
    const id = send(device, relay, 1000);
    expect(device.rig.cloud.deadline).toBe(61_000);
    speak(device, 2000);
    if (edition === "token") device.get(2000, set);
    expect(device.rig.cloud.deadline).toBe(32_000);
    device.rig.cloud.poll(31_999);
    expect(status(device)).toEqual(["sent"]);
    device.rig.cloud.poll(32_000);
    expect(status(device)).toEqual(["timed-out"]);
    expect(eventsOf(device.rig, "command-timed-out")).toMatchObject([{ id, at: 32_000 }]);
    expect(offered(speak(device, 100_000))).toBeUndefined();
    expect(answer(device, 100_001, set, id).code).toBe("2.04");
    expect(status(device)).toEqual(["timed-out"]);
  });

  it("acknowledges a reply that comes twice, for the wrong command, or on the wrong path", () => {
    const device = online(edition);
    const id = send(device, relay);
    speak(device, 1);
    if (edition === "token") device.get(1, set);
    expect(answer(device, 2, set, "nobody's").code).toBe("2.04");
    expect(answer(device, 3, "thing/service/measurepoint/get", id).code).toBe("2.04");
    expect(status(device)).toEqual(["sent"]);
    answer(device, 4, set, id, 500);
    expect(answer(device, 5, set, id, 200).code).toBe("2.04");
    expect(device.rig.cloud.commands.list(pk, dk)[0].code).toBe(500);
    expect(device.rig.cloud.devices.view(pk, dk)?.counters.strayReplies).toBe(3);
  });

  test.each(["", "{}", "[]", '{"id":"1"}', '{"code":200}', '{"id":"1","code":"200"}'])(
    "cannot take %j for a reply: 4.00",
    (body) => {
      const device = online(edition);
      expect(device.post(1, `${set}_reply`, body).code).toBe("4.00");
    },
  );
});

it("takes a numeric id in a reply", () => {
  const device = online("tokenless");
  const id = send(device, relay);
  speak(device, 1);
  device.post(2, `${set}_reply`, `{"id":${id},"code":200}`);
  expect(status(device)).toEqual(["success"]);
});

test.each<[string, Command, RegExp]>([
  ["unknown", { kind: "set", points: { pressure: 1 } }, /not in the model/],
  ["not writable", { kind: "set", points: { temperature: 1 } }, /cannot be set/],
  ["of another value", { kind: "set", points: { relay: 2 } }, /relay: expected one of 0/],
  ["for nothing", { kind: "set", points: {} }, /at least one/],
  ["a question for what there is not", { kind: "get", points: ["pressure"] }, /not in the model/],
  ["a service there is not", { kind: "service", service: "nope", inputs: {} }, /not in the model/],
  ["a service without its input", { kind: "service", service: "reboot", inputs: {} }, /delay/],
  ["a service with a slash", { kind: "service", service: "a/b", inputs: {} }, /^service/],
  ["a service named like a reply", { kind: "service", service: "a_reply", inputs: {} }, /^service/],
  ["an empty raw command", { kind: "raw", payload: new Uint8Array(0), requestId: 1 }, /^payload/],
  ["request id -1", { kind: "raw", payload: new Uint8Array(1), requestId: -1 }, /^requestId/],
])("refuses a command that is %s", (_name, command, reason) => {
  const device = online();
  expect(() => send(device, command)).toThrow(reason);
  expect(device.rig.cloud.commands.list(pk, dk)).toEqual([]);
});

it("refuses a command that is too long to ride on an answer", () => {
  const device = online("token", { products: [] });
  expect(() => send(device, { kind: "set", points: { text: "x".repeat(800) } })).toThrow(/at most 768 bytes/);
});

it("refuses a command for an unknown device, one request id twice, and more than the limit", () => {
  const device = online("token", { limits: { waitingCommands: 2 } });
  expect(() => device.rig.cloud.commands.send(pk, "nobody", relay, 0)).toThrow(/no device/);
  const raw: Command = { kind: "raw", payload: new Uint8Array(1), requestId: 1 };
  send(device, raw);
  expect(() => send(device, raw)).toThrow(/already waiting/);
  const id = send(device, relay);
  expect(() => send(device, relay)).toThrow(/2 already wait/);
  device.rig.cloud.commands.revoke(id, 1);
  send(device, relay);
  expect(status(device)).toEqual(["pending", "revoked", "pending"]);
});

it("a number that a raw command goes by is not given to another that waits", () => {
  const script =
    "function rawDataToJsonStr() { return '{}'; }" +
    "function jsonStrToRawData(text) { var id = +JSON.parse(text).id; return id > 4294967295 ? [] : [2, id & 255]; }";
  const device = online("token", { products: [{ ...product, script, payload: "raw" }] });
  const { cloud } = device.rig;
  const first = Number(send(device, relay));
  const payload = Buffer.from("0200000001ff", "hex");
  const numberOf = (steps: number): number => (first + 1024 * steps) >>> 0;
  const raw = send(device, { kind: "raw", payload, requestId: numberOf(2) });
  expect(send(device, relay)).toBe(String(numberOf(3)));
  expect(send(device, relay)).toBe(String(numberOf(4)));
  expect(cloud.commands.view(raw)).toMatchObject({ id: raw, kind: "raw", deviceKey: dk });
  expect(cloud.commands.view(String(numberOf(2)))).toBeUndefined();
});

describe("commands for devices that take 512 bytes at once", () => {
  const raw = (length: number, requestId = 7): Command => {
    const payload = new Uint8Array(length);
    payload.set([2, 0, 0, 0, requestId]);
    return { kind: "raw", payload, requestId };
  };
  /** The longest that rides on an answer: beside path, token and the answer's own body. */
  const longest = 388;

  it("one that makes an answer longer is refused, with what to do; the longest that does not rides on it", () => {
    const device = online("tokenless");
    expect(() => send(device, raw(760))).toThrow(
      "command: with its 760 bytes an answer has 884, and the product's devices take 512: make it shorter by 372, " +
        "or set the product's largestDatagram if all of its modems take more",
    );
    expect(() => send(device, raw(longest + 1))).toThrow(/has 513, .* make it shorter by 1,/);
    expect(status(device)).toEqual([]);
    send(device, raw(longest));
    const reply = speak(device, 1);
    expect(offered(reply)).toBe("thing/model/down_raw");
    expect(device.rig.sent.at(-1)!.bytes.length).toBeLessThanOrEqual(512);
  });

  it("the product may say that its devices take more, or less", () => {
    for (const [largestDatagram, most] of [
      [256, 133],
      [1024, 900],
    ]) {
      const limits = { commandPayload: 1000 };
      const device = online("tokenless", { products: [{ ...product, largestDatagram }], limits });
      expect(() => send(device, raw(most + 1))).toThrow(`take ${largestDatagram}:`);
      send(device, raw(most));
      speak(device, 1);
      expect(device.rig.sent.at(-1)!.bytes.length).toBeLessThanOrEqual(largestDatagram);
    }
  });

  it("where an answer's own body leaves no room, the command waits for another answer", () => {
    const device = online("tokenless");
    const say = (now: number, what: string, attributes: unknown): Sent => {
      const method = `thing.attribute.${what}`;
      const body = { id: String(now), version: "1.0", method, params: { attributes } };
      return device.post(now, `thing/attribute/${what}`, JSON.stringify(body));
    };
    say(1, "update", { label: "x".repeat(60) });
    send(device, raw(longest));
    expect(offered(say(2, "query", []))).toBeUndefined();
    expect(status(device)).toEqual(["pending"]);
    expect(offered(speak(device, 3))).toBe("thing/model/down_raw");
  });

  it("one that is fetched comes in blocks that fit", () => {
    const device = online("token");
    send(device, raw(760));
    speak(device, 1);
    const first = device.get(2, "thing/model/down_raw");
    expect(first.payload.length).toBe(256);
    expect(first.options.map(({ number }) => number)).toEqual([4, 23]);
    expect(device.rig.sent.at(-1)!.bytes.length).toBeLessThanOrEqual(512);
    const larger = online("token", { products: [{ ...product, largestDatagram: 1024 }] });
    send(larger, raw(760));
    speak(larger, 1);
    expect(larger.get(2, "thing/model/down_raw").payload.length).toBe(760);
  });
});
