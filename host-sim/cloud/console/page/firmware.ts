/**
 * The console's tab of firmware: what the chosen device runs, its upgrades with their progress, the product's files,
 * and forms to upload one and to have devices upgrade to it.
 */
import { ApiFault, call, pathOf, upload } from "./api";
import { make, say } from "./elements";
import { reasonOf } from "../../reason";
import type { Device } from "./device-list";

interface File {
  readonly version: string;
  readonly signMethod: string;
  readonly sign: string;
  readonly fileSize: number;
  readonly fileUrl: string;
  readonly devices: number;
}

interface Task {
  readonly taskId: string;
  readonly policy: string;
  readonly fromVersion: string;
  readonly toVersion: string;
  readonly status: string;
  readonly progress?: number;
  readonly desc?: string;
  readonly updatedAt: number;
}

/** Labels of fields by their elements' ids. */
const labels = Object.freeze({
  version: "Version",
  file: "File",
  sign: "Digest",
  target: "Upgrade to",
  policy: "How the device hears of it",
  all: " All devices of the product",
});

function select(id: string, options: readonly (readonly [string, string])[]): HTMLSelectElement {
  return make("select", { id }, ...options.map(([value, text]) => make("option", { value }, text)));
}

function field(label: string, input: HTMLElement): HTMLElement {
  return make("div", { class: "field" }, make("label", { for: input.id }, label), input);
}

/** What a device runs and is to run. */
export class FirmwarePanel {
  readonly #runs = make("p", { id: "firmware-version", role: "status" });
  readonly #tasks = make("div", { id: "firmware-tasks" });
  readonly #files = make("div", { id: "firmware-files" });
  readonly #said = make("p", { role: "alert" });
  readonly #target = select("firmware-target", []);
  readonly #policy = select("firmware-policy", [
    ["push", "it is sent the upgrade"],
    ["request", "it is told when it asks"],
  ]);
  readonly #all = make("input", { id: "firmware-all", type: "checkbox" });
  readonly #version = make("input", {
    ...{ id: "firmware-new", required: "", maxlength: "64", pattern: "[A-Za-z0-9][A-Za-z0-9._+\\-]*" },
    ...{ autocomplete: "off", spellcheck: "false" },
  });
  readonly #sign = select("firmware-sign", [
    ["md5", "MD5"],
    ["sha256", "SHA-256"],
  ]);
  readonly #file = make("input", { id: "firmware-file", type: "file", required: "" });
  #device: Device | undefined;

  constructor(panel: HTMLElement) {
    const order = make(
      "form",
      {},
      field(labels.target, this.#target),
      field(labels.policy, this.#policy),
      make("p", {}, this.#all, make("label", { for: this.#all.id }, labels.all)),
      make("button", {}, "Upgrade"),
    );
    const add = make(
      "form",
      {},
      field(labels.version, this.#version),
      field(labels.file, this.#file),
      field(labels.sign, this.#sign),
      make("button", {}, "Upload"),
    );
    order.addEventListener("submit", (event) => this.#on(event, () => this.#order()));
    add.addEventListener("submit", (event) => this.#on(event, () => this.#upload()));
    panel.append(
      ...[this.#runs, this.#said, this.#tasks, make("h2", {}, "Upgrade"), order],
      ...[make("h2", {}, "The product's files"), this.#files, add],
    );
  }

  /** Another device. */
  async show(device: Device): Promise<void> {
    this.#device = device;
    say(this.#said, "");
    await Promise.all([this.refresh(), this.refreshFiles()]);
  }

  /** Reads anew what the device runs and how its upgrades stand. */
  async refresh(): Promise<void> {
    const device = this.#device;
    if (device === undefined) return;
    const { version, tasks } = await call<{ version?: string; tasks: Task[] }>(`${pathOf(device)}/firmware`);
    if (device !== this.#device) return;
    say(this.#runs, version === undefined ? "It has not told its version yet." : `It runs ${version}.`);
    this.#tasks.replaceChildren(...tasks.map((task) => this.#row(task)));
  }

  /** Reads anew which files there are for the device's product. */
  async refreshFiles(): Promise<void> {
    const device = this.#device;
    if (device === undefined) return;
    const { items } = await call<{ items: File[] }>(this.#filesOf(device)).catch((error: unknown) => {
      // A device's product need not be registered.
      if (error instanceof ApiFault && error.status === 404) return { items: [] };
      throw error;
    });
    if (device !== this.#device) return;
    const rows = items.map(({ version, fileSize, signMethod, sign, fileUrl, devices }) =>
      make(
        "div",
        { class: "message" },
        make("strong", {}, version),
        ` · ${fileSize} B · ${signMethod} ${sign.slice(0, 12)}… · ${fileUrl} · ${devices} devices run it`,
      ),
    );
    this.#files.replaceChildren(...(rows.length > 0 ? rows : [make("p", { class: "dim" }, "None yet.")]));
    const chosen = this.#target.value;
    this.#target.replaceChildren(...items.map(({ version }) => make("option", { value: version }, version)));
    if (items.some(({ version }) => version === chosen)) this.#target.value = chosen;
  }

  #row(task: Task): HTMLElement {
    const { taskId, status, fromVersion, toVersion, policy, progress, desc, updatedAt } = task;
    const row = make(
      "div",
      { class: "message", "data-task": taskId },
      make("strong", {}, status),
      ` · ${fromVersion} to ${toVersion} · ${policy} · ${new Date(updatedAt).toLocaleTimeString()}`,
      desc === undefined ? "" : ` · ${desc}`,
      progress !== undefined && progress < 0 ? ` · step ${progress}` : "",
    );
    if (status === "upgrading" || status === "succeeded") {
      const value = String(progress ?? 0);
      row.append(" ", make("progress", { max: "100", value, "aria-label": "Progress" }, `${value} %`));
    }
    const decide = (what: "cancel" | "retry", text: string): void => {
      const button = make("button", { type: "button" }, text);
      button.addEventListener("click", (event) =>
        this.#on(event, async () => void (await call(`/ota-tasks/${taskId}/${what}`, "POST"))),
      );
      row.append(" ", button);
    };
    if (status === "init" || status === "published") decide("cancel", "Cancel");
    if (status === "failed") decide("retry", "Try again");
    return row;
  }

  #on(event: Event, run: () => Promise<void>): void {
    event.preventDefault();
    say(this.#said, "");
    run()
      .then(() => Promise.all([this.refresh(), this.refreshFiles()]))
      .catch((error: unknown) => say(this.#said, reasonOf(error, "it did not work")));
  }

  async #order(): Promise<void> {
    const { productKey, deviceKey } = this.#device!;
    const whom = this.#all.checked ? {} : { deviceKeys: [deviceKey] };
    const order = { productKey, version: this.#target.value, policy: this.#policy.value, ...whom };
    await call("/ota-jobs", "POST", order);
  }

  async #upload(): Promise<void> {
    const file = this.#file.files?.[0];
    if (file === undefined) return;
    const version = encodeURIComponent(this.#version.value.trim());
    await upload(`${this.#filesOf(this.#device!)}/${version}?signMethod=${this.#sign.value}`, file);
  }

  #filesOf({ productKey }: Device): string {
    return `/products/${encodeURIComponent(productKey)}/firmware`;
  }
}
