/**
 * A command of a sealed product names its device, for its parsing script is told no device and each has a key of its own:
 * by one more measure point that is set, or one more input of the service, which the script takes out again
 * (model/operated-model.ts).
 */
import { sealedOf } from "../../model/model";
import { deviceKeyName } from "../../model/operated-model";
import type { Model } from "../../model/model";

/** As much of a command as it takes. */
export interface Addressable {
  readonly kind: string;
  readonly points?: unknown;
  readonly inputs?: unknown;
}

/**
 * Whether commands to a device have to name it.
 * @param hasSealed the device has sealed something; a product on its way to it has some that have no key yet
 */
export function isAddressed(model: Model | undefined, hasSealed: boolean): boolean {
  const sealed = model && sealedOf(model);
  return sealed !== undefined && (!sealed.migrating || hasSealed);
}

/** The command with its device's key; what names a device already, and a kind that has no place for it, as it is. */
export function addressedCommand<C extends Addressable>(command: C, deviceKey: string): C {
  const { kind, points, inputs = {} } = command;
  if (kind === "set") return { ...command, points: { [deviceKeyName]: deviceKey, ...(points as object) } };
  if (kind === "service")
    return { ...command, inputs: { [deviceKeyName]: deviceKey, ...(inputs as object) } };
  return command;
}

/** The device that a command names; undefined where it names none. */
export function deviceOfCommand({ kind, points, inputs }: Addressable): unknown {
  const values = kind === "set" ? points : kind === "service" ? inputs : undefined;
  return (values as Record<string, unknown> | undefined)?.[deviceKeyName];
}

/** What was asked for without the name of the device. */
export function withoutDevice<T extends Readonly<Record<string, unknown>>>(values: T): Omit<T, "deviceKey"> {
  const { [deviceKeyName]: _, ...rest } = values;
  return rest;
}
