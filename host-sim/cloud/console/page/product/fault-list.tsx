/** What the script in force got wrong for devices: how often, and the input that did it a click away. */
import { ago, count } from "../../../page/words";
import { now } from "../connection";
import type { FaultKind } from "../../../script/script-told";

export function FaultList(props: {
  faults: readonly FaultKind[];
  onTry: (fault: FaultKind) => void;
  goTo: (line: number, column?: number) => void;
}) {
  return (
    <section class="card stack" aria-labelledby="script-faults-title">
      <h2 id="script-faults-title">What it got wrong for devices</h2>
      {props.faults.length === 0 && (
        <p class="dim">Nothing, since the script in force was applied or the stand-in was started.</p>
      )}
      <ol id="script-faults" class="fault-list">
        {props.faults.map((each) => {
          const { task, fault, line, column, times, lastAt, input, output } = each;
          return (
            <li key={`${task} ${fault}`}>
              <p>
                <strong>{task}</strong>
                {`: ${fault}`}
              </p>
              <p class="dim">{`${count(times, "time")}, last ${ago(lastAt, now.value).replace(/^now$/, "just now")}`}</p>
              {output !== undefined && <pre>{`gave ${output}`}</pre>}
              <div class="bar">
                {input !== undefined && (
                  <button type="button" onClick={() => props.onTry(each)}>
                    Try with its input
                  </button>
                )}
                {line !== undefined && (
                  <button type="button" class="quiet" onClick={() => props.goTo(line, column)}>
                    {`Line ${line}`}
                  </button>
                )}
              </div>
            </li>
          );
        })}
      </ol>
    </section>
  );
}
