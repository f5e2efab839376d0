/** A new device: its keys, and once it is there its secret, this once, with the commands that need it. */
import { useEffect, useRef, useState } from "preact/hooks";
import { Command, CopyButton } from "../../../page/copy";
import { Dialog } from "../../../page/dialog";
import { pathOfPlace } from "../../addresses";
import { call } from "../api";
import { useResource } from "../resource";
import { coapUrl } from "./coap-url";
import type { Status } from "../cloud/status";

interface Registered {
  readonly productKey: string;
  readonly deviceKey: string;
  /** Only when the stand-in made it. */
  readonly deviceSecret?: string;
}

interface RegisterProps {
  readonly onClose: () => void;
  readonly productKey?: string | undefined;
  readonly deviceKey?: string | undefined;
}

/** Asks for the keys, registers, and shows the secret. */
export function RegisterDialog({ onClose, productKey = "", deviceKey = "" }: RegisterProps) {
  const [registered, setRegistered] = useState<Registered>();
  const products = useResource<{ items: { productKey: string; name?: string }[] }>("/products").data?.items;
  const status = useResource<Status>("/status").data;
  const productField = useRef<HTMLInputElement>(null);
  const register = async (form: FormData): Promise<void> => {
    const given = (name: string): object => {
      const value = String(form.get(name)).trim();
      return value === "" ? {} : { [name]: value };
    };
    const body = {
      ...{ ...given("productKey"), ...given("deviceKey"), ...given("name") },
      ...{ ...given("deviceSecret"), ...given("edition") },
    };
    setRegistered(await call<Registered>("/devices", "POST", body));
  };
  const only = products?.length === 1 ? products[0].productKey : undefined;
  useEffect(() => {
    const field = productField.current;
    if (field !== null && field.value === "" && only !== undefined) field.value = only;
  }, [only]);
  if (registered !== undefined) {
    return <Secret {...registered} server={coapUrl(status?.coap)} onClose={onClose} />;
  }
  return (
    <Dialog
      title="Register a device"
      action="Register"
      onAction={register}
      onClose={onClose}
      // Its secret is shown next.
      staysOpen
    >
      <label class="field">
        <span>Product key</span>
        <input
          ref={productField}
          name="productKey"
          class="mono"
          list="product-keys"
          required
          maxLength={64}
          autofocus={productKey === ""}
          spellcheck={false}
          defaultValue={productKey}
        />
        <datalist id="product-keys">
          {products?.map((each) => (
            <option key={each.productKey} value={each.productKey}>
              {each.name ?? ""}
            </option>
          ))}
        </datalist>
      </label>
      <label class="field">
        <span>Device key, such as the modem's IMEI</span>
        <input
          name="deviceKey"
          class="mono"
          required
          maxLength={64}
          spellcheck={false}
          autocomplete="off"
          defaultValue={deviceKey}
        />
      </label>
      <label class="field">
        <span>Name, for people; may be left out</span>
        <input name="name" maxLength={128} autocomplete="off" />
      </label>
      <details>
        <summary>A secret or an edition of its own</summary>
        <div class="stack">
          <label class="field">
            <span>Device secret; empty: the stand-in makes one</span>
            <input name="deviceSecret" type="password" maxLength={128} autocomplete="new-password" />
          </label>
          <label class="field">
            <span>Edition of the protocol</span>
            <select name="edition">
              <option value="">{`as the stand-in${status === undefined ? "" : `: ${status.edition}`}`}</option>
              <option value="token">token</option>
              <option value="tokenless">tokenless</option>
            </select>
          </label>
        </div>
      </details>
    </Dialog>
  );
}

function Secret(props: Registered & { server: string; onClose: () => void }) {
  const { productKey, deviceKey, deviceSecret, server, onClose } = props;
  const keys = [
    `export ENOS_PRODUCT_KEY=${productKey}`,
    `export ENOS_DEVICE_KEY=${deviceKey}`,
    `export ENOS_DEVICE_SECRET=${deviceSecret ?? "…"}`,
  ].join("\n");
  return (
    <Dialog
      title={`${deviceKey} is registered`}
      action="Done"
      isNotice
      onAction={() => Promise.resolve()}
      onClose={onClose}
    >
      {deviceSecret === undefined ? (
        <p>It goes by the secret that you gave; put it in the place of the dots.</p>
      ) : (
        <>
          <p class="note warn-note">The stand-in made this secret and shows it this once: copy it now.</p>
          <div class="bar secret">
            <code>{deviceSecret}</code>
            <CopyButton text={deviceSecret} label="Copy the secret" />
          </div>
        </>
      )}
      <div class="field">
        <span class="hint">1. In a terminal of this project, give its keys:</span>
        <Command text={keys} />
      </div>
      <div class="field">
        <span class="hint">2. Run it on this PC, over UDP and without a modem:</span>
        <Command text={`npm run device -- --server ${server}`} />
      </div>
      <div class="field">
        <span class="hint">or write its keys into an image for a board:</span>
        <Command text="npm run provision -- --out keys.bin" />
      </div>
      <p>
        <a href={pathOfPlace({ kind: "device", productKey, deviceKey, tab: "live" })}>Go to the device</a>
      </p>
    </Dialog>
  );
}
