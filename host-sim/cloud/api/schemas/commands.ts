/** Schemas of commands to devices. */
import {
  anything,
  digitsPattern,
  deviceKey,
  hex,
  identifier,
  list,
  named,
  number,
  object,
  productKey,
  ref,
  servicePattern,
  text,
  time,
  whole,
} from "./parts";
import type { NamedSchema, Schema } from "./parts";

const commandId = text("of the command", { pattern: digitsPattern });

export const commandParams = object({ id: commandId }, ["id"]);

const timeout = number("seconds until the command is given up; default one hour", {
  minimum: 1,
  maximum: 2_592_000,
});
const kind = (name: string): Schema => ({ type: "string", const: name });

export const commandBody: Schema = {
  type: "object",
  required: ["kind"],
  discriminator: { propertyName: "kind" },
  oneOf: [
    object(
      {
        kind: kind("set"),
        points: { ...named("identifier to value"), minProperties: 1, maxProperties: 200 },
        timeout,
      },
      ["kind", "points"],
      "set measure points",
    ),
    object(
      { kind: kind("get"), points: { ...list(identifier), minItems: 1, maxItems: 200 }, timeout },
      ["kind", "points"],
      "ask for measure points; not for a product with payload raw",
    ),
    object(
      {
        kind: kind("service"),
        service: text("identifier of the service", { pattern: servicePattern }),
        inputs: named("its inputs by name; default none"),
        timeout,
      },
      ["kind", "service"],
      "invoke a service",
    ),
    object(
      {
        kind: kind("raw"),
        payload: text("hex, sent as it is", { pattern: hex, minLength: 2, maxLength: 8192 }),
        requestId: whole("the u32 in the payload by which the reply is known", {
          minimum: 0,
          maximum: 0xffff_ffff,
        }),
        timeout,
      },
      ["kind", "payload", "requestId"],
      "bytes as the parsing script would have made them",
    ),
  ],
};

/** What command routes answer. */
export const commandAnswers: readonly NamedSchema[] = [
  {
    $id: "QueuedCommand",
    ...object({ id: commandId, status: text("where it stands", { enum: ["pending"] }) }, ["id", "status"]),
  },
  {
    $id: "Command",
    ...object(
      {
        id: commandId,
        productKey,
        deviceKey,
        kind: text("what it does", { enum: ["set", "get", "service", "raw", "upgrade"] }),
        path: text("below /topic/sys/PK/DK"),
        status: text("pending: not yet offered to the device; sent: its payload has left", {
          enum: ["pending", "sent", "answered", "timed-out"],
        }),
        createdAt: time("when it was queued"),
        sentAt: time("when its payload last left"),
        answeredAt: time("when the reply came"),
        offers: whole("how often it was offered to the device"),
        code: whole("the device's result code; 200 is success"),
        data: anything("what the reply carried"),
        message: text("what the device said of it"),
      },
      ["id", "productKey", "deviceKey", "kind", "path", "status", "createdAt", "offers"],
    ),
  },
  { $id: "Commands", ...object({ items: list(ref("Command")) }, ["items"]) },
];
