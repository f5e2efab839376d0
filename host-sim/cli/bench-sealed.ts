/** The part `sealed` of `npm run bench`: what it costs to seal payloads. */
import { EngineMissing } from "../sim/engine/engine";
import type { Verdict } from "../tools/bench/bars";

/** Wakes of each run whose steps are counted. */
const sealedWakes = 40;

/** Prints and judges it. */
export async function benchSealing(verdict: Verdict, say: (line: string) => void): Promise<void> {
  const { sealedBatch, sealedBytecode, sealedBytes, sealedCompute, sealedYears, together } =
    await import("../tools/bench/sealed");
  say("sealed payloads, against the same device in plain");
  for (const { format, plain, added } of await sealedBytes()) {
    const judged = verdict.judge("sealedBytes", added);
    say(`  a reading as ${format}: ${plain} bytes of payload, ${added} more sealed ${judged}`);
  }
  const batch = sealedBatch();
  const each = batch.added / together;
  say(
    `  ${together} readings as compact: ${batch.plain} bytes of payload, ${batch.added} more sealed, ` +
      `${each.toFixed(2)} a reading ${verdict.judge("sealedBatch", each)}`,
  );
  try {
    const { plain, sealed: closed, proof } = await sealedCompute(sealedWakes);
    say(`  steps of XS a reading, deep sleep: ${plain} in plain`);
    for (const [name, steps] of Object.entries({ sealed: closed, "with proof": proof })) {
      say(`    ${name} ${steps - plain} more ${verdict.judge("sealedCompute", steps - plain)}`);
    }
    const { modules, sum } = sealedBytecode();
    say(`  bytecode ${sum} bytes in ${modules.size} modules ${verdict.judge("sealedCode", sum)}`);
  } catch (error) {
    if (!(error instanceof EngineMissing)) throw error;
    say(`  skipped: ${error.message}`);
  }
  await scriptTimes(verdict, say);
  const years = await sealedYears();
  say(`  README's example lasts ${years.plain.toFixed(3)} years in plain`);
  for (const [name, value] of Object.entries({ sealed: years.sealed, "with proof": years.proof })) {
    const lost = 1 - value / years.plain;
    say(`    ${name} ${value.toFixed(3)}, ${percent(lost)} less ${verdict.judge("sealedYears", lost)}`);
  }
}

async function scriptTimes(verdict: Verdict, say: (line: string) => void): Promise<void> {
  const { measureSealedScript } = await import("../tools/bench/sealed-script");
  const { messages, size } = await measureSealedScript();
  say(
    `  the parsing script in QuickJS, ${size.sealed} characters (the plain product's has ${size.plain}), ` +
      "ms of processor time for a message",
  );
  for (const { name, plain, sealed: times } of messages) {
    say(`    ${name}: plain ${plain.toFixed(3)}`);
    for (const [what, time] of Object.entries(times)) {
      say(`      ${time.toFixed(3)}, ${(time / plain).toFixed(1)} times: ${what}`);
    }
  }
  const dearest = Math.max(...messages.flatMap(({ sealed: times }) => Object.values(times)));
  say(`    the dearest ${dearest.toFixed(3)} ms ${verdict.judge("sealedScript", dearest)}`);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
