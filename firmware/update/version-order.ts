/** Which of two versions is the newer one. */

/** Longest version that is compared, characters. */
const longest = 24;

/**
 * Whether `version` is newer than `than`; undefined where one of them is no version: three numbers with dots between
 * them, `1.12.0`, and perhaps a dash and a name of what comes before that release, `1.12.0-rc1`. Numbers count as
 * numbers, in such names as well.
 */
export function isNewer(version: string, than: string): boolean | undefined {
  const order = compareVersions(version, than);
  return order === undefined ? undefined : order > 0;
}

/** Below 0 where `a` is the older one, above 0 where it is the newer one, 0 for the same; undefined for no version. */
export function compareVersions(a: string, b: string): number | undefined {
  const left = partsOf(a);
  const right = partsOf(b);
  if (left === undefined || right === undefined) return undefined;
  for (let i = 0; i < 3; i++) {
    if (left.numbers[i] !== right.numbers[i]) return left.numbers[i] - right.numbers[i];
  }
  // A release has no name, and comes after what was made before it.
  if (left.name === "" || right.name === "") return right.name.length - left.name.length;
  return compareNames(left.name, right.name);
}

interface Parts {
  readonly numbers: readonly number[];
  readonly name: string;
}

function partsOf(version: string): Parts | undefined {
  if (version.length > longest) return undefined;
  const dash = version.indexOf("-");
  const name = dash < 0 ? "" : version.slice(dash + 1);
  if (dash >= 0 && !isName(name)) return undefined;
  const texts = (dash < 0 ? version : version.slice(0, dash)).split(".");
  if (texts.length !== 3) return undefined;
  const numbers: number[] = [];
  for (let i = 0; i < 3; i++) {
    if (texts[i] === "" || texts[i].length > 9 || digitsEnd(texts[i], 0) !== texts[i].length)
      return undefined;
    numbers.push(Number(texts[i]));
  }
  return { numbers, name };
}

/** Letters, digits, dots and dashes, at least one. */
function isName(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const letter = (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a;
    if (!letter && !isDigit(code) && code !== 0x2d && code !== 0x2e) return false;
  }
  return text !== "";
}

/** Character by character, but digits that follow each other as the number that they are. */
function compareNames(a: string, b: string): number {
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    const from = i;
    const start = j;
    i = digitsEnd(a, i);
    j = digitsEnd(b, j);
    if (i > from && j > start) {
      // 24 digits are compared as numbers too: a double keeps their order, if not each of them.
      const difference = Number(a.slice(from, i)) - Number(b.slice(start, j));
      if (difference !== 0) return difference;
      continue;
    }
    const difference = a.charCodeAt(from) - b.charCodeAt(start);
    if (difference !== 0) return difference;
    i = from + 1;
    j = start + 1;
  }
  return a.length - i - (b.length - j);
}

/** Where the digits end that begin at `start`. */
function digitsEnd(text: string, start: number): number {
  let end = start;
  while (end < text.length && isDigit(text.charCodeAt(end))) end += 1;
  return end;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}
