/** The capture that `npm run cloud` writes to a file: `--capture`. */
import { createWriteStream, openSync } from "node:fs";
import type { LiveCapture } from "../cloud/capture/live-capture";
import { reasonOf } from "../cloud/reason";
import { systemReason, unwritten } from "./misuse";

/**
 * Has the datagrams written to a file, from now until it is closed.
 * @param complain told in one line when the file takes no more; the stand-in goes on
 * @throws CommandError for a file that cannot be written
 */
export function captureInto(
  file: string,
  capture: LiveCapture,
  complain: (line: string) => void,
): { close(): Promise<void> } {
  let handle: number;
  try {
    // Datagrams are nobody else's business, masked or not.
    handle = openSync(file, "w", 0o600);
  } catch (error) {
    throw unwritten(`--capture: cannot write ${file}: ${systemReason(error)}`, error);
  }
  const written = createWriteStream(file, { fd: handle });
  const following = capture.follow({ write: (bytes) => !written.destroyed && written.write(bytes) });
  written.on("drain", following.resume);
  written.on("error", (error) => {
    following.end();
    complain(`--capture: ${file}: ${reasonOf(error)}; nothing more is written to it`);
  });
  return {
    close: () =>
      new Promise((resolve) => {
        following.end();
        if (written.destroyed) resolve();
        else written.end(() => resolve());
      }),
  };
}
