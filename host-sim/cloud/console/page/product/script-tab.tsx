/** The parsing script: edited, tried as one types, held against what is in force, applied, and had back. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { Dialog } from "../../../page/dialog";
import { count } from "../../../page/words";
import { mayOperate } from "../access";
import { call } from "../api";
import { CodeEditor } from "../editor/code-editor";
import { useResource } from "../resource";
import { draftOf, dropDraft, keepDraft, settleDraft } from "./drafts";
import { EditBar, useApplied, useInForce } from "./edit-bar";
import { FaultList } from "./fault-list";
import { pathOfProduct, toolPathOf, useVersions } from "./product-data";
import { spacedHex } from "./trial-input";
import { TrialPanel } from "./trial-panel";
import { useTrial } from "./use-trial";
import { VersionList, readVersion } from "./version-list";
import { StartScript } from "./start-script";
import type { FaultKind } from "../../../script/script-told";
import type { ScriptComparison, ScriptUse } from "../../script-answers";
import type { TextFault } from "../editor/code-editor";
import type { Product } from "./product-data";
import type { Way } from "./trial-input";

/** What is tried, kept for each product while the page is there. */
const kept = new Map<string, { readonly way: Way; readonly up: string; readonly down: string }>();
const noSamples: ScriptUse["samples"] = [];
const noFaults: ScriptUse["faults"] = [];
/** What stands in the place of keys for who may look alone: script/masked-script.ts. */
const maskedPlace = /\/\* masked \*\//;
const nothingKept = { way: "up", up: "", down: "" } as const;

/** What the user is asked before it comes into force. */
interface Asked {
  readonly script: string;
  readonly comparison: ScriptComparison;
}

export function ScriptTab({ product }: { product: Product }) {
  const { productKey, model, devices } = product;
  const [inForce, setInForce] = useInForce(product.script ?? "");
  const draft = draftOf("script", productKey);
  useLayoutEffect(() => settleDraft("script", productKey, inForce), [draft, inForce]);
  const text = draft?.text ?? inForce;
  const use = useResource<ScriptUse>(
    `${toolPathOf(productKey)}/script`,
    (event) =>
      "productKey" in event &&
      event.productKey === productKey &&
      ["script-fault", "stored", "report-refused", "seal-doubted", "command-queued", "product-put"].includes(
        event.type,
      ),
  );
  const versions = useVersions(productKey).data?.items ?? [];
  const [trial, setTrial] = useState(kept.get(productKey) ?? nothingKept);
  const [comparison, setComparison] = useState<{ readonly number?: number; readonly text: string }>();
  const [asked, setAsked] = useState<Asked>();
  const { applied, fault, run } = useApplied();
  const goTo = useRef<(line: number, column?: number) => void>(undefined);
  const input = trial[trial.way];
  const tried = useTrial(productKey, text, trial.way, input);

  const keepTrial = (change: Partial<typeof trial>): void => {
    const next = { ...trial, ...change };
    kept.set(productKey, next);
    setTrial(next);
  };
  const samples = use.data?.samples ?? noSamples;
  const newest = samples.find(({ task }) => task === "report");
  useEffect(() => {
    // A real message is there to begin with.
    if (newest !== undefined && trial.up === "") keepTrial({ up: spacedHex(newest.input) });
  }, [newest?.input]);

  const edit = (now: string): void => {
    keepDraft("script", productKey, { text: now, base: draft?.base ?? inForce });
  };
  const faults = use.data?.faults ?? noFaults;
  const marked = useMemo(
    () => textFaults(tried.trial, tried.isStale, draft === undefined ? faults : []),
    [tried.trial, tried.isStale, faults, draft === undefined],
  );

  const put = async (script: string): Promise<void> => {
    const members = { script: script.trim() === "" ? null : script };
    await call(pathOfProduct(productKey), "PATCH", members);
    setInForce(members.script ?? "");
    dropDraft("script", productKey);
    setComparison(undefined);
  };
  /** Asks where devices will notice. */
  const apply = async (script: string): Promise<boolean> => {
    const none = { samples: 0, different: 0, told: [] };
    if (script.trim() === "") {
      setAsked({ script, comparison: none });
      return false;
    }
    const path = `${toolPathOf(productKey)}/script/compare`;
    const compared = await call<ScriptComparison>(path, "POST", { script });
    if (compared.fault !== undefined) throw new Error(`This is no script: ${compared.fault}`);
    const isUnknown = compared.samples === 0 && devices > 0 && inForce !== "";
    if (compared.different > 0 || isUnknown) {
      setAsked({ script, comparison: compared });
      return false;
    }
    await put(script);
    return true;
  };
  const lastChange = versions.find(({ changed }) => changed.includes("script"));
  const undo = async (): Promise<boolean> => {
    const { script = "" } = await readVersion(productKey, lastChange!.number);
    return apply(script);
  };
  const tryFault = ({ task, input: given }: FaultKind): void => {
    const isUp = task === "report" || task === "reply";
    keepTrial(isUp ? { way: "up", up: spacedHex(given ?? "") } : { way: "down", down: given ?? "" });
    document.getElementById("script-result")?.scrollIntoView({ block: "nearest" });
  };
  if (inForce === "" && draft === undefined) {
    return <StartScript product={product} onStart={edit} />;
  }
  return (
    <div class={comparison === undefined ? "two-columns" : "stack"}>
      <div class="stack sticky">
        <EditBar
          kind="script"
          draft={draft}
          inForce={inForce}
          isComparing={comparison !== undefined}
          onCompare={() => setComparison(comparison === undefined ? { text: inForce } : undefined)}
          onDiscard={() => dropDraft("script", productKey)}
          onApply={() => run(() => apply(text))}
          undoTime={lastChange?.until}
          onUndo={() => run(undo)}
          applied={applied}
          fault={fault}
        />
        {!mayOperate.value && maskedPlace.test(inForce) && (
          <p class="note">
            The script is shown without its keys, which are for its owner: as it stands here it opens nothing.
          </p>
        )}
        <CodeEditor
          text={text}
          language="javascript"
          label="Parsing script"
          faults={marked}
          compareWith={comparison?.text}
          onChange={edit}
          goTo={goTo}
        />
      </div>
      <div class="stack">
        <TrialPanel
          way={trial.way}
          onWay={(way) => keepTrial({ way })}
          input={input}
          onInput={(now) => keepTrial({ [trial.way]: now })}
          samples={samples}
          model={model}
          tried={tried}
          hasScript={text.trim() !== ""}
          goTo={(line, column) => goTo.current?.(line, column)}
        />
        <FaultList faults={faults} onTry={tryFault} goTo={(line, column) => goTo.current?.(line, column)} />
        <VersionList
          kind="script"
          productKey={productKey}
          versions={versions}
          compared={comparison?.number}
          onCompare={(version) =>
            setComparison(version && { number: version.number, text: version.script ?? "" })
          }
          onTake={(version) => edit(version.script ?? "")}
        />
      </div>
      {asked !== undefined && mayOperate.value && (
        <AskApply
          asked={asked}
          devices={devices}
          onApply={() => run(() => put(asked.script).then(() => true))}
          onClose={() => setAsked(undefined)}
        />
      )}
    </div>
  );
}

function AskApply(props: {
  asked: Asked;
  devices: number;
  onApply: () => Promise<void>;
  onClose: () => void;
}) {
  const { script, comparison } = props.asked;
  const { samples, different, told } = comparison;
  const isRemoval = script.trim() === "";
  const whom = count(props.devices, "device");
  return (
    <Dialog
      title={isRemoval ? "Take the parsing script away?" : "Apply this script?"}
      action={isRemoval ? "Take it away" : "Apply"}
      isDangerous={isRemoval}
      onAction={props.onApply}
      onClose={props.onClose}
    >
      {isRemoval ? (
        <p>{`Without a script the raw bytes of ${whom} cannot be read. An undo has it back.`}</p>
      ) : samples === 0 ? (
        <p>{`No real message is there to compare by, so what ${whom} say may come to mean something else. An undo has the former script back.`}</p>
      ) : (
        <p>
          {`Of the last ${count(samples, "real input")} it makes something else of ${different}. The product has ${whom}.`}
        </p>
      )}
      {told.map(({ task, input, before, after }) => (
        <dl key={`${task} ${input}`} class="facts difference">
          <dt>{task}</dt>
          <dd class="mono">{cut(input)}</dd>
          <dt>now</dt>
          <dd class="mono">{cut(before)}</dd>
          <dt>then</dt>
          <dd class="mono">{cut(after)}</dd>
        </dl>
      ))}
      {different > told.length && <p class="dim">{`And ${different - told.length} more.`}</p>}
    </Dialog>
  );
}

function cut(text: string): string {
  return text.length > 240 ? `${text.slice(0, 240)}…` : text;
}

/** Of the try as an error, of devices' messages as warnings with their count. */
function textFaults(
  trial: { fault?: string; line?: number; column?: number } | undefined,
  isStale: boolean,
  faults: readonly FaultKind[],
): TextFault[] {
  const marked: TextFault[] = faults.flatMap(({ line, column, fault, task, times }) =>
    line === undefined
      ? []
      : [{ line, column, severity: "warning", message: `${count(times, "time")} for a ${task}: ${fault}` }],
  );
  if (trial?.fault !== undefined && trial.line !== undefined && !isStale) {
    marked.push({ line: trial.line, column: trial.column, severity: "error", message: trial.fault });
  }
  return marked;
}
