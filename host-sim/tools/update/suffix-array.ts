/**
 * The suffixes of a firmware image in alphabetical order, by which a difference finds what the other image has of it.
 *
 * Induced sorting (G. Nong, S. Zhang, W. H. Chan, "Linear Suffix Array Construction by Almost Pure Induced-Sorting", DCC
 * 2009): time in proportion to the length whatever the bytes are, where sorting by comparison takes hours for an image of
 * zeros. In typed arrays: some 14 bytes for each of the image's.
 */

/** Where the suffixes of `bytes` begin, in their order; a suffix that begins another one comes before it. */
export function suffixArray(bytes: Uint8Array): Int32Array {
  // A letter before all others ends the text, so that no suffix is the beginning of another.
  const text = new Int32Array(bytes.length + 1);
  for (let i = 0; i < bytes.length; i += 1) text[i] = bytes[i] + 1;
  const order = new Int32Array(text.length);
  sort(text, order, 257);
  return order.subarray(1);
}

/** Sorts the suffixes of a text of letters 0 to `letters` - 1, whose last is its only 0. */
function sort(text: Int32Array, order: Int32Array, letters: number): void {
  const { length } = text;
  if (length === 1) {
    order[0] = 0;
    return;
  }
  // 1 for a suffix that comes before the one which begins a letter later.
  const rises = new Uint8Array(length);
  rises[length - 1] = 1;
  for (let i = length - 2; i >= 0; i -= 1) {
    rises[i] = text[i] < text[i + 1] || (text[i] === text[i + 1] && rises[i + 1] === 1) ? 1 : 0;
  }
  const counts = new Int32Array(letters);
  for (let i = 0; i < length; i += 1) counts[text[i]] += 1;

  // The pieces between two valleys, where the text begins to rise, sorted by what is in them.
  order.fill(-1);
  const ends = endsOf(counts);
  for (let i = 1; i < length; i += 1) if (isValley(rises, i)) order[(ends[text[i]] -= 1)] = i;
  induce(text, order, rises, counts);
  let valleys = 0;
  for (let i = 0; i < length; i += 1) {
    if (isValley(rises, order[i])) {
      order[valleys] = order[i];
      valleys += 1;
    }
  }
  // Each piece's rank is a letter of a shorter text: sorted suffixes of that are sorted valleys of this.
  order.fill(-1, valleys);
  let rank = -1;
  let previous = -1;
  for (let i = 0; i < valleys; i += 1) {
    const valley = order[i];
    if (previous < 0 || !isSamePiece(text, rises, valley, previous)) rank += 1;
    previous = valley;
    // No two valleys are neighbours.
    order[valleys + (valley >> 1)] = rank;
  }
  for (let from = length - 1, to = length - 1; from >= valleys; from -= 1) {
    if (order[from] < 0) continue;
    order[to] = order[from];
    to -= 1;
  }
  const shorter = order.subarray(length - valleys);
  const sorted = order.subarray(0, valleys);
  if (rank + 1 < valleys) sort(shorter, sorted, rank + 1);
  else for (let i = 0; i < valleys; i += 1) sorted[shorter[i]] = i;

  for (let i = 1, next = 0; i < length; i += 1) {
    if (!isValley(rises, i)) continue;
    shorter[next] = i;
    next += 1;
  }
  for (let i = 0; i < valleys; i += 1) sorted[i] = shorter[sorted[i]];
  order.fill(-1, valleys);
  ends.set(endsOf(counts));
  for (let i = valleys - 1; i >= 0; i -= 1) {
    const valley = order[i];
    order[i] = -1;
    order[(ends[text[valley]] -= 1)] = valley;
  }
  induce(text, order, rises, counts);
}

/** Whether the text begins to rise here. */
function isValley(rises: Uint8Array, at: number): boolean {
  return at > 0 && rises[at] === 1 && rises[at - 1] === 0;
}

/** Whether the text is the same from either valley to the next one. */
function isSamePiece(text: Int32Array, rises: Uint8Array, a: number, b: number): boolean {
  for (let i = 0; ; i += 1) {
    // The end of the text is in one piece only, so that neither index runs past it.
    if (text[a + i] !== text[b + i] || rises[a + i] !== rises[b + i]) return false;
    if (i > 0 && (isValley(rises, a + i) || isValley(rises, b + i))) return true;
  }
}

/** Sorts all suffixes by the valleys, which stand at the ends of their letters' rows: what falls first, then what rises. */
function induce(text: Int32Array, order: Int32Array, rises: Uint8Array, counts: Int32Array): void {
  const ends = endsOf(counts);
  const next = new Int32Array(ends.length);
  for (let letter = 0; letter < next.length; letter += 1) next[letter] = ends[letter] - counts[letter];
  for (let i = 0; i < order.length; i += 1) {
    const before = order[i] - 1;
    if (before < 0 || rises[before] === 1) continue;
    order[next[text[before]]] = before;
    next[text[before]] += 1;
  }
  for (let i = order.length - 1; i >= 0; i -= 1) {
    const before = order[i] - 1;
    if (before >= 0 && rises[before] === 1) order[(ends[text[before]] -= 1)] = before;
  }
}

/** Where the row of each letter ends in the order. */
function endsOf(counts: Int32Array): Int32Array {
  const ends = new Int32Array(counts.length);
  for (let letter = 0, sum = 0; letter < counts.length; letter += 1) {
    sum += counts[letter];
    ends[letter] = sum;
  }
  return ends;
}
