import { describe, expect, it } from "vitest";
import { Udp } from "../../../firmware/modem/udp";
import type { DatagramModem, DatagramOwner } from "../../../firmware/modem/udp";

/** A modem that notes what it is asked for. */
class NotedModem implements DatagramModem {
  owner: DatagramOwner | undefined;
  closed = 0;
  awaited = 0;
  readonly sent: {
    bytes: number[];
    address: string;
    port: number;
    release: boolean;
    kept: Uint8Array;
  }[] = [];

  openSocket(owner: DatagramOwner): void {
    this.owner = owner;
  }

  sendDatagram(_: DatagramOwner, bytes: Uint8Array, address: string, port: number, release: boolean): void {
    this.sent.push({ bytes: [...bytes], address, port, release, kept: bytes });
  }

  awaitAnswer(owner: DatagramOwner): void {
    if (owner === this.owner) this.awaited += 1;
  }

  closeSocket(owner: DatagramOwner): void {
    if (owner === this.owner) this.closed += 1;
  }
}

const address = "203.0.113.5";

describe("write", () => {
  it("takes an ArrayBuffer, or a view of one, which need not be all of it", () => {
    const modem = new NotedModem();
    const socket = new Udp({ modem });
    const all = Uint8Array.of(1, 2, 3, 4, 5);
    socket.write(all.buffer, address, 5683);
    socket.write(all.subarray(1, 3), address, 5684);
    expect(modem.sent.map(({ bytes, port }) => ({ bytes, port }))).toEqual([
      { bytes: [1, 2, 3, 4, 5], port: 5683 },
      { bytes: [2, 3], port: 5684 },
    ]);
    expect(modem.sent[0].address).toBe(address);
  });

  it.each(["ArrayBuffer", "view"])("copies, so that the caller's %s is free at once", (kind) => {
    const modem = new NotedModem();
    const socket = new Udp({ modem });
    const bytes = Uint8Array.of(1, 2, 3);
    socket.write(kind === "view" ? bytes : bytes.buffer, address, 5683);
    bytes.fill(9);
    expect([...modem.sent[0].kept]).toEqual([1, 2, 3]);
  });

  it("does not copy what is said to stay as it is", () => {
    const modem = new NotedModem();
    const socket = new Udp({ modem });
    const bytes = Uint8Array.of(1, 2, 3);
    socket.unchanging = true;
    socket.write(bytes, address, 5683);
    expect(modem.sent[0].kept).toBe(bytes);
  });

  it("says whether one answer is all that is expected", () => {
    const modem = new NotedModem();
    const socket = new Udp({ modem });
    socket.write(Uint8Array.of(1), address, 5683);
    socket.releaseAfterReply = true;
    socket.write(Uint8Array.of(2), address, 5683);
    expect(modem.sent.map(({ release }) => release)).toEqual([false, true]);
  });

  it("throws after close", () => {
    const socket = new Udp({ modem: new NotedModem() });
    socket.close();
    expect(() => socket.write(Uint8Array.of(1), address, 5683)).toThrow("socket is closed");
  });
});

describe("read", () => {
  it("gives datagrams in their order, with where they came from, then undefined", () => {
    const modem = new NotedModem();
    const counts: number[] = [];
    const socket = new Udp({
      modem,
      onReadable(this: Udp, count: number) {
        expect(this).toBe(socket);
        counts.push(count);
      },
    });
    modem.owner!.receiveDatagram(Uint8Array.of(1, 2), address, 5683);
    modem.owner!.receiveDatagram(Uint8Array.of(3), "203.0.113.6", 5684);
    expect(counts).toEqual([1, 2]);
    const first = socket.read()!;
    expect(first).toBeInstanceOf(ArrayBuffer);
    expect([...new Uint8Array(first)]).toEqual([1, 2]);
    expect([first.address, first.port]).toEqual([address, 5683]);
    const second = socket.read()!;
    expect([second.byteLength, second.address, second.port]).toEqual([1, "203.0.113.6", 5684]);
    expect(socket.read()).toBeUndefined();
  });

  it("may be called from within onReadable", () => {
    const modem = new NotedModem();
    const lengths: number[] = [];
    new Udp({
      modem,
      onReadable(this: Udp) {
        for (let datagram = this.read(); datagram !== undefined; datagram = this.read()) {
          lengths.push(datagram.byteLength);
        }
      },
    });
    modem.owner!.receiveDatagram(Uint8Array.of(1, 2), address, 5683);
    modem.owner!.receiveDatagram(Uint8Array.of(), address, 5683);
    expect(lengths).toEqual([2, 0]);
  });

  it("keeps the eight oldest that nobody reads", () => {
    const modem = new NotedModem();
    let readable = 0;
    const socket = new Udp({ modem, onReadable: () => void (readable += 1) });
    for (let i = 0; i < 20; i++) modem.owner!.receiveDatagram(Uint8Array.of(i), address, 5683);
    expect(readable).toBe(8);
    const firsts: number[] = [];
    for (let datagram = socket.read(); datagram !== undefined; datagram = socket.read()) {
      firsts.push(new Uint8Array(datagram)[0]);
    }
    expect(firsts).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });
});

it("tells the modem that what came was no answer, until it is closed", () => {
  const modem = new NotedModem();
  const socket = new Udp({ modem });
  socket.awaitAnswer();
  expect(modem.awaited).toBe(1);
  socket.close();
  socket.awaitAnswer();
  expect(modem.awaited).toBe(1);
});

describe("close", () => {
  it("tells the modem once, and silences everything", () => {
    const modem = new NotedModem();
    const events: string[] = [];
    const socket = new Udp({
      modem,
      onReadable: () => void events.push("readable"),
      onError: () => void events.push("error"),
    });
    modem.owner!.receiveDatagram(Uint8Array.of(1), address, 5683);
    events.length = 0;
    socket.close();
    socket.close();
    modem.owner!.receiveDatagram(Uint8Array.of(2), address, 5683);
    modem.owner!.failDatagram("too late");
    expect(modem.closed).toBe(1);
    expect(events).toEqual([]);
    expect(socket.read()).toBeUndefined();
  });
});

it("passes failures on, and needs no callbacks", () => {
  const modem = new NotedModem();
  const reasons: string[] = [];
  new Udp({ modem, onError: (reason) => void reasons.push(reason) });
  modem.owner!.failDatagram("the modem opens no socket");
  expect(reasons).toEqual(["the modem opens no socket"]);
  new Udp({ modem });
  modem.owner!.failDatagram("nobody listens");
  modem.owner!.receiveDatagram(Uint8Array.of(1), address, 5683);
});
