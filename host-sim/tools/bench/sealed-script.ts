/**
 * What sealing costs the cloud: time that the parsing script of a sealed product takes for a message, against the plain
 * product's for the same reading, both in QuickJS as the stand-in runs it. What a device seals is the firmware's own.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beginBatch } from "../../../firmware/model/batch";
import { encodeReport } from "../../../firmware/model/report";
import { thing } from "../../../firmware/product/thing";
import { sealedKinds } from "../../../firmware/seal/kinds";
import { sealingOf } from "../../../firmware/seal/sealing";
import { loadScriptEngine } from "../../cloud/script/script-engine";
import { generate } from "../../model/generate";
import { emptyLock } from "../../model/lock";
import { readModel } from "../../model/read-model";
import { deviceKeyOf, rootOf } from "../../model/seal/keys";
import { parsingScript } from "../../model/write-script";
import { projectRoot } from "../../project";
import { Random } from "../../sim/time/random";
import { nodeCryptography } from "../../sim/engine/node-cryptography";
import { median } from "./measure";
import type { Sealing } from "../../../firmware/delivery/sealing";
import type { Layout } from "../../../firmware/model/report";
import type { Script, ScriptEngine } from "../../cloud/script/script-engine";
import type { SealedScript } from "../../model/write-script";

/** Processor time of one call, ms: of time alone, whatever else the machine does would take its share. */
interface ScriptTimes {
  readonly name: string;
  /** The plain product's script. */
  readonly plain: number;
  /** The sealed one's, by what it cannot remember of the messages before. */
  readonly sealed: Readonly<Record<string, number>>;
}

export interface SealedScriptCost {
  readonly messages: readonly ScriptTimes[];
  /** Characters of the example product's script. */
  readonly size: { readonly plain: number; readonly sealed: number };
}

const productKey = "AbCdEfGh";
const roots = [rootOf(Buffer.alloc(32, 1)), rootOf(Buffer.alloc(32, 2))];
/** More than the script remembers. */
const strangers = 200;
const now = Date.UTC(2026, 0, 1);
const reading = {
  ...{ temperature: 21.57, humidity: 48.29, rssi: { value: -101, quality: 9 } },
  ...{ relay: 1, uptime: 86_400, firmware: "1.2.3" },
};

/** Takes some seconds. */
export async function measureSealedScript(): Promise<SealedScriptCost> {
  const model = readModel(readFileSync(join(projectRoot(), "firmware/product/model.json"), "utf8"));
  if (!("product" in model)) throw new Error("the example's model is not sound");
  const made = generate(model, emptyLock);
  if (!("files" in made)) throw new Error("the example's model does not go with an empty lock");
  const { lock, fingerprint } = made;
  const source = (settings: Partial<SealedScript>): string =>
    parsingScript(model, lock, fingerprint, {
      ...{ roots: [roots[0].toString("hex")], productKey, proof: false, migrating: false, mark: false },
      ...settings,
    });
  const plainSource = parsingScript(model, lock, fingerprint);
  const engine = await loadScriptEngine(() => now);
  const both = { roots: roots.map((root) => root.toString("hex")) };
  const scripts = {
    plain: compiled(engine, plainSource),
    sealed: compiled(engine, source({})),
    both: compiled(engine, source(both)),
    proving: compiled(engine, source({ proof: true })),
  };
  try {
    return {
      messages: [...uplinks(scripts), ...downlinks(scripts)],
      size: { plain: plainSource.length, sealed: source({}).length },
    };
  } finally {
    for (const script of Object.values(scripts)) script.dispose();
  }
}

type Scripts = Readonly<Record<"plain" | "sealed" | "both" | "proving", Script>>;

function compiled(engine: ScriptEngine, source: string): Script {
  const script = engine.compile(source);
  if ("fault" in script) throw new Error(script.fault);
  return script;
}

/** Each start draws a salt of its own. */
const chance = new Random("sealed script");

/** The `n`-th device, right after a start. */
function deviceOf(n: number, root = roots[0]): Sealing {
  const deviceKey = `node-${String(n).padStart(9, "0")}`;
  return sealingOf({ proof: false, migrating: false })({
    crypto: nodeCryptography,
    random: () => chance.next(),
    keyText: deviceKeyOf(root, productKey, deviceKey).toString("hex"),
    credentials: { productKey, deviceKey },
    retained: undefined,
    store: undefined,
    startReason: "power-on",
    log: () => {},
  })!;
}

const out = new Uint8Array(4096);

function written(length: number | object | undefined): Uint8Array {
  if (typeof length !== "number") throw new Error(JSON.stringify(length));
  return out.slice(0, length);
}

/** What a plain and a sealed device send of the same. */
function pairs(): { name: string; plain: Uint8Array; inside: Uint8Array }[] {
  const one = (layout: Layout): { plain: Uint8Array; inside: Uint8Array } => ({
    plain: written(encodeReport(thing, reading, 7, out, layout)),
    inside: written(sealedKinds.encodeTimedReport(thing, reading, 7, now, out, layout)),
  });
  const batch = beginBatch(thing, "compact", 7, now, false, out);
  for (let n = 0; n < 16; n++) batch.add(reading, now + n * 60_000);
  const several = written(batch.length);
  return [
    { name: "a reading, sample layout", ...one("sample") },
    { name: "a reading, compact layout", ...one("compact") },
    { name: "16 readings, compact layout", plain: several, inside: several },
  ];
}

/** Calls the script with each of these in turn, for ever. */
function taking(script: Script, messages: readonly Uint8Array[]): () => void {
  let at = 0;
  return () => {
    const made = script.rawToJson(messages[at++ % messages.length]);
    if (typeof made !== "string") throw new Error(made.fault);
  };
}

function many(message: (n: number) => Uint8Array): Uint8Array[] {
  return Array.from({ length: strangers }, (_none, n) => message(n));
}

function uplinks({ plain, sealed, both }: Scripts): ScriptTimes[] {
  return pairs().map(({ name, plain: bare, inside }) => {
    const device = deviceOf(0);
    const times = processorTime({
      plain: taking(plain, [bare]),
      "a device and start that it remembers": taking(
        sealed,
        many(() => device.sealUpload(inside)),
      ),
      "another start": taking(
        sealed,
        many(() => deviceOf(0).sealUpload(inside)),
      ),
      "another device": taking(
        sealed,
        many((n) => deviceOf(n).sealUpload(inside)),
      ),
      "another device, the second of two masters": taking(
        both,
        many((n) => deviceOf(n, roots[1]).sealUpload(inside)),
      ),
    });
    return timesOf(name, times);
  });
}

function downlinks({ plain, sealed, both, proving }: Scripts): ScriptTimes[] {
  const giving = (script: Script, json: (n: number) => object): (() => void) => {
    const texts = Array.from({ length: strangers }, (_none, n) => JSON.stringify(json(n)));
    let at = 0;
    return () => {
      const made = script.jsonToRaw(texts[at++ % texts.length]);
      if ("fault" in made || made.length === 0) throw new Error("the script gave no bytes");
    };
  };
  const deviceKey = (n: number): string => `node-${String(n).padStart(9, "0")}`;
  const command = (params: object): object => ({
    id: "2078724684846989312",
    method: "thing.service.reboot",
    params,
  });
  const proven = (n: number): object => ({ id: `7.0.0123456789abcdef.5.${deviceKey(n)}`, code: 200 });
  const named = (n: number): object => command({ delay: 5, deviceKey: deviceKey(n) });
  return [
    timesOf(
      "an answer",
      processorTime({
        plain: giving(plain, () => ({ id: "7", code: 200 })),
        "without proof": giving(sealed, () => ({ id: "7", code: 200 })),
        "with proof, a device that it remembers": giving(proving, () => proven(0)),
        "with proof, another device": giving(proving, proven),
      }),
    ),
    timesOf(
      "a command",
      processorTime({
        plain: giving(plain, () => command({ delay: 5 })),
        "a device that it remembers": giving(sealed, () => named(0)),
        "another device": giving(sealed, named),
        "another device, two masters": giving(both, named),
      }),
    ),
  ];
}

const rounds = 21;
/** Calls of each in a round. */
const perRound = 50;

/** ms of each, the median of rounds in which each has its turn. */
function processorTime(contenders: Readonly<Record<string, () => void>>): Record<string, number> {
  const times: Record<string, number[]> = {};
  for (let round = -1; round < rounds; round++) {
    for (const [name, run] of Object.entries(contenders)) {
      const before = process.cpuUsage();
      for (let i = 0; i < perRound; i++) run();
      const { user, system } = process.cpuUsage(before);
      // The first round warms up.
      if (round < 0) times[name] = [];
      else times[name].push((user + system) / perRound / 1000);
    }
  }
  return Object.fromEntries(Object.entries(times).map(([name, each]) => [name, median(each)]));
}

function timesOf(name: string, { plain, ...sealed }: Record<string, number>): ScriptTimes {
  return { name, plain, sealed };
}
