/** All devices: how many there are of each state, which of them one looks for, and what is to be done about them. */
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Command } from "../../../page/copy";
import { Empty } from "../../../page/empty";
import { count, grouped } from "../../../page/words";
import { mayOperate, onlyLooks } from "../access";
import { now } from "../connection";
import { query, setQuery } from "../route";
import { useResource } from "../resource";
import { coapUrl } from "../fleet/coap-url";
import { ActionButtons, AskedDialog } from "../fleet/device-actions";
import { FleetFilters } from "../fleet/fleet-filters";
import { countsOf, fleetQueryOf, selected } from "../fleet/fleet-query";
import { beginFleet, fleet, fleetState, fleetVersion, readFleet, refresh } from "../fleet/fleet-store";
import { FleetTable } from "../fleet/fleet-table";
import { RegisterDialog } from "../fleet/register-dialog";
import { Unread } from "../unread";
import type { Asked } from "../fleet/device-actions";
import type { Status } from "../cloud/status";
import "../fleet/fleet.css";

/** What is in view is read again in this time, for some of it changes without an event, ms. */
const refreshEvery = 20_000;

export function FleetPlace() {
  useEffect(beginFleet, []);
  const [isRegistering, setRegistering] = useState(false);
  const [asked, setAsked] = useState<Asked>();
  const [marked, setMarked] = useState<ReadonlySet<string>>(new Set());
  const inView = useRef<readonly string[]>([]);
  const onView = useCallback((ids: readonly string[]) => (inView.current = ids), []);
  useRefreshing(inView);
  const version = fleetVersion.value;
  const wanted = useMemo(() => fleetQueryOf(query.value), [query.value]);
  const counts = useMemo(() => countsOf(fleet.rows.values()), [version]);
  const rows = useMemo(() => selected(fleet.rows.values(), wanted), [version, wanted]);
  const { isRead, fault } = fleetState.value;
  const devices = [...marked].flatMap((id) => fleet.rows.get(id) ?? []);
  return (
    <div class="stack fleet-place">
      <div class="bar">
        <h1>Fleet</h1>
        {isRead && counts.total > 0 && <span class="dim">{count(counts.total, "device")}</span>}
        <button
          type="button"
          class="primary push"
          disabled={!mayOperate.value}
          title={mayOperate.value ? undefined : onlyLooks}
          onClick={() => setRegistering(true)}
        >
          Register a device
        </button>
      </div>
      {!isRead ? (
        <Unread resource={{ fault, again: readFleet }} />
      ) : counts.total === 0 ? (
        <NoDevices />
      ) : (
        <>
          <FleetFilters counts={counts} query={wanted} shown={rows.length} />
          {rows.length === 0 ? (
            <NoMatch total={counts.total} />
          ) : (
            <FleetTable
              rows={rows}
              query={wanted}
              vitalPoints={fleet.vitalPoints}
              marked={marked}
              onMark={setMarked}
              onView={onView}
            />
          )}
        </>
      )}
      {devices.length > 0 && (
        <div class="card bar marked" role="region" aria-label="Marked devices">
          <span role="status">{`${grouped(devices.length)} marked`}</span>
          <ActionButtons
            devices={devices}
            names={["rename", "enable", "disable", "end", "forget"]}
            onAsk={setAsked}
          />
          <button type="button" class="quiet push" onClick={() => setMarked(new Set())}>
            Unmark
          </button>
        </div>
      )}
      <AskedDialog asked={asked} onClose={() => setAsked(undefined)} onDone={() => setMarked(new Set())} />
      {isRegistering && <RegisterDialog onClose={() => setRegistering(false)} />}
    </div>
  );
}

/** Reads again what is in view, from time to time. */
function useRefreshing(inView: { readonly current: readonly string[] }): void {
  const last = useRef(now.value);
  const time = now.value;
  useEffect(() => {
    if (time - last.current < refreshEvery || document.hidden) return;
    last.current = time;
    void refresh(inView.current);
  }, [time]);
}

function NoMatch({ total }: { total: number }) {
  const asked = query.value;
  const parts = [
    asked.get("q") ? `“${asked.get("q")}”` : undefined,
    asked.get("state") ? `state ${asked.get("state")}` : undefined,
    asked.get("product") ? `product ${asked.get("product")}` : undefined,
    asked.get("alarms") ? "with alarms" : undefined,
    asked.get("seal") ? `sealed payloads: ${asked.get("seal")}` : undefined,
  ].filter((each) => each !== undefined);
  const showAll = (): void =>
    setQuery({ q: undefined, state: undefined, product: undefined, alarms: undefined, seal: undefined });
  return (
    <div class="empty" role="status">
      <h2>No device matches</h2>
      <p class="dim">{`None of ${count(total, "device")} is what is asked for: ${parts.join(", ")}.`}</p>
      <button type="button" onClick={showAll}>
        Show all devices
      </button>
    </div>
  );
}

function NoDevices() {
  const status = useResource<Status>("/status").data;
  const api = `${location.origin}/api/v1/devices`;
  const bulk = [
    `printf 'productKey,deviceKey,name\\nPRODUCT,node-1,Attic\\n' |`,
    `  curl -sf -H 'content-type: text/csv' --data-binary @- ${api}/bulk`,
  ].join("\n");
  return (
    <div class="stack">
      <Empty title="No device is registered" command={`npm run device -- --server ${coapUrl(status?.coap)}`}>
        Everybody is refused. Register a device with the button above; its secret is shown then. With its keys
        this command has the firmware run on a PC and report:
      </Empty>
      <div class="card stack">
        <h2>Many at once</h2>
        <p class="dim">
          The API takes a list of up to 10,000 as CSV or JSON, and answers the secrets that it makes; a list
          for boards will do:
        </p>
        <Command text={bulk} />
      </div>
    </div>
  );
}
