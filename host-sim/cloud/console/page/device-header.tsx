/** Who the device is and how it stands; what is to be done about it. Kept up as things happen. */
import { useState } from "preact/hooks";
import { CopyButton } from "../../page/copy";
import { Empty } from "../../page/empty";
import { ago, clock, grouped, span } from "../../page/words";
import { pathOfPlace } from "../addresses";
import { now } from "./connection";
import { ActionButtons, AskedDialog } from "./fleet/device-actions";
import { NameInPlace } from "./fleet/name-in-place";
import { StateWord } from "./fleet/state-word";
import { vitalText } from "./fleet/vital-text";
import { Counters } from "./fleet/device-counters";
import { go } from "./route";
import { useResource } from "./resource";
import { Unread } from "./unread";
import type { Asked } from "./fleet/device-actions";
import type { ComponentChildren } from "preact";
import type { StateReason } from "../../registry/registry";
import type { SealView } from "../../registry/seal-view";
import type { DeviceView, VitalValue } from "../../registry/standing";
import type { Resource } from "./resource";
import type { DeviceTabProps } from "./tab-props";
import "./fleet/device.css";

/** What the API shows of a device. */
export type ShownDevice = Omit<DeviceView, "attributes" | "tags">;

/** A device as the API has it, read anew at each event that is about it. */
export function useDevice({ productKey, deviceKey }: DeviceTabProps): Resource<ShownDevice> {
  const path = `/devices/${encodeURIComponent(productKey)}/${encodeURIComponent(deviceKey)}`;
  return useResource<ShownDevice>(
    path,
    (event) =>
      "productKey" in event &&
      event.productKey === productKey &&
      (!("deviceKey" in event) || event.deviceKey === deviceKey),
  );
}

const reasons: Readonly<Record<StateReason, string>> = {
  authenticated: "it authenticated",
  silent: "silent for a lifetime",
  "session-ended": "the cloud ended its session",
  disabled: "disabled by an operator",
  enabled: "enabled by an operator",
};

/** @param device that was read by `useDevice` */
export function DeviceHeader({
  productKey,
  deviceKey,
  device,
}: DeviceTabProps & { device: Resource<ShownDevice> }) {
  const { data } = device;
  const [asked, setAsked] = useState<Asked>();
  return (
    <header class="device-header stack">
      <div class="bar">
        <div class="title">
          <nav class="crumbs" aria-label="Where this is">
            <a href="/fleet">Fleet</a>
            <span aria-hidden="true">/</span>
            <a class="mono" href={pathOfPlace({ kind: "product", productKey, tab: "model" })}>
              {productKey}
            </a>
            <CopyButton text={productKey} label="Copy the product key" isSmall />
            <span aria-hidden="true">/</span>
            <span class="mono">{deviceKey}</span>
            <CopyButton text={deviceKey} label="Copy the device key" isSmall />
          </nav>
          <NameInPlace
            productKey={productKey}
            deviceKey={deviceKey}
            name={data?.name}
            onDone={device.again}
          />
        </div>
        {data !== undefined && (
          <div class="bar push">
            <ActionButtons devices={[data]} names={["enable", "disable", "end", "forget"]} onAsk={setAsked} />
          </div>
        )}
      </div>
      <AskedDialog
        asked={asked}
        onClose={() => setAsked(undefined)}
        onDone={(name) => (name === "forget" ? go("/fleet") : device.again())}
      />
      {data === undefined ? <Unread resource={device} /> : <Facts device={data} />}
    </header>
  );
}

function Facts({ device }: { device: ShownDevice }) {
  const { productKey, deviceKey, state, stateSince, stateReason, lastSeen, sessionUntil } = device;
  const { peer, edition, firmwareVersion, battery, signal, alarms, sealed, lifetime } = device;
  const time = now.value;
  return (
    <div class="card stack">
      <dl class="figures">
        <Fact name="State" note={reasonOf(stateReason, stateSince, time)}>
          <StateWord state={state} since={stateSince} />
        </Fact>
        <Fact name="Last seen" note={lastSeen === undefined ? undefined : clock(lastSeen)}>
          {ago(lastSeen, time)}
        </Fact>
        <Fact
          name="Session"
          note={sessionUntil === undefined ? undefined : `of ${span((lifetime ?? 0) * 1_000)}`}
        >
          {sessionUntil === undefined ? (
            "none"
          ) : (
            <span title={`until ${clock(sessionUntil)}`}>
              {`${span(Math.max(0, sessionUntil - time))} left`}
            </span>
          )}
        </Fact>
        <Fact name="Address" note={peer === undefined ? undefined : "as the last NAT shows it"}>
          {peer === undefined ? "–" : <span class="mono">{addressOf(peer)}</span>}
        </Fact>
        <Vital name="Battery" value={battery} time={time} />
        <Vital name="Signal" value={signal} time={time} />
        <Fact name="Firmware" note={`edition ${edition}`}>
          {firmwareVersion === undefined ? "not told" : <span class="mono">{firmwareVersion}</span>}
        </Fact>
        <Fact
          name="Alarms in 24 h"
          note={alarms === undefined ? undefined : `${alarms.level}, ${ago(alarms.at, time)}`}
        >
          {alarms === undefined ? (
            "none"
          ) : (
            <a
              class={`alarm ${alarms.level === "error" ? "bad" : "warn"}`}
              href={pathOfPlace({ kind: "device", productKey, deviceKey, tab: "events" })}
            >
              <span aria-hidden="true">▲</span>
              {alarms.count}
            </a>
          )}
        </Fact>
        {sealed !== undefined && <Seals sealed={sealed} at={{ productKey, deviceKey }} time={time} />}
      </dl>
      <Counters counters={device.counters} />
    </div>
  );
}

function reasonOf(
  reason: StateReason | undefined,
  since: number | undefined,
  time: number,
): string | undefined {
  if (since === undefined) return reason === undefined ? undefined : reasons[reason];
  const length = time - since < 1_000 ? "just now" : `for ${span(time - since)}`;
  return reason === undefined ? length : `${length}: ${reasons[reason]}`;
}

function addressOf({ address, port }: { address: string; port: number }): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

function Fact(props: { name: string; note?: string | undefined; children: ComponentChildren }) {
  return (
    <div>
      <dt>{props.name}</dt>
      <dd>{props.children}</dd>
      {props.note !== undefined && <dd class="note-line">{props.note}</dd>}
    </div>
  );
}

/** Whether it seals, and how many of its messages are in doubt. */
function Seals({ sealed, at, time }: { sealed: SealView; at: DeviceTabProps; time: number }) {
  const { opened, since, last, doubts } = sealed;
  const count = doubts.reduce((sum, { times }) => sum + times, 0);
  const key = last?.root === 1 ? ", under the older key" : "";
  const note = since === undefined ? "nothing opened yet" : `${grouped(opened)} opened${key}`;
  return (
    <Fact name="Sealed" note={note}>
      {count === 0 ? (
        <span>{`since ${span(time - since!)}`}</span>
      ) : (
        <a
          class="alarm warn"
          href={pathOfPlace({ kind: "device", ...at, tab: "events" })}
          title={`the last one ${ago(doubts[0].at, time)}`}
        >
          <span aria-hidden="true">▲</span>
          {`${grouped(count)} in doubt`}
        </a>
      )}
    </Fact>
  );
}

function Vital({ name, value, time }: { name: string; value: VitalValue | undefined; time: number }) {
  if (value === undefined) {
    return (
      <Fact name={name} note="no measure point tells">
        –
      </Fact>
    );
  }
  return (
    <Fact name={name} note={`${value.identifier}, ${ago(value.time, time)}`}>
      {vitalText(value.value, value.unit)}
    </Fact>
  );
}

/** In the place of a device that is not there: it was forgotten meanwhile, or the address is wrong. */
export function NoDevice({ productKey, deviceKey }: DeviceTabProps) {
  return (
    <div class="stack">
      <h1>{deviceKey}</h1>
      <Empty title="This device is not registered">
        {`${productKey}/${deviceKey} was forgotten, or the stand-in was started anew without --data. `}
        <a href="/fleet">Go to the fleet</a>
      </Empty>
    </div>
  );
}
