/**
 * Only the rows in view are in the document, so that ten thousand devices scroll like ten. A list box by
 * the ARIA practices: arrows, Home, End, Page Up and Down move the choice.
 */
import { ago, byId, make } from "./elements";

export interface Device {
  readonly productKey: string;
  readonly deviceKey: string;
  readonly name?: string;
  readonly state: string;
  readonly lastSeen?: number;
}

const rowHeight = 52;
/** Rows drawn beyond what is in view. */
const margin = 4;

export function nameOf({ productKey, deviceKey }: { productKey: string; deviceKey: string }): string {
  return `${productKey}/${deviceKey}`;
}

function searchedIn(device: Device): string {
  return `${nameOf(device)} ${device.state} ${device.name ?? ""}`.toLowerCase();
}

/** The list of all devices, of which one is chosen. */
export class DeviceList {
  readonly #list = byId("device-list");
  readonly #space = make("div", { class: "space", role: "presentation" });
  readonly #filter = byId<HTMLInputElement>("filter");
  readonly #devices = new Map<string, Device>();
  readonly #onChoice: (device: Device) => void;
  #shown: Device[] = [];
  #chosen: string | undefined;
  #due = false;

  constructor(onChoice: (device: Device) => void) {
    this.#onChoice = onChoice;
    this.#list.append(this.#space);
    this.#list.addEventListener("scroll", () => this.#draw());
    this.#list.addEventListener("keydown", (event) => this.#key(event));
    this.#list.addEventListener("click", (event) => {
      const row = (event.target as Element).closest<HTMLElement>(".row");
      if (row !== null) this.#choose(Number(row.dataset.index));
    });
    this.#filter.addEventListener("input", () => this.changed());
    addEventListener("resize", () => this.#draw());
    setInterval(() => this.#draw(), 5_000);
  }

  get size(): number {
    return this.#devices.size;
  }

  get online(): number {
    let count = 0;
    for (const { state } of this.#devices.values()) if (state === "online") count += 1;
    return count;
  }

  get(name: string): Device | undefined {
    return this.#devices.get(name);
  }

  put(device: Device): void {
    this.#devices.set(nameOf(device), device);
    this.changed();
  }

  remove(name: string): void {
    this.#devices.delete(name);
    this.changed();
  }

  /** Draws anew, once for however many changes a frame brings. */
  changed(): void {
    if (this.#due) return;
    this.#due = true;
    requestAnimationFrame(() => {
      this.#due = false;
      const wanted = this.#filter.value.trim().toLowerCase();
      this.#shown = [...this.#devices.values()].filter(
        (device) => wanted === "" || searchedIn(device).includes(wanted),
      );
      if (this.#chosen === undefined && this.#shown.length > 0) return this.#choose(0);
      this.#draw();
    });
  }

  #key(event: KeyboardEvent): void {
    const at = this.#shown.findIndex((device) => nameOf(device) === this.#chosen);
    const page = Math.max(1, Math.floor(this.#list.clientHeight / rowHeight) - 1);
    const moves: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: this.#shown.length - 1,
    };
    const to = moves[event.key];
    if (to === undefined || this.#shown.length === 0) return;
    event.preventDefault();
    this.#choose(Math.max(0, Math.min(this.#shown.length - 1, to)));
  }

  #choose(index: number): void {
    const device = this.#shown[index];
    if (device === undefined) return;
    this.#chosen = nameOf(device);
    const top = index * rowHeight;
    const { scrollTop, clientHeight } = this.#list;
    if (top < scrollTop) this.#list.scrollTop = top;
    else if (top + rowHeight > scrollTop + clientHeight)
      this.#list.scrollTop = top + rowHeight - clientHeight;
    this.#draw();
    this.#onChoice(device);
  }

  #draw(): void {
    const { scrollTop, clientHeight } = this.#list;
    const from = Math.max(0, Math.floor(scrollTop / rowHeight) - margin);
    const to = Math.min(this.#shown.length, Math.ceil((scrollTop + clientHeight) / rowHeight) + margin);
    this.#space.style.height = `${this.#shown.length * rowHeight}px`;
    this.#space.replaceChildren(
      ...this.#shown.slice(from, to).map((device, i) => this.#row(device, from + i)),
    );
    const active = this.#space.querySelector('[aria-selected="true"]');
    if (active === null) this.#list.removeAttribute("aria-activedescendant");
    else this.#list.setAttribute("aria-activedescendant", active.id);
  }

  #row(device: Device, index: number): HTMLElement {
    const name = nameOf(device);
    const row = make(
      "div",
      {
        class: "row",
        role: "option",
        id: `device-${index}`,
        "data-index": String(index),
        "aria-selected": String(name === this.#chosen),
        "aria-posinset": String(index + 1),
        "aria-setsize": String(this.#shown.length),
      },
      device.name === undefined
        ? make("div", { class: "mono" }, device.deviceKey)
        : make("div", {}, device.name, make("span", { class: "mono dim" }, ` ${device.deviceKey}`)),
      make(
        "div",
        { class: "dim" },
        make("span", { class: `state ${device.state}` }, device.state),
        ` · ${device.productKey} · ${ago(device.lastSeen)}`,
      ),
    );
    row.style.top = `${index * rowHeight}px`;
    row.style.height = `${rowHeight}px`;
    return row;
  }
}
