/** What `npm run energy` runs a device with, unless it is told otherwise. */
import type { Choice } from "../../../../host-sim/inspect/energy/choice";

export const base: Choice = {
  modem: "sim7020",
  interval: 900,
  format: "raw",
  batch: 1,
  keepAlive: false,
  sleep: "deep",
  t3324: 2,
  saving: "psm",
  releaseAssistance: true,
};
