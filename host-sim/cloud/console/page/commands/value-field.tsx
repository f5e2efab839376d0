/** One value of a form: the field that its type in the thing model asks for, and what is wrong with it. */
import { useId } from "preact/hooks";
import { isEnumOfTexts } from "../../../../model/model";
import { unitSign } from "../../../page/quantity";
import { clock } from "../../../page/words";
import { modelType } from "./choices";
import { emptyDraft, timeOf } from "./draft";
import { hintOf } from "./value-words";
import type { ComponentChildren } from "preact";
import type { ModelField, ModelType } from "../../../../model/model";
import type { FormField } from "./choices";
import type { Draft, DraftFields } from "./draft";

export interface FieldProps {
  readonly field: FormField;
  readonly draft: Draft;
  /** Where the field stands in the form: `reference.temperature`. */
  readonly path: string;
  /** What is wrong, by path; those of fields that nobody has touched yet are not in it. */
  readonly faults: ReadonlyMap<string, string>;
  readonly onDraft: (draft: Draft) => void;
  /** Somebody has left the field with this path. */
  readonly onLeave: (path: string) => void;
}

/** A field with its name, what it takes, and its fault. */
export function ValueField(props: FieldProps) {
  const { field } = props;
  const type = modelType(field);
  if (type?.type === "struct") return <StructField {...props} />;
  if (type?.type === "array") return <ArrayField {...props} type={type} />;
  return (
    <Labelled {...props} hint={type === undefined ? freeHint(field) : hintOf(type)}>
      {(own) => <Leaf {...props} type={type} own={own} />}
    </Labelled>
  );
}

/** What a field's element has of what is said about it. */
interface Own {
  readonly id: string;
  readonly "aria-describedby": string;
  readonly "aria-invalid": boolean;
  readonly "aria-required": boolean;
}

function freeHint(field: FormField): string {
  const what = field.type === "hex" ? "hexadecimal, pairs of digits" : "JSON";
  return field.optional === true ? `${what}, optional` : what;
}

function Labelled(
  props: FieldProps & { readonly hint: string; readonly children: (own: Own) => ComponentChildren },
) {
  const { field, path, faults, hint, children } = props;
  const id = useId();
  const fault = faults.get(path);
  const about = `${id}-about`;
  return (
    <div class="value-field">
      <div class="value-label">
        <label for={id}>{field.name ?? field.identifier}</label>
        {field.name !== undefined && <code class="dim">{field.identifier}</code>}
      </div>
      {children({
        id,
        "aria-describedby": about,
        "aria-invalid": fault !== undefined,
        "aria-required": field.optional !== true,
      })}
      <span id={about} class={fault === undefined ? "hint" : "bad field-fault"}>
        {fault ?? hint}
      </span>
    </div>
  );
}

function Leaf(props: FieldProps & { readonly type: (ModelType & FormField) | undefined; readonly own: Own }) {
  const { field, draft, path, type, own, onDraft, onLeave } = props;
  const value = typeof draft === "string" ? draft : "";
  const given = {
    ...own,
    value,
    onInput: (event: Event): void => onDraft((event.currentTarget as HTMLInputElement).value),
    onBlur: (): void => onLeave(path),
  };
  if (type === undefined)
    return <textarea {...given} rows={field.type === "hex" ? 2 : 4} spellcheck={false} />;
  const options = optionsOf(type);
  if (options !== undefined) {
    return (
      <select {...own} value={value} onChange={given.onInput} onBlur={given.onBlur}>
        <option value="">{field.optional === true ? "left out" : "choose"}</option>
        {options.map(([option, words]) => (
          <option key={option} value={option}>
            {words}
          </option>
        ))}
        {value !== "" && !options.some(([option]) => option === value) && (
          <option value={value}>{`${value}, not in the model`}</option>
        )}
      </select>
    );
  }
  if (type.type === "string" && (type.maxLength ?? 1024) > 96) {
    return <textarea {...given} rows={3} spellcheck={false} />;
  }
  const isNumber = /^(?:int|int64|float|double)$/.test(type.type);
  const input = (
    <input
      {...given}
      type="text"
      inputMode={isNumber ? (type.type.startsWith("int") ? "numeric" : "decimal") : undefined}
      autocomplete="off"
      spellcheck={false}
      class={isNumber ? "number-input" : undefined}
    />
  );
  if (type.type === "timestamp") return <TimeInput text={value} input={input} onDraft={onDraft} />;
  const unit = isNumber ? unitSign(type.unit) : "";
  if (unit === "") return input;
  return (
    <span class="with-unit">
      {input}
      <span class="dim">{unit}</span>
    </span>
  );
}

/** What can be chosen, with the text that stands for it in a draft; undefined where anything can be typed. */
function optionsOf(type: ModelType): readonly (readonly [value: string, words: string])[] | undefined {
  if (type.type === "bool") {
    return [
      ["true", "true"],
      ["false", "false"],
    ];
  }
  if (type.type !== "enum") return undefined;
  const values = Object.entries(type.values ?? {});
  if (isEnumOfTexts(type)) return values.map(([, word]) => [word, word]);
  return values.map(([number, word]) => [number, `${word} (${number})`]);
}

function TimeInput(props: {
  readonly text: string;
  readonly input: ComponentChildren;
  readonly onDraft: (draft: Draft) => void;
}) {
  const time = timeOf(props.text.trim());
  return (
    <span class="with-unit">
      {props.input}
      <span class="dim time-read">{time === undefined ? "" : clock(time)}</span>
      <button type="button" class="quiet" onClick={() => props.onDraft(String(Date.now()))}>
        Now
      </button>
    </span>
  );
}

function StructField(props: FieldProps) {
  const { field, draft, path, faults, onDraft, onLeave } = props;
  const { identifier, name = identifier, optional, fields = [] } = field as ModelField;
  const fault = faults.get(path);
  const drafts = typeof draft === "object" && !Array.isArray(draft) ? (draft as DraftFields) : undefined;
  return (
    <fieldset class="value-group">
      <legend>
        {optional === true ? (
          <label class="include">
            <input
              type="checkbox"
              checked={drafts !== undefined}
              onChange={(event) => onDraft(event.currentTarget.checked ? {} : undefined)}
            />
            {name}
          </label>
        ) : (
          name
        )}
        {name !== identifier && <code class="dim">{identifier}</code>}
        {optional === true && <span class="hint">optional</span>}
      </legend>
      {drafts !== undefined &&
        fields.map((each) => (
          <ValueField
            key={each.identifier}
            field={each}
            draft={drafts[each.identifier] ?? emptyDraft(each)}
            path={`${path}.${each.identifier}`}
            faults={faults}
            onDraft={(next) => onDraft({ ...drafts, [each.identifier]: next })}
            onLeave={onLeave}
          />
        ))}
      {fault !== undefined && <span class="bad field-fault">{fault}</span>}
    </fieldset>
  );
}

function ArrayField(props: FieldProps & { readonly type: ModelType & FormField }) {
  const { field, draft, path, faults, type, onDraft, onLeave } = props;
  const { identifier, name = identifier } = field;
  const items = Array.isArray(draft) ? (draft as readonly Draft[]) : [];
  const fault = faults.get(path);
  const item: ModelField = { identifier: "", type: type.items ?? "double" };
  const unit = unitSign(type.unit);
  return (
    <fieldset class="value-group">
      <legend>
        {name}
        {name !== identifier && <code class="dim">{identifier}</code>}
        <span class="hint">{hintOf(type)}</span>
      </legend>
      {items.map((each, index) => (
        <div class="array-item" key={index}>
          <span class="dim number">{index}</span>
          <span class="with-unit">
            <input
              type="text"
              value={typeof each === "string" ? each : ""}
              aria-label={`${name}, item ${index}`}
              aria-invalid={faults.has(`${path}[${index}]`)}
              inputMode={item.type === "string" ? undefined : "decimal"}
              class={item.type === "string" ? undefined : "number-input"}
              spellcheck={false}
              autocomplete="off"
              onInput={(event) => {
                const { value } = event.currentTarget;
                onDraft(items.map((other, at) => (at === index ? value : other)));
              }}
              onBlur={() => onLeave(`${path}[${index}]`)}
            />
            {unit !== "" && <span class="dim">{unit}</span>}
          </span>
          <button
            type="button"
            class="quiet"
            aria-label={`Remove item ${index} of ${name}`}
            onClick={() => onDraft(items.filter((_, at) => at !== index))}
          >
            ×
          </button>
          {faults.has(`${path}[${index}]`) && (
            <span class="bad field-fault">{faults.get(`${path}[${index}]`)}</span>
          )}
        </div>
      ))}
      <div>
        <button
          type="button"
          disabled={items.length >= (type.maxItems ?? 128)}
          onClick={() => onDraft([...items, ""])}
        >
          {items.length === 0 ? "Add an item" : "Add another"}
        </button>
      </div>
      {fault !== undefined && <span class="bad field-fault">{fault}</span>}
    </fieldset>
  );
}
