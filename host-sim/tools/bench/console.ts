/**
 * The console in Chromium over a stand-in in this process: how soon a fleet of 5,000 devices is there, whether a minute of
 * 100 messages a second makes a frame late, and what the page weighs; and the report of 30 days.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { buildApi } from "../../cloud/api/server";
import { EnosCloud } from "../../cloud/cloud";
import { Feed } from "../../cloud/console/feed";
import { loadScriptEngine } from "../../cloud/script/script-engine";
import { launchChromium } from "../../inspect/report/pictures";
import { projectRoot } from "../../project";
import { Random } from "../../sim/time/random";
import { DeviceDatagrams, benchDevices } from "./device-datagrams";
import type { AddressInfo } from "node:net";
import type { Browser, Page } from "playwright-core";
import type { BenchDevice } from "./device-datagrams";

export interface ConsoleFigures {
  readonly devices: number;
  /** From the beginning of the navigation until a device of the fleet is painted, ms; the middle of some loads. */
  readonly firstPaint: number;
  /** Of each place that was open while messages came. */
  readonly frames: readonly FrameFigures[];
  /** What the whole console weighs: script and style, with what it loads when it is asked for; bytes. */
  readonly gzip: number;
  readonly brotli: number;
}

interface FrameFigures {
  readonly place: string;
  readonly seconds: number;
  /** Messages that came meanwhile. */
  readonly messages: number;
  readonly frames: number;
  /** The longest time between two frames, ms, and how many there were over 100 ms. */
  readonly longest: number;
  readonly late: number;
  /** Processor time of the page's longest task, ms: what of that is the page's own, however busy the machine is. */
  readonly task: number;
}

/** The example's: what its devices send is shown with names and units, and the editor has something to show. */
const folder = join(projectRoot(), "firmware/product");
const products = [
  {
    productKey: benchDevices(1)[0].productKey,
    name: "Climate node",
    model: JSON.parse(readFileSync(join(folder, "model.json"), "utf8")) as unknown,
    script: readFileSync(join(folder, "parsing-script.js"), "utf8"),
  },
];

const deviceCount = 5_000;
const loads = 5;
const messagesPerSecond = 100;
/** Where pages that are not the bench's own machine's would show the same: a viewport as people have it. */
const viewport = { width: 1440, height: 900 } as const;

/** Installed before the page's own script: notes when the fleet's first row is painted, and every frame. */
const watch = `
  window.bench = { frames: 0, longest: 0, late: 0, last: 0 };
  const { promise, resolve } = Promise.withResolvers();
  window.painted = promise;
  let found = false;
  const look = (now) => {
    const { bench } = window;
    if (bench.last > 0) {
      const took = now - bench.last;
      bench.frames += 1;
      bench.longest = Math.max(bench.longest, took);
      if (took > 100) bench.late += 1;
    }
    bench.last = now;
    // Its frame is drawn by the time the next one begins.
    if (found) resolve(performance.now());
    found ||= document.querySelector("main")?.textContent.includes("861234567890") ?? false;
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
`;

/**
 * @param seconds how long messages come while the Messages tab is open; the other places have a third of it
 * @param tell what it is at
 * @throws BrowserMissing without Chromium
 */
export async function benchConsole(seconds: number, tell: (what: string) => void): Promise<ConsoleFigures> {
  const browser = await launchChromium();
  const served = await serve();
  try {
    const paints: number[] = [];
    for (let load = 0; load < loads; load++) {
      tell(`first paint, ${load + 1} of ${loads}`);
      paints.push(await firstPaint(browser, served.origin));
    }
    const { productKey, deviceKey } = served.devices[0];
    const device = `/devices/${productKey}/${deviceKey}`;
    const frames: FrameFigures[] = [];
    for (const [place, path, share] of [
      ["messages", `${device}/messages`, 1],
      ["live", `${device}/live`, 1 / 3],
      ["fleet", "/fleet", 1 / 3],
    ] as const) {
      tell(`${messagesPerSecond} messages a second, ${place}`);
      frames.push(await underLoad(browser, served, { place, path, seconds: seconds * share }));
    }
    return {
      devices: deviceCount,
      firstPaint: paints.sort((a, b) => a - b)[Math.floor(loads / 2)],
      frames,
      ...(await weightOf(browser, served.origin)),
    };
  } finally {
    await browser.close();
    await served.close();
  }
}

interface Served {
  readonly origin: string;
  readonly devices: readonly BenchDevice[];
  /** Lets a device report once: a request and its answer. */
  report(index: number): void;
  close(): Promise<void>;
}

/** A stand-in with all devices registered, each having authenticated and reported. */
async function serve(): Promise<Served> {
  const devices = benchDevices(deviceCount);
  const feed = new Feed(Date.now);
  const random = new Random("bench of the console");
  const scriptEngine = await loadScriptEngine(Date.now);
  let answer: Uint8Array = new Uint8Array(0);
  let at = { address: "192.0.2.1", port: 0 };
  const cloud = new EnosCloud({
    transmit(datagram) {
      answer = datagram;
      feed.datagram("out", datagram, at);
    },
    randomBytes: (length) => random.bytes(length),
    ...{ edition: "token", iv: "zero", devices, products, scriptEngine },
    onEvent: (event) => feed.event(event),
  });
  const send = (index: number, datagram: Uint8Array): void => {
    at = { address: "192.0.2.1", port: 5_683 + index };
    feed.datagram("in", datagram, at);
    cloud.receive(datagram, at, Date.now());
  };
  const token = Uint8Array.of(0x9f, 0x86, 0xd0, 0x81);
  const datagrams = devices.map((device) => new DeviceDatagrams(device, "json", true));
  const sent = new Uint32Array(devices.length);
  const report = (index: number): void => {
    const id = ++sent[index];
    send(index, datagrams[index].report(id & 0xffff, token, id));
  };
  for (let index = 0; index < devices.length; index++) {
    send(index, datagrams[index].authentication(0xffff, token));
    datagrams[index].accept(answer);
    report(index);
  }
  const app = await buildApi({
    ...{ cloud, feed, scriptEngine, host: "127.0.0.1", version: "0", edition: "token", kept: false },
    now: Date.now,
    flush: () => Promise.resolve(),
    randomBytes: (length) => random.bytes(length),
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
  return {
    origin: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`,
    devices,
    report,
    close: () => app.close(),
  };
}

async function firstPaint(browser: Browser, origin: string): Promise<number> {
  const page = await browser.newPage({ viewport });
  try {
    await page.addInitScript(watch);
    await page.goto(`${origin}/fleet`);
    return Number(await page.evaluate("window.painted"));
  } finally {
    await page.close();
  }
}

async function underLoad(
  browser: Browser,
  { origin, report }: Served,
  { place, path, seconds }: { readonly place: string; readonly path: string; readonly seconds: number },
): Promise<FrameFigures> {
  const page = await browser.newPage({ viewport });
  try {
    await page.addInitScript(watch);
    await page.goto(origin + path);
    await page.locator("#link", { hasText: "live" }).waitFor();
    await settled(page);
    await browser.startTracing(page, { categories: ["toplevel", "disabled-by-default-devtools.timeline"] });
    await page.evaluate("Object.assign(window.bench, { frames: 0, longest: 0, late: 0, last: 0 })");
    // Every second one is the device's that is open, the others are the fleet's.
    let reports = 0;
    const began = performance.now();
    await new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        const elapsed = performance.now() - began;
        const due = Math.floor((elapsed / 1_000) * (messagesPerSecond / 2));
        for (; reports < due; reports++) report(reports % 2 === 0 ? 0 : 1 + (reports % (deviceCount - 1)));
        if (elapsed < seconds * 1_000) return;
        clearInterval(timer);
        resolve();
      }, 20);
    });
    const { frames, longest, late } = await page.evaluate<{ frames: number; longest: number; late: number }>(
      "window.bench",
    );
    const task = longestTask(await browser.stopTracing());
    return { place, seconds, messages: 2 * reports, frames, longest, late, task };
  } finally {
    await page.close();
  }
}

/** An event of Chromium's trace, as far as it is read. */
interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** Processor time of the thread, µs. */
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

/** The longest task of the page's main thread, ms of processor time. @param trace as Chromium writes it, JSON */
function longestTask(trace: Buffer): number {
  const { traceEvents } = JSON.parse(trace.toString("utf8")) as { traceEvents: TraceEvent[] };
  const threadOf = ({ pid, tid }: TraceEvent): string => `${pid}/${tid}`;
  const mains = new Set(
    traceEvents
      .filter(({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain")
      .map(threadOf),
  );
  let longest = 0;
  for (const event of traceEvents) {
    if (event.ph !== "X" || !event.name.endsWith("RunTask") || !mains.has(threadOf(event))) continue;
    longest = Math.max(longest, event.tdur ?? 0);
  }
  return longest / 1_000;
}

/** Until the page's first drawing is over: two frames within their time, one after the other. */
async function settled(page: Page): Promise<void> {
  await page.waitForTimeout(1_000);
  await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
}

/** All that the page may load of the stand-in's own files, compressed each by itself as a server would. */
async function weightOf(browser: Browser, origin: string): Promise<{ gzip: number; brotli: number }> {
  const page = await browser.newPage({ viewport });
  let [gzip, brotli] = [0, 0];
  const seen = new Set<string>();
  const reading: Promise<void>[] = [];
  page.on("response", (response) => {
    const { pathname } = new URL(response.url());
    if (!/\.(js|css)$/.test(pathname) || seen.has(pathname)) return;
    seen.add(pathname);
    reading.push(
      response.body().then((body) => {
        gzip += gzipSync(body, { level: 9 }).length;
        brotli += brotliCompressSync(body).length;
      }),
    );
  });
  try {
    await page.goto(`${origin}/fleet`);
    await page.locator("#link", { hasText: "live" }).waitFor();
    // The editor is loaded where a script or a model is edited.
    await page.goto(`${origin}/products/${products[0].productKey}/script`);
    await page.locator(".cm-content").waitFor();
    await Promise.all(reading);
    return { gzip, brotli };
  } finally {
    await page.close();
  }
}
