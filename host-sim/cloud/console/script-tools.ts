/**
 * What the console does with a parsing script before it is applied: tries it as it is typed, over what devices really
 * sent, and says what would change.
 *
 *     GET  /products/PK/script            what the script was given last, and what it got wrong
 *     POST /products/PK/script/try        { script, bytes } or { script, json }
 *     POST /products/PK/script/compile    { script }: whether it is one at all
 *     POST /products/PK/script/compare    { script }: of which of these inputs it makes something else
 */
import { noProduct } from "../api/route";
import type { ProductParams } from "../api/route";
import { Problem } from "../api/problem";
import { hex, longestScript, productParams } from "../api/schemas/parts";
import { scriptJson } from "../script/script-json";
import { verdictOfCommand, verdictOfJson } from "../enos/script-verdict";
import type { FastifyInstance } from "fastify";
import type { EnosCloud } from "../cloud";
import type { Product } from "../registry/product";
import type { ScriptSample } from "../script/script-told";
import type { Script, ScriptEngine } from "../script/script-engine";
import { pause } from "./trial-turns";
import type { TrialTurns } from "./trial-turns";
import type { Difference, ScriptComparison, ScriptUse, Trial } from "./script-answers";

interface TryBody {
  readonly script: string;
  readonly bytes?: string;
  readonly json?: unknown;
}

const scriptText = { type: "string", maxLength: longestScript };
const tryBody = {
  type: "object",
  required: ["script"],
  additionalProperties: false,
  minProperties: 2,
  maxProperties: 2,
  properties: {
    script: scriptText,
    bytes: { type: "string", pattern: hex, maxLength: 16_384 },
    json: {},
  },
};
const scriptBody = {
  type: "object",
  required: ["script"],
  additionalProperties: false,
  properties: { script: scriptText },
};

/** Differences that are told of a comparison. */
const mostTold = 4;

/** @param engine where edited scripts run; none can be tried when left out */
export function scriptRoutes(
  api: FastifyInstance,
  cloud: EnosCloud,
  engine: ScriptEngine | undefined,
  turns: TrialTurns,
): void {
  const known = (params: ProductParams): Product => {
    const product = cloud.products.product(params.productKey);
    if (product === undefined) throw noProduct(params);
    return product;
  };
  const engineOf = (): ScriptEngine => {
    if (engine === undefined) throw new Problem(422, "this stand-in runs no parsing scripts");
    return engine;
  };

  api.get<{ Params: ProductParams }>("/products/:productKey/script", {
    schema: { hide: true, params: productParams } as object,
    handler: ({ params }): ScriptUse => {
      const product = known(params);
      return { samples: product.samples.list(), faults: product.scriptFaults };
    },
  });

  api.post<{ Params: ProductParams; Body: TryBody }>("/products/:productKey/script/try", {
    schema: { hide: true, params: productParams, body: tryBody } as object,
    config: { changesNothing: true },
    handler: ({ params, body }) => {
      const product = known(params);
      const scripts = engineOf();
      return turns.take(() => trialOf(scripts, body, product));
    },
  });

  api.post<{ Params: ProductParams; Body: { script: string } }>("/products/:productKey/script/compile", {
    config: { changesNothing: true },
    schema: { hide: true, params: productParams, body: scriptBody } as object,
    handler: ({ params, body }) => {
      known(params);
      const scripts = engineOf();
      return turns.take((): Trial => {
        const script = scripts.compile(body.script);
        if ("fault" in script) return { ...script, isCompileFault: true };
        script.dispose();
        return {};
      });
    },
  });

  api.post<{ Params: ProductParams; Body: { script: string } }>("/products/:productKey/script/compare", {
    schema: { hide: true, params: productParams, body: scriptBody } as object,
    config: { changesNothing: true },
    handler: ({ params, body }) => {
      const samples = known(params).samples.list();
      const scripts = engineOf();
      const source = cloud.products.record(params.productKey)?.script;
      return turns.take(() => compared(scripts, body.script, source, samples));
    },
  });
}

function trialOf(scripts: ScriptEngine, { script: source, bytes, json }: TryBody, product: Product): Trial {
  const script = scripts.compile(source);
  if ("fault" in script) return { ...script, isCompileFault: true };
  try {
    if (bytes === undefined && json === undefined) return {};
    return bytes === undefined
      ? trialOfJson(script, JSON.stringify(json), product)
      : trialOfBytes(script, Buffer.from(bytes, "hex"), product);
  } finally {
    script.dispose();
  }
}

/** @param inForce the source of the script in force, if there is one */
async function compared(
  scripts: ScriptEngine,
  edited: string,
  inForce: string | undefined,
  samples: readonly ScriptSample[],
): Promise<ScriptComparison> {
  // Both see the time of the sample, so that a script which states the time makes the same of it.
  let at = 0;
  const frozen = scripts.at(() => at);
  const next = frozen.compile(edited);
  if ("fault" in next) return { samples: samples.length, different: 0, told: [], fault: next.fault };
  const former = inForce === undefined ? undefined : frozen.compile(inForce);
  const differences: Difference[] = [];
  for (const sample of samples) {
    // All samples together may take as long as many trials.
    await pause();
    at = sample.at;
    const { task, input } = sample;
    const before = former === undefined || "fault" in former ? "there is no script" : madeOf(former, sample);
    const after = madeOf(next, sample);
    if (before !== after) differences.push({ task, input, before, after });
  }
  for (const script of [next, former]) if (script !== undefined && !("fault" in script)) script.dispose();
  return { samples: samples.length, different: differences.length, told: differences.slice(0, mostTold) };
}

/** What a script makes of an input, as text. */
function madeOf(script: Script, { task, input }: ScriptSample): string {
  const isUp = task === "report" || task === "reply";
  const made = isUp ? script.rawToJson(Buffer.from(input, "hex")) : script.jsonToRaw(input);
  if (typeof made === "string") return made;
  return "fault" in made ? `fault: ${made.fault}` : Buffer.from(made).toString("hex");
}

function trialOfBytes(script: Script, bytes: Uint8Array, product: Product): Trial {
  const made = script.rawToJson(bytes);
  const sealed = script.lastSealed;
  const read = scriptJson(made);
  if (typeof made !== "string" || "fault" in read) return read as Trial;
  // Whose an envelope is, it says itself.
  const verdict = verdictOfJson(made, product, sealed?.deviceKey);
  return { ...read, ...(sealed === undefined ? {} : { sealed }), verdict };
}

function trialOfJson(script: Script, json: string, product: Product): Trial {
  const verdict = verdictOfCommand(json, product);
  const made = script.jsonToRaw(json);
  return "fault" in made ? { ...made, verdict } : { bytes: Buffer.from(made).toString("hex"), verdict };
}
