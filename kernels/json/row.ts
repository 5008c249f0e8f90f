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
  DEFERRED,
  ESCAPED,
  FALSE,
  JSON,
  LENGTHS,
  MAX_DEFERRED,
  MISSING,
  NULL,
  NUMBER,
  OFFSETS,
  OUTER,
  OUTPUT,
  OUTPUT_LIMIT,
  P_BIAS,
  P_CELLS,
  P_DEFERRED,
  S_COLUMN_COUNT,
  S_COLUMNS,
  STRING,
  T_BOOLEAN,
  T_CONSTANT,
  T_DATE,
  T_FLOAT,
  T_INTEGER,
  T_JSON,
  T_JSONB,
  T_NUMERIC,
  T_TEXT,
  T_TIME,
  T_TIMESTAMP,
  T_UUID,
  T_VARCHAR,
  TRUE,
} from './layout';
import { unescape } from './strings';

const WORD_TRUE: u32 = 0x65757274;
const WORD_FALS: u32 = 0x736c6166;

// @ts-ignore: decorator
@inline
function writeWord(kind: i32, to: usize): i32 {
  if (kind == TRUE) {
    store<u32>(to, WORD_TRUE);
    return 4;
  }
  store<u32>(to, WORD_FALS);
  store<u8>(to + 4, 0x65);
  return 5;
}

function writeText(kind: i32, from: usize, end: usize, to: usize): i32 {
  if (kind == ESCAPED) return unescape(from, end, to);
  if (kind == TRUE || kind == FALSE) return writeWord(kind, to);
  copyBytes(to, from, <i32>(end - from));
  return <i32>(end - from);
}

function writeQuoted(from: usize, size: i32, to: usize): i32 {
  store<u8>(to, 0x22);
  copyBytes(to + 1, from, size);
  store<u8>(to + 1 + size, 0x22);
  return size + 2;
}

/** The cell's length, or -1 when JavaScript has to write it. */
function writeCell(column: usize, kind: i32, from: usize, end: usize, to: usize): i32 {
  const size = <i32>(end - from);
  const isPlain = kind == STRING || kind == NUMBER;
  switch (load<i32>(column + C_TYPE)) {
    case T_TEXT:
      return writeText(kind, from, end, to);
    case T_VARCHAR: {
      const written = writeText(kind, from, end, to);
      const most = load<i32>(column + C_P1);
      return written > most && countCharacters(to, written) > most ? -1 : written;
    }
    case T_BOOLEAN:
      if (kind == TRUE || kind == FALSE) {
        store<u8>(to, kind == TRUE ? 0x74 : 0x66);
        return 1;
      }
      return isPlain ? writeBooleanText(from, size, to) : -1;
    case T_INTEGER:
      return isPlain ? writeInteger(from, size, to, load<i32>(column + C_P1), load<u64>(column + C_P2)) : -1;
    case T_NUMERIC:
      return isPlain ? writeNumeric(from, size, to, load<i32>(column + C_P1), load<i32>(column + C_P2)) : -1;
    case T_FLOAT:
      return isPlain ? writeFloat(from, size, to, load<i32>(column + C_P1)) : -1;
    case T_DATE:
      return kind == STRING ? writeDate(from, size, to) : -1;
    case T_TIME:
      return kind == STRING ? writeTime(from, size, to) : -1;
    case T_TIMESTAMP:
      return kind == STRING
        ? writeTimestamp(from, size, to, load<i32>(column + C_P1) != 0, load<i32>(column + C_P2) != 0)
        : -1;
    case T_UUID:
      return kind == STRING ? writeUuid(from, size, to) : -1;
    case T_JSON:
      if (kind == STRING) return writeQuoted(from, size, to);
      return kind == ESCAPED ? -1 : writeText(kind, from, end, to);
    case T_JSONB:
      if (kind == STRING) return writeQuoted(from, size, to);
      if (kind == NUMBER) return writeNumeric(from, size, to, 1024, -1);
      return kind == TRUE || kind == FALSE ? writeWord(kind, to) : -1;
    default:
      return -1;
  }
}

/**
 * Writes the column's value as the cell number `cell / 4` of the call, its length at `at` and its place; deferred ones are
 * counted in P_DEFERRED. Returns where the cell ends; 0 when there is no room for it.
 */
// @ts-ignore: decorator
@inline
export function writeValue(column: usize, kind: i32, from: usize, end: usize, at: usize, cell: usize, bias: i32): usize {
  let written = -1;
  let size = 0;
  if (kind <= NULL || load<i32>(column + C_TYPE) == T_CONSTANT) {
    const fixed = kind == NULL ? -1 : load<i32>(column + C_DEFAULT_SIZE);
    if (at + fixed + 64 > OUTPUT_LIMIT) return 0;
    if (fixed >= 0) {
      memory.copy(at + 4, <usize>load<u32>(column + C_DEFAULT), fixed);
      written = fixed;
    } else if (load<i32>(column + C_NOT_NULL) == 0) return endCell(-1, at, cell, bias);
  } else if (kind != OUTER) {
    size = <i32>(end - from);
    if (at + 2 * size + 128 > OUTPUT_LIMIT) return 0;
    written = writeCell(column, kind, from, end, at + 4);
  }
  if (written < 0) {
    const deferred = load<i32>(P_DEFERRED);
    if (deferred >= MAX_DEFERRED) return 0;
    store<i32>(DEFERRED + (<usize>deferred << 3), <i32>(cell >> 2));
    store<i32>(DEFERRED + (<usize>deferred << 3) + 4, kind);
    store<i32>(P_DEFERRED, deferred + 1);
    if (size > 0) copyBytes(at + 4, from, size);
    written = size;
  }
  return endCell(written, at, cell, bias);
}

/** Puts a cell's length before it, and its place among those of the call; returns where it ends. */
// @ts-ignore: decorator
@inline
export function endCell(written: i32, at: usize, cell: usize, bias: i32): usize {
  store<u32>(at, bswap<u32>(written));
  store<i32>(OFFSETS + cell, <i32>at + 4 + bias);
  store<i32>(LENGTHS + cell, written);
  return at + 4 + max(written, 0);
}

/** Puts the header before a row's cells, the last of which ends at `at`. */
// @ts-ignore: decorator
@inline
export function endRow(out: usize, at: usize, count: i32): void {
  store<u8>(out, 0x44);
  store<u32>(out + 1, bswap<u32>(<u32>(at - out - 1)));
  store<u16>(out + 5, bswap<u16>(<u16>count));
  store<i32>(P_CELLS, load<i32>(P_CELLS) + count);
}

/**
 * Writes the row of the record in the slots as a DataRow message at `out`, and its cells' places. Returns where it ends; 0
 * when there is no room for it.
 */
export function writeRow(state: usize, out: usize): usize {
  const count = load<i32>(state + S_COLUMN_COUNT);
  const last = state + S_COLUMNS + <usize>count * COLUMN_ENTRY;
  const bias = load<i32>(P_BIAS) - <i32>OUTPUT;
  const deferred = load<i32>(P_DEFERRED);
  let cell = <usize>load<i32>(P_CELLS) << 2;
  let at = out + 7;
  for (let column = state + S_COLUMNS; column < last; column += COLUMN_ENTRY) {
    const slot = <usize>load<u32>(column + C_SLOT);
    const kind = slot == 0 ? OUTER : load<i32>(slot);
    const from: usize = slot == 0 ? 0 : <usize>load<u32>(slot + 4);
    const end: usize = slot == 0 ? 0 : <usize>load<u32>(slot + 8);
    at = writeValue(column, kind, from, end, at, cell, bias);
    if (at == 0) {
      store<i32>(P_DEFERRED, deferred);
      return 0;
    }
    cell += 4;
  }
  endRow(out, at, count);
  return at;
}
