/**
 * The sealed script in three engines that have nothing in common: V8, QuickJS as the stand-in has it, and XS. Each gives the
 * same for the same, whether the script is new or has been called before.
 */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { guestBundle } from "../../guest-bundle";
import { loadScriptEngine } from "../../../host-sim/cloud/script/script-engine";
import { NodeEngine } from "../../../host-sim/sim/engine/node-engine";
import { XsEngine } from "../../../host-sim/sim/engine/xs-engine";
import { xsMissing } from "../sim/board/rig";
import { bothRoots, imei, openDown, productKey, roots, sealUp, sealedSource } from "./seal-oracle";
import { example } from "./script";
import { namedBy, shortMessages } from "./sealed-messages";
import { density } from "../../density";
import type { Engine } from "../../../host-sim/sim/engine/engine";
import type { Script } from "../../../host-sim/cloud/script/script-engine";
import type { Messages } from "./sealed-messages";
import type { SealJob } from "./seal-xs-guest";

const now = 1_780_000_000_123;
const device = { root: roots[1], productKey, deviceKey: imei };
const salt = Buffer.from("a55a0123456789ff", "hex");

/** Its messages in envelopes, each also with a bit changed, and its commands, each also with nobody named. */
function jobOf({ one, ups, downs }: Messages): SealJob {
  const sealed = ups.map(({ plain }, counter) => sealUp(device, { salt, counter: counter * 60 }, plain));
  const spoilt = sealed.map((bytes, i) => {
    const copy = Buffer.from(bytes);
    copy[(i * 7) % copy.length] ^= 0x40;
    return copy;
  });
  const { requestId } = one;
  const answer = { id: `${requestId}.1.a55a0123456789ff.60.${imei}`, code: 200 };
  return {
    source: sealedSource(one.model, { ...bothRoots, proof: true, mark: true }),
    now,
    ups: [...sealed, ...spoilt, Buffer.from([1, 2, 3])].map((bytes) => [...new Int8Array(bytes)]),
    downs: [
      ...downs.map(({ message }) => ({ ...message, params: { ...message.params, deviceKey: imei } })),
      ...downs.map(({ message }) => message),
      answer,
      { id: String(requestId), code: 1204 },
    ].map((json) => JSON.stringify(json)),
  };
}

/** A result whose JSON is a value: engines write one number in several ways. */
function value(line: string): unknown {
  if (!line.startsWith("{")) return line;
  const space = line.lastIndexOf(" {");
  return [JSON.parse(line.slice(0, space)), JSON.parse(line.slice(space))];
}

async function run(engine: Engine, job: SealJob): Promise<unknown[]> {
  const answer = await engine.deliver(Buffer.from(JSON.stringify(job), "utf8"));
  return (JSON.parse(Buffer.from(answer).toString("utf8")) as string[]).map(value);
}

/** The same in QuickJS, as far as the stand-in gives it out. */
async function runInQuickJs({ source, ups, downs }: SealJob, isNew: boolean): Promise<unknown[]> {
  const engine = (await loadScriptEngine(() => now)).at(() => now);
  let script: Script | undefined;
  const ready = (): Script => {
    if (isNew) script?.dispose();
    if (script !== undefined && !isNew) return script;
    const compiled = engine.compile(source);
    if ("fault" in compiled) throw new Error(compiled.fault);
    return (script = compiled);
  };
  const lines = [
    ...ups.map((bytes) => {
      const used = ready();
      const made = used.rawToJson(Uint8Array.from(bytes));
      return typeof made === "string"
        ? `${made} ${JSON.stringify(used.lastSealed)}`
        : `! ${faultOf(made.fault)}`;
    }),
    ...downs.map((json) => {
      const made = ready().jsonToRaw(json);
      return "fault" in made ? `! ${faultOf(made.fault)}` : made.join();
    }),
  ];
  script?.dispose();
  return lines.map(value);
}

/** What was thrown, of a fault that tells where it was as well. */
function faultOf(fault: string): string {
  return fault.replace(/^Error: /, "").replace(/ \(line \d+\)$/, "");
}

describe.skipIf(xsMissing !== undefined)("in V8, QuickJS and XS", () => {
  let xs: Engine;
  let node: Engine;
  beforeAll(async () => {
    const bundle = await guestBundle("test/host-sim/model/seal-xs-guest.ts");
    xs = new XsEngine();
    node = new NodeEngine();
    for (const engine of [xs, node]) await engine.evaluate(bundle);
  });
  afterAll(async () => {
    await xs.close();
    await node.close();
  });

  it("every message of a device, every command and every refusal are the same, and the messages' own", async () => {
    await fc.assert(
      fc.asyncProperty(shortMessages, async (each) => {
        const job = jobOf(each);
        const lines = await run(node, job);
        expect(await run(xs, job)).toEqual(lines);
        expect(await runInQuickJs(job, false)).toEqual(lines);

        const count = each.ups.length;
        each.ups.forEach((up, i) => {
          const [json, told] = lines[i] as [Record<string, unknown>, object];
          const wanted = namedBy(device, up);
          expect(told).toEqual({ deviceKey: imei, salt: salt.toString("hex"), counter: i * 60, root: 1 });
          expect((json["id"] as string).split(".")[0]).toBe(wanted["id"]);
          expect(json["method"]).toBe(wanted["method"]);
        });
        for (const line of lines.slice(count, 2 * count))
          expect(line).toMatch(/^! sealed: (forged|name|truncated|plain)$/);
        expect(lines[2 * count]).toBe("! sealed: plain");
        each.downs.forEach(({ plain }, i) => {
          const sealed = Uint8Array.from((lines[2 * count + 1 + i] as string).split(","), Number);
          const taken = openDown(device, sealed)!;
          expect([taken.plain.toString("hex"), taken.time]).toEqual([
            Buffer.from(plain).toString("hex"),
            now,
          ]);
          expect(lines[2 * count + 1 + each.downs.length + i]).toBe("! sealed: no deviceKey in params");
        });
      }),
      { numRuns: density(60, 8) },
    );
  });

  it("a script that is new for each message gives the same as one that is kept", async () => {
    await fc.assert(
      fc.asyncProperty(shortMessages, async (each) => {
        const job = jobOf(each);
        expect(await runInQuickJs(job, true)).toEqual(await run(node, job));
      }),
      { numRuns: density(20, 3) },
    );
  });
});

it("what is remembered of devices gives no other result than what is not, when they are too many too", async () => {
  const compiled = (await loadScriptEngine(() => now)).compile(sealedSource(example, bothRoots));
  if ("fault" in compiled) throw new Error(compiled.fault);
  const plain = Buffer.from("0100000001", "hex");
  // Three rounds of more devices than are remembered, under both roots and ever new salts.
  for (let round = 0; round < 3; round++) {
    for (let n = 0; n < density(200, 70); n++) {
      const deviceKey = `node-${n}`;
      const own = { ...device, root: roots[(n + round) % 2], deviceKey };
      const count = { salt: Buffer.alloc(8, round * 16 + (n % 3)), counter: n };
      expect(compiled.rawToJson(sealUp(own, count, plain))).toContain('"id":"1"');
      expect(compiled.lastSealed).toMatchObject({ deviceKey, counter: n, root: (n + round) % 2 });
    }
  }
  compiled.dispose();
});
