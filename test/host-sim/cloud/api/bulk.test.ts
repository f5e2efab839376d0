/** Many devices in one request: as a JSON array, as JSON lines, and as CSV; what becomes of each line is told. */
import { beforeEach, describe, expect, it, test } from "vitest";
import { readBatch } from "../../../../host-sim/tools/provision/batch";
import { Device, demoSecret, dk, pk } from "./device";
import { apiRig, detailOf } from "./rig";
import type { Answer, ApiRig } from "./rig";

const bulk = "/api/v1/devices/bulk";
const csv = { "content-type": "text/csv" };
const jsonl = { "content-type": "application/x-ndjson" };

let rig: ApiRig;
let call: ApiRig["call"];
beforeEach(async () => {
  rig = await apiRig();
  call = rig.call;
});

/** How many were created, exist and were refused; and the outcome of each line. */
function outcomes({ status, body, text }: Answer): [number[], string[]] {
  if (status !== 200) throw new Error(text);
  const lines = body.items.map(
    ({ line, outcome }: { line: number; outcome: string }) => `${line} ${outcome}`,
  );
  return [[body.created, body.exist, body.refused], lines];
}

describe("devices in a JSON array", () => {
  it("are registered, with the secrets that they bring, or with those that are made and told once", async () => {
    const answer = await call("POST", bulk, [
      { productKey: pk, deviceKey: "b1", deviceSecret: "a secret of mine", name: "Hall" },
      { productKey: pk, deviceKey: "b2", edition: "tokenless" },
    ]);
    expect(outcomes(answer)).toEqual([
      [2, 0, 0],
      ["1 created", "2 created"],
    ]);
    expect(answer.text).not.toContain("a secret of mine");
    const { deviceSecret } = answer.body.items[1] as { deviceSecret: string };
    expect(deviceSecret).toMatch(/^[A-Za-z0-9_-]{32}$/);
    expect(new Device(rig, "b2", deviceSecret).authenticate().code).toBe("2.04");
    const again = await call("POST", bulk, [{ productKey: pk, deviceKey: "b2" }]);
    expect(outcomes(again)).toEqual([[0, 1, 0], ["1 exists"]]);
    expect(again.text).not.toContain("deviceSecret");
    rig.time.now += 300_000;
    expect(new Device(rig, "b2", deviceSecret).authenticate().code).toBe("2.04");
    expect((await call("GET", "/api/v1/devices?q=hall")).body.items).toMatchObject([{ deviceKey: "b1" }]);
  });

  it("that are wrong refuse no other, and each says why", async () => {
    const answer = await call("POST", bulk, [
      { productKey: pk, deviceKey: "a b" },
      { productKey: pk, deviceKey: "c1", nmae: "Hall" },
      { productKey: pk, deviceKey: "c2", deviceSecret: 5 },
      { productKey: pk, deviceKey: dk },
      { productKey: pk },
      "c3",
      null,
      { productKey: pk, deviceKey: "imei", deviceSecret: "s" },
      { productKey: pk, deviceKey: "c4", name: "n".repeat(129) },
      { productKey: pk, deviceKey: "c5" },
      { productKey: pk, deviceKey: "c5" },
    ]);
    expect(outcomes(answer)[0]).toEqual([1, 2, 8]);
    const faults = answer.body.items.map(({ fault }: { fault?: string }) => fault);
    const byImei = "deviceKey: a board that uses its modem's IMEI is registered by that: write the IMEI";
    expect(faults).toEqual([
      'deviceKey: expected 1 to 64 of A-Z a-z 0-9 . _ : -, got "a b"',
      'device: unknown field "nmae", expected productKey, deviceKey, deviceSecret, name, edition, state',
      "deviceSecret: expected text of 1 to 128 characters, got a number",
      undefined,
      byImei,
      "device: expected an object, got text",
      "device: expected an object, got null",
      byImei,
      "name: expected text of at most 128 characters",
      undefined,
      undefined,
    ]);
    expect((await call("GET", "/api/v1/devices")).body.total).toBe(3);
  });
});

describe("devices in JSON lines", () => {
  it("are taken line by line, also where one is no JSON", async () => {
    const body = `{"productKey":"p","deviceKey":"l1"}\n\n{"productKey":"p","deviceKey":}\r\n{"productKey":"p","deviceKey":"l2"}`;
    const answer = await call("POST", bulk, body, jsonl);
    expect(outcomes(answer)).toEqual([
      [2, 0, 1],
      ["1 created", "3 refused", "4 created"],
    ]);
    expect(answer.body.items[1].fault).toBe("not JSON, column 31: expected a value, got }");
  });
});

describe("devices in CSV", () => {
  it("are those of a list that npm run provision takes", async () => {
    const list =
      "productKey,deviceKey,deviceSecret,name\r\n" +
      `${pk},864600031234566,q8W2e5R7t9Y1u3I6,\r\n${pk},864600031234574,"Z4x6C8v0B2n5M7k9",board-17\r\n`;
    expect(readBatch(list)).toHaveLength(2);
    const answer = await call("POST", bulk, list, csv);
    expect(outcomes(answer)).toEqual([
      [2, 0, 0],
      ["2 created", "3 created"],
    ]);
    expect(new Device(rig, "864600031234574", "Z4x6C8v0B2n5M7k9").authenticate().code).toBe("2.04");
    const { body } = await call("GET", "/api/v1/devices?sort=name&limit=1");
    expect(body.items[0]).toMatchObject({ deviceKey: "864600031234574", name: "board-17" });
  });

  it("may leave columns and cells out, and be answered in CSV", async () => {
    const headers = { ...csv, accept: "text/csv" };
    const { text } = await call("POST", bulk, `deviceKey,productKey\nx1,p\n,p\nx1,p\n`, headers);
    const lines = text.split("\r\n");
    expect(lines[0]).toBe("line,productKey,deviceKey,outcome,deviceSecret,fault");
    expect(lines[1]).toMatch(/^2,p,x1,created,[A-Za-z0-9_-]{32},$/);
    expect(lines[2]).toMatch(/^3,p,,refused,,deviceKey: a board/);
    expect(lines[3]).toBe("4,p,x1,exists,,");
  });

  it.each<[string, string]>([
    ["", "body, line 1: column productKey is missing; there has to be a header"],
    ["productKey,deviceKey\n", "body: has no device"],
    [
      "p,x1\n",
      'body, line 1: unknown column "p"; there are productKey, deviceKey, deviceSecret, name, edition, state',
    ],
    ["productkey,deviceKey\np,x\n", 'body, line 1: unknown column "productkey"; the nearest is "productKey"'],
    ["productKey,name\np,x\n", "body, line 1: column deviceKey is missing; there has to be a header"],
    ["productKey,deviceKey,deviceKey\np,x,x\n", "body, line 1: column deviceKey is there twice"],
    ["productKey,deviceKey\np,x,y\n", "body, line 2: 3 fields, expected 2 as in the first line"],
    ['productKey,deviceKey\np,"x\n', "body, line 2: a double quote is opened and not closed"],
  ])("%j is refused as a whole", async (body, detail) => {
    expect(detailOf(await call("POST", bulk, body, csv), 400)).toBe(detail);
    expect((await call("GET", "/api/v1/devices")).body.total).toBe(2);
  });
});

test("blank lines are looked at once each, however many there are", async () => {
  const blank = "\r\n".repeat(1_000_000);
  const before = process.cpuUsage().user;
  expect(detailOf(await call("POST", bulk, `productKey,deviceKey\n${blank}x`, csv), 400)).toBe(
    "body, line 2: 1 fields, expected 2 as in the first line",
  );
  const { status, body } = await call("POST", bulk, `productKey,deviceKey\np,blank${blank}`, csv);
  expect([status, body.created]).toEqual([200, 1]);
  // A look at each from each would take hours.
  expect(process.cpuUsage().user - before).toBeLessThan(20_000_000);
});

test("what is no list is refused, and so are other kinds of bodies, here and elsewhere", async () => {
  expect(detailOf(await call("POST", bulk, { productKey: pk, deviceKey: "x" }), 400)).toBe(
    "body: expected a list of devices, as JSON array, as JSON lines or as CSV",
  );
  detailOf(await call("POST", bulk, []), 400);
  expect(detailOf(await call("POST", bulk, "x", { "content-type": "text/plain" }), 415)).toBe(
    "Content-Type: expected application/json, application/x-ndjson, text/csv; got text/plain",
  );
  detailOf(await call("POST", "/api/v1/devices", "productKey,deviceKey\np,x\n", csv), 415);
  detailOf(await call("GET", bulk), 405);
});

test("ten thousand devices come in one request, and one more does not", async () => {
  const lines = Array.from({ length: 10_000 }, (_each, i) => `p,n${i},node ${i},${demoSecret}${i}`);
  const body = `productKey,deviceKey,name,deviceSecret\n${lines.join("\n")}\n`;
  const answer = await call("POST", bulk, body, csv);
  expect([answer.status, answer.body.created]).toEqual([200, 10_000]);
  expect((await call("GET", "/api/v1/devices?q=node%209999")).body.total).toBe(1);
  expect(detailOf(await call("POST", bulk, `${body}p,more,,\n`, csv), 400)).toMatch(
    /has 10001 devices, at most 10000/,
  );
  expect(detailOf(await call("POST", bulk, "x".repeat((4 << 20) + 1), csv), 413)).toBe(
    "body: is longer than the 4194304 bytes that this route takes",
  );
});
