/** The part `console` of `npm run bench`: the console and the report in a browser. */
import type { Verdict } from "../tools/bench/bars";

/**
 * Prints and judges it.
 *
 * @param isAsked whether a missing Chromium is a fault; else this part is left out, and said
 * @param told hears what is done now
 */
export async function benchPages(
  verdict: Verdict,
  isAsked: boolean,
  say: (line: string) => void,
  told: (what: string) => void,
): Promise<void> {
  const { benchConsole } = await import("../tools/bench/console");
  const { benchReport } = await import("../tools/bench/report");
  const { chromiumPath } = await import("../inspect/report/pictures");
  if (!isAsked && chromiumPath() === undefined)
    return say("console: left out, for Chromium is not installed");
  const { devices, firstPaint, frames, gzip, brotli } = await benchConsole(60, told);
  say("console, in Chromium at 1440 x 900, stand-in and browser on one machine");
  say(
    `  first paint of ${devices} devices ${firstPaint.toFixed(0)} ms ${verdict.judge("consolePaint", firstPaint)}`,
  );
  for (const { place, seconds, messages, frames: drawn, longest, late, task } of frames) {
    say(
      `  ${messages} messages in ${seconds} s, ${place}: ${drawn} frames, the longest ${longest.toFixed(0)} ms, ` +
        `${late} over 100 ms ${verdict.judge("consoleFrames", longest)}; the page's longest task ` +
        `${task.toFixed(0)} ms of processor time`,
    );
  }
  say(
    `  script and style ${gzip} bytes by gzip ${verdict.judge("consoleWeight", gzip)}, ${brotli} by brotli`,
  );
  const report = await benchReport(told);
  say(
    `  report of 30 days at 15 minutes: ${report.rows} rows, ${report.bytes} bytes ${verdict.judge("reportSize", report.bytes)}`,
  );
  say(`    shown after ${report.shown.toFixed(0)} ms ${verdict.judge("reportShown", report.shown)}`);
}
