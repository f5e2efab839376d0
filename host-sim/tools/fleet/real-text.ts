/** What a load over real UDP came to, for people or as JSON. */
import type { Histogram } from "./delays";
import type { RealFleetResult } from "./real-fleet";

const shares = [50, 90, 99, 99.9] as const;
const mostReasons = 10;

/** The lines of the summary; one, of JSON, where that is wanted. */
export function realLines(result: RealFleetResult, json: boolean): string[] {
  const { devices, seconds, online, taken, acknowledged, lost, answers, datagramsUp, retransmissions } =
    result;
  const reasons = [...result.reasons].sort(([, a], [, b]) => b - a).slice(0, mostReasons);
  if (json) {
    const { latency, delays, mostWaiting } = result;
    return [
      JSON.stringify({
        ...{
          devices,
          seconds,
          online,
          taken,
          acknowledged,
          lost,
          answers,
          datagramsUp,
          retransmissions,
          mostWaiting,
        },
        latencyMs: percentiles(latency, 1_000),
        delayMs: percentiles(delays, 1),
        reasons: Object.fromEntries(reasons),
      }),
    ];
  }
  const per = (value: number): string => (value / seconds).toFixed(1);
  return [
    `${devices} devices for ${seconds.toFixed(0)} s, ${online} of them online`,
    `readings   ${taken} taken, ${acknowledged} acknowledged (${per(acknowledged)}/s), ${lost} lost`,
    `requests   ${answers} answered (${per(answers)}/s), ${datagramsUp} datagrams up, ${retransmissions} of them again`,
    `latency    ${latencyText(result.latency)}`,
    ...(result.mostWaiting > 0 ? [`the rate's bound held up to ${result.mostWaiting} datagrams back`] : []),
    ...reasons.map(([text, count]) => `  ${count} × ${text}`),
  ];
}

function latencyText(latency: Histogram): string {
  if (latency.totalCount === 0) return "nothing was answered";
  const of = (value: number): string => `${(value / 1_000).toFixed(1)} ms`;
  const parts = shares.map((share) => `${share} % within ${of(latency.getValueAtPercentile(share))}`);
  return [...parts, `the longest ${of(latency.maxValue)}`].join(", ");
}

function percentiles(histogram: Histogram, unit: number): Record<string, number> {
  if (histogram.totalCount === 0) return {};
  const entries = shares.map((share) => [`p${share}`, histogram.getValueAtPercentile(share) / unit] as const);
  return { ...Object.fromEntries(entries), max: histogram.maxValue / unit };
}
