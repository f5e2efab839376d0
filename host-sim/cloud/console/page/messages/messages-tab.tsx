/** The messages between the device and the cloud: exchanges as they go, filtered, opened down to their bytes. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Empty } from "../../../page/empty";
import { SequenceChart } from "../../../page/sequence-chart";
import { count, grouped } from "../../../page/words";
import { reasonOf } from "../../../reason";
import { call, download, hasToken, pathOf } from "../api";
import { generation, listen, now } from "../connection";
import { useProducts } from "../product/product-data";
import { useResource } from "../resource";
import { query, setQuery } from "../route";
import { countText, exchangeRows, isWanted } from "./exchange-rows";
import { ExchangeDetail } from "./exchange-detail";
import { MessageFilters, filterOf, rangeOf } from "./message-filters";
import { MessageList, mostMessages } from "./message-list";
import type { SequenceControls } from "../../../page/sequence-chart";
import type { KeptMessage } from "../../entries";
import type { DeviceTabProps } from "../tab-props";
import type { ShownExchange } from "./message-list";
import "./messages.css";

/** Messages that are read at a time. */
const atOnce = 1_000;
const lanes = ["device", "cloud"] as const;

export function MessagesTab({ productKey, deviceKey }: DeviceTabProps) {
  const name = `${productKey}/${deviceKey}`;
  const path = pathOf({ productKey, deviceKey });
  const ofAll = query.value.get("of") === "all";
  const list = useMemo(() => new MessageList(ofAll ? undefined : name), [name, ofAll]);
  const listPath = ofAll ? "/messages" : `${path}/messages`;
  const { from, to } = rangeOf(query.value);
  const [fault, setFault] = useState<string>();
  const [isRead, setRead] = useState(false);
  const [hasOlder, setOlder] = useState(false);
  const [isAtEnd, setAtEnd] = useState(true);
  const chart = useRef<SequenceControls>(null);
  const around = generation.value;

  const read = async (more: Record<string, string | undefined>): Promise<KeptMessage[]> => {
    const asked = new URLSearchParams({ limit: String(atOnce), order: "desc" });
    for (const [each, value] of Object.entries(more)) if (value !== undefined) asked.set(each, value);
    const { items } = await call<{ items: KeptMessage[] }>(`${listPath}?${asked.toString()}`);
    setOlder(items.length === atOnce);
    return items.reverse();
  };
  // What comes while the kept ones are read waits, so nothing falls in between.
  useEffect(() => {
    let isOver = false;
    const end = listen((entry) => {
      if (to === undefined) list.hear(entry);
    });
    read({ from: textOf(from), to: textOf(to) })
      .then((kept) => {
        if (isOver) return;
        list.reset(kept);
        setFault(undefined);
        setRead(true);
      })
      .catch((error: unknown) => !isOver && setFault(reasonOf(error, "they cannot be read")));
    return () => {
      isOver = true;
      end();
    };
  }, [list, listPath, from, to, around]);

  const older = (): void => {
    read({ from: textOf(from), to: textOf(list.oldest) })
      .then((kept) => list.prepend(kept) === 0 && setOlder(false))
      .catch((error: unknown) => setFault(reasonOf(error, "they cannot be read")));
  };

  const { value: status } = useCoapServer();
  const products = useProducts().data?.items;
  const sealedProducts = useMemo(
    () => new Set(products?.flatMap(({ productKey, sealed }) => (sealed ? [productKey] : []))),
    [products],
  );
  const filter = filterOf(query.value);
  const version = list.version.value;
  const wholePaths = query.value.get("paths") === "whole";
  // Seconds matter to what waits for its answer, and to nothing once it is over.
  const hasWaiting = list.exchanges.slice(-50).some(({ answer }) => answer === undefined);
  const second = hasWaiting || filter.answer === "none" ? now.value : 0;
  const shown = useMemo(
    () => list.exchanges.filter((exchange) => isWanted(exchange, filter, now.peek())),
    [version, JSON.stringify(filter), second],
  );
  const rows = useMemo(
    () => exchangeRows(shown, { now: now.peek(), wholePaths, ofAll }),
    [shown, wholePaths, ofAll],
  );
  const byKey = (key: string): ShownExchange | undefined => shown[rows.indexOf(key)];
  const place = { origin: location.origin, productKey, deviceKey, needsToken: hasToken() };
  const chosen = query.value.get("message") ?? undefined;
  const waiting = list.waiting.value;
  const saved = new URLSearchParams();
  if (from !== undefined) saved.set("from", String(from));
  if (to !== undefined) saved.set("to", String(to));
  const ending = saved.size === 0 ? "" : `?${saved.toString()}`;

  return (
    <section class="messages" aria-label="Messages">
      <h2 class="seen-by-readers">Messages</h2>
      <MessageFilters>
        <div class="bar push">
          {to === undefined && (
            <button
              type="button"
              aria-pressed={waiting !== undefined}
              onClick={() => (waiting === undefined ? list.pause() : list.resume())}
            >
              {waiting === undefined ? "Pause" : `Go on${waiting === 0 ? "" : `, ${grouped(waiting)} wait`}`}
            </button>
          )}
          {!ofAll && (
            <SaveButton label="pcapng" path={`${path}/capture${ending}`} name={`${deviceKey}.pcapng`} />
          )}
          <SaveButton
            label="CSV"
            path={`${listPath}?format=csv&order=asc&limit=10000${ending.replace("?", "&")}`}
            name={ofAll ? "messages.csv" : `${deviceKey}-messages.csv`}
          />
        </div>
      </MessageFilters>
      {fault !== undefined && (
        <p class="note bad-note" role="alert">
          {`The messages cannot be read: ${fault}`}
        </p>
      )}
      <div class="bar messages-count">
        <span class="dim">
          {isRead
            ? `${countText(shown.length, list.exchanges.length)}, ${count(list.length, "message")}`
            : "Reading…"}
          {list.length >= mostMessages && `; older ones than the last ${grouped(mostMessages)} are not shown`}
        </span>
        {hasOlder && list.length < mostMessages && (
          <button type="button" class="quiet" onClick={older}>
            Read earlier ones
          </button>
        )}
        {!isAtEnd && shown.length > 0 && (
          <button type="button" class="quiet push" onClick={() => chart.current?.toEnd()}>
            To the newest
          </button>
        )}
      </div>
      {isRead && (
        <SequenceChart
          controls={chart}
          label={`Exchanges between ${ofAll ? "all devices" : name} and the cloud`}
          lanes={lanes}
          rows={rows}
          active={chosen}
          follows={to === undefined}
          onActive={(key) => setQuery({ message: key })}
          onEnd={setAtEnd}
          detail={({ key }) => {
            const exchange = byKey(key);
            return exchange && <ExchangeDetail {...{ exchange, place, sealedProducts }} server={status} />;
          }}
          empty={<Nothing hasAny={list.exchanges.length > 0} server={status} isRange={saved.size > 0} />}
        />
      )}
    </section>
  );
}

/** Where the stand-in takes datagrams, as `HOST:PORT`. */
function useCoapServer(): { value: string } {
  const { data } = useResource<{ coap?: { address: string; port: number } }>("/status");
  const { address = "127.0.0.1", port = 5683 } = data?.coap ?? {};
  // All zeros is every address of the machine that this page is from.
  const host = /^[0.:]+$/.test(address) ? location.hostname : address;
  return { value: `${host.includes(":") && !host.startsWith("[") ? `[${host}]` : host}:${port}` };
}

function Nothing({ hasAny, server, isRange }: { hasAny: boolean; server: string; isRange: boolean }) {
  if (hasAny) {
    return (
      <div class="empty">
        <h2>No exchange fits the filter</h2>
        <button type="button" onClick={() => setQuery(noFilter)}>
          Show all
        </button>
      </div>
    );
  }
  if (isRange) return <Empty title="No message of this time is kept" />;
  return (
    <Empty
      title="No message yet"
      command={`npm run device -- --server coap://${server} --keys keys.json --reports 3 --interval 2`}
    >
      What this device sends and what it is answered shows here as it goes. keys.json has its productKey,
      deviceKey and deviceSecret.
    </Empty>
  );
}

const noFilter = { q: undefined, type: undefined, answer: undefined, about: undefined, trouble: undefined };

function SaveButton({ label, path, name }: { label: string; path: string; name: string }) {
  const [fault, setFault] = useState<string>();
  const save = (): void => {
    download(path, name).then(
      () => setFault(undefined),
      (error: unknown) => setFault(reasonOf(error, "it cannot be fetched")),
    );
  };
  return (
    <>
      <button type="button" onClick={save} title={`Download the messages as ${label}`}>
        {label}
      </button>
      {fault !== undefined && (
        <span class="bad" role="alert">
          {fault}
        </span>
      )}
    </>
  );
}

function textOf(value: number | undefined): string | undefined {
  return value === undefined ? undefined : String(value);
}
