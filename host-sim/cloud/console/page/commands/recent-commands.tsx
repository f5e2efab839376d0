/** The commands that were sent last, each once: one click fills the form with it, and nothing is sent. */
import { titleOf } from "./value-words";
import { askedBody } from "./command-detail";
import type { Model } from "../../../../model/model";
import type { Command } from "./command";

const most = 4;

export function RecentCommands(props: {
  readonly commands: readonly Command[];
  readonly model: Model | undefined;
  readonly againOf: (command: Command) => (() => void) | undefined;
}) {
  const { commands, model, againOf } = props;
  const recent: { readonly key: string; readonly command: Command; readonly fill: () => void }[] = [];
  const seen = new Set<string>();
  for (const command of [...commands].reverse()) {
    const fill = againOf(command);
    const { kind, service, points, inputs, payload } = command;
    const key = JSON.stringify([kind, service, points, inputs, payload]);
    if (fill === undefined || askedBody(command) === undefined || seen.has(key)) continue;
    seen.add(key);
    recent.push({ key, command, fill });
    if (recent.length === most) break;
  }
  if (recent.length === 0) return null;
  return (
    <div class="bar status-chips recent" role="group" aria-label="Sent lately; a click fills the form">
      <span class="dim">Lately</span>
      {recent.map(({ key, command, fill }) => {
        const title = titleOf(command, model);
        const words = `${title.what}${title.with === "" ? "" : `: ${title.with}`}`;
        return (
          <button key={key} type="button" class="chip" title={words} onClick={fill}>
            <span class="cut-text">{words}</span>
          </button>
        );
      })}
    </div>
  );
}
