/** What the stand-in holds: how much, whether a restart keeps it, and what passed. */
import { Command } from "../../../page/copy";
import { grouped } from "../../../page/words";
import { useResource } from "../resource";
import { Unread } from "../unread";
import type { Status } from "./status";

/** What the counters are called, for people. Others are shown by their own name. */
const names: Readonly<Record<string, string>> = {
  datagrams: "Datagrams received",
  malformed: "Malformed",
  duplicateRequests: "Retransmissions",
  ignored: "Wanted no answer",
  rateLimited: "Above the rate limit",
  blocksUp: "Blocks of requests",
  blocksDown: "Blocks of answers",
  droppedUp: "Lost on the way up, on purpose",
  droppedDown: "Lost on the way down, on purpose",
};

export function DataTab() {
  const status = useResource<Status>("/status", () => true);
  if (status.data === undefined) return <Unread resource={status} />;
  const { products, devices, kept, counters } = status.data;
  return (
    <div class="columns">
      <section class="card stack" aria-labelledby="held">
        <h2 id="held">Held</h2>
        <dl class="facts">
          <dt>Products</dt>
          <dd>
            <a href="/products">{grouped(products)}</a>
          </dd>
          <dt>Devices</dt>
          <dd>
            <a href="/fleet">{`${grouped(devices.total)}, ${grouped(devices.online)} online`}</a>
          </dd>
          <dt>After a restart</dt>
          <dd>{kept ? "kept, in the data directory" : "gone: it holds everything in memory"}</dd>
        </dl>
        {!kept && (
          <>
            <p class="dim">To keep it, start the stand-in with a data directory:</p>
            <Command text="npm run cloud -- --data enos-data" />
          </>
        )}
      </section>
      <section class="card stack" aria-labelledby="passed">
        <h2 id="passed">Passed since its start</h2>
        <dl class="facts counters">
          {Object.entries(counters).map(([name, value]) => (
            <>
              <dt>{names[name] ?? spaced(name)}</dt>
              <dd class="number">{grouped(value)}</dd>
            </>
          ))}
        </dl>
      </section>
    </div>
  );
}

/** `serverErrors` as "Server errors". */
function spaced(name: string): string {
  const words = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
}
