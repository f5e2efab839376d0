/**
 * What runs in XS for the fuzzer: a batch of inputs comes as one event, what came of it goes back as JSON.
 *
 *     told u8 | name length u8 | name | per input: length u16, little-endian, and its bytes
 */
import { encodeUtf8 } from "../../../firmware/text/utf8";
import { asciiText } from "../../../firmware/text/ascii";
import { portableTargets } from "./portable-targets";
import { Violation, ruleOf } from "./target";

const known = new Set<string>();

function work(event: Uint8Array): object {
  const told = event[0] === 1;
  const end = 2 + event[1];
  const name = asciiText(event, 2, end);
  const target = portableTargets.find((each) => each.name === name)!;
  const features: string[] = [];
  const fresh: number[] = [];
  const steps: string[] = [];
  let index = 0;
  let inputs = 0;
  const watch = {
    feature(feature: string): void {
      if (known.has(feature)) return;
      known.add(feature);
      features.push(feature);
      if (fresh[fresh.length - 1] !== index) fresh.push(index);
    },
    input: (): void => void (inputs += 1),
    step: told ? (line: string): void => void steps.push(line) : undefined,
  };
  for (let at = end; at < event.length; index++) {
    const length = event[at] | (event[at + 1] << 8);
    const input = event.slice(at + 2, at + 2 + length);
    at += 2 + length;
    try {
      void target.run(input, watch);
    } catch (error) {
      const message =
        error instanceof Violation ? error.message : `${String(error)} ${(error as Error).stack ?? ""}`;
      return { features, fresh, steps, inputs, fault: { index, rule: ruleOf(error), message } };
    }
  }
  return { features, fresh, steps, inputs };
}

Object.defineProperty(globalThis, "handleCommand", {
  value: (event: ArrayBuffer) => ({ result: encodeUtf8(JSON.stringify(work(new Uint8Array(event)))).buffer }),
});
