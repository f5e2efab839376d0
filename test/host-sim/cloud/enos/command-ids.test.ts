/** Ids of commands: 62 bits, through the parsing scripts of products that carry them, cut them, or refuse them. */
import { describe, expect, it } from "vitest";
import { CommandIds, isCutFrom, shortId } from "../../../../host-sim/cloud/enos/command-ids";
import type { Command } from "../../../../host-sim/cloud/cloud";
import { Random } from "../../../../host-sim/sim/time/random";
import { demoDevice, dk, eventsOf, pk, product, rawReading, rig, TestDevice, warm } from "../harness";
import { manualProduct } from "../script/manual-product";

describe("ids", () => {
  it("have 62 bits, are no double, and differ in what a script's numbers leave of them", () => {
    for (const seed of ["a", "b", "c"]) {
      const ids = new CommandIds(new Random(seed).bytes(8));
      const given = Array.from({ length: 5_000 }, () => ids.next());
      expect(given.filter((id) => BigInt(id).toString(2).length !== 62)).toEqual([]);
      expect(given.filter((id) => BigInt(Number(id)) === BigInt(id))).toEqual([]);
      expect(new Set(given.map((id) => Number(id) >>> 0)).size).toBe(given.length);
      expect(new Set(given.map(shortId)).size).toBe(given.length);
    }
  });

  it("begin where the seed says, and stay within 62 bits behind the last", () => {
    const ids = (seed: number[]) => new CommandIds(Uint8Array.from(seed));
    expect(ids([1, 2, 3, 4, 5, 6, 7, 8]).next()).toBe(ids([1, 2, 3, 4, 5, 6, 7, 8]).next());
    const last = ids([255, 255, 255, 255, 255, 255, 255, 255]);
    expect(last.next()).toBe(String(2n ** 62n - 1n));
    expect(last.next()).toBe(String(2n ** 61n + 1023n));
  });

  it("are known by what a script leaves of them, and by nothing else", () => {
    const id = "2078724684846989313";
    for (const key of ["1512308737", "1512308736", "2078724684846989300"])
      expect(isCutFrom(id, key)).toBe(true);
    for (const key of ["1512308738", "2078724684846989312", "0", "", "x"])
      expect(isCutFrom(id, key)).toBe(false);
  });
});

const down = "thing/model/down_raw";

function online(record: typeof product): TestDevice {
  const device = new TestDevice(rig({ products: [{ ...record, payload: "raw" }] }), demoDevice);
  device.authenticate();
  return device;
}

/** Sends a command and gives the bytes that the device fetches. */
function fetched(device: TestDevice, command: Command, now = 1): { id: string; bytes: Buffer } {
  const id = device.rig.cloud.commands.send(pk, dk, command, now);
  device.post(now, "thing/attribute/query", '{"version":"1.0","method":"thing.attribute.query","params":{}}');
  return { id, bytes: Buffer.from(device.get(now, down).payload) };
}

const outcome = (device: TestDevice, id: string) => device.rig.cloud.commands.view(id);

describe("a script in the manual's style, which cuts ids to 32 bits", () => {
  const set: Command = { kind: "set", points: { litres: 5 } };

  it("works: the reply is taken for the command that was sent, and its operator is told once", () => {
    const device = online(manualProduct(pk));
    for (const now of [1, 2]) {
      const { id, bytes } = fetched(device, set, now);
      const cut = Number(id) >>> 0;
      expect(bytes.subarray(0, 5).toString("hex")).toBe(`02${cut.toString(16).padStart(8, "0")}`);
      const reply = Buffer.concat([bytes.subarray(0, 5), Buffer.of(200)]);
      expect(device.post(now, `${down}_reply`, reply).code).toBe("2.04");
      expect(outcome(device, id)).toMatchObject({ status: "success", code: 200 });
      expect(eventsOf(device.rig, "script-cuts-ids")).toMatchObject([{ productKey: pk, key: /^\d{1,10}$/ }]);
    }
  });

  it("whose reply names another command is told of as a stray", () => {
    const device = online(manualProduct(pk));
    const { id } = fetched(device, set);
    device.post(2, `${down}_reply`, Buffer.from("0200000001c8", "hex"));
    expect(outcome(device, id)?.status).toBe("sent");
    expect(eventsOf(device.rig, "reply-stray")).toMatchObject([{ id: "1", path: down }]);
  });
});

describe("a script that takes ids of 32 bits alone", () => {
  const head = "function writeHead(out, first, id) {";
  const script = product.script!.replace(head, `${head} if (Number(id) > 4294967295) fail("id: 32 bits");`);

  it("gets such ids, its operator is told once, and other commands of the product have long ones", () => {
    const device = online({ ...product, script });
    for (const now of [1, 2]) {
      const { id, bytes } = fetched(device, { kind: "set", points: { relay: 1 } }, now);
      expect(Number(id)).toBeLessThanOrEqual(0xffff_ffff);
      const reply = Buffer.concat([bytes.subarray(0, 5), Buffer.of(200)]);
      device.post(now, `${down}_reply`, reply);
      expect(outcome(device, id)).toMatchObject({ status: "success" });
      expect(eventsOf(device.rig, "script-refuses-ids")).toHaveLength(1);
    }
    const params = { version: "2", sign: "00", signMethod: "md5", fileUrl: "/f", fileSize: 1 };
    expect(device.rig.cloud.commands.send(pk, dk, { kind: "upgrade", params }, 3)).toHaveLength(19);
  });

  it("is asked anew when the product gets another script", () => {
    const device = online({ ...product, script });
    fetched(device, { kind: "set", points: { relay: 1 } });
    device.rig.cloud.products.put({ ...product, payload: "raw" }, 2);
    expect(device.rig.cloud.commands.send(pk, dk, { kind: "set", points: { relay: 1 } }, 3)).toHaveLength(19);
  });
});

it("a reading does not end a command, whatever its id", () => {
  const device = online(product);
  const { id } = fetched(device, { kind: "set", points: { relay: 1 } });
  device.post(2, "thing/model/up_raw", rawReading(Number(shortId(id)), [1, warm]));
  expect(outcome(device, id)?.status).toBe("sent");
});
