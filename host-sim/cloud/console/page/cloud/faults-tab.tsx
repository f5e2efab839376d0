/** Faults made on purpose: what is lost, doubled, late, or refused; all of it for all devices. */
import { useState } from "preact/hooks";
import { Dialog } from "../../../page/dialog";
import { count } from "../../../page/words";
import { mayOperate, onlyLooks } from "../access";
import { call } from "../api";
import { useResource } from "../resource";
import { Unread } from "../unread";
import { faultNames } from "./fault-names";
import { Said } from "./said";
import { useAction } from "./use-action";
import type { CloudEvent } from "../../../events";
import type { Faults } from "../../../coap/faults";

const concerns = (event: CloudEvent): boolean => event.type === "conditions-changed";

export function FaultsTab() {
  const faults = useResource<Faults>("/faults", concerns);
  const down = useResource<{ down: boolean }>("/console/down", concerns);
  if (faults.data === undefined || down.data === undefined) return <Unread resource={faults} />;
  const readAgain = (): void => {
    faults.again();
    down.again();
  };
  return (
    <div class="stack">
      <p class="dim">
        Made on purpose, for all devices at once, to see what they do. They hold until they are switched off
        or the stand-in ends.
      </p>
      <FaultsForm key={JSON.stringify(faults.data)} faults={faults.data} onChange={readAgain} />
      <div class="columns">
        <Outage isDown={down.data.down} onChange={readAgain} />
        <Sessions />
      </div>
    </div>
  );
}

/** @param faults as they are; a change by another operator makes the form anew */
function FaultsForm({ faults, onChange }: { faults: Faults; onChange: () => void }) {
  const action = useAction();
  const shownOf = (name: keyof Faults, unit: string): number =>
    unit === "%" ? Math.round(faults[name] * 100_000) / 1_000 : faults[name];
  const put = (next: Partial<Faults>): void =>
    action.run(async () => {
      const now = await call<Faults>("/faults", "PUT", next);
      onChange();
      const on = faultNames.filter(({ name }) => now[name] > 0).length;
      return on === 0 ? "No fault is on." : `${count(on, "fault")} on.`;
    });
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const given = new FormData(event.currentTarget as HTMLFormElement);
    const next: Partial<Faults> = {};
    for (const { name, unit } of faultNames) {
      const value = Number(given.get(name));
      next[name] = unit === "%" ? value / 100 : value;
    }
    put(next);
  };
  const none = Object.fromEntries(faultNames.map(({ name }) => [name, 0])) as Partial<Faults>;
  const isAnyOn = faultNames.some(({ name }) => faults[name] > 0);
  return (
    <form class="card stack" onSubmit={submit} title={mayOperate.value ? undefined : onlyLooks}>
      <h2>Network and server</h2>
      <fieldset disabled={!mayOperate.value} class="faults">
        {faultNames.map(({ name, label, hint, unit, most }) => (
          <label key={name} class={faults[name] > 0 ? "fault on" : "fault"}>
            <span>{label}</span>
            <span class="amount">
              <input
                name={name}
                type="number"
                min="0"
                max={most}
                step="any"
                required
                defaultValue={String(shownOf(name, unit))}
                aria-describedby={`${name}-hint`}
              />
              {unit}
            </span>
            <span id={`${name}-hint`} class="hint">
              {hint}
            </span>
          </label>
        ))}
      </fieldset>
      <div class="bar">
        <button class="primary" disabled={!mayOperate.value || action.isBusy}>
          Apply
        </button>
        <button
          type="button"
          disabled={!mayOperate.value || action.isBusy || !isAnyOn}
          onClick={() => put(none)}
        >
          Switch all off
        </button>
        <Said said={action.said} />
      </div>
    </form>
  );
}

function Outage({ isDown, onChange }: { isDown: boolean; onChange: () => void }) {
  const action = useAction();
  const press = (): void =>
    action.run(async () => {
      await call("/console/down", "PUT", { down: !isDown });
      onChange();
      return isDown ? "The cloud answers again." : "The cloud is down.";
    });
  return (
    <section class="card stack" aria-labelledby="outage">
      <h2 id="outage">Outage</h2>
      <p>
        {isDown
          ? "The cloud swallows every datagram and sends none. Its clock goes on: sessions lapse and commands time out."
          : "The cloud answers. In an outage it swallows every datagram and sends none."}
      </p>
      <div class="bar">
        <button
          type="button"
          class={isDown ? "primary" : "danger"}
          disabled={!mayOperate.value}
          onClick={press}
        >
          {isDown ? "End the outage" : "Begin an outage"}
        </button>
        <Said said={action.said} />
      </div>
    </section>
  );
}

function Sessions() {
  const [isAsking, setAsking] = useState(false);
  const [ended, setEnded] = useState<number>();
  return (
    <section class="card stack" aria-labelledby="sessions">
      <h2 id="sessions">Sessions</h2>
      <p>
        A server that was restarted or restored knows none of them any more: each device has to authenticate
        anew.
      </p>
      <div class="bar">
        <button type="button" class="danger" disabled={!mayOperate.value} onClick={() => setAsking(true)}>
          End all sessions
        </button>
        {ended !== undefined && (
          <p role="status" class="good">
            {`${count(ended, "session")} ended.`}
          </p>
        )}
      </div>
      {isAsking && (
        <Dialog
          title="End all sessions?"
          action="End all sessions"
          isDangerous
          onClose={() => setAsking(false)}
          onAction={async () => {
            const { sessions } = await call<{ sessions: number }>("/faults/forget-sessions", "POST");
            setEnded(sessions);
          }}
        >
          <p>
            Every device that is online goes offline at once, and has to authenticate before it can report
            again. What it reports until then is refused. This cannot be taken back.
          </p>
        </Dialog>
      )}
    </section>
  );
}
