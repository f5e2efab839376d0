/**
 * What a server answers: a whole device that authenticates, reports and obeys, and a server behind it that knows
 * each token and message id and says what the script wants. Nothing is thrown, the clock goes on, every turn sends
 * a bounded number of datagrams, and each line of the log is one.
 */
import { encodeBlock } from "../../../firmware/coap/block";
import { Type } from "../../../firmware/coap/code";
import { decode, encode, encodedLength } from "../../../firmware/coap/message";
import { OptionNumber } from "../../../firmware/coap/option";
import { ascii } from "../../../firmware/text/ascii";
import { jsonOf } from "./json-script";
import { Script, hex } from "./target";
import { TinyDevice } from "./tiny-device";
import type { Message } from "../../../firmware/coap/message";
import type { Option } from "../../../firmware/coap/option";
import type { Target, Watch } from "./target";

const codes = [0x44, 0x45, 0x44, 0x45, 0x41, 0x5f, 0x80, 0x81, 0x82, 0x84, 0x88, 0x8d, 0xa0, 0xa3, 0, 1];
const root = "/topic/sys/PK/DK/";
const topics = [
  `${root}thing/service/measurepoint/set`,
  `${root}thing/service/measurepoint/get`,
  `${root}thing/service/reboot`,
  `${root}thing/service/calibrate`,
  `${root}thing/model/down_raw`,
  `${root}a/b/c/d/e/f/g/h/i`,
  root,
  "/topic/sys/PK/other/thing/service/reboot",
  "",
];
const waits = [0, 100, 3_000, 20_000, 100_000, 1_000_000, 86_400_000];
/** Steps of one script. */
const mostSteps = 60;

export const answersTarget: Target = {
  name: "answers",
  boundary: "datagram",
  code: ["firmware/enos/", "firmware/device/", "firmware/delivery/", "firmware/text/"],
  portable: true,
  seeds: () => [
    // Admitted with a token, then every request answered with success.
    new Uint8Array([0, 1, 0, 1, 0, 1, 0, 1, 0, 1]),
    // A command by its path, fetched.
    new Uint8Array([0, 1, 0, 17, 0, 0, 1, 0, 0, 17, 2, 3, 1, 0]),
    // One that is brought along.
    new Uint8Array([0, 2, 0, 34, 0, 0, 1, 35, 0, 2, 0]),
  ],
  generate: (random) => random.bytes(4 + Math.floor(random.next() * 160)),
  run: (input, watch) => new Play(new Script(input), watch).run(),
};

class Play {
  readonly #script: Script;
  readonly #watch: Watch;
  readonly #device: TinyDevice;
  /** Requests that were looked at already. */
  #seen = 0;
  #messageId = 1;

  constructor(script: Script, watch: Watch) {
    this.#script = script;
    this.#watch = watch;
    const edition = (["auto", "token", "tokenless"] as const)[script.below(3)];
    this.#device = new TinyDevice(watch, {
      session: {
        credentials: { productKey: "PK", deviceKey: "DK", deviceSecret: "secret" },
        address: "192.0.2.1",
        port: 5683,
        lifetime: 3_600,
        edition,
      },
    });
  }

  run(): void {
    this.#device.agent.poll(this.#device.now);
    for (let step = 0; step < mostSteps && !this.#script.over; step++) this.#step();
    // What is under way comes to its end by itself.
    for (let turn = 0; turn < 6; turn++) this.#device.wait(100_000);
  }

  #step(): void {
    const script = this.#script;
    const head = script.byte();
    const device = this.#device;
    const last = this.#request();
    switch (head & 15) {
      case 14:
        device.wait(script.pick(waits));
        return;
      case 15: {
        const noise = script.take(script.below(60));
        device.socket.deliver(noise);
        break;
      }
      default:
        if (last === undefined) device.wait(script.pick(waits));
        else this.#answer(last, head);
    }
    device.poll();
  }

  /** The newest request of the device's. */
  #request(): Message | undefined {
    const { sent } = this.#device;
    for (let i = sent.length - 1; i >= Math.max(this.#seen, sent.length - 4); i--) {
      const message = decode(sent[i]);
      if (typeof message === "string" || message.code === 0 || message.code >= 0x20) continue;
      this.#seen = i;
      return message;
    }
    return undefined;
  }

  #answer(request: Message, head: number): void {
    const script = this.#script;
    const flags = script.byte();
    const options: Option[] = [];
    let payload: Uint8Array | undefined;
    if ((head & 16) !== 0) options.push({ number: 2100, value: ascii(script.pick(topics)) });
    if ((head & 32) !== 0) {
      options.push({ number: 2100, value: ascii(script.pick(topics)) });
      options.push({ number: 2102, value: this.#content() });
    }
    if ((head & 64) !== 0) {
      const block = { num: script.below(12), more: (flags & 64) !== 0, szx: script.below(8) % 7 };
      options.unshift({ number: OptionNumber.block2, value: encodeBlock(block) });
      payload = fitted(this.#content(), 16 << block.szx);
    } else if ((head & 128) !== 0) payload = this.#content().subarray(0, 1_100);
    const code = (head & 15) === 0 ? 0x44 : codes[flags & 15];
    const types = [Type.acknowledgement, Type.acknowledgement, Type.confirmable, Type.nonConfirmable];
    const type = types[(flags >> 4) & 3];
    const token = (flags & 128) === 0 ? request.token : new Uint8Array(4);
    const separate = type !== Type.acknowledgement;
    const messageId = separate ? this.#messageId++ : request.messageId;
    if (separate && (flags & 64) === 0)
      this.#deliver({ type: Type.acknowledgement, messageId: request.messageId });
    this.#deliver({ type, code, messageId, token, options, payload });
  }

  /** The body of an answer or a command. */
  #content(): Uint8Array {
    const script = this.#script;
    switch (script.below(6)) {
      case 0:
        return script.take(script.below(80));
      case 1:
        return ascii(`{"token":"${"T".repeat(script.byte())}"}`);
      case 2: {
        // As the raw layout has a command: its number, its id, then values.
        const [first, id] = [script.byte(), script.byte()];
        return Uint8Array.of(first, 0, 0, 0, id, ...script.take(script.below(40)));
      }
      default:
        return jsonOf(script);
    }
  }

  #deliver(message: Partial<Message>): void {
    const whole = {
      type: Type.acknowledgement,
      code: 0,
      messageId: 0,
      token: new Uint8Array(0),
      options: [],
      ...message,
    };
    if (whole.code === 0) Object.assign(whole, { token: new Uint8Array(0), options: [], payload: undefined });
    const bytes = new Uint8Array(encodedLength(whole));
    encode(whole, bytes);
    this.#watch.step?.(`answer ${hex(bytes.subarray(0, 200))}, ${bytes.length} bytes`);
    this.#watch.feature(`answer ${whole.type} ${whole.code}`);
    this.#device.socket.deliver(bytes);
  }
}

/** At most so many bytes; filled up when the block has to be full. */
function fitted(bytes: Uint8Array, size: number): Uint8Array {
  if (bytes.length >= size) return bytes.subarray(0, size);
  const full = new Uint8Array(size).fill(0x5b);
  full.set(bytes);
  return full;
}
