/** The upgrades of a device: the one that goes on, and those that are over. */
import { useState } from "preact/hooks";
import { Dialog } from "../../../page/dialog";
import { Empty } from "../../../page/empty";
import { ago, clock } from "../../../page/words";
import { mayOperate, onlyLooks } from "../access";
import { call } from "../api";
import { now } from "../connection";
import { Steps } from "../steps";
import { isTaskOver, taskSteps, taskWords } from "./firmware";
import type { UpgradeTask } from "./firmware";

const tones = {
  init: "waiting",
  published: "running",
  upgrading: "running",
  succeeded: "good",
  failed: "bad",
  canceled: "over",
} as const;
const marks = { waiting: "○", running: "◐", good: "●", bad: "✕", over: "–" } as const;

export function Tasks({ tasks, onDone }: { tasks: readonly UpgradeTask[]; onDone: () => void }) {
  if (tasks.length === 0) {
    return (
      <Empty title="No upgrade yet">
        One begins with a file of the product: choose “Upgrade to this” beside it. How far it is shows here as
        it goes.
      </Empty>
    );
  }
  const [first, ...rest] = tasks;
  return (
    <section class="stack" aria-label="Upgrades">
      <Task task={first} isFirst onDone={onDone} />
      {rest.length > 0 && (
        <>
          <h2>Before</h2>
          <div class="task-history card">
            {rest.map((task) => (
              <Task key={task.taskId} task={task} isFirst={false} onDone={onDone} />
            ))}
          </div>
        </>
      )}
    </section>
  );
}

function Task({ task, isFirst, onDone }: { task: UpgradeTask; isFirst: boolean; onDone: () => void }) {
  const { taskId, status, fromVersion, toVersion, policy, progress, desc, createdAt, updatedAt } = task;
  const [asks, setAsks] = useState<"cancel" | "retry">();
  const tone = tones[status];
  const current = now.value;
  const isRunning = status === "upgrading" || status === "succeeded";
  const isReader = !mayOperate.value;
  return (
    <article class={`task ${isFirst ? "card" : ""}`} data-task={taskId} data-status={status}>
      <div class="bar">
        <span class={`life-status ${tone}`}>
          <span aria-hidden="true">{marks[tone]}</span>
          {taskWords[status]}
        </span>
        <strong>{`${fromVersion} → ${toVersion}`}</strong>
        <span class="dim small-text" title={clock(createdAt)}>
          {`task ${taskId}, ${policy === "push" ? "sent to the device" : "told when it asks"}, ${ago(createdAt, current)}`}
        </span>
        <span class="push bar">
          {(status === "init" || status === "published") && (
            <button
              type="button"
              disabled={isReader}
              title={isReader ? onlyLooks : undefined}
              onClick={() => setAsks("cancel")}
            >
              Cancel
            </button>
          )}
          {status === "failed" && isFirst && (
            <button
              type="button"
              disabled={isReader}
              title={isReader ? onlyLooks : undefined}
              onClick={() => setAsks("retry")}
            >
              Try again
            </button>
          )}
        </span>
      </div>
      {isFirst && isRunning && (
        <div class="progress-line">
          <progress max={100} value={progress ?? 0} aria-label="Progress of the upgrade" />
          <span class="mono">{`${progress ?? 0} %`}</span>
        </div>
      )}
      {desc !== undefined && desc !== "" && (
        <p class="task-said">
          <span>{desc}</span>
          <span class="dim">{ago(updatedAt, current)}</span>
        </p>
      )}
      {isFirst ? (
        <Steps label="Steps of the upgrade" steps={taskSteps(task, current)} />
      ) : (
        isTaskOver(task) && (
          <p class="dim small-text">
            {taskSteps(task, current)
              .slice(-1)
              .map(
                ({ label, at, note }) =>
                  `${label}${at === undefined ? "" : ` ${clock(at)}`}${note ? `: ${note}` : ""}`,
              )}
          </p>
        )
      )}
      {asks !== undefined && (
        <Dialog
          title={
            asks === "cancel"
              ? `Cancel the upgrade to ${toVersion}?`
              : `Begin the upgrade to ${toVersion} anew?`
          }
          action={asks === "cancel" ? "Cancel the upgrade" : "Try again"}
          isDangerous={asks === "cancel"}
          onAction={async () => {
            await call(`/ota-tasks/${taskId}/${asks}`, "POST");
            onDone();
          }}
          onClose={() => setAsks(undefined)}
        >
          <p>
            {asks === "cancel"
              ? status === "init"
                ? "The device has not been told of it, and will not be."
                : "The device has been told of it. If it begins all the same, its progress is refused with 764."
              : "The device is told once more, and fetches the file from its beginning or where it stopped, as it does."}
          </p>
        </Dialog>
      )}
    </article>
  );
}
