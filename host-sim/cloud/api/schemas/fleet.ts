/** Schemas of the list of all devices in short. */
import { alarms, name, state } from "./devices";
import { deviceKey, list, number, object, productKey, ref, text, time, whole } from "./parts";
import { sealSummary } from "./seals";
import type { NamedSchema } from "./parts";

/** Most devices in one answer, and most that are asked for by name. */
export const mostSummaries = 20_000;
const mostNamed = 50;

const segment = "[A-Za-z0-9._:-]{1,64}";

export const fleetQuery = object(
  {
    of: text(`only these, productKey/deviceKey with commas between; at most ${mostNamed}`, {
      pattern: `^${segment}/${segment}(?:,${segment}/${segment}){0,${mostNamed - 1}}$`,
    }),
  },
  [],
);

const short = object({ value: number("the newest"), time: time("when it was measured") }, ["value", "time"]);
const point = object({ identifier: text("of the measure point"), unit: text("as the model has it") }, [
  "identifier",
]);

/** What the list answers. */
export const fleetAnswers: readonly NamedSchema[] = [
  {
    $id: "DeviceSummary",
    ...object(
      {
        ...{ productKey, deviceKey, name, state },
        stateSince: time("when it came to its state"),
        lastSeen: time("its last request in its session"),
        lifetime: number("of its session, seconds"),
        sessionUntil: time("when it goes offline unless it speaks before"),
        firmwareVersion: text("as it informed"),
        ...{ battery: short, signal: short, alarms, sealed: sealSummary },
      },
      ["productKey", "deviceKey", "state"],
    ),
  },
  {
    $id: "VitalPoints",
    ...object({ battery: point, signal: point }, [], "which measure points tell of battery and signal"),
  },
  {
    $id: "Fleet",
    ...object(
      {
        items: list(ref("DeviceSummary")),
        total: whole("how many devices there are"),
        vitalPoints: {
          type: "object",
          description: "of each product with a thing model, by its productKey",
          additionalProperties: ref("VitalPoints"),
        },
      },
      ["items", "total", "vitalPoints"],
    ),
  },
];
