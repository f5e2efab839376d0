/**
 * Writes the part of layout.md that a sealed product has besides: envelopes, what only they carry, and keys. For people,
 * and for whoever writes another end.
 */
import type { Sealed } from "./model";

/** The lines behind the table of messages. */
export function sealLayout({ proof, mark, migrating }: Sealed): string[] {
  const answer = proof ? "request id u32, code u16, mac 8 bytes" : "request id u32, code u16";
  return [
    `## Sealed`,
    ``,
    `Whatever the table above has goes in an envelope, up and down, and so does what only an envelope carries.`,
    migrating
      ? `The product is migrating: plain messages are taken as well, and a command that names no device goes out plain.`
      : `A plain message is refused, at both ends.`,
    ``,
    `| envelope | bytes |`,
    `| --- | --- |`,
    `| up, of a device whose key is an IMEI | \`08\` or \`09\`, name u48, salt 8 bytes, counter, ciphertext, tag 8 bytes |`,
    `| up, of any other device | \`0a\` or \`0b\`, n u8, device key of n bytes, salt 8 bytes, counter, ciphertext, tag 8 bytes |`,
    `| answer to either | ${answer}: ${proof ? "proven" : "plain"} |`,
    `| command, under one root | \`0e\`, time u48, nonce 13 bytes, ciphertext, tag 8 bytes |`,
    `| command, under two roots | \`0f\`, time u48, nonce 13 bytes, ciphertext, tag 8 bytes under the first, ciphertext, tag 8 bytes under the second |`,
    ``,
    `The counter is u8 behind \`08\` and \`0a\`, and u16 from 256 on, behind \`09\` and \`0b\`. An IMEI has 15 digits of which the`,
    `last is right (Luhn); its name is the number that the first 14 are. Time is epoch ms of the sealing. The two ciphertexts`,
    `of \`0f\` have the same length and the same nonce, which the first root made, and open to the same command.`,
    ``,
    `| carried by envelopes alone | bytes |`,
    `| --- | --- |`,
    `| one reading with its time, sample layout | \`07\`, request id u32, time u40, ( number u8, length u16, value [, quality u8] )* |`,
    `| one reading with its time, compact layout | \`0c\`, request id u32, time u40, n u8, bitmap of n bytes, ( value [, quality u8] )* by ascending number |`,
    `| event, attributes or tags to update or delete | \`0d\`, request id u32, n u8, method of n bytes without its \`thing.\`, params as JSON |`,
    ``,
    `Time u40 is ms since 2020-01-01T00:00:00Z, epoch 1577836800000. \`01\` and \`03\` have no time: a device sends them while it`,
    `does not know it.`,
    ``,
    `\`\`\`text`,
    `master       32 random bytes, in the operator's file`,
    `root         HKDF-Extract(no salt, master): the script's`,
    `device key   Expand(root, "enos-seal/1 device " PRODUCT "/" DEVICE): the board's text sealKey`,
    `up           Expand(device key, "enos-seal/1 up " salt): bytes 0 to 15 the key, 16 to 28 the base nonce`,
    `down         Expand(device key, "enos-seal/1 down"): bytes 0 to 15 the key`,
    `nonce key    Expand(device key, "enos-seal/1 nonce")`,
    ...(proof ? [`proof        Expand(device key, "enos-seal/1 proof")`] : []),
    ...(mark
      ? [
          `mark         Expand(device key, "enos-seal/1 mark"): bytes 0 to 7, in hex the point "sealed" of each reading`,
        ]
      : []),
    `\`\`\``,
    ``,
    `HKDF is that of RFC 5869 with SHA-256, and each output of it 32 bytes. PRODUCT and DEVICE are the product key and the`,
    `device key, ASCII. A ciphertext with its tag is AES-CCM-16-64-128 (RFC 9053, algorithm 10), its additional data the`,
    `Enc_structure of RFC 9052 section 5.3, where bstr is CBOR's head of a byte string and its bytes:`,
    ``,
    `\`\`\`text`,
    `83 68 "Encrypt0" 43 a1010a bstr(external)`,
    `up      external "up " PRODUCT "/" DEVICE`,
    `        nonce    the base nonce, its last two bytes XOR the counter`,
    `down    external "down " PRODUCT "/" DEVICE "/" time u48`,
    `        nonce    as sent: 13 bytes of HMAC-SHA-256(the first root's nonce key, time u48, command)`,
    `\`\`\``,
    ``,
    ...(proof
      ? [
          `The mac of an answer is HMAC-SHA-256 under \`proof\`, cut to 8 bytes (RFC 9053, algorithm 4), of the MAC_structure of`,
          `RFC 9052 section 6.3, with salt and counter of the envelope that is answered:`,
          ``,
          `\`\`\`text`,
          `84 64 "MAC0" 43 a10104 bstr(external) 46 request id u32, code u16`,
          `external "proof " PRODUCT "/" DEVICE "/" salt counter u16`,
          `\`\`\``,
          ``,
        ]
      : []),
  ];
}
