/**
 * What the page can do and the application API has no word for: an edited parsing script run before it is
 * applied (script-tools.ts), a thing model checked before it is (model-tools.ts), a firmware file looked at before it is
 * uploaded (firmware-tools.ts), and a cloud that swallows every datagram.
 *
 *     GET PUT /down       { down }
 */
import { firmwareRoutes } from "./firmware-tools";
import { modelRoutes } from "./model-tools";
import { scriptRoutes } from "./script-tools";
import { TrialTurns } from "./trial-turns";
import type { FastifyInstance } from "fastify";
import type { EnosCloud } from "../cloud";
import type { ScriptEngine } from "../script/script-engine";

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
  now: () => number,
  scriptEngine: ScriptEngine | undefined,
): void {
  const turns = new TrialTurns();
  scriptRoutes(api, cloud, scriptEngine, turns);
  modelRoutes(api, cloud, turns);
  firmwareRoutes(api);
  api.get("/down", { schema: { hide: true } }, () => ({ down: cloud.down }));
  api.put<{ Body: { down: boolean } }>("/down", {
    schema: { hide: true, body: downBody } as object,
    handler: ({ body }) => {
      cloud.down = body.down;
      cloud.tellCondition("down", now());
      return { down: cloud.down };
    },
  });
}
