/** Authentication, sessions, sequence numbers, lifetimes and device states. */
import { describe, expect, it, test } from "vitest";
import { DeviceListError } from "../../../host-sim/cloud/registry/registry";
import {
  demoDevice,
  dk,
  noBytes,
  otherDevice,
  pk,
  demoSecret,
  TestDevice,
  warm,
  authSign,
  rig,
  eventsOf,
  rawReading,
  sessionSign,
} from "./harness";

const reading = rawReading(1, [1, warm]);
const up = "thing/model/up_raw";

describe("authentication", () => {
  it("gives a fresh random token and activates the device", () => {
    const b = rig();
    const device = new TestDevice(b);
    expect(b.cloud.devices.view(pk, dk)).toMatchObject({ state: "inactive", lastSeen: undefined });
    const reply = device.authenticate(5000);
    expect(reply.code).toBe("2.04");
    expect(JSON.parse(reply.text)).toEqual({ token: expect.stringMatching(/^[0-9a-f]{16}$/) as string });
    expect(b.cloud.devices.view(pk, dk)).toMatchObject({ state: "online", lastSeen: 5000, lifetime: 3600 });
    expect(b.cloud.devices.view(pk, "other")).toMatchObject({ state: "inactive" });
    const first = device.token;
    device.authenticate(6000);
    expect(device.token).not.toBe(first);
    expect(eventsOf(b, "state")).toEqual([
      {
        ...{ type: "state", productKey: pk, deviceKey: dk },
        ...{ from: "inactive", to: "online", reason: "authenticated", at: 5000 },
      },
    ]);
  });

  it("gives no token in the later edition", () => {
    const b = rig({ edition: "tokenless" });
    const reply = new TestDevice(b).authenticate();
    expect(reply).toMatchObject({ code: "2.04", text: "", options: [] });
    expect(b.cloud.devices.view(pk, dk)?.state).toBe("online");
  });

  test.each<[string, Record<string, unknown>, string]>([
    ["a lifetime of 29 s", { lifetime: 29 }, "4.00"],
    ["a lifetime of 30 s", { lifetime: 30 }, "2.04"],
    ["a lifetime of 86400 s", { lifetime: 86_400 }, "2.04"],
    ["a lifetime of 86401 s", { lifetime: 86_401 }, "4.00"],
    ["a lifetime with a fraction", { lifetime: 60.5 }, "4.00"],
    ["a lifetime as text", { lifetime: "60" }, "4.00"],
    ["no lifetime", { lifetime: undefined }, "4.00"],
    ["secureMode 1", { secureMode: 1 }, "4.00"],
    ["secureMode as text", { secureMode: "2" }, "4.00"],
    ["no secureMode", { secureMode: undefined }, "4.00"],
    ["a sign that is a number", { sign: 5 }, "4.00"],
    ["no sign", { sign: undefined }, "4.00"],
    ["an empty sign", { sign: "" }, "4.01"],
    ["a wrong sign", { sign: "0".repeat(64) }, "4.01"],
    ["a sign in lower case", { sign: authSign(dk, 3600, demoSecret).toLowerCase() }, "4.01"],
    ["the sign of another lifetime", { sign: authSign(dk, 60, demoSecret) }, "4.01"],
    ["the sign of another device", { sign: authSign("other", 3600, otherDevice.deviceSecret) }, "4.01"],
    ["something more in the body", { version: "1.0" }, "2.04"],
  ])("%s: answer %s", (_name, fields, code) => {
    const b = rig();
    const reply = new TestDevice(b).authenticate(0, fields);
    expect(reply.code).toBe(code);
    if (code === "2.04") return;
    expect(reply).toMatchObject({ text: "", options: [] });
    expect(b.cloud.devices.view(pk, dk)).toMatchObject({ state: "inactive", counters: { authRefused: 1 } });
    expect(eventsOf(b, "auth-refused")).toHaveLength(1);
    expect(b.events).toHaveLength(1);
  });

  const bodies = ["", "{", "null", "5", "[]", '"text"', "\u0000", "{}{}"];
  test.each(bodies)("the body %j is no JSON object: 4.00", (body) => {
    const b = rig();
    const path = ["auth", pk, dk];
    expect(new TestDevice(b).send(0, { path, payload: body, sign: null }).code).toBe("4.00");
  });

  it("answers an unknown device exactly as a wrong signature", () => {
    const ask = (fields: Partial<typeof demoDevice>): [unknown, string[]] => {
      const b = rig();
      const reply = new TestDevice(b, { ...demoDevice, ...fields }).authenticate();
      return [reply, eventsOf(b, "auth-refused").map(({ reason }) => reason)];
    };
    const [unknown, itsReasons] = ask({ deviceKey: "861234567890999" });
    const [wrong, reasons] = ask({ deviceSecret: "wrong" });
    expect(unknown).toMatchObject({ code: "4.01", text: "", options: [] });
    expect(unknown).toEqual(wrong);
    expect([itsReasons, reasons]).toEqual([["unknown device"], ["wrong sign"]]);
  });

  it("shuts a disabled device out, but tells only whoever can sign", () => {
    const b = rig({ devices: [{ ...demoDevice, state: "disabled" }] });
    const device = new TestDevice(b);
    expect(device.authenticate().code).toBe("4.03");
    expect(device.authenticate(0, { sign: "0".repeat(64) }).code).toBe("4.01");
    expect(b.cloud.devices.view(pk, dk)?.state).toBe("disabled");
  });

  it("takes only POST", () => {
    const path = ["auth", pk, dk];
    expect(new TestDevice(rig()).send(0, { path, code: 1, sign: null }).code).toBe("4.05");
  });
});

describe("signed requests, edition of May 2019", () => {
  function online(): TestDevice {
    const device = new TestDevice(rig());
    device.authenticate();
    return device;
  }
  const path = ["topic", "sys", pk, dk, "thing", "model", "up_raw"];
  const signed = (device: TestDevice, sequence: number): string => {
    return sessionSign(demoSecret, `token${device.token}sequence${sequence}`);
  };

  it("are served in ascending sequence, gaps allowed", () => {
    const device = online();
    expect(device.post(1, up, reading).code).toBe("2.04");
    expect(device.post(2, up, reading).code).toBe("2.04");
    device.sequence = 1000;
    expect(device.post(3, up, reading).code).toBe("2.04");
    expect(device.rig.cloud.devices.view(pk, dk)).toMatchObject({ lastSeen: 3, counters: { requests: 3 } });
  });

  test.each<[string, (device: TestDevice) => string | null, string, RegExp]>([
    ["no signature", () => null, "4.01", /no signature/],
    ["an empty signature", () => "", "4.00", /unparsable/],
    ["a signature that is no hex", () => "xyz", "4.00", /unparsable/],
    ["another key", (d) => sessionSign("wrong", `token${d.token}sequence9`), "4.00", /unparsable/],
    ["a wrong token", () => sessionSign(demoSecret, "token0123456789abcdefsequence9"), "4.01", /wrong token/],
    ["a shorter token", () => sessionSign(demoSecret, "token0sequence9"), "4.01", /wrong token/],
    ["the last sequence again", (d) => signed(d, 5), "4.01", /sequence 5 is not larger than 5/],
    ["a smaller sequence", (d) => signed(d, 4), "4.01", /sequence/],
    ["sequence 0", (d) => signed(d, 0), "4.00", /unparsable/],
  ])("with %s are refused", (_name, sign, code, reason) => {
    const device = online();
    device.sequence = 4;
    expect(device.post(10, up, reading).code).toBe("2.04");
    const reply = device.send(20, { path, payload: reading, sign: sign(device) });
    expect(reply).toMatchObject({ code, text: "", options: [] });
    const view = device.rig.cloud.devices.view(pk, dk);
    expect(view).toMatchObject({ lastSeen: 10, counters: { signatureRefused: 1 } });
    const [event] = eventsOf(device.rig, "signature-refused");
    expect(event.reason).toMatch(reason);
    expect(JSON.stringify(device.rig.events)).not.toContain(device.token);
    device.sequence = 5;
    expect(device.post(30, up, reading).code).toBe("2.04");
  });

  it("burn their sequence number even when the body is refused", () => {
    const device = online();
    expect(device.post(1, up, noBytes).code).toBe("4.00");
    device.sequence -= 1;
    expect(device.post(2, up, reading).code).toBe("4.01");
  });

  it("start at 1 again after a new authentication, and the old token dies", () => {
    const device = online();
    device.sequence = 500;
    device.post(1, up, reading);
    const old = device.token;
    device.authenticate(2);
    expect(device.post(3, up, reading).code).toBe("2.04");
    const sign = sessionSign(demoSecret, `token${old}sequence501`);
    expect(device.send(4, { path, payload: reading, sign }).code).toBe("4.01");
  });

  it("look the same for an unknown device and for one without a session", () => {
    const sign = sessionSign(demoSecret, "token0123456789abcdefsequence1");
    const garbled = `${sign.slice(0, -32)}${"0".repeat(32)}`;
    for (const value of [null, "", "FF", sign, garbled]) {
      const replies = [dk, "861234567890999"].map((deviceKey) => {
        const device = new TestDevice(rig(), { ...demoDevice, deviceKey });
        return device.send(0, { path: device.topic(up), payload: reading, sign: value });
      });
      // The one difference would need the device's key: a signature that this key can read is 4.01.
      if (value !== sign) expect(replies[1]).toEqual(replies[0]);
      expect(["4.00", "4.01"]).toContain(replies[1].code);
    }
  });

  it("carry the token of the device that the path names", () => {
    const b = rig();
    const one = new TestDevice(b);
    const two = new TestDevice(b, otherDevice);
    one.authenticate();
    two.authenticate();
    const sign = sessionSign(otherDevice.deviceSecret, `token${two.token}sequence1`);
    expect(one.send(1, { path, payload: reading, sign }).code).toBe("4.00");
    const forged = sessionSign(demoSecret, `token${two.token}sequence1`);
    expect(one.send(1, { path, payload: reading, sign: forged }).code).toBe("4.01");
    expect(b.cloud.reported.readings(pk, dk)).toEqual([]);
  });

  test.each(["key", "000102030405060708090a0b0c0d0e0f"])("use the IV %s when that is set", (iv) => {
    const b = rig({ iv });
    const device = new TestDevice(b);
    device.authenticate();
    // Encrypted with a zero IV, it decrypts to a wrong first block.
    expect(device.post(1, up, reading).code).toBe("4.00");
    const hash = Buffer.from(iv === "key" ? "112d046529be3bfa97b3af9f42d762f3" : iv, "hex");
    const sign = sessionSign(demoSecret, `token${device.token}sequence1`, hash);
    expect(device.send(2, { path, payload: reading, sign }).code).toBe("2.04");
  });
});

describe("the later edition", () => {
  it("needs no signature, and calls one a bad option", () => {
    const b = rig({ edition: "tokenless" });
    const device = new TestDevice(b, demoDevice, false);
    expect(device.post(0, up, reading).code).toBe("4.01");
    device.authenticate();
    expect(device.post(1, up, reading).code).toBe("2.04");
    const path = device.topic(up);
    expect(device.send(2, { path, payload: reading, sign: "AB".repeat(32) }).code).toBe("4.02");
    expect(device.send(2, { path: ["auth", pk, dk], payload: "{}", sign: "AB" }).code).toBe("4.02");
    expect(device.post(3_600_000, up, reading).code).toBe("2.04");
    expect(device.post(7_200_000, up, reading).code).toBe("4.01");
  });

  test.each(["path", "address"] as const)("with sessions tied to the %s, on a new port", (tie) => {
    const b = rig({ edition: "tokenless", tie });
    const device = new TestDevice(b, demoDevice, false);
    device.authenticate();
    expect(device.post(1, up, reading).code).toBe("2.04");
    device.peer = { ...device.peer, port: 50_000 };
    expect(device.post(2, up, reading).code).toBe(tie === "path" ? "2.04" : "4.01");
    device.authenticate(3);
    expect(device.post(4, up, reading).code).toBe("2.04");
  });

  it("can be one device's alone", () => {
    const b = rig({ devices: [demoDevice, { ...otherDevice, edition: "tokenless" }] });
    expect(new TestDevice(b).authenticate().text).toContain("token");
    const later = new TestDevice(b, otherDevice, false);
    expect(later.authenticate()).toMatchObject({ code: "2.04", text: "" });
    expect(later.post(1, up, reading).code).toBe("2.04");
  });
});

describe("lifetime and states", () => {
  it("lapses after a lifetime of silence, to the millisecond, and not a moment earlier", () => {
    const b = rig();
    const device = new TestDevice(b);
    device.authenticate(1000, { lifetime: 60 });
    expect(b.cloud.deadline).toBe(61_000);
    b.cloud.poll(60_999);
    expect(b.cloud.devices.view(pk, dk)?.state).toBe("online");
    b.cloud.poll(61_000);
    expect(b.cloud.devices.view(pk, dk)?.state).toBe("offline");
    expect(b.cloud.deadline).toBe(Infinity);
    expect(device.post(61_001, up, reading).code).toBe("4.01");
    expect(eventsOf(b, "signature-refused")[0].reason).toMatch(/lapsed/);
    expect(device.authenticate(62_000, { lifetime: 60 }).code).toBe("2.04");
    expect(eventsOf(b, "state").map(({ from, to, at }) => [from, to, at])).toEqual([
      ["inactive", "online", 1000],
      ["online", "offline", 61_000],
      ["offline", "online", 62_000],
    ]);
  });

  it("notices by itself when a request comes too late, without a poll", () => {
    const device = new TestDevice(rig());
    device.authenticate(0, { lifetime: 60 });
    expect(device.post(60_000, up, reading).code).toBe("4.01");
    expect(device.rig.cloud.devices.view(pk, dk)?.state).toBe("offline");
  });

  it("is prolonged by whatever is signed, be it refused for what it says, and by nothing else", () => {
    const b = rig();
    const device = new TestDevice(b);
    device.authenticate(0, { lifetime: 60 });
    expect(device.post(50_000, up, reading).code).toBe("2.04");
    expect(device.post(100_000, up, noBytes).code).toBe("4.00");
    expect(b.cloud.devices.view(pk, dk)?.lastSeen).toBe(100_000);
    expect(device.post(159_999, up, reading).code).toBe("2.04");
    expect(device.send(210_000, { path: ["nowhere"] }).code).toBe("4.04");
    expect(device.send(211_000, { path: device.topic(up), payload: reading, sign: "AB" }).code).toBe("4.00");
    expect(device.post(219_999, up, reading).code).toBe("4.01");
    expect(b.cloud.devices.view(pk, dk)?.lastSeen).toBe(159_999);
  });

  it("asks for a poll no later than the next lapse, whichever device's it is", () => {
    const b = rig();
    new TestDevice(b).authenticate(0, { lifetime: 3600 });
    new TestDevice(b, otherDevice).authenticate(10_000, { lifetime: 30 });
    expect(b.cloud.deadline).toBe(40_000);
    b.cloud.poll(40_000);
    expect(b.cloud.devices.list().map(({ state }) => state)).toEqual(["online", "offline"]);
    expect(b.cloud.deadline).toBe(3_600_000);
  });

  it("refuses a disabled device with 4.03 until it is enabled and has authenticated", () => {
    const b = rig();
    const device = new TestDevice(b);
    device.authenticate();
    b.cloud.devices.disable(pk, dk);
    expect(device.post(1, up, reading).code).toBe("4.03");
    expect(device.authenticate(2).code).toBe("4.03");
    b.cloud.devices.enable(pk, dk);
    expect(b.cloud.devices.view(pk, dk)?.state).toBe("offline");
    expect(device.post(3, up, reading).code).toBe("4.01");
    device.authenticate(4);
    expect(device.post(5, up, reading).code).toBe("2.04");
    b.cloud.devices.enable(pk, dk);
    expect(b.cloud.devices.view(pk, dk)?.state).toBe("online");
  });

  it("goes back to inactive when a device was never there", () => {
    const b = rig({ devices: [{ ...demoDevice, state: "disabled" }] });
    b.cloud.devices.enable(pk, dk);
    expect(b.cloud.devices.view(pk, dk)?.state).toBe("inactive");
  });
});

it("refuses what it cannot be built from", () => {
  expect(() => rig({ devices: [demoDevice, demoDevice] })).toThrow(DeviceListError);
  expect(() => rig({ devices: [{ ...demoDevice, deviceKey: "a/b" }] })).toThrow(DeviceListError);
  expect(() => rig({ iv: "nonsense" })).toThrow(RangeError);
  expect(() => rig().cloud.devices.disable(pk, "nobody")).toThrow(/no device/);
  expect(rig().cloud.devices.view(pk, "nobody")).toBeUndefined();
});

it("tells no secret to anyone who looks", () => {
  const b = rig();
  const device = new TestDevice(b);
  device.authenticate();
  device.post(1, up, reading);
  device.post(1, up, noBytes);
  const all = JSON.stringify([b.events, b.cloud.devices.list(), b.cloud.reported.readings(pk, dk)]);
  for (const secret of [demoSecret, device.token, authSign(dk, 3600, demoSecret)])
    expect(all).not.toContain(secret);
});
