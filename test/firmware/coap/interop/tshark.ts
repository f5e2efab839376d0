/**
 * Wireshark's reader of CoAP as a witness for what is on the wire.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { utf8Hex } from "../../../../host-sim/tools/fuzz/peer";
import { pcap, pcapServer } from "../../../pcap";
import { uint } from "./meaning";
import type { Fields } from "../../../../host-sim/tools/fuzz/peer";

/** A message as tshark reads it. */
export interface Witness extends Required<Fields> {
  /** What it finds fault with. */
  readonly complaints: readonly string[];
}

type Tree = { readonly [name: string]: unknown };

/**
 * What tshark sees in these datagrams (hex). Each is from an address of its own: tshark puts blocks of one
 * conversation together, and here every datagram is to stand for itself.
 */
export async function tshark(datagrams: readonly string[]): Promise<Witness[]> {
  const folder = mkdtempSync(join(tmpdir(), "coap-interop-"));
  try {
    const file = join(folder, "sent.pcap");
    const sent = datagrams.map((each, i) => ({
      bytes: Buffer.from(each, "hex"),
      from: { address: `10.${i >> 16}.${(i >> 8) & 0xff}.${i & 0xff}`, port: 40_000 },
      to: pcapServer,
    }));
    writeFileSync(file, pcap(sent));
    const args = ["-n", "-r", file, "-T", "json", "-x", "--no-duplicate-keys"];
    const text = await new Promise<string>((resolve, reject) => {
      const options = { encoding: "utf8", maxBuffer: 2 ** 30 } as const;
      execFile("tshark", args, options, (error, out) => (error === null ? resolve(out) : reject(error)));
    });
    const packets = JSON.parse(text) as { _source: { layers: Tree } }[];
    return packets.map((packet) => witness(packet._source.layers));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const list = <T>(value: T | T[] | undefined): T[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value];
const digits = (text: unknown): string => String(text ?? "").replaceAll(":", "");

function witness(layers: Tree): Witness {
  const coap = layers["coap"] as Tree;
  const all = (layers["udp"] as Tree)["udp.payload"];
  const names = list(coap["coap.opt.name"] as string | string[] | undefined);
  const raw = coap["coap.opt.name_raw"] as unknown[];
  const trees = list(coap["coap.opt.name_tree"] as Tree | Tree[] | undefined);
  const options = names.map((name, i) => {
    const [bytes] = (names.length === 1 ? raw : raw[i]) as [string];
    return readOption(name, trees[i], bytes);
  });
  // A part of a body has a field of its own, a whole one only its length.
  const block = coap["coap.block_payload"];
  const whole = coap["coap.payload_tree"] as Tree | undefined;
  const length = Number(whole?.["coap.payload_length"] ?? 0);
  return {
    type: Number(coap["coap.type"]),
    code: Number(coap["coap.code"]),
    messageId: Number(coap["coap.mid"]),
    token: digits(coap["coap.token"]),
    options,
    payload: block !== undefined ? digits(block) : length === 0 ? "" : digits(all).slice(-2 * length),
    complaints: complaints(layers),
  };
}

const contentFormats: Readonly<Record<string, number>> = {
  "text/plain; charset=utf-8": 0,
  "application/octet-stream": 42,
};

/** Number and value, the value from what tshark makes of it as far as it makes something of it. */
function readOption(name: string, tree: Tree, bytes: string): readonly [number, string] {
  const number = Number(/^Type (\d+),/.exec(String(tree["coap.opt.desc"]))?.[1]);
  const length = Number(tree["coap.opt.length_ext"] ?? NaN) + 13 || Number(tree["coap.opt.length"]);
  const value = ((): string => {
    switch (number) {
      case 11:
        return utf8Hex(String(tree["coap.opt.uri_path"]));
      case 15:
        return utf8Hex(String(tree["coap.opt.uri_query"]));
      case 12: {
        const format = contentFormats[String(tree["coap.opt.ctype"])];
        if (format === undefined) throw new Error(`${name}: ${String(tree["coap.opt.ctype"])}?`);
        return uint(format);
      }
      case 23:
      case 27: {
        const [num, more, szx] = ["number", "mflag", "size"].map((part) =>
          Number(tree[`coap.opt.block_${part}`]),
        );
        return uint(num * 16 + more * 8 + szx);
      }
      case 60:
        return uint(Number(tree["coap.opt.size1"]));
      default:
        // Size2, which it takes for a block option, and what it does not know: the bytes it counts to it.
        return length === 0 ? "" : bytes.slice(-2 * length);
    }
  })();
  if (value.length !== 2 * length) throw new Error(`${name}: ${length} bytes, but means 0x${value}`);
  return [number, value];
}

/** All that it remarks anywhere in a packet. */
function complaints(tree: unknown): string[] {
  if (typeof tree !== "object" || tree === null) return [];
  return Object.entries(tree).flatMap(([name, value]) => {
    if (name === "_ws.expert.message") return [String(value)];
    const below = complaints(value);
    // The mark itself, in case that it comes without a remark.
    return name.startsWith("_ws.malformed") && !("_ws.expert" in (tree as Tree)) ? [name, ...below] : below;
  });
}
