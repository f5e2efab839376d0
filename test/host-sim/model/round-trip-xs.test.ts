/**
 * The firmware's runtime and the parsing script on XS, the board's engine: the same bytes and the same
 * JSON as on Node.
 */
import { guestBundle } from "../../guest-bundle";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { NodeEngine } from "../../../host-sim/sim/engine/node-engine";
import { XsEngine } from "../../../host-sim/sim/engine/xs-engine";
import { xsMissing } from "../sim/board/rig";
import { cases, settledFields, short } from "./random-model";
import { example, generated, sides } from "./script";
import { density } from "../../density";
import type { Engine } from "../../../host-sim/sim/engine/engine";
import type { Case } from "./random-model";
import type { Job } from "./xs-guest";

/** Bytes and JSON value of a line: XS writes 1002.70001220703125 as ...313, Node as ...312, and both are it. */
function parts(line: string): [bytes: string, json: unknown] {
  const space = line.indexOf(" ");
  return [line.slice(0, space), JSON.parse(line.slice(space + 1))];
}

describe.skipIf(xsMissing !== undefined)("models and values at random", () => {
  let xs: Engine;
  let node: Engine;
  beforeAll(async () => {
    const bundle = await guestBundle("test/host-sim/model/xs-guest.ts");
    xs = new XsEngine();
    node = new NodeEngine();
    for (const engine of [xs, node]) await engine.evaluate(bundle);
  });
  afterAll(async () => {
    await xs.close();
    await node.close();
  });

  async function run(engine: Engine, job: Job): Promise<string[]> {
    const answer = await engine.deliver(Buffer.from(JSON.stringify(job), "utf8"));
    return JSON.parse(Buffer.from(answer).toString("utf8")) as string[];
  }

  function jobOf({
    model,
    requestId,
    commandId,
    report,
    readings,
    time,
    late,
    settings,
    services,
  }: Case): Job {
    const { thing, source } = sides(model);
    const command = (method: string, params: unknown): string =>
      JSON.stringify({ id: String(commandId), method, params });
    return {
      thing,
      source,
      ...{ requestId, commandId },
      report: report as Job["report"],
      readings: readings as Job["readings"],
      time,
      late,
      commands: [
        command("thing.service.measurepoint.set", settings),
        ...model.services.map(({ identifier }, i) =>
          command(`thing.service.${identifier}`, services[i].inputs),
        ),
        "garbage",
      ],
      replies: model.services.map(({ number }, i) => ({ first: number, outputs: services[i].outputs })),
    };
  }

  test("give on XS what they give on Node, and that is the reading", async () => {
    await fc.assert(
      fc.asyncProperty(cases.map(short), async (each) => {
        const job = jobOf(each);
        const lines = await run(xs, job);
        expect(lines.map(parts)).toEqual((await run(node, job)).map(parts));
        expect(lines).toHaveLength(4 + job.commands.length + job.replies.length);
        const points = each.model.measurepoints;
        for (const line of lines.slice(0, 2)) {
          const { params } = JSON.parse(line.slice(line.indexOf(" ") + 1)) as {
            params: { measurepoints: never };
          };
          expect(settledFields(points, params.measurepoints)).toEqual(settledFields(points, each.report));
        }
        const last = each.time + each.readings.slice(1).reduce((sum, { later }) => sum + later, 0);
        for (const line of lines.slice(2, 4)) {
          const { params } = JSON.parse(line.slice(line.indexOf(" ") + 1)) as { params: object };
          const read = [params].flat() as { time: number; measurepoints: never }[];
          expect(read).toHaveLength(each.readings.length);
          expect(read.at(-1)!.time).toBe(last);
          const { values } = each.readings.at(-1)!;
          expect(settledFields(points, read.at(-1)!.measurepoints)).toEqual(settledFields(points, values));
        }
      }),
      { numRuns: density(150, 12) },
    );
  });

  test("the example's report, and its cost in bytes", async () => {
    const job: Job = {
      ...jobOf({
        model: example,
        ...{ requestId: 20, commandId: 20 },
        report: {},
        readings: [],
        time: 0,
        late: false,
        settings: { relay: 1 },
        services: [
          { inputs: { delay: 3 }, outputs: { accepted: true } },
          { inputs: { reference: { temperature: -1.5 } }, outputs: { corrections: [] } },
          { inputs: { normally: true }, outputs: {} },
          { inputs: {}, outputs: { text: "1767225600 agent: idle" } },
        ],
      }),
      report: {
        temperature: 21.57,
        humidity: 48.29,
        rssi: { value: -101, quality: 9 },
        relay: 1,
        uptime: 2 ** 53 - 1,
        firmware: "1.2.3-ö",
      },
    };
    const lines = await run(xs, job);
    const sizes = lines.slice(0, 2).map((line) => line.indexOf(" ") / 2);
    for (const line of lines.slice(0, 2)) {
      expect(JSON.parse(line.slice(line.indexOf(" ") + 1))).toMatchObject({
        params: { measurepoints: job.report },
      });
    }
    expect(sizes).toEqual([64, 32]);
    expect(generated(example).files["parsing-script.js"].length).toBeLessThan(40_960);
  });
});
