/** A session, the endpoint below it and a fake EnOS, in time that only the test moves. */
import { Endpoint } from "../../../firmware/coap/endpoint";
import { narrowband } from "../../../firmware/coap/transmission";
import { Session } from "../../../firmware/enos/session";
import { pathOptions } from "../../../firmware/enos/topic";
import { nodeCryptography } from "../../../host-sim/sim/engine/node-cryptography";
import { Random } from "../../../host-sim/sim/time/random";
import { hex } from "../../../host-sim/tools/fuzz/peer";
import { FakeEnos, keys, root } from "./fake-enos";
import type { PublishOutcome } from "../../../firmware/enos/outcome";
import type { SessionEvent, SessionOptions } from "../../../firmware/enos/session-options";

const address = "192.0.2.1";
const port = 5683;

export class SessionRig {
  now = 5_000;
  readonly server: FakeEnos;
  readonly endpoint: Endpoint;
  readonly session: Session;
  readonly events: SessionEvent[] = [];
  /** Whether the server answered, for each exchange that the session told of. */
  readonly answers: boolean[] = [];
  readonly downlinks: string[] = [];
  /** Called for each downlink, besides noting it. */
  onDownlink: (topic: string) => void = () => {};
  #wire: Uint8Array[] = [];

  constructor(server = new FakeEnos(), settings: Partial<SessionOptions> = {}) {
    this.server = server;
    const random = new Random("session");
    this.endpoint = new Endpoint({
      transmit: (datagram) => this.#wire.push(datagram.slice()),
      random: () => random.next(),
      transmission: narrowband,
    });
    this.session = new Session({
      credentials: keys,
      address,
      port,
      lifetime: 3600,
      crypto: nodeCryptography,
      endpoint: this.endpoint,
      random: () => random.next(),
      onDownlink: (topic, payload) => {
        this.downlinks.push(`${topic} ${Buffer.from(payload).toString("utf8")}`);
        this.onDownlink(topic);
      },
      onEvent: (event) => this.events.push(event),
      onAnswered: (answered) => this.answers.push(answered),
      ...settings,
    });
  }

  /** Sends without waiting; returns where the outcomes will stand. */
  send(topic = "thing/model/up_raw", payload = "01"): PublishOutcome[] {
    const outcomes: PublishOutcome[] = [];
    this.session.send(
      {
        path: pathOptions(`${root}/${topic}`, 42),
        payload: Buffer.from(payload),
        onComplete: (outcome) => void outcomes.push(outcome),
      },
      this.now,
    );
    return outcomes;
  }

  /** Sends, carries datagrams to and fro until all is quiet, and returns the one outcome in words. */
  publish(topic?: string, payload?: string): string {
    const outcomes = this.send(topic, payload);
    this.pump();
    return outcomes.map(words).join(", ");
  }

  /** Carries datagrams between endpoint and server until none is on its way. */
  pump(): void {
    for (let rounds = 0; this.#wire.length > 0; rounds++) {
      if (rounds > 500) throw new Error("the session does not come to rest");
      const answer = this.server.receive(this.#wire.shift()!);
      if (answer !== undefined) this.endpoint.receive(answer, address, port, this.now);
    }
  }

  /** Lets time pass. */
  wait(ms: number): void {
    const until = this.now + ms;
    while (this.endpoint.deadline <= until) {
      this.now = Math.max(this.now, this.endpoint.deadline);
      this.endpoint.poll(this.now);
      this.pump();
    }
    this.now = until;
    this.endpoint.poll(until);
    this.pump();
  }

  /** The events' kinds with what matters of each. */
  get story(): string[] {
    return this.events.map((event) => {
      switch (event.kind) {
        case "authenticating":
          return `authenticating ${event.cause}`;
        case "online":
          return `online ${event.edition}`;
        case "format-stated":
          return "format stated";
        case "resumed":
          return `resumed ${event.edition}`;
        case "refused":
          return `refused ${event.reason}`;
        case "doubted":
          return `doubted ${event.reason}`;
        case "downlink-ignored":
          return `ignored: ${event.reason}`;
      }
    });
  }
}

/** An outcome in words, without its times. */
export function words(outcome: PublishOutcome): string {
  switch (outcome.kind) {
    case "accepted":
      return `accepted ${hex(outcome.payload)}`.trim();
    case "rejected":
      return `rejected ${outcome.reason}`;
    default:
      return `${outcome.kind} ${outcome.reason}`;
  }
}
