/**
 * What chance did to a run, taken out of it again.
 *
 * How long a datagram is on its way and whether it is lost are drawn from known distributions, and decide over most
 * of what differs between two contacts. So each contact notes what was drawn beyond the mean; how much that costs is
 * found by least squares, and what the draws came to is taken off: the mean of many runs from a few contacts (control
 * variates, P. Glasserman, Monte Carlo Methods in Financial Engineering, 2003, section 4.1). A hundred contacts in good
 * coverage see two losses, so that the fit begins at what waiting costs by the profile, and the contacts correct it
 * (ridge regression): without that a fit to contacts that saw no loss gave means that were wrong by half.
 */

/** What lies between two contacts: how much of each quantity, and what was drawn meanwhile. */
export interface Cycle {
  readonly amounts: Amounts;
  readonly draws: Draws;
}

/** What was drawn for the datagrams between two contacts, less what so many come to on average. */
export type Draws = readonly [
  /** Datagrams lost on the air. */
  losses: number,
  /** ms on the way. */
  latency: number,
];

/** Quantities by name, such as joules. */
type Amounts = Readonly<Record<string, number>>;

/** What of each quantity one more of each draw brings. */
export type Slopes = Readonly<Record<string, Draws>>;

/** Where a fit begins. */
export interface Prior {
  /** Variance of the draws between two contacts. */
  readonly variance: Draws;
  /** The slopes before anything was seen; those of other quantities are zero. */
  readonly slopes: Slopes;
}

/** So many cycles does the prior count for. */
const weight = 40;

/** The slopes by least squares. */
export function slopesOf(cycles: readonly Cycle[], prior: Prior): Slopes {
  const [losses, latency] = [0, 1].map((k) => centred(cycles.map(({ draws }) => draws[k])));
  const [ofLosses, ofLatency] = prior.variance.map((variance) => weight * variance);
  const a = product(losses, losses) + ofLosses;
  const b = product(losses, latency);
  const c = product(latency, latency) + ofLatency;
  const determinant = a * c - b * b;
  const slopes: Record<string, Draws> = {};
  for (const name of namesOf(cycles)) {
    const before = prior.slopes[name] ?? [0, 0];
    // Where nothing is ever lost there is nothing to fit.
    if (!(determinant > 0)) slopes[name] = before;
    else {
      const values = centred(cycles.map(({ amounts }) => amounts[name] ?? 0));
      const x = product(losses, values) + ofLosses * before[0];
      const y = product(latency, values) + ofLatency * before[1];
      slopes[name] = [(x * c - y * b) / determinant, (y * a - x * b) / determinant];
    }
  }
  return slopes;
}

/** Means of all quantities, what chance did taken out. */
export function meansOf(cycles: readonly Cycle[], slopes: Slopes): Record<string, number> {
  const means: Record<string, number> = {};
  for (const name of namesOf(cycles)) means[name] = mean(controlled(cycles, slopes, name));
  return means;
}

/** Sum of the squares by which a quantity still differs from its mean. */
export function squaresOf(cycles: readonly Cycle[], slopes: Slopes, name: string): number {
  const values = centred(controlled(cycles, slopes, name));
  return product(values, values);
}

function controlled(cycles: readonly Cycle[], slopes: Slopes, name: string): number[] {
  const [ofLosses, ofLatency] = slopes[name] ?? [0, 0];
  return cycles.map(({ amounts, draws: [losses, latency] }) => {
    return (amounts[name] ?? 0) - ofLosses * losses - ofLatency * latency;
  });
}

function namesOf(cycles: readonly Cycle[]): Set<string> {
  return new Set(cycles.flatMap(({ amounts }) => Object.keys(amounts)));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function centred(values: readonly number[]): number[] {
  const middle = mean(values);
  return values.map((value) => value - middle);
}

function product(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i], 0);
}
