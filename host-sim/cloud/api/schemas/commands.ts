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

const times = {
  pendingTtl: whole(
    "seconds that the command waits for a device that is away; 0, the default: it is taken for a device that is " +
      "online only, and goes with its next answer",
    { minimum: 0, maximum: 172_800 },
  ),
  responseTimeout: whole("seconds for the reply once the command is sent; default 30", {
    minimum: 1,
    maximum: 60,
  }),
};
const status = text(
  "pending: its payload has not left; sent: it has; success: answered with 200; failed: answered with another code, or " +
    "not sent because the device went offline; timed-out: sent, and no reply in time; expired: not sent within its " +
    "pendingTtl; revoked: withdrawn before it was sent",
  { enum: ["pending", "sent", "success", "failed", "timed-out", "expired", "revoked"] },
);
/** Which of a device's commands are asked for. */
export const commandsQuery = object({ status }, []);

/** What a command does, as it is shown. */
export const commandKind = text("what it does", { enum: ["set", "get", "service", "raw", "upgrade"] });

const kind = (name: string): Schema => ({ type: "string", const: name });

/** The kinds of a command, each by the name that it has in the OpenAPI document. */
const kinds: readonly NamedSchema[] = [
  {
    $id: "SetCommand",
    ...object(
      {
        kind: kind("set"),
        points: {
          ...named("identifier to value; of a sealed product deviceKey, the device's own, as well"),
          minProperties: 1,
          maxProperties: 200,
        },
        ...times,
      },
      ["kind", "points"],
      "set measure points",
    ),
  },
  {
    $id: "GetCommand",
    ...object(
      { kind: kind("get"), points: { ...list(identifier), minItems: 1, maxItems: 200 }, ...times },
      ["kind", "points"],
      "ask for measure points; not for a product with payload raw",
    ),
  },
  {
    $id: "ServiceCommand",
    ...object(
      {
        kind: kind("service"),
        service: text("identifier of the service", { pattern: servicePattern }),
        inputs: named(
          "its inputs by name; default none; of a sealed product deviceKey, the device's own, as well",
        ),
        ...times,
      },
      ["kind", "service"],
      "invoke a service",
    ),
  },
  {
    $id: "RawCommand",
    ...object(
      {
        kind: kind("raw"),
        payload: text("hex, sent as it is", { pattern: hex, minLength: 2, maxLength: 8192 }),
        requestId: whole("the u32 in the payload by which the reply is known", {
          minimum: 0,
          maximum: 0xffff_ffff,
        }),
        ...times,
      },
      ["kind", "payload", "requestId"],
      "bytes as the parsing script would have made them",
    ),
  },
];

const anyKind = { type: "object", required: ["kind"] };

export const commandBody: Schema = {
  ...anyKind,
  discriminator: { propertyName: "kind" },
  oneOf: kinds.map(({ $id: _name, ...schema }) => schema),
};

/** The same as the document has it: by reference, with the names that belong to each kind. */
export const commandShown: Schema = {
  ...anyKind,
  discriminator: {
    propertyName: "kind",
    mapping: {
      set: "#/components/schemas/SetCommand",
      get: "#/components/schemas/GetCommand",
      service: "#/components/schemas/ServiceCommand",
      raw: "#/components/schemas/RawCommand",
    },
  },
  oneOf: kinds.map(({ $id }) => ref($id)),
};

/** What command routes answer, and the kinds of a command. */
export const commandAnswers: readonly NamedSchema[] = [
  ...kinds,
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
        kind: commandKind,
        service: text("which service it calls, of kind service"),
        points: {
          description: "of kind set: values by identifier; of kind get: identifiers",
          oneOf: [named("values by identifier"), list(identifier)],
        },
        inputs: named("of kind service: its inputs; of kind upgrade: what ota/device/upgrade says"),
        payload: text("of kind raw: its bytes in hex"),
        requestId: whole("of kind raw: the u32 in the payload by which the reply is known"),
        path: text("below /topic/sys/PK/DK"),
        status,
        pendingTtl: number("seconds that it waits to be sent"),
        responseTimeout: number("seconds for the reply once it is sent"),
        createdAt: time("when it was queued"),
        deadline: time("when it comes to its end unless something happens before; while it has none"),
        offeredAt: time("when the device was first told where to fetch it, or sent it"),
        offeredLastAt: time("when it was offered last"),
        uplink: text("path below the device's topic of the message on whose answer it was first offered"),
        fetchedAt: time("when the device first fetched it, where its payload did not go along"),
        sentAt: time("when its payload left"),
        answeredAt: time("when the reply came"),
        endedAt: time("when it came to its end, by a reply or without"),
        offers: whole("how often it was offered to the device"),
        code: whole("the device's result code; 200 is success"),
        data: anything("what the reply carried"),
        message: text("what the device said of it, or why it failed without a reply"),
        late: object(
          {
            at: time("when it came"),
            code: whole("the device's result code"),
            data: anything("what the reply carried"),
            message: text("what the device said of it"),
          },
          ["at", "code"],
          "a reply that came after the end, which stays as it is",
        ),
      },
      [
        ...["id", "productKey", "deviceKey", "kind", "path", "status", "pendingTtl", "responseTimeout"],
        ...["createdAt", "offers"],
      ],
    ),
  },
  { $id: "Commands", ...object({ items: list(ref("Command")) }, ["items"]) },
];
