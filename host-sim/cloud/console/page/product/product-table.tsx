/** All products, with what each has; and how another comes to be. */
import { useState } from "preact/hooks";
import { Dialog } from "../../../page/dialog";
import { Empty } from "../../../page/empty";
import { bytes as byteCount, grouped } from "../../../page/words";
import { jsonFault } from "../../../../model/json-place";
import { mayOperate } from "../access";
import { call } from "../api";
import { go } from "../route";
import { pathOfProduct, useProducts, usualDatagram } from "./product-data";
import type { ProductSummary } from "./product-data";

export function ProductTable() {
  const { data, fault, again } = useProducts();
  const [isMaking, setMaking] = useState(false);
  const reader = mayOperate.value ? undefined : "This token may look, and not change.";
  const items = data?.items ?? [];
  return (
    <div class="stack">
      <div class="bar">
        <h1>Products</h1>
        {data !== undefined && <span class="dim">{grouped(items.length)}</span>}
        <button
          type="button"
          class="primary push"
          disabled={reader !== undefined}
          title={reader}
          onClick={() => setMaking(true)}
        >
          New product
        </button>
      </div>
      {fault !== undefined && (
        <div class="note bad-note bar" role="alert">
          <span>{`The products cannot be read: ${fault}`}</span>
          <button type="button" class="push" onClick={again}>
            Try again
          </button>
        </div>
      )}
      {data === undefined && fault === undefined && <p class="dim">Reading the products</p>}
      {data !== undefined && items.length === 0 && (
        <Empty
          title="No product yet"
          command={`curl -sf -X PUT -H 'content-type: application/json' -d '{"name":"Climate"}' ${location.origin}/api/v1/products/climate`}
        >
          A product is what devices of a kind have in common: its thing model says which reports and commands
          are valid, its parsing script reads raw bytes. Make one here, by this command, or start the stand-in
          with --products.
        </Empty>
      )}
      {items.length > 0 && <Rows items={items} />}
      {isMaking && <NewProduct onClose={() => setMaking(false)} taken={items} />}
    </div>
  );
}

function Rows({ items }: { items: readonly ProductSummary[] }) {
  return (
    <div class="scroll">
      <table class="products">
        <thead>
          <tr>
            <th>Product</th>
            <th>Key</th>
            <th class="number">Devices</th>
            <th>Commands go as</th>
            <th>Thing model</th>
            <th>Parsing script</th>
            <th class="number">Largest datagram</th>
          </tr>
        </thead>
        <tbody>
          {items.map((product) => {
            const { productKey, name, devices, payload, hasModel, modelVersion, hasScript } = product;
            const path = `/products/${encodeURIComponent(productKey)}`;
            return (
              <tr key={productKey} data-product={productKey}>
                <td>
                  <a href={`${path}/model`}>{name ?? productKey}</a>
                </td>
                <td class="mono" data-label="Key">
                  {productKey}
                </td>
                <td class="number" data-label="Devices">
                  <a href={`/fleet?q=${encodeURIComponent(productKey)}`}>{grouped(devices)}</a>
                </td>
                <td data-label="Commands go as">{payload === "raw" ? "bytes" : "JSON"}</td>
                <td data-label="Thing model">
                  {hasModel ? (
                    <a href={`${path}/model`}>{`version ${modelVersion ?? "?"}`}</a>
                  ) : (
                    <span class="dim">none</span>
                  )}
                </td>
                <td data-label="Parsing script">
                  {hasScript ? <a href={`${path}/script`}>present</a> : <span class="dim">none</span>}
                </td>
                <td class="number" data-label="Largest datagram">
                  {byteCount(product.largestDatagram ?? usualDatagram)}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

/** A thing model, ours or EnOS's, or products as `--products` has them, make a product as well as a name does. */
function NewProduct({ onClose, taken }: { onClose: () => void; taken: readonly ProductSummary[] }) {
  const make = async (form: FormData): Promise<void> => {
    const productKey = String(form.get("productKey")).trim();
    const name = String(form.get("name")).trim();
    const file = form.get("file");
    const given = file instanceof File && file.size > 0 ? await readJson(file) : undefined;
    const records = recordsOf(given);
    if (records.length === 0 && productKey === "") throw new Error("Give it a product key.");
    if (records.length > 0) {
      for (const { productKey: key, ...record } of records) await putNew(key, record, taken);
      go(`/products/${encodeURIComponent(records[0].productKey)}/model`);
      return;
    }
    const more = { ...(name === "" ? {} : { name }), ...(given === undefined ? {} : { model: given }) };
    await putNew(productKey, { payload: String(form.get("payload")), ...more }, taken);
    go(`/products/${encodeURIComponent(productKey)}/model`);
  };
  return (
    <Dialog title="New product" action="Create" onAction={make} onClose={onClose}>
      <label class="field">
        <span>Product key, as devices name it: 1 to 64 of A-Z a-z 0-9 . _ : -</span>
        <input name="productKey" maxLength={64} autocomplete="off" spellcheck={false} autofocus />
      </label>
      <label class="field">
        <span>Name, for people</span>
        <input name="name" maxLength={128} autocomplete="off" />
      </label>
      <label class="field">
        <span>Commands go to its devices</span>
        <select name="payload">
          <option value="json">as JSON</option>
          <option value="raw">as bytes that the parsing script makes</option>
        </select>
      </label>
      <label class="field">
        <span>
          Thing model to import, if there is one: a model.json, EnOS's export, or a list for --products
        </span>
        <input name="file" type="file" accept=".json,application/json" />
      </label>
    </Dialog>
  );
}

type Record = { readonly productKey: string } & { readonly [more: string]: unknown };

/** The product records in a file; none where it is a model. */
function recordsOf(given: unknown): Record[] {
  const list = Array.isArray(given) ? given : [given];
  return list.filter(
    (each): each is Record =>
      typeof each === "object" && each !== null && typeof (each as Record).productKey === "string",
  );
}

async function readJson(file: File): Promise<unknown> {
  const text = await file.text();
  const fault = jsonFault(text);
  if (fault === undefined) return JSON.parse(text.replace(/^\ufeff/, ""));
  throw new Error(`${file.name}: not JSON, line ${fault.line} column ${fault.column}: ${fault.what}`);
}

async function putNew(productKey: string, record: object, taken: readonly ProductSummary[]): Promise<void> {
  if (taken.some((each) => each.productKey === productKey)) {
    throw new Error(`${productKey} is there already; open it to change it.`);
  }
  await call(pathOfProduct(productKey), "PUT", record);
}
