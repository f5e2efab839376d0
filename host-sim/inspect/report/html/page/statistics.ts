/** Distributions and counts over time, for the plots. */

/** The value below which a share of `sorted` lies, by the nearest rank; NaN of nothing. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted.length === 0 ? NaN : sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

export interface Histogram {
  /** Lower ends of the bins, and the upper end of the last; each 10^(1/5) of the one before. */
  readonly edges: number[];
  readonly counts: number[];
}

const binsPerDecade = 5;

/** Counts on a logarithmic scale, since latencies reach from tenths of seconds to days. */
export function logHistogram(values: readonly number[]): Histogram {
  const positive = values.map((value) => Math.max(1, value));
  if (positive.length === 0) return { edges: [], counts: [] };
  const place = (value: number): number => Math.floor(binsPerDecade * Math.log10(value) + 1e-9);
  let [least, most] = [Infinity, -Infinity];
  for (const value of positive) {
    least = Math.min(least, place(value));
    most = Math.max(most, place(value));
  }
  const counts = new Array<number>(most - least + 1).fill(0);
  for (const value of positive) counts[place(value) - least] += 1;
  const edges = Array.from({ length: counts.length + 1 }, (_, i) => 10 ** ((least + i) / binsPerDecade));
  return { edges, counts };
}

/** How many of `times` lie in each of `count` bins of `from`..`to`. */
export function countInBins(times: ArrayLike<number>, from: number, to: number, count: number): number[] {
  const bins = new Array<number>(count).fill(0);
  for (let i = 0; i < times.length; i++) {
    const bin = Math.floor(((times[i] - from) / (to - from)) * count);
    // The end of the run belongs to its last bin.
    if (times[i] === to && count > 0) bins[count - 1] += 1;
    else if (bin >= 0 && bin < count) bins[bin] += 1;
  }
  return bins;
}

/** How much waits over time: each time it changes, and how much from then on. */
export function depthOverTime(
  taken: readonly number[],
  settled: readonly number[],
): { time: number[]; depth: number[] } {
  const changes = taken.flatMap((time, i) => {
    const added: [number, number] = [time, 1];
    return settled[i] < 0 ? [added] : [added, [time + settled[i], -1] as [number, number]];
  });
  changes.sort((a, b) => a[0] - b[0] || b[1] - a[1]);
  const time = [0];
  const depth = [0];
  for (const [at, by] of changes) {
    const now = depth[depth.length - 1] + by;
    if (at === time[time.length - 1]) depth[depth.length - 1] = now;
    else {
      time.push(at);
      depth.push(now);
    }
  }
  return { time, depth };
}

/** The highest value of each of `count` stretches, so that no peak is lost; where nothing changes, what was. */
export function highestInBins(
  series: { time: readonly number[]; depth: readonly number[] },
  from: number,
  to: number,
  count: number,
): number[] {
  const { time, depth } = series;
  const bins: number[] = [];
  let i = 0;
  while (i + 1 < time.length && time[i + 1] <= from) i += 1;
  for (let bin = 0; bin < count; bin++) {
    const ends = from + ((bin + 1) * (to - from)) / count;
    let highest = depth[i];
    while (i + 1 < time.length && time[i + 1] < ends) {
      i += 1;
      highest = Math.max(highest, depth[i]);
    }
    bins.push(highest);
  }
  return bins;
}
