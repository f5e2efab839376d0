/**
 * A device's attributes and tags as an operator sets them: judged by the same rules as what the device itself says
 * of them, so that neither side can store what the other could not.
 */
import { mostNames, readAttributes, readTags } from "./thing-json";
import { mostAttributeCharacters } from "./uplinks";
import type { Refusal } from "./thing-message";
import type { CloudDevice } from "../registry/cloud-device";
import type { Product } from "../registry/product";

/** What is to be changed, by name; null takes one away. */
export type Change = Readonly<Record<string, unknown>>;

/**
 * The attributes of a device after a change.
 * @param replaces whether those that the change does not name are taken away
 * @throws RangeError on one that the model does not take, or on too many
 */
export function changedAttributes(
  { attributes }: CloudDevice,
  product: Product,
  change: Change,
  replaces: boolean,
): Record<string, unknown> {
  const read = readAttributes({ id: undefined, fields: { params: { attributes: set(change) } } }, product);
  if ("enosCode" in read) throw refused(read, /^params\.attributes/, "attributes");
  const after = merged(replaces ? {} : attributes, change, read.attributes, "attributes");
  if (JSON.stringify(after).length <= mostAttributeCharacters) return after;
  throw new RangeError(
    `attributes: longer than the ${mostAttributeCharacters} characters that a device may have`,
  );
}

/**
 * The tags of a device after a change.
 * @param replaces whether those that the change does not name are taken away
 * @throws RangeError on one that cannot be a tag, or on too many
 */
export function changedTags(
  { tags }: CloudDevice,
  change: Change,
  replaces: boolean,
): Record<string, string> {
  const params = Object.entries(set(change)).map(([tagKey, tagValue]) => ({ tagKey, tagValue }));
  const read = readTags({ id: undefined, fields: { params } });
  if ("enosCode" in read) {
    const index = /^params\[(\d+)\]/.exec(read.reason)?.[1];
    const name = index === undefined ? "" : ` ${JSON.stringify(params[Number(index)].tagKey.slice(0, 80))}`;
    throw refused(read, /^params(?:\[\d+\])?/, `tag${name}`);
  }
  return merged(replaces ? {} : tags, change, read.tags, "tags");
}

function set(change: Change): Record<string, unknown> {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== null));
}

function merged<T>(
  before: Record<string, T>,
  change: Change,
  read: Record<string, T>,
  what: string,
): Record<string, T> {
  const staying = Object.entries(before).filter(([name]) => !Object.hasOwn(change, name));
  const after = Object.fromEntries([...staying, ...Object.entries(read)]);
  const count = Object.keys(after).length;
  if (count <= mostNames) return after;
  throw new RangeError(
    `${what}: a device has at most ${mostNames}, and these would make ${count}; remove some`,
  );
}

function refused({ reason }: Refusal, place: RegExp, name: string): RangeError {
  return new RangeError(reason.replace(place, name));
}
