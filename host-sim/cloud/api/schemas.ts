/**
 * The JSON Schemas of the application API, which judge what comes in, serialise what goes out, and make up
 * the OpenAPI document. What a schema of an answer does not name is not sent: no secret slips out.
 *
 * Names are EnOS's own. All times are epoch ms, all durations seconds unless they say otherwise.
 */

import { datagramRange } from "../registry/product";
import { keyPattern } from "../registry/registry";

/** Written out in each place where a route takes it, so that the document reads without looking up. */
export type Schema = Readonly<Record<string, unknown>>;

const object = (
  properties: Record<string, Schema>,
  required: readonly string[],
  description?: string,
): Schema => ({
  type: "object",
  description,
  additionalProperties: false,
  required,
  properties,
});
const text = (description: string, more: Schema = {}): Schema => ({ type: "string", description, ...more });
const whole = (description: string, more: Schema = {}): Schema => ({ type: "integer", description, ...more });
const number = (description: string, more: Schema = {}): Schema => ({ type: "number", description, ...more });
const anything = (description: string): Schema => ({ description });
const named = (description: string): Schema => ({ type: "object", description, additionalProperties: true });
const list = (items: Schema, description?: string): Schema => ({
  type: "array",
  description,
  items,
});

export const ref = (name: string): Schema => ({ $ref: `${name}#` });

const key = keyPattern.source;
const hex = "^(?:[0-9A-Fa-f]{2})*$";
const identifierPattern = "^[A-Za-z][A-Za-z0-9_.-]{0,63}$";
const time = (description: string): Schema => number(`${description}, epoch ms`);

const productKey = text("of the product", { pattern: key });
const deviceKey = text("of the device", { pattern: key });
const commandId = text("of the command", { pattern: "^[0-9]{1,20}$" });
const identifier = text("of the measure point, in the thing model", { pattern: identifierPattern });

export const productParams = object({ productKey }, ["productKey"]);
export const deviceParams = object({ productKey, deviceKey }, ["productKey", "deviceKey"]);
export const pointParams = object({ productKey, deviceKey, id: identifier }, [
  "productKey",
  "deviceKey",
  "id",
]);
export const commandParams = object({ id: commandId }, ["id"]);

const limit = whole("most entries in the answer", { minimum: 1, maximum: 1000, default: 100 });
const order = text("by time", { enum: ["asc", "desc"], default: "desc" });
const from = whole("earliest time, epoch ms", { minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const to = whole("latest time, epoch ms", { minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const state = text("inactive: never authenticated; offline: silent for a lifetime", {
  enum: ["inactive", "online", "offline", "disabled"],
});

export const devicesQuery = object(
  {
    productKey,
    state,
    limit,
    offset: whole("entries to leave out", { minimum: 0, maximum: 1e9, default: 0 }),
  },
  [],
);
export const rangeQuery = object({ from, to, limit, order }, []);

const payload = text("how commands are sent to its devices; raw: by the parsing script", {
  enum: ["raw", "json"],
});
const productName = text("for people", { maxLength: 128 });
const largestDatagram = whole(
  "bytes of the largest datagram that every one of its devices takes: what goes down in one is no longer; default 512",
  { minimum: datagramRange.least, maximum: datagramRange.most },
);
const model = named("the thing model, what a model.json holds");
const script = text("the parsing script's source: rawDataToJsonStr and jsonStrToRawData", {
  maxLength: 1 << 20,
});

export const productBody = object({ name: productName, payload, largestDatagram, model, script }, []);

export const tryBody: Schema = {
  description: "bytes of a device, or JSON for one",
  ...object(
    {
      bytes: text("hex", { pattern: hex, maxLength: 131_072 }),
      json: anything("any JSON, such as a command"),
    },
    [],
  ),
  minProperties: 1,
  maxProperties: 1,
};

export const deviceBody = object(
  {
    productKey,
    deviceKey,
    name: text("for people", { maxLength: 128 }),
    deviceSecret: text("made, and told once in the answer, when left out", { minLength: 1, maxLength: 128 }),
    edition: text("of the protocol; default: the cloud's", { enum: ["token", "tokenless"] }),
  },
  ["productKey", "deviceKey"],
);

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
        service: text("identifier of the service", { pattern: "^[A-Za-z0-9_-]{1,64}$" }),
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

const probability = (description: string): Schema =>
  number(`probability that ${description}`, { minimum: 0, maximum: 1 });
const faults = {
  dropUp: probability("a datagram to the cloud is lost"),
  dropDown: probability("a datagram from the cloud is lost"),
  duplicateDown: probability("a datagram from the cloud arrives twice"),
  delayDown: number("how much later all that the cloud sends leaves, ms", { minimum: 0, maximum: 600_000 }),
  serverError: probability("a request is answered 5.00 and not carried out"),
};
const nat = {
  tie: text("how a session knows its device: by path, or by the UDP address that authenticated", {
    enum: ["path", "address"],
  }),
  addressIdle: number("seconds of silence after which an address is taken for a new one; 0: never", {
    minimum: 0,
    maximum: 31_536_000,
  }),
};
const rateLimit = {
  perSecond: number("datagrams per second from one address; 0: no limit", { minimum: 0, maximum: 1e6 }),
  burst: number("datagrams at once after silence", { minimum: 0, maximum: 1e6 }),
};

/** Members left out stay as they are. */
export const faultsBody = object(faults, []);
export const natBody = object(nat, []);
export const rateLimitBody = object(rateLimit, []);

const device = {
  productKey,
  deviceKey,
  name: text("for people"),
  edition: text("of the protocol", { enum: ["token", "tokenless"] }),
  state,
  lastSeen: time("its last request in its session, be it refused for what it says"),
  onlineSince: time("when it came online"),
  lifetime: number("of its session, seconds"),
  firmwareVersion: text("as it informed"),
  counters: named("what happened since the cloud knows it"),
};
const point = {
  value: anything("as the device reported it"),
  quality: anything("when the point carries one"),
  time: time("when it was measured, if the device told"),
  at: time("when the cloud stored it"),
};
const product = {
  productKey,
  name: productName,
  payload,
  largestDatagram,
  hasModel: { type: "boolean", description: "whether it has a thing model" },
  hasScript: { type: "boolean", description: "whether it has a parsing script" },
  devices: whole("how many devices it has"),
};

/** The answers, by the names they have in the OpenAPI document. */
export const answers: readonly (Schema & { $id: string })[] = [
  {
    $id: "Problem",
    ...object(
      {
        status: whole("as in the status line"),
        title: text("of the status"),
        detail: text("what, where, how to mend"),
      },
      ["status", "title", "detail"],
    ),
  },
  {
    $id: "ProductSummary",
    ...object(product, ["productKey", "payload", "hasModel", "hasScript", "devices"]),
  },
  {
    $id: "Product",
    ...object({ ...product, model, script }, ["productKey", "payload", "hasModel", "hasScript", "devices"]),
  },
  { $id: "Products", ...object({ items: list(ref("ProductSummary")) }, ["items"]) },
  {
    $id: "ScriptTrial",
    ...object(
      {
        json: anything("what rawDataToJsonStr made of the bytes"),
        bytes: text("hex, what jsonStrToRawData made of the JSON"),
        fault: text("why the script made nothing of it"),
      },
      [],
      "one of the three",
    ),
  },
  { $id: "Device", ...object(device, ["productKey", "deviceKey", "edition", "state", "counters"]) },
  {
    $id: "NewDevice",
    ...object({ ...device, deviceSecret: text("only when it was made here: shown once, never again") }, [
      "productKey",
      "deviceKey",
      "edition",
      "state",
      "counters",
    ]),
  },
  {
    $id: "Devices",
    ...object(
      {
        items: list(ref("Device")),
        total: whole("how many there are"),
        limit: whole("as asked"),
        offset: whole("as asked"),
      },
      ["items", "total", "limit", "offset"],
    ),
  },
  { $id: "StoredPoint", ...object(point, ["value", "at"]) },
  {
    $id: "MeasurePoints",
    type: "object",
    description: "the latest value of each measure point, by identifier",
    additionalProperties: ref("StoredPoint"),
  },
  { $id: "PointHistory", ...object({ items: list(ref("StoredPoint")) }, ["items"]) },
  {
    $id: "StoredEvent",
    ...object(
      {
        id: text("of the device's message"),
        event: text("identifier of the event"),
        time: time("when it happened, if the device told"),
        values: named("its outputs by name"),
        at: time("when the cloud stored it"),
      },
      ["id", "event", "values", "at"],
    ),
  },
  { $id: "Events", ...object({ items: list(ref("StoredEvent")) }, ["items"]) },
  { $id: "Attributes", ...named("name to value") },
  { $id: "Tags", type: "object", description: "name to text", additionalProperties: { type: "string" } },
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
  { $id: "Faults", ...object(faults, Object.keys(faults)) },
  { $id: "Nat", ...object(nat, Object.keys(nat)) },
  { $id: "RateLimit", ...object(rateLimit, Object.keys(rateLimit)) },
  {
    $id: "Forgotten",
    ...object({ sessions: whole("how many devices have to authenticate anew") }, ["sessions"]),
  },
  {
    $id: "Status",
    ...object(
      {
        version: text("of this program"),
        uptime: number("seconds since start"),
        edition: text("of the protocol, for devices that name none"),
        products: whole("how many"),
        devices: {
          ...object({ total: whole("all"), online: whole("with a live session") }, ["total", "online"]),
        },
        kept: { type: "boolean", description: "whether a restart keeps what there is (--data)" },
        counters: { ...named("datagrams and what became of them"), additionalProperties: { type: "number" } },
      },
      ["version", "uptime", "edition", "products", "devices", "kept", "counters"],
    ),
  },
];
