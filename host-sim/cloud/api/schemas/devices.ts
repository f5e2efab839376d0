/** Schemas of the device registry. */
import { deviceKey, limit, list, named, number, object, productKey, ref, text, time, whole } from "./parts";
import type { NamedSchema } from "./parts";

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
];
