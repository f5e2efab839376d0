/**
 * The codec's work in an engine that counts: one job, a number of times. It gets the message as its
 * datagram and gives it back as encoded from what the job made of it, so that the host can compare.
 *
 *   0      1         4             8
 *   +------+---------+-------------+-------- - - -
 *   | job  |    0    | times  u32  | datagram             numbers are little-endian
 *   +------+---------+-------------+-------- - - -
 */
import { WireReader } from "../../../firmware/coap/wire-reader";
import { decode, encode, messageOf } from "../../../firmware/coap/message";
import { encodeOptions } from "../../../firmware/coap/option";
import { EnosOption } from "../../../firmware/enos/topic";
import type { Message, OutgoingMessage } from "../../../firmware/coap/message";

const layout = new WireReader();

/** As the firmware sends it: the path encoded beforehand, the signature each time. */
function outgoing(message: Message): OutgoingMessage {
  const { type, code, messageId, token, options, payload } = message;
  const isSign = ({ number }: { number: number }): boolean => number === EnosOption.sign;
  const fixed = encodeOptions(options.filter((option) => !isSign(option)));
  return { type, code, messageId, token, fixed, options: options.filter(isSign), payload };
}

function run(job: number, times: number, datagram: Uint8Array): OutgoingMessage {
  let message = decode(datagram);
  if (typeof message === "string") throw new Error(message);
  switch (job) {
    case 0: {
      const out = new Uint8Array(1152);
      const sent = outgoing(message);
      let length = 0;
      for (let i = 0; i < times; i++) length = encode(sent, out);
      message = decode(out.subarray(0, length));
      break;
    }
    case 1:
      for (let i = 0; i < times; i++) message = decode(datagram);
      break;
    default: {
      let walked = 0;
      for (let i = 0; i < times; i++) {
        if (layout.read(datagram) !== undefined) continue;
        while (layout.nextOption()) walked += layout.optionLength;
        walked += layout.end - layout.payloadStart;
      }
      if (walked > 0) message = messageOf(layout);
    }
  }
  if (typeof message === "string") throw new Error(message);
  return message;
}

Object.defineProperty(globalThis, "handleCommand", {
  value: (event: ArrayBuffer) => {
    const view = new DataView(event);
    const message = run(view.getUint8(0), view.getUint32(4, true), new Uint8Array(event, 8));
    const again = new Uint8Array(event.byteLength - 8);
    encode(message, again);
    return { result: again.buffer };
  },
});
