/** The socket on a modem at link depth. */
import type { ReceivedDatagram } from "./link-downlink";
import type { LinkModem } from "./link-modem";

/** Of ECMA-419's shape. */
export class LinkSocket {
  releaseAfterReply = false;
  unchanging = false;
  readonly #modem: LinkModem;

  constructor({ modem }: { readonly modem: LinkModem }) {
    this.#modem = modem;
  }

  write(buffer: Uint8Array, address: string, port: number): void {
    this.#modem.send(this.unchanging ? buffer : buffer.slice(), address, port, this.releaseAfterReply);
  }

  read(): ReceivedDatagram | undefined {
    return this.#modem.read();
  }

  close(): void {}
}
