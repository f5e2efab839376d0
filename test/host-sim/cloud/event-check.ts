/** Holds the events of the tests against the schemas that the OpenAPI document has of them. */
import { Ajv } from "ajv";
import { eventAnswers } from "../../../host-sim/cloud/api/schemas/events";
import type { CloudEvent } from "../../../host-sim/cloud/events";

const ajv = new Ajv({ strict: false, discriminator: false });
for (const schema of eventAnswers) ajv.addSchema(schema);
const validators = new Map(
  eventAnswers.map(({ $id, properties }) => {
    const { type } = (properties ?? {}) as { type?: { const?: string } };
    return [type?.const, ajv.getSchema($id)!] as const;
  }),
);

/** @throws Error for an event that is not as its schema says */
export function checkEvent(event: CloudEvent): void {
  const validate = validators.get(event.type);
  if (validate?.(event) === true) return;
  const fault = validate === undefined ? "has no schema" : ajv.errorsText(validate.errors);
  throw new Error(`event ${event.type}: ${fault}: ${JSON.stringify(event).slice(0, 300)}`);
}
