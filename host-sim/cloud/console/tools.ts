/**
 * What the page can do and the application API has no word for: an edited parsing script run before it is
 * applied, and a cloud that swallows every datagram.
 *
 *     POST /script/try    { script, bytes } or { script, json }
 *     GET PUT /down       { down }
 */
import { Problem } from "../api/problem";
import { hex, longestScript } from "../api/schemas/parts";
import { scriptJson } from "../script/script-json";
import type { FastifyInstance } from "fastify";
import type { EnosCloud } from "../cloud";
import type { ScriptEngine } from "../script/script-engine";

interface TryBody {
  readonly script: string;
  readonly bytes?: string;
  readonly json?: unknown;
}

const tryBody = {
  type: "object",
  required: ["script"],
  additionalProperties: false,
  minProperties: 2,
  maxProperties: 2,
  properties: {
    script: { type: "string", maxLength: longestScript },
    bytes: { type: "string", pattern: hex, maxLength: 16_384 },
    json: {},
  },
};
const downBody = {
  type: "object",
  required: ["down"],
  additionalProperties: false,
  properties: { down: { type: "boolean" } },
};

/** @param scriptEngine where edited scripts run; none can be tried when left out */
export function toolRoutes(
  api: FastifyInstance,
  cloud: EnosCloud,
  scriptEngine: ScriptEngine | undefined,
): void {
  api.post<{ Body: TryBody }>("/script/try", {
    schema: { hide: true, body: tryBody } as object,
    handler: ({ body: { script: source, bytes, json } }) => {
      if (scriptEngine === undefined) throw new Problem(422, "this stand-in runs no parsing scripts");
      const script = scriptEngine.compile(source);
      if ("fault" in script) return { fault: script.fault };
      try {
        if (bytes === undefined) {
          const made = script.jsonToRaw(JSON.stringify(json));
          return "fault" in made ? { fault: made.fault } : { bytes: Buffer.from(made).toString("hex") };
        }
        return scriptJson(script.rawToJson(Buffer.from(bytes, "hex")));
      } finally {
        script.dispose();
      }
    },
  });
  api.get("/down", { schema: { hide: true } }, () => ({ down: cloud.down }));
  api.put<{ Body: { down: boolean } }>("/down", {
    schema: { hide: true, body: downBody } as object,
    handler: ({ body }) => {
      cloud.down = body.down;
      return { down: cloud.down };
    },
  });
}
