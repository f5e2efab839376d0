/**
 * Whether a model as EnOS has it is a sealed product's: whether it has what names a command's device, as enosModelOf
 * writes it for such a product (operated-model.ts).
 */
import { isObject } from "../../firmware/text/json";
import { deviceKeyName, longestDeviceKey, markName } from "./operated-model";
import type { Sealed } from "./model";

/**
 * The seal that EnOS's maps of measure points and services show: there is the point, and it is the first input of all
 * services there are. `proof` does not show in them.
 */
export function sealShown(points: unknown, services: unknown): Sealed | undefined {
  if (!isObject(points) || !isName(points[deviceKeyName])) return undefined;
  const inputs = Object.values(isObject(services) ? services : {}).map(firstInput);
  if (!inputs.every(isName)) return undefined;
  return {
    proof: false,
    mark: isObject(points[markName]),
    migrating: inputs.some((input) => isObject(input) && input.required === false),
  };
}

/** Whether an element of EnOS's is the one that names a device, whatever its identifier. */
function isName(element: unknown): boolean {
  if (!isObject(element)) return false;
  const { identifier = deviceKeyName, $class: of, dataType, dataDefinition } = element;
  const { maxLength } = isObject(dataDefinition) ? dataDefinition : element;
  const isText = /string/i.test(typeof of === "string" ? of : String(dataType));
  return identifier === deviceKeyName && isText && maxLength === longestDeviceKey;
}

function firstInput(service: unknown): unknown {
  const inputs = isObject(service) ? service.inputData : undefined;
  return Array.isArray(inputs) ? inputs[0] : undefined;
}
