/** What became of each command that was sent to a device, with a button that revokes one while it waits. */
import { call, pathOf } from "./api";
import { make } from "./elements";
import type { Device } from "./device-list";

interface CommandView {
  readonly id: string;
  readonly kind: string;
  readonly service?: string;
  readonly path: string;
  readonly status: string;
  readonly createdAt: number;
  readonly sentAt?: number;
  readonly endedAt?: number;
  readonly code?: number;
  readonly data?: unknown;
  readonly message?: string;
  readonly late?: { readonly at: number; readonly code: number };
}

interface Row {
  /** The command as it is shown. */
  readonly json: string;
  readonly element: HTMLElement;
}

/** Characters of a reply's data that a row has room for. */
const longestData = 200;

/** The commands of one device, newest first. */
export class CommandList {
  readonly #list = make("div", { role: "status" });
  readonly #revokeAll = make("button", { type: "button" }, "Revoke all that wait");
  readonly #tried: (work: () => Promise<void>) => Promise<void>;
  /** By id. */
  #rows = new Map<string, Row>();
  #device: Device | undefined;

  /** @param tried runs what may fail, and says why it did */
  constructor(panel: HTMLElement, tried: (work: () => Promise<void>) => Promise<void>) {
    this.#tried = tried;
    this.#revokeAll.addEventListener("click", () => this.#post(`${pathOf(this.#device!)}/commands/revoke`));
    this.#revokeAll.hidden = true;
    panel.append(make("h2", {}, "Commands"), this.#revokeAll, this.#list);
  }

  /** Another device. */
  show(device: Device): Promise<void> {
    this.#device = device;
    this.#rows = new Map();
    this.#list.replaceChildren();
    return this.refresh();
  }

  /** Reads anew how the commands stand. */
  async refresh(): Promise<void> {
    const device = this.#device;
    if (device === undefined) return;
    const { items } = await call<{ items: CommandView[] }>(`${pathOf(device)}/commands`);
    if (device !== this.#device) return;
    const rows = new Map<string, Row>();
    const focused = document.activeElement?.closest("[data-command]")?.getAttribute("data-command");
    for (const view of items.reverse()) rows.set(view.id, this.#rowOf(view));
    this.#rows = rows;
    const elements = [...rows.values()].map(({ element }) => element);
    this.#list.replaceChildren(
      ...(elements.length > 0 ? elements : [make("p", { class: "dim" }, "None yet.")]),
    );
    this.#revokeAll.hidden = !items.some(({ status }) => status === "pending");
    // Who works with the keyboard goes on from the same command, be its button gone or not.
    const row = focused == null ? undefined : rows.get(focused)?.element;
    (row?.querySelector("button") ?? row)?.focus();
  }

  #rowOf(view: CommandView): Row {
    const json = JSON.stringify(view);
    const known = this.#rows.get(view.id);
    if (known?.json === json) return known;
    const { id, kind, service, path, status, createdAt } = view;
    const parts: (Node | string)[] = [make("strong", {}, status), outcomeOf(view)];
    const about = `${kind}${service === undefined ? "" : ` ${service}`} · ${path} · ${new Date(createdAt).toLocaleTimeString()} · ${id}`;
    parts.push(make("div", { class: "dim" }, about));
    if (status === "pending") {
      const revoke = make("button", { type: "button", "aria-label": `Revoke command ${id}` }, "Revoke");
      revoke.addEventListener("click", () => this.#post(`/commands/${id}/revoke`));
      parts.push(revoke);
    }
    return { json, element: make("div", { class: "message", "data-command": id, tabindex: "-1" }, ...parts) };
  }

  #post(path: string): void {
    void this.#tried(async () => {
      await call(path, "POST");
      await this.refresh();
    });
  }
}

/** Code, words and data of the reply, and one that came late. */
function outcomeOf({ code, message, data, late, sentAt, endedAt }: CommandView): string {
  const words: string[] = [];
  if (code !== undefined) words.push(`code ${code}`);
  if (message !== undefined && message !== "") words.push(message);
  const told = data === undefined ? "{}" : JSON.stringify(data);
  if (told !== "{}" && told !== '""') {
    words.push(told.length > longestData ? `${told.slice(0, longestData)}…` : told);
  }
  if (code !== undefined && sentAt !== undefined && endedAt !== undefined) {
    words.push(`after ${((endedAt - sentAt) / 1_000).toFixed(1)} s`);
  }
  if (late !== undefined) words.push(`a reply came late, with code ${late.code}`);
  return words.map((word) => ` · ${word}`).join("");
}
