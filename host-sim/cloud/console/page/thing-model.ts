/**
 * The console's tab of the thing model: the product's, to read and to replace.
 */
import { call } from "./api";
import { make, say } from "./elements";
import { jsonFault } from "../../../model/json-place";
import { reasonOf } from "../../reason";
import type { Product } from "./model";

/** The product's thing model as a `model.json`; what is pasted may be what EnOS's console exports, too. */
export class ThingModelPanel {
  readonly #text = make("textarea", { id: "thing-model", spellcheck: "false", "aria-label": "Thing model" });
  readonly #result = make("pre", { role: "status", id: "thing-model-result" });
  #product: Product | undefined;

  constructor(panel: HTMLElement) {
    const apply = make("button", { type: "button" }, "Apply the model to the product");
    apply.addEventListener("click", () => void this.#run());
    panel.append(
      make("p", { class: "dim" }, "A model.json, or the file that EnOS's console exports."),
      this.#text,
      make("p", {}, apply),
      this.#result,
    );
  }

  /** The product of the chosen device; what is typed for the one before is left. */
  show(product: Product | undefined): void {
    if (product?.productKey === this.#product?.productKey) return;
    this.#product = product;
    this.#text.value = product?.model === undefined ? "" : JSON.stringify(product.model, null, 2);
    say(this.#result, "");
  }

  async #run(): Promise<void> {
    try {
      say(this.#result, await this.#apply(this.#text.value));
    } catch (error) {
      say(this.#result, reasonOf(error, "it did not work"));
    }
  }

  async #apply(text: string): Promise<string> {
    if (this.#product === undefined) return "no product";
    const fault = text.trim() === "" ? undefined : jsonFault(text);
    if (fault !== undefined) {
      return `not JSON, line ${fault.line} column ${fault.column}: ${fault.what}`;
    }
    const model = text.trim() === "" ? null : (JSON.parse(text) as unknown);
    const path = `/products/${encodeURIComponent(this.#product.productKey)}`;
    const { model: kept } = await call<Product>(path, "PATCH", { model });
    if (kept === undefined) return "applied: no model";
    const { measurepoints = [], services = [] } = kept;
    return `applied: ${counted(measurepoints, "measure point")}, ${counted(services, "service")}`;
  }
}

function counted(list: readonly unknown[], what: string): string {
  return `${list.length} ${what}${list.length === 1 ? "" : "s"}`;
}
