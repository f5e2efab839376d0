/**
 * A fleet that talks to a server over real UDP: the firmware's own agents, each with a socket of its own, in real time.
 * Only the pauses between readings are shorter; CoAP's timers are what they are on a device.
 */
import { createSocket } from "node:dgram";
import { DemoApplication } from "../../../firmware/application";
import { internet } from "../../../firmware/coap/transmission";
import { Agent } from "../../../firmware/device/agent";
import { nodeCryptography } from "../../sim/engine/node-cryptography";
import { RealTimeDriver } from "../pc/driver";
import { count, newHistogram } from "./delays";
import { Pacer } from "./pacer";
import { SparseFlash } from "../../sim/fleet/sparse-flash";
import type { Socket } from "node:dgram";
import type { Link } from "../../../firmware/device/agent";
import type { LogEvent } from "../../../firmware/device/log";
import type { EditionSetting } from "../../../firmware/enos/authentication";
import type { DeviceRecord } from "../../cloud/registry/registry";
import type { DeviceOptions } from "../../sim/world/device-options";
import type { Histogram } from "./delays";

export interface RealFleetOptions {
  readonly address: string;
  readonly port: number;
  readonly devices: readonly DeviceRecord[];
  readonly edition: EditionSetting;
  readonly format: DeviceOptions["format"];
  /** Seconds between the readings of a device, as they are made here. */
  readonly interval: number;
  readonly batch: number;
  readonly lifetime: number;
  /** Real ms that it lasts. */
  readonly duration: number;
  /** Datagrams a second that leave this machine at most. */
  readonly rate: number;
  /** Number in [0, 1). */
  readonly random: () => number;
  readonly onProgress?: (share: number) => void;
  /** Asked now and then: it is to end before its time. */
  readonly ended?: () => boolean;
}

/** What came of it. */
export interface RealFleetResult {
  readonly devices: number;
  readonly seconds: number;
  /** Devices that authenticated. */
  readonly online: number;
  readonly taken: number;
  readonly acknowledged: number;
  readonly lost: number;
  readonly datagramsUp: number;
  readonly retransmissions: number;
  readonly answers: number;
  /** µs from the first copy of a confirmable request to its acknowledgement. */
  readonly latency: Histogram;
  /** ms from a reading to its acknowledgement. */
  readonly delays: Histogram;
  /** Why requests came to nothing, and how often. */
  readonly reasons: ReadonlyMap<string, number>;
  /** The most datagrams that waited for their turn to leave. */
  readonly mostWaiting: number;
}

type Datagram = ArrayBuffer & { address: string; port: number };

const confirmable = 0;
const acknowledgement = 2;
/** Datagrams kept until they are read, and requests whose answer is looked for. */
const receiveLimit = 8;
const openLimit = 16;
const alwaysThere: Link = { ready: true, deadline: Infinity, connect() {}, poll() {} };
const journalSize = 131_072;

/** What all sockets count. */
class Counted {
  datagramsUp = 0;
  retransmissions = 0;
  answers = 0;
  mostWaiting = 0;
  readonly latency = newHistogram();
  readonly reasons = new Map<string, number>();

  reason(text: string): void {
    if (this.reasons.size < 50 || this.reasons.has(text))
      this.reasons.set(text, (this.reasons.get(text) ?? 0) + 1);
  }
}

interface LoadSocketOptions {
  readonly counted: Counted;
  readonly pacer: Pacer;
  readonly now: () => number;
  readonly afterEvent: () => void;
}

/** A device's socket: it measures how long answers take, and sends when it is its turn. */
class LoadSocket {
  readonly #options: LoadSocketOptions;
  readonly #socket: Socket = createSocket("udp4");
  readonly #received: Datagram[] = [];
  /** When each request set out whose answer is to come, by message id. */
  readonly #open = new Map<number, number>();
  #closed = false;

  constructor(options: LoadSocketOptions) {
    this.#options = options;
    this.#socket.on("error", (error) => {
      options.counted.reason(`socket: ${error.message}`);
      options.afterEvent();
    });
    this.#socket.on("message", (message, peer) => this.#take(message, peer.address, peer.port));
  }

  write(buffer: Uint8Array, address: string, port: number): void {
    const { counted, pacer, now } = this.#options;
    const bytes = buffer.slice();
    pacer.run(() => {
      if (this.#closed) return;
      const id = (bytes[2] << 8) | bytes[3];
      counted.datagramsUp += 1;
      if (((bytes[0] >> 4) & 3) === confirmable) {
        if (this.#open.has(id)) counted.retransmissions += 1;
        else {
          if (this.#open.size >= openLimit) this.#open.delete(this.#open.keys().next().value!);
          this.#open.set(id, now());
        }
      }
      this.#socket.send(bytes, port, address);
    });
    counted.mostWaiting = Math.max(counted.mostWaiting, pacer.waiting);
  }

  read(): Datagram | undefined {
    return this.#received.shift();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.close();
  }

  #take(message: Buffer, address: string, port: number): void {
    const { counted, now, afterEvent } = this.#options;
    if (message.length >= 4 && ((message[0] >> 4) & 3) === acknowledgement) {
      const id = message.readUInt16BE(2);
      const sent = this.#open.get(id);
      if (sent !== undefined) {
        this.#open.delete(id);
        counted.answers += 1;
        count(counted.latency, 1_000 * (now() - sent));
      }
    }
    if (this.#received.length >= receiveLimit) return;
    const bytes = new Uint8Array(message);
    this.#received.push(Object.assign(bytes.buffer as ArrayBuffer, { address, port }));
    afterEvent();
  }
}

/** Runs it. Resolves when its time is over, or it is to end. */
export async function runRealFleet(options: RealFleetOptions): Promise<RealFleetResult> {
  const { devices, duration, interval, rate, random } = options;
  const started = performance.now();
  const now = (): number => performance.now() - started;
  const counted = new Counted();
  const delays = newHistogram();
  const pacer = new Pacer(rate, now, (run, wait) => void setTimeout(run, wait));
  const totals = { taken: 0, acknowledged: 0, lost: 0 };
  const online = new Set<number>();
  const running: { readonly agent: Agent; readonly driver: RealTimeDriver }[] = [];
  const hear = (number: number, event: LogEvent): void => {
    switch (event.kind) {
      case "report taken":
        totals.taken += 1;
        return;
      case "report acknowledged":
        totals.acknowledged += 1;
        return count(delays, event.after);
      case "report refused":
      case "report dropped":
        totals.lost += 1;
        return counted.reason(`${event.kind}: ${event.reason}`);
      case "report kept":
        return counted.reason(`put off: ${event.reason}`);
      case "session online":
        online.add(number);
        return;
      case "session refused":
        return counted.reason(`not let in: ${event.reason}`);
      case "fault":
        return counted.reason(`fault: ${event.text}`);
    }
  };
  const begin = (number: number): void => {
    const { productKey, deviceKey, deviceSecret } = devices[number];
    const driver = new RealTimeDriver((text) => counted.reason(`fault: ${text}`));
    const agent = new Agent({
      session: {
        credentials: { productKey, deviceKey, deviceSecret },
        ...{
          address: options.address,
          port: options.port,
          lifetime: options.lifetime,
          edition: options.edition,
        },
      },
      ...{ crypto: nodeCryptography, random, transmission: internet, link: alwaysThere },
      socket: { io: LoadSocket, counted, pacer, now, afterEvent: driver.turn },
      application: new DemoApplication({ random, rssi: () => undefined, now: driver.now }),
      ...{ interval, reports: 0, format: options.format, batch: options.batch },
      flash: new SparseFlash(journalSize),
      ...{ now: driver.now, wake: driver.wake, log: (event) => hear(number, event) },
    });
    agent.setTime(Date.now(), driver.now());
    driver.start(agent);
    running.push({ agent, driver });
  };
  // One after the other over an interval, as devices in the field are.
  for (let next = 0; ;) {
    const due = Math.min(devices.length, Math.ceil((devices.length * now()) / (1_000 * interval)) + 1);
    while (next < due) begin(next++);
    if (now() >= duration || options.ended?.() === true) break;
    options.onProgress?.(now() / duration);
    await new Promise((resolve) => setTimeout(resolve, Math.min(50, Math.max(1, duration - now()))));
  }
  const seconds = now() / 1_000;
  for (const { agent, driver } of running) {
    driver.stop();
    agent.close(driver.now());
  }
  return {
    devices: running.length,
    seconds,
    online: online.size,
    ...totals,
    ...{
      datagramsUp: counted.datagramsUp,
      retransmissions: counted.retransmissions,
      answers: counted.answers,
    },
    ...{ latency: counted.latency, delays, reasons: counted.reasons, mostWaiting: counted.mostWaiting },
  };
}
