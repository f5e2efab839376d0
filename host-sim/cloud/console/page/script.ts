/**
 * The console's tab of the parsing script.
 */
import { call } from "./api";
import { make, say } from "./elements";
import { reasonOf } from "../../reason";
import type { Product } from "./model";

/** The product's parsing script: to read, to try against bytes or JSON, to change. */
export class ScriptPanel {
  readonly #text = make("textarea", { id: "script", spellcheck: "false", "aria-label": "Parsing script" });
  readonly #sample = make("input", { id: "sample", class: "mono", spellcheck: "false", autocomplete: "off" });
  readonly #result = make("pre", { role: "status", id: "script-result" });
  #product: Product | undefined;

  constructor(panel: HTMLElement) {
    const button = (text: string, run: () => Promise<string>): HTMLButtonElement => {
      const made = make("button", { type: "button" }, text);
      made.addEventListener("click", () => void this.#run(run));
      return made;
    };
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
        make("label", { for: "sample" }, "Bytes in hexadecimal, or JSON"),
        this.#sample,
      ),
      make(
        "p",
        {},
        button("Try the script as it stands here", () => this.#try()),
      ),
      this.#result,
    );
  }

  show(product: Product | undefined): void {
    if (product?.productKey === this.#product?.productKey) return;
    this.#product = product;
    this.#text.value = product?.script ?? "";
    say(this.#result, "");
  }

  async #run(run: () => Promise<string>): Promise<void> {
    try {
      say(this.#result, await run());
    } catch (error) {
      say(this.#result, reasonOf(error, "it did not work"));
    }
  }

  async #apply(): Promise<string> {
    if (this.#product === undefined) return "no product";
    const path = `/products/${encodeURIComponent(this.#product.productKey)}`;
    const { name, payload, model } = await call<Product>(path);
    const script = this.#text.value;
    await call(path, "PUT", { name, payload, model, ...(script.trim() === "" ? {} : { script }) });
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
