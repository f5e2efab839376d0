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
import { deviceSorts } from "../../registry/device-query";
import type { NamedSchema } from "./parts";

const state = text("inactive: never authenticated; offline: silent for a lifetime", {
  enum: ["inactive", "online", "offline", "disabled"],
});

export const devicesQuery = object(
  {
    productKey,
    state,
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

const name = text("for people", { maxLength: 128 });
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

const device = {
  productKey,
  deviceKey,
  name,
  edition,
  state,
  lastSeen: time("its last request in its session, be it refused for what it says"),
  onlineSince: time("when it came online"),
  lifetime: number("of its session, seconds"),
  firmwareVersion: text("as it informed"),
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
