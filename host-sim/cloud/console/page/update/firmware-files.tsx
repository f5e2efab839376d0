/** The firmware files of the device's product: what there is, and how another one comes in. */
import { useState } from "preact/hooks";
import { CopyButton } from "../../../page/copy";
import { Dialog } from "../../../page/dialog";
import { Empty } from "../../../page/empty";
import { ago, bytes, clock, count } from "../../../page/words";
import { mayOperate } from "../access";
import { call } from "../api";
import { now } from "../connection";
import { UploadForm } from "./upload-form";
import { UpgradeDialog } from "./upgrade-dialog";
import type { DeviceTabProps } from "../tab-props";
import type { DeviceFirmware, FirmwareFile, FirmwareList } from "./firmware";
import type { UpgradedDevice } from "./upgrade-dialog";

export function FirmwareFiles(props: {
  readonly at: DeviceTabProps;
  readonly firmware: DeviceFirmware;
  readonly device: UpgradedDevice | undefined;
  /** undefined: the product is not registered. */
  readonly list: FirmwareList | undefined;
  readonly onDone: () => void;
}) {
  const { at, firmware, device, list, onDone } = props;
  const [upgrade, setUpgrade] = useState<FirmwareFile>();
  const [removal, setRemoval] = useState<FirmwareFile>();
  const path = `/products/${encodeURIComponent(at.productKey)}/firmware`;
  if (list === undefined) {
    return (
      <Empty title={`Product ${at.productKey} is not registered`}>
        Firmware belongs to a product: <a href="/products">register it</a> first.
      </Empty>
    );
  }
  const { items, room } = list;
  const isReader = !mayOperate.value;
  return (
    <section class="stack" aria-label="Files of the product">
      <div class="bar">
        <h2>{`Files of ${at.productKey}`}</h2>
        <span class="dim small-text push">
          {`${items.length} of ${room.filesPerProduct}; all products' ${bytes(room.usedBytes)} of ${bytes(room.totalBytes)}`}
        </span>
      </div>
      {items.length === 0 ? (
        <Empty
          title="No firmware file yet"
          command={`curl -sS -T build/image.bin '${location.origin}/api/v1${path}/1.3.0'`}
        >
          Upload one below, or from a terminal.
        </Empty>
      ) : (
        <ul class="firmware-files card" id="firmware-files">
          {[...items].reverse().map((file) => (
            <li key={file.version} data-version={file.version}>
              <div class="bar">
                <strong>{file.version}</strong>
                {file.version === firmware.version && <span class="chip good">runs here</span>}
                <span class="dim">{bytes(file.fileSize)}</span>
                <span class="dim small-text" title={clock(file.uploadedAt)}>
                  {`uploaded ${ago(file.uploadedAt, now.value)}`}
                </span>
                <span class="push bar">
                  <button
                    type="button"
                    disabled={isReader || file.version === firmware.version}
                    onClick={() => setUpgrade(file)}
                  >
                    Upgrade to this
                  </button>
                  <button
                    type="button"
                    class="quiet"
                    disabled={isReader}
                    aria-label={`Delete ${file.version}`}
                    onClick={() => setRemoval(file)}
                  >
                    Delete
                  </button>
                </span>
              </div>
              {file.desc !== undefined && <p>{file.desc}</p>}
              <dl class="facts small">
                <dt>{file.signMethod === "md5" ? "MD5" : "SHA-256"}</dt>
                <dd class="bar">
                  <code>{file.sign}</code>
                  <CopyButton text={file.sign} />
                </dd>
                <dt>CoAP path</dt>
                <dd>
                  <code>{file.fileUrl}</code>
                </dd>
                <dt>Run by</dt>
                <dd>
                  <a href={`/fleet?q=${encodeURIComponent(at.productKey)}`}>
                    {count(file.devices, "device")}
                  </a>
                </dd>
              </dl>
            </li>
          ))}
        </ul>
      )}
      <UploadForm path={path} room={room} versions={items.map(({ version }) => version)} onDone={onDone} />
      {upgrade !== undefined && (
        <UpgradeDialog
          {...{ at, firmware, device, onDone }}
          file={upgrade}
          onClose={() => setUpgrade(undefined)}
        />
      )}
      {removal !== undefined && (
        <Dialog
          title={`Delete firmware ${removal.version}?`}
          action="Delete"
          isDangerous
          onAction={async () => {
            await remove(`${path}/${encodeURIComponent(removal.version)}`);
            onDone();
          }}
          onClose={() => setRemoval(undefined)}
        >
          <p>
            {`The stand-in keeps no copy. ${removal.devices === 0 ? "No device runs it." : `${count(removal.devices, "device")} ${removal.devices === 1 ? "runs" : "run"} it, and ${removal.devices === 1 ? "goes" : "go"} on to.`}`}
          </p>
        </Dialog>
      )}
    </section>
  );
}

/** An answer without a body. */
async function remove(path: string): Promise<void> {
  await call(path, "DELETE");
}
