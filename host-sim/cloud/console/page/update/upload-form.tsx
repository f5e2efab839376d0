/** Brings in a firmware file: its version, its digest's kind, and how far it has come. */
import { useId, useRef, useState } from "preact/hooks";
import { bytes } from "../../../page/words";
import { mayOperate } from "../access";
import { upload } from "../api";
import { reasonOf } from "../../../reason";
import type { FirmwareRoom } from "./firmware";

const versionPattern = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/;

interface Upload {
  readonly sent: number;
  readonly size: number;
  readonly stop: () => void;
}

export function UploadForm(props: {
  /** Below /api/v1. */
  readonly path: string;
  readonly room: FirmwareRoom;
  readonly versions: readonly string[];
  readonly onDone: () => void;
}) {
  const { path, room, versions, onDone } = props;
  const id = useId();
  const form = useRef<HTMLFormElement>(null);
  const [version, setVersion] = useState("");
  const [file, setFile] = useState<File>();
  const [isTried, setTried] = useState(false);
  const [running, setRunning] = useState<Upload>();
  const [said, setSaid] = useState<{ readonly isFault: boolean; readonly words: string }>();

  const versionFault =
    version.trim() === ""
      ? "is needed"
      : versionPattern.test(version.trim())
        ? undefined
        : "expected 1 to 64 of A-Z a-z 0-9 . _ + - that begin with a letter or digit";
  const fileFault =
    file === undefined
      ? "is needed"
      : file.size === 0
        ? "the file is empty"
        : file.size > room.fileBytes
          ? `the file has ${bytes(file.size)}, more than the ${bytes(room.fileBytes)} that are taken`
          : undefined;
  const replaces = versions.includes(version.trim());
  const isFull = !replaces && versions.length >= room.filesPerProduct;

  const send = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    setTried(true);
    setSaid(undefined);
    if (versionFault !== undefined || fileFault !== undefined || file === undefined) return;
    const given = new FormData(event.currentTarget as HTMLFormElement);
    const query = new URLSearchParams({ signMethod: String(given.get("sign")) });
    const desc = String(given.get("desc") ?? "").trim();
    if (desc !== "") query.set("desc", desc);
    const abort = new AbortController();
    const state = { size: file.size, stop: () => abort.abort() };
    setRunning({ ...state, sent: 0 });
    try {
      await upload(
        `${path}/${encodeURIComponent(version.trim())}?${query.toString()}`,
        file,
        (sent) => setRunning({ ...state, sent }),
        abort.signal,
      );
      setSaid({ isFault: false, words: `${version.trim()} is there, ${bytes(file.size)}.` });
      form.current?.reset();
      setVersion("");
      setFile(undefined);
      setTried(false);
      onDone();
    } catch (error) {
      setSaid({
        isFault: true,
        words: abort.signal.aborted ? "The upload was stopped; nothing was taken." : reasonOf(error),
      });
    } finally {
      setRunning(undefined);
    }
  };
  const shownVersionFault =
    isTried || (version !== "" && versionFault !== "is needed") ? versionFault : undefined;
  const shownFileFault = isTried || file !== undefined ? fileFault : undefined;
  return (
    <form
      ref={form}
      class="card stack upload"
      aria-label="Upload a file"
      noValidate
      onSubmit={(event) => void send(event)}
    >
      <h3>Upload</h3>
      <div class="upload-fields">
        <div class="value-field">
          <div class="value-label">
            <label for={`${id}-version`}>Version</label>
          </div>
          <input
            id={`${id}-version`}
            value={version}
            maxLength={64}
            autocomplete="off"
            spellcheck={false}
            placeholder="1.3.0"
            aria-invalid={shownVersionFault !== undefined}
            aria-describedby={`${id}-version-about`}
            onInput={(event) => setVersion(event.currentTarget.value)}
          />
          <span
            id={`${id}-version-about`}
            class={shownVersionFault === undefined ? "hint" : "bad field-fault"}
          >
            {shownVersionFault ??
              (replaces ? "there is one: it is replaced under its path" : "as the device will inform it")}
          </span>
        </div>
        <div class="value-field">
          <div class="value-label">
            <label for={`${id}-sign`}>Digest</label>
          </div>
          <select id={`${id}-sign`} name="sign" aria-describedby={`${id}-sign-about`}>
            <option value="md5">MD5</option>
            <option value="sha256">SHA-256</option>
          </select>
          <span id={`${id}-sign-about`} class="hint">
            the device checks the file by it
          </span>
        </div>
      </div>
      <div class="value-field">
        <div class="value-label">
          <label for={`${id}-file`}>File</label>
        </div>
        <input
          id={`${id}-file`}
          type="file"
          aria-invalid={shownFileFault !== undefined}
          aria-describedby={`${id}-file-about`}
          onChange={(event) => setFile(event.currentTarget.files?.[0])}
        />
        <span id={`${id}-file-about`} class={shownFileFault === undefined ? "hint" : "bad field-fault"}>
          {shownFileFault ??
            (file === undefined
              ? `at most ${bytes(room.fileBytes)}`
              : `${bytes(file.size)} of at most ${bytes(room.fileBytes)}`)}
        </span>
      </div>
      <div class="value-field">
        <div class="value-label">
          <label for={`${id}-desc`}>Description</label>
        </div>
        <input
          id={`${id}-desc`}
          name="desc"
          maxLength={256}
          autocomplete="off"
          aria-describedby={`${id}-desc-about`}
        />
        <span id={`${id}-desc-about`} class="hint">
          for people, optional
        </span>
      </div>
      {isFull && (
        <p class="note warn-note">{`The product has ${room.filesPerProduct} files, which is all it can have: delete one, or replace one.`}</p>
      )}
      {running !== undefined && (
        <div class="progress-line">
          <progress max={running.size} value={running.sent} aria-label="Upload" />
          <span class="mono">{`${bytes(running.sent)} of ${bytes(running.size)}`}</span>
          <button type="button" onClick={running.stop}>
            Stop
          </button>
        </div>
      )}
      {said !== undefined && (
        <p class={said.isFault ? "note bad-note" : "note"} role={said.isFault ? "alert" : "status"}>
          {said.words}
        </p>
      )}
      <div class="bar">
        <button class="primary" disabled={running !== undefined || isFull || !mayOperate.value}>
          {replaces ? "Replace" : "Upload"}
        </button>
      </div>
    </form>
  );
}
