/**
 * The console's picture of the traffic: one row a message, whose fields and bytes unfold when it is opened.
 */
import { make } from "./elements";
import type { MessageEntry } from "../entries";

/** Messages shown; older ones go. */
const most = 200;

/** Messages between devices and cloud as they come, the newest on top. */
export class SequenceChart {
  readonly #list = make("div", { id: "messages", role: "log", "aria-label": "Messages" });
  readonly #only = make("input", { type: "checkbox", id: "only", checked: "" });
  readonly #entries: MessageEntry[] = [];
  #device: string | undefined;

  constructor(panel: HTMLElement) {
    const label = make("label", { for: "only" }, " only the chosen device's");
    panel.append(make("p", {}, this.#only, label), this.#list);
    this.#only.addEventListener("change", () => this.#draw());
  }

  show(device: string): void {
    this.#device = device;
    this.#draw();
  }

  add(entry: MessageEntry): void {
    this.#entries.push(entry);
    if (this.#entries.length > 500) this.#entries.shift();
    if (!this.#wanted(entry)) return;
    this.#list.prepend(rowOf(entry));
    while (this.#list.childElementCount > most) this.#list.lastElementChild!.remove();
  }

  #wanted({ device }: MessageEntry): boolean {
    return !this.#only.checked || device === this.#device;
  }

  #draw(): void {
    const rows = this.#entries
      .filter((entry) => this.#wanted(entry))
      .slice(-most)
      .reverse();
    this.#list.replaceChildren(...rows.map(rowOf));
  }
}

function rowOf({ at, way, peer, line, fields, hex, device }: MessageEntry): HTMLElement {
  const arrow = way === "up" ? "device ─▶ cloud" : "device ◀─ cloud";
  const row = make(
    "details",
    { class: "message" },
    make(
      "summary",
      {},
      make("span", { class: "dim mono" }, `${new Date(at).toLocaleTimeString()} `),
      make("span", { class: way }, arrow),
      ` ${line}`,
    ),
  );
  // Filled when it is opened: two hundred closed ones need no bytes in the document.
  row.addEventListener("toggle", () => {
    if (!row.open || row.childElementCount > 1) return;
    const parts = fields.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]);
    row.append(
      make("div", { class: "dim" }, `${device ?? "unknown device"}, ${peer}`),
      make("dl", {}, ...parts),
      make("pre", {}, hex.replace(/../g, "$& ").trim()),
    );
  });
  return row;
}
