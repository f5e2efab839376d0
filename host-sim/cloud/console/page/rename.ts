/** The chosen device's name: shown, and changed on the spot. */
import { call, pathOf } from "./api";
import { byId, say } from "./elements";
import { nameOf } from "./device-list";
import type { Device } from "./device-list";

/** The heading over a device, with the field for its name. */
export class DeviceName {
  readonly #form = byId<HTMLFormElement>("name-form");
  readonly #field = byId<HTMLInputElement>("name");
  #device: Device | undefined;

  /**
   * @param run does something, and shows why it failed
   * @param onChange told of the device as it is with its new name
   */
  constructor(run: (work: () => Promise<void>) => Promise<boolean>, onChange: (device: Device) => void) {
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      const device = this.#device;
      if (device === undefined) return;
      const name = this.#field.value.trim();
      void run(async () => {
        onChange(await call<Device>(pathOf(device), "PATCH", { name: name === "" ? null : name }));
        this.#field.blur();
      });
    });
  }

  /** Shows a device; a name that is being written is left alone. */
  show(device: Device): void {
    const isOther = this.#device === undefined || nameOf(this.#device) !== nameOf(device);
    this.#device = device;
    this.#form.hidden = false;
    say(byId("device-title"), nameOf(device));
    if (isOther || document.activeElement !== this.#field) this.#field.value = device.name ?? "";
  }
}
