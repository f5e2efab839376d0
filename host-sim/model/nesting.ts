/**
 * How deep a value is nested: what comes from outside may be nested deeper than the stack of whatever goes
 * over it by recursion, such as JSON.stringify. Node's own JSON.parse is a loop and reads any depth.
 */

/** Most levels of arrays and objects in files, in bodies of the application API and in the data directory. */
export const deepestNesting = 32;

/** Whether arrays and objects lie in more than `levels` levels. */
export function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  for (const name in value) if (isDeeper((value as Record<string, unknown>)[name], levels - 1)) return true;
  return false;
}
