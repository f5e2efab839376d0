/** The thing model: read in tables, edited as JSON, checked as one types, imported, exported, applied, and had back. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { Dialog } from "../../../page/dialog";
import { Empty } from "../../../page/empty";
import { count } from "../../../page/words";
import { reasonOf } from "../../../reason";
import { mayOperate } from "../access";
import { call, download } from "../api";
import { CodeEditor } from "../editor/code-editor";
import { query, setQuery } from "../route";
import { draftOf, dropDraft, keepDraft, settleDraft } from "./drafts";
import { EditBar, useApplied, useInForce } from "./edit-bar";
import { ModelChecks } from "./model-checks";
import { ModelTables, modelWords } from "./model-tables";
import { modelChanges } from "./model-changes";
import { pathOfProduct, useVersions } from "./product-data";
import { checkModel, useModelCheck } from "./use-model-check";
import { VersionList, readVersion } from "./version-list";
import type { ModelCheck } from "../../script-answers";
import type { Model } from "../../../../model/model";
import type { Product } from "./product-data";

interface Asked {
  /** As it goes to the API; null takes the model away. */
  readonly model: Model | null;
  readonly check: ModelCheck | undefined;
}

export function ModelTab({ product }: { product: Product }) {
  const { productKey, model, devices } = product;
  const [inForce, setInForce] = useInForce(model === undefined ? "" : textOf(model));
  const draft = draftOf("model", productKey);
  useLayoutEffect(() => settleDraft("model", productKey, inForce), [draft, inForce]);
  const text = draft?.text ?? inForce;
  const isJson =
    query.value.get("view") === "json" || (draft !== undefined && query.value.get("view") === null);
  const checked = useModelCheck(productKey, isJson ? text : undefined);
  const versions = useVersions(productKey).data?.items ?? [];
  const [comparison, setComparison] = useState<{ readonly number?: number; readonly text: string }>();
  const [asked, setAsked] = useState<Asked>();
  const [notes, setNotes] = useState<readonly string[]>([]);
  const [importFault, setImportFault] = useState<string>();
  const { applied, fault, run } = useApplied();
  const goTo = useRef<(line: number, column?: number) => void>(undefined);

  const edit = (now: string): void => {
    keepDraft("model", productKey, { text: now, base: draft?.base ?? inForce });
  };
  const put = async (next: Model | null): Promise<void> => {
    await call(pathOfProduct(productKey), "PATCH", { model: next });
    setInForce(next === null ? "" : textOf(next));
    dropDraft("model", productKey);
    setComparison(undefined);
    setNotes([]);
    // Without edits it would go back to the tables, from where it was applied.
    setQuery({ view: "json" });
  };
  /** Asks where devices will notice. */
  const apply = async (given: string): Promise<boolean> => {
    if (given.trim() === "") {
      setAsked({ model: null, check: undefined });
      return false;
    }
    const told = await checkModel(productKey, given);
    if ("problem" in told) throw new Error(told.problem);
    const { check } = told;
    const [first] = check.faults;
    if (first !== undefined) throw new Error(`${first.path}: ${first.problem}; ${first.remedy}`);
    const next = check.model as Model;
    const isFelt = check.meanings.length > 0 || modelChanges(model, next).some((each) => each.isFelt);
    if (isFelt && devices > 0) {
      setAsked({ model: next, check });
      return false;
    }
    await put(next);
    return true;
  };
  const lastChange = versions.find(({ changed }) => changed.includes("model"));
  const undo = async (): Promise<boolean> => {
    const former = (await readVersion(productKey, lastChange!.number)).model;
    return apply(former === undefined ? "" : textOf(former));
  };
  const open = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return;
    setImportFault(undefined);
    const given = await file.text();
    const told = await checkModel(productKey, given);
    // EnOS's form is shown as what it becomes; what cannot be read is shown as it is, with its faults.
    const isRead = "check" in told && told.check.model !== undefined;
    setNotes(isRead ? [`${file.name}: ${modelWords(told.check.model as Model)}`, ...told.check.notes] : []);
    edit(isRead ? textOf(told.check.model) : given);
    setQuery({ view: "json" });
  };
  const save = async (format: string, name: string): Promise<void> => {
    try {
      await download(`${pathOfProduct(productKey)}/model?format=${format}`, name);
    } catch (error) {
      setImportFault(reasonOf(error, "it cannot be exported"));
    }
  };
  const tools = (
    <div class="bar">
      <div class="segments" role="group" aria-label="How to see the model">
        <button type="button" aria-pressed={!isJson} onClick={() => setQuery({ view: "tables" })}>
          Tables
        </button>
        <button type="button" aria-pressed={isJson} onClick={() => setQuery({ view: "json" })}>
          JSON
        </button>
      </div>
      <span class="bar push">
        <FileButton label="Import" onFile={open} />
        {model !== undefined && (
          <>
            <button type="button" onClick={() => void save("model.json", `${productKey}-model.json`)}>
              Export model.json
            </button>
            <button type="button" onClick={() => void save("enos", `${productKey}-enos.json`)}>
              Export for EnOS
            </button>
          </>
        )}
      </span>
    </div>
  );
  if (!isJson && model === undefined) {
    return (
      <div class="stack">
        {importFault !== undefined && <p class="note bad-note">{importFault}</p>}
        <NoModel productKey={productKey} onFile={open} />
      </div>
    );
  }
  return (
    <div class="stack">
      {tools}
      {importFault !== undefined && (
        <p class="note bad-note" role="alert">
          {importFault}
        </p>
      )}
      {!isJson && draft !== undefined && (
        <p class="note warn-note">
          The tables show what is in force. Edits that are not applied are in the JSON.
        </p>
      )}
      {!isJson && model !== undefined && <ModelTables model={model} />}
      {isJson && (
        <div class={comparison === undefined ? "two-columns" : "stack"}>
          <div class="stack sticky">
            <EditBar
              kind="model"
              draft={draft}
              inForce={inForce}
              isComparing={comparison !== undefined}
              onCompare={() => setComparison(comparison === undefined ? { text: inForce } : undefined)}
              onDiscard={() => {
                dropDraft("model", productKey);
                setNotes([]);
              }}
              onApply={() => run(() => apply(text))}
              obstacle={
                checked.marks.some(({ severity }) => severity === "error") ? "It has faults." : undefined
              }
              undoTime={lastChange?.until}
              onUndo={() => run(undo)}
              applied={applied}
              fault={fault}
            />
            <CodeEditor
              text={text}
              language="json"
              label="Thing model"
              faults={checked.marks}
              compareWith={comparison?.text}
              onChange={edit}
              goTo={goTo}
            />
          </div>
          <div class="stack">
            <ModelChecks
              checked={checked}
              notes={notes}
              isEdited={draft !== undefined}
              inForce={model}
              goTo={(line, column) => goTo.current?.(line, column)}
              onRewrite={(next) => edit(textOf(next))}
            />
            <VersionList
              kind="model"
              productKey={productKey}
              versions={versions}
              compared={comparison?.number}
              onCompare={(version) =>
                setComparison(
                  version && {
                    number: version.number,
                    text: version.model === undefined ? "" : textOf(version.model),
                  },
                )
              }
              onTake={(version) => edit(version.model === undefined ? "" : textOf(version.model))}
            />
          </div>
        </div>
      )}
      {asked !== undefined && mayOperate.value && (
        <AskApply
          asked={asked}
          product={product}
          onApply={() => run(() => put(asked.model).then(() => true))}
          onClose={() => setAsked(undefined)}
        />
      )}
    </div>
  );
}

function NoModel({
  productKey,
  onFile,
}: {
  productKey: string;
  onFile: (file: File | undefined) => Promise<void>;
}) {
  return (
    <Empty
      title="No thing model yet"
      command={`curl -sf -X PATCH -H 'content-type: application/json' -d "{\\"model\\":$(cat model.json)}" ${location.origin}/api/v1/products/${productKey}`}
    >
      Without one, any JSON is taken. With one, reports and commands are checked, and forms and charts know
      their units. Import a model.json or what EnOS's console exports, paste one as JSON, or send it by this
      command.
      <span class="bar start-buttons">
        <FileButton label="Import" onFile={onFile} />
        <button type="button" onClick={() => setQuery({ view: "json" })}>
          Paste JSON
        </button>
      </span>
    </Empty>
  );
}

/** A button that opens a file; the same one may be opened again. */
function FileButton({ label, onFile }: { label: string; onFile: (file: File | undefined) => Promise<void> }) {
  return (
    <label class="button">
      {label}
      <input
        type="file"
        accept=".json,application/json"
        class="seen-by-readers"
        onChange={(event) => {
          const field = event.currentTarget;
          void onFile(field.files?.[0]).then(() => (field.value = ""));
        }}
      />
    </label>
  );
}

function AskApply(props: {
  asked: Asked;
  product: Product;
  onApply: () => Promise<void>;
  onClose: () => void;
}) {
  const { model, check } = props.asked;
  const whom = count(props.product.devices, "device");
  const felt = model === null ? [] : modelChanges(props.product.model, model).filter((each) => each.isFelt);
  const meanings = check?.meanings ?? [];
  return (
    <Dialog
      title={model === null ? "Take the thing model away?" : "Apply this thing model?"}
      action={model === null ? "Take it away" : "Apply"}
      isDangerous={model === null || meanings.length > 0}
      onAction={props.onApply}
      onClose={props.onClose}
    >
      <p>
        {model === null
          ? `Nothing that ${whom} report is checked any more, and commands have no forms. An undo has it back.`
          : `${whom} were built for the model in force. What they send or get may be refused, or mean something else:`}
      </p>
      {(felt.length > 0 || meanings.length > 0) && (
        <ul class="changes">
          {felt.map(({ what, how }) => (
            <li key={`${what} ${how}`}>
              <strong>{what}</strong>
              {` ${how}`}
            </li>
          ))}
          {meanings.map(({ path, problem, remedy }) => (
            <li key={path} class="bad">{`${problem}; ${remedy}`}</li>
          ))}
        </ul>
      )}
    </Dialog>
  );
}

/** As people write a model: two numbers of a range stand on one line. */
function textOf(model: unknown): string {
  return JSON.stringify(model, null, 2).replace(
    /\[\n\s+(-?[\d.eE+-]+),\n\s+(-?[\d.eE+-]+)\n\s+\]/g,
    "[$1, $2]",
  );
}
