/**
 * A parsing script without its keys, for those who may look and change nothing. The script of a sealed product holds the
 * roots of all keys of the product's devices, in the list `ROOTS` (model/write-script.ts); without them it is a script all
 * the same, which opens nothing and says so.
 */

/** The list as `npm run model` writes it, or a person who has edited it: everything up to its closing bracket. */
const roots = /\b(ROOTS\s*=\s*\[)[^\]]*\]/g;
/** Digits as many as a key of 128 bits has: it may stand elsewhere in a script that was edited. */
const digits = /(?:[0-9A-Fa-f]{2}){16,}/g;
/** Lists of as many numbers as such a key has bytes, or one of 256 bits. */
const bytes =
  /\[\s*(?:(?:0x[0-9A-Fa-f]{1,2}|-?\d{1,3})\s*,\s*){15}(?:(?:(?:0x[0-9A-Fa-f]{1,2}|-?\d{1,3})\s*,\s*){16})?(?:0x[0-9A-Fa-f]{1,2}|-?\d{1,3})\s*,?\s*\]/g;

/** What a script of sealed payloads has: in others a list of so many numbers is a table. */
const seals = /\b(?:ROOTS|lastSealed)\b/;

/** The script as a reader is given it; the same text where it holds nothing that looks like a key. */
export function maskedScript(source: string): string {
  return (seals.test(source) ? source.replace(bytes, "[/* masked */]") : source)
    .replace(roots, (whole: string, head: string) =>
      /[\w"']/.test(whole.slice(head.length)) ? `${head}/* masked */]` : whole,
    )
    .replace(digits, stars);
}

/** What an engine says of a script, which may quote it: a key without its quotation marks is a name that is not defined. */
export function maskedFault(fault: string): string {
  return fault.replace(digits, stars);
}

function stars(found: string): string {
  return "*".repeat(found.length);
}
