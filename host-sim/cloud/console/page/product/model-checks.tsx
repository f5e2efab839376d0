/** Beside the model's editor: what is wrong, what was noted, and what applying would change. */
import { count } from "../../../page/words";
import { modelChanges } from "./model-changes";
import { modelWords } from "./model-tables";
import type { Checked } from "./use-model-check";
import type { Model } from "../../../../model/model";

export function ModelChecks(props: {
  checked: Checked;
  notes: readonly string[];
  isEdited: boolean;
  inForce: Model | undefined;
  goTo: (line: number, column?: number) => void;
  onRewrite: (model: unknown) => void;
}) {
  const { checked, notes, isEdited, inForce, goTo } = props;
  const { jsonFault, check, problem, marks } = checked;
  const errors = marks.filter(({ severity }) => severity === "error");
  const next = check?.model as Model | undefined;
  const changes = next === undefined ? [] : modelChanges(inForce, next);
  return (
    <>
      <section class="card stack" aria-label="What the stand-in says to it">
        <h2>{errors.length > 0 ? count(errors.length, "fault") : "Check"}</h2>
        <div id="model-result" role="status" class="stack">
          {problem !== undefined && <p class="bad">{problem}</p>}
          {jsonFault !== undefined && (
            <p class="bad">{`not JSON, line ${jsonFault.line} column ${jsonFault.column}: ${jsonFault.what}`}</p>
          )}
          {(check?.faults ?? []).map(({ path, problem: wrong, remedy }) => (
            <p key={`${path} ${wrong}`} class="bad">{`${path}: ${wrong}; ${remedy}`}</p>
          ))}
          {next !== undefined && <p class="good">{modelWords(next)}</p>}
          {check?.meanings.map(({ path, problem: wrong, remedy }) => (
            <p key={path} class="warn">{`${wrong}; ${remedy}`}</p>
          ))}
        </div>
        {marks.length > 0 && (
          <div class="bar">
            {marks.slice(0, 8).map(({ line, column }) => (
              <button
                key={`${line} ${column}`}
                type="button"
                class="quiet"
                onClick={() => goTo(line, column)}
              >
                {`Line ${line}`}
              </button>
            ))}
          </div>
        )}
        {[...notes, ...(notes.length === 0 ? (check?.notes ?? []) : [])].map((note) => (
          <p key={note} class="dim">
            {note}
          </p>
        ))}
        {check?.isEnos === true && next !== undefined && (
          <div class="bar">
            <button type="button" onClick={() => props.onRewrite(next)}>
              Show it as model.json
            </button>
          </div>
        )}
      </section>
      {isEdited && next !== undefined && inForce !== undefined && (
        <section class="card stack" aria-label="What applying would change">
          <h2>{changes.length === 0 ? "It says what is in force" : count(changes.length, "change")}</h2>
          <ul class="changes">
            {changes.map(({ what, how, isFelt }) => (
              <li key={`${what} ${how}`} class={isFelt ? "warn" : undefined}>
                <strong>{what}</strong>
                {` ${how}`}
              </li>
            ))}
          </ul>
          {changes.some((each) => each.isFelt) && (
            <p class="hint">Coloured: devices in the field will notice.</p>
          )}
        </section>
      )}
    </>
  );
}
