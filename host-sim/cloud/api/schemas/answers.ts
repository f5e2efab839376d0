/** The answers of the application API, by the names that they have in the OpenAPI document. */
import { attributeAnswers } from "./attributes";
import { bulkAnswers } from "./bulk";
import { commandAnswers } from "./commands";
import { conditionAnswers } from "./conditions";
import { dataAnswers } from "./data";
import { deviceAnswers } from "./devices";
import { fleetAnswers } from "./fleet";
import { eventAnswers } from "./events";
import { messageAnswers } from "./messages";
import { object, text, whole } from "./parts";
import { otaAnswers } from "./ota";
import { productAnswers } from "./products";
import { webhookAnswers } from "./webhooks";
import type { NamedSchema } from "./parts";

export const answers: readonly NamedSchema[] = [
  {
    $id: "Problem",
    ...object(
      {
        status: whole("as in the status line"),
        title: text("of the status"),
        detail: text("what, where, how to mend"),
        code: whole("EnOS's own code, where it has one for this"),
      },
      ["status", "title", "detail"],
    ),
  },
  ...productAnswers,
  ...deviceAnswers,
  ...fleetAnswers,
  ...bulkAnswers,
  ...dataAnswers,
  ...attributeAnswers,
  ...messageAnswers,
  ...commandAnswers,
  ...otaAnswers,
  ...conditionAnswers,
];

/** Those that only some stand-ins have: those with an event stream or webhooks, and those with webhooks. */
export const optionalAnswers: Readonly<Record<"events" | "webhooks", readonly NamedSchema[]>> = {
  events: eventAnswers,
  webhooks: webhookAnswers,
};
