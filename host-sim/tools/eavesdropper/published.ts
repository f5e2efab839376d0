/** What somebody on the path can have of the demo's product beforehand. */
import { thing } from "../../../firmware/product/thing";
import { loadScriptEngine } from "../../cloud/script/script-engine";
import { OwnSeal } from "../../sim/path/own-seal";
import { PublicKnowledge } from "../../sim/path/public-knowledge";
import { productRecord } from "../../sim/world/products";
import { variantFiles } from "../../sim/world/product-variant";
import { SealedProduct } from "../../sim/world/sealed-product";
import { epoch } from "../../sim/world/world";
import type { Script } from "../../cloud/script/script-engine";
import type { Seal } from "../../sim/world/device-options";
import type { Random } from "../../sim/time/random";

/** What anybody may have of the product, sealed or not; `random` draws the master that is his own. */
export async function published(
  seal: Seal | undefined,
  productKey: string,
  random: Random,
): Promise<PublicKnowledge> {
  const engine = await loadScriptEngine(() => epoch);
  const compiled = (source: string | undefined): Script => {
    const script = engine.compile(source!);
    if ("fault" in script) throw new Error(script.fault);
    return script;
  };
  const plain = compiled(productRecord("demo", productKey, "raw").script);
  if (seal === undefined) return new PublicKnowledge({ scripts: [plain], thing });
  const master = random.bytes(32);
  const own = {
    seal: new OwnSeal(master, random.bytes(8)),
    script: compiled(new SealedProduct("demo", { sealed: seal }, productKey, master).record().script),
  };
  const keyless = compiled(variantFiles("demo", { sealed: seal }).generated.files["parsing-script.js"]);
  return new PublicKnowledge({ scripts: [keyless, plain], thing, own });
}
