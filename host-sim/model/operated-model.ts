/**
 * A sealed product's model as EnOS and its operator have it. EnOS gives the parsing script a command and not the device
 * that it is for, and each device has a key of its own: so the operator names the device in the command itself, by one
 * more input of each service and one more measure point to set. The script takes it out, derives the key and seals: it
 * is in no payload and nowhere in the firmware. With `mark` the script adds a measure point to each reading that was
 * sealed, which is no more on the air than that: who sends readings as JSON, past the script, does not know its value.
 */
import { sealedOf } from "./model";
import type { Model, ModelField, ModelPoint } from "./model";

/** The identifier by which a command names its device. */
export const deviceKeyName = "deviceKey";

/** Bytes of the longest device key: it is a segment of a path (RFC 7252 section 5.10). */
export const longestDeviceKey = 255;

const named = {
  identifier: deviceKeyName,
  name: "Device key",
  type: "string",
  maxLength: longestDeviceKey,
} as const satisfies ModelField;

/** The identifier of the measure point by which a reading shows that it was sealed. */
export const markName = "sealed";

/** What is set along with the points of a command. It is never on the wire: it has no number. */
const namePoint: ModelPoint = { ...named, number: 0, writable: true };

const markPoint: ModelPoint = {
  identifier: markName,
  name: "Mark of a sealed reading",
  number: 0,
  type: "string",
  // Eight bytes as hexadecimal digits.
  maxLength: 16,
};

/**
 * The model with what names a command's device, and marks a reading; the model itself where its product is plain.
 *
 * The result is no sealed model any more: it can be given here again.
 */
export function operatedModel(model: Model): Model {
  const sealed = sealedOf(model);
  if (sealed === undefined) return model;
  // A command without it goes out plain while the product takes these.
  const input: ModelField = sealed.migrating ? { ...named, optional: true } : named;
  const { sealed: _, ...rest } = model;
  return {
    ...rest,
    measurepoints: [namePoint, ...(sealed.mark ? [markPoint] : []), ...model.measurepoints],
    services: model.services.map((service) => ({ ...service, inputs: [input, ...service.inputs] })),
  };
}
