/**
 * The console's tab of faults: what the API's `/faults` takes, as a form.
 */
import { call } from "./api";
import { make, say } from "./elements";
import { reasonOf } from "../../reason";

const names: Readonly<Record<string, string>> = {
  dropUp: "Datagrams to the cloud that are lost, 0 to 1",
  dropDown: "Datagrams from the cloud that are lost, 0 to 1",
  duplicateDown: "Datagrams from the cloud that come twice, 0 to 1",
  delayDown: "How much later the cloud sends, ms",
  serverError: "Requests that are answered 5.00, 0 to 1",
};

/** Faults made on purpose between devices and cloud: shows them and sets them. */
export class FaultPanel {
  readonly #inputs = new Map<string, HTMLInputElement>();
  readonly #down = make("input", { id: "fault-down", type: "checkbox" });
  readonly #said = make("p", { role: "status" });

  constructor(panel: HTMLElement) {
    const form = make("form");
    for (const [name, text] of Object.entries(names)) {
      const limits = name === "delayDown" ? { max: "600000", step: "1" } : { max: "1", step: "any" };
      const input = make("input", { id: `fault-${name}`, type: "number", min: "0", required: "", ...limits });
      this.#inputs.set(name, input);
      form.append(make("div", { class: "field" }, make("label", { for: input.id }, text), input));
    }
    const none = make("button", { type: "button" }, "None of them");
    none.addEventListener("click", () => {
      for (const input of this.#inputs.values()) input.value = "0";
      void this.#put();
    });
    const forget = make("button", { type: "button" }, "End all sessions");
    forget.addEventListener("click", () => void this.#forget());
    const down = make("label", { for: "fault-down" }, " The cloud swallows every datagram");
    form.prepend(make("p", {}, this.#down, down));
    this.#down.addEventListener("change", () => void this.#switch());
    form.append(make("p", {}, make("button", {}, "Apply"), " ", none, " ", forget));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#put();
    });
    panel.append(form, this.#said);
  }

  async load(): Promise<void> {
    this.#take(await call<Record<string, number>>("/faults"));
    this.#down.checked = (await call<{ down: boolean }>("/console/down")).down;
  }

  #take(faults: Readonly<Record<string, number>>): void {
    for (const [name, input] of this.#inputs) input.value = String(faults[name] ?? 0);
    const active = Object.keys(names).filter((name) => faults[name] > 0);
    say(this.#said, active.length === 0 ? "No fault is on." : `On: ${active.join(", ")}.`);
  }

  async #put(): Promise<void> {
    const faults = Object.fromEntries([...this.#inputs].map(([name, input]) => [name, input.valueAsNumber]));
    await this.#say(async () => this.#take(await call("/faults", "PUT", faults)));
  }

  async #switch(): Promise<void> {
    await this.#say(async () => {
      const { down } = await call<{ down: boolean }>("/console/down", "PUT", { down: this.#down.checked });
      say(this.#said, down ? "The cloud is down." : "The cloud is up again.");
    });
  }

  async #forget(): Promise<void> {
    await this.#say(async () => {
      const { sessions } = await call<{ sessions: number }>("/faults/forget-sessions", "POST");
      say(this.#said, `${sessions} ${sessions === 1 ? "session" : "sessions"} ended.`);
    });
  }

  async #say(run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      say(this.#said, reasonOf(error, "it did not work"));
    }
  }
}
