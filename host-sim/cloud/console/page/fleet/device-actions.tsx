/** What an operator does to devices, one or several that are marked: each asks first, and names what follows from it. */
import { useState } from "preact/hooks";
import { Dialog } from "../../../page/dialog";
import { count } from "../../../page/words";
import { mayOperate, onlyLooks } from "../access";
import { call, pathOf } from "../api";
import { forEach } from "./for-each";
import type { ComponentChildren } from "preact";
import type { DeviceState } from "../../../registry/registry";

export interface ActedOn {
  readonly productKey: string;
  readonly deviceKey: string;
  readonly name?: string | undefined;
  readonly state: DeviceState;
}

export type ActionName = "disable" | "enable" | "end" | "rename" | "forget";

interface DialogParts {
  readonly name: ActionName;
  readonly devices: readonly ActedOn[];
  /** Of the devices, those that it changes something about. */
  readonly on: readonly ActedOn[];
  readonly onClose: () => void;
  /** It has been done. */
  readonly onDone: (name: ActionName) => void;
}

const isDisabled = ({ state }: ActedOn): boolean => state === "disabled";

/** Of these devices, those that an action changes something about. */
function concerned(action: ActionName, devices: readonly ActedOn[]): readonly ActedOn[] {
  switch (action) {
    case "disable":
      return devices.filter((each) => !isDisabled(each));
    case "enable":
      return devices.filter(isDisabled);
    case "end":
      return devices.filter(({ state }) => state === "online");
    case "rename":
      return devices.length === 1 ? devices : [];
    case "forget":
      return devices;
  }
}

const labels: Readonly<Record<ActionName, string>> = {
  disable: "Disable",
  enable: "Enable",
  end: "End the session",
  rename: "Rename",
  forget: "Forget",
};

/** An action that is asked about, with the devices as they were then: marks and states go on changing under the dialog. */
export interface Asked {
  readonly name: ActionName;
  readonly devices: readonly ActedOn[];
}

/**
 * The buttons for some devices; those that would change nothing are left out.
 * @param names which of the actions, in their order
 */
export function ActionButtons(props: {
  readonly devices: readonly ActedOn[];
  readonly names: readonly ActionName[];
  readonly onAsk: (asked: Asked) => void;
}) {
  const { devices, names, onAsk } = props;
  return (
    <>
      {names.map((name) => {
        const on = concerned(name, devices);
        if (on.length === 0) return null;
        const many = name === "end" && devices.length > 1 ? "s" : "";
        const some = on.length < devices.length ? ` ${on.length}` : "";
        return (
          <button
            key={name}
            type="button"
            class={name === "forget" ? "danger" : undefined}
            disabled={!mayOperate.value}
            title={mayOperate.value ? undefined : onlyLooks}
            onClick={() => onAsk({ name, devices })}
          >
            {`${labels[name]}${many}${some}`}
          </button>
        );
      })}
    </>
  );
}

/** The dialog that asks; it outlives the buttons, for what they are about may go while it is open. */
export function AskedDialog({ asked, onClose, onDone }: AskedDialogProps) {
  if (asked === undefined) return null;
  const { name, devices } = asked;
  return <ActionDialog {...{ name, devices, onClose, onDone }} on={concerned(name, devices)} />;
}

interface AskedDialogProps {
  readonly asked: Asked | undefined;
  readonly onClose: () => void;
  readonly onDone: (name: ActionName) => void;
}

function ActionDialog(parts: DialogParts) {
  switch (parts.name) {
    case "rename":
      return <Rename {...parts} />;
    case "disable":
      return (
        <Asking {...parts} verb="Disable" isDangerous work={post("disable")}>
          <li>Whatever {they(parts)} asks is answered 4.03 Forbidden, until enabled again.</li>
          <li>Commands for {them(parts)} wait, and expire in their time.</li>
          <li>What was reported stays.</li>
        </Asking>
      );
    case "enable":
      return (
        <Asking {...parts} verb="Enable" work={post("enable")}>
          <li>Each device may authenticate again; until it does so it is offline.</li>
        </Asking>
      );
    case "end":
      return (
        <Asking {...parts} verb="End the session of" isDangerous work={post("forget-session")}>
          <li>The next request is answered 4.01 Unauthorized, and the device has to authenticate anew.</li>
          <li>Commands that need the device to be online fail.</li>
        </Asking>
      );
    case "forget":
      return (
        <Asking {...parts} verb="Forget" isDangerous work={(device) => call(pathOf(device), "DELETE")}>
          <li>All readings, events, attributes and tags are deleted.</li>
          <li>Commands that wait are dropped, and upgrades end.</li>
          <li>Whatever {they(parts)} asks is answered 4.01, until registered again with a secret.</li>
          <li>This cannot be undone.</li>
        </Asking>
      );
  }
}

const they = ({ on }: DialogParts): string => (on.length === 1 ? "the device" : "one of them");
const them = ({ on }: DialogParts): string => (on.length === 1 ? "it" : "them");

const post =
  (what: string) =>
  (device: ActedOn): Promise<unknown> =>
    call(`${pathOf(device)}/${what}`, "POST");

interface AskingProps extends DialogParts {
  readonly verb: string;
  readonly isDangerous?: boolean;
  readonly work: (device: ActedOn) => Promise<unknown>;
  readonly children: ComponentChildren;
}

/** Devices named before it says how many more there are. */
const mostNamed = 5;

function Asking({ name, on, verb, isDangerous, work, children, onClose, onDone }: AskingProps) {
  const [done, setDone] = useState(0);
  const what = on.length === 1 ? calledBy(on[0]) : count(on.length, "device");
  const act = async (): Promise<void> => {
    await forEach(on, work, setDone);
    onDone(name);
  };
  return (
    <Dialog
      title={`${verb} ${what}?`}
      action={on.length === 1 ? verb.split(" ")[0] : `${verb.split(" ")[0]} ${count(on.length, "device")}`}
      isDangerous={isDangerous === true}
      onAction={act}
      onClose={onClose}
    >
      {on.length > 1 && (
        <p class="dim named">
          {on.slice(0, mostNamed).map(calledBy).join(", ")}
          {on.length > mostNamed ? ` and ${on.length - mostNamed} more` : ""}
        </p>
      )}
      <ul class="follows">{children}</ul>
      {done > 0 && on.length > 1 && (
        <progress max={on.length} value={done} aria-label={`${done} of ${on.length} done`} />
      )}
    </Dialog>
  );
}

export function calledBy({ name, deviceKey }: Pick<ActedOn, "name" | "deviceKey">): string {
  return name ?? deviceKey;
}

/** Gives a device a name; without one it goes by its key. @throws ApiFault for one that cannot be */
export async function rename(device: Pick<ActedOn, "productKey" | "deviceKey">, name: string): Promise<void> {
  await call(pathOf(device), "PATCH", { name: name.trim() === "" ? null : name.trim() });
}

function Rename({ name: action, on: [device], onClose, onDone }: DialogParts) {
  return (
    <Dialog
      title={`Rename ${calledBy(device)}`}
      action="Rename"
      onAction={async (form) => {
        await rename(device, String(form.get("name")));
        onDone(action);
      }}
      onClose={onClose}
    >
      <label class="field">
        <span>Name, for people; empty: it goes by its key</span>
        <input name="name" maxLength={128} autofocus defaultValue={device.name ?? ""} />
      </label>
    </Dialog>
  );
}
