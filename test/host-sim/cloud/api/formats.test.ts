/** Lists as JSON, CSV and JSON lines, by time: the history of one measure point and of all, events, messages. */
import { beforeEach, describe, expect, it, test } from "vitest";
import { Feed } from "../../../../host-sim/cloud/console/feed";
import { readCsv } from "../../../../host-sim/cloud/csv";
import { Device, dk, pk } from "./device";
import { apiRig, detailOf, here, start } from "./rig";
import type { ApiRig } from "./rig";

let rig: ApiRig;
let call: ApiRig["call"];
let device: Device;
beforeEach(async () => {
  const feed = new Feed(() => rig.time.now);
  rig = await apiRig({ feed }, { onEvent: (event) => feed.event(event) });
  call = rig.call;
  const { exchange } = rig;
  rig.exchange = (datagram) => {
    const peer = { address: "10.0.0.2", port: 40001 };
    feed.datagram("in", datagram, peer);
    const reply = exchange(datagram);
    if (reply !== undefined) feed.datagram("out", reply, peer);
    return reply;
  };
  device = new Device(rig);
  device.authenticate();
});

const history = `${here}/measurepoints/temperature/history`;
const iso = (time: number): string => new Date(time).toISOString();

async function textOf(url: string, accept?: string): Promise<{ type: string; text: string; file: string }> {
  const { status, headers, text } = await call("GET", url, undefined, accept === undefined ? {} : { accept });
  if (status !== 200) throw new Error(text);
  return { type: String(headers["content-type"]), text, file: String(headers["content-disposition"]) };
}

describe("the history of a measure point", () => {
  beforeEach(() => {
    for (let i = 0; i < 3; i++) {
      device.points(
        String(i),
        { temperature: i - 1, rssi: { value: -100, quality: i } },
        start - 3000 + i * 1000,
      );
    }
  });

  it("is CSV when it is asked for, with times that a spreadsheet reads", async () => {
    const { type, text, file } = await textOf(`${history}?format=csv&order=asc`);
    expect(type).toBe("text/csv; charset=utf-8; header=present");
    expect(file).toBe(`attachment; filename="${dk}-temperature.csv"`);
    expect(text).toBe(
      [
        "time,at,value,quality",
        `${iso(start - 3000)},${iso(start)},-1,`,
        `${iso(start - 2000)},${iso(start)},0,`,
        `${iso(start - 1000)},${iso(start)},1,`,
        "",
      ].join("\r\n"),
    );
  });

  it("is JSON lines, one a row", async () => {
    const { type, text } = await textOf(`${history}?format=jsonl&limit=2`);
    expect(type).toBe("application/x-ndjson; charset=utf-8");
    const lines = text.split("\n");
    expect(lines.pop()).toBe("");
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { value: 1, time: start - 1000, at: start },
      { value: 0, time: start - 2000, at: start },
    ]);
  });

  it("is in the format that Accept has", async () => {
    const wanted: [string | undefined, RegExp][] = [
      [undefined, /^application\/json/],
      ["*/*", /^application\/json/],
      ["text/html, */*;q=0.1", /^application\/json/],
      ["text/csv", /^text\/csv/],
      ["application/json;q=0.5, TEXT/CSV", /^text\/csv/],
      ["application/jsonl", /^application\/x-ndjson/],
      ["application/x-ndjson, text/csv", /^application\/x-ndjson/],
      ["text/csv;q=0, application/json", /^application\/json/],
    ];
    for (const [accept, type] of wanted) expect((await textOf(history, accept)).type, accept).toMatch(type);
    for (const accept of ["text/html", "constructor", "text/csv;q=0", "text/csv;q=x"]) {
      expect(detailOf(await call("GET", history, undefined, { accept }), 406)).toMatch(
        /^Accept: there is application\/json, text\/csv and application\/x-ndjson/,
      );
    }
  });

  it("is that of all measure points, or of some", async () => {
    const { text } = await textOf(`${here}/measurepoints/history?format=csv&order=asc&limit=3`);
    expect(text.split("\r\n").slice(0, 4)).toEqual([
      "identifier,time,at,value,quality,late",
      `temperature,${iso(start - 3000)},${iso(start)},-1,,`,
      `rssi,${iso(start - 3000)},${iso(start)},-100,0,`,
      `temperature,${iso(start - 2000)},${iso(start)},0,,`,
    ]);
    const { body } = await call("GET", `${here}/measurepoints/history?points=rssi,uptime&limit=2`);
    expect(body.items).toEqual([
      { identifier: "rssi", value: -100, quality: 2, time: start - 1000, at: start },
      { identifier: "rssi", value: -100, quality: 1, time: start - 2000, at: start },
    ]);
    device.say("9", "thing/measurepoint/resume", { measurepoints: { temperature: 9 }, time: start - 9000 });
    const late = await call("GET", `${here}/measurepoints/history?order=asc&limit=1`);
    expect(late.body.items).toEqual([
      { identifier: "temperature", value: 9, time: start - 9000, at: start, late: true },
    ]);
  });
});

describe("a range of times", () => {
  // start is 2023-11-14T22:13:20Z.
  beforeEach(() => {
    for (let i = 0; i < 4; i++) device.points(String(i), { temperature: i }, start - 3000 + i * 1000);
  });

  it.each<[string, number[]]>([
    [`from=${start - 1000}`, [3, 2]],
    ["from=2023-11-14T22:13:19Z", [3, 2]],
    ["from=2023-11-14T22:13:19.001Z", [3]],
    ["from=2023-11-14T23:13:19%2B01:00", [3, 2]],
    ["from=2023-11-14T23:13:19+01:00", [3, 2]],
    ["from=2023-11-14T23:13:19%2B0100", [3, 2]],
    ["to=2023-11-14T22:13:18", [1, 0]],
    ["from=2023-11-14", [3, 2, 1, 0]],
    ["from=2023-11-15", []],
    ["from=2023-11-14T22:13&to=2023-11-14T22:14", [3, 2, 1, 0]],
  ])("%s", async (query, values) => {
    const { body } = await call("GET", `${history}?${query}`);
    expect(body.items.map(({ value }: { value: number }) => value)).toEqual(values);
  });

  it("begins at no day that is none, and at nothing that is no time", async () => {
    const wrong = [
      "2023-02-30",
      "2023-13-01",
      "2023-11-14T25:00Z",
      "14.11.2023",
      "now",
      "1e3",
      "9".repeat(17),
      "",
    ];
    for (const time of wrong) {
      expect(detailOf(await call("GET", `${history}?from=${time}`), 400)).toBe(
        `query.from: expected epoch ms or ISO 8601 such as 2026-11-29T17:00:00Z; got ${JSON.stringify(time)}`,
      );
    }
  });
});

test("events are a table too, and a text that looks like a formula is none", async () => {
  await call("PUT", `/api/v1/products/${pk}`, {});
  device.say("=1+1", "thing/event/alarm/post", { events: { text: '=HYPERLINK("x")' }, time: start });
  const { text } = await textOf(`${here}/events`, "text/csv");
  expect(text).toBe(
    `time,at,event,id,values\r\n${iso(start)},${iso(start)},alarm,'=1+1,"{""text"":""=HYPERLINK(\\""x\\"")""}"\r\n`,
  );
  device.points("2", { note: "@SUM(A1)", list: [1, 2] });
  const { text: points } = await textOf(`${here}/measurepoints/history?format=csv`);
  expect(points).toContain("note,,");
  expect(points).toContain(",'@SUM(A1),");
});

describe("messages", () => {
  it("are those of the device alone, read as the console reads them, without a secret", async () => {
    device.points("1", { temperature: 20 });
    const { body, text } = await call("GET", `${here}/messages?order=asc`);
    expect(body.items.map(({ way, line }: { way: string; line: string }) => `${way} ${line}`)).toEqual([
      expect.stringMatching(/^up CON POST \/auth\//),
      expect.stringMatching(/^down ACK 2\.04/),
      expect.stringMatching(/^up CON POST \/topic\/sys\/.*measurepoint\/post/),
      expect.stringMatching(/^down ACK 2\.04/),
    ]);
    expect(text).toContain("masked");
    expect(body.items[2]).toMatchObject({ at: start, peer: "10.0.0.2:40001", number: expect.any(Number) });
    expect((await call("GET", `/api/v1/devices/${pk}/other/messages`)).body).toEqual({ items: [] });
    detailOf(await call("GET", `/api/v1/devices/${pk}/nobody/messages`), 404);
  });

  it("come as CSV and as JSON lines, within times", async () => {
    rig.time.now += 60_000;
    device.points("1", { temperature: 20 });
    const { text } = await textOf(`${here}/messages?format=csv&from=${start + 1}&order=asc`);
    const records = readCsv(text);
    if ("problem" in records) throw new Error(records.problem);
    expect(records.map(({ fields }) => fields[2])).toEqual(["way", "up", "down"]);
    const lines = (await textOf(`${here}/messages?format=jsonl&to=${start}`)).text.trim().split("\n");
    expect(lines.map((line) => (JSON.parse(line) as { way: string }).way)).toEqual(["down", "up"]);
  });

  it("are none where nobody keeps them", async () => {
    rig = await apiRig();
    expect((await rig.call("GET", `${here}/messages`)).body).toEqual({ items: [] });
  });
});

test("ten thousand rows go out in pieces, and more than that are not asked for", async () => {
  await call("PUT", `/api/v1/products/${pk}`, {});
  for (let batch = 0; batch < 1010; batch++) {
    const entries = Array.from({ length: 10 }, (_each, i) => ({
      measurepoints: { temperature: batch * 10 + i },
      time: start - 20_000_000 + (batch * 10 + i) * 1000,
    }));
    expect(device.say(`b${batch}`, "thing/measurepoint/post/batch", entries).json).toMatchObject({
      code: 200,
    });
  }
  await rig.app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = rig.app.server.address() as { port: number };
  const answer = await fetch(`http://127.0.0.1:${port}${history}?format=csv&limit=10000`);
  let pieces = 0;
  let rows = 0;
  for await (const piece of answer.body!) {
    pieces += 1;
    rows += Buffer.from(piece).toString().split("\r\n").length - 1;
  }
  expect(rows).toBe(10_001);
  expect(pieces).toBeGreaterThan(10);
  expect(detailOf(await rig.call("GET", `${history}?format=csv&limit=10001`), 400)).toMatch(
    /from 1 to 10000; got 10001/,
  );
  await rig.app.close();
});
