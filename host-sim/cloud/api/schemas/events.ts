/**
 * Schemas of what the cloud tells as it happens: one for each type of event, and what the event stream makes of it.
 * They describe; nothing is serialised by them.
 */
import { taskStatuses } from "../../ota/upgrade-task";
import { commandKind } from "./commands";
import { messageMembers, requiredOfMessage } from "./messages";
import { doubtKind, doubtMembers, sealMembers } from "./seals";
import { anything, named, number, object, productKey, deviceKey, ref, text, time, whole } from "./parts";
import { stateReasons } from "../../registry/registry";
import type { CloudEvent } from "../../events";
import type { NamedSchema, Schema } from "./parts";

/** An event's members besides `type` and `at`, those that may be missing, and when it comes. */
interface EventForm {
  readonly when: string;
  readonly members: Readonly<Record<string, Schema>>;
  readonly optional?: readonly string[];
}

const peer = object(
  { address: text("of the other side"), port: whole("of the other side") },
  ["address", "port"],
  "where the datagram came from",
);
// As the request's path named it, be it a key or not.
const product = { productKey: text("which product") };
const device = { productKey: text("of the device's product"), deviceKey: text("which device") };
const code = whole("CoAP's code of the answer as a byte: 132 is 4.04");
const reason = text("why");
const commandId = text("of the command");
const path = text("of the topic");
const firmwareName = {
  version: text("of the file"),
  board: text("that it is for; left out: all"),
  from: text("version that it is a difference from; left out: it is whole"),
};
const rollout = {
  ...product,
  rolloutId: text("of the rollout"),
  version: text("that is rolled out"),
};
const stage = whole("which of its stages, from 1");
const kind = text("what the device reported", {
  enum: ["reading", "event", "attributes", "tags", "firmware"],
});
const report = {
  ...device,
  kind,
  id: text("of the report"),
  format: text("its form", { enum: ["raw", "json"] }),
};
const sealed = object(sealMembers, ["salt", "counter", "root"], "of the envelope that it came in");
const state = text("of a device", { enum: ["inactive", "online", "offline", "disabled"] });
const refused = { ...device, peer, code, reason };
const aboutCommand = { ...device, id: commandId };
const reply = {
  code: whole("EnOS's code in the reply, such as 200"),
  data: anything("what the reply carried; on the event stream text that is cut where it is long"),
  message: text("what the device said"),
};

const forms = {
  authenticated: {
    when: "a device began a session",
    members: { ...device, peer, lifetime: whole("of the session, seconds") },
  },
  "auth-refused": { when: "a device was refused a session", members: refused },
  "signature-refused": { when: "a request was not signed as it has to be", members: refused },
  state: {
    when: "a device came to another state",
    members: { ...device, from: state, to: state, reason: text("why", { enum: stateReasons }) },
  },
  registered: { when: "a device was registered", members: device },
  changed: { when: "a device's name, keys, attributes or tags were changed by an operator", members: device },
  removed: { when: "a device was removed with what it reported", members: device },
  "session-forgotten": { when: "a device's session was ended by an operator", members: device },
  "product-put": { when: "a product was registered or changed", members: product },
  "product-removed": { when: "a product was removed", members: product },
  "firmware-put": {
    when: "a firmware file was uploaded",
    members: { ...product, ...firmwareName, fileSize: whole("bytes") },
    optional: ["board", "from"],
  },
  "firmware-removed": {
    when: "a firmware file was removed",
    members: { ...product, ...firmwareName },
    optional: ["board", "from"],
  },
  "rollout-stage": {
    when: "a stage of a rollout began",
    members: {
      ...rollout,
      stage,
      stages: whole("how many it has"),
      devices: whole("how many were given their task"),
    },
  },
  "rollout-stopped": { when: "a rollout stopped by itself", members: { ...rollout, stage, reason } },
  "rollout-changed": {
    when: "an operator decided something about a rollout",
    members: {
      ...rollout,
      what: text("that was done to it", { enum: ["paused", "resumed", "aborted", "tried again"] }),
    },
  },
  "rollout-done": {
    when: "a rollout's last stage is over",
    members: {
      ...rollout,
      devices: whole("how many were given a task"),
      succeeded: whole("of these, how many have the version"),
      failed: whole("of these, how many have failed"),
    },
  },
  "ota-task": {
    when: "a device's upgrade came to another state, or further",
    members: {
      ...device,
      taskId: text("of the upgrade"),
      toVersion: text("that it is to have"),
      status: text("of the upgrade", { enum: taskStatuses }),
      progress: { type: "number", description: "as the device told last" },
      desc: text("what the device said to it"),
    },
    optional: ["progress", "desc"],
  },
  stored: {
    when: "a report was stored",
    members: {
      ...report,
      points: named("values by measure point, of a reading; on the event stream long ones are cut"),
      time: time("when it was measured, where the device told"),
      late: { const: true, description: "it came through resume" },
      sealed,
      doubt: doubtKind,
    },
    optional: ["points", "time", "late", "sealed", "doubt"],
  },
  "stored-before": {
    when: "a report came that is stored already: it was acknowledged once more",
    members: {
      ...report,
      time: time("when it was measured, where the device told"),
      late: { const: true },
      sealed,
      doubt: doubtKind,
    },
    optional: ["time", "late", "sealed", "doubt"],
  },
  "script-fault": {
    when: "a parsing script got something wrong; told when it comes first, and at every tenfold of it",
    members: {
      ...product,
      task: text("what it was to do", { enum: ["report", "reply", "answer", "command"] }),
      input: text("what it was given: bytes in hex, or JSON"),
      output: text("what it returned"),
      fault: text("what is wrong with that"),
      line: whole("of the script"),
      times: whole("how often this has come by now"),
    },
    optional: ["output", "line"],
  },
  "report-refused": {
    when: "a report was not stored",
    members: {
      ...device,
      reason,
      enosCode: whole("that the device was answered, such as 1204"),
      sealed: text("of a sealed product, whose parsing script refuses it: why"),
    },
    optional: ["sealed"],
  },
  "seal-doubted": {
    when:
      "a message of a sealed product's device is in doubt; told at the first of its kind and device, at every tenfold, and " +
      "after a day without",
    members: {
      ...device,
      what: doubtKind,
      times: whole("how often this has come from the device by now"),
      ...doubtMembers,
    },
    optional: Object.keys(doubtMembers),
  },
  "points-skipped": {
    when: "measure points of a batch were left out, as the batch asked",
    members: { ...device, id: text("of the batch"), count: whole("how many"), reason },
  },
  "time-doubted": {
    when: "a reading says a time more than a day ahead, or from before 2000; it is stored as it says",
    members: { ...device, id: text("of the message"), time: time("that it says") },
  },
  "command-queued": {
    when: "a command waits for its device",
    members: {
      ...aboutCommand,
      path,
      kind: commandKind,
      service: text("which service it calls, of kind service"),
    },
    optional: ["service"],
  },
  "command-offered": {
    when: "a command went along with an answer, or was announced with it",
    members: {
      ...aboutCommand,
      path,
      delivered: { type: "boolean", description: "its payload went along; else the device has to fetch it" },
      uplink: text("of the topic of the message on whose answer it went"),
    },
  },
  "command-fetched": { when: "a device fetched a command", members: { ...aboutCommand, path } },
  "command-answered": {
    when: "a device replied to a command",
    members: {
      ...aboutCommand,
      ...reply,
      took: number("ms from when its payload left"),
    },
    optional: ["data", "message"],
  },
  "command-timed-out": { when: "no reply to a command came in time", members: aboutCommand },
  "command-expired": { when: "a command could not be sent in time", members: aboutCommand },
  "command-revoked": { when: "an operator withdrew a command", members: aboutCommand },
  "command-failed": {
    when: "a device went offline that a command was to reach online",
    members: aboutCommand,
  },
  "command-late": {
    when: "a reply came after the end of its command, which stays as it was",
    members: { ...aboutCommand, ...reply, status: text("of the command") },
    optional: ["data", "message"],
  },
  "reply-stray": {
    when: "a reply came that names no command which was sent, or one that is answered already",
    members: { ...device, id: text("that it names"), path },
  },
  "script-refuses-ids": {
    when: "a parsing script makes no bytes of a command's id of 62 bits; once for each product",
    members: device,
  },
  "script-cuts-ids": {
    when: "a parsing script cuts the ids of commands; once for each product",
    members: { ...aboutCommand, key: text("that came back in the place of the id") },
  },
  "request-refused": {
    when: "a request of nobody in particular was refused",
    members: { peer, code, reason },
  },
  webhook: {
    when: "a webhook's delivery failed at first, or for good; deliveries were dropped; it was disabled",
    members: {
      id: text("of the webhook"),
      outcome: text("retrying: it failed at first", { enum: ["retrying", "failed", "dropped", "disabled"] }),
      reason,
      dropped: whole("how many deliveries were dropped by now; told at the first and at every tenfold"),
    },
    optional: ["dropped"],
  },
  "conditions-changed": {
    when: "an operator changed what devices meet",
    members: {
      condition: text("which: by the name of its route; down: whether every datagram is swallowed", {
        enum: ["faults", "nat", "rate-limit", "down"],
      }),
    },
  },
  "rate-limited": { when: "an address sends more than it may; at most once a second", members: { peer } },
  "duplicate-request": {
    when: "a request came again",
    members: {
      peer,
      messageId: whole("CoAP's"),
      answered: { type: "boolean", description: "false for one that wants no answer, which was ignored" },
    },
  },
  malformed: {
    when: "a datagram came that is no CoAP message",
    members: { peer, reason, answer: text("that it got", { enum: ["RST", "none"] }) },
  },
  "internal-error": {
    when: "the stand-in failed at a request, which is a fault of its own",
    members: { peer, reason },
  },
} satisfies Record<CloudEvent["type"], EventForm>;

/** What `type` of an event may be. */
export const eventTypes = Object.keys(forms) as CloudEvent["type"][];

/** The name that an event's schema has in the OpenAPI document: `EventCommandTimedOut`. */
function nameOf(type: string): string {
  const words = type.split("-").map((word) => `${word[0].toUpperCase()}${word.slice(1)}`);
  return `Event${words.join("")}`;
}

function schemaOf(type: CloudEvent["type"]): NamedSchema {
  const { when, members, optional = [] }: EventForm = forms[type];
  const required = Object.keys(members).filter((name) => !optional.includes(name));
  const constants = { type: { type: "string", const: type }, at: time("when") };
  return { $id: nameOf(type), ...object({ ...constants, ...members }, ["type", "at", ...required], when) };
}

/** Every type of event, and what the event stream sends. */
export const eventAnswers: readonly NamedSchema[] = [
  ...eventTypes.map(schemaOf),
  {
    $id: "CloudEvent",
    description: "something that happened; type says what",
    oneOf: eventTypes.map((type) => ref(nameOf(type))),
  },
  {
    $id: "EventEntry",
    ...object(
      {
        kind: { type: "string", const: "event" },
        number: whole("counts up from 1, events and messages together"),
        at: time("when"),
        event: ref("CloudEvent"),
        leftOut: whole("how many measure points of the reading are not in it, so that it is not too long"),
        message: whole("number of the message that brought it, where one did"),
      },
      ["kind", "number", "at", "event"],
      "an event, on the event stream",
    ),
  },
  {
    $id: "MessageEntry",
    ...object(
      {
        kind: { type: "string", const: "message" },
        number: whole("counts up from 1, events and messages together"),
        id: whole("counts up over messages alone"),
        device: text("productKey/deviceKey, where it is known"),
        ...messageMembers,
      },
      ["kind", "number", "id", ...requiredOfMessage],
      "a datagram, on the event stream",
    ),
  },
  {
    $id: "StreamEntry",
    description: "what stands behind data: of each entry of the event stream",
    oneOf: [ref("EventEntry"), ref("MessageEntry")],
  },
];

export const eventsQuery = object(
  {
    kind: text("events or messages alone; both when left out", { enum: ["event", "message"] }),
    type: text(`events of these types alone, with commas between them: ${eventTypes.join(", ")}`, {
      maxLength: 1000,
      example: "stored,state,command-answered",
    }),
    productKey: { ...productKey, description: "what is about this product, or a device of it" },
    deviceKey: { ...deviceKey, description: "what is about this device; with productKey" },
  },
  [],
);
