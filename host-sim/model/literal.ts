/**
 * Values as source text of JavaScript and TypeScript, the same for the same value in every run.
 */

/** A property's name, in quotes where it needs them. */
export function propertyName(name: string): string {
  return /^[A-Za-z_$][\w$]*$|^(0|[1-9]\d*)$/.test(name) ? name : JSON.stringify(name);
}

/** A JSON value on one line; what is undefined is left out. */
function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const parts = Object.entries(value).flatMap(([key, each]) =>
      each === undefined ? [] : [`${propertyName(key)}: ${literal(each)}`],
    );
    return parts.length === 0 ? "{}" : `{ ${parts.join(", ")} }`;
  }
  // JSON's text may hold the two line ends that only old JavaScript minds.
  return JSON.stringify(value).replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");
}

/** The same over several lines where one of `width` characters is too short. */
export function spread(value: unknown, indent: string, width: number, used = indent.length): string {
  const line = literal(value);
  if (used + line.length <= width || typeof value !== "object" || value === null) return line;
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    return `[\n${value.map((each) => `${inner}${spread(each, inner, width - 1)},\n`).join("")}${indent}]`;
  }
  const parts = Object.entries(value).flatMap(([key, each]) => {
    if (each === undefined) return [];
    const name = `${propertyName(key)}: `;
    return [`${inner}${name}${spread(each, inner, width - 1, inner.length + name.length)},\n`];
  });
  return `{\n${parts.join("")}${indent}}`;
}
