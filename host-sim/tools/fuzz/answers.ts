/**
 * What a server answers: a whole device that authenticates, reports and obeys, and a server behind it that knows
 * each token and message id and says what the script wants. Nothing is thrown, the clock goes on, every turn sends
 * a bounded number of datagrams, and each line of the log is one.
 */
import { decode } from "../../../firmware/coap/message";
import { bytesOf, hostileAnswer, keys } from "./hostile-answers";
import { Script, hex } from "./target";
import { TinyDevice } from "./tiny-device";
import type { Message } from "../../../firmware/coap/message";
import type { Target, Watch } from "./target";

const root = "/topic/sys/PK/DK/";
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
      session: { credentials: keys, address: "192.0.2.1", port: 5683, lifetime: 3_600, edition },
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
    switch (head & 15) {
      case 14:
        device.wait(script.pick(waits));
        return;
      case 15:
        this.#watch.input();
        device.socket.deliver(script.take(script.below(60)));
        break;
      default: {
        const request = this.#request();
        if (request === undefined) device.wait(script.pick(waits));
        else this.#answer(request, head);
      }
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
    for (const message of hostileAnswer(this.#script, head, request, root, this.#messageId++)) {
      const bytes = bytesOf(message);
      this.#watch.step?.(`answer ${hex(bytes.subarray(0, 200))}, ${bytes.length} bytes`);
      this.#watch.input();
      this.#watch.feature(`answer ${message.type} ${message.code}`);
      this.#device.socket.deliver(bytes);
    }
  }
}
