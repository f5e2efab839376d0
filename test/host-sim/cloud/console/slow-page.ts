/**
 * A page on a machine that does much besides. A test that looks at once at what comes a moment later passes on an idle
 * machine and fails on a busy one; `SLOW_PAGE=150` has it fail here and now: each request, answer and part of a stream,
 * each timer and frame, and what the page is told of sizes and scrolling comes that many ms later, and the processor
 * is slower.
 *
 *     SLOW_PAGE=150 npx vitest run --project interop test/host-sim/cloud/console
 */
import type { Page } from "playwright-core";

/** ms; 0 in an ordinary run. */
const slowness = Number(process.env["SLOW_PAGE"] ?? 0);

/** What Chromium's main thread is slowed down by. */
const processorRate = 3;

/**
 * Makes a page slow where the environment or a test asks for it. Call it before the page goes anywhere.
 * @param atLeast ms, for a test of what is lost on a slow page only
 */
export async function slowDown(page: Page, atLeast = 0): Promise<void> {
  const ms = Math.max(slowness, atLeast);
  if (ms === 0) return;
  const session = await page.context().newCDPSession(page);
  await session.send("Emulation.setCPUThrottlingRate", { rate: processorRate });
  await page.addInitScript(`(${String(delayed)})(${ms})`);
}

/** Runs in the page, before its own scripts. */
function delayed(ms: number): void {
  const page = globalThis as any;
  const { setTimeout: later, fetch: ask, requestAnimationFrame: draw, ResizeObserver: Sizes } = page;
  const wait = (): Promise<void> => new Promise((resolve) => later(resolve, ms));

  page.setTimeout = (run: unknown, after = 0, ...args: unknown[]) => later(run, Number(after) + ms, ...args);

  // Cancelled as a frame is; the numbers of timers and frames are told apart by their sign.
  const frames = new Map<number, number>();
  let frame = 0;
  page.requestAnimationFrame = (run: (now: number) => void): number => {
    const id = ++frame;
    const step = (): void =>
      draw((now: number) => {
        if (frames.delete(id)) run(now);
      });
    frames.set(id, later(step, ms));
    return id;
  };
  page.cancelAnimationFrame = (id: number): void => {
    page.clearTimeout(frames.get(id));
    frames.delete(id);
  };

  page.ResizeObserver = class extends Sizes {
    isOver = false;
    constructor(told: (entries: unknown, observer: unknown) => void) {
      super((entries: unknown) => {
        later(() => this.isOver || told(entries, this), ms);
      });
    }
    disconnect(): void {
      this.isOver = true;
      super.disconnect();
    }
  };

  // What the browser tells after the fact.
  const late = ["scroll", "resize"];
  const added = new WeakMap<object, Map<string, Map<unknown, unknown>>>();
  const { addEventListener: add, removeEventListener: remove } = page.EventTarget.prototype;
  const listenersOf = (target: object, type: string): Map<unknown, unknown> => {
    const ofTarget = added.get(target) ?? new Map<string, Map<unknown, unknown>>();
    added.set(target, ofTarget);
    const listeners = ofTarget.get(type) ?? new Map<unknown, unknown>();
    ofTarget.set(type, listeners);
    return listeners;
  };
  const isLate = (target: unknown, type: string): boolean =>
    late.includes(type) || (type === "change" && target instanceof page.MediaQueryList);
  page.EventTarget.prototype.addEventListener = function (type: string, told: any, options: unknown): void {
    const target = this ?? page;
    if (!isLate(target, type) || typeof told !== "function") return add.call(target, type, told, options);
    const listeners = listenersOf(target, type);
    const tell = (event: unknown): void => {
      later(() => listeners.has(told) && told.call(target, event), ms);
    };
    if (listeners.has(told)) return;
    listeners.set(told, tell);
    add.call(target, type, tell, options);
  };
  page.EventTarget.prototype.removeEventListener = function (
    type: string,
    told: any,
    options: unknown,
  ): void {
    const target = this ?? page;
    const listeners = listenersOf(target, type);
    remove.call(target, type, listeners.get(told) ?? told, options);
    listeners.delete(told);
  };

  page.fetch = async (...args: unknown[]): Promise<unknown> => {
    await wait();
    const response = await ask(...args);
    await wait();
    if (response.body === null || [204, 205, 304].includes(response.status)) return response;
    const { status, statusText, headers } = response;
    // What nobody reads to its end would never be there to the browser.
    if (!(headers.get("content-type") ?? "").startsWith("text/event-stream")) {
      return new page.Response(await response.arrayBuffer(), { status, statusText, headers });
    }
    const slow = new page.TransformStream({
      async transform(part: unknown, controller: any) {
        await wait();
        controller.enqueue(part);
      },
    });
    return new page.Response(response.body.pipeThrough(slow), { status, statusText, headers });
  };
}
