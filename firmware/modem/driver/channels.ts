/**
 * Whose socket is whose: each owner has a place of its own, and while the modem keeps one for it a socket
 * there, connected to one peer. A place outlives its socket, which the modem loses with its power or its
 * context.
 */
import type { SocketTraits } from "../family/family";
import type { Step } from "../at/script";
import type { DatagramOwner } from "../udp";

/** An owner's place, with its socket and when to look there for an answer. */
export interface Channel {
  readonly owner: DatagramOwner;
  /** Its number among the channels: the socket's id where the host chooses. */
  readonly index: number;
  /** The modem's socket, while there is one. */
  id: number | undefined;
  /** The socket that it had last; -1 when the modem has none any more. */
  lastId: number;
  /** The host that the owner speaks to, as it calls it, and its address. */
  address: string;
  peer: string;
  port: number;
  /** The modem has slept since a datagram went out on it: whether it is there still, the next one shows. */
  doubted: boolean;
  /** The modem has hinted that something waits to be read. */
  hinted: boolean;
  /** The hint came while a datagram was being handed to the modem: no answer to that one. */
  early: boolean;
  /**
   * An answer has come to the datagram that went out last, as far as is known here: nothing is looked for. The owner may
   * find that it was none.
   */
  answered: boolean;
  /** The next look without a hint, ms, and after how long. */
  lookAt: number;
  lookAfter: number;
}

/** A socket and its peer's address, as they outlive the ESP32's deep sleep; id -1 for no socket. */
export interface RememberedSocket {
  readonly id: number;
  readonly address: string;
  readonly port: number;
}

/** Whether sockets have lived through a sleep. */
export interface SocketSurvival {
  /** Asks for it. */
  readonly steps: readonly Step[];
  /** To be called once they were answered or not: gives up the sockets that have not. */
  readonly conclude: () => void;
}

/** Nothing to be asked. */
const allAlive: SocketSurvival = Object.freeze({ steps: Object.freeze([]), conclude() {} });

/** The places of all owners, as many as the modem has sockets. */
export class Channels {
  readonly #traits: SocketTraits;
  #all: readonly Channel[] = [];
  #restored: RememberedSocket | undefined;

  constructor(traits: SocketTraits) {
    this.#traits = traits;
  }

  get all(): readonly Channel[] {
    return this.#all;
  }

  /** Socket and peer of the first owner, for `restore`. */
  get first(): RememberedSocket {
    const channel = this.#all[0];
    if (channel === undefined || channel.peer === "") return { id: -1, address: "0.0.0.0", port: 0 };
    return { id: channel.id ?? -1, address: channel.peer, port: channel.port };
  }

  /** What the first owner to come had before the ESP32's deep sleep; whether it still has is asked. */
  restore(socket: RememberedSocket): void {
    if (socket.id >= 0) this.#restored = socket;
  }

  /** Gives an owner a place; tells it when all are taken. */
  open(owner: DatagramOwner): void {
    const { count } = this.#traits;
    let index = 0;
    while (this.#all.some((channel) => channel.index === index)) index += 1;
    if (index >= count) {
      owner.failDatagram(`the modem has ${count} sockets, all are in use`);
      return;
    }
    const { id, address, port } = this.#restored ?? { id: undefined, address: "", port: 0 };
    this.#restored = undefined;
    this.#all = [
      ...this.#all,
      {
        owner,
        index,
        id,
        lastId: id ?? index,
        address,
        peer: address,
        port,
        doubted: false,
        hinted: false,
        early: false,
        answered: false,
        lookAt: Infinity,
        lookAfter: 0,
      },
    ];
  }

  /** Takes a place away. */
  remove(channel: Channel): void {
    this.#all = this.#all.filter((other) => other !== channel);
  }

  /** The place of an owner. */
  of(owner: DatagramOwner): Channel | undefined {
    for (let i = 0; i < this.#all.length; i++) if (this.#all[i].owner === owner) return this.#all[i];
    return undefined;
  }

  /** The place that has this socket of the modem. */
  withSocket(id: number): Channel | undefined {
    for (let i = 0; i < this.#all.length; i++) if (this.#all[i].id === id) return this.#all[i];
    return undefined;
  }

  /** The socket of a place is gone. */
  lose(channel: Channel): void {
    channel.id = undefined;
    channel.doubted = false;
    channel.hinted = false;
    channel.lookAt = Infinity;
  }

  /** All sockets are gone. */
  loseAll(): void {
    for (let i = 0; i < this.#all.length; i++) this.lose(this.#all[i]);
  }

  /** All sockets are gone, and not there to be closed either. */
  vanish(): void {
    for (let i = 0; i < this.#all.length; i++) {
      this.lose(this.#all[i]);
      this.#all[i].lastId = -1;
    }
  }

  /** @param asleep the modem has slept: whether the first socket is there still, its next datagram shows */
  doubt(asleep: boolean): SocketSurvival {
    const first = this.#all[0];
    if (first !== undefined) first.doubted = asleep && first.id !== undefined;
    return allAlive;
  }

  /**
   * Asks whether the sockets have lived through sleep.
   *
   * @param restarted the modem has started anew: what has not lived on is not there to be closed either
   * @param told gets whether any has, where the modem was asked
   */
  survival(restarted: boolean, told: (alive: boolean) => void): SocketSurvival {
    const dead: Channel[] = [];
    let steps: Step[] = [];
    for (let i = 0; i < this.#all.length; i++) {
      const channel = this.#all[i];
      if (channel.id === undefined) continue;
      dead.push(channel);
      const alive = (): void => void dead.splice(dead.indexOf(channel), 1);
      if (this.#traits.survival !== undefined) steps = steps.concat(this.#traits.survival(channel.id, alive));
    }
    const asked = this.#traits.survival === undefined ? 0 : dead.length;
    const conclude = (): void => {
      if (asked > 0) told(dead.length < asked);
      for (let i = 0; i < dead.length; i++) {
        this.lose(dead[i]);
        if (restarted) dead[i].lastId = -1;
      }
    };
    return { steps, conclude };
  }
}
