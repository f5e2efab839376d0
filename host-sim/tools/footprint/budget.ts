/**
 * The budget: how much bytecode each module of the firmware may have, and each board with all its modules, in
 * test/footprint.json. It is what was measured when somebody last agreed to it; more than a twentieth above, a
 * hundredth for a board, and the tests fail until the file says otherwise, so that growth is a decision and can
 * be seen in a review.
 */
import { isObject } from "../../../firmware/text/json";
import { reasonOf } from "../../../firmware/text/reason";

/** Bytes of code by name. */
export type Budget = Readonly<Record<string, number>>;

/** The file. */
export interface Budgets {
  readonly modules: Budget;
  /** All modules that the board's manifest puts on it, together; and `everythingName`. */
  readonly boards: Budget;
  /** Slots that the stack may take at its deepest, whatever comes in. */
  readonly stack: number;
}

/** What `stack` is written as: the manifest's 1,024 less a margin for an application's own calls. */
const deepestStack = 900;

/** Beside the boards stands what all of them could carry together: every modem, and CoAP's server half. */
export const everythingName = "everything";

/** Code under a name. */
export interface Sized {
  readonly name: string;
  /** Bytes. */
  readonly code: number;
}

/** Growth without asking. */
export interface Tolerance {
  readonly share: number;
  /** For what is small: bytes. */
  readonly bytes: number;
}

/** Of a module. */
const tolerance: Tolerance = Object.freeze({ share: 0.05, bytes: 32 });
/** Of a board: less than a module that came onto it unnoticed. */
export const boardTolerance: Tolerance = Object.freeze({ share: 0.01, bytes: 0 });

/** A module that the budget does not cover. */
export type Breach =
  | { readonly kind: "grown"; readonly name: string; readonly budget: number; readonly code: number }
  | { readonly kind: "missing"; readonly name: string; readonly code: number }
  | { readonly kind: "superfluous"; readonly name: string; readonly budget: number };

/** The most that what has this budget may have, bytes. */
export function allowance(budget: number, { share, bytes } = tolerance): number {
  return Math.floor(budget + Math.max(budget * share, bytes));
}

/** Where the modules and their budget part, in order of their names; empty when all is well. */
export function compareToBudget(
  modules: readonly Sized[],
  budget: Budget,
  tolerated: Tolerance = tolerance,
): Breach[] {
  const breaches: Breach[] = [];
  for (const { name, code } of modules) {
    const own = Object.hasOwn(budget, name) ? budget[name] : undefined;
    if (own === undefined) breaches.push({ kind: "missing", name, code });
    else if (code > allowance(own, tolerated)) breaches.push({ kind: "grown", name, budget: own, code });
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
      return `${breach.name}: has a budget of ${breach.budget} bytes, and no manifest has it`;
  }
}

/** @throws Error that says what is wrong with the file */
export function readBudget(text: string): Budgets {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`no JSON: ${reasonOf(error)}`);
  }
  const parts = value as { modules?: unknown; boards?: unknown; stack?: unknown } | null;
  const [modules, boards, stack] = [readPart(parts?.modules), readPart(parts?.boards), parts?.stack];
  if (typeof stack !== "number" || !Number.isInteger(stack)) {
    throw new Error(`stack: expected a whole number of slots, got ${JSON.stringify(stack)}`);
  }
  return { modules, boards, stack };
}

function readPart(part: unknown): Budget {
  if (!isObject(part)) {
    throw new Error(`expected {"modules": {name: bytes}, "boards": {name: bytes}}`);
  }
  for (const [name, bytes] of Object.entries(part)) {
    if (!Number.isInteger(bytes) || (bytes as number) < 0) {
      throw new Error(`${name}: expected a whole number of bytes, got ${JSON.stringify(bytes)}`);
    }
  }
  return part as Budget;
}

/** The file's text. */
export function budgetText(modules: readonly Sized[], boards: readonly Sized[]): string {
  const budgets = {
    stack: deepestStack,
    unit: "bytes of XS bytecode",
    boards: sizesOf(boards),
    modules: sizesOf(modules),
  };
  return `${JSON.stringify(budgets, undefined, 2)}\n`;
}

function sizesOf(all: readonly Sized[]): Record<string, number> {
  const sorted = [...all].sort((a, b) => (a.name < b.name ? -1 : 1));
  return Object.fromEntries(sorted.map(({ name, code }) => [name, code]));
}
