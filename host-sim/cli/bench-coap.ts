/** The parts `codec`, `exchanges` and `endurance` of `npm run bench`: the CoAP of firmware and stand-in. */
import { EngineMissing } from "../sim/engine/engine";
import type { Verdict } from "../tools/bench/bars";

/** Encoding and decoding, on Node beside coap-packet and on XS. */
export async function benchCodecs(verdict: Verdict, say: (line: string) => void): Promise<void> {
  // Only here: its peer is a development dependency.
  const { benchCodec, datagramOf } = await import("../tools/bench/codec");
  say("CoAP codec, ns per message against npm coap-packet (median of 11 runs of alternating rounds)");
  for (const row of benchCodec()) {
    let title = `${row.name.padEnd(9)} ${String(row.bytes).padStart(4)} B`;
    for (const [what, name] of [
      ["encode", "encode"],
      ["strict decode, views", "views"],
      ["strict decode, offsets", "offsets"],
    ] as const) {
      const rate = row[name];
      const judged = verdict.judge(name, rate.ratio);
      const times = `${ns(rate.ours)} vs ${ns(rate.coapPacket)}`;
      say(`  ${title}  ${what.padEnd(22)} ${times.padStart(18)}  x ${rate.ratio.toFixed(1)} ${judged}`);
      title = " ".repeat(title.length);
    }
  }
  await xsCodec(verdict, datagramOf("up_raw"), datagramOf("ACK 2.04"), say);
}

async function xsCodec(
  verdict: Verdict,
  upRaw: Uint8Array,
  ack: Uint8Array,
  say: (line: string) => void,
): Promise<void> {
  const { benchXsCodec } = await import("../tools/bench/xs-codec");
  say("CoAP codec on XS, compute per message (deterministic counts)");
  try {
    for (const { name, compute, copying, bar } of await benchXsCodec({ upRaw, ack })) {
      const copied = copying === 0 ? "" : `, ${copying} of it the charge for bytes copied`;
      say(`  ${name.padEnd(25)} ${String(compute).padStart(5)} ${verdict.judge(bar, compute)}${copied}`);
    }
  } catch (error) {
    if (!(error instanceof EngineMissing)) throw error;
    say(`  skipped: ${error.message}`);
  }
}

/** Exchanges over UDP, beside node-coap. */
export async function benchLoopback(verdict: Verdict, say: (line: string) => void): Promise<void> {
  const { benchExchanges } = await import("../tools/bench/exchanges");
  say("confirmable exchanges over loopback UDP, 64 outstanding (median of 5 alternating rounds)");
  const { ours, nodeCoap } = await benchExchanges();
  const rates = `${kilo(ours.rate)} vs node-coap ${kilo(nodeCoap.rate)} exchanges/s`;
  say(`  ${rates}  x ${(ours.rate / nodeCoap.rate).toFixed(1)}`);
  const cpu = `${ours.cpu.toFixed(1)} vs ${nodeCoap.cpu.toFixed(1)} µs of processor each`;
  const times = nodeCoap.cpu / ours.cpu;
  say(`  ${cpu}  x ${times.toFixed(1)} ${verdict.judge("exchange", times)}`);
}

/** What stays behind after a million exchanges. */
export async function benchEndurance(verdict: Verdict, say: (line: string) => void): Promise<void> {
  const { endure } = await import("../tools/bench/endurance");
  const result = endure(1_000_000);
  const outcomes = Object.entries(result.outcomes).map(([kind, count]) => `${count} ${kind}`);
  const held = result.held.flatMap((each) => Object.values(each)).reduce((sum, count) => sum + count, 0);
  say("endurance: a million exchanges, client and server in one process, virtual time");
  say(`  ${outcomes.join(", ")}, ${result.retransmissions} retransmissions, ${result.mixedUp} mixed up`);
  const [start, middle, end] = result.heap.map((bytes) => (bytes / 1e6).toFixed(1));
  const flat = verdict.judge("clientHeap", result.heap[2] / result.heap[1]);
  say(`  heap ${start} MB at the start, ${middle} MB in the middle, ${end} MB at the end ${flat}`);
  const leftovers = verdict.judge("leftovers", result.idsReused + held + result.mixedUp);
  say(
    `  ${result.idsReused} message ids used again within EXCHANGE_LIFETIME, ` +
      `${held} entries left in tables ${leftovers}`,
  );
}

function kilo(rate: number): string {
  return `${(rate / 1000).toFixed(1)} k`;
}

function ns(value: number): string {
  return `${value.toFixed(0)} ns`;
}
