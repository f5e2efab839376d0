/**
 * Who may speak to the cloud: authentication (protocol of both editions), and the check of each request
 * after it, by its signature or by where it comes from.
 */
import { printable } from "../coap/coap-text";
import type { CloudDevice, Session } from "../registry/cloud-device";
import type { CloudEventBody, Peer } from "../events";
import { Code } from "../coap/codes";
import type { Answer, RefusedRequest } from "../coap/request";
import type { DeviceState, StateReason } from "../registry/registry";
import { dummySecret, SessionSignReader, equalText, verifyAuthSign } from "./sign";
import type { IvSetting } from "./sign";
import { readJsonObject } from "./thing-message";

/** By what a session of the tokenless edition recognises its device. */
export type SessionTie = "path" | "address";

/** How devices behind a NAT are known. */
export interface NatPolicy {
  /**
   * Edition "tokenless": "address" refuses, with 4.01, requests from another address or port than the
   * authentication's, as after a NAT rebinding. Default "path".
   */
  tie: SessionTie;
  /** With "address": after so many seconds of silence it counts as another address. 0: never. */
  addressIdle: number;
}

export interface AuthenticationOptions {
  iv: IvSetting;
  randomBytes(n: number): Uint8Array;
  emit?(event: CloudEventBody): void;
  /** Asks for sessions to be checked again at `at`, ms. */
  wake(at: number): void;
}

const shortestLifetime = 30;
const longestLifetime = 86_400;
const tokenBytes = 8;
const dummyToken = "0".repeat(2 * tokenBytes);

export class Authentication {
  readonly #options: AuthenticationOptions;
  readonly #dummyReader: SessionSignReader;
  nat: NatPolicy = { tie: "path", addressIdle: 0 };

  /** @throws RangeError on an `iv` that is no setting */
  constructor(options: AuthenticationOptions) {
    this.#options = options;
    this.#dummyReader = new SessionSignReader(dummySecret, options.iv);
  }

  /** Takes the device to another state and tells so. */
  setState(device: CloudDevice, to: DeviceState, reason: StateReason, now: number): void {
    const from = device.state;
    if (from === to) return;
    device.state = to;
    device.stateSince = now;
    device.stateReason = reason;
    device.onlineSince = to === "online" ? now : undefined;
    device.keep();
    const { productKey, deviceKey } = device;
    this.#options.emit?.({ type: "state", productKey, deviceKey, from, to, reason });
  }

  /**
   * Takes a device offline whose time has come: it was silent for a lifetime, or there is no session that it could go on
   * in, as after a start with data of a cloud that had another edition.
   */
  lapse(device: CloudDevice, now: number): void {
    const isSilent = device.hasSession;
    // A lapsed session tells why a request is refused; one of another edition would not.
    if (!isSilent) device.session = undefined;
    this.setState(device, "offline", isSilent ? "silent" : "session-ended", now);
  }

  /** Lets a disabled device in again; it has to authenticate anew. No effect on others. */
  enable(device: CloudDevice, now: number): void {
    if (device.state !== "disabled") return;
    device.session = undefined;
    this.setState(device, device.lastSeen === undefined ? "inactive" : "offline", "enabled", now);
  }

  /** Ends these devices' sessions as a server does that has lost them; how many there were. */
  forgetSessions(devices: readonly CloudDevice[], now: number): number {
    let sessions = 0;
    for (const device of devices) {
      if (device.session === undefined) continue;
      sessions += 1;
      device.session = undefined;
      const { productKey, deviceKey } = device;
      this.#options.emit?.({ type: "session-forgotten", productKey, deviceKey });
      if (device.state === "online") this.setState(device, "offline", "session-ended", now);
      device.keep();
    }
    return sessions;
  }

  /** Answers a request to /auth. `device` is undefined for one that is not registered. */
  authenticate(
    name: { productKey: string; deviceKey: string },
    device: CloudDevice | undefined,
    payload: Uint8Array,
    peer: Peer,
    now: number,
  ): Answer | RefusedRequest {
    const { productKey, deviceKey } = name;
    const refuse = (refused: number, reason: string): RefusedRequest => {
      if (device !== undefined) device.counters.authRefused += 1;
      const printed = { productKey: printable(productKey), deviceKey: printable(deviceKey) };
      this.#options.emit?.({ type: "auth-refused", ...printed, peer, code: refused, reason });
      return { refused, reason, told: true };
    };
    const body = readJsonObject(payload);
    if ("enosCode" in body) return refuse(Code.badRequest, body.reason);
    const { secureMode, lifetime, sign } = body.fields;
    if (secureMode !== 2) return refuse(Code.badRequest, "secureMode: expected 2");
    if (
      typeof lifetime !== "number" ||
      !Number.isInteger(lifetime) ||
      lifetime < shortestLifetime ||
      lifetime > longestLifetime
    ) {
      const range = `${shortestLifetime} to ${longestLifetime}`;
      return refuse(Code.badRequest, `lifetime: expected an integer from ${range}`);
    }
    if (typeof sign !== "string") return refuse(Code.badRequest, "sign: expected text");
    // Computed for an unknown device too, so that neither the answer nor its delay tells which keys exist.
    const claim = { productKey, deviceKey, lifetime, secureMode };
    const genuine = verifyAuthSign(claim, device?.deviceSecret ?? dummySecret, sign);
    if (device === undefined) return refuse(Code.unauthorized, "unknown device");
    if (!genuine) return refuse(Code.unauthorized, "wrong sign");
    if (device.state === "disabled") return refuse(Code.forbidden, "disabled");

    const session: Session = { sequence: 0, lifetime, peer };
    if (device.edition === "token") {
      session.token = Buffer.from(this.#options.randomBytes(tokenBytes)).toString("hex");
    }
    device.session = session;
    device.lastSeen = now;
    device.peer = peer;
    device.counters.authenticated += 1;
    this.#options.emit?.({ type: "authenticated", productKey, deviceKey, peer, lifetime });
    this.setState(device, "online", "authenticated", now);
    device.keep();
    this.#options.wake(device.expires);
    if (session.token === undefined) return { code: Code.changed };
    return { code: Code.changed, payload: Buffer.from(JSON.stringify({ token: session.token }), "utf8") };
  }

  /** Edition "token": option 2101 must hold the session's token and a sequence that grows. */
  checkSign(device: CloudDevice | undefined, sign: Uint8Array | undefined): RefusedRequest | undefined {
    if (sign === undefined) return unauthorized("no signature");
    if (device !== undefined && isNext(device, sign)) return undefined;
    const read = (device?.signReader ?? this.#dummyReader).read(sign);
    if ("unparsable" in read) {
      return { refused: Code.badRequest, reason: `unparsable signature: ${read.unparsable}` };
    }
    const session = device?.session;
    const right = equalText(session?.token ?? dummyToken, read.token);
    if (device === undefined) return unauthorized("unknown device");
    if (session === undefined) return unauthorized("no session");
    if (!right) return unauthorized("wrong token");
    if (device.state === "offline") return unauthorized("the session has lapsed");
    if (read.sequence <= session.sequence) {
      return unauthorized(`sequence ${read.sequence} is not larger than ${session.sequence}`);
    }
    if (read.sequence === session.sequence + 1) {
      device.signReader.expected.prepare(read.token, read.sequence + 1);
    }
    session.sequence = read.sequence;
    return device.state === "disabled" ? { refused: Code.forbidden, reason: "disabled" } : undefined;
  }

  /** Edition "tokenless": the device must have authenticated, from this address if that is asked for. */
  checkSession(device: CloudDevice | undefined, peer: Peer, now: number): RefusedRequest | undefined {
    const session = device?.session;
    if (device === undefined) return unauthorized("unknown device");
    if (session === undefined) return unauthorized("no session");
    if (device.state === "offline") return unauthorized("the session has lapsed");
    const { tie, addressIdle } = this.nat;
    if (tie === "address") {
      if (session.peer.address !== peer.address || session.peer.port !== peer.port) {
        return unauthorized("another address than the one that authenticated");
      }
      const silence = now - (device.lastSeen ?? now);
      if (addressIdle > 0 && silence > addressIdle * 1000) {
        return unauthorized(`silent for ${Math.round(silence / 1000)} s, which counts as another address`);
      }
    }
    return device.state === "disabled" ? { refused: Code.forbidden, reason: "disabled" } : undefined;
  }
}

/** Whether this is the very sign that the next request of its session has to carry; takes the request up then. */
function isNext({ session, state, signReader }: CloudDevice, sign: Uint8Array): boolean {
  if (session?.token === undefined || state !== "online") return false;
  if (!signReader.expected.has(sign, session.token, session.sequence + 1)) return false;
  session.sequence += 1;
  return true;
}

/** Checks a NAT policy that came from outside. @throws RangeError */
export function checkNat(nat: NatPolicy): NatPolicy {
  const { tie, addressIdle } = nat;
  if (tie !== "path" && tie !== "address") throw new RangeError('tie: expected "path" or "address"');
  if (!(Number.isFinite(addressIdle) && addressIdle >= 0)) {
    throw new RangeError("addressIdle: expected a number of seconds, 0 for never");
  }
  return { tie, addressIdle };
}

function unauthorized(reason: string): RefusedRequest {
  return { refused: Code.unauthorized, reason };
}
