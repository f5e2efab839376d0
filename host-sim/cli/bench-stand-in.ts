/** The part `stand-in` of `npm run bench`: the EnOS stand-in as a server. */
import type { Verdict } from "../tools/bench/bars";

/** What the server takes for a request, under a load and over a million reports. */
export async function benchServer(verdict: Verdict, say: (line: string) => void): Promise<void> {
  const { benchStandIn } = await import("../tools/bench/stand-in");
  say("EnOS stand-in over loopback UDP, processor time per request (medians of 21 alternating rounds)");
  for (const { name, bar, standIn: ours, echo, nodeCoap, ratio } of await benchStandIn()) {
    say(`  ${name}: ${ours.toFixed(1)} µs, echo ${echo.toFixed(1)} µs, node-coap ${nodeCoap.toFixed(1)} µs`);
    say(`    x ${ratio.toFixed(2)} of the echo ${verdict.judge(bar, ratio)}`);
  }
  await load(verdict, false, say);
  await load(verdict, true, say);
  const { benchStandInMemory } = await import("../tools/bench/stand-in-memory");
  const { reports, devices, stored, heap } = benchStandInMemory();
  const [early, middle, end] = heap.map((bytes) => (bytes / 1e6).toFixed(1));
  say(`  ${reports} signed JSON reports of ${devices} devices, ${stored} stored:`);
  const flat = verdict.judge("standInHeap", heap[2] / heap[1]);
  say(`    heap ${early} MB after a tenth, ${middle} MB in the middle, ${end} MB at the end ${flat}`);
}

async function load(verdict: Verdict, kept: boolean, say: (line: string) => void): Promise<void> {
  const { benchStandInLoad } = await import("../tools/bench/stand-in-load");
  const figures = await benchStandInLoad(kept);
  const where = figures.pinned
    ? "server and devices on a core each"
    : "server and devices wherever there is room";
  const how = kept ? "with a data directory" : "in memory";
  say(`  ${figures.devices} devices ${how}, signed JSON reports at a fixed rate, ${where}:`);
  const size = (figures.heapPerDevice / 1000).toFixed(1);
  say(`    started in ${figures.started.toFixed(1)} s, ${size} kB of heap a device in its session`);
  const core = ((figures.cpu * figures.rate) / 10_000).toFixed(0);
  say(
    `    ${figures.rate.toFixed(0)} requests a second, ${figures.cpu.toFixed(1)} µs each: ${core} % of a core`,
  );
  const times = `p50 ${figures.p50.toFixed(2)} ms, p99 ${figures.p99.toFixed(2)} ms, highest ${figures.highest.toFixed(1)} ms`;
  const late = verdict.judge(kept ? "keptP99" : "loadP99", figures.p99);
  const lost = verdict.judge(kept ? "keptLost" : "loadLost", figures.lost);
  say(`    ${times} ${late}, ${figures.lost} lost ${lost}`);
}
