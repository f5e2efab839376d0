/**
 * The CoAP codec on XS, the board's engine: steps per message, the same number on any machine.
 */
import { build } from "esbuild";
import { projectRoot } from "../../project";
import { XsEngine } from "../../sim/engine/xs-engine";
import type { BarName } from "./bars";

export interface XsCodecResult {
  readonly name: string;
  /** Steps that XS counts per message. */
  readonly compute: number;
  /**
   * The part of them that is no step of the interpreter: XS counts two for each byte that
   * `TypedArray.prototype.set` copies, though the copy is one call of memcpy.
   */
  readonly copying: number;
  readonly bar: BarName;
}

/**
 * Measures; throws when a job makes something else of a message than it is.
 *
 * @param messages the signed report and the answer to it, as datagrams
 * @throws EngineMissing when XS is not installed
 */
export async function benchXsCodec(messages: {
  upRaw: Uint8Array;
  ack: Uint8Array;
}): Promise<XsCodecResult[]> {
  const engine = new XsEngine();
  try {
    await engine.evaluate(await bundle());
    /** The cost of 100 more cancels what each turn costs besides. */
    const measure = async (job: number, datagram: Uint8Array): Promise<number> => {
      const costs: number[] = [];
      for (const times of [1, 100, 200]) {
        const before = engine.usage().compute;
        const again = await engine.deliver(event(job, times, datagram));
        if (!Buffer.from(again).equals(datagram)) throw new Error(`job ${job} on XS disagrees with Node`);
        costs.push(engine.usage().compute - before);
      }
      return (costs[2] - costs[1]) / 100;
    };
    return [
      {
        name: "encode up_raw",
        compute: await measure(0, messages.upRaw),
        // All but header, token, the head of the signature's option and the payload marker.
        copying: 2 * (messages.upRaw.length - 4 - 4 - 4 - 1),
        bar: "xsEncode",
      },
      {
        name: "decode ACK 2.04, views",
        compute: await measure(1, messages.ack),
        copying: 0,
        bar: "xsDecode",
      },
      {
        name: "decode ACK 2.04, offsets",
        compute: await measure(2, messages.ack),
        copying: 0,
        bar: "xsDecode",
      },
    ];
  } finally {
    await engine.close();
  }
}

function event(job: number, times: number, datagram: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(8 + datagram.length);
  bytes[0] = job;
  bytes.writeUInt32LE(times, 4);
  bytes.set(datagram, 8);
  return bytes;
}

/** As the firmware's own bundle is made (host-sim/sim/board/bundle.ts), without a board around it. */
async function bundle(): Promise<string> {
  const result = await build({
    absWorkingDir: projectRoot(),
    entryPoints: ["host-sim/tools/bench/xs-codec-guest.ts"],
    bundle: true,
    write: false,
    format: "iife",
    target: "es2022",
    banner: { js: '"use strict";' },
    logLevel: "silent",
  });
  return result.outputFiles[0].text;
}
