/** The products, and one of them: its thing model, its parsing script and its firmware. */
import { Empty } from "../../../page/empty";
import { Tabs } from "../../../page/tabs";
import { pathOfPlace, productTabs } from "../../addresses";
import { draftOf } from "../product/drafts";
import { ModelTab } from "../product/model-tab";
import { useProduct } from "../product/product-data";
import { ProductHeader } from "../product/product-header";
import { ProductTable } from "../product/product-table";
import { ScriptTab } from "../product/script-tab";
import { ProductUpdateTab } from "../update/product-update-tab";
import type { Place } from "../../addresses";
import "../product/product.css";

export function ProductsPlace() {
  return <ProductTable />;
}

export function ProductPlace({ at }: { at: Place & { readonly kind: "product" } }) {
  const { productKey, tab } = at;
  const { data, fault, status, again } = useProduct(productKey);
  const labels = { model: "Thing model", script: "Parsing script", update: "Update" } as const;
  if (status === 404) return <NoProduct productKey={productKey} />;
  return (
    <div class="stack">
      {data === undefined ? <h1>{productKey}</h1> : <ProductHeader product={data} />}
      {fault !== undefined && (
        <div class="note bad-note bar" role="alert">
          <span>{`The product cannot be read: ${fault}`}</span>
          <button type="button" class="push" onClick={again}>
            Try again
          </button>
        </div>
      )}
      <Tabs
        label="What to see of the product"
        tabs={productTabs.map((each) => ({
          href: pathOfPlace({ kind: "product", productKey, tab: each }),
          label:
            each === "update" || draftOf(each, productKey) === undefined
              ? labels[each]
              : `${labels[each]}, edited ●`,
          isCurrent: each === tab,
        }))}
      />
      {data === undefined && fault === undefined && <p class="dim">Reading the product</p>}
      {data !== undefined && tab === "model" && <ModelTab product={data} />}
      {data !== undefined && tab === "script" && <ScriptTab product={data} />}
      {data !== undefined && tab === "update" && <ProductUpdateTab productKey={productKey} />}
    </div>
  );
}

function NoProduct({ productKey }: { productKey: string }) {
  return (
    <Empty
      title={`There is no product ${productKey}`}
      command={`curl -sf -X PUT -H 'content-type: application/json' -d '{}' ${location.origin}/api/v1/products/${encodeURIComponent(productKey)}`}
    >
      It was removed, or the stand-in was started without --data. <a href="/products">See all products</a>
    </Empty>
  );
}
