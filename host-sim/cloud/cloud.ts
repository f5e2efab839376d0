/**
 * The EnOS stand-in: CoAP messages in, CoAP messages out, no socket and no clock of its own.
 *
 * The message layer (RFC 7252 section 4), dialogue by dialogue:
 *
 *     CON request             -> ACK with the response piggybacked
 *     the same again          -> the identical ACK, nothing is carried out twice
 *     NON request             -> NON response; the same again is ignored
 *     CON empty (a ping)      -> RST
 *     CON with a response     -> RST, nothing was asked
 *     CON that is malformed   -> RST with its message id, and nothing else
 *     ACK, RST, anything else -> nothing
 */
import { CloudDevice } from "./cloud-device";
import type { DeviceLimits, DeviceView, Reading, StoredEvent } from "./cloud-device";
import { ACK, CON, NON, RST, decodeCoap, encodeCoap } from "./coap-wire";
import type { CoapMessage } from "./coap-wire";
import type { Command, CommandView } from "./commands";
import type { CloudEvent, CloudEventBody, Peer } from "./events";
import { checkDevices, deviceName } from "./registry";
import type { DeviceRecord, Edition } from "./registry";
import { ReplyStore, peerKey } from "./reply-store";
import { INTERNAL_ERROR, readRequest } from "./request";
import type { Answer, RefusedRequest } from "./request";
import { EnosService } from "./service";
import type { SessionTie } from "./service";
import type { IvSetting } from "./sign";

export type { CloudEvent, Peer } from "./events";
export type { Command, CommandView } from "./commands";
export type { DeviceView, Reading, StoredEvent } from "./cloud-device";

export interface CloudLimits extends DeviceLimits {
  /** Replies kept for retransmissions, per peer and in all. */
  repliesPerPeer: number;
  repliesTotal: number;
}

const DEFAULT_LIMITS: Readonly<CloudLimits> = {
  repliesPerPeer: 64,
  repliesTotal: 16_384,
  readings: 10_000,
  ids: 4096,
  resendAfter: 30_000,
  commandTimeout: 3_600_000,
  commandsPerDevice: 64,
  // With path, token and answer still at most 1 kB more than the request that it rides on.
  commandPayload: 768,
};

export interface CloudOptions {
  /** Sends a datagram; called at most once per received one. */
  transmit(datagram: Uint8Array, peer: Peer): void;
  /** For tokens, and for where message ids and command ids start. */
  randomBytes(n: number): Uint8Array;
  edition: Edition;
  /** How option 2101 is encrypted, see `IvSetting`. */
  iv: IvSetting;
  devices: readonly DeviceRecord[];
  /**
   * Edition "tokenless": by what a session recognises its device. "address" refuses, with 4.01, requests
   * from another address or port than the authentication's, as after a NAT rebinding. Default "path".
   */
  tie?: SessionTie;
  /** Hears of everything, in order, before the answer to the request leaves. */
  onEvent?(event: CloudEvent): void;
  limits?: Partial<CloudLimits>;
}

export interface CloudCounters {
  datagrams: number;
  malformed: number;
  duplicateRequests: number;
  /** Messages that take no answer: ACK, RST, responses nobody asked for. */
  ignored: number;
}

/** One EnOS with all its devices. */
export class EnosCloud {
  readonly counters: CloudCounters = { datagrams: 0, malformed: 0, duplicateRequests: 0, ignored: 0 };
  readonly #options: CloudOptions;
  readonly #devices = new Map<string, CloudDevice>();
  readonly #service: EnosService;
  readonly #replies: ReplyStore;
  #events: CloudEvent[] = [];
  #now = 0;
  #deadline = Infinity;
  #nextMessageId: number;
  #nextCommandId: number;

  /** @throws DeviceListError on a device list that cannot be used; RangeError on a wrong `iv` */
  constructor(options: CloudOptions) {
    this.#options = options;
    const limits = { ...DEFAULT_LIMITS, ...options.limits };
    for (const record of checkDevices(options.devices)) {
      const device = new CloudDevice(record, options.edition, options.iv, limits);
      this.#devices.set(deviceName(device.productKey, device.deviceKey), device);
    }
    this.#replies = new ReplyStore({ perPeer: limits.repliesPerPeer, total: limits.repliesTotal });
    this.#service = new EnosService({
      devices: this.#devices,
      edition: options.edition,
      iv: options.iv,
      tie: options.tie ?? "path",
      randomBytes: (n) => options.randomBytes(n),
      emit: options.onEvent === undefined ? undefined : (event) => this.#emit(event),
      wake: (at) => {
        this.#deadline = Math.min(this.#deadline, at);
      },
    });
    const [a, b, c, d, e, f] = options.randomBytes(6);
    this.#nextMessageId = (a << 8) | b;
    // At random, so that a cloud started anew does not give out ids that a device has already answered.
    this.#nextCommandId = ((c << 24) | (d << 16) | (e << 8) | f) >>> 0;
  }

  /** When `poll` is to be called at the latest, ms; Infinity when nothing is under way. */
  get deadline(): number {
    return this.#deadline;
  }

  /** Takes in one datagram. Never throws for its sake, whatever its bytes. `now` in ms. */
  receive(datagram: Uint8Array, peer: Peer, now: number): void {
    this.#advance(now);
    this.counters.datagrams += 1;
    const reply = this.#answer(datagram, peer);
    this.#flush();
    if (reply !== undefined) this.#options.transmit(reply, peer);
  }

  /** Lets sessions lapse and commands time out. `now` in ms. */
  poll(now: number): void {
    this.#advance(now);
    this.#flush();
  }

  /**
   * Queues a command; it leaves when the device next speaks. Returns its id.
   * @throws RangeError for an unknown device, a command that cannot be sent, or too many waiting
   */
  sendCommand(productKey: string, deviceKey: string, command: Command, now: number): string {
    this.#advance(now);
    const device = this.#known(productKey, deviceKey);
    const id = String(this.#nextCommandId);
    const path = device.commands.add(id, command, now);
    this.#nextCommandId = (this.#nextCommandId + 1) >>> 0;
    this.#deadline = Math.min(this.#deadline, device.commands.deadline);
    this.#emit({ type: "command-queued", productKey, deviceKey, id, path });
    this.#flush();
    return id;
  }

  device(productKey: string, deviceKey: string): DeviceView | undefined {
    return this.#devices.get(deviceName(productKey, deviceKey))?.view();
  }

  devices(): DeviceView[] {
    return [...this.#devices.values()].map((device) => device.view());
  }

  /** The commands kept for a device, oldest first; empty for an unknown one. */
  commands(productKey: string, deviceKey: string): CommandView[] {
    return this.#devices.get(deviceName(productKey, deviceKey))?.commands.views() ?? [];
  }

  /** The readings kept for a device in the order of their storing; empty for an unknown one. */
  readings(productKey: string, deviceKey: string): Reading[] {
    return this.#devices.get(deviceName(productKey, deviceKey))?.readings.list() ?? [];
  }

  /** The events kept for a device in the order of their storing; empty for an unknown one. */
  events(productKey: string, deviceKey: string): StoredEvent[] {
    return this.#devices.get(deviceName(productKey, deviceKey))?.events.list() ?? [];
  }

  /**
   * Shuts a device out: whatever it asks is answered 4.03.
   * @throws RangeError for an unknown device
   */
  disable(productKey: string, deviceKey: string, now: number = this.#now): void {
    this.#advance(now);
    this.#service.setState(this.#known(productKey, deviceKey), "disabled");
    this.#flush();
  }

  /**
   * Lets a disabled device in again; it has to authenticate anew. No effect on others.
   * @throws RangeError for an unknown device
   */
  enable(productKey: string, deviceKey: string, now: number = this.#now): void {
    this.#advance(now);
    const device = this.#known(productKey, deviceKey);
    if (device.state === "disabled") {
      device.session = undefined;
      this.#service.setState(device, device.lastSeen === undefined ? "inactive" : "offline");
    }
    this.#flush();
  }

  #known(productKey: string, deviceKey: string): CloudDevice {
    const device = this.#devices.get(deviceName(productKey, deviceKey));
    if (device !== undefined) return device;
    throw new RangeError(`no device ${productKey}/${deviceKey} in the device list`);
  }

  /** The bytes that answer a datagram, if any do. */
  #answer(datagram: Uint8Array, peer: Peer): Uint8Array | undefined {
    // Nobody can be reached at port 0, and a socket refuses to send there.
    if (peer.port === 0) return this.#ignore();
    const message = decodeCoap(datagram);
    if ("malformed" in message) {
      const { malformed: reason, type, messageId } = message;
      const rejects = type === CON && messageId !== undefined;
      this.counters.malformed += 1;
      this.#emit({ type: "malformed", peer, reason, answer: rejects ? "RST" : "none" });
      return rejects ? reset(messageId) : undefined;
    }
    if (message.type === ACK || message.type === RST) return this.#ignore();
    if (message.code === 0 || message.code >> 5 !== 0) {
      this.#ignore();
      return message.type === CON ? reset(message.messageId) : undefined;
    }

    const { messageId } = message;
    const from = peerKey(peer);
    const known = this.#replies.find(from, messageId, this.#now);
    if (known !== undefined) {
      const answered = message.type === CON && known.reply !== undefined;
      this.counters.duplicateRequests += 1;
      this.#emit({ type: "duplicate-request", peer, messageId, answered });
      return answered ? known.reply : undefined;
    }
    const reply = this.#respond(message, peer);
    // The reply to a NON is not kept: nobody asks for it again, only the network repeats the question.
    this.#replies.add(from, messageId, message.type === CON ? reply : undefined, this.#now);
    return reply;
  }

  #respond(message: CoapMessage, peer: Peer): Uint8Array | undefined {
    let answer: Answer | RefusedRequest;
    try {
      const request = readRequest(message);
      answer = "refused" in request ? request : this.#service.handle(request, peer, this.#now);
    } catch (error) {
      answer = { refused: INTERNAL_ERROR, reason: "internal error", told: true };
      const reason = error instanceof Error ? error.message : String(error);
      this.#emit({ type: "internal-error", peer, reason });
    }
    if (!("refused" in answer)) return this.#encode(message, answer);
    const { refused: code, reason, options } = answer;
    if (answer.told === undefined) this.#emit({ type: "request-refused", peer, code, reason });
    if (message.type === NON && answer.criticalOption) return undefined;
    return this.#encode(message, { code, options });
  }

  #encode(request: CoapMessage, answer: Answer): Uint8Array {
    const confirmable = request.type === CON;
    let { messageId } = request;
    if (!confirmable) {
      messageId = this.#nextMessageId;
      this.#nextMessageId = (messageId + 1) & 0xffff;
    }
    return encodeCoap({
      type: confirmable ? ACK : NON,
      code: answer.code,
      messageId,
      token: request.token,
      options: answer.options ?? [],
      payload: answer.payload ?? NOTHING,
    });
  }

  #ignore(): undefined {
    this.counters.ignored += 1;
  }

  /** Moves time on, and does what has come due. */
  #advance(now: number): void {
    this.#now = Math.max(this.#now, now);
    if (this.#now < this.#deadline) return;
    // A lower bound from here on: a device that speaks moves its own deadline, and nobody needs to know.
    this.#deadline = Infinity;
    for (const device of this.#devices.values()) {
      if (this.#now >= device.expires) this.#service.setState(device, "offline");
      for (const id of device.commands.expire(this.#now)) {
        const { productKey, deviceKey } = device;
        this.#emit({ type: "command-timed-out", productKey, deviceKey, id });
      }
      this.#deadline = Math.min(this.#deadline, device.expires, device.commands.deadline);
    }
  }

  #emit(event: CloudEventBody): void {
    if (this.#options.onEvent !== undefined) this.#events.push({ ...event, at: this.#now });
  }

  /** Tells what happened only once it is complete, so that a listener may call back into the cloud. */
  #flush(): void {
    const events = this.#events;
    if (events.length === 0) return;
    this.#events = [];
    for (const event of events) this.#options.onEvent?.(event);
  }
}

const NOTHING = new Uint8Array(0);

function reset(messageId: number): Uint8Array {
  return encodeCoap({ type: RST, code: 0, messageId, token: NOTHING, options: [], payload: NOTHING });
}
