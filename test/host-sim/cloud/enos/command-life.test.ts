/** The life of a command as EnOS has it: strictly one after another, with a time to wait and a time for the reply. */
import { describe, expect, it, test } from "vitest";
import type { Command, CommandTimes } from "../../../../host-sim/cloud/cloud";
import type { CloudLimits } from "../../../../host-sim/cloud/cloud-options";
import type { Edition } from "../../../../host-sim/cloud/registry/registry";
import { demoDevice, dk, eventsOf, pk, rig, TestDevice } from "../harness";
import type { Sent } from "../harness";

const set = "thing/service/measurepoint/set";
const reboot = "thing/service/reboot";
const relay: Command = { kind: "set", points: { relay: 1 } };
const restart: Command = { kind: "service", service: "reboot", inputs: { delay: 5 } };
const day = 86_400_000;

function online(edition: Edition, limits: Partial<CloudLimits> = {}): TestDevice {
  const device = new TestDevice(rig({ edition, limits }), demoDevice, edition === "token");
  device.authenticate();
  return device;
}

const send = (device: TestDevice, command: Command, now = 0, times: Partial<CommandTimes> = {}): string =>
  device.rig.cloud.commands.send(pk, dk, command, now, times);
const status = ({ rig: { cloud } }: TestDevice, ...ids: string[]) =>
  ids.map((id) => cloud.commands.view(id)?.status);
const speak = (device: TestDevice, now: number): Sent =>
  device.post(now, "thing/tag/query", '{"version":"1.0","method":"thing.tag.query","params":{}}');
const option = (reply: Sent, wanted: number): string | undefined => {
  const found = reply.options.find(({ number }) => number === wanted);
  return found && Buffer.from(found.value).toString("utf8").replace(`/topic/sys/${pk}/${dk}/`, "");
};
const reply = (device: TestDevice, now: number, path: string, id: string, code = 200): Sent =>
  device.post(now, `${path}_reply`, JSON.stringify({ id, code, data: {} }));
/** The id of the command that comes down on what is said, in either edition. */
const taken = (device: TestDevice, now: number, said: Sent): string | undefined => {
  const path = option(said, 2100);
  if (path === undefined) return undefined;
  const body = option(said, 2102) ?? device.get(now, path).text;
  return (JSON.parse(body) as { id: string }).id;
};

describe.each(["token", "tokenless"] as const)("edition %s", (edition) => {
  it("sends the next only when the one before was answered, each on the answer to the reply", () => {
    const device = online(edition);
    const ids = [send(device, relay), send(device, restart), send(device, relay)];
    expect(taken(device, 1, speak(device, 1))).toBe(ids[0]);
    // Whatever else the device says, the second is neither brought nor announced.
    expect(option(speak(device, 2), 2100)).toBeUndefined();
    expect(status(device, ...ids)).toEqual(["sent", "pending", "pending"]);
    const next = reply(device, 3, set, ids[0]);
    expect(option(next, 2100)).toBe(reboot);
    expect(taken(device, 3, next)).toBe(ids[1]);
    expect(taken(device, 4, reply(device, 4, reboot, ids[1], 501))).toBe(ids[2]);
    expect(option(reply(device, 5, set, ids[2]), 2100)).toBeUndefined();
    expect(status(device, ...ids)).toEqual(["success", "failed", "success"]);
  });

  it("sends the next when the one before has timed out", () => {
    const device = online(edition);
    const times = { pendingTtl: day };
    const ids = [send(device, relay, 0, times), send(device, restart, 0, times)];
    expect(taken(device, 1_000, speak(device, 1_000))).toBe(ids[0]);
    expect(taken(device, 30_999, speak(device, 30_999))).toBe(ids[0]);
    // Sent twice: the time runs from the first.
    expect(taken(device, 31_000, speak(device, 31_000))).toBe(ids[1]);
    expect(status(device, ...ids)).toEqual(["timed-out", "sent"]);
  });

  it("tells of a late reply, and leaves the end as it was", () => {
    const device = online(edition);
    const id = send(device, relay, 0, { responseTimeout: 5_000 });
    taken(device, 1, speak(device, 1));
    expect(reply(device, 6_000, set, id).code).toBe("2.04");
    expect(reply(device, 7_000, set, id).code).toBe("2.04");
    expect(device.rig.cloud.commands.view(id)).toMatchObject({
      status: "timed-out",
      late: { at: 6_000, code: 200 },
    });
    expect(device.rig.cloud.commands.view(id)).toMatchObject({ code: undefined, endedAt: 6_000 });
    expect(eventsOf(device.rig, "command-late")).toMatchObject([{ id, code: 200, status: "timed-out" }]);
    expect(eventsOf(device.rig, "reply-stray")).toMatchObject([{ id, path: set }]);
    expect(eventsOf(device.rig, "command-answered")).toEqual([]);
  });

  it("has the times of each step, and says on what it was offered", () => {
    const device = online(edition);
    const id = send(device, relay, 1_000, { pendingTtl: day });
    const view = () => device.rig.cloud.commands.view(id)!;
    expect(view()).toMatchObject({ createdAt: 1_000, deadline: 1_000 + day, points: { relay: 1 } });
    const said = speak(device, 2_000);
    expect(view()).toMatchObject({ offeredAt: 2_000, uplink: "thing/tag/query" });
    expect(taken(device, 3_000, said)).toBe(id);
    const sentAt = edition === "token" ? 3_000 : 2_000;
    expect(view()).toMatchObject({ sentAt, deadline: sentAt + 30_000 });
    expect(view().fetchedAt).toBe(edition === "token" ? 3_000 : undefined);
    // Offered and fetched once more: the first time is what counts, and the last is told beside it.
    taken(device, 14_000, speak(device, 14_000));
    expect(view()).toMatchObject({ offeredAt: 2_000, offeredLastAt: 14_000, offers: 2, sentAt });
    device.post(
      15_000,
      `${set}_reply`,
      JSON.stringify({ id, code: 501, data: { why: 7 }, message: "no\u202e" }),
    );
    expect(view()).toMatchObject({ code: 501, data: { why: 7 }, message: "no\u202e", answeredAt: 15_000 });
    expect(view().deadline).toBeUndefined();
    expect(eventsOf(device.rig, "command-answered")).toMatchObject([
      { id, code: 501, data: { why: 7 }, message: "no\\u202e", took: 15_000 - sentAt },
    ]);
    expect(eventsOf(device.rig, "command-queued")).toMatchObject([{ id, kind: "set" }]);
    expect(eventsOf(device.rig, "command-offered")[0]).toMatchObject({ id, uplink: "thing/tag/query" });
  });

  it("takes no reply to a command that was not sent", () => {
    const device = online(edition);
    const ids = [send(device, relay), send(device, relay)];
    taken(device, 1, speak(device, 1));
    reply(device, 2, set, ids[1]);
    expect(status(device, ...ids)).toEqual(["sent", "pending"]);
    expect(eventsOf(device.rig, "reply-stray")).toMatchObject([{ id: ids[1] }]);
  });

  it("lets a command wait for a device that is away, until its pendingTtl is over", () => {
    const device = online(edition);
    device.authenticate(0, { lifetime: 30 });
    device.rig.cloud.poll(31_000);
    const ids = [
      send(device, relay, 32_000, { pendingTtl: 2 * day }),
      send(device, restart, 32_000, { pendingTtl: day }),
    ];
    device.rig.cloud.poll(32_000 + day);
    expect(status(device, ...ids)).toEqual(["pending", "expired"]);
    expect(eventsOf(device.rig, "command-expired")).toMatchObject([{ id: ids[1], at: 32_000 + day }]);
    device.authenticate(day + 60_000);
    expect(taken(device, day + 61_000, speak(device, day + 61_000))).toBe(ids[0]);
  });

  it("without pendingTtl is for a device that is online, and speaks within the response time-out", () => {
    const device = online(edition);
    device.authenticate(0, { lifetime: 40 });
    const id = send(device, relay, 1_000);
    device.rig.cloud.poll(30_999);
    expect(status(device, id)).toEqual(["pending"]);
    device.rig.cloud.poll(31_000);
    expect(status(device, id)).toEqual(["timed-out"]);
    const second = send(device, relay, 32_000);
    device.rig.cloud.poll(40_000);
    expect(device.rig.cloud.commands.view(second)).toMatchObject({
      status: "failed",
      message: "the device went offline before the command was sent",
    });
    expect(eventsOf(device.rig, "command-failed")).toMatchObject([{ id: second, at: 40_000 }]);
    expect(() => send(device, relay, 41_000)).toThrow(/not online; with a pendingTtl/);
    expect(device.rig.cloud.commands.list(pk, dk)).toHaveLength(2);
  });

  it("is revoked while it waits, and not once it was sent", () => {
    const device = online(edition);
    const { cloud } = device.rig;
    const ids = [send(device, relay), send(device, restart), send(device, relay)];
    taken(device, 1, speak(device, 1));
    cloud.commands.revoke(ids[1], 2);
    expect(() => cloud.commands.revoke(ids[0], 2)).toThrow(/has been sent already/);
    expect(() => cloud.commands.revoke(ids[1], 2)).toThrow(/has come to its end: revoked/);
    expect(() => cloud.commands.revoke("5", 2)).toThrow(/no command 5/);
    expect(taken(device, 3, reply(device, 3, set, ids[0]))).toBe(ids[2]);
    expect(status(device, ...ids)).toEqual(["success", "revoked", "sent"]);
    expect(cloud.commands.revokeAll(pk, dk, 4)).toEqual([]);
    expect(eventsOf(device.rig, "command-revoked")).toMatchObject([{ id: ids[1], at: 2 }]);
  });

  it("50 wait beside the one that was sent, and as many that are over are kept as the limits say", () => {
    const device = online(edition, { finishedCommands: 3 });
    const ids = [send(device, relay)];
    taken(device, 1, speak(device, 1));
    for (let i = 0; i < 50; i++) ids.push(send(device, relay, 2));
    expect(() => send(device, relay, 2)).toThrow(/50 already wait for this device/);
    expect(device.rig.cloud.commands.revokeAll(pk, dk, 3)).toEqual(ids.slice(1));
    expect(device.rig.cloud.commands.list(pk, dk).map(({ id }) => id)).toEqual([ids[0], ...ids.slice(-3)]);
    expect(device.rig.cloud.commands.view(ids[1])).toBeUndefined();
  });

  it("is over in time although nobody speaks", () => {
    const device = online(edition);
    send(device, relay, 0, { pendingTtl: day });
    taken(device, 1_000, speak(device, 1_000));
    // What is due moves from the end of the pendingTtl to that of the response time-out.
    expect(device.rig.cloud.deadline).toBe(31_000);
  });
});

it("a GET of the path of another command than the one that was sent finds nothing", () => {
  const device = online("token");
  const ids = [send(device, relay), send(device, restart)];
  speak(device, 1);
  expect(device.get(2, reboot).code).toBe("4.04");
  expect(device.get(3, set).code).toBe("2.05");
  expect(device.get(4, reboot).code).toBe("4.04");
  reply(device, 5, set, ids[0]);
  expect(device.get(6, reboot).code).toBe("2.05");
  expect(status(device, ...ids)).toEqual(["success", "sent"]);
});

test.each<[Partial<CommandTimes>, RegExp]>([
  [{ pendingTtl: -1 }, /^pendingTtl: expected 0 to 172800 s, got -0.001/],
  [{ pendingTtl: 2 * day + 1 }, /^pendingTtl/],
  [{ pendingTtl: NaN }, /^pendingTtl/],
  [{ responseTimeout: 999 }, /^responseTimeout: expected 1 to 60 s, got 0.999/],
  [{ responseTimeout: 60_001 }, /^responseTimeout/],
])("a command has no time %j", (times, reason) => {
  const device = online("token");
  expect(() => send(device, relay, 0, times)).toThrow(reason);
  send(device, relay, 0, { pendingTtl: 2 * day, responseTimeout: 60_000 });
  send(device, relay, 0, { pendingTtl: 0, responseTimeout: 1_000 });
});
