/**
 * The console's tab of the parsing script.
 */
import { call } from "./api";
import { make, say } from "./elements";
import { reasonOf } from "../../reason";
import type { CloudEvent } from "../../events";
import type { Product } from "./model";

type ScriptFaultEvent = Extract<CloudEvent, { type: "script-fault" }>;

/** Faults that are shown, the newest first. */
const mostFaults = 20;

/** The product's parsing script: to read, to try against bytes or JSON, to change; and what it got wrong. */
export class ScriptPanel {
  readonly #text = make("textarea", { id: "script", spellcheck: "false", "aria-label": "Parsing script" });
  readonly #payload = make(
    "select",
    { id: "payload" },
    make("option", { value: "raw" }, "bytes, which the script makes of them"),
    make("option", { value: "json" }, "JSON, without the script"),
  );
  readonly #sample = make("input", { id: "sample", class: "mono", spellcheck: "false", autocomplete: "off" });
  readonly #result = make("pre", { role: "status", id: "script-result" });
  readonly #heading = make(
    "h2",
    { id: "script-faults-title" },
    "What it got wrong for devices, the newest first",
  );
  readonly #faults = make("ol", { id: "script-faults", "aria-labelledby": "script-faults-title" });
  /** Of every product, as they came; of each at most so many. */
  readonly #told = new Map<string, string[]>();
  #product: Product | undefined;

  constructor(panel: HTMLElement) {
    const button = (text: string, run: () => Promise<string>): HTMLButtonElement => {
      const made = make("button", { type: "button" }, text);
      made.addEventListener("click", () => void this.#run(run));
      return made;
    };
    this.#payload.addEventListener("change", () => void this.#run(() => this.#choosePayload()));
    panel.append(
      this.#text,
      make(
        "p",
        {},
        button("Apply the script to the product", () => this.#apply()),
      ),
      make(
        "div",
        { class: "field" },
        make("label", { for: "payload" }, "Commands go to its devices as"),
        this.#payload,
      ),
      make(
        "div",
        { class: "field" },
        make("label", { for: "sample" }, "Bytes in hexadecimal, or JSON"),
        this.#sample,
      ),
      make(
        "p",
        {},
        button("Try the script as it stands here", () => this.#try()),
      ),
      this.#result,
      this.#heading,
      this.#faults,
    );
    this.#heading.hidden = true;
  }

  show(product: Product | undefined): void {
    this.#payload.value = product?.payload ?? "json";
    if (product?.productKey === this.#product?.productKey) return;
    this.#product = product;
    this.#text.value = product?.script ?? "";
    say(this.#result, "");
    this.#showFaults();
  }

  /** Shows what the script got wrong while devices used it. */
  tell({ productKey, task, fault, input, output, times }: ScriptFaultEvent): void {
    const told = this.#told.get(productKey) ?? [];
    this.#told.set(productKey, told);
    const returned = output === undefined ? "" : `, which gave ${output}`;
    const again = times === 1 ? "" : ` (${times} times)`;
    told.unshift(`${task}: ${fault}${again}; for ${input}${returned}`);
    told.splice(mostFaults);
    if (productKey === this.#product?.productKey) this.#showFaults();
  }

  #showFaults(): void {
    const told = this.#told.get(this.#product?.productKey ?? "") ?? [];
    this.#heading.hidden = told.length === 0;
    this.#faults.replaceChildren(...told.map((text) => make("li", { class: "mono" }, text)));
  }

  async #run(run: () => Promise<string>): Promise<void> {
    try {
      say(this.#result, await run());
    } catch (error) {
      say(this.#result, reasonOf(error, "it did not work"));
    }
  }

  #apply(): Promise<string> {
    const script = this.#text.value;
    return this.#change({ script: script.trim() === "" ? null : script });
  }

  #choosePayload(): Promise<string> {
    return this.#change({ payload: this.#payload.value });
  }

  async #change(members: object): Promise<string> {
    if (this.#product === undefined) return "no product";
    await call(`/products/${encodeURIComponent(this.#product.productKey)}`, "PATCH", members);
    return "applied";
  }

  async #try(): Promise<string> {
    const given = this.#sample.value.trim();
    const hex = given.replace(/[\s:]/g, "");
    const isHex = /^([0-9a-f]{2})+$/i.test(hex);
    let body: object;
    try {
      body = isHex ? { bytes: hex.toLowerCase() } : { json: JSON.parse(given) as unknown };
    } catch {
      return "neither bytes in hexadecimal (two digits each) nor JSON";
    }
    return JSON.stringify(
      await call<object>("/console/script/try", "POST", { script: this.#text.value, ...body }),
      null,
      2,
    );
  }
}
