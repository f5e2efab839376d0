/**
 * What docs/security.md says of somebody in the middle: what he comes to in plain, what a seal keeps from him and what
 * proof does besides; and that the runs would tell if it were not so.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, test } from "vitest";
import { paletteFor } from "../../../../host-sim/inspect/report/style";
import { projectRoot } from "../../../../host-sim/project";
import { bundleFirmware } from "../../../../host-sim/sim/board/bundle";
import { variantSources } from "../../../../host-sim/sim/world/product-variant";
import { runEavesdropper } from "../../../../host-sim/tools/eavesdropper/eavesdropper";
import { eavesdropperTable } from "../../../../host-sim/tools/eavesdropper/table";
import { tries } from "../../../../host-sim/tools/eavesdropper/tries";
import { density } from "../../../density";
import { xsMissing } from "../../sim/board/rig";
import type {
  EavesdropperOptions,
  EavesdropperResult,
} from "../../../../host-sim/tools/eavesdropper/eavesdropper";
import type { Seal } from "../../../../host-sim/sim/world/device-options";

const run = (options: Partial<EavesdropperOptions> = {}): Promise<EavesdropperResult> =>
  runEavesdropper({
    ...{ seed: 1, engine: "node", edition: "token", coverage: 0, powerKey: true, interval: 900 },
    ...{ format: "compact" },
    ...options,
  } as EavesdropperOptions);

const whole = (tried: unknown) => ({ tried, gained: tried });
const none = (tried: unknown) => ({ tried, gained: 0 });
const often = expect.any(Number) as number;

describe("somebody in the middle, without a key", () => {
  it("has his way in plain, but for what he reads of a seal", async () => {
    const { runs, shortfall } = await run();
    expect(shortfall).toBeUndefined();
    const [plain, sealed, proof] = runs;
    const [readings] = [plain.readings.tried];
    expect(readings).toBeGreaterThan(200);
    expect(plain).toMatchObject({
      protection: "plain",
      readings: whole(readings),
      commands: whole(3),
      noticed: 0,
    });
    for (const { name, keptBy } of tries) {
      const triedOften = plain.tries[name].tried;
      expect(triedOften, name).toBeGreaterThanOrEqual(3);
      expect(plain.tries[name], name).toEqual(keptBy === "plain" ? none(triedOften) : whole(triedOften));
      expect(sealed.tries[name], name).toMatchObject(
        keptBy === "plain" || keptBy === "sealed" ? none(often) : whole(3),
      );
      expect(proof.tries[name], name).toMatchObject(keptBy === undefined ? whole(3) : none(often));
    }
    for (const each of [sealed, proof]) {
      expect(each).toMatchObject({
        readings: none(often),
        commands: none(3),
        untrue: { stored: 3, marked: 0 },
      });
      expect(each.readings.tried).toBeGreaterThan(200);
      expect(each.noticed).toBeGreaterThan(10);
    }
    // What he kept and answered himself, and what gave way to what he made up in JSON.
    expect([sealed.lost, proof.lost]).toEqual([6, 0]);
  });

  const settings: [string, Partial<EavesdropperOptions>][] = [
    ["the later edition, deep sleep, raw", { edition: "tokenless", sleep: "deep", format: "raw", seed: 3 }],
    ["a poor place and another modem", { coverage: 2, modem: "bg95", seed: 7 }],
    ["a loss of a tenth", { loss: 0.1, edition: "tokenless", modem: "bc66", seed: 5 }],
    ["deep sleep on a SARA-R5", { sleep: "deep", modem: "sara-r5", seed: 6 }],
  ];
  it.each(settings.slice(0, density(settings.length, 1)))("with %s, too", async (_, options) => {
    expect((await run(options)).shortfall).toBeUndefined();
  });

  it.skipIf(xsMissing !== undefined || density(false, true))("on XS, too", async () => {
    expect((await run({ engine: "xs", sleep: "deep" })).shortfall).toBeUndefined();
  });
});

/** The sealed firmware with a fault in it. */
async function faulty(seal: Seal, file: string, from: string | RegExp, to: string): Promise<string> {
  const source = readFileSync(join(projectRoot(), file), "utf8");
  const changed = source.replace(from, to);
  expect(changed).not.toBe(source);
  return bundleFirmware({
    sources: new Map([...variantSources("demo", { sealed: seal })!, [file, changed]]),
  });
}

describe("the runs tell", () => {
  it("when a sealed device obeys plain commands", async () => {
    const firmware = await faulty(
      true,
      "firmware/device/command-responder.ts",
      "if (sealing !== undefined && (",
      "if (sealing !== undefined && payload[0] === 0x0e && (",
    );
    const { shortfall, runs } = await run({ firmware: { sealed: firmware }, only: ["sealed"] });
    expect(shortfall).toBe("sealed: he makes a command up: relay on, 2 of 3 times");
    expect(runs[0].tries["make-up-command"]).toEqual({ tried: 3, gained: 2 });
  });

  it("when a device does without the proof that its product's model asks for", async () => {
    const firmware = await bundleFirmware({ sources: variantSources("demo", { sealed: true }) });
    const { shortfall } = await run({ firmware: { "sealed, proof": firmware }, only: ["sealed, proof"] });
    expect(shortfall).toBe(
      'sealed, proof: he answers "stored" himself, so that a reading is lost, 3 of 3 times',
    );
  });
});

test("the table has a line for each thing that he does, and says what is not as it is to be", () => {
  const score = { tried: 3, gained: 1 };
  const result: EavesdropperResult = {
    seed: 7,
    engine: "node",
    runs: (["plain", "sealed", "sealed, proof"] as const).map((protection, noticed) => ({
      ...{ protection, readings: score, commands: score, lost: 2, noticed, virtualTime: 3_600_000 },
      tries: Object.fromEntries(tries.map(({ name }) => [name, score])),
      untrue: { stored: 5, marked: 1 },
    })),
  };
  const palette = paletteFor({ isTTY: false } as NodeJS.WriteStream);
  const lines = eavesdropperTable(result, 1_000, palette).split("\n");
  expect(lines[0]).toMatch(/^Somebody .*: +plain +sealed +sealed, proof$/);
  for (const { text } of tries) {
    expect(lines.find((line) => line.includes(text))).toMatch(/ 1 of 3 +1 of 3 +1 of 3$/);
  }
  expect(lines.find((line) => line.includes("a device's mark"))).toMatch(/ no marks +1 of 5 +1 of 5$/);
  expect(lines.find((line) => line.includes("is told of"))).toMatch(/ never +1 times +2 times$/);
  expect(lines.at(-2)).toBe("complete; seed 7 repeats this run");
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(130);
  const told = eavesdropperTable({ ...result, shortfall: "this and that" }, 1_000, palette);
  expect(told).toContain("incomplete: this and that; seed 7 repeats this run");
});
