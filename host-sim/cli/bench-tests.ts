/** The part `tests` of `npm run bench`, which runs when it is asked for: it takes as long as `npm test` does. */
import type { Verdict } from "../tools/bench/bars";

/** Prints and judges it. */
export async function benchTests(verdict: Verdict, say: (line: string) => void): Promise<void> {
  const { runTests, yardstick } = await import("../tools/bench/tests");
  const turn = yardstick();
  say(
    `tests: processor time of all their processes, in turns of ${turn.toFixed(2)} s, which coap-packet takes here`,
  );
  for (const [name, bar] of [
    ["test:quick", "testsQuick"],
    ["test", "testsAll"],
  ] as const) {
    const { processor, seconds } = runTests(name);
    say(
      `  npm run ${name}: ${processor.toFixed(0)} s of processor time in ${seconds.toFixed(0)} s, ` +
        `${(processor / turn).toFixed(0)} turns ${verdict.judge(bar, processor / turn)}`,
    );
  }
}
