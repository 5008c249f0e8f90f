import { SCALAR_TYPES, type ScalarName, type SqlType } from '../sql-type.js';
import { ARRAY_EXPANSION, arrayEncoder } from './array.js';
import { readDouble, readReal } from './canonical-float.js';
import {
  readDays,
  readFraction,
  readSecondsOfDay,
  readTimestampMicros,
  readTimestampSeconds,
} from './canonical-time.js';
import type { BinaryEncoder } from './contract.js';
import { writeInt32, writeInt64, writeInt64Text } from './int64.js';
import { encodeNumeric } from './numeric.js';

const ZERO = 0x30;
const MINUS = 0x2d;

/** The infinities are sent as the greatest and the least integer. */
const INT32_MAX = 0x7fffffff;

/** The encoder of a type's binary format, as the type's send function writes it. */
export function binaryEncoder({ scalar, isArray }: SqlType): BinaryEncoder {
  return isArray ? arrayEncoder(SCALAR_TYPES[scalar].oid, ENCODERS[scalar]) : ENCODERS[scalar];
}

/** Bytes of the binary form that a byte of canonical text takes at most, beyond 64 for each cell. */
export function binaryExpansion({ isArray }: SqlType): number {
  return isArray ? ARRAY_EXPANSION : 2;
}

function smallInteger(text: Uint8Array, start: number, end: number): number {
  const isNegative = text[start] === MINUS;
  let value = 0;
  for (let i = isNegative ? start + 1 : start; i < end; i++) value = value * 10 + text[i]! - ZERO;
  return isNegative ? -value : value;
}

const copy: BinaryEncoder = (text, start, end, target, at) => {
  const length = end - start;
  if (length < 64) for (let i = 0; i < length; i++) target[at + i] = text[start + i]!;
  else target.set(text.subarray(start, end), at);
  return length;
};

function hexValue(code: number): number {
  return code <= 0x39 ? code - ZERO : code - 0x57;
}

const timestamp: BinaryEncoder = (text, start, end, target, at) => {
  const seconds = readTimestampSeconds(text, start, end);
  if (Number.isFinite(seconds)) writeInt64(target, at, seconds, 1_000_000, readTimestampMicros(text, start, end));
  else writeInfinity(target, at, seconds > 0);
  return 8;
};

/** The greatest and the least int64. */
function writeInfinity(target: Buffer, at: number, isPositive: boolean): void {
  target.writeInt32BE(isPositive ? INT32_MAX : -INT32_MAX - 1, at);
  target.writeInt32BE(isPositive ? -1 : 0, at + 4);
}

const ENCODERS: Readonly<Record<ScalarName, BinaryEncoder>> = {
  text: copy,
  varchar: copy,
  json: copy,
  jsonb: (text, start, end, target, at) => {
    // The format's version.
    target[at] = 1;
    return 1 + copy(text, start, end, target, at + 1);
  },
  boolean: (text, start, _end, target, at) => {
    target[at] = text[start] === 0x74 ? 1 : 0;
    return 1;
  },
  smallint: (text, start, end, target, at) => {
    const value = smallInteger(text, start, end);
    target[at] = value >>> 8;
    target[at + 1] = value;
    return 2;
  },
  integer: (text, start, end, target, at) => {
    writeInt32(target, at, smallInteger(text, start, end));
    return 4;
  },
  bigint: (text, start, end, target, at) => {
    writeInt64Text(text, start, end, target, at);
    return 8;
  },
  numeric: encodeNumeric,
  real: (text, start, end, target, at) => {
    target.writeFloatBE(readReal(text, start, end), at);
    return 4;
  },
  double: (text, start, end, target, at) => {
    target.writeDoubleBE(readDouble(text, start, end), at);
    return 8;
  },
  date: (text, start, end, target, at) => {
    const days = readDays(text, start, end);
    writeInt32(target, at, Number.isFinite(days) ? days : days > 0 ? INT32_MAX : -INT32_MAX - 1);
    return 4;
  },
  time: (text, start, end, target, at) => {
    writeInt64(target, at, readSecondsOfDay(text, start), 1_000_000, readFraction(text, start + 8, end));
    return 8;
  },
  timestamp,
  timestamptz: timestamp,
  uuid: (text, start, end, target, at) => {
    let out = at;
    for (let i = start; i < end; i += 2) {
      if (text[i] === MINUS) i++;
      target[out++] = (hexValue(text[i]!) << 4) | hexValue(text[i + 1]!);
    }
    return 16;
  },
  bytea: (text, start, end, target, at) => {
    let out = at;
    for (let i = start + 2; i < end; i += 2) target[out++] = (hexValue(text[i]!) << 4) | hexValue(text[i + 1]!);
    return out - at;
  },
};
