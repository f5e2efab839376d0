/**
 * The form takes what the model says of types, ranges and lengths; the cloud checks again.
 */
import { ApiFault, call, pathOf } from "./api";
import { CommandList } from "./command-list";
import { make, say } from "./elements";
import { reasonOf } from "../../reason";
import type { Device } from "./device-list";
import type { Field, Model } from "./model";

/** What a field's element gives: undefined where it was left empty. */
type Read = () => unknown;

let fields = 0;

/** An input for one field of the model. @throws SyntaxError, by its reader, for a value that is no JSON */
function inputFor(field: Field): { readonly element: HTMLElement; readonly read: Read } {
  const id = `field-${(fields += 1)}`;
  const {
    identifier,
    name = identifier,
    type = "",
    unit,
    range,
    values,
    enumType,
    maxLength,
    optional,
  } = field;
  const label = make("label", { for: id }, name);
  const hint = [
    type,
    unit,
    range === undefined ? undefined : `${range[0]} to ${range[1]}`,
    optional ? "optional" : undefined,
  ];
  const row = (input: HTMLElement, read: Read) => {
    const text = hint.filter((part) => part !== undefined && part !== "").join(", ");
    return {
      element: make("div", { class: "field" }, label, input, make("span", { class: "hint" }, text)),
      read,
    };
  };
  if (values !== undefined || type === "bool") {
    const options =
      values === undefined
        ? [
            ["true", "true"],
            ["false", "false"],
          ]
        : enumType === "string"
          ? Object.values(values).map((text) => [JSON.stringify(text), JSON.stringify(text)])
          : Object.entries(values);
    const select = make("select", { id, name: identifier }, make("option", { value: "" }, "–"));
    for (const [value, word] of options)
      select.append(make("option", { value }, value === word ? value : `${value} – ${word}`));
    return row(select, () => (select.value === "" ? undefined : JSON.parse(select.value)));
  }
  if (/^(int|float|double|timestamp)/.test(type)) {
    const limits: Record<string, string> =
      range === undefined ? {} : { min: String(range[0]), max: String(range[1]) };
    const step = /^(int|timestamp)/.test(type) ? "1" : "any";
    const input = make("input", { id, name: identifier, type: "number", step, ...limits });
    return row(input, () => (input.value === "" ? undefined : input.valueAsNumber));
  }
  const length: Record<string, string> = maxLength === undefined ? {} : { maxlength: String(maxLength) };
  const input = make("input", { id, name: identifier, type: "text", ...length });
  if (type === "date") hint.push("yyyy-MM-dd or yyyy-MM-dd HH:mm:ss");
  if (type === "string" || type === "date")
    return row(input, () => (input.value === "" ? undefined : input.value));
  hint.push("as JSON");
  return row(input, () => (input.value.trim() === "" ? undefined : JSON.parse(input.value)));
}

/** Commands for one device: a form made from its thing model, and what became of each command sent. */
export class CommandForm {
  readonly #form: HTMLElement;
  readonly #list: CommandList;
  readonly #times = new Times();
  readonly #problem = make("p", { role: "alert" });
  #device: Device | undefined;

  constructor(panel: HTMLElement) {
    this.#form = make("div");
    panel.append(this.#form, this.#problem);
    this.#list = new CommandList(panel, (work) => this.#tried(work));
  }

  /** Another device. */
  async show(device: Device, model: Model | undefined): Promise<void> {
    this.#device = device;
    say(this.#problem, "");
    const writable = model?.measurepoints?.filter((point) => point.writable === true) ?? [];
    const choices: [string, string, () => HTMLElement][] = [];
    if (writable.length > 0) {
      choices.push([
        "set",
        "Set measure points",
        () => this.#body(writable, (points) => ({ kind: "set", points })),
      ]);
    }
    const readable = model?.measurepoints ?? [];
    if (readable.length > 0) choices.push(["get", "Read measure points", () => this.#reading(readable)]);
    for (const { identifier, name = identifier, inputs = [] } of model?.services ?? []) {
      const make = () =>
        this.#body(inputs, (given) => ({ kind: "service", service: identifier, inputs: given }));
      choices.push([identifier, `Service: ${name}`, make]);
    }
    if (choices.length === 0) {
      this.#form.replaceChildren(
        make("p", { class: "dim" }, "The product's thing model has nothing to command."),
      );
    } else {
      const select = make("select", { id: "command", "aria-label": "Command" });
      for (const [value, text] of choices) select.append(make("option", { value }, text));
      const place = make("div");
      const change = (): void => place.replaceChildren(choices[select.selectedIndex][2]());
      select.addEventListener("change", change);
      this.#form.replaceChildren(select, this.#times.element, place);
      change();
    }
    await this.#list.show(device);
  }

  /** Reads anew how the commands stand. */
  refresh(): Promise<void> {
    return this.#list.refresh();
  }

  #body(inputs: readonly Field[], bodyOf: (values: Record<string, unknown>) => object): HTMLElement {
    const rows = inputs.map((field) => ({ field, ...inputFor(field) }));
    return this.#formOf(
      rows.map(({ element }) => element),
      () => {
        const values: Record<string, unknown> = {};
        for (const { field, read } of rows) {
          let value: unknown;
          try {
            value = read();
          } catch {
            throw new ApiFault(0, `${field.name ?? field.identifier}: no JSON`);
          }
          if (value !== undefined) values[field.identifier] = value;
        }
        return bodyOf(values);
      },
    );
  }

  #reading(points: readonly Field[]): HTMLElement {
    const boxes = points.map(({ identifier, name = identifier }) => {
      const id = `field-${(fields += 1)}`;
      const box = make("input", { id, type: "checkbox", value: identifier });
      return { box, element: make("div", {}, box, " ", make("label", { for: id }, name)) };
    });
    const chosen = () => ({
      kind: "get",
      points: boxes.filter(({ box }) => box.checked).map(({ box }) => box.value),
    });
    return this.#formOf(
      boxes.map(({ element }) => element),
      chosen,
    );
  }

  #formOf(rows: readonly HTMLElement[], bodyOf: () => object): HTMLFormElement {
    const form = make("form", {}, ...rows, make("button", {}, "Send the command"));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#send(bodyOf);
    });
    return form;
  }

  #send(bodyOf: () => object): Promise<void> {
    return this.#tried(async () => {
      await call(`${pathOf(this.#device!)}/commands`, "POST", { ...bodyOf(), ...this.#times.chosen });
      await this.refresh();
    });
  }

  /** Says why something could not be done. */
  async #tried(work: () => Promise<void>): Promise<void> {
    say(this.#problem, "");
    try {
      await work();
    } catch (error) {
      say(this.#problem, reasonOf(error, "it could not be done"));
    }
  }
}

/** How long a command waits for a device that is away, in seconds: EnOS allows two days. */
const waits: readonly (readonly [seconds: number, words: string])[] = [
  [0, "not at all: only if it is online"],
  [600, "10 minutes"],
  [3_600, "1 hour"],
  [86_400, "1 day"],
  [172_800, "2 days"],
];
const usualWait = "3600";

/** The two times that any command has. */
class Times {
  readonly #pendingTtl = make("select", { id: "pending-ttl" });
  readonly #responseTimeout = make("input", {
    ...{ id: "response-timeout", type: "number", min: "1", max: "60", step: "1", value: "30", required: "" },
  });
  readonly element = make("div");

  constructor() {
    for (const [seconds, words] of waits)
      this.#pendingTtl.append(make("option", { value: String(seconds) }, words));
    this.#pendingTtl.value = usualWait;
    const field = (label: string, input: HTMLElement, hint: string) =>
      make(
        "div",
        { class: "field" },
        make("label", { for: input.id }, label),
        input,
        make("span", { class: "hint" }, hint),
      );
    this.element.append(
      field("Waits for the device", this.#pendingTtl, "pendingTtl"),
      field("Time for the reply", this.#responseTimeout, "s once it is sent, 1 to 60"),
    );
  }

  get chosen(): { pendingTtl: number; responseTimeout: number } {
    const responseTimeout = this.#responseTimeout.valueAsNumber;
    if (!(responseTimeout >= 1 && responseTimeout <= 60)) {
      throw new ApiFault(0, "Time for the reply: 1 to 60 seconds");
    }
    return { pendingTtl: Number(this.#pendingTtl.value), responseTimeout: Math.round(responseTimeout) };
  }
}
