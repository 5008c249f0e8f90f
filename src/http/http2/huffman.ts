/**
 * How many bits each byte takes, and last the end of the text, in base 36 (RFC 7541, appendix B). The code is canonical: the
 * lengths tell all of it.
 */
const LENGTHS =
  'dnsssssssoussussssssssusssssssss6aacd68baa8b8666555666666678f6cad677777777777777777777' +
  '77878djde6f56565666577666567655677777fbedskmkkmmmnmnnnnnonoomnonnnnlmnmnnomlkmmnnlnmmo' +
  'lmnnllmlnmnnkmmmnmmnqqkjmnmpqqqrrqopjlqrrqrollqqsrrrkoklmllnmmppooqnqrqqrrrrrsrrrrrqu';
const END_OF_TEXT = 256;
/** No length below is shorter, and padding is shorter than a byte. */
const LONGEST_PADDING = 7;

/** A node's two children: another node's index, or a symbol as its complement. */
const TREE = buildTree();

/** Decodes a text of a header (RFC 7541, section 5.2); null when it is not encoded properly. */
export function decodeHuffman(bytes: Uint8Array): Buffer | null {
  // No code is shorter than five bits.
  const text = Buffer.allocUnsafe(Math.floor((bytes.length * 8) / 5));
  let length = 0;
  let node = 0;
  let depth = 0;
  let isAllOnes = true;
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit--) {
      const one = (byte >> bit) & 1;
      const next = TREE[node * 2 + one]!;
      depth++;
      if (one === 0) isAllOnes = false;
      if (next >= 0) {
        node = next;
        continue;
      }
      if (~next === END_OF_TEXT) return null;
      text[length++] = ~next;
      node = 0;
      depth = 0;
      isAllOnes = true;
    }
  }
  return depth > LONGEST_PADDING || !isAllOnes ? null : text.subarray(0, length);
}

function buildTree(): Int32Array {
  const lengths = [...LENGTHS].map((digit) => Number.parseInt(digit, 36));
  const symbols = lengths.map((_length, symbol) => symbol);
  symbols.sort((a, b) => lengths[a]! - lengths[b]! || a - b);
  const tree = new Int32Array(lengths.length * 2);
  let nodes = 1;
  let code = 0;
  let codeLength = 0;
  for (const symbol of symbols) {
    const length = lengths[symbol]!;
    // Codes of a length follow each other; the next longer one goes on where they end. Up to 30 bits, so below 2 ** 31.
    code *= 2 ** (length - codeLength);
    codeLength = length;
    let node = 0;
    for (let bit = length - 1; bit > 0; bit--) {
      const child = node * 2 + ((code >> bit) & 1);
      if (tree[child] === 0) tree[child] = nodes++;
      node = tree[child]!;
    }
    tree[node * 2 + (code & 1)] = ~symbol;
    code++;
  }
  return tree;
}
