const PERCENT = 0x25;
const UNDERSCORE = 0x5f;
const BACKSLASH = 0x5c;

/** Tests text `[start, end)` of UTF-8 bytes. */
export type TextTest = (bytes: Uint8Array, start: number, end: number) => boolean;

/** Marks in a compiled pattern, outside the range of bytes. */
const ANY_ONE = -1;
const ANY_MANY = -2;

/**
 * LIKE with a constant pattern, as PostgreSQL matches it in a UTF-8 database with a deterministic collation: `_` is one
 * character, `%` any number of them, `\` takes the next one as it stands.
 * @returns null where the engine would raise an error: the pattern ends in the middle of an escape
 */
export function likeMatcher(pattern: string): TextTest | null {
  const items: number[] = [];
  const source = Buffer.from(pattern, 'utf8');
  for (let i = 0; i < source.length; i++) {
    const byte = source[i]!;
    if (byte === BACKSLASH) {
      if (++i >= source.length) return null;
      items.push(source[i]!);
    } else if (byte === UNDERSCORE) items.push(ANY_ONE);
    else if (byte !== PERCENT) items.push(byte);
    else if (items.at(-1) !== ANY_MANY) items.push(ANY_MANY);
  }
  return (bytes, start, end) => matches(items, bytes, start, end);
}

/** Greedy with one place to go back to: what stands before a `%` never has to be matched anew. */
function matches(items: readonly number[], bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  let item = 0;
  let retryItem = -1;
  let retryAt = 0;
  for (;;) {
    const wanted = items[item];
    if (wanted === ANY_MANY) {
      retryItem = ++item;
      retryAt = at;
      if (item === items.length) return true;
      continue;
    }
    if (wanted === undefined ? at === end : at < end && (wanted === ANY_ONE || bytes[at] === wanted)) {
      if (wanted === undefined) return true;
      at = wanted === ANY_ONE ? nextCharacter(bytes, at, end) : at + 1;
      item++;
      continue;
    }
    if (retryItem < 0 || retryAt >= end) return false;
    retryAt = nextCharacter(bytes, retryAt, end);
    at = retryAt;
    item = retryItem;
  }
}

function nextCharacter(bytes: Uint8Array, at: number, end: number): number {
  let next = at + 1;
  while (next < end && (bytes[next]! & 0xc0) === 0x80) next++;
  return next;
}
