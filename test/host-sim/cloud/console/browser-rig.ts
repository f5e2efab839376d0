/** The console in a browser, over a cloud whose time the test moves. Each part's tests open a page of it. */
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { loadScriptEngine } from "../../../../host-sim/cloud/script/script-engine";
import { Feed } from "../../../../host-sim/cloud/console/feed";
import { chromiumPath, launchChromium } from "../../../../host-sim/inspect/report/pictures";
import { apiRig } from "../api/rig";
import { Device, demoSecret, dk, pk } from "../api/device";
import { slowDown } from "./slow-page";
import type { AddressInfo } from "node:net";
import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page, Request } from "playwright-core";
import type { ApiOptions } from "../../../../host-sim/cloud/api/route-context";
import type { CloudOptions } from "../../../../host-sim/cloud/cloud";
import type { ApiRig } from "../api/rig";

/** In CI there has to be one. */
export const hasBrowser = chromiumPath() !== undefined || process.env.CI !== undefined;
if (!hasBrowser) console.warn("skipped: Chromium is not installed");

/** Paths of the API to which a POST changes nothing. */
const triesOnly = /\/(script\/(try|compile|compare)|model\/check|firmware\/check)$/;

const peer = { address: "10.0.0.2", port: 40_001 };

export interface OpenOptions {
  /** Where the page begins; "/" when left out. */
  readonly at?: string;
  readonly api?: Partial<ApiOptions>;
  readonly cloud?: Partial<CloudOptions>;
  /** Devices besides the two, node-00000 and on. */
  readonly devices?: number;
  readonly browser?: BrowserContextOptions;
  /** How slow the page is at least, ms, by slow-page.ts. */
  readonly slow?: number;
}

/** One page over one cloud. */
export interface BrowserRig {
  readonly rig: ApiRig;
  readonly feed: Feed;
  /** The first of two devices, climate's, which speaks when the test has it speak. */
  readonly device: Device;
  readonly page: Page;
  readonly context: BrowserContext;
  /** Where the stand-in listens: `http://127.0.0.1:PORT`. */
  readonly origin: string;
  /** What the browser complained about: a policy that was broken, an exception, a request to elsewhere, a refusal. */
  readonly complaints: readonly string[];
  /**
   * What the page has asked the API to change, such as `PATCH /products/PK`, from the first on: a click that asks for
   * nothing adds nothing, and this is known as soon as the click is done.
   */
  readonly changes: readonly string[];
}

/** What is known of complaints of a kind: that they have to come, or that they may. */
interface Pardon {
  readonly pattern: RegExp;
  readonly isExpected: boolean;
}

let browser: Browser;
const opened: BrowserRig[] = [];
const pardons = new WeakMap<BrowserRig, Pardon[]>();
/** Requests of a page that are not answered yet, but for the stream of events, which never is. */
const pending = new WeakMap<Page, Set<Request>>();

/** Starts the browser for the tests of a file, and closes after each test what it opened. Call it in a `describe`. */
export function useBrowser(): void {
  beforeAll(async () => void (browser = await launchChromium()));
  afterAll(() => browser?.close());
  afterEach(async () => {
    const rigs = opened.splice(0);
    try {
      for (const each of rigs) await checkComplaints(each);
    } finally {
      for (const { context, rig } of rigs) {
        await context.close();
        await rig.app.close();
      }
    }
  });
}

/** Fails for a complaint that nothing provoked, and for one that should have come. */
async function checkComplaints(one: BrowserRig): Promise<void> {
  const pardoned = pardons.get(one) ?? [];
  for (const { pattern, isExpected } of pardoned) {
    // The browser tells of an answer by another way than the page shows it.
    if (isExpected) await expect.poll(() => one.complaints).toContainEqual(expect.stringMatching(pattern));
  }
  expect(one.complaints.filter((each) => !pardoned.some(({ pattern }) => pattern.test(each)))).toEqual([]);
}

/** Opens the console. */
export async function openConsole(options: OpenOptions = {}): Promise<BrowserRig> {
  const feed = new Feed(() => rig.time.now);
  const more = Array.from({ length: options.devices ?? 0 }, (_, i) => ({
    ...{ productKey: pk, deviceKey: `node-${String(i).padStart(5, "0")}`, deviceSecret: `secret ${i}` },
  }));
  const both = [
    { productKey: pk, deviceKey: dk, deviceSecret: demoSecret },
    { productKey: pk, deviceKey: "other", deviceSecret: "another secret" },
  ];
  const scriptEngine = await loadScriptEngine(Date.now);
  const rig = await apiRig(
    { feed, scriptEngine, ...options.api },
    { onEvent: (event) => feed.event(event), devices: [...both, ...more], ...options.cloud },
  );
  const { exchange } = rig;
  rig.exchange = (datagram) => {
    feed.datagram("in", datagram, peer);
    const answer = exchange(datagram);
    if (answer !== undefined) feed.datagram("out", answer, peer);
    return answer;
  };
  await rig.app.listen({ host: "127.0.0.1", port: 0 });
  const origin = `http://127.0.0.1:${(rig.app.server.address() as AddressInfo).port}`;
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    locale: "en-GB",
    timezoneId: "UTC",
    ...options.browser,
  });
  const page = await context.newPage();
  await slowDown(page, options.slow);
  // Ages are told by the cloud's time, which stands where the test has put it.
  await page.clock.setFixedTime(rig.time.now);
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" && !/401/.test(message.text())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  const changes: string[] = [];
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(`${origin}/`) && !/^(data|blob):/.test(url)) complaints.push(url);
    const path = url.replace(`${origin}/api/v1`, "");
    if (request.method() !== "GET" && !triesOnly.test(path)) changes.push(`${request.method()} ${path}`);
  });
  watchRequests(page);
  await page.goto(origin + (options.at ?? "/"));
  const one = { rig, feed, device: new Device(rig), page, context, origin, complaints, changes };
  opened.push(one);
  return one;
}

/** Complaints that the test provokes, such as of an answer 422, before and after this: there has to be one. */
export function forgive(one: BrowserRig, pattern: RegExp): void {
  pardon(one, { pattern, isExpected: true });
}

/** Complaints that may come or not, such as of a request that a server's end cut off. */
export function overlook(one: BrowserRig, pattern: RegExp): void {
  pardon(one, { pattern, isExpected: false });
}

/**
 * Complaints that a page may have of a stand-in that ends: a connection that is cut off, and Fastify's answer to a request
 * that comes while it closes.
 */
export const ofItsEnd = /net::ERR_|status of 503/;

function pardon(one: BrowserRig, more: Pardon): void {
  pardons.set(one, [...(pardons.get(one) ?? []), more]);
}

/** Keeps account of a page's requests for `settled`. */
export function watchRequests(page: Page): void {
  const asked = new Set<Request>();
  pending.set(page, asked);
  page.on("request", (request) => {
    if (!request.url().endsWith("/api/v1/events")) asked.add(request);
  });
  for (const end of ["requestfinished", "requestfailed"] as const) {
    page.on(end as "requestfinished", (request) => void asked.delete(request));
  }
}

/**
 * Waits until all that the page asked for is there and drawn. A test looks then at what must not be: that nothing is
 * too wide, that a mark is missing. What must be there is waited for by itself.
 */
export async function settled(page: Page): Promise<void> {
  const asked = pending.get(page);
  do {
    await expect.poll(() => [...(asked ?? [])].map((request) => request.url())).toEqual([]);
    // A frame for what has changed, one for what the page does about its new sizes, one for what follows from that.
    // Colours on their way from one to another are judged by nobody. A browser that draws nothing more for a while, or an
    // animation that never ends, holds nobody up for good: the browser has no time limit of its own for a script.
    await page.evaluate(`(async () => {
      const drawn = async () => {
        for (let i = 0; i < 3; i++) await new Promise((done) => requestAnimationFrame(done));
        await new Promise((done) => setTimeout(done));
        // Asked frame by frame: Chromium does not tell that an animation outside the window has finished.
        const goesOn = (each) => each.playState === "running" && each.effect.getTiming().iterations !== Infinity;
        while (document.getAnimations().some(goesOn)) await new Promise((done) => requestAnimationFrame(done));
      };
      await Promise.race([drawn(), new Promise((done) => setTimeout(done, 10_000))]);
    })()`);
  } while (asked !== undefined && asked.size > 0);
}

/** Moves the cloud's time and the page's clock on, ms. */
export async function pass({ rig, page }: BrowserRig, ms: number): Promise<void> {
  rig.time.now += ms;
  rig.cloud.poll(rig.time.now);
  await page.clock.setFixedTime(rig.time.now);
}

/** Fails when the page, once it is settled, is wider than its window, which makes people scroll sideways; tells by what. */
export async function expectNoOverflow(page: Page): Promise<void> {
  await settled(page);
  const wide = await page.evaluate(`(() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    return [...document.querySelectorAll("body *")]
      .filter((each) => each.getBoundingClientRect().right > width + 1 && !each.closest(".scroll, pre, .tabs"))
      .map((each) => each.outerHTML.slice(0, 120));
  })()`);
  expect(wide).toEqual([]);
}

/** Waits until an element lies wholly within the window, but for what is less than a pixel: a browser scrolls by whole ones. */
export async function expectInView(locator: Locator): Promise<void> {
  const size = locator.page().viewportSize()!;
  await expect
    .poll(async () => {
      const { x, y, width, height } = (await locator.boundingBox())!;
      const [right, bottom] = [x + width - size.width, y + height - size.height];
      return x > -1 && y > -1 && right < 1 && bottom < 1
        ? "in view"
        : `at ${x.toFixed(1)}, ${y.toFixed(1)}, of ${width} x ${height}`;
    })
    .toBe("in view");
}
