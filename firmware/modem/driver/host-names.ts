/**
 * The address behind a server's name: asked of the network by the modem, kept as long as the server answers, and
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

/** Names whose addresses are kept: of the server, and of one other that has the files of an update. */
const mostNames = 2;

interface HostName {
  readonly name: string;
  address: string | undefined;
  doubted: boolean;
  askedAt: number;
}

/** The addresses behind names. */
export class HostNames {
  readonly #parts: HostNamesParts;
  /** Those that were asked for, the latest first. */
  #names: HostName[] = [];
  /** From before deep sleep; it belongs to the first name that the first socket's owner asks for. */
  #restored: string | undefined;

  constructor(parts: HostNamesParts) {
    this.#parts = parts;
  }

  /** Takes the address that the first socket's owner had in use before the ESP32's deep sleep. */
  restore(address: string): void {
    if (address !== none) this.#restored = address;
  }

  /** Nobody answers any more: the names may have other addresses now. */
  doubt(): void {
    for (let i = 0; i < this.#names.length; i++) this.#names[i].doubted = true;
  }

  /**
   * The address of a host: itself where it is one, else what is kept; undefined when that must be asked for.
   *
   * @param first for the owner of the first socket
   */
  addressOf(host: string, first: boolean): string | undefined {
    return isIpv4(host) ? host : this.find(host, first).address;
  }

  /** Whether `ask` is to come before a socket is opened to this host. */
  isAsked(host: string, first: boolean, now: number): boolean {
    if (isIpv4(host)) return false;
    const { address, doubted, askedAt } = this.find(host, first);
    return (address === undefined || doubted) && now - askedAt >= pause;
  }

  /** Asks the network; then `addressOf` gives what there is. Not called back when the driver gives up. */
  ask(host: string, onDone: (now: number) => void, now: number): void {
    const { driver, at: engine, family } = this.#parts;
    const known = this.find(host, false);
    let address: string | undefined;
    const onAddress = (told: string): void => void (address ??= told === none ? undefined : told);
    known.askedAt = now;
    runScript(
      engine,
      family.resolve?.(host, onAddress) ?? [],
      (outcome, at) => {
        if (outcome.result.kind === "aborted") return;
        if (address === undefined) driver.log({ kind: "modem unresolved", name: host });
        else {
          if (address !== known.address) driver.log({ kind: "modem resolved", name: host, address });
          known.address = address;
        }
        known.doubted = false;
        onDone(at);
      },
      now,
    );
  }

  /** What is known of a name, the latest first from now on. */
  private find(name: string, first: boolean): HostName {
    const names = this.#names;
    let at = 0;
    while (at < names.length && names[at].name !== name) at += 1;
    const known = names[at] ?? { name, address: undefined, doubted: false, askedAt: -Infinity };
    if (at > 0 || names.length === 0) {
      names.splice(at, 1);
      names.unshift(known);
      if (names.length > mostNames) names.pop();
    }
    if (first && this.#restored !== undefined) {
      known.address ??= this.#restored;
      this.#restored = undefined;
    }
    return known;
  }
}
