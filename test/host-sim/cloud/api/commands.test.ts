/** Commands over HTTP, followed to their end with a device that carries them out. */
import { beforeEach, describe, expect, it } from "vitest";
import { here, start, apiRig, detailOf } from "./rig";
import type { ApiRig } from "./rig";
import { dk, Device, pk } from "./device";

let rig: ApiRig;
let call: ApiRig["call"];
let device: Device;
beforeEach(async () => {
  rig = await apiRig();
  call = rig.call;
  device = new Device(rig);
  device.authenticate();
});

const commands = `${here}/commands`;

async function queue(body: unknown): Promise<{ id: string; follow: () => Promise<any> }> {
  const { status, body: answer, headers, text } = await call("POST", commands, body);
  if (status !== 202) throw new Error(text);
  expect(answer).toEqual({ id: expect.stringMatching(/^\d+$/), status: "pending" });
  expect(headers.location).toBe(`/api/v1/commands/${answer.id}`);
  return { id: answer.id, follow: async () => (await call("GET", String(headers.location))).body };
}

describe("a command", () => {
  it("is followed from pending over sent to success", async () => {
    const { id, follow } = await queue({ kind: "set", points: { relay: 1 } });
    expect(await follow()).toEqual({
      ...{ id, productKey: pk, deviceKey: dk, kind: "set", path: "thing/service/measurepoint/set" },
      ...{ status: "pending", createdAt: start, offers: 0, pendingTtl: 0, responseTimeout: 30 },
      ...{ points: { relay: 1 }, deadline: start + 30_000 },
    });
    rig.time.now += 1000;
    const { command } = device.points("1", { temperature: 20 });
    expect(command?.json).toMatchObject({
      id,
      method: "thing.service.measurepoint.set",
      params: { relay: 1 },
    });
    expect(await follow()).toMatchObject({
      ...{ status: "sent", sentAt: start + 1000, offers: 1, deadline: start + 31_000 },
      ...{ offeredAt: start + 1000, offeredLastAt: start + 1000, uplink: "thing/measurepoint/post" },
    });
    rig.time.now += 1000;
    device.post(
      "thing/service/measurepoint/set_reply",
      JSON.stringify({ id, code: 200, data: { relay: 1 } }),
    );
    expect(await follow()).toMatchObject({
      ...{
        status: "success",
        code: 200,
        data: { relay: 1 },
        answeredAt: start + 2000,
        endedAt: start + 2000,
      },
    });
    expect((await call("GET", commands)).body.items).toEqual([await follow()]);
    expect(await follow()).not.toHaveProperty("deadline");
    expect(await follow()).not.toHaveProperty("fetchedAt");
  });

  it("says what it asked for, of each kind in the words of the request", async () => {
    const bodies = [
      { kind: "set", points: { relay: 1 } },
      { kind: "get", points: ["temperature", "relay"] },
      { kind: "service", service: "calibrate", inputs: { reference: { temperature: 20.5 } } },
      { kind: "raw", payload: "0200000007", requestId: 7 },
    ];
    for (const body of bodies) expect(await (await queue(body)).follow()).toMatchObject(body);
  });

  it("carries the device's own code", async () => {
    const { id, follow } = await queue({ kind: "get", points: ["temperature"] });
    device.points("1", { temperature: 20 });
    device.post("thing/service/measurepoint/get_reply", JSON.stringify({ id, code: 404, data: {} }));
    expect(await follow()).toMatchObject({ status: "failed", code: 404 });
  });

  it("too long for what the product's devices take is refused, with what to do", async () => {
    const body = { kind: "raw", payload: "02".repeat(760), requestId: 1 };
    const refused = await call("POST", commands, body);
    expect(detailOf(refused, 422)).toMatch(
      /^command: with its 760 bytes .* take 512: .* product's largestDatagram/,
    );
  });

  it("is given up after its own time", async () => {
    const first = await queue({ kind: "set", points: { relay: 1 }, pendingTtl: 10 });
    const second = await queue({ kind: "set", points: { relay: 0 }, pendingTtl: 60, responseTimeout: 5 });
    rig.time.now += 10_000;
    rig.cloud.poll(rig.time.now);
    expect([await first.follow(), await second.follow()].map(({ status }) => status)).toEqual([
      "expired",
      "pending",
    ]);
    device.points("1", { temperature: 20 });
    rig.time.now += 5_000;
    rig.cloud.poll(rig.time.now);
    expect((await second.follow()).status).toBe("timed-out");
  });

  it("may be bytes by hand", async () => {
    const { follow } = await queue({ kind: "raw", payload: "02000000070401", requestId: 7 });
    expect(await follow()).toMatchObject({ kind: "raw", path: "thing/model/down_raw", status: "pending" });
  });

  it("is one of several that wait", async () => {
    await queue({ kind: "set", points: { relay: 1 } });
    await queue({ kind: "get", points: ["temperature"] });
    await queue({ kind: "service", service: "reboot", inputs: { delay: 5 } });
    const { items } = (await call("GET", commands)).body;
    expect(items.map(({ kind }: { kind: string }) => kind)).toEqual(["set", "get", "service"]);
  });
});

describe("commands that wait", () => {
  const get = (path: string) => call("GET", path).then(({ body }) => body);

  it("are revoked, one or all, and those that are sent are not", async () => {
    const { id } = await queue({ kind: "set", points: { relay: 1 } });
    device.points("1", { temperature: 20 });
    const waiting = [
      await queue({ kind: "set", points: { relay: 0 } }),
      await queue({ kind: "get", points: ["relay"] }),
    ];
    const last = await queue({ kind: "get", points: ["temperature"] });
    const revoked = await call("POST", `/api/v1/commands/${last.id}/revoke`);
    expect(revoked).toMatchObject({ status: 200, body: { id: last.id, status: "revoked", endedAt: start } });
    const again = await call("POST", `/api/v1/commands/${last.id}/revoke`);
    expect(detailOf(again, 409)).toBe(
      `command ${last.id} cannot be revoked: it has come to its end: revoked`,
    );
    const sent = await call("POST", `/api/v1/commands/${id}/revoke`);
    expect(detailOf(sent, 409)).toBe(`command ${id} cannot be revoked: it has been sent already`);
    const { body } = await call("POST", `${commands}/revoke`);
    expect(body.items.map((each: { id: string }) => each.id)).toEqual(waiting.map((each) => each.id));
    expect((await call("POST", `${commands}/revoke`)).body.items).toEqual([]);
    detailOf(await call("POST", "/api/v1/commands/1/revoke"), 404);
    detailOf(await call("POST", `/api/v1/devices/${pk}/nobody/commands/revoke`), 404);
    const statuses = (await get(commands)).items.map(({ status }: { status: string }) => status);
    expect(statuses).toEqual(["sent", "revoked", "revoked", "revoked"]);
  });

  it("are told apart by their status", async () => {
    const { id } = await queue({ kind: "set", points: { relay: 1 } });
    await queue({ kind: "set", points: { relay: 0 } });
    device.points("1", { temperature: 20 });
    expect((await get(`${commands}?status=sent`)).items).toMatchObject([{ id, status: "sent" }]);
    expect((await get(`${commands}?status=expired`)).items).toEqual([]);
    detailOf(await call("GET", `${commands}?status=answered`), 400);
  });

  it("for a device that is away need a pendingTtl", async () => {
    rig.time.now += 3_700_000;
    rig.cloud.poll(rig.time.now);
    const refused = await call("POST", commands, { kind: "set", points: { relay: 1 } });
    expect(detailOf(refused, 409)).toBe(
      "command: the device is not online; with a pendingTtl the command waits for it",
    );
    const { follow } = await queue({ kind: "set", points: { relay: 1 }, pendingTtl: 172_800 });
    expect(await follow()).toMatchObject({ status: "pending", pendingTtl: 172_800 });
  });

  it("show a reply that came late", async () => {
    const { id, follow } = await queue({ kind: "set", points: { relay: 1 }, responseTimeout: 5 });
    device.points("1", { temperature: 20 });
    rig.time.now += 6_000;
    const said = { code: 200, data: { relay: 1 }, message: "at last" };
    device.post("thing/service/measurepoint/set_reply", JSON.stringify({ id, ...said }));
    expect(await follow()).toMatchObject({ status: "timed-out", late: { at: start + 6_000, ...said } });
    expect(await follow()).not.toHaveProperty("code");
  });
});

describe("a command that cannot be sent", () => {
  it.each<[string, unknown, number, RegExp]>([
    ["of no kind", {}, 400, /^body\.kind: is missing; expected one of "set"/],
    [
      "of another kind",
      { kind: "fly" },
      400,
      /^body\.kind: expected one of "set", "get", "service", "raw"; got "fly"$/,
    ],
    ["that is no object", [], 400, /^body: expected an object; got an empty list$/],
    ["without points", { kind: "set" }, 400, /points/],
    [
      "with no point",
      { kind: "set", points: {} },
      400,
      /^body\.points: expected an object of 1 to 200 members; got an empty/,
    ],
    [
      "with an unknown field",
      { kind: "set", points: { relay: 1 }, force: true },
      400,
      /unknown member "force"/,
    ],
    [
      "with another's field",
      { kind: "get", points: ["relay"], service: "x" },
      400,
      /unknown member "service"/,
    ],
    [
      "that waits longer than EnOS",
      { kind: "set", points: { relay: 1 }, pendingTtl: 172_801 },
      400,
      /^body\.pendingTtl: expected .* from 0 to 172800; got 172801/,
    ],
    [
      "with no time for a reply",
      { kind: "set", points: { relay: 1 }, responseTimeout: 0 },
      400,
      /^body\.responseTimeout: expected .* from 1 to 60; got 0/,
    ],
    [
      "with more time than EnOS",
      { kind: "set", points: { relay: 1 }, responseTimeout: 61 },
      400,
      /^body\.responseTimeout: .*; got 61/,
    ],
    [
      "with the time as it was named formerly",
      { kind: "set", points: { relay: 1 }, timeout: 60 },
      400,
      /^body\.timeout: is now pendingTtl, .* and responseTimeout, /,
    ],
    [
      "of odd hex",
      { kind: "raw", payload: "123", requestId: 1 },
      400,
      /^body\.payload: expected an even number of hex digits; got "123"$/,
    ],
    ["with too large an id", { kind: "raw", payload: "12", requestId: 2 ** 32 }, 400, /^body\.requestId/],
    [
      "to a point not in the model",
      { kind: "set", points: { nothing: 1 } },
      422,
      /nothing.*not in the model/,
    ],
    [
      "to a point that cannot be set",
      { kind: "set", points: { temperature: 1 } },
      422,
      /temperature.*writable/,
    ],
    ["with a value that does not fit", { kind: "set", points: { relay: "on" } }, 422, /relay/],
    ["for a service not in the model", { kind: "service", service: "fly" }, 422, /fly/],
    [
      "with an input that does not fit",
      { kind: "service", service: "reboot", inputs: { delay: -1 } },
      422,
      /delay/,
    ],
    ["with a reply's name", { kind: "service", service: "x_reply" }, 422, /x_reply|service/],
  ])("%s", async (_name, body, status, detail) => {
    expect(detailOf(await call("POST", commands, body), status)).toMatch(detail);
    expect((await call("GET", commands)).body.items).toEqual([]);
  });

  it("because too many wait", async () => {
    let answer = await call("POST", commands, { kind: "set", points: { relay: 1 } });
    let waiting = 0;
    while (answer.status === 202 && waiting < 1000) {
      waiting += 1;
      answer = await call("POST", commands, { kind: "set", points: { relay: 1 } });
    }
    expect(waiting).toBe(50);
    expect(detailOf(answer, 429)).toMatch(/50 already wait/);
    expect(answer.body.code).toBe(11902);
  });

  it("because its request id waits already", async () => {
    const raw = { kind: "raw", payload: "02000000070401", requestId: 7 };
    await queue(raw);
    expect(detailOf(await call("POST", commands, raw), 409)).toMatch(/request id 7 is already waiting/);
  });

  it("to a device that is not there", async () => {
    const url = `/api/v1/devices/${pk}/nobody/commands`;
    detailOf(await call("POST", url, { kind: "get", points: ["relay"] }), 404);
  });

  it("is not found", async () => {
    detailOf(await call("GET", "/api/v1/commands/12345678901234567890"), 404);
    detailOf(await call("GET", "/api/v1/commands/abc"), 400);
  });
});
