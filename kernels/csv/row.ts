import {
  copyBytes,
  countCharacters,
  writeBooleanText,
  writeFloat,
  writeInteger,
  writeNumeric,
  writeUuid,
} from '../cells';
import { writeDate, writeTime, writeTimestamp } from '../times';
import {
  C_DEFAULT,
  C_DEFAULT_SIZE,
  C_NOT_NULL,
  C_P1,
  C_P2,
  C_SLOT,
  C_TYPE,
  COLUMN_ENTRY,
  COLUMNS,
  DEFERRED,
  EMPTY,
  JSON,
  LENGTHS,
  MAX_DEFERRED,
  NO_FIELD,
  NULL,
  OFFSETS,
  OUTER,
  OUTPUT,
  OUTPUT_LIMIT,
  P_BIAS,
  P_CELLS,
  P_DEFERRED,
  S_COLUMN_COUNT,
  S_QUOTE,
  STRING,
  T_BOOLEAN,
  T_CONSTANT,
  T_DATE,
  T_FLOAT,
  T_INTEGER,
  T_JSON,
  T_NUMERIC,
  T_TEXT,
  T_TIME,
  T_TIMESTAMP,
  T_UUID,
  T_VARCHAR,
} from './layout';

/** Copies a quoted field's content, doubled quotes as one; returns how many bytes that are. */
function unescape(from: usize, end: usize, to: usize, quote: i32): i32 {
  const quotes = i8x16.splat(<i8>quote);
  let i = from;
  let out = to;
  while (i < end) {
    const v = v128.load(i);
    v128.store(out, v);
    const mask = i8x16.bitmask(i8x16.eq(v, quotes));
    const count: usize = mask == 0 ? 16 : <usize>ctz(mask);
    i += count;
    out += count;
    // The first of two, which stays.
    if (mask != 0 && i < end) {
      store<u8>(out++, <u8>quote);
      i += 2;
    }
  }
  // The last step may have gone beyond the end.
  return <i32>(out - to) - <i32>(i > end ? i - end : 0);
}

function hasQuote(from: usize, end: usize, quote: i32): bool {
  const quotes = i8x16.splat(<i8>quote);
  for (let i = from; i < end; i += 16) {
    const mask = i8x16.bitmask(i8x16.eq(v128.load(i), quotes));
    if (mask != 0) return i + <usize>ctz(mask) < end;
  }
  return false;
}

/** Whether the column takes any text, or one of that length. */
function isText(column: usize, from: usize, size: i32): bool {
  const type = load<i32>(column + C_TYPE);
  if (type != T_VARCHAR) return type == T_TEXT;
  const most = load<i32>(column + C_P1);
  return size <= most || countCharacters(from, size) <= most;
}

/** The cell's length, or -1 when JavaScript has to write it. */
// @ts-ignore: decorator
@inline
function writeCell(column: usize, from: usize, size: i32, to: usize): i32 {
  switch (load<i32>(column + C_TYPE)) {
    case T_TEXT:
      copyBytes(to, from, size);
      return size;
    case T_INTEGER:
      return writeInteger(from, size, to, load<i32>(column + C_P1), load<u64>(column + C_P2));
    case T_NUMERIC:
      return writeNumeric(from, size, to, load<i32>(column + C_P1), load<i32>(column + C_P2));
    case T_BOOLEAN:
      return writeBooleanText(from, size, to);
    case T_FLOAT:
      return writeFloat(from, size, to, load<i32>(column + C_P1));
    case T_TIMESTAMP:
      return writeTimestamp(from, size, to, load<i32>(column + C_P1) != 0, load<i32>(column + C_P2) != 0);
    case T_DATE:
      return writeDate(from, size, to);
    case T_TIME:
      return writeTime(from, size, to);
    case T_UUID:
      return writeUuid(from, size, to);
    case T_VARCHAR:
      if (!isText(column, from, size)) return -1;
      copyBytes(to, from, size);
      return size;
    default:
      return -1;
  }
}

/**
 * Writes a row as a DataRow message at `out`, and its cells' places. `marks`: the end of the byte before the row, then those of
 * its fields. Returns where it ends; 0 when there is no room for it.
 */
export function writeRow(marks: usize, out: usize): usize {
  const count = load<i32>(S_COLUMN_COUNT);
  const quote = load<i32>(S_QUOTE);
  const last = COLUMNS + <usize>count * COLUMN_ENTRY;
  const bias = load<i32>(P_BIAS) - <i32>OUTPUT;
  let cell = <usize>load<i32>(P_CELLS) << 2;
  let deferred = load<i32>(P_DEFERRED);
  let at = out + 7;
  for (let column = COLUMNS; column < last; column += COLUMN_ENTRY) {
    if (at + 64 > OUTPUT_LIMIT) return 0;
    const field = load<i32>(column + C_SLOT);
    let kind = STRING;
    let written = -1;
    let size = 0;
    let isInPlace = false;
    if (field == NO_FIELD) {
      kind = OUTER;
      if (load<i32>(column + C_TYPE) == T_CONSTANT) {
        written = load<i32>(column + C_DEFAULT_SIZE);
        if (written >= 0) {
          if (at + <usize>written + 64 > OUTPUT_LIMIT) return 0;
          memory.copy(at + 4, <usize>load<u32>(column + C_DEFAULT), <usize>written);
        } else if (load<i32>(column + C_NOT_NULL) == 0) kind = NULL;
      }
    } else {
      let from = <usize>load<u32>(marks + (<usize>field << 2)) + 1;
      let end = <usize>load<u32>(marks + (<usize>field << 2) + 4);
      if (from == end) kind = NULL;
      else {
        if (at + 2 * (end - from) + 128 > OUTPUT_LIMIT) return 0;
        if (<i32>load<u8>(from) == quote) {
          from++;
          end--;
          size = <i32>(end - from);
          if (hasQuote(from, end, quote)) {
            size = unescape(from, end, at + 4, quote);
            // Nothing but text has quotes in it.
            if (isText(column, at + 4, size)) written = size;
            isInPlace = true;
          }
        } else size = <i32>(end - from);
        if (!isInPlace) written = writeCell(column, from, size, at + 4);
        if (written < 0) {
          if (load<i32>(column + C_TYPE) == T_JSON) kind = JSON;
          if (!isInPlace) copyBytes(at + 4, from, size);
        }
      }
      if (kind == NULL && load<i32>(column + C_NOT_NULL) != 0) kind = EMPTY;
    }
    if (kind == NULL) {
      store<u32>(at, 0xffffffff);
      store<i32>(OFFSETS + cell, <i32>at + 4 + bias);
      store<i32>(LENGTHS + cell, -1);
      cell += 4;
      at += 4;
      continue;
    }
    if (written < 0) {
      if (deferred >= MAX_DEFERRED) return 0;
      store<i32>(DEFERRED + (<usize>deferred << 3), <i32>(cell >> 2));
      store<i32>(DEFERRED + (<usize>deferred << 3) + 4, kind);
      deferred++;
      written = size;
    }
    store<u32>(at, bswap<u32>(written));
    store<i32>(OFFSETS + cell, <i32>at + 4 + bias);
    store<i32>(LENGTHS + cell, written);
    cell += 4;
    at += 4 + <usize>written;
  }
  store<u8>(out, 0x44);
  store<u32>(out + 1, bswap<u32>(<u32>(at - out - 1)));
  store<u16>(out + 5, bswap<u16>(<u16>count));
  store<i32>(P_CELLS, <i32>(cell >> 2));
  store<i32>(P_DEFERRED, deferred);
  return at;
}
