/** What the sequence chart shows: kinds of rows, only trouble, only what contains a text. */
import { byId, make } from "./element";
import type { RowKind } from "../run-data";
import type { SequenceRows } from "./sequence-rows";

const kinds: readonly (readonly [label: string, kinds: readonly RowKind[]])[] = [
  ["CoAP", ["air"]],
  ["AT", ["at"]],
  ["device log", ["device", "board"]],
  ["modem", ["modem"]],
  ["cloud", ["cloud"]],
];

/** Makes the controls; `show` gets the rows whenever they change. */
export function offerFilters(rows: SequenceRows, show: (rows: number[]) => void): void {
  const place = byId("filters");
  const boxes = kinds.map(([label]) => checkbox(label, true));
  const trouble = checkbox("only trouble", false);
  const search = make("input");
  search.type = "search";
  search.placeholder = "contains…";
  search.setAttribute("aria-label", "Only rows that contain this text");
  const filter = (): void => {
    const allowed = new Set(kinds.flatMap(([, each], i) => (boxes[i].input.checked ? each : [])));
    const text = search.value.trim().toLowerCase();
    const shown: number[] = [];
    for (let row = 0; row < rows.length; row++) {
      if (!allowed.has(rows.kind(row))) continue;
      if (trouble.input.checked && !rows.isTrouble(row)) continue;
      if (text !== "" && !rows.row(row).text.toLowerCase().includes(text)) continue;
      shown.push(row);
    }
    byId("count").textContent = `${shown.length} of ${rows.length} rows`;
    show(shown);
  };
  let later: ReturnType<typeof setTimeout> | undefined;
  search.addEventListener("input", () => {
    clearTimeout(later);
    later = setTimeout(filter, 150);
  });
  for (const { input } of [...boxes, trouble]) input.addEventListener("change", filter);
  place.replaceChildren(...boxes.map(({ label }) => label), trouble.label, search);
  filter();
}

function checkbox(text: string, checked: boolean): { label: HTMLLabelElement; input: HTMLInputElement } {
  const input = make("input");
  input.type = "checkbox";
  input.checked = checked;
  return { input, label: make("label", {}, [input, document.createTextNode(text)]) };
}
