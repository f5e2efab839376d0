/**
 * The table of the processor's turns from turns that were counted on XS: least squares in which no figure is negative,
 * as no command can take time away.
 */
import { turnKinds, turnWork } from "../../sim/board/processor";
import type { WorkName, ProcessorTable, TurnCounts, TurnKind } from "../../sim/board/processor";

/** A turn, and the steps that the firmware spent in it. */
export interface CountedTurn {
  readonly counts: Pick<TurnCounts, "kind" | "sleeping" | "lines" | "bytes"> & {
    readonly commands: ArrayLike<number>;
    readonly commandBytes: ArrayLike<number>;
  };
  readonly spent: number;
}

/** What has figures; `ask` is the meter's own. */
const named: readonly WorkName[] = (Object.keys(turnWork) as WorkName[]).filter((name) => name !== "ask");
/** What a sealed product's firmware does besides. */
export const sealing = ["ccm", "hmac"] as const satisfies readonly WorkName[];
/** What one does that is updated. */
export const updating = [
  "digestPart",
  "stagingRead",
  "stagingWrite",
  "baseRead",
  "imageRead",
  "imageWrite",
] as const satisfies readonly WorkName[];
/** Figures of the table, in the order of `rowOf`. */
const commandsAt = 2 * turnKinds.length + 2;
const width = commandsAt + 2 * named.length;
/** Steps below which all turns weigh the same: of dear ones the share counts by which a figure is off. */
const smallest = 1_500;
const figureNumbers: readonly number[] = Array.from({ length: width }, (_, i) => i);
/** What a figure of the table before weighs, as a share of what all turns say of it: with a twentieth sara-n2 was 8 % off. */
const pull = 1;
/** Sweeps over all figures after which the solution no longer changes by a step. */
const sweeps = 20_000;

/** How often each figure of the table counts in a turn. */
function rowOf({
  kind,
  sleeping,
  lines,
  bytes,
  commands,
  commandBytes,
}: CountedTurn["counts"]): Float64Array {
  const row = new Float64Array(width);
  const at = turnKinds.indexOf(kind);
  row[at] = 1;
  if (sleeping) row[turnKinds.length + at] = 1;
  if (kind === "serial writable") return row;
  let next = 2 * turnKinds.length;
  row[next++] = lines;
  row[next++] = bytes;
  for (const name of named) {
    row[next++] = commands[turnWork[name]];
    row[next++] = commandBytes[turnWork[name]];
  }
  return row;
}

/**
 * Makes the table. What never happened in these turns costs nothing by it.
 *
 * @param before the table until now, which decides where the turns do not: lines come with bytes, flash is read where it is
 *   written, and of two that always come together least squares gives all to either
 */
export function fitTable(turns: readonly CountedTurn[], before?: ProcessorTable): ProcessorTable {
  return tableOf(fit(turns, figureNumbers, before && figuresOf(before)));
}

/**
 * A table with what a part that not every product has costs: what turns of products that have it take beyond what the table
 * says of them.
 *
 * @param works what that part does
 */
export function withPart(
  table: ProcessorTable,
  works: readonly WorkName[],
  turns: readonly CountedTurn[],
): ProcessorTable {
  const figures = figuresOf(table);
  const columns = works.flatMap((name) => {
    const at = commandsAt + 2 * named.indexOf(name);
    return [at, at + 1];
  });
  for (const at of columns) figures[at] = 0;
  const beyond = turns
    .map(({ counts, spent }) => ({ counts, spent: spent - dot(rowOf(counts), figures) }))
    .filter(({ counts }) => works.some((name) => counts.commands[turnWork[name]] > 0));
  for (const [at, figure] of fit(beyond, columns).entries()) figures[at] += figure;
  return tableOf(figures);
}

/** Least squares of these figures, drawn to what they were before, and 0 for all others; rounded. */
function fit(turns: readonly CountedTurn[], columns: readonly number[], before?: Float64Array): Float64Array {
  // The normal equations: of the sum of squares only these are needed, however many turns there are.
  const products = Array.from({ length: width }, () => new Float64Array(width));
  const targets = new Float64Array(width);
  for (const { counts, spent } of turns) {
    const row = rowOf(counts);
    const weight = 1 / Math.max(spent, smallest);
    for (const i of columns) {
      if (row[i] === 0) continue;
      targets[i] += weight * row[i] * spent;
      for (const j of columns) products[i][j] += weight * row[i] * row[j];
    }
  }
  if (before !== undefined) {
    for (const i of columns) {
      const weight = pull * products[i][i];
      products[i][i] += weight;
      targets[i] += weight * before[i];
    }
  }
  const figures = solve(products, targets);
  // Squares of shares favour what is cheap: the sum over all turns is to be right.
  const told = turns.reduce((sum, { counts }) => sum + dot(rowOf(counts), figures), 0);
  const spent = turns.reduce((sum, turn) => sum + turn.spent, 0);
  const round = (figure: number): number => Math.round((10 * figure * spent) / told) / 10;
  return figures.map(round);
}

/** Minimises x A x / 2 - b x over x >= 0, one figure after the other, again and again. */
function solve(products: readonly Float64Array[], targets: Float64Array): Float64Array {
  const x = new Float64Array(width);
  for (let sweep = 0; sweep < sweeps; sweep++) {
    let most = 0;
    for (let i = 0; i < width; i++) {
      const own = products[i][i];
      if (own === 0) continue;
      const next = Math.max(0, x[i] + (targets[i] - dot(products[i], x)) / own);
      most = Math.max(most, Math.abs(next - x[i]) * Math.sqrt(own));
      x[i] = next;
    }
    if (most < 1e-9) break;
  }
  return x;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** The figures of a table, in the order of `rowOf`. */
function figuresOf({ turns, sleeping, line, byte, commands }: ProcessorTable): Float64Array {
  const figures = new Float64Array(width);
  for (const [i, kind] of turnKinds.entries()) {
    figures[i] = turns[kind];
    figures[turnKinds.length + i] = sleeping[kind];
  }
  figures.set([line, byte], commandsAt - 2);
  for (const [i, name] of named.entries()) figures.set(commands[name] ?? [0, 0], commandsAt + 2 * i);
  return figures;
}

function tableOf(figures: Float64Array): ProcessorTable {
  const kinds = (from: number): Record<TurnKind, number> =>
    Object.fromEntries(turnKinds.map((kind, i) => [kind, figures[from + i]])) as Record<TurnKind, number>;
  const commands: Partial<Record<WorkName, [number, number]>> = {};
  for (const [i, name] of named.entries()) {
    const [each, byte] = figures.subarray(commandsAt + 2 * i);
    if (each > 0 || byte > 0) commands[name] = [each, byte];
  }
  return {
    turns: kinds(0),
    sleeping: kinds(turnKinds.length),
    line: figures[commandsAt - 2],
    byte: figures[commandsAt - 1],
    commands,
  };
}

/** The text of host-sim/sim/board/processor-table.ts. */
export function tableText(table: ProcessorTable): string {
  const entries = (record: Readonly<Record<string, unknown>>): string[] =>
    Object.entries(record).map(([name, value]) => {
      const key = /^\w+$/.test(name) ? name : JSON.stringify(name);
      const text = Array.isArray(value) ? `[${value.join(", ")}]` : String(value);
      return `    ${key}: ${text},`;
    });
  return [
    "/**",
    " * Steps of XS by what happens in a turn, see processor.ts: made from runs on XS by",
    " * `npm run bench -- --only processor --update`, and not by hand.",
    " */",
    "export const processorTable = {",
    "  turns: {",
    ...entries(table.turns),
    "  },",
    "  sleeping: {",
    ...entries(table.sleeping),
    "  },",
    `  line: ${table.line},`,
    `  byte: ${table.byte},`,
    "  commands: {",
    ...entries(table.commands),
    "  },",
    "} as const;",
    "",
  ].join("\n");
}
