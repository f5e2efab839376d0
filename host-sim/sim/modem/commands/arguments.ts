/** Arguments that commands of several families take. */
import { integerArgument } from "../at-command";
import type { AtArgument } from "../at-command";

/** An access point name, empty for an argument left out; `undefined` for what can be none. */
export function apnOf(argument: AtArgument | undefined): string | undefined {
  const text = argument?.text ?? "";
  return /^[A-Za-z0-9.-]{0,99}$/.test(text) ? text : undefined;
}

/** Numbers of bands, each 1 to 85; `undefined` when one is not. */
export function bandsOf(args: readonly AtArgument[]): number[] | undefined {
  const bands = args.map((argument) => integerArgument(argument, 1, 85));
  return bands.includes(undefined) ? undefined : (bands as number[]);
}
