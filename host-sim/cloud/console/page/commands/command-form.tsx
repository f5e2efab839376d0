/** The form that sends a command: which one, its fields as the thing model has them, and its times. */
import { useState } from "preact/hooks";
import { CopyButton } from "../../../page/copy";
import { ago, span } from "../../../page/words";
import { ApiFault, call, pathOf } from "../api";
import { mayOperate } from "../access";
import { now } from "../connection";
import { bodyOf, fieldPath } from "./choices";
import { curlCommand } from "./curl-command";
import { draftsOf, emptyDraft, faultsOf, valuesOf } from "./draft";
import { withDraft } from "./prepared-form";
import { timeOfDay } from "./life";
import { ReadableList } from "./readable-list";
import { replySeconds, TimesFields } from "./times-fields";
import { ValueField } from "./value-field";
import { addressedCommand } from "../../../enos/addressed-command";
import { reasonOf } from "../../../reason";
import type { SealView } from "../../../registry/seal-view";
import type { Choice } from "./choices";
import type { FormState } from "./prepared-form";
import type { DeviceTabProps } from "../tab-props";

/** What of the device decides what happens to a command. */
export interface CommandedDevice {
  readonly state: "inactive" | "online" | "offline" | "disabled";
  readonly lastSeen?: number;
  readonly sealed?: Pick<SealView, "opened">;
}

/** How a command of a sealed product goes: in an envelope, or plain to a device that has sealed nothing yet. */
export type CommandSeal = "sealed" | "plain";

export function CommandForm(props: {
  readonly at: DeviceTabProps;
  readonly device: CommandedDevice | undefined;
  /** undefined: the product is plain. */
  readonly seal: CommandSeal | undefined;
  readonly choices: readonly Choice[];
  readonly form: FormState;
  readonly onForm: (form: FormState) => void;
  /** It waits now, under this id. */
  readonly onSent: (id: string) => void;
}) {
  const { at, device, seal, choices, form, onForm, onSent } = props;
  const { choice, drafts, chosen, wait, reply } = form;
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const [isTried, setTried] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<{ readonly path?: string; readonly words: string }>();

  const change = (next: FormState): void => {
    setRefusal(undefined);
    onForm(next);
  };
  const choose = (key: string): void => {
    const next = choices.find((each) => each.key === key);
    if (next === undefined) return;
    setLeft(new Set());
    setTried(false);
    // What both have stays: from one point to several, for one.
    change({
      ...form,
      choice: next,
      drafts: draftsOf(next.fields, valuesOf(choice.fields, drafts)),
      chosen: [],
    });
  };

  const all = faultsOf(choice.fields, drafts);
  if (refusal?.path !== undefined) all.set(refusal.path, refusal.words);
  const shown = new Map([...all].filter(([path]) => isTried || left.has(path) || path === refusal?.path));
  const seconds = replySeconds(reply);
  const isEmpty =
    choice.readable !== undefined
      ? chosen.length === 0
      : choice.key === "set" && choice.fields.length > 1 && isNothing(choice, drafts);
  const asked = {
    kind: choice.kind,
    ...bodyOf(choice, choice.readable === undefined ? valuesOf(choice.fields, drafts) : { points: chosen }),
  };
  const body = {
    ...(seal === "sealed" ? addressedCommand(asked, at.deviceKey) : asked),
    pendingTtl: wait,
    responseTimeout: seconds ?? 30,
  };
  const path = `${pathOf(at)}/commands`;

  const send = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    setTried(true);
    setRefusal(undefined);
    const element = event.currentTarget as HTMLElement;
    if (all.size > 0 || seconds === undefined || isEmpty) {
      // After the fields have been marked.
      setTimeout(() => element.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
      return;
    }
    setBusy(true);
    try {
      const { id } = await call<{ id: string }>(path, "POST", body);
      setTried(false);
      setLeft(new Set());
      onSent(id);
    } catch (error) {
      setRefusal(refusalOf(error, choice));
    } finally {
      setBusy(false);
    }
  };

  const groups = [...new Set(choices.map(({ group }) => group))];
  const isReader = !mayOperate.value;
  return (
    <form
      class="card command-form"
      aria-label="Send a command"
      noValidate
      onSubmit={(event) => void send(event)}
    >
      <div class="value-field">
        <div class="value-label">
          <label for="command-choice">Command</label>
          {choice.identifier !== undefined && <code class="dim">{choice.identifier}</code>}
        </div>
        <select
          id="command-choice"
          value={choice.key}
          onChange={(event) => choose(event.currentTarget.value)}
        >
          {groups.map((group) => (
            <optgroup key={group} label={group}>
              {choices
                .filter((each) => each.group === group)
                .map(({ key, label }) => (
                  <option key={key} value={key}>
                    {label}
                  </option>
                ))}
            </optgroup>
          ))}
        </select>
      </div>
      {choice.fields.map((field) => (
        <ValueField
          key={`${choice.key} ${field.identifier}`}
          field={field}
          draft={drafts[field.identifier] ?? emptyDraft(field)}
          path={field.identifier}
          faults={shown}
          onDraft={(draft) => change(withDraft(form, field.identifier, draft))}
          onLeave={(path) => setLeft((before) => (before.has(path) ? before : new Set([...before, path])))}
        />
      ))}
      {choice.kind === "raw" && <IdFromBytes form={form} onForm={change} />}
      {seal !== undefined && <SealedFor seal={seal} kind={choice.kind} deviceKey={at.deviceKey} />}
      {choice.readable !== undefined && (
        <ReadableList
          points={choice.readable}
          chosen={chosen}
          onChosen={(next) => change({ ...form, chosen: next })}
        />
      )}
      {choice.kind === "service" && choice.fields.length === 0 && (
        <p class="hint">This service has no inputs.</p>
      )}
      {isTried && isEmpty && (
        <p class="bad field-fault" role="alert">
          {choice.kind === "get"
            ? "Choose at least one measure point."
            : "Give at least one measure point a value."}
        </p>
      )}
      <TimesFields
        times={{ wait, reply: seconds ?? 30 }}
        reply={reply}
        faults={{
          wait: refusal?.path === "pendingTtl" ? refusal.words : undefined,
          reply: seconds === undefined ? "expected a whole number of seconds from 1 to 60" : undefined,
        }}
        onWait={(next) => change({ ...form, wait: next })}
        onReply={(next) => change({ ...form, reply: next })}
      />
      <WaitNote device={device} wait={wait} />
      {refusal !== undefined && !shown.has(refusal.path ?? "") && refusal.path !== "pendingTtl" && (
        <p class="note bad-note" role="alert">
          {refusal.words}
        </p>
      )}
      <div class="bar">
        <button
          class="primary"
          disabled={isBusy || isReader}
          aria-describedby={isReader ? "no-rights" : undefined}
        >
          Send
        </button>
        <span class="push bar">
          <CopyButton text={curlCommand("POST", path, body)} label="Copy as curl" />
          <CopyButton text={location.href} label="Copy address" />
        </span>
      </div>
      {isReader && (
        <p id="no-rights" class="hint">
          This token may look and not send. The address of this page brings the prepared command to somebody
          who may.
        </p>
      )}
    </form>
  );
}

/** For whom a command is sealed: what the form puts into the request by itself. */
function SealedFor(props: { seal: CommandSeal; kind: Choice["kind"]; deviceKey: string }) {
  const { seal, kind, deviceKey } = props;
  if (kind === "raw") {
    return <p class="hint">Bytes by hand go as they are. A device that seals obeys an envelope alone.</p>;
  }
  if (seal === "plain") {
    return <p class="hint">This device has sealed nothing yet: the command goes to it in plain.</p>;
  }
  return (
    <div class="value-field">
      <div class="value-label">
        <label for="command-device-key">Sealed for</label>
        <code class="dim">deviceKey</code>
      </div>
      <input id="command-device-key" class="mono" value={deviceKey} readOnly />
      <p class="hint">The request names the device, for the parsing script is told no other.</p>
    </div>
  );
}

/** Says what will become of a command for a device that is not there now. */
function WaitNote({ device, wait }: { device: CommandedDevice | undefined; wait: number }) {
  if (device === undefined || device.state === "online") return null;
  const seen = device.lastSeen === undefined ? "" : `, last seen ${ago(device.lastSeen, now.value)}`;
  const how =
    device.state === "inactive"
      ? "has never been online"
      : device.state === "disabled"
        ? `is disabled${seen}`
        : `is offline${seen}`;
  return (
    <p class="note warn-note">
      {wait === 0
        ? `The device ${how}. A command that waits not at all is refused.`
        : `The device ${how}. The command waits for its next contact, for ${span(wait * 1000)}: until ${timeOfDay(now.value + wait * 1000, now.value)}.`}
    </p>
  );
}

/** Takes the request id out of the bytes, where EnOS's manual and this project's layout have it: bytes 1 to 4. */
function IdFromBytes({ form, onForm }: { form: FormState; onForm: (form: FormState) => void }) {
  const { payload } = valuesOf(form.choice.fields, form.drafts);
  if (typeof payload !== "string" || !/^[0-9a-f]{10,}$/.test(payload)) return null;
  const id = String(parseInt(payload.slice(2, 10), 16));
  if (form.drafts["requestId"] === id) return null;
  return (
    <p class="hint bar">
      {`Bytes 1 to 4 of them are ${id}.`}
      <button type="button" onClick={() => onForm(withDraft(form, "requestId", id))}>
        Take it as the request id
      </button>
    </p>
  );
}

/** Whether a command to set has nothing to set. */
function isNothing(choice: Choice, drafts: FormState["drafts"]): boolean {
  return Object.keys(valuesOf(choice.fields, drafts)).length === 0;
}

/** What the API refused, at its field where it says which: `reference.temperature: expected a number …`. */
function refusalOf(error: unknown, choice: Choice): { readonly path?: string; readonly words: string } {
  const words = reasonOf(error, "it could not be sent");
  if (!(error instanceof ApiFault)) return { words };
  if (error.status === 409 && /not online/.test(words)) {
    return { path: "pendingTtl", words: "the device is not online: choose a time for the command to wait" };
  }
  const [, path, rest] = /^([\w.[\]-]+): (.*)$/s.exec(words) ?? [];
  if (path === undefined || rest === undefined) return { words };
  const field = fieldPath(path);
  const [first] = field.split(/[.[]/);
  if (field === "pendingTtl") return { path: field, words: rest };
  return choice.fields.some(({ identifier }) => identifier === first)
    ? { path: field, words: rest }
    : { words };
}
