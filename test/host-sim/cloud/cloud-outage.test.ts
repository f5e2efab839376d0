/** A cloud that is down, one that starts anew, and one whose devices come from another address. */
import { describe, expect, it } from "vitest";
import type { Edition } from "../../../host-sim/cloud/registry/registry";
import { encodeCoap } from "../../../host-sim/cloud/coap/coap-wire";
import { NbIotCell } from "../../../host-sim/sim/radio/link";
import { VirtualClock } from "../../../host-sim/sim/time/clock";
import { Random } from "../../../host-sim/sim/time/random";
import {
  dk,
  otherDevice,
  demoPeer,
  pk,
  TestDevice,
  warm,
  rig,
  decoded,
  dotted,
  eventsOf,
  message,
  rawReading,
  uriPath,
} from "./harness";

const up = "thing/model/up_raw";
const ping = Buffer.from("40001234", "hex");
const reading = (id: number) => rawReading(id, [1, warm]);
const editions: Edition[] = ["token", "tokenless"];

/** A device that is online, in this edition's way. */
function online(edition: Edition = "token") {
  const b = rig({ edition });
  const device = new TestDevice(b, undefined, edition === "token");
  device.authenticate(0);
  return { b, device };
}

describe("down", () => {
  it("swallows every datagram, and none leaves", () => {
    const { b, device } = online();
    b.cloud.down = true;
    expect(b.cloud.down).toBe(true);
    const before = b.sent.length;
    const told = b.events.length;
    expect(() => device.post(1_000, up, reading(1))).toThrow("expected a reply, got none");
    for (const bytes of [ping, Buffer.from("00", "hex"), device.last]) {
      expect(b.exchange(bytes, 2_000)).toBeUndefined();
    }
    expect([b.sent.length, b.events.length]).toEqual([before, told]);
    expect(b.cloud.reported.readings(pk, dk)).toEqual([]);
    expect(b.cloud.counters.droppedUp).toBe(4);
  });

  it("over, it answers again: what was swallowed counts as never come", () => {
    const { b, device } = online();
    b.cloud.down = true;
    expect(() => device.post(1_000, up, reading(1))).toThrow();
    b.cloud.down = false;
    expect(dotted(decoded(b.exchange(device.last, 5_000)).code)).toBe("2.04");
    expect(b.cloud.reported.readings(pk, dk)).toHaveLength(1);
    expect(eventsOf(b, "duplicate-request")).toEqual([]);
  });

  it("loses the answers that wait, and sends none of them later", () => {
    const { b } = online();
    b.cloud.setFaults({ delayDown: 10_000, duplicateDown: 1 });
    expect(b.exchange(ping, 1_000)).toBeUndefined();
    expect(b.cloud.deadline).toBe(11_000);
    const before = b.sent.length;
    b.cloud.down = true;
    b.cloud.poll(12_000);
    b.cloud.down = false;
    b.cloud.setFaults({ delayDown: 0, duplicateDown: 0 });
    b.cloud.poll(60_000);
    expect(b.sent).toHaveLength(before);
    expect(b.cloud.counters.droppedDown).toBe(2);
    // Nothing holds up what comes after.
    expect(b.exchange(ping, 60_001)).toBeDefined();
  });

  it("its clock goes on: sessions lapse and commands time out", () => {
    const { b, device } = online();
    b.cloud.commands.send(pk, dk, { kind: "set", points: { relay: 1 } }, 0, { pendingTtl: 60_000 });
    b.cloud.down = true;
    b.cloud.poll(3_700_000);
    expect(eventsOf(b, "command-expired")).toHaveLength(1);
    expect(b.cloud.devices.view(pk, dk)?.state).toBe("offline");
    b.cloud.down = false;
    expect(device.post(3_700_001, up, reading(1)).code).toBe("4.01");
    expect(device.authenticate(3_700_002).code).toBe("2.04");
  });

  it("draws nothing for faults", () => {
    let draws = 0;
    const random = () => {
      draws += 1;
      return 0.9;
    };
    const b = rig({ random });
    b.cloud.setFaults({ dropUp: 0.5 });
    b.cloud.down = true;
    b.exchange(ping);
    expect(draws).toBe(0);
    b.cloud.down = false;
    b.exchange(ping);
    expect(draws).toBe(4);
  });
});

describe("restart", () => {
  it.each(editions)("edition %s: everybody has to authenticate again", (edition) => {
    const { b, device } = online(edition);
    const other = new TestDevice(b, otherDevice, edition === "token");
    other.authenticate(0);
    expect(device.post(1_000, up, reading(1)).code).toBe("2.04");
    expect(b.cloud.restart(2_000)).toBe(2);
    expect(b.cloud.devices.view(pk, dk)?.state).toBe("offline");
    for (const each of [device, other]) expect(each.post(3_000, up, reading(2)).code).toBe("4.01");
    expect(device.authenticate(4_000).code).toBe("2.04");
    expect(device.post(5_000, up, reading(2)).code).toBe("2.04");
    expect(other.post(5_000, up, reading(2)).code).toBe("4.01");
    expect(b.cloud.restart(6_000)).toBe(1);
  });

  it("forgets the replies to messages, but not the readings: none is stored twice", () => {
    const { b, device } = online();
    device.post(1_000, up, reading(1));
    const first = device.last;
    b.exchange(first, 1_500);
    expect(eventsOf(b, "duplicate-request")).toHaveLength(1);
    b.cloud.restart(2_000);
    expect(dotted(decoded(b.exchange(first, 2_500)).code)).toBe("4.01");
    expect(eventsOf(b, "duplicate-request")).toHaveLength(1);
    device.authenticate(3_000);
    expect(device.post(3_500, up, reading(1)).code).toBe("2.04");
    expect(b.cloud.reported.readings(pk, dk)).toHaveLength(1);
    expect(eventsOf(b, "stored-before")).toHaveLength(1);
  });

  it("forgets bodies that come up in blocks", () => {
    const { b, device } = online();
    const block = (num: number, more: boolean) => ({
      number: 27,
      value: Uint8Array.of((num << 4) | (more ? 8 : 0)),
    });
    const path = device.topic(up);
    const long = rawReading(2, [1, warm], [2, warm]);
    const part = (now: number, num: number) => {
      const payload = long.subarray(16 * num, 16 * num + 16);
      return device.send(now, { path, payload, options: [block(num, num === 0)] }).code;
    };
    expect(part(1_000, 0)).toBe("2.31");
    b.cloud.restart(1_500);
    device.authenticate(2_000);
    expect(part(2_500, 1)).toBe("4.08");
    expect(part(3_000, 0)).toBe("2.31");
    expect(part(3_500, 1)).not.toBe("4.08");
  });

  it("keeps products, devices, stored data and commands", () => {
    const { b, device } = online();
    device.post(1_000, up, reading(1));
    const id = b.cloud.commands.send(pk, dk, { kind: "set", points: { relay: 1 } }, 1_500);
    const kept = () => [
      b.cloud.products.list(),
      b.cloud.devices.list().map(({ deviceKey }) => deviceKey),
      b.cloud.reported.readings(pk, dk),
      b.cloud.reported.latest(pk, dk),
      b.cloud.commands.view(id),
    ];
    const before = kept();
    b.cloud.restart(2_000);
    expect(kept()).toEqual(before);
    device.authenticate(3_000);
    device.post(4_000, up, reading(2));
    expect(eventsOf(b, "command-offered")).toMatchObject([{ id }]);
  });

  it("sends first what was due, and drops what was not; faults and limits stay", () => {
    const { b } = online();
    b.cloud.setFaults({ delayDown: 1_000 });
    b.exchange(ping, 1_000);
    b.exchange(ping, 1_900);
    const before = b.sent.length;
    b.cloud.restart(2_600);
    b.cloud.poll(60_000);
    expect(b.sent).toHaveLength(before + 1);
    expect(b.cloud.counters.droppedDown).toBe(1);
    expect(b.cloud.faults.delayDown).toBe(1_000);
  });

  it("changes nothing for a disabled device", () => {
    const { b, device } = online();
    b.cloud.devices.disable(pk, dk, 1_000);
    b.cloud.restart(2_000);
    expect(b.cloud.devices.view(pk, dk)?.state).toBe("disabled");
    expect(device.authenticate(3_000).code).toBe("4.03");
  });
});

describe("sessions tied to the address", () => {
  it.each([
    ["address", "4.01"],
    ["path", "2.04"],
  ] as const)("tie %s: another port is answered %s", (tie, code) => {
    const b = rig({ edition: "tokenless", tie });
    const device = new TestDevice(b, undefined, false);
    device.authenticate(0);
    expect(device.post(1_000, up, reading(1)).code).toBe("2.04");
    device.peer = { ...demoPeer, port: demoPeer.port + 7 };
    expect(device.post(2_000, up, reading(2)).code).toBe(code);
  });

  it("a NAT that forgets its mappings ends them: 4.01, and a new authentication helps", async () => {
    const clock = new VirtualClock();
    const cell = new NbIotCell({ scheduler: clock, random: new Random(1), coverage: 0, loss: 0 });
    const b = rig({
      edition: "tokenless",
      tie: "address",
      transmit: (datagram, peer) => cell.sendDownlink(datagram, peer),
    });
    cell.onUplink = (datagram, peer) => b.cloud.receive(datagram, peer, clock.now);
    const radio = cell.admit();
    let attached = false;
    radio.attach(undefined, () => (attached = true));
    await clock.run({ stop: () => attached });
    // The harness's device makes the requests; its datagrams take the way through the cell.
    const maker = rig({ edition: "tokenless" });
    const device = new TestDevice(maker, undefined, false);
    const replies: string[] = [];
    radio.onDownlink = (bytes) => void replies.push(dotted(decoded(bytes).code));
    const throughCell = async (make: () => unknown): Promise<string> => {
      make();
      const count = replies.length;
      radio.uplink(device.last, 50_000, { address: "203.0.113.5", port: 5683 });
      await clock.run({ stop: () => replies.length > count });
      return replies[count];
    };
    expect(await throughCell(() => device.authenticate(0))).toBe("2.04");
    expect(await throughCell(() => device.post(0, up, reading(1)))).toBe("2.04");
    cell.rebindNat();
    expect(await throughCell(() => device.post(0, up, reading(2)))).toBe("4.01");
    expect(await throughCell(() => device.authenticate(0))).toBe("2.04");
    expect(await throughCell(() => device.post(0, up, reading(2)))).toBe("2.04");
    expect(b.cloud.reported.readings(pk, dk)).toHaveLength(2);
  });
});

it("a request that nobody could have sent does not bring a cloud back that is down", () => {
  const b = rig();
  b.cloud.down = true;
  const request = message({ options: uriPath(["auth", pk, dk]), payload: Buffer.from("{}") });
  expect(b.exchange(encodeCoap(request))).toBeUndefined();
  b.cloud.restart(1_000);
  expect(b.cloud.down).toBe(true);
  expect(b.exchange(encodeCoap(request), 2_000)).toBeUndefined();
});
