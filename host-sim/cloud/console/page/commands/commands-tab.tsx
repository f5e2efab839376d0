/** What the device can be told to do, and what became of what it was told. */
import { useMemo, useRef } from "preact/hooks";
import { pathOf } from "../api";
import { setQuery } from "../route";
import { useResource } from "../resource";
import { Unread } from "../unread";
import { addressedCommand, isAddressed } from "../../../enos/addressed-command";
import { choicesOf, madeBy, withoutName } from "./choices";
import { CommandForm } from "./command-form";
import { CommandList } from "./command-list";
import { askedBody } from "./command-detail";
import { curlCommand } from "./curl-command";
import { formOf, usePreparedForm } from "./prepared-form";
import { RecentCommands } from "./recent-commands";
import { pathOfPlace } from "../../addresses";
import type { Addressable } from "../../../enos/addressed-command";
import type { CloudEvent } from "../../../events";
import type { DeviceTabProps } from "../tab-props";
import type { CommandedProduct } from "./choices";
import type { CommandedDevice } from "./command-form";
import type { Command } from "./command";
import "./commands.css";

export function CommandsTab(at: DeviceTabProps) {
  const { productKey, deviceKey } = at;
  const isOwn = (event: CloudEvent): boolean =>
    "deviceKey" in event && event.productKey === productKey && event.deviceKey === deviceKey;
  const product = useResource<CommandedProduct>(
    `/products/${encodeURIComponent(productKey)}`,
    (event) => event.type.startsWith("product-") && "productKey" in event && event.productKey === productKey,
  );
  const device = useResource<CommandedDevice>(pathOf(at), isOwn);
  const commands = useResource<{ readonly items: readonly Command[] }>(
    `${pathOf(at)}/commands`,
    (event) => event.type.startsWith("command-") && isOwn(event),
  );
  // A device's product need not be registered: then any JSON is taken.
  const isKnown = product.data !== undefined || product.status === 404;
  if (commands.data === undefined || !isKnown) {
    return <Unread resource={commands.data === undefined ? commands : product} />;
  }
  return (
    <Commands
      {...{ at, product: product.data, device: device.data, items: commands.data.items }}
      again={commands.again}
    />
  );
}

function Commands(props: {
  readonly at: DeviceTabProps;
  readonly product: CommandedProduct | undefined;
  readonly device: CommandedDevice | undefined;
  readonly items: readonly Command[];
  readonly again: () => void;
}) {
  const { at, product, device, items, again } = props;
  const choices = useMemo(() => choicesOf(product), [product]);
  const [form, setForm] = usePreparedForm(choices);
  const top = useRef<HTMLDivElement>(null);
  const againOf = (command: Command): (() => void) | undefined => {
    const made = madeBy(withoutName(command, product?.model), choices);
    if (made === undefined) return undefined;
    return () => {
      setForm(formOf({ ...made, wait: command.pendingTtl, reply: command.responseTimeout }, choices));
      top.current?.scrollIntoView({ block: "nearest" });
      top.current?.querySelector<HTMLElement>("button.primary")?.focus({ preventScroll: true });
    };
  };
  const last = [...items].reverse().find((command) => askedBody(command) !== undefined);
  const isNamed = isAddressed(product?.model, (device?.sealed?.opened ?? 0) > 0);
  const seal = isNamed ? "sealed" : isAddressed(product?.model, true) ? "plain" : undefined;
  const usual = exampleOf(product);
  const firstBody = isNamed ? addressedCommand(usual, at.deviceKey) : usual;
  const example = curlCommand("POST", `${pathOf(at)}/commands`, last ? askedBody(last) : firstBody);
  return (
    <div class="commands">
      <div class="stack command-side-form" ref={top}>
        {product?.model === undefined && (
          <p class="note">
            {product === undefined
              ? `Product ${at.productKey} is not registered, so nothing is known of its commands: what is typed here as JSON is sent as it is. `
              : "The product has no thing model, so nothing is known of its commands: what is typed here as JSON is sent as it is. "}
            {product !== undefined && (
              <a href={pathOfPlace({ kind: "product", productKey: at.productKey, tab: "model" })}>
                Give it a thing model
              </a>
            )}
          </p>
        )}
        {choices.length === 0 ? (
          <p class="note">
            The thing model has no service, nothing that can be set and nothing to read.{" "}
            <a href={pathOfPlace({ kind: "product", productKey: at.productKey, tab: "model" })}>
              The thing model
            </a>
          </p>
        ) : (
          <>
            <RecentCommands commands={items} model={product?.model} againOf={againOf} />
            <CommandForm
              {...{ at, device, choices, form, seal }}
              onForm={setForm}
              onSent={(id) => {
                setQuery({ open: id, status: undefined });
                again();
              }}
            />
          </>
        )}
      </div>
      <CommandList
        {...{ at, commands: items, model: product?.model, againOf, example }}
        isOnline={device?.state === "online"}
      />
    </div>
  );
}

/** A command that fits the model, for a terminal. */
function exampleOf(product: CommandedProduct | undefined): Addressable & { readonly pendingTtl: number } {
  const { model } = product ?? {};
  const point = model?.measurepoints.find(({ writable }) => writable === true);
  if (point?.type === "enum" && point.enumType !== "string") {
    const [first] = Object.keys(point.values ?? {}).slice(-1);
    return { kind: "set", points: { [point.identifier]: Number(first) }, pendingTtl: 3_600 };
  }
  const service = model?.services.find(({ inputs }) => inputs.every(({ optional }) => optional === true));
  if (service !== undefined) {
    const { identifier } = service;
    return { kind: "service", ...{ service: identifier }, pendingTtl: 3_600 };
  }
  return { kind: "get", points: [model?.measurepoints[0]?.identifier ?? "temperature"], pendingTtl: 3_600 };
}
