/** A product without a parsing script: what one is for, and how to begin. */
import { Empty } from "../../../page/empty";
import type { Product } from "./product-data";

const skeleton = `/**
 * From a device: its bytes, -128 to 127, become a message of EnOS's as JSON text.
 */
function rawDataToJsonStr(bytes) {
  var message = {
    id: "1",
    version: "1.0",
    method: "thing.measurepoint.post",
    params: { measurepoints: {} },
  };
  return JSON.stringify(message);
}

/**
 * To a device: the answer to a report, or a command, becomes bytes.
 */
function jsonStrToRawData(json) {
  var message = JSON.parse(json);
  return [];
}
`;

export function StartScript({ product, onStart }: { product: Product; onStart: (text: string) => void }) {
  const key = product.productKey;
  const readFile = async (file: File | undefined): Promise<void> => {
    if (file !== undefined) onStart(await file.text());
  };
  return (
    <Empty
      title="No parsing script yet"
      command={`curl -sf -X PATCH -H 'content-type: application/json' -d "$(node -p 'JSON.stringify({script: require("fs").readFileSync("parsing-script.js", "utf8")})')" ${location.origin}/api/v1/products/${key}`}
    >
      A script turns the bytes of a device into EnOS's JSON, and commands into bytes. Devices that speak JSON
      need none. Paste one of EnOS's, begin with an empty one, or send a file by the command below.
      <span class="bar start-buttons">
        <button type="button" class="primary" onClick={() => onStart(skeleton)}>
          Begin a script
        </button>
        <label class="button">
          Open a file
          <input
            type="file"
            accept=".js,text/javascript"
            class="seen-by-readers"
            onChange={(event) => void readFile(event.currentTarget.files?.[0])}
          />
        </label>
      </span>
    </Empty>
  );
}
