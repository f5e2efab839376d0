/**
 * What EnOS does with a request: authenticates the device, checks its signature, stores what it reports,
 * and hands it the commands that wait. Knows requests and answers; messages are cloud.ts's matter.
 */
import type { CloudDevice, Session } from "./cloud-device";
import { printable } from "./coap-text";
import { decodeRawReading, decodeRawReply, encodeRawAnswer } from "./demo-product";
import type { CloudEventBody, Peer, ReportKind } from "./events";
import {
  BAD_REQUEST,
  CHANGED,
  COMMAND_PATH_OPTION,
  COMMAND_PAYLOAD_OPTION,
  CONTENT,
  FORBIDDEN,
  METHOD_NOT_ALLOWED,
  NOT_FOUND,
  SIGN_OPTION,
  UNAUTHORIZED,
  refuseOption,
} from "./request";
import type { Answer, CoapRequest, RefusedRequest } from "./request";
import { deviceName } from "./registry";
import type { DeviceState, Edition } from "./registry";
import { DUMMY_SECRET, SessionSignReader, equalText, verifyAuthSign } from "./sign";
import type { IvSetting } from "./sign";
import {
  SUCCESS,
  VALIDATION_FAILED,
  checkEnvelope,
  encodeAnswer,
  readAttributes,
  readEvent,
  readJsonObject,
  readMeasurePoints,
  readReply,
  readThingMessage,
} from "./thing-json";
import type { Refusal, ThingMessage, ThingReport } from "./thing-json";
import { findTarget, topicPath } from "./topics";
import type { Route, Target } from "./topics";

/** By what a session of the tokenless edition recognises its device. */
export type SessionTie = "path" | "address";

export interface ServiceOptions {
  devices: ReadonlyMap<string, CloudDevice>;
  edition: Edition;
  iv: IvSetting;
  tie: SessionTie;
  randomBytes(n: number): Uint8Array;
  /** Left out when nobody listens: then events are not even made. */
  emit?(event: CloudEventBody): void;
  /** Asks to be looked at again at `at`, ms. */
  wake(at: number): void;
}

const SHORTEST_LIFETIME = 30;
const LONGEST_LIFETIME = 86_400;
const TOKEN_BYTES = 8;
const MOST_ATTRIBUTES = 200;
const DUMMY_TOKEN = "0".repeat(2 * TOKEN_BYTES);

export class EnosService {
  readonly #options: ServiceOptions;
  readonly #dummyReader: SessionSignReader;

  /** @throws RangeError on an `iv` that is no setting */
  constructor(options: ServiceOptions) {
    this.#options = options;
    this.#dummyReader = new SessionSignReader(DUMMY_SECRET, options.iv);
  }

  /** Carries a request out. `now` in ms. */
  handle(request: CoapRequest, peer: Peer, now: number): Answer | RefusedRequest {
    const target = findTarget(request.path);
    const device =
      target && this.#options.devices.get(deviceName(target.productKey, target.deviceKey));
    const edition = device?.edition ?? this.#options.edition;
    // A server of the later edition does not know the option, and the option is critical.
    if (request.sign !== undefined && edition === "tokenless") return refuseOption(SIGN_OPTION);
    if (target === undefined) return { refused: NOT_FOUND, reason: "no such path" };
    const { route } = target;
    if (request.method !== route.method) {
      return { refused: METHOD_NOT_ALLOWED, reason: "the path does not take this method" };
    }
    if (route.service === "auth") return this.#authenticate(target, device, request, peer, now);

    const fault =
      edition === "token"
        ? this.#checkSign(device, request.sign)
        : this.#checkSession(device, peer);
    if (fault !== undefined || device === undefined) {
      const { refused, reason } = fault ?? { refused: UNAUTHORIZED, reason: "unknown device" };
      if (device !== undefined) device.counters.signatureRefused += 1;
      const name = { productKey: printable(target.productKey), deviceKey: printable(target.deviceKey) };
      this.#options.emit?.({ type: "signature-refused", ...name, peer, code: refused, reason });
      return { refused, reason, told: true };
    }
    device.counters.requests += 1;
    const answer = this.#serve(device, route, request.payload, now);
    if ("refused" in answer) return answer;
    device.lastSeen = now;
    this.#offerCommand(device, answer, now);
    return answer;
  }

  /** Takes the device to another state and tells so. */
  setState(device: CloudDevice, to: DeviceState): void {
    const from = device.state;
    if (from === to) return;
    device.state = to;
    this.#options.emit?.({ type: "state", ...nameOf(device), from, to });
  }

  #authenticate(
    target: Target,
    device: CloudDevice | undefined,
    request: CoapRequest,
    peer: Peer,
    now: number,
  ): Answer | RefusedRequest {
    const { productKey, deviceKey } = target;
    const refuse = (refused: number, reason: string): RefusedRequest => {
      if (device !== undefined) device.counters.authRefused += 1;
      const name = { productKey: printable(productKey), deviceKey: printable(deviceKey) };
      this.#options.emit?.({ type: "auth-refused", ...name, peer, code: refused, reason });
      return { refused, reason, told: true };
    };
    const body = readJsonObject(request.payload);
    if ("enosCode" in body) return refuse(BAD_REQUEST, body.reason);
    const { secureMode, lifetime, sign } = body.fields;
    if (secureMode !== 2) return refuse(BAD_REQUEST, "secureMode: expected 2");
    if (
      typeof lifetime !== "number" ||
      !Number.isInteger(lifetime) ||
      lifetime < SHORTEST_LIFETIME ||
      lifetime > LONGEST_LIFETIME
    ) {
      const range = `${SHORTEST_LIFETIME} to ${LONGEST_LIFETIME}`;
      return refuse(BAD_REQUEST, `lifetime: expected an integer from ${range}`);
    }
    if (typeof sign !== "string") return refuse(BAD_REQUEST, "sign: expected text");
    // Also computed for a device that does not exist: neither answer nor effort tells which keys are real.
    const claim = { productKey, deviceKey, lifetime, secureMode };
    const genuine = verifyAuthSign(claim, device?.deviceSecret ?? DUMMY_SECRET, sign);
    if (device === undefined) return refuse(UNAUTHORIZED, "unknown device");
    if (!genuine) return refuse(UNAUTHORIZED, "wrong sign");
    if (device.state === "disabled") return refuse(FORBIDDEN, "disabled");

    const session: Session = { sequence: 0, lifetime, peer };
    if (device.edition === "token") {
      session.token = Buffer.from(this.#options.randomBytes(TOKEN_BYTES)).toString("hex");
    }
    device.session = session;
    device.lastSeen = now;
    device.counters.authenticated += 1;
    this.#options.emit?.({ type: "authenticated", ...nameOf(device), peer, lifetime });
    this.setState(device, "online");
    this.#options.wake(device.expires);
    if (session.token === undefined) return { code: CHANGED };
    return { code: CHANGED, payload: Buffer.from(JSON.stringify({ token: session.token }), "utf8") };
  }

  /** Edition "token": option 2101 must hold the session's token and a sequence that grows. */
  #checkSign(device: CloudDevice | undefined, sign: Uint8Array | undefined): RefusedRequest | undefined {
    if (sign === undefined) return unauthorized("no signature");
    const read = (device?.signReader ?? this.#dummyReader).read(sign);
    if ("unparsable" in read) {
      return { refused: BAD_REQUEST, reason: `unparsable signature: ${read.unparsable}` };
    }
    const session = device?.session;
    const right = equalText(session?.token ?? DUMMY_TOKEN, read.token);
    if (device === undefined) return unauthorized("unknown device");
    if (session === undefined) return unauthorized("no session");
    if (!right) return unauthorized("wrong token");
    if (device.state === "offline") return unauthorized("the session has lapsed");
    if (read.sequence <= session.sequence) {
      return unauthorized(`sequence ${read.sequence} is not larger than ${session.sequence}`);
    }
    session.sequence = read.sequence;
    return device.state === "disabled" ? { refused: FORBIDDEN, reason: "disabled" } : undefined;
  }

  /** Edition "tokenless": the device must have authenticated, from this address if that is asked for. */
  #checkSession(device: CloudDevice | undefined, peer: Peer): RefusedRequest | undefined {
    const session = device?.session;
    if (device === undefined) return unauthorized("unknown device");
    if (session === undefined) return unauthorized("no session");
    if (device.state === "offline") return unauthorized("the session has lapsed");
    if (
      this.#options.tie === "address" &&
      (session.peer.address !== peer.address || session.peer.port !== peer.port)
    ) {
      return unauthorized("another address than the one that authenticated");
    }
    return device.state === "disabled" ? { refused: FORBIDDEN, reason: "disabled" } : undefined;
  }

  #serve(
    device: CloudDevice,
    route: Exclude<Route, { service: "auth" }>,
    payload: Uint8Array,
    now: number,
  ): Answer | RefusedRequest {
    switch (route.service) {
      case "up_raw":
        return this.#storeRaw(device, payload, now);
      case "points":
        return this.#storeJson(device, route, "reading", payload, readMeasurePoints, (report, id) => {
          const { values: points, time } = report;
          device.readings.push({ id, time, points, format: "json", at: now });
        });
      case "event":
        return this.#storeJson(device, route, "event", payload, readEvent, (report, id) => {
          const { values, time } = report;
          device.events.push({ id, event: route.event, time, values, at: now });
        });
      case "attributes":
        return this.#storeJson(device, route, "attributes", payload, readAttributes, ({ values }) => {
          // Spread, not Object.assign, which would obey an attribute called __proto__.
          const merged = Object.entries({ ...device.attributes, ...values });
          device.attributes = Object.fromEntries(merged.slice(-MOST_ATTRIBUTES));
        });
      case "command": {
        const delivery = device.commands.fetch(route.path, now);
        if (delivery === undefined) return { refused: NOT_FOUND, reason: "no command waits there" };
        const { id, path } = delivery;
        this.#options.emit?.({ type: "command-fetched", ...nameOf(device), id, path });
        return { code: CONTENT, payload: delivery.payload };
      }
      case "reply":
        return this.#takeReply(device, route, payload);
    }
  }

  #storeRaw(device: CloudDevice, payload: Uint8Array, now: number): Answer | RefusedRequest {
    const reading = decodeRawReading(payload);
    if ("unparsable" in reading) {
      this.#refuseReport(device, VALIDATION_FAILED, reading.unparsable);
      return { refused: BAD_REQUEST, reason: reading.unparsable, told: true };
    }
    const { requestId, points, invalid } = reading;
    if (invalid !== undefined) {
      this.#refuseReport(device, VALIDATION_FAILED, invalid);
      return { code: CHANGED, payload: encodeRawAnswer(requestId, VALIDATION_FAILED) };
    }
    const id = String(requestId);
    if (this.#isNew(device, "reading", id, "raw", points)) {
      device.readings.push({ id, points, format: "raw", at: now });
    }
    return { code: CHANGED, payload: encodeRawAnswer(requestId, SUCCESS) };
  }

  #storeJson(
    device: CloudDevice,
    route: { thingMethod: string },
    kind: ReportKind,
    payload: Uint8Array,
    read: (message: ThingMessage) => ThingReport | Refusal,
    store: (report: ThingReport, id: string) => void,
  ): Answer | RefusedRequest {
    const message = readThingMessage(payload);
    if ("enosCode" in message) {
      this.#refuseReport(device, message.enosCode, message.reason);
      return { refused: BAD_REQUEST, reason: message.reason, told: true };
    }
    const report = checkEnvelope(message, route.thingMethod) ?? read(message);
    if ("enosCode" in report) {
      this.#refuseReport(device, report.enosCode, report.reason);
      return { code: CHANGED, payload: encodeAnswer(message.id, report.enosCode) };
    }
    const id = String(message.id);
    const points = kind === "reading" ? report.values : undefined;
    if (this.#isNew(device, kind, id, "json", points)) store(report, id);
    return { code: CHANGED, payload: encodeAnswer(message.id, SUCCESS) };
  }

  /** Counts and tells a report; false when it was stored before. */
  #isNew(
    device: CloudDevice,
    kind: ReportKind,
    id: string,
    format: "raw" | "json",
    points?: Record<string, unknown>,
  ): boolean {
    const isNew = device.isNew(kind, id);
    if (isNew) device.counters.stored += 1;
    else device.counters.duplicates += 1;
    this.#options.emit?.({
      type: isNew ? "stored" : "stored-before",
      ...nameOf(device),
      ...{ kind, id: printable(id), format },
      ...(isNew && points !== undefined ? { points } : {}),
    });
    return isNew;
  }

  #refuseReport(device: CloudDevice, enosCode: number, reason: string): void {
    device.counters.reportsRefused += 1;
    this.#options.emit?.({ type: "report-refused", ...nameOf(device), enosCode, reason });
  }

  #takeReply(
    device: CloudDevice,
    route: { path: string; raw: boolean },
    payload: Uint8Array,
  ): Answer | RefusedRequest {
    let reply: { key: string | number; code: number; data?: unknown } | undefined;
    if (route.raw) {
      const raw = decodeRawReply(payload);
      reply = raw && { key: raw.requestId, code: raw.code };
    } else {
      const json = readReply(payload);
      reply = json && { key: json.id, code: json.code, data: json.data };
    }
    if (reply === undefined) return { refused: BAD_REQUEST, reason: "not a reply to a command" };
    const id = device.commands.answer(route.path, reply.key, reply.code, reply.data);
    if (id === undefined) device.counters.strayReplies += 1;
    else {
      device.counters.commandsAnswered += 1;
      this.#options.emit?.({ type: "command-answered", ...nameOf(device), id, code: reply.code });
    }
    // A reply that came late or twice is acknowledged as well, or the device would send it for ever.
    return { code: CHANGED };
  }

  /** Puts the next waiting command on a response: its path, and in the later edition its payload too. */
  #offerCommand(device: CloudDevice, answer: Answer, now: number): void {
    const deliver = device.edition === "tokenless";
    const delivery = device.commands.offer(now, deliver);
    if (delivery === undefined) return;
    const { id, path, payload } = delivery;
    const topic = topicPath(device.productKey, device.deviceKey, path);
    answer.options = [{ number: COMMAND_PATH_OPTION, value: Buffer.from(topic, "utf8") }];
    if (deliver) answer.options.push({ number: COMMAND_PAYLOAD_OPTION, value: payload });
    device.counters.commandsOffered += 1;
    this.#options.emit?.({ type: "command-offered", ...nameOf(device), id, path, delivered: deliver });
  }
}

function nameOf({ productKey, deviceKey }: CloudDevice): { productKey: string; deviceKey: string } {
  return { productKey, deviceKey };
}

function unauthorized(reason: string): RefusedRequest {
  return { refused: UNAUTHORIZED, reason };
}
