/** A family's table of sockets, tried by itself: what it says, and what it makes of bytes that come in pieces. */
import fc from "fast-check";
import { AtEngine } from "../../../../firmware/modem/at/engine";
import { familyNamed } from "../../../../firmware/modem/family/family";
import { noGaps } from "../../../../firmware/modem/at/firmware-gaps";
import { families } from "../../../../firmware/modem/family/index";
import { runScript } from "../../../../firmware/modem/at/script";
import { ascii, asciiText, hexText } from "../../../../firmware/text/ascii";
import type { ModemUrc, Received } from "../../../../firmware/modem/family/family";

/** Where the bytes of an answer are cut into pieces. */
export const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 60 });
/** Any datagram that every family takes. */
export const datagram = fc.uint8Array({ minLength: 1, maxLength: 512 });

/**
 * What `sockets.read` of socket 0 makes of these bytes: each datagram as hex, with its sender where that is told,
 * and in the end the result; nothing behind the first command's answer is said, so a second step has its result
 * from the same bytes.
 */
export function readFrom(name: string, said: Uint8Array, pieces: readonly number[]): string[] {
  const came: string[] = [];
  const family = familyNamed(families, name);
  const engine = new AtEngine({
    write() {},
    urcs: family.urcs,
    banners: family.banners,
    onUrc: (line) => void family.urc(line),
    onBanner() {},
  });
  const onData = ({ bytes, address, port, cut }: Received): void => {
    const from = address === undefined ? "" : ` ${address}:${port}`;
    came.push(`${hexText(bytes)}${from}${cut === true ? " cut" : ""}`);
  };
  runScript(engine, family.sockets.read!(0, onData), ({ result }) => void came.push(result.kind), 0);
  let from = 0;
  for (const piece of [...pieces, said.length]) {
    engine.receive(said.subarray(from, Math.min(from + piece, said.length)), 1);
    engine.poll(1_000);
    from = Math.min(from + piece, said.length);
  }
  engine.poll(60_000);
  return came;
}

/** What is said to send these bytes to 203.0.113.5:5683 from socket 0, a command each. */
export function sendsBy(name: string, bytes: Uint8Array, release: boolean): string[] {
  const { sockets } = familyNamed(families, name);
  return sockets.send(0, bytes, "203.0.113.5", 5683, release, noGaps()).map(({ line }) => asciiText(line));
}

/** What an unsolicited line means to the family. */
export function meaning(name: string, line: string): ModemUrc | undefined {
  return familyNamed(families, name).urc(ascii(line));
}
