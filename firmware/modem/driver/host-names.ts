/**
 * The address behind the server's name: asked of the network by the modem, kept as long as the server answers, and
 * asked again when it does not. When the network tells none, the address from before is used on.
 *
 * What comes from the network is an outsider's text: of it only four numbers are taken.
 */
import { isIpv4 } from "../../text/ipv4";
import { runScript } from "../at/script";
import type { AtEngine } from "../at/engine";
import type { Family } from "../family/family";
import type { DriverState } from "./driver-state";

/** After a question in vain, or an answer, no other one for so long, ms: each is an exchange over the air. */
const pause = 60_000;
/** The address that means that there is none. */
const none = "0.0.0.0";

/** What names are resolved with. */
export interface HostNamesParts {
  readonly driver: DriverState;
  readonly at: AtEngine;
  readonly family: Family;
}

/** The address behind a name. A firmware has one server, so one is kept. */
export class HostNames {
  readonly #parts: HostNamesParts;
  /** Empty for an address that is from before deep sleep, and belongs to the first name that is asked for. */
  #name = "";
  #address: string | undefined;
  #doubted = false;
  #askedAt = -Infinity;

  constructor(parts: HostNamesParts) {
    this.#parts = parts;
  }

  /** Takes the address that was in use before the ESP32's deep sleep. */
  restore(address: string): void {
    if (address !== none) this.#address = address;
  }

  /** The server does not answer any more: its name may have another address now. */
  doubt(): void {
    this.#doubted = true;
  }

  /** The address of a host: itself where it is one, else what is kept; undefined when that must be asked for. */
  addressOf(host: string): string | undefined {
    if (isIpv4(host)) return host;
    if (this.#name === "" && this.#address !== undefined) this.#name = host;
    return this.#name === host ? this.#address : undefined;
  }

  /** Whether `ask` is to come before a socket is opened to this host. */
  isAsked(host: string, now: number): boolean {
    if (isIpv4(host)) return false;
    return (this.addressOf(host) === undefined || this.#doubted) && now - this.#askedAt >= pause;
  }

  /** Asks the network; then `addressOf` gives what there is. Not called back when the driver gives up. */
  ask(host: string, onDone: (now: number) => void, now: number): void {
    const { driver, at: engine, family } = this.#parts;
    let address: string | undefined;
    const onAddress = (told: string): void => void (address ??= told === none ? undefined : told);
    this.#askedAt = now;
    runScript(
      engine,
      family.resolve?.(host, onAddress) ?? [],
      (outcome, at) => {
        if (outcome.result.kind === "aborted") return;
        if (address === undefined) driver.log({ kind: "modem unresolved", name: host });
        else {
          if (address !== this.#address) driver.log({ kind: "modem resolved", name: host, address });
          this.#name = host;
          this.#address = address;
        }
        this.#doubted = false;
        onDone(at);
      },
      now,
    );
  }
}
