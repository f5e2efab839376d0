/** The commands of a device, the newest first, and the life of each as it goes. */
import { useEffect, useRef, useState } from "preact/hooks";
import { Dialog } from "../../../page/dialog";
import { count, grouped } from "../../../page/words";
import { Empty } from "../../../page/empty";
import { VirtualRows } from "../../../page/virtual-rows";
import { mayOperate, onlyLooks } from "../access";
import { call, pathOf } from "../api";
import { query, setQuery } from "../route";
import { ahead, statuses, statusWords } from "./command";
import { CommandDetail } from "./command-detail";
import { CommandRow, rowHeight } from "./command-row";
import { titleOf } from "./value-words";
import { reasonOf } from "../../../reason";
import type { Model } from "../../../../model/model";
import type { DeviceTabProps } from "../tab-props";
import type { Command, Status } from "./command";

export function CommandList(props: {
  readonly at: DeviceTabProps;
  /** The oldest first, as the API has them. */
  readonly commands: readonly Command[];
  readonly model: Model | undefined;
  readonly isOnline: boolean;
  /** Fills the form with one; undefined for one that no form makes. */
  readonly againOf: (command: Command) => (() => void) | undefined;
  /** What to type in a terminal to send the first. */
  readonly example: string;
}) {
  const { at, commands, model, isOnline, againOf, example } = props;
  const [fault, setFault] = useState<string>();
  const [asks, setAsks] = useState(false);
  const chosen = statuses.find((status) => status === query.value.get("status"));
  const open = query.value.get("open") ?? undefined;
  const shown = commands.filter(({ status }) => chosen === undefined || status === chosen).reverse();
  const waiting = commands.filter(({ status }) => status === "pending").length;
  const opened = shown.findIndex(({ id }) => id === open);
  const detail = useRef<HTMLDivElement>(null);
  const isThere = opened >= 0;
  // One that was just sent, or that an address names, may be far away.
  useEffect(() => {
    if (isThere) detail.current?.scrollIntoView({ block: "nearest" });
  }, [open, isThere]);

  if (commands.length === 0) {
    return (
      <section class="stack" aria-label="Commands">
        <Empty title="No command was sent to this device yet" command={example}>
          The form sends one; so does a terminal. What becomes of it shows here as it goes.
        </Empty>
        <HowItGoes />
      </section>
    );
  }
  const revoke = async (path: string): Promise<void> => {
    setFault(undefined);
    try {
      await call(path, "POST");
    } catch (error) {
      // It may have left in the meantime: the list says so in a moment.
      setFault(reasonOf(error, "it could not be revoked"));
    }
  };
  const row = (place: number) => {
    const command = shown[place];
    return (
      <CommandRow
        key={command.id}
        {...{ command, model, isOnline, ahead: ahead(command, commands), isOpen: command.id === open }}
        onOpen={() => setQuery({ open: command.id === open ? undefined : command.id })}
        onAgain={againOf(command)}
        onRevoke={() => void revoke(`/commands/${command.id}/revoke`)}
      />
    );
  };
  return (
    <section class="command-list" aria-label="Commands">
      <div class="bar">
        <StatusChips commands={commands} chosen={chosen} />
        {waiting > 0 && (
          <button
            type="button"
            class="push"
            disabled={!mayOperate.value}
            title={mayOperate.value ? undefined : onlyLooks}
            onClick={() => setAsks(true)}
          >
            {waiting === 1 ? "Revoke the one that waits" : `Revoke all ${waiting} that wait`}
          </button>
        )}
      </div>
      {fault !== undefined && (
        <p class="note bad-note" role="alert">
          {fault}
        </p>
      )}
      {shown.length === 0 ? (
        <p class="card dim">
          {`None is ${statusWords[chosen!]}. `}
          <a href={addressWithout("status")}>Show all</a>
        </p>
      ) : (
        <div class="command-rows card">
          <VirtualRows
            count={opened < 0 ? shown.length : opened + 1}
            height={rowHeight}
            row={row}
            keyOf={(place) => shown[place].id}
          />
          {isThere && (
            <div ref={detail} class="command-detail-place">
              <CommandDetail
                {...{ at, model, isOnline, command: shown[opened], ahead: ahead(shown[opened], commands) }}
                onAgain={againOf(shown[opened])}
              />
            </div>
          )}
          {isThere && opened + 1 < shown.length && (
            <VirtualRows
              count={shown.length - opened - 1}
              height={rowHeight}
              row={(place) => row(opened + 1 + place)}
              keyOf={(place) => shown[opened + 1 + place].id}
            />
          )}
        </div>
      )}
      <p class="seen-by-readers" role="status">
        {opened < 0 ? "" : `${titleOf(shown[opened], model).what}: ${statusWords[shown[opened].status]}`}
      </p>
      <p class="hint">
        {`${count(commands.length, "command")} kept. The stand-in keeps the last 100 that are over, and at most 50 wait for a device.`}
      </p>
      {asks && (
        <Dialog
          title={`Revoke ${count(waiting, "command")}?`}
          action="Revoke"
          isDangerous
          onAction={async () => void (await call(`${pathOf(at)}/commands/revoke`, "POST"))}
          onClose={() => setAsks(false)}
        >
          <p>None of the commands that wait for this device will be sent. What has been sent stays.</p>
        </Dialog>
      )}
    </section>
  );
}

/** What the statuses will say. */
function HowItGoes() {
  return (
    <ol class="command-how">
      <li>
        <h3>Waiting</h3>
        <p class="dim">
          A device behind NB-IoT cannot be called. The command waits for its next contact, at most two days,
          behind those that wait already. Until it is sent it can be revoked.
        </p>
      </li>
      <li>
        <h3>Sent</h3>
        <p class="dim">
          It goes along with the answer to whatever the device says (option 2102), or is announced there
          (option 2100) and fetched. One at a time: the next goes when this one is over.
        </p>
      </li>
      <li>
        <h3>Answered, or not</h3>
        <p class="dim">
          The device replies with a code, 200 for success, and data. Without a reply in time it has timed out;
          one that comes later is shown and changes nothing.
        </p>
      </li>
    </ol>
  );
}

function StatusChips({ commands, chosen }: { commands: readonly Command[]; chosen: Status | undefined }) {
  const counts = new Map<Status, number>();
  for (const { status } of commands) counts.set(status, (counts.get(status) ?? 0) + 1);
  const chip = (status: Status | undefined, words: string, number: number) => (
    <button
      key={words}
      type="button"
      class="chip"
      aria-pressed={chosen === status}
      onClick={() => setQuery({ status })}
    >
      {words}
      <span class="dim">{grouped(number)}</span>
    </button>
  );
  return (
    <div class="bar status-chips" role="group" aria-label="Which commands">
      {chip(undefined, "all", commands.length)}
      {statuses
        .filter((status) => counts.has(status) || status === chosen)
        .map((status) => chip(status, statusWords[status], counts.get(status) ?? 0))}
    </div>
  );
}

function addressWithout(name: string): string {
  const rest = new URLSearchParams(query.value);
  rest.delete(name);
  return `${location.pathname}${rest.size === 0 ? "" : `?${rest.toString()}`}`;
}
