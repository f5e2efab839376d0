/**
 * Both sides of a model in one engine: the firmware's runtime and the parsing script. Events and
 * answers are JSON text; built-ins are frozen, as on the board.
 */
import { defineThing } from "../../../firmware/model/thing";
import { beginBatch } from "../../../firmware/model/batch";
import { decodeCommand, encodeReply } from "../../../firmware/model/command";
import { encodeReport } from "../../../firmware/model/report";
import { hexText } from "../../../firmware/text/ascii";
import { decodeUtf8, encodeUtf8 } from "../../../firmware/text/utf8";
import type { Thing, ThingFault, ThingValues } from "../../../firmware/model/thing";

/** What there is to do with a model. */
export interface Job {
  readonly thing: Thing;
  readonly source: string;
  readonly requestId: number;
  /** Of the replies. */
  readonly commandId: number | string;
  readonly report: ThingValues;
  readonly readings: readonly { readonly values: ThingValues; readonly later: number }[];
  readonly time: number;
  readonly late: boolean;
  /** JSON of commands. */
  readonly commands: readonly string[];
  readonly replies: readonly { readonly first: number; readonly outputs: Record<string, unknown> }[];
}

for (const each of [Object, Array, String, Number, Uint8Array, DataView, Error, Function]) {
  Object.freeze(each.prototype);
  Object.freeze(each);
}

interface Script {
  toJson(bytes: ArrayLike<number>): string;
  toRaw(json: string): number[];
}

/** What came of it, line by line. */
function work(job: Job): string[] {
  const functions = ";({ toJson: rawDataToJsonStr, toRaw: jsonStrToRawData })";
  // oxlint-disable-next-line no-eval -- the script that is tested arrives as text, as it does in EnOS
  const script = (0, eval)(job.source + functions) as Script;
  const thing = defineThing(job.thing);
  const lines: string[] = [];
  const out = new Uint8Array(20_000);
  const say = (length: number | ThingFault): void => {
    if (typeof length !== "number") {
      lines.push(` ${JSON.stringify(length)}`);
      return;
    }
    const bytes = out.subarray(0, length);
    lines.push(`${hexText(bytes)} ${script.toJson(new Int8Array(out.buffer, 0, length))}`);
  };
  say(encodeReport(thing, job.report, job.requestId, out, "sample"));
  say(encodeReport(thing, job.report, job.requestId, out, "compact"));
  for (const layout of ["sample", "compact"] as const) {
    const batch = beginBatch(thing, layout, job.requestId, job.time, job.late, out);
    let now = job.time;
    job.readings.forEach(({ values, later }, i) => {
      if (i > 0) now += later;
      const outcome = batch.add(values, now);
      if (outcome !== "added") throw new Error(JSON.stringify(outcome));
    });
    say(batch.length);
  }
  for (const command of job.commands) {
    const raw = Uint8Array.from(script.toRaw(command));
    lines.push(`${hexText(raw)} ${JSON.stringify(decodeCommand(thing, raw))}`);
  }
  for (const { first, outputs } of job.replies)
    say(encodeReply(thing, first, job.commandId, 200, outputs, out));
  return lines;
}

Object.defineProperty(globalThis, "handleCommand", {
  value: (event: ArrayBuffer) => {
    const job = JSON.parse(decodeUtf8(new Uint8Array(event))!) as Job;
    return { result: encodeUtf8(JSON.stringify(work(job))).buffer };
  },
});
