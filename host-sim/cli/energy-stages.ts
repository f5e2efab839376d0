/** What `npm run energy` says while it runs, and how it ends when a run fails. */
import { Progress } from "../inspect/report/progress";
import { CommandError } from "./misuse";
import { reasonOf } from "../../firmware/text/reason";
import type { RunStages } from "../tools/energy/parts";

/**
 * Does what takes several runs, and says on stderr which one it is at, and about how long it will take.
 *
 * @param count how many there will be, as far as that is known
 * @throws CommandError when one fails
 */
export async function inStages<T>(count: number, work: (stages: RunStages) => Promise<T>): Promise<T> {
  const progress = new Progress(process.stderr);
  let begun = 0;
  let now = "";
  const text = (): string => `${begun} of ${Math.max(count, begun)}: ${now}`;
  const share = (part: number): number => (begun - 1 + part) / Math.max(count, begun);
  const stages: RunStages = {
    begin(run) {
      begun += 1;
      now = run;
      progress.begin(share(0), text());
    },
    onWork: (part) => progress.tell(share(part), text),
  };
  try {
    return await work(stages);
  } catch (error) {
    throw error instanceof CommandError ? error : new CommandError(1, reasonOf(error, "a run failed"));
  } finally {
    progress.end();
  }
}
