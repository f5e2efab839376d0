/** Schemas of the registration of many devices. */
import { deviceBody } from "./devices";
import { list, object, text, whole } from "./parts";
import { format } from "./rows";
import type { NamedSchema } from "./parts";

/** Of one request. */
export const bulkLimits = Object.freeze({ devices: 10_000, bytes: 4 << 20 });

export const bulkQuery = object({ format }, []);

/** For the document: entries are judged one by one, so that one that is wrong refuses no other. */
export const bulkShown = {
  content: {
    "application/json": { schema: { ...list(deviceBody), maxItems: bulkLimits.devices } },
    "application/x-ndjson": { schema: text("one device a line, as JSON") },
    "text/csv": {
      schema: text(
        "a header of productKey, deviceKey and, where there are any, name, deviceSecret, edition, state",
      ),
    },
  },
};

/** What bulk routes answer. */
export const bulkAnswers: readonly NamedSchema[] = [
  {
    $id: "BulkOutcome",
    ...object(
      {
        created: whole("how many were registered"),
        exist: whole("how many were there already, and are left as they are"),
        refused: whole("how many cannot be registered"),
        items: list(
          object(
            {
              line: whole("in the body, from 1; of a JSON array the entry"),
              productKey: text("as it came"),
              deviceKey: text("as it came"),
              outcome: text("what became of it", { enum: ["created", "exists", "refused"] }),
              deviceSecret: text("only when it was made here: shown once, never again"),
              fault: text("why it was refused, and how to mend it"),
            },
            ["line", "outcome"],
          ),
        ),
      },
      ["created", "exist", "refused", "items"],
    ),
  },
];
