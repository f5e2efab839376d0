/**
 * The budget: how much bytecode each module of the firmware may have, in test/footprint.json. It is
 * what was measured when somebody last agreed to it; more than a twentieth above, and the tests fail until
 * the file says otherwise, so that growth is a decision and can be seen in a review.
 */

/** Bytes of code by module. */
export type Budget = Readonly<Record<string, number>>;

/** Growth without asking: 5 %, and for small modules this many bytes. */
const tolerance = Object.freeze({ share: 0.05, bytes: 32 });

/** A module that the budget does not cover. */
export type Breach =
  | { readonly kind: "grown"; readonly name: string; readonly budget: number; readonly code: number }
  | { readonly kind: "missing"; readonly name: string; readonly code: number }
  | { readonly kind: "superfluous"; readonly name: string; readonly budget: number };

/** The most that a module with this budget may have, bytes. */
export function allowance(budget: number): number {
  return Math.floor(budget + Math.max(budget * tolerance.share, tolerance.bytes));
}

/** Where the modules and their budget part, in order of their names; empty when all is well. */
export function compareToBudget(
  modules: readonly { readonly name: string; readonly code: number }[],
  budget: Budget,
): Breach[] {
  const breaches: Breach[] = [];
  for (const { name, code } of modules) {
    const own = Object.hasOwn(budget, name) ? budget[name] : undefined;
    if (own === undefined) breaches.push({ kind: "missing", name, code });
    else if (code > allowance(own)) breaches.push({ kind: "grown", name, budget: own, code });
  }
  const present = new Set(modules.map(({ name }) => name));
  for (const [name, bytes] of Object.entries(budget)) {
    if (!present.has(name)) breaches.push({ kind: "superfluous", name, budget: bytes });
  }
  return breaches.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** One line that says what is wrong. */
export function breachLine(breach: Breach): string {
  switch (breach.kind) {
    case "grown": {
      const { name, budget, code } = breach;
      const share = budget === 0 ? "" : `, ${(100 * (code / budget - 1)).toFixed(1)} % over`;
      return `${name}: ${code} bytes of code, budget ${budget}${share}`;
    }
    case "missing":
      return `${breach.name}: ${breach.code} bytes of code, and no budget`;
    case "superfluous":
      return `${breach.name}: has a budget of ${breach.budget} bytes, and is no module of manifest.json`;
  }
}

/** @throws Error that says what is wrong with the file */
export function readBudget(text: string): Budget {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const modules = (value as { modules?: unknown } | null)?.modules;
  if (typeof modules !== "object" || modules === null || Array.isArray(modules)) {
    throw new Error(`expected {"modules": {name: bytes}}`);
  }
  for (const [name, bytes] of Object.entries(modules)) {
    if (!Number.isInteger(bytes) || (bytes as number) < 0) {
      throw new Error(`${name}: expected a whole number of bytes, got ${JSON.stringify(bytes)}`);
    }
  }
  return modules as Budget;
}

/** The file's text. */
export function budgetText(modules: readonly { readonly name: string; readonly code: number }[]): string {
  const sorted = [...modules].sort((a, b) => (a.name < b.name ? -1 : 1));
  const sizes = Object.fromEntries(sorted.map(({ name, code }) => [name, code]));
  return `${JSON.stringify({ unit: "bytes of XS bytecode", modules: sizes }, undefined, 2)}\n`;
}
