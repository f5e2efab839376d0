/** A rollout as the API shows it, and its parts in words. */
import { ago, span } from "../../../page/words";
import { taskWords } from "./firmware";
import type { RolloutView } from "../../../ota/rollout-view";
import type { TaskStatus } from "./firmware";

/** Durations are in seconds, times epoch ms. */
export type Rollout = RolloutView;

/** What can be done with one, and what the button says. */
export type Decision = "pause" | "resume" | "retry" | "abort";
export const decisions: Readonly<Record<Decision, { label: string; in: readonly Rollout["state"][] }>> = {
  pause: { label: "Pause", in: ["running", "waiting"] },
  resume: { label: "Resume", in: ["paused", "stopped"] },
  retry: { label: "Try failed ones again", in: ["running", "waiting", "paused", "stopped", "done"] },
  abort: { label: "Abort", in: ["running", "waiting", "paused", "stopped"] },
};

/** The columns of its stages' devices, in the order in which an upgrade comes to them; nothing is canceled in most. */
export function columnsOf({ stages }: Pick<Rollout, "stages">): TaskStatus[] {
  const usual = ["init", "published", "upgrading", "succeeded", "failed"] as const;
  return stages.some(({ counts }) => counts.canceled > 0) ? [...usual, "canceled"] : [...usual];
}

/** The head of a column. */
export const columnWords: Readonly<Record<TaskStatus, string>> = { ...taskWords, init: "waiting" };

/** What may be decided of it now. */
export function decisionsFor({ state, stages }: Pick<Rollout, "state" | "stages">): Decision[] {
  const hasFailed = stages.some(({ counts }) => counts.failed > 0);
  return (Object.keys(decisions) as Decision[]).filter(
    (each) => decisions[each].in.includes(state) && (each !== "retry" || hasFailed),
  );
}

/** Where it stands, in a sentence. @param now epoch ms */
export function standing({ state, stage, stages, nextAt, reason, endedAt }: Rollout, now: number): string {
  switch (state) {
    case "running":
      return `stage ${stage} of ${stages.length} goes on`;
    case "waiting":
      return nextAt! > now
        ? `stage ${stage + 1} of ${stages.length} begins in ${span(nextAt! - now)}`
        : `stage ${stage + 1} of ${stages.length} begins now`;
    case "paused":
      return "who was not told yet is not; who is at it goes on";
    case "stopped":
      return reason ?? "";
    case "aborted":
    case "done":
      return `ended ${ago(endedAt, now)}`;
  }
}

/** A share in percent: `1 %`. */
export function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`;
}

/** Shares as they are typed, in percent; undefined for what are none. */
export function sharesIn(text: string): number[] | undefined {
  const shares = text
    .split(/[\s,;%]+/)
    .filter((each) => each !== "")
    .map(Number);
  const rises = shares.every((each, at) => each > (at === 0 ? 0 : shares[at - 1]) && each <= 100);
  return shares.length > 0 && shares.length <= 16 && rises ? shares.map((each) => each / 100) : undefined;
}
