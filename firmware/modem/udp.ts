/**
 * A UDP socket of the ECMA-419 shape on top of a modem, so that whoever sends datagrams need not
 * know whether they leave by NB-IoT, Wi-Fi or a laptop's Ethernet:
 *
 *    new Udp({ modem, onReadable(count), onError(reason) })
 *    socket.write(buffer, address, port); socket.read() -> ArrayBuffer with .address and .port
 */

/** A received datagram: its bytes, and where it came from. */
export type Datagram = ArrayBuffer & {
  address: string;
  port: number;
  /** It may be no more than the beginning of a longer one, of which the modem gives so much. */
  cut?: boolean;
};

/** What a modem driver offers a socket. */
export interface DatagramModem {
  /** Gives `owner` a socket of its own. */
  openSocket(owner: DatagramOwner): void;
  /** Sends a datagram as soon as the modem can; the bytes are the modem's from then on. */
  sendDatagram(
    owner: DatagramOwner,
    bytes: Uint8Array,
    address: string,
    port: number,
    releaseAfterReply: boolean,
  ): void;
  /** What `owner` was given was no answer to what it sent last: the modem goes on being looked at for that. */
  awaitAnswer(owner: DatagramOwner): void;
  closeSocket(owner: DatagramOwner): void;
}

/** What a modem driver calls. */
export interface DatagramOwner {
  /** @param cut see `Datagram` */
  receiveDatagram(bytes: Uint8Array, address: string, port: number, cut?: boolean): void;
  failDatagram(reason: string): void;
}

/** What a socket is given. */
export interface UdpOptions {
  readonly modem: DatagramModem;
  /** Datagrams have come; `count` of them wait to be read. */
  readonly onReadable?: (this: Udp, count: number) => void;
  readonly onError?: (this: Udp, reason: string) => void;
}

/** Datagrams kept until they are read; when that many wait the newest is dropped, as a network would. */
const receiveLimit = 8;

/** A UDP socket of the ECMA-419 shape on top of a modem; datagrams wait in it until they are read. */
export class Udp implements DatagramOwner {
  readonly #options: UdpOptions;
  #received: Datagram[] = [];
  #closed = false;

  /**
   * Says with each datagram that one answer is expected and then nothing: the network may release
   * the radio connection right behind that answer (3GPP release assistance), which saves most of the energy.
   */
  releaseAfterReply = false;

  /** The arrays of bytes that are written stay as they are, so that none has to be copied. */
  unchanging = false;

  constructor(options: UdpOptions) {
    this.#options = options;
    options.modem.openSocket(this);
  }

  /** @throws Error after `close` */
  write(buffer: ArrayBuffer | Uint8Array, address: string, port: number): void {
    if (this.#closed) throw new Error("socket is closed");
    // The caller may reuse its buffer at once, while the modem may first have to wake up.
    const given = buffer instanceof Uint8Array ? buffer : new Uint8Array(buffer);
    const bytes = this.unchanging ? given : given.slice();
    this.#options.modem.sendDatagram(this, bytes, address, port, this.releaseAfterReply);
  }

  /** The oldest datagram not yet read, or undefined. */
  read(): Datagram | undefined {
    return this.#received.shift();
  }

  /**
   * To be called by whoever knows what an answer is, when what was read was none of those that are waited for. Else any
   * datagram of the server's address passes for the answer, a stranger's with that address written on it too.
   */
  awaitAnswer(): void {
    if (!this.#closed) this.#options.modem.awaitAnswer(this);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#received = [];
    this.#options.modem.closeSocket(this);
  }

  receiveDatagram(bytes: Uint8Array, address: string, port: number, cut = false): void {
    if (this.#closed || this.#received.length >= receiveLimit) return;
    const datagram = bytes.buffer as Datagram;
    datagram.address = address;
    datagram.port = port;
    datagram.cut = cut;
    this.#received.push(datagram);
    this.#options.onReadable?.call(this, this.#received.length);
  }

  failDatagram(reason: string): void {
    if (!this.#closed) this.#options.onError?.call(this, reason);
  }
}
