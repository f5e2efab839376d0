/** Which product it is, and what its devices have in common besides model and script. */
import { useState } from "preact/hooks";
import { Dialog } from "../../../page/dialog";
import { count, grouped } from "../../../page/words";
import { mayOperate } from "../access";
import { call } from "../api";
import { go } from "../route";
import { pathOfProduct, usualDatagram } from "./product-data";
import type { Payload, Product } from "./product-data";

type Asked =
  { readonly kind: "settings" | "remove" } | { readonly kind: "payload"; readonly payload: Payload };

const forms: Readonly<Record<Payload, string>> = {
  json: "as JSON",
  raw: "as bytes that the script makes",
};

export function ProductHeader({ product }: { product: Product }) {
  const { productKey, name, devices, payload, largestDatagram = usualDatagram, model } = product;
  const [asked, setAsked] = useState<Asked>();
  const change = (members: object): Promise<unknown> => call(pathOfProduct(productKey), "PATCH", members);
  const reader = mayOperate.value ? undefined : "This token may look, and not change.";
  const other: Payload = payload === "raw" ? "json" : "raw";
  return (
    <header class="product-header stack">
      <div class="bar">
        <h1>{name ?? productKey}</h1>
        {name !== undefined && <span class="mono dim">{productKey}</span>}
        <span class="bar push">
          <button
            type="button"
            disabled={reader !== undefined}
            title={reader}
            onClick={() => setAsked({ kind: "settings" })}
          >
            Settings
          </button>
          <button
            type="button"
            class="danger"
            disabled={reader !== undefined || devices > 0}
            title={reader ?? (devices > 0 ? "It has devices: remove them first." : undefined)}
            onClick={() => setAsked({ kind: "remove" })}
          >
            Remove
          </button>
        </span>
      </div>
      <dl class="header-facts">
        <div>
          <dt>Devices</dt>
          <dd>
            <a href={`/fleet?q=${encodeURIComponent(productKey)}`}>{grouped(devices)}</a>
          </dd>
        </div>
        <div>
          <dt>Thing model</dt>
          <dd>{model === undefined ? "none" : `${model.product}, version ${model.version}`}</dd>
        </div>
        <div>
          <dt>Parsing script</dt>
          <dd>{product.script === undefined ? "none" : count(product.script.split("\n").length, "line")}</dd>
        </div>
        <div>
          <dt id="payload-title">Commands go</dt>
          <dd>
            <span class="segments" role="group" aria-labelledby="payload-title">
              {(["json", "raw"] as const).map((form) => (
                <button
                  key={form}
                  type="button"
                  aria-pressed={form === payload}
                  disabled={reader !== undefined}
                  title={reader}
                  onClick={() => form !== payload && setAsked({ kind: "payload", payload: form })}
                >
                  {forms[form]}
                </button>
              ))}
            </span>
          </dd>
        </div>
        <div>
          <dt>Largest datagram</dt>
          <dd>{`${grouped(largestDatagram)} B`}</dd>
        </div>
      </dl>
      {payload === "raw" && !product.hasScript && (
        <p class="note warn-note">
          Commands go as bytes, and there is no script to make them: every command is refused.
        </p>
      )}
      {asked?.kind === "payload" && (
        <Dialog
          title={`Send commands ${forms[other]}?`}
          action="Change"
          onAction={async () => void (await change({ payload: other }))}
          onClose={() => setAsked(undefined)}
        >
          <p>{`${count(devices, "device")} will get the next command ${forms[other]}. One that waits goes as it was made.`}</p>
        </Dialog>
      )}
      {asked?.kind === "settings" && (
        <Dialog
          title="Settings of the product"
          action="Save"
          onAction={async (form) => {
            const text = String(form.get("name")).trim();
            await change({
              name: text === "" ? null : text,
              largestDatagram: Number(form.get("largestDatagram")),
            });
          }}
          onClose={() => setAsked(undefined)}
        >
          <label class="field">
            <span>Name, for people</span>
            <input name="name" maxLength={128} value={name ?? ""} autocomplete="off" />
          </label>
          <label class="field">
            <span>Largest datagram that every one of its devices takes, bytes (256 to 1,152)</span>
            <input
              name="largestDatagram"
              type="number"
              min={256}
              max={1152}
              required
              value={largestDatagram}
            />
          </label>
        </Dialog>
      )}
      {asked?.kind === "remove" && (
        <Dialog
          title={`Remove ${name ?? productKey}?`}
          action="Remove"
          isDangerous
          onAction={async () => {
            await remove(productKey);
            go("/products", { replaces: true });
          }}
          onClose={() => setAsked(undefined)}
        >
          <p>Its model, its script, what was in force before, and its firmware files go with it.</p>
        </Dialog>
      )}
    </header>
  );
}

async function remove(productKey: string): Promise<void> {
  try {
    await call(pathOfProduct(productKey), "DELETE");
  } catch (error) {
    // Done, and answered with nothing to read.
    if (!(error instanceof SyntaxError)) throw error;
  }
}
