/** One rollout: its stages as they go, who failed and why, and what can be done about it. */
import { useState } from "preact/hooks";
import { Dialog } from "../../../page/dialog";
import { ago, clock, count, grouped } from "../../../page/words";
import { pathOfPlace } from "../../addresses";
import { mayOperate, onlyLooks } from "../access";
import { call } from "../api";
import { now } from "../connection";
import { columnWords, columnsOf, decisions, decisionsFor, percent, standing } from "./rollout";
import type { Decision, Rollout } from "./rollout";

const looks = {
  running: ["running", "◐"],
  waiting: ["waiting", "○"],
  paused: ["waiting", "‖"],
  stopped: ["bad", "✕"],
  aborted: ["over", "–"],
  done: ["good", "●"],
} as const;

export function RolloutCard(props: {
  /** Of the product's rollouts, below /api/v1. */
  readonly path: string;
  readonly rollout: Rollout;
  readonly isFirst: boolean;
  readonly onDone: () => void;
}) {
  const { path, rollout, isFirst, onDone } = props;
  const { rolloutId, state, version, createdAt, stage: current } = rollout;
  const [asks, setAsks] = useState<Decision>();
  const [tone, mark] = looks[state];
  const isReader = !mayOperate.value;
  const columns = columnsOf(rollout);
  const said = standing(rollout, now.value);
  return (
    <article class="task card" data-rollout={rolloutId} data-state={state}>
      <div class="bar">
        <span class={`life-status ${tone}`}>
          <span aria-hidden="true">{mark}</span>
          {state}
        </span>
        <strong>{`to ${version}`}</strong>
        <span class="dim small-text" title={clock(createdAt)}>
          {`rollout ${rolloutId}, ${ago(createdAt, now.value)}`}
        </span>
        <span class="push bar">
          {isFirst &&
            decisionsFor(rollout).map((each) => (
              <button
                key={each}
                type="button"
                disabled={isReader}
                title={isReader ? onlyLooks : undefined}
                onClick={() => setAsks(each)}
              >
                {decisions[each].label}
              </button>
            ))}
        </span>
      </div>
      <p class={state === "stopped" ? "note bad-note" : "dim"} role={isFirst ? "status" : undefined}>
        {said}
      </p>
      <div class="scroll" tabIndex={0} role="group" aria-label="Stages">
        <table class="stages">
          <thead>
            <tr>
              <th>Stage</th>
              <th class="number">devices</th>
              {columns.map((each) => (
                <th key={each} class="number">
                  {columnWords[each]}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rollout.stages.map(({ share, begunAt, devices, counts, progress }, at) => (
              <tr key={at} data-stage={at + 1} aria-current={at + 1 === current ? "step" : undefined}>
                <th scope="row" title={begunAt === undefined ? undefined : clock(begunAt)}>
                  {`${at + 1}: ${percent(share)}`}
                </th>
                <td class="number">{begunAt === undefined ? "–" : grouped(devices)}</td>
                {columns.map((each) => (
                  <td key={each} class={`number ${each === "failed" && counts.failed > 0 ? "bad" : ""}`}>
                    {counts[each] === 0 ? "" : grouped(counts[each])}
                    {each === "upgrading" && progress !== undefined && (
                      <span class="dim" title="the middle one of their steps">{` at ${progress} %`}</span>
                    )}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Reasons rollout={rollout} />
      {asks !== undefined && (
        <Dialog
          title={`${decisions[asks].label}: rollout ${rolloutId} to ${version}?`}
          action={decisions[asks].label}
          isDangerous={asks === "abort"}
          onAction={async () => {
            await call(`${path}/${rolloutId}/${asks}`, "POST");
            onDone();
          }}
          onClose={() => setAsks(undefined)}
        >
          <p>{consequences[asks]}</p>
        </Dialog>
      )}
    </article>
  );
}

const consequences: Readonly<Record<Decision, string>> = {
  pause: "Devices that were not told yet are not until it is resumed. Those that were told go on.",
  resume: "What has failed is let pass: it stops again when as many more fail.",
  retry: "What has failed is told once more, and the rollout goes on.",
  abort: "Upgrades that have not begun are canceled. Those that have begun go on. It cannot be resumed.",
};

/** Why devices failed, or were given no task. */
function Reasons({ rollout: { productKey, stages } }: { rollout: Rollout }) {
  const link = (deviceKey: string) => (
    <a key={deviceKey} href={pathOfPlace({ kind: "device", productKey, deviceKey, tab: "update" })}>
      {deviceKey}
    </a>
  );
  const rows = stages.flatMap(({ failures, skipped }, at) => [
    ...failures.map((each) => ({ ...each, what: "failed", at })),
    ...skipped.map((each) => ({ ...each, deviceKeys: [each.deviceKey], what: "left out", at })),
  ]);
  if (rows.length === 0) return null;
  return (
    <ul class="reasons">
      {rows.map(({ reason, count: devices, deviceKeys, what, at }) => (
        <li key={`${at} ${what} ${reason}`}>
          <span class={what === "failed" ? "bad" : "dim"}>
            {`stage ${at + 1}: ${count(devices, "device")} ${what}: ${reason}`}
          </span>
          <span class="bar small-text">
            {deviceKeys.map(link)}
            {devices > deviceKeys.length && (
              <span class="dim">{`and ${devices - deviceKeys.length} more`}</span>
            )}
          </span>
        </li>
      ))}
    </ul>
  );
}
