/** Schemas of the device registry. */
import {
  deviceKey,
  limit,
  named,
  number,
  object,
  page,
  orNull,
  productKey,
  ref,
  text,
  time,
  whole,
} from "./parts";
import { sealView } from "./seals";
import { deviceSorts } from "../../registry/device-query";
import { sealStates } from "../../registry/seal-view";
import { stateReasons } from "../../registry/registry";
import type { NamedSchema, Schema } from "./parts";

export const state = text("inactive: never authenticated; offline: silent for a lifetime", {
  enum: ["inactive", "online", "offline", "disabled"],
});

export const devicesQuery = object(
  {
    productKey,
    state,
    seal: text(
      "sealed: an envelope of theirs was opened; unsealed: none yet; doubted: a message of theirs was in doubt; older-key: " +
        "their last envelope was sealed under the older of the script's two keys",
      { enum: sealStates },
    ),
    firmwareVersion: text("as they informed", { maxLength: 64 }),
    q: text("within name, productKey or deviceKey, in capital letters or small ones", { maxLength: 128 }),
    sort: text("by what; of equal ones by their keys; registered: the order of their registration", {
      enum: deviceSorts,
      default: "registered",
    }),
    order: text("which comes first", { enum: ["asc", "desc"], default: "asc" }),
    limit,
    offset: whole("entries to leave out", { minimum: 0, maximum: 1e9, default: 0 }),
  },
  [],
);

export const name = text("for people", { maxLength: 128 });
const edition = text("of the protocol", { enum: ["token", "tokenless"] });

export const deviceBody = object(
  {
    productKey,
    deviceKey,
    name,
    deviceSecret: text("made, and told once in the answer, when left out", { minLength: 1, maxLength: 128 }),
    edition: { ...edition, description: "of the protocol; default: the cloud's" },
  },
  ["productKey", "deviceKey"],
);

/** As JSON merge patch has it (RFC 7396). */
export const devicePatch = object(
  {
    name: orNull(name),
    deviceSecret: text("another secret; the device cannot sign with the old one any more", {
      minLength: 1,
      maxLength: 128,
    }),
    edition: { ...edition, description: "of the protocol; another one ends its session" },
  },
  [],
);

/** The newest value of a measure point. */
const vital = (what: string): Schema =>
  object(
    {
      identifier: text("of the measure point"),
      value: number("the newest"),
      unit: text("as the model has it"),
      time: time("when it was measured, or stored where the device told no time"),
    },
    ["identifier", "value", "time"],
    what,
  );

export const alarms = object(
  {
    count: whole("how many"),
    level: text("the worst", { enum: ["warning", "error"] }),
    at: time("when the last one was stored"),
  },
  ["count", "level", "at"],
  "events of the last 24 hours that the model calls warning or error; not there when there are none",
);

const device = {
  productKey,
  deviceKey,
  name,
  edition,
  state,
  stateSince: time("when it came to its state; not there as long as it has the first one"),
  stateReason: text(
    "why: silent for a lifetime; session-ended by the cloud, or lost; disabled or enabled by an operator",
    { enum: stateReasons },
  ),
  lastSeen: time("its last request in its session, be it refused for what it says"),
  onlineSince: time("when it came online"),
  lifetime: number("of its session, seconds"),
  sessionUntil: time("when it goes offline unless it speaks before"),
  peer: object(
    { address: text("as the last NAT on the way shows it"), port: whole("likewise") },
    ["address", "port"],
    "where its last request came from",
  ),
  firmwareVersion: text("as it informed"),
  battery: vital("battery, by the measure point that tells of it"),
  signal: vital("radio signal, by the measure point that tells of it"),
  alarms,
  sealed: sealView,
  counters: named("what happened since the cloud knows it"),
};

/** What device routes answer. */
export const deviceAnswers: readonly NamedSchema[] = [
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
  { $id: "Devices", ...page(ref("Device")) },
];
