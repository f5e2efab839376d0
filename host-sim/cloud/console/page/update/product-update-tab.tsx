/** A product's firmware: what is rolled out, how that goes, and its files. */
import { useState } from "preact/hooks";
import { Empty } from "../../../page/empty";
import { useResource } from "../resource";
import { Unread } from "../unread";
import { FirmwareFiles } from "./firmware-files";
import { isOf, useFirmwareList } from "./firmware-list";
import { RolloutCard } from "./rollout-card";
import { RolloutDialog } from "./rollout-dialog";
import type { FirmwareFile } from "./firmware";
import type { Rollout } from "./rollout";
import "./update.css";

export function ProductUpdateTab({ productKey }: { productKey: string }) {
  const [version, setVersion] = useState<FirmwareFile>();
  const path = `/products/${encodeURIComponent(productKey)}/rollouts`;
  const rollouts = useResource<{ items: readonly Rollout[] }>(
    path,
    (event) => /^rollout-|^ota-task/.test(event.type) && isOf(productKey, event),
  );
  const files = useFirmwareList(productKey);
  const again = (): void => [rollouts, files].forEach((each) => each.again());
  if (rollouts.data === undefined) return <Unread resource={rollouts} />;
  const [first, ...before] = rollouts.data.items;
  return (
    <div class="update">
      <section class="stack" aria-label="Rollouts">
        {first === undefined ? (
          <Empty title="No rollout yet">
            One brings a version to the devices in stages, and stops when too many fail: choose “Roll out”
            beside a file.
          </Empty>
        ) : (
          <RolloutCard key={first.rolloutId} {...{ path, rollout: first, isFirst: true, onDone: again }} />
        )}
        {before.length > 0 && <h2>Before</h2>}
        {before.map((rollout) => (
          <RolloutCard key={rollout.rolloutId} {...{ path, rollout, isFirst: false, onDone: again }} />
        ))}
      </section>
      {files.data === undefined ? (
        <Unread resource={files} />
      ) : (
        <FirmwareFiles
          {...{ productKey, list: files.data, action: "Roll out", onAction: setVersion, onDone: again }}
        />
      )}
      {version !== undefined && (
        <RolloutDialog {...{ path, file: version, onDone: again }} onClose={() => setVersion(undefined)} />
      )}
    </div>
  );
}
