/**
 * Watches the envelopes of sealed products for what their operators ought to know. It only tells: what is taken and what is
 * refused stays what EnOS takes and refuses, whose parsing script knows neither the path of a message nor what came before.
 */
import type { CloudEventBody } from "../events";
import { nameOf } from "../events";
import type { CloudDevice } from "../registry/cloud-device";
import type { Doubted } from "../registry/device-seal";
import type { Product } from "../registry/product";
import type { DoubtKind } from "../registry/seal-view";
import type { Seal } from "../script/seal";
import type { Uplink } from "./topics";

export class SealWatch {
  readonly #emit: ((event: CloudEventBody) => void) | undefined;

  constructor(emit: ((event: CloudEventBody) => void) | undefined) {
    this.#emit = emit;
  }

  /** The product's script opened an envelope that came by the device's path. Returns what is wrong with that. */
  opened(device: CloudDevice, seal: Seal, now: number): DoubtKind | undefined {
    const doubted = device.takeSeal().open(seal, device.deviceKey, now);
    if (doubted !== undefined) this.#tell(device, doubted);
    return doubted?.doubt.what;
  }

  /** The product's script refused a message of the device. */
  refused(device: CloudDevice, reason: string, now: number): void {
    this.#tell(device, device.takeSeal().refuse(reason, now));
  }

  /** Whether a message in no envelope is odd: the device has sealed before, and its product's script opens envelopes. */
  isOddInPlain(device: CloudDevice, product: Product): boolean {
    return product.seals && device.seal !== undefined && device.seal.opened > 0;
  }

  /** Such a message was taken. */
  takenInPlain(device: CloudDevice, now: number): void {
    const doubted = device.seal?.takePlain(now);
    if (doubted !== undefined) this.#tell(device, doubted);
  }

  #tell(device: CloudDevice, { doubt, isTold }: Doubted): void {
    if (!isTold) return;
    const { at: _, ...told } = doubt;
    this.#emit?.({ type: "seal-doubted", ...nameOf(device), ...told });
  }
}

/** Whether a sealed product's device sends this in envelopes; its questions and its firmware's version it asks in plain. */
export function isSealedKind({ kind }: Uplink): boolean {
  switch (kind) {
    case "points":
    case "batch":
    case "resume":
    case "event":
    case "attribute-update":
    case "attribute-delete":
    case "tag-update":
    case "tag-delete":
      return true;
    default:
      return false;
  }
}

/** The id by which a message is known, of one that was sealed: what its script has put around it is taken off. */
export function idWithoutSeal(id: string, { deviceKey, salt, counter, root }: Seal): string {
  const around = `.${root}.${salt}.${counter}.${deviceKey}`;
  return id.endsWith(around) ? id.slice(0, -around.length) : id;
}
