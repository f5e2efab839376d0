/**
 * Brings in a firmware file: what its head says where it is a package of `npm run update`, its version, its digest's kind,
 * and how far it has come.
 */
import { useId, useRef, useState } from "preact/hooks";
import type { ComponentChild } from "preact";
import { bytes } from "../../../page/words";
import { mayOperate } from "../access";
import { call, upload } from "../api";
import { reasonOf } from "../../../reason";
import type { FileCheck } from "../../firmware-tools";
import type { FirmwareFile, FirmwareRoom } from "./firmware";

const versionPattern = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/;

/** Bytes of a file by which the stand-in tells what it is. */
const headBytes = 216;

interface Upload {
  readonly sent: number;
  readonly size: number;
  readonly stop: () => void;
}

export function UploadForm(props: {
  /** Below /api/v1. */
  readonly path: string;
  readonly room: FirmwareRoom;
  readonly files: readonly FirmwareFile[];
  readonly onDone: () => void;
}) {
  const { path, room, files, onDone } = props;
  const form = useRef<HTMLFormElement>(null);
  const [version, setVersion] = useState("");
  const [file, setFile] = useState<File>();
  const [check, setCheck] = useState<FileCheck>();
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
  const replaces = files.some(
    (each) => each.version === version.trim() && each.board === check?.board && each.from === check?.from,
  );
  const isFull = !replaces && files.length >= room.filesPerProduct;
  const isOdd = check?.version !== undefined && version.trim() !== "" && version.trim() !== check.version;

  const choose = async (chosen: File | undefined): Promise<void> => {
    setFile(chosen);
    setCheck(undefined);
    if (chosen === undefined || chosen.size === 0) return;
    const bytes = new Uint8Array(await chosen.slice(0, headBytes).arrayBuffer());
    const head = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    const told = await call<FileCheck>(`/console${path}/check`, "POST", { head });
    // Another may be chosen by now.
    if (form.current?.querySelector<HTMLInputElement>("[type=file]")?.files?.[0] !== chosen) return;
    setCheck(told);
    setVersion((typed) => typed || (told.version ?? ""));
  };

  const send = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    setTried(true);
    setSaid(undefined);
    if (versionFault !== undefined || fileFault !== undefined || file === undefined) return;
    const given = new FormData(event.currentTarget as HTMLFormElement);
    const query = new URLSearchParams({ signMethod: String(given.get("sign")) });
    const desc = String(given.get("desc") ?? "").trim();
    if (desc !== "") query.set("desc", desc);
    const fileUrl = String(given.get("fileUrl") ?? "").trim();
    if (fileUrl !== "") query.set("fileUrl", fileUrl);
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
      void choose(undefined);
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
        <Field
          label="Version"
          fault={shownVersionFault}
          hint={replaces ? "there is one: it is replaced under its path" : "as the device will inform it"}
        >
          {(field) => (
            <input
              {...field}
              value={version}
              maxLength={64}
              placeholder="1.3.0"
              onInput={(event) => setVersion(event.currentTarget.value)}
            />
          )}
        </Field>
        <Field label="Digest" hint="the device checks the file by it">
          {({ id, "aria-describedby": about }) => (
            <select id={id} name="sign" aria-describedby={about}>
              <option value="md5">MD5</option>
              <option value="sha256">SHA-256</option>
            </select>
          )}
        </Field>
      </div>
      <Field
        label="File"
        fault={shownFileFault}
        hint={`${file === undefined ? "" : `${bytes(file.size)} of `}at most ${bytes(room.fileBytes)}`}
      >
        {(field) => (
          <input
            {...field}
            type="file"
            onChange={(event) => void choose(event.currentTarget.files?.[0]).catch(() => undefined)}
          />
        )}
      </Field>
      {check !== undefined && check.words !== "" && <p class="note">{check.words}</p>}
      {[...(check?.warnings ?? []), ...(isOdd ? [`its head says version ${check.version}`] : [])].map(
        (each) => (
          <p key={each} class="note warn-note">
            {each}
          </p>
        ),
      )}
      <Field label="Description" hint="for people, optional">
        {(field) => <input {...field} name="desc" maxLength={256} />}
      </Field>
      <Field
        label="Stored elsewhere"
        hint="on another CoAP server, optional: the file is then only looked at here"
      >
        {(field) => (
          <input {...field} name="fileUrl" maxLength={255} placeholder="coap://files.example.com/1.3.0" />
        )}
      </Field>
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

/** What ties a field to its label and hint. */
interface FieldProps {
  readonly id: string;
  readonly "aria-describedby": string;
  readonly "aria-invalid": boolean;
  readonly autocomplete: "off";
  readonly spellcheck: false;
}

function Field(props: {
  readonly label: string;
  readonly hint: string;
  /** In the hint's place. */
  readonly fault?: string;
  readonly children: (field: FieldProps) => ComponentChild;
}) {
  const { label, hint, fault, children } = props;
  const id = useId();
  const about = `${id}-about`;
  return (
    <div class="value-field">
      <div class="value-label">
        <label for={id}>{label}</label>
      </div>
      {children({
        ...{ id, "aria-describedby": about, "aria-invalid": fault !== undefined },
        ...{ autocomplete: "off", spellcheck: false },
      })}
      <span id={about} class={fault === undefined ? "hint" : "bad field-fault"}>
        {fault ?? hint}
      </span>
    </div>
  );
}
