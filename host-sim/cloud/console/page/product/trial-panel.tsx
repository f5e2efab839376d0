/** The script as it stands in the editor, tried in both directions over what devices really sent. */
import { useEffect, useId, useState } from "preact/hooks";
import { unitSign } from "../../../page/quantity";
import { ago, bytes as byteCount } from "../../../page/words";
import { now } from "../connection";
import { samplesOfModel, spacedHex } from "./trial-input";
import type { ScriptSample } from "../../../script/script-told";
import type { Trial } from "../../script-answers";
import type { Model, ModelPoint } from "../../../../model/model";
import type { Tried } from "./use-trial";
import type { Way } from "./trial-input";

const taskWords = {
  report: "report",
  reply: "reply to a command",
  answer: "answer to a report",
  command: "command",
} as const;

interface TrialPanelProps {
  readonly way: Way;
  readonly onWay: (way: Way) => void;
  readonly input: string;
  readonly onInput: (text: string) => void;
  readonly samples: readonly ScriptSample[];
  readonly model: Model | undefined;
  readonly tried: Tried;
  readonly hasScript: boolean;
  readonly goTo: (line: number, column?: number) => void;
}

export function TrialPanel(props: TrialPanelProps) {
  const { way, onWay, input, onInput, tried, hasScript } = props;
  const field = useId();
  const isUp = way === "up";
  return (
    <section class="card stack trial" aria-label="Try the script">
      <div class="bar">
        <h2>Try it</h2>
        <div class="segments push" role="group" aria-label="Direction">
          <button type="button" aria-pressed={isUp} onClick={() => onWay("up")}>
            Bytes to JSON
          </button>
          <button type="button" aria-pressed={!isUp} onClick={() => onWay("down")}>
            JSON to bytes
          </button>
        </div>
      </div>
      <Samples {...props} />
      <label class="field" for={field}>
        <span>{isUp ? "Bytes of a device, hexadecimal" : "JSON for a device"}</span>
        <textarea
          id={field}
          rows={isUp ? 4 : 8}
          spellcheck={false}
          autocomplete="off"
          value={input}
          placeholder={isUp ? "01 00 00 00 14 01 00 04" : '{ "id": "1", "code": 200, "data": "" }'}
          aria-invalid={tried.problem !== undefined}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
      </label>
      <div id="script-result" role="status" class={tried.isStale ? "stack stale-result" : "stack"}>
        {tried.problem !== undefined && <p class="bad">{tried.problem}</p>}
        {!hasScript && <p class="dim">There is no script to try yet.</p>}
        {tried.trial !== undefined && (
          <Result trial={tried.trial} isUp={isUp} model={props.model} goTo={props.goTo} />
        )}
      </div>
    </section>
  );
}

/** Real inputs, each a click away, and for JSON what the model allows. */
function Samples({ way, samples, model, onInput }: TrialPanelProps) {
  const [isAll, setAll] = useState(false);
  const isUp = way === "up";
  const real = samples.filter(({ task }) => (task === "report" || task === "reply") === isUp);
  const most = isAll ? real.length : 4;
  useEffect(() => setAll(false), [way]);
  return (
    <div class="samples">
      <h3>From devices</h3>
      {real.length === 0 && (
        <p class="dim">
          {isUp
            ? "No device has sent raw bytes since the stand-in was started."
            : "Nothing went down to a device as bytes since the stand-in was started."}
        </p>
      )}
      <ul>
        {real.slice(0, most).map(({ task, at, input, deviceKey }) => (
          <li key={`${task} ${input}`}>
            <button
              type="button"
              class="quiet sample"
              onClick={() => onInput(isUp ? spacedHex(input) : indented(input))}
            >
              <span class="sample-what">
                {taskWords[task]}
                <span class="dim">{` · ${deviceKey === undefined ? "" : `${deviceKey} · `}${ago(at, now.value)}`}</span>
              </span>
              <span class="mono sample-input">{shortened(input)}</span>
            </button>
          </li>
        ))}
      </ul>
      {real.length > most && (
        <button type="button" class="quiet" onClick={() => setAll(true)}>
          {`Show all ${real.length}`}
        </button>
      )}
      {!isUp && (
        <>
          <h3>From the thing model</h3>
          <div class="bar">
            {samplesOfModel(model, samples.find(({ deviceKey }) => deviceKey !== undefined)?.deviceKey).map(
              ({ name, json }) => (
                <button key={name} type="button" class="chip" onClick={() => onInput(json)}>
                  {name}
                </button>
              ),
            )}
          </div>
        </>
      )}
    </div>
  );
}

interface ResultProps {
  readonly trial: Trial;
  readonly isUp: boolean;
  readonly model: Model | undefined;
  readonly goTo: (line: number, column?: number) => void;
}

function Result({ trial, isUp, model, goTo }: ResultProps) {
  const { fault, line, column, output, json, bytes, verdict, sealed } = trial;
  if (fault !== undefined) {
    return (
      <div class="note bad-note stack">
        <p>
          <strong>{trial.isCompileFault === true ? "No script: " : "It failed: "}</strong>
          {fault}
        </p>
        {line !== undefined && (
          <div class="bar">
            <button type="button" onClick={() => goTo(line, column)}>
              {`Go to line ${line}${column === undefined ? "" : `, column ${column}`}`}
            </button>
          </div>
        )}
        {output !== undefined && <pre>{`It returned ${output}`}</pre>}
      </div>
    );
  }
  if (json === undefined && bytes === undefined) return <p class="good">The script compiles.</p>;
  return (
    <>
      {sealed !== undefined && (
        <p>
          {`It opened envelope ${sealed.counter} of start ${sealed.salt} of device ${sealed.deviceKey}${sealed.root === 1 ? ", under the older key" : ""}.`}
        </p>
      )}
      {verdict !== undefined && (
        <p class={verdict.refused === undefined ? "good" : "bad"}>
          <strong>{verdict.what}</strong>
          {verdict.refused === undefined
            ? isUp || verdict.what.startsWith("command")
              ? ": the thing model takes it"
              : ""
            : `: refused${verdict.refused.code === undefined ? "" : ` with ${verdict.refused.code}`}: ${verdict.refused.reason}`}
        </p>
      )}
      {bytes !== undefined && (
        <div>
          <h3>{`Bytes (${byteCount(bytes.length / 2)})`}</h3>
          <pre class="made">{bytes === "" ? "none" : spacedHex(bytes)}</pre>
        </div>
      )}
      {isUp && verdict !== undefined && verdict.values.length > 0 && (
        <Values values={verdict.values} points={model?.measurepoints ?? []} />
      )}
      {json !== undefined && (
        <details open={verdict === undefined || verdict.values.length === 0}>
          <summary>JSON</summary>
          <pre class="made">{JSON.stringify(json, null, 2)}</pre>
        </details>
      )}
    </>
  );
}

function Values(props: { values: NonNullable<Trial["verdict"]>["values"]; points: readonly ModelPoint[] }) {
  return (
    <div class="scroll" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th>Identifier</th>
            <th>Value</th>
            <th>The model</th>
          </tr>
        </thead>
        <tbody>
          {props.values.map(({ identifier, value, fault }, i) => {
            const unit = props.points.find((each) => each.identifier === identifier)?.unit;
            return (
              <tr key={`${i} ${identifier}`}>
                <td>{identifier}</td>
                <td class="mono">{`${textOf(value)}${unit === undefined ? "" : ` ${unitSign(unit)}`}`}</td>
                <td class={fault === undefined ? "good" : "bad"}>{fault ?? "takes it"}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function shortened(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function indented(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json), null, 2);
  } catch {
    return json;
  }
}
