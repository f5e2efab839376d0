/**
 * Somebody in the middle of the way to a fleet, who may have come by a master: what he makes up, and what he answers in the
 * cloud's place.
 */
import { encodeReport } from "../../firmware/model/report";
import { thing } from "../../firmware/product/thing";
import { ack, con, encodeCoap } from "../../host-sim/cloud/coap/coap-wire";
import { Code } from "../../host-sim/cloud/coap/codes";
import { scriptAnswer } from "../../host-sim/cloud/enos/thing-message";
import { ManInTheMiddle, rawDown, rawUp } from "../../host-sim/sim/path/man-in-the-middle";
import { settingJson } from "../../host-sim/sim/path/public-knowledge";
import { Commanding } from "../../host-sim/sim/path/tricks";
import type { Script } from "../../host-sim/cloud/script/script-engine";
import type { Trick } from "../../host-sim/sim/path/man-in-the-middle";
import type { TappedAnswer, TappedRequest } from "../../host-sim/sim/path/wire-tap";
import type { HostilePath } from "../../host-sim/sim/radio/hostile-path";

/** What the temperature is in all that he makes up: the demo's room is never so warm. */
const fever = 80;
/** What the ids of his commands begin with. */
const madeUp = 0x6d69_7400;

/** He hears all that passes, and does one thing at a time. */
export class Intruder {
  readonly man = new ManInTheMiddle();
  readonly #path: HostilePath;
  #turn = 0;

  constructor(path: HostilePath) {
    this.#path = path;
    path.interpose(this.man);
  }

  /**
   * From now on he puts a report of his own in the place of a device's next one. The answer ends with him, and so does what
   * the device sends again of it: the device knows of nothing, and has its reading still.
   *
   * @param seal what he puts his report into; left out, it goes in plain
   */
  forgeReport(deviceKey: string, seal: (plain: Uint8Array) => Uint8Array = (plain) => plain): Trick {
    const out = new Uint8Array(256);
    const values = { temperature: fever, humidity: 5, relay: 0, uptime: ++this.#turn };
    const length = encodeReport(thing, values, madeUp + this.#turn, out, "sample");
    if (typeof length !== "number") throw new Error(length.detail);
    return this.#play(new Forging(deviceKey, seal(out.slice(0, length))));
  }

  /**
   * From now on he gives a device a command with the answer to its next report, and keeps the reply. Where the cloud refuses
   * the report, he says that it took it: a device takes no command from a refusal.
   *
   * @param payload its bytes as they go down
   */
  command(deviceKey: string, payload: Uint8Array): Trick {
    const options = { path: this.#path, act: "command", deviceKey, most: 1 } as const;
    const commanding = new Commanding(options, () => ({ topic: rawDown, payload }));
    return this.#play({
      get tried() {
        return commanding.tried;
      },
      request: (request, datagram) => commanding.request(request, datagram),
      answer(answer, datagram) {
        const { to, message } = answer;
        const isRefusal = to.deviceKey === deviceKey && to.topic === rawUp && message.code >= Code.badRequest;
        if (!isRefusal || commanding.tried > 0) return commanding.answer(answer, datagram);
        const taken = { ...message, code: Code.changed, payload: new Uint8Array(0) };
        return commanding.answer({ to, message: taken }, datagram);
      },
    });
  }

  /** A command for a device as the script makes it that he has come by. */
  commandBy(
    script: Script,
    deviceKey: string,
    relay: 0 | 1,
  ): { readonly id: string; readonly payload: Uint8Array } {
    const id = String(madeUp + ++this.#turn);
    const payload = script.jsonToRaw(settingJson({ deviceKey, relay }, id));
    if ("fault" in payload) throw new Error(payload.fault);
    return { id, payload };
  }

  /** From now on he keeps a device's next report to himself, and has the script that he has come by say that it was stored. */
  acknowledge(deviceKey: string, script: Script): Trick {
    return this.#play(new Acknowledging(this.#path, deviceKey, script));
  }

  /** He lets all pass again. */
  rest(): void {
    this.man.trick = undefined;
  }

  #play<T extends Trick>(trick: T): T {
    this.man.trick = trick;
    return trick;
  }
}

/** One report that is replaced. */
class Forging implements Trick {
  tried = 0;
  readonly #deviceKey: string;
  readonly #payload: Uint8Array;
  #replaced: number | undefined;

  constructor(deviceKey: string, payload: Uint8Array) {
    this.#deviceKey = deviceKey;
    this.#payload = payload;
  }

  request(request: TappedRequest, datagram: Uint8Array): Uint8Array | undefined {
    if (request.topic !== rawUp || request.deviceKey !== this.#deviceKey) return datagram;
    if (this.#replaced === request.message.messageId) return undefined;
    if (this.tried > 0) return datagram;
    this.tried = 1;
    this.#replaced = request.message.messageId;
    return encodeCoap({ ...request.message, payload: this.#payload });
  }

  answer({ to }: TappedAnswer, datagram: Uint8Array): Uint8Array | undefined {
    const isHis = to.deviceKey === this.#deviceKey && to.message.messageId === this.#replaced;
    return isHis ? undefined : datagram;
  }
}

/** One report that is kept back, and answered with the proof that it wants. */
class Acknowledging implements Trick {
  tried = 0;
  readonly #path: HostilePath;
  readonly #deviceKey: string;
  readonly #script: Script;
  #kept: number | undefined;

  constructor(path: HostilePath, deviceKey: string, script: Script) {
    this.#path = path;
    this.#deviceKey = deviceKey;
    this.#script = script;
  }

  request({ topic, deviceKey, message, peer }: TappedRequest, datagram: Uint8Array): Uint8Array | undefined {
    if (topic !== rawUp || deviceKey !== this.#deviceKey) return datagram;
    if (this.tried > 0 && this.#kept !== message.messageId) return datagram;
    this.tried = 1;
    this.#kept = message.messageId;
    const json = this.#script.rawToJson(message.payload);
    if (typeof json !== "string") throw new Error(json.fault);
    const { id } = JSON.parse(json) as { id: string };
    const payload = this.#script.jsonToRaw(scriptAnswer(id, 200, {}));
    if ("fault" in payload) throw new Error(payload.fault);
    const { messageId, token } = message;
    const answer = { type: message.type === con ? ack : message.type, code: Code.changed, messageId, token };
    this.#path.answerFor("taken", encodeCoap({ ...answer, options: [], payload }), peer);
    return undefined;
  }

  answer(_answer: TappedAnswer, datagram: Uint8Array): Uint8Array {
    return datagram;
  }
}
