/** Schemas of captures. */
import { deviceKey, object, productKey, whole } from "./parts";

export const captureQuery = object(
  {
    seconds: whole("how long, seconds; who closes the connection ends it sooner", {
      minimum: 1,
      maximum: 86_400,
      default: 60,
    }),
    productKey: { ...productKey, description: "of the only device of interest; all when left out" },
    deviceKey: { ...deviceKey, description: "of the same" },
  },
  [],
);
