/**
 * What EnOS does with a request: lets the device in, checks its signature, takes what it reports, and hands
 * it the commands that wait. It handles requests and answers; message-layer.ts handles messages.
 */
import type { Authentication } from "./authentication";
import type { CloudDevice } from "../registry/cloud-device";
import { printable } from "../coap/coap-text";
import { nameOf } from "../events";
import type { CloudEventBody, Peer } from "../events";
import type { Fleet } from "../registry/fleet";
import { Code } from "../coap/codes";
import { ack, encodeCoap } from "../coap/coap-wire";
import type { CoapOption } from "../coap/coap-wire";
import { OptionNumber } from "../coap/options";
import { refuseOption } from "../coap/request";
import type { Answer, CoapRequest, RefusedRequest } from "../coap/request";
import type { FileServer } from "../ota/file-server";
import type { Upgrades } from "../ota/upgrades";
import type { Product } from "../registry/product";
import type { Edition } from "../registry/registry";
import { readScriptReply } from "./script-json";
import { readReply } from "./thing-message";
import type { Reply } from "./thing-message";
import { findTarget, topicPath } from "./topics";
import type { Route, Target } from "./topics";
import type { SealWatch } from "./seal-watch";
import type { Uplinks } from "./uplinks";

export interface ServiceOptions {
  fleet: Fleet;
  authentication: Authentication;
  uplinks: Uplinks;
  watch: SealWatch;
  files: FileServer;
  upgrades: Upgrades;
  /** Edition of devices that name none, and of unknown ones. */
  edition: Edition;
  /** See `CloudOptions`. */
  demandsFormat: boolean;
  /** Something is due then, ms: the time-out of a command that has just been sent. */
  wake(at: number): void;
  /** Left out when nobody listens: then events are not even made. */
  emit?(event: CloudEventBody): void;
}

export class EnosService {
  readonly #options: ServiceOptions;

  constructor(options: ServiceOptions) {
    this.#options = options;
  }

  /** Carries a request out. `now` in ms. */
  handle(request: CoapRequest, peer: Peer, now: number): Answer | RefusedRequest {
    const fault = methodFault(request);
    if (fault !== undefined) return fault;
    // A file's path names no device: there is nobody whose signature could be asked for.
    const file = this.#options.files.serve(request);
    if (file !== undefined) {
      const { edition } = this.#options;
      if (request.sign !== undefined && edition === "tokenless") return refuseOption(OptionNumber.sign);
      return file;
    }
    const checked = this.#check(request, peer, now);
    if ("refused" in checked) return checked;
    const { target, device } = checked;
    if (target.route.service === "auth") {
      return this.#options.authentication.authenticate(target, device, request.payload, peer, now);
    }
    if (this.#options.demandsFormat && takesBytes(target.route) && request.contentFormat === undefined) {
      return { refused: Code.unsupportedContentFormat, reason: "no Content-Format" };
    }
    const answer = this.#serve(device!, target.route, request.payload, now);
    // What is refused for what it says is a sign of life all the same: its sender is known to be the device.
    device!.lastSeen = now;
    device!.peer = peer;
    if (!("refused" in answer)) {
      answer.largest = this.#options.fleet.productOf(device!).largestDatagram;
      this.#options.upgrades.contact(device!, now);
      this.#offerCommand(device!, answer, request.path.slice(topicSegments).join("/"), now);
    }
    device!.keep();
    return answer;
  }

  /**
   * Whether the sender of one block of a longer request may send it. It counts as its own request: each
   * block is signed by itself.
   */
  admits(request: CoapRequest, peer: Peer, now: number): RefusedRequest | undefined {
    const fault = methodFault(request);
    if (fault !== undefined) return fault;
    const checked = this.#check(request, peer, now);
    if ("refused" in checked) return checked;
    // A device that has no session sends nothing but an authentication, which needs no blocks.
    if (checked.target.route.service === "auth")
      return { refused: Code.badRequest, reason: "authentication in blocks" };
    checked.device!.lastSeen = now;
    checked.device!.peer = peer;
    checked.device!.keep();
    return undefined;
  }

  /** The target of a request and its device, which may be unknown in an authentication. */
  #check(
    request: CoapRequest,
    peer: Peer,
    now: number,
  ): { target: Target; device: CloudDevice | undefined } | RefusedRequest {
    const { authentication, fleet } = this.#options;
    const target = findTarget(request.path);
    const device = target && fleet.device(target.productKey, target.deviceKey);
    const edition = device?.edition ?? this.#options.edition;
    // Nothing but files has an ETag to be compared.
    if (request.ifMatch !== undefined) return refuseOption(OptionNumber.ifMatch);
    if (request.ifNoneMatch !== undefined) return refuseOption(OptionNumber.ifNoneMatch);
    // A server of the later edition does not know the option, and the option is critical.
    if (request.sign !== undefined && edition === "tokenless") return refuseOption(OptionNumber.sign);
    if (target === undefined) return { refused: Code.notFound, reason: "no such path" };
    if (request.method !== target.route.method) {
      return { refused: Code.methodNotAllowed, reason: "the path does not take this method" };
    }
    if (target.route.service === "auth") return { target, device };
    const fault =
      edition === "token"
        ? authentication.checkSign(device, request.sign)
        : authentication.checkSession(device, peer, now);
    if (fault !== undefined || device === undefined) {
      const { refused, reason } = fault ?? { refused: Code.unauthorized, reason: "unknown device" };
      if (device !== undefined) device.counters.signatureRefused += 1;
      const name = { productKey: printable(target.productKey), deviceKey: printable(target.deviceKey) };
      this.#options.emit?.({ type: "signature-refused", ...name, peer, code: refused, reason });
      return { refused, reason, told: true };
    }
    device.counters.requests += 1;
    return { target, device };
  }

  #serve(
    device: CloudDevice,
    route: Exclude<Route, { service: "auth" }>,
    payload: Uint8Array,
    now: number,
  ): Answer | RefusedRequest {
    const { fleet, uplinks } = this.#options;
    const product = fleet.productOf(device);
    switch (route.service) {
      case "up_raw":
        return uplinks.takeRaw(device, product, payload, now);
      case "uplink":
        return uplinks.takeJson(device, product, route, payload, now);
      case "command": {
        const delivery = device.commands.fetch(route.path, now);
        if (delivery === undefined) return { refused: Code.notFound, reason: "no command waits there" };
        const { id, path } = delivery;
        this.#options.wake(device.commands.deadline);
        this.#options.emit?.({ type: "command-fetched", ...nameOf(device), id, path });
        this.#options.upgrades.commandSent(device, id, now);
        return { code: Code.content, payload: delivery.payload };
      }
      case "reply":
        return this.#takeReply(device, product, route, payload, now);
    }
  }

  #takeReply(
    device: CloudDevice,
    product: Product,
    route: { path: string; raw: boolean },
    payload: Uint8Array,
    now: number,
  ): Answer | RefusedRequest {
    const { emit } = this.#options;
    const name = nameOf(device);
    const { path } = route;
    const reply = route.raw ? this.#readRawReply(product, payload, device, now) : readReply(payload);
    if (reply === undefined) return { refused: Code.badRequest, reason: "not a reply to a command" };
    if ("sealed" in reply) return { refused: Code.badRequest, reason: `sealed: ${reply.sealed}` };
    const { code, data, message } = reply;
    // The device's own text goes to people who read events.
    const said = {
      code,
      data,
      message: message === undefined ? undefined : printable(message, longestMessage),
    };
    const replied = device.commands.answer(path, reply.id, reply, now);
    if (replied?.cut === true && !product.isCuttingTold) {
      product.isCuttingTold = true;
      emit?.({ type: "script-cuts-ids", ...name, id: replied.id, key: printable(reply.id) });
    }
    if (replied?.late === false) {
      device.counters.commandsAnswered += 1;
      emit?.({ type: "command-answered", ...name, id: replied.id, ...said, took: replied.took });
    } else {
      device.counters.strayReplies += 1;
      if (replied === undefined) emit?.({ type: "reply-stray", ...name, id: printable(reply.id), path });
      else {
        const { status } = device.commands.view(replied.id, name.productKey, name.deviceKey)!;
        emit?.({ type: "command-late", ...name, id: replied.id, ...said, status });
      }
    }
    if (replied !== undefined) this.#options.upgrades.commandAnswered(device, replied.id, reply, now);
    // A reply that came late or twice is acknowledged as well, or the device would send it for ever.
    return { code: Code.changed };
  }

  /** A reply in bytes; `sealed`: why a sealed product's script refuses it. */
  #readRawReply(
    product: Product,
    payload: Uint8Array,
    device: CloudDevice,
    now: number,
  ): Reply | { readonly sealed: string } | undefined {
    if (!product.hasScript) return plainReply(payload);
    const { watch } = this.#options;
    const made = product.rawToJson(payload, "reply", device.deviceKey);
    if (typeof made !== "string") {
      if (made.refusal === undefined) return undefined;
      watch.refused(device, made.refusal, now);
      return { sealed: made.refusal };
    }
    const { lastSealed } = product;
    if (lastSealed !== undefined) watch.opened(device, lastSealed, now);
    const reply = readScriptReply(made);
    if (!("enosCode" in reply)) {
      if (lastSealed === undefined && watch.isOddInPlain(device, product)) watch.takenInPlain(device, now);
      return reply;
    }
    if (reply.isByScript !== true) product.refuseMade("reply", payload, made, reply.reason);
    return undefined;
  }

  /** Puts the next waiting command on a response: its path, and in the later edition its payload too. */
  #offerCommand(device: CloudDevice, answer: Answer, uplink: string, now: number): void {
    const deliver = device.edition === "tokenless";
    const body = answer.payload?.length ?? 0;
    const fits = (path: string, payload: Uint8Array): boolean =>
      lengthWith(device, path, payload, body) <= answer.largest!;
    const delivery = device.commands.offer(now, deliver, uplink, fits);
    if (delivery === undefined) return;
    const { id, path, payload } = delivery;
    if (deliver) this.#options.wake(device.commands.deadline);
    answer.options = optionsOf(device, path, deliver ? payload : undefined);
    device.counters.commandsOffered += 1;
    this.#options.emit?.({
      type: "command-offered",
      ...nameOf(device),
      id,
      path,
      delivered: deliver,
      uplink,
    });
    if (deliver) this.#options.upgrades.commandSent(device, id, now);
  }
}

/** Before what a device has below its topic: /topic/sys/PK/DK. */
const topicSegments = 4;
/** Characters of a reply's message in an event. */
const longestMessage = 256;

/** RFC 7252 section 5.8: a method that nothing here takes is refused as such, whatever the path. */
function methodFault({ method }: CoapRequest): RefusedRequest | undefined {
  if (method === Code.post || method === Code.get) return undefined;
  return { refused: Code.methodNotAllowed, reason: "no path takes this method" };
}

/**
 * Why a command can never leave: it rides on an answer, and with it no answer fits into a datagram that the device
 * takes. Undefined when it can; one that is fetched may come in blocks.
 */
export function ridingFault(
  device: CloudDevice,
  product: Product,
  path: string,
  payload: Uint8Array,
): string | undefined {
  if (device.edition === "token") return undefined;
  const { largestDatagram } = product;
  const length = lengthWith(device, path, payload, usualBody);
  if (length <= largestDatagram) return undefined;
  return (
    `command: with its ${payload.length} bytes an answer has ${length}, and the product's devices take ` +
    `${largestDatagram}: make it shorter by ${length - largestDatagram}, or set the product's largestDatagram ` +
    `if all of its modems take more`
  );
}

/** What an answer to a report has as its body at most, bytes: {"id":"2078724684846989312","code":200,"data":{}} */
const usualBody = 48;

/** Bytes of an answer with a command on it, to a request with the longest token. */
function lengthWith(device: CloudDevice, path: string, payload: Uint8Array, body: number): number {
  return encodeCoap({
    ...{ type: ack, code: Code.changed, messageId: 0, token: new Uint8Array(8) },
    ...{ options: optionsOf(device, path, payload), payload: new Uint8Array(body) },
  }).length;
}

/** The options that bring a command, or tell where one waits. */
function optionsOf(device: CloudDevice, path: string, payload: Uint8Array | undefined): CoapOption[] {
  const topic = topicPath(device.productKey, device.deviceKey, path);
  const options: CoapOption[] = [{ number: OptionNumber.commandPath, value: Buffer.from(topic, "utf8") }];
  if (payload !== undefined) options.push({ number: OptionNumber.commandPayload, value: payload });
  return options;
}

/** Without a script, the reply as EnOS's manual lays it out: first byte | request id u32 | code u8. */
function plainReply(payload: Uint8Array): Reply | undefined {
  if (payload.length < 6) return undefined;
  const id = new DataView(payload.buffer, payload.byteOffset).getUint32(1);
  return { id: String(id), code: payload[5] };
}

/** Whether what comes there goes through a parsing script. */
function takesBytes(route: Route): boolean {
  return route.service === "up_raw" || (route.service === "reply" && route.raw);
}
