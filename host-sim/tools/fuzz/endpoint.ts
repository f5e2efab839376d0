/**
 * Two endpoints, each client and server, and a stranger between them: the script says who asks, what
 * becomes of each datagram (delivered, lost, doubled, damaged, sent back, made up), how the clock goes
 * and what the applications do from within their calls. Their rules are in endpoint-side.ts.
 */
import { exchangeLifetime, internet } from "../../../firmware/coap/transmission";
import { Random } from "../../sim/time/random";
import { Side } from "./endpoint-side";
import { Mischief, Script, Witness, check } from "./target";
import type { Transmission } from "../../../firmware/coap/transmission";
import type { Address, Asked, SideOptions, Taken } from "./endpoint-side";
import type { Target, Watch } from "./target";

export const endpointTarget: Target = {
  name: "endpoint",
  boundary: "datagram",
  code: ["firmware/coap/"],
  portable: true,
  seeds: () => [
    // Settings of all zeros, then: a request, and all that follows delivered.
    script(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 2, 0),
    script(0, 1, 0, 3, 0, 5, 1, 0, 0, 0, 2, 0, 1, 5, 4, 2, 0, 9, 0, 0, 1, 2, 0),
    script(7, 255, 3, 3, 0, 5, 1, 0, 0, 0, 2, 9, 0, 0, 9, 0, 0, 2, 3, 8, 7, 1, 0, 5, 2, 4, 9, 1, 6),
  ],
  generate: (random) => random.bytes(12 + Math.floor(random.next() * 120)),
  run: (input, watch) => new Play(new Script(input), watch).run(),
};

const script = (...bytes: number[]): Uint8Array => new Uint8Array(bytes);

/** Somebody else: another host, and another process on the peer's. */
const strangers: readonly Address[] = [
  { address: "203.0.113.9", port: 5683 },
  { address: "192.0.2.1", port: 5685 },
  { address: "198.51.100.2", port: 5685 },
];
const steps = [0, 1, 100, 250, 2_000, 5_000, 20_000, 60_000, 100_000, 250_000, 1e6, 1e9, 1e12];
const sizes = [0, 1, 10, 40, 100, 300, 1_000, 3_000];
/** Datagrams under way beyond which the oldest gets lost. */
const mostFlights = 48;
/** Requests of one side's within one script. */
const mostRequests = 40;

interface Flight {
  readonly to: Side;
  readonly from: Address;
  readonly datagram: Uint8Array;
}

class Play {
  readonly #script: Script;
  readonly #watch: Watch;
  readonly #sides: Side[];
  readonly #witness = new Witness();
  #flights: Flight[] = [];
  /** What is sent arrives before the call that sends it returns. */
  #direct = false;
  #depth = 0;
  readonly #transmission: Transmission;

  constructor(script: Script, watch: Watch) {
    this.#script = script;
    this.#watch = watch;
    const flags = script.byte();
    this.#transmission = {
      ...internet,
      algorithm: (flags & 1) === 0 ? "plain" : "fasor",
      ackRandomFactor: (flags & 2) === 0 ? 1.5 : 1,
      nstart: 1 + script.below(4),
      queueLimit: script.below(6),
      maxRetransmit: 4 - script.below(5),
    };
    const options = {
      transmission: this.#transmission,
      maxDatagram: script.pick([1152, 200, 64, 30, 16]),
      remembered: 8 - script.below(8),
      maxRequests: [8, 1, 3, 40][flags >> 6],
      maxTransfers: 2 - script.below(2),
      tokenLength: 4 - script.below(4),
      blockSize: script.pick([1024, 16, 64]),
      maxBody: script.pick([8192, 1000, 100, 0]),
      offerBlockSize: (flags & 4) !== 0,
      blockToken: (flags & 8) === 0 ? ("fresh" as const) : ("same" as const),
      separateAfter: [250, 0, 10_000, 250][(flags >> 4) & 3],
    };
    this.#sides = [
      this.#side("A", { address: "192.0.2.1", port: 5683 }, options),
      this.#side("B", { address: "198.51.100.2", port: 5684 }, options),
    ];
  }

  run(): void {
    try {
      for (let count = 0; count < 1_000 && !this.#script.over; count++) this.#step();
      this.#settle();
    } finally {
      this.#witness.testify();
    }
  }

  #side(name: string, own: Address, options: Omit<SideOptions, "random">): Side {
    const random = new Random(name);
    const side: Side = new Side(
      name,
      own,
      { ...options, random: () => random.next() },
      {
        transmit: (datagram, to) => this.#send(side, datagram, to),
        serve: (taken) => this.#serve(side, taken),
        settled: () => this.#settled(side),
      },
      this.#watch,
      this.#witness,
    );
    return side;
  }

  #other(side: Side): Side {
    return side === this.#sides[0] ? this.#sides[1] : this.#sides[0];
  }

  #send(side: Side, datagram: Uint8Array, to: Address): void {
    const other = this.#other(side);
    if (to.address !== other.own.address || to.port !== other.own.port) return;
    if (this.#direct && this.#depth < 4) {
      this.#depth += 1;
      other.now = Math.max(other.now, side.now);
      other.receive(datagram, side.own);
      this.#depth -= 1;
      return;
    }
    this.#flights.push({ to: other, from: side.own, datagram });
    if (this.#flights.length > mostFlights) this.#flights.shift();
  }

  #step(): void {
    const script = this.#script;
    const head = script.byte();
    const side = this.#sides[(head >> 4) & 1];
    switch (head & 15) {
      case 0:
      case 1:
        return this.#ask(side);
      case 2:
      case 3:
        return this.#deliver(script.below(4));
      case 4:
        // Lost.
        this.#flights.splice(script.below(4), 1);
        return;
      case 5: {
        const flight = this.#flights[script.below(4)];
        if (flight !== undefined) this.#flights.push(flight);
        return;
      }
      case 6:
        return this.#damage(script.below(4));
      case 7: {
        // Old traffic again, to whom it was meant for or back to the sender.
        const old = side.recorded[script.below(32)];
        const flags = script.byte();
        const to = (flags & 1) === 0 ? this.#other(side) : side;
        if (old !== undefined)
          to.receive(old, (flags & 2) === 0 ? this.#other(to).own : strangers[(flags >> 2) % 3]);
        return;
      }
      case 8:
        return this.#madeUp(side);
      case 9:
      case 10:
        return this.#advance(script.byte());
      case 11: {
        const asked = side.asked[script.below(mostRequests)];
        if (asked !== undefined) this.#cancel(side, asked);
        return;
      }
      case 12: {
        const taken = side.taken[script.below(8)];
        if (taken !== undefined) this.#respond(side, taken, script.byte());
        return;
      }
      case 13:
        this.#direct = !this.#direct;
        return;
      case 14:
        return side.receive(script.take(script.below(40)), this.#other(side).own);
      default:
        // Rarely, for there is little to see behind it.
        if (script.byte() === 0xff) this.#close(side);
    }
  }

  #ask(side: Side): void {
    const flags = this.#script.byte();
    if (side.asked.length >= mostRequests) return;
    const to = (flags & 0x80) === 0 ? this.#other(side).own : strangers[(flags >> 6) & 1];
    const size = sizes[(flags >> 1) & 7];
    const code = [1, 2, 3, 5][(flags >> 4) & 3];
    const payload = new Uint8Array(size).fill(side.asked.length);
    side.request(to, (flags & 1) === 0, code, "p", payload);
  }

  #deliver(index: number): void {
    const [flight] = this.#flights.splice(index, 1);
    if (flight === undefined) return;
    flight.to.receive(flight.datagram, flight.from);
  }

  /** One of those under way arrives with some bytes changed, and stays under way. */
  #damage(index: number): void {
    const script = this.#script;
    const flight = this.#flights[index];
    const [at, mask, cut] = [script.byte(), script.byte(), script.byte()];
    if (flight === undefined) return;
    let datagram = flight.datagram.slice();
    datagram[at % datagram.length] ^= mask;
    if (cut < 64) datagram = datagram.slice(0, cut % (datagram.length + 1));
    flight.to.receive(datagram, cut < 224 ? flight.from : strangers[cut % 3]);
  }

  /** A datagram from nowhere that has something of the real ones: message id, token, or both. */
  #madeUp(side: Side): void {
    const script = this.#script;
    const [head, code, choice, which] = [script.byte(), script.byte(), script.byte(), script.byte()];
    const model = side.recorded[which % Math.max(1, side.recorded.length)] ?? new Uint8Array(4);
    const id = (choice & 1) === 0 ? [model[2], model[3]] : [0, which];
    const token = (choice & 2) === 0 ? model.subarray(4, 4 + (model[0] & 15)) : script.take(choice >> 6);
    const codes = [0, 0x44, 0x45, 0x5f, 0x88, 0x8d, 1, 2, 3, code];
    const options = [
      [],
      [0xd1, 10, code],
      [0xd1, 14, code],
      [0x90],
      [0xd1, 10, code, 0x41, code],
      [0xc2, 0, 42],
    ];
    const bytes = [
      0x40 | (((head >> 4) & 3) << 4) | token.length,
      codes[code % codes.length],
      ...id,
      ...token,
      ...options[(choice >> 2) % options.length],
    ];
    const size = [0, 1, 16, 64][head & 3];
    if (size > 0) bytes.push(0xff, ...new Uint8Array(size).fill(head));
    const empty = bytes[1] === 0 ? bytes.slice(0, 4) : bytes;
    if (bytes[1] === 0) empty[0] &= 0xf0;
    side.receive(
      new Uint8Array(empty),
      (head & 4) === 0 ? this.#other(side).own : strangers[(head >> 6) % 3],
    );
  }

  #advance(choice: number): void {
    const [a, b] = this.#sides;
    const deadline = Math.min(a.endpoint.deadline, b.endpoint.deadline);
    const toDeadline = choice < 128 && deadline < Infinity;
    const now = Math.max(a.now, b.now) + (toDeadline ? 0 : steps[choice % steps.length]);
    this.#tick(toDeadline ? Math.max(now, deadline) : now);
  }

  #tick(now: number): void {
    this.#watch.step?.(`it is ${now}`);
    for (const side of this.#sides) side.now = now;
    for (const side of this.#sides) side.poll(now);
  }

  #serve(side: Side, taken: Taken): void {
    const choice = this.#script.byte();
    switch (choice & 15) {
      case 1:
      case 2:
        return;
      case 3:
        side.taken.splice(side.taken.indexOf(taken), 1);
        throw new Mischief("the handler fails");
      case 4:
        this.#respond(side, taken, choice >> 4);
        return this.#respond(side, taken, choice >> 4);
      case 5:
        this.#ask(side);
        break;
      case 6: {
        const asked = side.asked[choice >> 4];
        if (asked !== undefined) this.#cancel(side, asked);
        break;
      }
      case 7:
        if (choice === 0xf7) this.#close(side);
        break;
      case 8: {
        // The other one's application, which may be in the middle of a call as well.
        const asked = this.#other(side).asked[choice >> 4];
        if (asked !== undefined) this.#cancel(this.#other(side), asked);
        break;
      }
    }
    this.#respond(side, taken, choice >> 4);
  }

  /** An outcome has come; what does the application do with it? */
  #settled(side: Side): void {
    const choice = this.#script.byte();
    switch (choice & 15) {
      case 1:
        return this.#ask(side);
      case 2: {
        const asked = side.asked[choice >> 4];
        if (asked !== undefined) this.#cancel(side, asked);
        return;
      }
      case 3: {
        const taken = side.taken[0];
        if (taken !== undefined) this.#respond(side, taken, choice >> 4);
        return;
      }
      case 4:
        if (choice === 0xf4) this.#close(side);
    }
  }

  #cancel(side: Side, asked: Asked): void {
    side.cancel(asked);
  }

  #respond(side: Side, taken: Taken, choice: number): void {
    const payload = new Uint8Array(sizes[choice & 7]).fill(0x33);
    const value = (choice & 8) === 0 ? undefined : new Uint8Array(choice === 15 ? 1_200 : 20);
    const options = value === undefined ? undefined : [{ number: 2_100, value }];
    side.respond(taken, { code: 0x45, options, payload });
  }

  #close(side: Side): void {
    if (!side.closed) side.close();
  }

  /** Lets everything come to its end and looks what is left. */
  #settle(): void {
    this.#direct = false;
    for (let count = 0; ; count++) {
      check(count < 20_000, "everything comes to an end");
      const deadline = Math.min(...this.#sides.map((side) => side.endpoint.deadline));
      if (this.#flights.length > 0) this.#deliver(0);
      else if (deadline < Infinity) this.#tick(Math.max(this.#sides[0].now, deadline));
      else break;
    }
    this.#tick(this.#sides[0].now + exchangeLifetime(this.#transmission));
    for (const side of this.#sides) {
      for (const { id, outcomes } of side.asked) {
        check(
          outcomes === 1,
          "each request has its outcome in the end",
          () => `request ${id} has ${outcomes}`,
        );
      }
      side.checkNothingHeld();
    }
  }
}
