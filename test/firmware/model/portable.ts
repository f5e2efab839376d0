/**
 * The thing model's runtime put through random work in any engine: reports and batches in both layouts,
 * commands sound and garbled, answers, and all that is refused. What comes of it is said line by line,
 * for a test to compare between engines.
 */
import { hexText } from "../../../firmware/text/ascii";
import {
  answerService,
  answerSet,
  batch,
  checkAttributes,
  checkEvent,
  readCommand,
  report,
  thing,
} from "../../../firmware/product/thing";
import type { ThingFault } from "../../../firmware/model/thing";
import type { Attributes, Events, Report } from "../../../firmware/product/thing";

/** What the suite needs of the one who runs it. */
export interface Rig {
  /** A whole number from 0 to below the limit, at random. */
  below(limit: number): number;
  say(suite: string, text: string): void;
}

const texts = ["", "1.2.3", "é😀", "\u0000\ufeff", "x".repeat(32), "x".repeat(33), "日本語", 'a"b\\'];
const edges = [
  0,
  -0,
  -1,
  2 ** 31,
  -(2 ** 31),
  2 ** 32,
  2 ** 53 - 1,
  1 - 2 ** 53,
  2 ** 53,
  0.1,
  125,
  125.001,
  -40,
  1e300,
  5e-324,
];
const wrong: readonly unknown[] = [NaN, Infinity, "text", true, null, undefined, [], {}, { value: 1 }];

/** Says `model` lines, several for each round. */
export function thingModel(rounds: number, { below, say }: Rig): void {
  const out = new Uint8Array(400);
  const line = (what: string, length: number | ThingFault): void => {
    const text = typeof length === "number" ? hexText(out.subarray(0, length)) : JSON.stringify(length);
    say("model", `${what} ${text}`);
  };
  const pick = <T>(list: readonly T[]): T => list[below(list.length)];
  const number = (): number => (below(3) === 0 ? pick(edges) : (below(20_000) - 5_000) / 100);
  /** Mostly as the model says. */
  const value = <T>(sound: T): T => (below(40) === 0 ? (pick(wrong) as T) : sound);
  const reading = (): Report => ({
    temperature: below(3) === 0 ? undefined : value(number()),
    humidity: below(3) === 0 ? undefined : value(below(10_001) / 100),
    rssi: below(3) === 0 ? undefined : value({ value: -below(130), quality: below(10) }),
    relay: below(3) === 0 ? undefined : value(below(2) as 0 | 1),
    uptime: below(3) === 0 ? undefined : value(below(2) === 0 ? below(2 ** 31) : pick(edges)),
    firmware: below(3) === 0 ? undefined : value(pick(texts)),
  });

  for (let round = 0; round < rounds; round++) {
    const layout = pick(["sample", "compact"] as const);
    const requestId = pick([round, 0xffff_ffff]);
    line("report", report(reading(), requestId, out.subarray(0, below(4) === 0 ? below(60) : 400), layout));

    let time = 1_767_225_600_000 + round;
    const room = 20 + below(380);
    const readings = batch(requestId, time, below(2) === 0, out.subarray(0, room), layout);
    let outcomes = "";
    for (let i = 0; i < 12; i++) {
      time += pick([0, 1, 127, 128, 300_000, 2 ** 32, -1]);
      const outcome = readings.add(reading(), time);
      outcomes += typeof outcome === "string" ? outcome[0] : `(${outcome.fault} ${outcome.id})`;
    }
    line(`batch ${outcomes} ${readings.count}`, readings.length);

    const command = new Uint8Array(pick([below(40), 5, 9, 10]));
    for (let i = 1; i < command.length; i++) command[i] = below(3) === 0 ? below(256) : below(2);
    if (command.length > 0) command[0] = pick([2, 2, 17, 17, 18, 1, 200]);
    say("model", `command ${JSON.stringify(readCommand(command))}`);
    line("set", answerSet(requestId, pick([200, 400, 404, 500, 77, 1204]), out));
    line("reboot", answerService("reboot", requestId, { code: 200, data: { accepted: value(true) } }, out));
    const corrections = value([number(), number()]);
    line("calibrate", answerService("calibrate", requestId, { code: 200, data: { corrections } }, out));
    const event: Events["overheat"] = { temperature: value(number()), since: value(below(2 ** 31)) };
    const attributes: Attributes = {
      gain: value(number()),
      label: value(pick(texts)),
      installed: value(number()),
    };
    say(
      "model",
      `check ${JSON.stringify([checkEvent("overheat", event) ?? null, checkAttributes(attributes) ?? null])}`,
    );
  }
  say("model", `frozen ${Object.isFrozen(thing) && Object.isFrozen(thing.points[0].range)}`);
}
