/** A run's recording says what happened in the run, in a page that holds no secret. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { decodeCoap } from "../../../../../host-sim/cloud/coap/coap-wire";
import { EnergyMeter } from "../../../../../host-sim/inspect/energy/meter";
import { profiles } from "../../../../../host-sim/inspect/energy/profiles";
import { families } from "../../../../../host-sim/sim/modem/families";
import { RunRows } from "../../../../../host-sim/inspect/report/html/page/run-rows";
import { binPower, stepsOf } from "../../../../../host-sim/inspect/report/html/page/power-bins";
import { unpack } from "../../../../../host-sim/inspect/report/html/page/unpack";
import { Recorder } from "../../../../../host-sim/inspect/report/html/recorder";
import { writePage } from "../../../../../host-sim/inspect/report/html/write-page";
import { demoDevice } from "../../../../../host-sim/sim/world/demo-device";
import { Random } from "../../../../../host-sim/sim/time/random";
import { density } from "../../../../density";
import { hear } from "../../capture/run";
import type { Unpacked } from "../../../../../host-sim/inspect/report/html/page/unpack";
import type { Heard } from "../../capture/run";

const options = { seed: 5, command: "npm start -- --seed 5", profile: profiles.field, coverage: 1 } as const;

function pageOf({ events, result }: Heard): Promise<string> {
  const recorder = new Recorder(options);
  for (const event of events) recorder.hear(event);
  return writePage(recorder.finish(result.virtualTime, [["result", "<b>complete</b>"]]));
}

const dataOf = (page: string): Promise<Unpacked> => unpack(/id="run-data">([^<]*)</.exec(page)![1]);

let run: Heard;
let page: string;
let unpacked: Unpacked;
beforeAll(async () => {
  run = await hear();
  page = await pageOf(run);
  unpacked = await dataOf(page);
});

test("the same seed gives the same page", async () => {
  expect(await pageOf(await hear())).toBe(page);
});

test("what strangers wrote is in the page escaped", async () => {
  const recorder = new Recorder(options);
  const hostile = "a\u009b31m\u202e\u2066\u2028\ufeff\u007fb";
  recorder.hear({ time: 0, source: "device", text: hostile });
  recorder.hear({ time: 1, source: "at", direction: "modem", text: hostile });
  recorder.hear({ time: 2, source: "board", what: "restarted", text: hostile });
  recorder.note(3, hostile);
  const { data } = await dataOf(await writePage(recorder.finish(4, [])));
  const shown = "a\\u009b31m\\u202e\\u2066\\u2028\\ufeff\\u007fb";
  expect(data.texts).toContain(shown);
  expect(data.texts).toContain(`restarted ${shown}`);
  expect(data.texts.filter((text) => /[\u007f-\u009f\u2028-\u202e\u2066\ufeff]/.test(text))).toEqual([]);
});

test("the page carries the licence of the package whose code is in its script", () => {
  const licence = readFileSync("node_modules/uplot/LICENSE", "utf8").trim();
  expect(licence).toContain("Copyright (c) 2022 Leon Sorokin");
  const [script, ...others] = [...page.matchAll(/<script>([^]*?)<\/script>/g)].map(([, text]) => text);
  expect(others).toEqual([]);
  expect(script.split(licence)).toHaveLength(2);
});

test("every datagram is there, with its bytes but for the secrets", () => {
  const { data } = unpacked;
  const rows = new RunRows(unpacked);
  const reports = run.events.flatMap((event) => (event.source === "air" ? [event.report] : []));
  expect(data.datagrams.up).toHaveLength(reports.length);
  let row = -1;
  reports.forEach((report, number) => {
    do row += 1;
    while (rows.kind(row) !== "air");
    expect(rows.value(row)).toBe(number);
    expect(Math.abs(rows.times[row] - report.time)).toBeLessThanOrEqual(0.5);
    const travel = report.deliveredAt === undefined ? -1 : Math.round(report.deliveredAt - report.time);
    expect(data.datagrams.travel[number]).toBe(travel);
    const hidden = new Set<number>();
    const { masked } = data.datagrams;
    for (let i = 0; i < masked.length; i += 3) {
      if (masked[i] !== number) continue;
      for (let at = 0; at < masked[i + 2]; at++) hidden.add(masked[i + 1] + at);
    }
    const shown = rows.bytes(number);
    expect(shown.length).toBe(report.bytes.length);
    report.bytes.forEach((byte, at) => expect(shown[at]).toBe(hidden.has(at) ? 0 : byte));
  });
});

test("readings, retransmissions and round trips agree with the run's own counts", () => {
  const { data } = unpacked;
  const { reports, datagrams } = run.result;
  expect(data.readings.taken).toHaveLength(reports.asked);
  expect(data.readings.settled.filter((ms) => ms >= 0)).toHaveLength(reports.acknowledged);
  const again = data.datagrams.again.filter((times, i) => times > 0 && data.datagrams.up[i] === 1);
  expect(again).toHaveLength(datagrams.retransmissions);
  expect(datagrams.retransmissions).toBeGreaterThan(0);
  expect(data.datagrams.travel.filter((ms) => ms < 0)).toHaveLength(datagrams.lostUp + datagrams.lostDown);
  expect(data.roundTrips.length).toBeGreaterThanOrEqual(reports.asked);
});

test("the steps that are plotted are worth the joules that are told", () => {
  const { data } = unpacked;
  const meter = new EnergyMeter(profiles.field, { coverage: 1 });
  for (const event of run.events) meter.hear(event);
  const account = meter.finish(run.result.virtualTime);
  expect(data.power.joules).toBe(account.joules);
  expect(Object.fromEntries(data.power.byCause)).toEqual(account.byCause);
  const { states, modem, board } = data.power;
  const range = { from: 0, to: data.end, end: data.end };
  const bins = binPower([stepsOf(modem), stepsOf(board)], states, range, 777);
  const plotted = bins.flatMap((bin) => [...bin]).reduce((a, b) => a + b, 0) * (data.end / 777 / 1000);
  expect(plotted / account.joules).toBeCloseTo(1, 5);
});

test("the page cannot be made to run or load anything by what it tells of", () => {
  expect(page).not.toContain("<b>complete");
  expect(page).toContain("default-src 'none'");
  const [, script] = /<script>([\s\S]*?)<\/script>/.exec(page)!;
  expect(page).toContain(`script-src 'sha256-${createHash("sha256").update(script).digest("base64")}'`);
  expect(page).not.toMatch(/(?:src|href)\s*=/);
});

// What a modem prints of a datagram is its family's affair.
const everyModem = [...families.keys()].map((modem) => ["token", modem] as const);
const modems = density(everyModem, everyModem.slice(0, 4));
describe.each([...modems, ["tokenless", "sim7020"] as const])("edition %s, modem %s", (edition, modem) => {
  test("no secret is in the page, in any form", async () => {
    const heard = await hear({ edition, modem, reports: 3 });
    const page = await pageOf(heard);
    const { data, bytes } = await dataOf(page);
    const keys = new Random(5).fork("keys");
    const { deviceSecret } = demoDevice((length) => keys.bytes(length));
    const secrets = [deviceSecret, createHash("sha256").update(deviceSecret).digest("hex").slice(16, 48)];
    for (const event of heard.events) {
      if (event.source !== "air") continue;
      const message = decodeCoap(event.report.bytes);
      if ("malformed" in message) continue;
      const match = /"(?:token|sign)":"([^"]+)"/.exec(Buffer.from(message.payload).toString());
      if (match !== null) secrets.push(match[1]);
      for (const { number, value } of message.options) {
        if (number === 2101) secrets.push(Buffer.from(value).toString());
      }
    }
    expect(secrets.length).toBeGreaterThan(2);
    const all = [page, JSON.stringify(data), Buffer.from(bytes).toString("latin1")].join("\n").toLowerCase();
    for (const secret of secrets) {
      for (const form of [
        secret,
        Buffer.from(secret).toString("hex"),
        Buffer.from(secret).toString("base64"),
      ]) {
        expect(all.includes(form.toLowerCase())).toBe(false);
      }
    }
  });
});
