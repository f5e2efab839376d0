/** What is kept about the device itself: attributes of its thing model, and tags. Both sides may change them. */
import { useState } from "preact/hooks";
import "./attributes.css";
import { Empty } from "../../../page/empty";
import { ago, clock, count } from "../../../page/words";
import { mayOperate, onlyLooks } from "../access";
import { pathOf } from "../api";
import { now } from "../connection";
import { useResource } from "../resource";
import { Unread } from "../unread";
import { AttributeDialog, RemoveDialog, TagDialog } from "./edit-dialogs";
import { attributeRows } from "./rows";
import type { CloudEvent } from "../../../events";
import type { Model } from "../../../../model/model";
import type { Origin, Origins } from "../../../registry/origins";
import type { DeviceTabProps } from "../tab-props";
import type { AttributeRow } from "./rows";

/** What is being edited. */
type Editing =
  | { readonly what: "attribute"; readonly row: AttributeRow }
  | { readonly what: "tag"; readonly tag: readonly [string, string] | undefined }
  | {
      readonly what: "remove";
      readonly kind: "attributes" | "tags";
      readonly name: string;
      readonly label: string;
    };

export function AttributesTab(device: DeviceTabProps) {
  const { productKey, deviceKey } = device;
  const [editing, setEditing] = useState<Editing>();
  const concerns = (event: CloudEvent): boolean =>
    "deviceKey" in event &&
    event.deviceKey === deviceKey &&
    event.productKey === productKey &&
    (event.type === "changed" ||
      event.type === "removed" ||
      event.type === "registered" ||
      (event.type === "stored" && (event.kind === "attributes" || event.kind === "tags")));
  const base = pathOf(device);
  const attributes = useResource<Record<string, unknown>>(`${base}/attributes`, concerns);
  const tags = useResource<Record<string, string>>(`${base}/tags`, concerns);
  const origins = useResource<Origins>(`${base}/origins`, concerns);
  const product = useResource<{ model?: Model }>(
    `/products/${encodeURIComponent(productKey)}`,
    (event) => event.type === "product-put" && event.productKey === productKey,
  );
  // The place of the device says that it is gone.
  if (attributes.status === 404) return null;
  if (attributes.data === undefined) return <Unread resource={attributes} />;
  if (tags.data === undefined) return <Unread resource={tags} />;
  const rows = attributeRows(product.data?.model, attributes.data, origins.data?.attributes ?? {});
  const again = (): void => {
    attributes.again();
    tags.again();
    origins.again();
  };
  const close = (): void => setEditing(undefined);
  const common = { device, onDone: again, onClose: close };
  return (
    <div class="stack">
      <Attributes rows={rows} onEdit={setEditing} />
      <Tags tags={tags.data} origins={origins.data?.tags ?? {}} onEdit={setEditing} />
      {editing?.what === "attribute" && <AttributeDialog {...common} row={editing.row} />}
      {editing?.what === "tag" && <TagDialog {...common} tag={editing.tag} />}
      {editing?.what === "remove" && <RemoveDialog {...common} {...editing} />}
    </div>
  );
}

interface EditProps {
  readonly onEdit: (editing: Editing) => void;
}

function Attributes({ rows, onEdit }: EditProps & { rows: readonly AttributeRow[] }) {
  if (rows.length === 0) {
    return (
      <Empty title="No attributes">
        A product's thing model says which attributes its devices have; this one names none, and the device
        has reported none.
      </Empty>
    );
  }
  const set = rows.filter(({ value }) => value !== undefined).length;
  return (
    <section class="card attributes">
      <div class="bar">
        <h2>Attributes</h2>
        <span class="dim">{`${set} of ${count(rows.length, "attribute")} set`}</span>
      </div>
      <table>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Value</th>
            <th scope="col">Takes</th>
            <th scope="col">Changed</th>
            <th scope="col">
              <span class="seen-by-readers">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.identifier} data-attribute={row.identifier}>
              <td>
                {row.name}
                {row.name !== row.identifier && <div class="hint mono">{row.identifier}</div>}
              </td>
              <td class="value">{row.value === undefined ? <span class="dim">not set</span> : row.text}</td>
              <td class="dim">{row.type}</td>
              <td>
                <OriginText origin={row.origin} isSet={row.value !== undefined} />
              </td>
              <td>
                <div class="row-actions">
                  <Act
                    label={`${row.value === undefined ? "Set" : "Change"} ${row.name}`}
                    text={row.value === undefined ? "Set" : "Change"}
                    onPress={() => onEdit({ what: "attribute", row })}
                  />
                  {row.value !== undefined && (
                    <Act
                      label={`Remove ${row.name}`}
                      text="Remove"
                      onPress={() =>
                        onEdit({ what: "remove", kind: "attributes", name: row.identifier, label: row.name })
                      }
                    />
                  )}
                </div>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

interface TagsProps extends EditProps {
  readonly tags: Readonly<Record<string, string>>;
  readonly origins: Readonly<Record<string, Origin>>;
}

function Tags({ tags, origins, onEdit }: TagsProps) {
  const entries = Object.entries(tags).sort(([a], [b]) => a.localeCompare(b));
  return (
    <section class="card attributes">
      <div class="bar">
        <h2>Tags</h2>
        <span class="dim">{entries.length === 0 ? "none" : count(entries.length, "tag")}</span>
        <span class="push">
          <Act label="New tag" text="New tag" onPress={() => onEdit({ what: "tag", tag: undefined })} />
        </span>
      </div>
      {entries.length === 0 ? (
        <p class="dim">Tags are names and texts of your own: a site, a batch, an owner.</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Value</th>
              <th scope="col">Changed</th>
              <th scope="col">
                <span class="seen-by-readers">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {entries.map(([name, value]) => (
              <tr key={name} data-tag={name}>
                <td>{name}</td>
                <td class="value">{value}</td>
                <td>
                  <OriginText origin={Object.hasOwn(origins, name) ? origins[name] : undefined} isSet />
                </td>
                <td>
                  <div class="row-actions">
                    <Act
                      label={`Change ${name}`}
                      text="Change"
                      onPress={() => onEdit({ what: "tag", tag: [name, value] })}
                    />
                    <Act
                      label={`Remove ${name}`}
                      text="Remove"
                      onPress={() => onEdit({ what: "remove", kind: "tags", name, label: name })}
                    />
                  </div>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function OriginText({ origin, isSet }: { origin: Origin | undefined; isSet: boolean }) {
  if (origin === undefined) return <span class="dim">{isSet ? "not known" : ""}</span>;
  const { by, at } = origin;
  return (
    <span class="dim" title={clock(at)}>
      {`${ago(at, now.value)} by the ${by}`}
    </span>
  );
}

/** A button of a row, greyed for who may only look. */
function Act({ label, text, onPress }: { label: string; text: string; onPress: () => void }) {
  const isGrey = !mayOperate.value;
  return (
    <button
      type="button"
      aria-label={label}
      aria-disabled={isGrey}
      title={isGrey ? onlyLooks : undefined}
      onClick={() => !isGrey && onPress()}
    >
      {text}
    </button>
  );
}
