/** What a modem at link depth has to send: one datagram after the other goes over the UART, and then to the air. */
import type { PowerSaving } from "../modem/power-saving";
import type { Endpoint } from "../radio/link";
import type { LinkAir } from "./link-air";
import type { LinkModemOptions } from "./link-modem-options";

interface Outgoing {
  readonly bytes: Uint8Array;
  readonly to: Endpoint;
  readonly release: boolean;
}

export interface LinkUplinkOptions extends Pick<
  LinkModemOptions,
  "scheduler" | "network" | "traits" | "onUplink"
> {
  readonly powerSaving: PowerSaving;
  readonly air: LinkAir;
  /** Whether the link is up. */
  readonly up: () => boolean;
  /** The socket's own port. */
  readonly port: () => number;
  /** A datagram is on the air: there is a connection. */
  readonly onAir: () => void;
}

/** See above. */
export class LinkUplink {
  readonly #options: LinkUplinkOptions;
  readonly #waiting: Outgoing[] = [];
  /** One is on the UART. */
  #sending = false;
  /** Message id of the datagram that set out last. */
  #lastId = -1;

  constructor(options: LinkUplinkOptions) {
    this.#options = options;
  }

  /** Datagrams are on their way to the air. */
  get busy(): boolean {
    return this.#waiting.length > 0 || this.#sending || this.#options.air.carries;
  }

  /** One more, behind those that wait. */
  add(bytes: Uint8Array, to: Endpoint, release: boolean): void {
    this.#waiting.push({ bytes, to, release });
  }

  /** The radio is off, and what waited is gone. */
  drop(): void {
    this.#sending = false;
    this.#waiting.length = 0;
  }

  /** The next one sets out, if there is one and nothing in its way. */
  pump(): void {
    const { traits, scheduler, powerSaving, air, up } = this.#options;
    if (this.#sending || air.taken || !up()) return;
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#sending = true;
    powerSaving.uartActivity();
    scheduler.after(traits.send + traits.byte * next.bytes.length, () => {
      this.#sending = false;
      if (!up()) return;
      air.carry(next.bytes.length, (out) => {
        // Not answered, it is gone, as one that was lost on the air.
        if (out) this.#sent(next);
        this.pump();
      });
    });
  }

  #sent({ bytes, to, release }: Outgoing): void {
    const { network, powerSaving, port, onAir, onUplink } = this.#options;
    powerSaving.sent(release ? 2 : 0);
    onAir();
    network.uplink(bytes, port(), to);
    // A retransmission is the same message: its id is (RFC 7252 section 4.2).
    const id = (bytes[2] << 8) | bytes[3];
    onUplink?.(bytes.length, id === this.#lastId);
    this.#lastId = id;
  }
}
