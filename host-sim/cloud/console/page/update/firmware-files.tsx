/** The firmware files of a product: what there is, and how another one comes in. */
import { useState } from "preact/hooks";
import { CopyButton } from "../../../page/copy";
import { Dialog } from "../../../page/dialog";
import { Empty } from "../../../page/empty";
import { ago, bytes, clock, count } from "../../../page/words";
import { mayOperate } from "../access";
import { call } from "../api";
import { now } from "../connection";
import { UploadForm } from "./upload-form";
import { fileName, fileQuery } from "./firmware";
import type { FirmwareFile, FirmwareList } from "./firmware";

export function FirmwareFiles(props: {
  readonly productKey: string;
  /** undefined: the product is not registered. */
  readonly list: FirmwareList | undefined;
  /** What the device that is looked at runs. */
  readonly running?: string;
  /** On the button of each version. */
  readonly action: string;
  readonly onAction: (file: FirmwareFile) => void;
  readonly onDone: () => void;
}) {
  const { productKey, list, running, action, onAction, onDone } = props;
  const [removal, setRemoval] = useState<FirmwareFile>();
  const path = `/products/${encodeURIComponent(productKey)}/firmware`;
  if (list === undefined) {
    return (
      <Empty title={`Product ${productKey} is not registered`}>
        Firmware belongs to a product: <a href="/products">register it</a> first.
      </Empty>
    );
  }
  const { items, room } = list;
  const isReader = !mayOperate.value;
  const shown = [...items].reverse();
  return (
    <section class="stack" aria-label="Files of the product">
      <div class="bar">
        <h2>{`Files of ${productKey}`}</h2>
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
          {shown.map((file, at) => (
            <li key={fileName(file)} data-version={file.version} data-file={fileName(file)}>
              <div class="bar">
                <strong>{file.version}</strong>
                {file.board !== undefined && <span class="chip">{file.board}</span>}
                {file.from !== undefined && <span class="chip">{`from ${file.from}`}</span>}
                {file.version === running && <span class="chip good">runs here</span>}
                <span class="dim">{bytes(file.fileSize)}</span>
                <span class="dim small-text" title={clock(file.uploadedAt)}>
                  {`uploaded ${ago(file.uploadedAt, now.value)}`}
                </span>
                <span class="push bar">
                  {/* A device gets the file of the version that fits it. */}
                  {shown.findIndex(({ version }) => version === file.version) === at && (
                    <button
                      type="button"
                      disabled={isReader || file.version === running}
                      onClick={() => onAction(file)}
                    >
                      {action}
                    </button>
                  )}
                  <button
                    type="button"
                    class="quiet"
                    disabled={isReader}
                    aria-label={`Delete ${fileName(file)}`}
                    onClick={() => setRemoval(file)}
                  >
                    Delete
                  </button>
                </span>
              </div>
              {file.desc !== undefined && <p>{file.desc}</p>}
              {file.warnings?.map((each) => (
                <p key={each} class="note warn-note">
                  {each}
                </p>
              ))}
              <dl class="facts small">
                <dt>{file.signMethod === "md5" ? "MD5" : "SHA-256"}</dt>
                <dd class="bar">
                  <code>{file.sign}</code>
                  <CopyButton text={file.sign} />
                </dd>
                <dt>{file.fileUrl.startsWith("/") ? "CoAP path" : "Lies at"}</dt>
                <dd>
                  <code>{file.fileUrl}</code>
                </dd>
                <dt>Run by</dt>
                <dd>
                  <a href={`/fleet?q=${encodeURIComponent(productKey)}`}>{count(file.devices, "device")}</a>
                </dd>
              </dl>
            </li>
          ))}
        </ul>
      )}
      <UploadForm {...{ path, room, files: items, onDone }} />
      {removal !== undefined && (
        <Dialog
          title={`Delete firmware ${fileName(removal)}?`}
          action="Delete"
          isDangerous
          onAction={async () => {
            await call(`${path}/${encodeURIComponent(removal.version)}${fileQuery(removal)}`, "DELETE");
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
