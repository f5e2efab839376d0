/**
 * Asks for a board's keys on a terminal. The secret is not shown as it is typed or pasted.
 */
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { deviceKeyOf } from "./board-keys";
import type { Readable } from "node:stream";
import type { BoardKeys } from "./board-keys";

/**
 * The keys, unchecked; undefined when the user has had enough (Ctrl-C, Ctrl-D).
 *
 * @param sealed the device key has to be known, as a seal key is made of it
 */
export async function askForKeys(
  input: Readable,
  output: NodeJS.WritableStream,
  sealed = false,
): Promise<BoardKeys | undefined> {
  // Shown is only what answers a question that is up: of several lines pasted at once, one is the secret.
  let hidden = true;
  const screen = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      if (!hidden) output.write(chunk);
      done();
    },
  });
  // No history: the secret would be an arrow key away.
  const lines = createInterface({ input, output: screen, terminal: true, historySize: 0 });
  const ask = (question: string, hide: boolean): Promise<string | undefined> =>
    new Promise((resolve) => {
      const given = (answer: string | undefined): void => {
        if (hidden || answer === undefined) output.write("\n");
        hidden = true;
        lines.off("close", ended);
        resolve(answer);
      };
      const ended = (): void => given(undefined);
      lines.once("close", ended);
      hidden = false;
      lines.question(question, given);
      hidden = hide;
    });
  try {
    const productKey = await ask("Product key: ", false);
    if (productKey === undefined) return undefined;
    const empty = sealed ? "" : " (empty: the modem's IMEI)";
    const deviceKey = await ask(`Device key${empty}: `, false);
    if (deviceKey === undefined) return undefined;
    const deviceSecret = await ask("Device secret (not shown): ", true);
    if (deviceSecret === undefined) return undefined;
    return {
      productKey: productKey.trim(),
      deviceKey: deviceKeyOf(deviceKey.trim()),
      deviceSecret: deviceSecret.trim(),
    };
  } finally {
    lines.close();
  }
}
