/** The parts `update` and `unpack` of `npm run bench`: a firmware update, over the air and on the board. */
import { EngineMissing } from "../sim/engine/engine";
import type { Verdict } from "../tools/bench/bars";

/** Updates over NB-IoT: bytes, joules, hours, heap, power cuts and deceits. @param told hears what is done now */
export async function benchOverTheAir(
  verdict: Verdict,
  cuts: number,
  say: (line: string) => void,
  told: (what: string) => void,
): Promise<void> {
  const { benchCuts, benchDeceits, benchHeap, benchUpdates } = await import("../tools/bench/update");
  say(
    "update over NB-IoT at level 0, a reading each quarter of an hour, profile field, beyond a device that is not updated",
  );
  const all = await benchUpdates(told);
  for (const { name, file, blocks, fileBytes, bytes, joulesOver, connected, took, runs } of all) {
    const bar = name === "a changed constant" ? "updateConstant" : "updateLines";
    const judged = name === "the whole image" ? "" : ` ${verdict.judge(bar, fileBytes)}`;
    say(
      `  ${name}: file ${file} bytes, ${blocks} blocks, ${fileBytes} bytes on the air${judged}, ${bytes} with all that is said of it`,
    );
    const hours = (ms: number): string => (ms / 3_600_000).toFixed(2);
    const long = name === "the whole image" ? ` ${verdict.judge("updateHours", connected / 3_600_000)}` : "";
    const energy = name === "nine changed lines" ? ` ${verdict.judge("updateJoules", joulesOver)}` : "";
    say(
      `    ${joulesOver.toFixed(1)} J${energy}, ${hours(connected)} h of contact${long}, over after ${hours(took)} h; ${runs} runs`,
    );
  }
  const [, lines, whole] = all;
  const share = lines.joulesOver / whole.joulesOver;
  say(
    `  nine changed lines take ${(100 * share).toFixed(1)} % of the whole image's joules ${verdict.judge("updateShare", share)}`,
  );
  const heap = await benchHeap();
  if (heap === undefined) say("  heap: skipped, for the XS engine is not installed");
  else {
    const { without, idle, updating } = heap;
    const over = updating - without;
    say(
      `  heap while an update is in progress ${updating} bytes, ${over} more than of a product without updates ` +
        `${verdict.judge("updateHeap", over)}: ${idle - without} while there is none, ${updating - idle} for it`,
    );
  }
  const result = await benchCuts(cuts, (part) => told(`power cuts, ${Math.round(100 * part)} %`));
  say(`  ${result.cuts} power cuts in the flash of ${result.updates} updates, in whole worlds:`);
  say(`    ${result.bricks} starts without an image ${verdict.judge("updateBricks", result.bricks)}`);
  say(`    ${result.wrong} wrong ends or images ${verdict.judge("updateWrong", result.wrong)}`);
  say(`    ${result.lost} readings lost or doubled ${verdict.judge("updateLost", result.lost)}`);
  const deceived = await benchDeceits(told);
  for (const { deceit, figures, started } of deceived) {
    say(`  ${deceit}: ${started} starts, the task ${figures.status}: ${figures.desc}`);
  }
  const started = deceived.reduce((sum, each) => sum + each.started, 0);
  say(`  started of all these: ${started} ${verdict.judge("updateDeceits", started)}`);
}

/** Steps and memory of unpacking. */
export async function benchDecoder(verdict: Verdict, say: (line: string) => void): Promise<void> {
  const { benchUnpacking, decoderMemory, packages, stretches } = await import("../tools/bench/unpack");
  say("unpacking an update on XS, steps of the interpreter");
  try {
    const cases = [...stretches(), ...(await packages())];
    for (const { name, bytes, packed, chunks, steps, copying } of await benchUnpacking(cases)) {
      const each = steps / bytes;
      const judged =
        name === "not changed"
          ? verdict.judge("unpackSame", each)
          : name === "whole image"
            ? verdict.judge("unpackWhole", steps)
            : "";
      say(`  ${name}: ${bytes} bytes of ${packed} in ${plural(chunks, "chunk")}`);
      const copied = (copying / 2 / bytes).toFixed(1);
      say(`    ${each.toFixed(2)} a byte, ${steps} in all ${judged}, ${copied} bytes copied for each`);
    }
    const memory = await decoderMemory();
    say(`  memory of the decoder, objects and all: ${memory} bytes ${verdict.judge("unpackMemory", memory)}`);
  } catch (error) {
    if (!(error instanceof EngineMissing)) throw error;
    say(`  skipped: ${error.message}`);
  }
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
