/** A board's port that goes away and comes back, and whose rate is found out. */
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { RateSearch, usualRates } from "../../../../host-sim/tools/monitor/rate-search";
import { WatchedPort } from "../../../../host-sim/tools/monitor/watched-port";
import { openPty } from "../../../../host-sim/tools/pc/pty";
import { skipWithout } from "../../../absent";
import type { Pty } from "../../../../host-sim/tools/pc/pty";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

describe.skipIf(skipWithout("@lydell/node-pty", "serialport"))("a port", () => {
  it("that goes is waited for, and heard again when it is back", async () => {
    const folder = mkdtempSync(join(tmpdir(), "monitor-"));
    open.push({ close: () => rmSync(folder, { recursive: true, force: true }) });
    const path = join(folder, "ttyBOARD");
    const plugIn = async (): Promise<Pty> => {
      const pty = await openPty(() => {});
      rmSync(path, { force: true });
      symlinkSync(pty.path, path);
      return pty;
    };
    const heard: string[] = [];
    let look = (): void => {};
    const until = (text: string): Promise<void> =>
      new Promise((resolve) => {
        look = () => {
          if (heard.join("").includes(text)) resolve();
        };
        look();
      });
    const told = (text: string): void => {
      heard.push(text);
      look();
    };
    const first = await plugIn();
    const port = new WatchedPort({
      path,
      rates: [115_200],
      onBytes: (bytes) => told(Buffer.from(bytes).toString("latin1")),
      onNote: (text) => told(`[${text}]`),
    });
    open.push(port);
    await port.open();
    first.write(Buffer.from("before"));
    await until("before");
    rmSync(path);
    first.close();
    await until("is gone: the board sleeps, or was unplugged; waiting for it]");
    const second = await plugIn();
    open.push(second);
    await until("is back]");
    second.write(Buffer.from("after"));
    await until("after");
    expect(heard.at(-1)).toBe("after");
  }, 30_000);
});

describe("the rate of a port", () => {
  const text = Buffer.from(`${"report: taken id=7 format=raw\r\n".repeat(8)}`);
  const noise = Buffer.from(Array.from({ length: 240 }, (_, i) => 0x80 + (i % 97)));

  it("is another one while what comes is no text, and stays where it is text", () => {
    const search = new RateSearch(usualRates);
    expect(search.rate).toBe(115_200);
    expect(search.next(text)).toBeUndefined();
    expect(search.next(noise)).toBe(921_600);
    expect(search.next(noise.subarray(0, 40))).toBeUndefined();
    expect(search.next(noise)).toBe(460_800);
    expect(search.next(noise)).toBe(1_500_000);
    expect(search.next(noise)).toBe(115_200);
  });

  it("is kept once a line of the firmware's was read at it, whatever the ROM says at a start", () => {
    const search = new RateSearch(usualRates);
    search.next(noise);
    search.confirm();
    expect(search.next(noise)).toBeUndefined();
    expect(search.rate).toBe(921_600);
  });

  it("that was given is not searched", () => {
    const search = new RateSearch([57_600]);
    expect(search.next(noise)).toBeUndefined();
  });
});
