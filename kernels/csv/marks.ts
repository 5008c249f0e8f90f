import { MARKS, MARKS_AT_ONCE, MOST_MARKS, ROW_ENDS, ROWS_AT_ONCE } from './layout';

// Finds where fields and rows end, 64 bytes at a time: a bit for each byte that is a delimiter, a line break or a quote.

/** Marks found, the one in front of the first row included, and how many of them end rows. */
export let markCount: i32 = 0;
export let rowEndCount: i32 = 0;
/** Where something stands that is for the general path: a zero byte, or a quote where none belongs. */
export let badAt: usize = 0;
/** Whether there may be line breaks in fields. */
export let hasInnerBreaks: bool = false;

// @ts-ignore: decorator
@inline
function bits(a: v128, b: v128, c: v128, d: v128): u64 {
  return (
    <u64>(<u32>i8x16.bitmask(a) | (<u32>i8x16.bitmask(b) << 16)) |
    (<u64>(<u32>i8x16.bitmask(c) | (<u32>i8x16.bitmask(d) << 16)) << 32)
  );
}

/** Each bit becomes whether an odd number of bits up to it, itself included, is set. */
// @ts-ignore: decorator
@inline
function parities(mask: u64): u64 {
  let x = mask;
  x ^= x << 1;
  x ^= x << 2;
  x ^= x << 4;
  x ^= x << 8;
  x ^= x << 16;
  return x ^ (x << 32);
}

/**
 * Looks from the start of a row at `from` for the ends of fields and rows, until there are many, or to the input's end. Zeros
 * stand behind it. `quote`: 256 where fields are never quoted.
 */
export function findMarks(from: usize, end: usize, delimiter: i32, quote: i32): void {
  const delimiters = i8x16.splat(<i8>delimiter);
  const quotes = i8x16.splat(<i8>quote);
  const lineFeeds = i8x16.splat(0x0a);
  const returns = i8x16.splat(0x0d);
  const zeros = i8x16.splat(0);
  const isQuoting = quote < 256;
  let count = 1;
  let rowEnds = 0;
  let bad: usize = end + 64;
  // All ones within quotes. Of the byte before the block: whether it ends a field, closes a quoted one, is a carriage return.
  let inside: u64 = 0;
  let wasEdge: u64 = 1;
  let wasClose: u64 = 0;
  let wasReturn: u64 = 0;
  let hasInner = false;
  for (let i = from; i < end; i += 64) {
    const a = v128.load(i);
    const b = v128.load(i, 16);
    const c = v128.load(i, 32);
    const d = v128.load(i, 48);
    const feed = bits(i8x16.eq(a, lineFeeds), i8x16.eq(b, lineFeeds), i8x16.eq(c, lineFeeds), i8x16.eq(d, lineFeeds));
    let breaks = feed;
    let edges =
      feed | bits(i8x16.eq(a, delimiters), i8x16.eq(b, delimiters), i8x16.eq(c, delimiters), i8x16.eq(d, delimiters));
    // A line feed behind a carriage return ends nothing any more.
    let followers: u64 = 0;
    if (
      v128.any_true(
        v128.or(
          v128.or(
            v128.or(i8x16.eq(a, returns), i8x16.eq(b, returns)),
            v128.or(i8x16.eq(c, returns), i8x16.eq(d, returns)),
          ),
          v128.or(v128.or(i8x16.eq(a, zeros), i8x16.eq(b, zeros)), v128.or(i8x16.eq(c, zeros), i8x16.eq(d, zeros))),
        ),
      )
    ) {
      const zero = bits(i8x16.eq(a, zeros), i8x16.eq(b, zeros), i8x16.eq(c, zeros), i8x16.eq(d, zeros));
      if (zero != 0 && i + <usize>ctz(zero) < bad) bad = i + <usize>ctz(zero);
      const back = bits(i8x16.eq(a, returns), i8x16.eq(b, returns), i8x16.eq(c, returns), i8x16.eq(d, returns));
      followers = feed & ((back << 1) | wasReturn);
      wasReturn = back >> 63;
      edges |= back;
      breaks = (breaks | back) & ~followers;
    } else if (wasReturn != 0) {
      followers = feed & 1;
      breaks &= ~followers;
      wasReturn = 0;
    }
    if (isQuoting) {
      const quote64 = bits(i8x16.eq(a, quotes), i8x16.eq(b, quotes), i8x16.eq(c, quotes), i8x16.eq(d, quotes));
      if ((quote64 | inside | wasClose) != 0) {
        // From an opening quote to the byte before the closing one; a doubled quote closes and opens.
        const within = parities(quote64) ^ inside;
        inside = <u64>(<i64>within >> 63);
        if ((breaks & within) != 0) hasInner = true;
        edges &= ~within;
        breaks &= ~within;
        const opens = quote64 & within;
        const closes = quote64 & ~within;
        const behindClose = (closes << 1) | wasClose;
        const wrong = (opens & ~((edges << 1) | wasEdge | behindClose)) | (behindClose & ~(edges | quote64));
        if (wrong != 0 && i + <usize>ctz(wrong) < bad) bad = i + <usize>ctz(wrong);
        wasClose = closes >> 63;
      }
    }
    wasEdge = edges >> 63;
    const ends = edges & ~followers;
    while (breaks != 0) {
      const lowest = breaks & -breaks;
      store<i32>(ROW_ENDS + (<usize>rowEnds << 2), count + <i32>popcnt(ends & (lowest - 1)));
      rowEnds++;
      breaks ^= lowest;
    }
    let rest = ends;
    while (rest != 0) {
      store<u32>(MARKS + (<usize>count << 2), <u32>(i + <usize>ctz(rest)));
      count++;
      rest &= rest - 1;
    }
    if (rowEnds > 0 ? count >= MARKS_AT_ONCE || rowEnds >= ROWS_AT_ONCE : count >= MOST_MARKS) break;
    if (bad <= i + 64) break;
  }
  markCount = count;
  rowEndCount = rowEnds;
  badAt = bad;
  hasInnerBreaks = hasInner;
}

/** Line breaks in `[from, end)`: LF, CR and CRLF. What is behind `end` may be read. */
export function countBreaks(from: usize, end: usize): i32 {
  let count = 0;
  for (let i = from; i < end; i++) {
    const byte = load<u8>(i);
    if (byte == 0x0a || (byte == 0x0d && load<u8>(i + 1) != 0x0a)) count++;
  }
  return count;
}
