/**
 * UDP on a SIM7020: one socket, connected to one peer, datagrams in hexadecimal both ways.
 *
 *    AT+CSOC=1,2,1 -> +CSOC: 0    AT+CSOCON=0,5683,"203.0.113.5"    AT+CSOSEND=0,8,0A0B0C0D
 *    +CSONMI: 0,8,0A0B0C0D        +CSOERR: 0,1
 *
 * Lengths count hex digits. A datagram that the modem refuses is tried once more on a new socket;
 * whatever is lost beyond that, CoAP sends again.
 */
import { ascii, asciiText, equals, readHex, writeHex } from "../text/ascii";
import { fieldsOf, wholeNumber } from "./fields";
import { runScript } from "./script";
import type { AtEngine, AtResult } from "./at";
import type { Step } from "./script";
import type { DatagramOwner } from "./udp";

/** Names of the socket's URCs. */
export const csonmi = ascii("+CSONMI:");
export const csoerr = ascii("+CSOERR:");

/** Largest datagram that CSOSEND takes in hexadecimal, bytes. */
export const largestDatagram = 512;

/** The manual's maximum for CSOCON, ms. */
const connectTimeout = 75_000;
const ordinaryTimeout = 10_000;
/** Datagrams that may wait for the modem. */
const outboxLimit = 4;
/** `CSOSTATUS` of a connected socket. */
const connected = 2;

interface OutgoingDatagram {
  readonly bytes: Uint8Array;
  readonly address: string;
  readonly port: number;
  readonly releaseAfterReply: boolean;
  /** It failed once and the socket was opened anew for it. */
  retried: boolean;
}

export interface SocketsOptions {
  readonly at: AtEngine;
  /** Whether the modem is registered and awake. */
  readonly ready: () => boolean;
  /** A command was not answered. */
  readonly onSilence: (now: number) => void;
  /** A socket was refused, `times` in a row: mostly the network context is gone. */
  readonly onRefused: (times: number, now: number) => void;
  /**
   * Least time between two datagrams as long as nothing comes back, ms. What had to wait for the modem,
   * retransmissions among it, would else go out in one burst.
   */
  readonly pace: number;
  readonly log: (text: string) => void;
}

/** The outbox and the one socket of a SIM7020. */
export class Sim7020Sockets {
  readonly #options: SocketsOptions;
  readonly #at: AtEngine;
  #owner: DatagramOwner | undefined;
  #outbox: OutgoingDatagram[] = [];
  #sending = false;
  #socket: number | undefined;
  #lastSocket = 0;
  #refusals = 0;
  /** The next datagram goes no earlier, ms. */
  #notBefore = 0;
  #peerAddress = "";
  #peerPort = 0;

  constructor(options: SocketsOptions) {
    this.#options = options;
    this.#at = options.at;
  }

  /** When `pump` wants to be called, ms: something waits for its time. */
  get deadline(): number {
    return this.#outbox.length > 0 && !this.#sending && this.#options.ready() ? this.#notBefore : Infinity;
  }

  /** Whether a datagram waits to be sent. */
  get waiting(): boolean {
    return this.#outbox.length > 0;
  }

  open(owner: DatagramOwner): void {
    this.#owner = owner;
  }

  close(owner: DatagramOwner, now: number): void {
    if (this.#owner !== owner) return;
    this.#owner = undefined;
    this.#outbox = [];
    if (this.#socket !== undefined && this.#options.ready()) {
      runScript(this.#at, [{ line: ascii(`AT+CSOCL=${this.#socket}`), optional: true }], () => {}, now);
    }
    this.#socket = undefined;
  }

  /** Takes a datagram for `pump` to send; the oldest makes room. False when it can never be sent. */
  add(bytes: Uint8Array, address: string, port: number, releaseAfterReply: boolean): boolean {
    if (bytes.length > largestDatagram) {
      this.#owner?.failDatagram(`datagram of ${bytes.length} bytes, the modem takes ${largestDatagram}`);
      return false;
    }
    // A retransmission of what has not even left yet.
    for (let i = 0; i < this.#outbox.length; i++) if (equals(this.#outbox[i].bytes, bytes)) return true;
    if (this.#outbox.length >= outboxLimit) this.#outbox.shift();
    this.#outbox.push({ bytes, address, port, releaseAfterReply, retried: false });
    return true;
  }

  /** The modem has no socket any more. */
  forget(): void {
    this.#socket = undefined;
  }

  /** The command in flight was given up; what it was to send waits. */
  interrupt(): void {
    this.#sending = false;
  }

  /** Nothing that waits will be sent. */
  drop(): void {
    this.#sending = false;
    this.#outbox = [];
    this.#socket = undefined;
  }

  /**
   * The question whether the socket has lived through sleep, when there was one; `confirm` is to be
   * called once it was answered or not.
   */
  survival(): { readonly steps: readonly Step[]; readonly confirm: () => void } {
    if (this.#socket === undefined) return { steps: [], confirm: () => {} };
    let status: number | undefined;
    const step: Step = {
      line: ascii(`AT+CSOSTATUS=${this.#socket}`),
      prefix: ascii("+CSOSTATUS:"),
      optional: true,
      onLine: (line) => (status = wholeNumber(fieldsOf(line, 11).pop())),
    };
    return {
      steps: [step],
      confirm: () => {
        if (status !== connected) this.#socket = undefined;
      },
    };
  }

  /** Sends what waits, one datagram at a time. */
  pump(now: number): void {
    if (!this.#options.ready() || this.#sending || this.#outbox.length === 0) return;
    if (now < this.#notBefore) return;
    this.#sending = true;
    const datagram = this.#outbox[0];
    const samePeer = this.#peerAddress === datagram.address && this.#peerPort === datagram.port;
    if (this.#socket === undefined || !samePeer) {
      this.#connect(datagram, now);
      return;
    }
    // From the command on: without an OK it may have left all the same.
    this.#notBefore = now + this.#options.pace;
    const steps: Step[] = [];
    // The flag holds for one datagram, so it goes before each.
    if (datagram.releaseAfterReply) steps.push({ line: ascii("AT+CNBIOTRAI=2"), optional: true });
    steps.push({ line: sendLine(this.#socket, datagram.bytes), timeout: ordinaryTimeout });
    runScript(this.#at, steps, (outcome, at) => this.#sent(datagram, outcome.result, at), now);
  }

  /** Reads `+CSONMI: <socket>,<hex digits>,<hex>` and hands the datagram on. */
  receive(line: Uint8Array): void {
    const first = line.indexOf(0x2c, csonmi.length);
    const second = line.indexOf(0x2c, first + 1);
    if (first < 0 || second < 0) return this.#options.log("urc unreadable name=+CSONMI");
    const socket = wholeNumber(asciiText(line, csonmi.length, first).trim());
    const digits = wholeNumber(asciiText(line, first + 1, second).trim());
    const start = second + 1;
    const bytes = readHex(line, start, line.length);
    if (bytes === undefined || digits !== line.length - start) {
      return this.#options.log("urc unreadable name=+CSONMI");
    }
    // What is being handed to the modem at this moment is no answer to it.
    if (!this.#sending) this.#notBefore = 0;
    if (socket !== this.#socket || this.#owner === undefined) return;
    this.#owner.receiveDatagram(bytes, this.#peerAddress, this.#peerPort);
  }

  /** Reads `+CSOERR: <socket>,<error>`: the socket is gone. */
  fail(line: Uint8Array): void {
    this.#options.log(`socket error=${fieldsOf(line, csoerr.length)[1] ?? "unknown"}`);
    this.#socket = undefined;
  }

  #sent(datagram: OutgoingDatagram, result: AtResult, now: number): void {
    if (result.kind === "aborted") return;
    this.#sending = false;
    if (result.kind === "error") {
      this.#options.log(`send refused code=${result.code ?? "none"}`);
      this.#socket = undefined;
      this.#notBefore = 0;
      if (datagram.retried) {
        this.#remove(datagram);
        this.#owner?.failDatagram("the modem refuses the datagram");
      }
      datagram.retried = true;
      this.pump(now);
      return;
    }
    this.#remove(datagram);
    if (result.kind === "ok") this.#refusals = 0;
    if (result.kind !== "ok") return this.#options.onSilence(now);
    this.pump(now);
  }

  #remove(datagram: OutgoingDatagram): void {
    const index = this.#outbox.indexOf(datagram);
    if (index >= 0) this.#outbox.splice(index, 1);
  }

  #connect(datagram: OutgoingDatagram, now: number): void {
    let socket: number | undefined;
    // A socket left over from before a reset of the ESP32 (the modem counts from 0), given up, or to
    // another peer, would eat up the few there are.
    const left = this.#socket ?? this.#lastSocket;
    this.#socket = undefined;
    const steps: Step[] = [
      { line: ascii(`AT+CSOCL=${left}`), optional: true, timeout: ordinaryTimeout },
      {
        line: ascii("AT+CSOC=1,2,1"),
        prefix: ascii("+CSOC:"),
        onLine: (line) => (socket = wholeNumber(fieldsOf(line, 6)[0])),
      },
    ];
    runScript(
      this.#at,
      steps,
      (outcome, at) => {
        if (outcome.result.kind !== "ok" || socket === undefined) this.#refused(datagram, outcome.result, at);
        else this.#connectTo(socket, datagram, at);
      },
      now,
    );
  }

  #connectTo(socket: number, datagram: OutgoingDatagram, now: number): void {
    const { address, port } = datagram;
    runScript(
      this.#at,
      [{ line: ascii(`AT+CSOCON=${socket},${port},"${address}"`), timeout: connectTimeout }],
      (outcome, at) => {
        if (outcome.result.kind !== "ok") return this.#refused(datagram, outcome.result, at);
        this.#options.log(`socket id=${socket} peer=${address}:${port}`);
        this.#socket = socket;
        this.#lastSocket = socket;
        this.#peerAddress = address;
        this.#peerPort = port;
        this.#sending = false;
        this.pump(at);
      },
      now,
    );
  }

  #refused(datagram: OutgoingDatagram, result: AtResult, now: number): void {
    if (result.kind === "aborted") return;
    this.#sending = false;
    this.#remove(datagram);
    if (result.kind === "timeout") this.#options.onSilence(now);
    else this.#options.onRefused((this.#refusals += 1), now);
    this.#owner?.failDatagram("the modem opens no socket");
  }
}

/** `AT+CSOSEND=<socket>,<hex digits>,<hex>`, built as bytes: it is the longest line there is. */
function sendLine(socket: number, bytes: Uint8Array): Uint8Array {
  const head = ascii(`AT+CSOSEND=${socket},${bytes.length * 2},`);
  const line = new Uint8Array(head.length + 2 * bytes.length);
  line.set(head);
  writeHex(bytes, line, head.length);
  return line;
}
