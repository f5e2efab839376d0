/** Sealing with the board's own crypt module, for any engine: published vectors, and random work that is traced. */
import { moddableCryptography } from "../../../firmware/board/crypt";
import { expand, hmac, open, seal } from "../../../firmware/seal/cose";
import { sealingOf } from "../../../firmware/seal/sealing";
import { ascii, hexText, readHex } from "../../../firmware/text/ascii";

/** The vectors of test/vectors that the work takes, as hex. */
export interface SealVectors {
  readonly ccm: readonly {
    readonly key: string;
    readonly nonce: string;
    readonly additional: string;
    readonly plain: string;
    readonly sealed: string;
  }[];
  readonly hkdf: readonly { readonly extracted: string; readonly info: string }[];
  readonly hmac: readonly { readonly key: string; readonly structure: string }[];
}

interface Work {
  readonly below: (limit: number) => number;
  readonly say: (suite: string, text: string) => void;
}

const bytes = (hex: string): Uint8Array => readHex(ascii(hex), 0, hex.length)!;

/** Traces what is made of the vectors, then of random texts and of what is no command. */
export function sealWork(count: number, vectors: SealVectors, { below, say }: Work): void {
  const crypto = moddableCryptography;
  for (const { key, nonce, additional, plain, sealed } of vectors.ccm) {
    const parts = [crypto, bytes(key), bytes(nonce), bytes(additional)] as const;
    const back = open(...parts, bytes(sealed));
    say("ccm", `${hexText(seal(...parts, bytes(plain)))} ${back === undefined ? "none" : hexText(back)}`);
  }
  for (const { extracted, info } of vectors.hkdf)
    say("hkdf", hexText(expand(crypto, bytes(extracted), "", bytes(info))));
  for (const { key, structure } of vectors.hmac)
    say("hmac", hexText(hmac(crypto, bytes(key), bytes(structure))));

  const random = (most: number): Uint8Array => {
    const out = new Uint8Array(below(most + 1));
    for (let i = 0; i < out.length; i++) out[i] = below(256);
    return out;
  };
  for (const deviceKey of ["490154203237518", "dk"]) {
    const proof = deviceKey === "dk";
    const sealing = sealingOf({ proof, migrating: false })({
      crypto,
      random: () => below(0x1_0000_0000) / 0x1_0000_0000,
      keyText: "5e".repeat(32),
      credentials: { productKey: "pk", deviceKey },
      retained: undefined,
      store: undefined,
      startReason: "power-on",
      log: () => {},
    })!;
    for (let i = 0; i < count; i++) {
      const plain = random(80);
      const envelope = below(2) === 0 ? sealing.sealUpload(plain) : sealing.sealReply(plain);
      const answer = random(14);
      const noise = random(70);
      noise[0] = 0x0d + below(3);
      const opened = sealing.open(noise);
      const fresh = sealing.isFresh(i * 1_000, undefined);
      if (below(3) === 0) sealing.take(below(count) * 1_000);
      say(
        "seal",
        `${hexText(envelope)} ${sealing.answer(answer)?.code} ${typeof opened === "string" ? opened : "opened"} ${fresh}`,
      );
    }
  }
}
