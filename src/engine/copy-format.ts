import type { ScalarName, SqlType } from '../core/sql-type.js';
import { CopyBinaryEncoder } from './copy-binary.js';
import type { CopyEncoder } from './copy-frame.js';
import { CopyTextEncoder } from './copy-text.js';

/**
 * Nanoseconds of processor time that the binary format saves per cell, in the gateway and the engine together, as `npm run bench --
 * loading` measures them: what the engine need not parse, less what the gateway spends on encoding.
 */
const SAVED_NS: Readonly<Record<ScalarName, number>> = {
  text: 40,
  varchar: 40,
  boolean: 20,
  smallint: -5,
  integer: 5,
  bigint: 10,
  numeric: 5,
  real: 10,
  double: 30,
  date: 170,
  time: 70,
  timestamp: 200,
  timestamptz: 200,
  uuid: 180,
  json: 130,
  jsonb: 60,
  bytea: 150,
};
/** Its binary form is put together element by element. */
const SAVED_BY_ARRAY_NS = -100;

/** The encoder for columns of these types that takes the least time. */
export function newCopyEncoder(types: readonly SqlType[]): CopyEncoder {
  const savedNs = types.reduce((sum, type) => sum + (type.isArray ? SAVED_BY_ARRAY_NS : SAVED_NS[type.scalar]), 0);
  return savedNs > 0 ? new CopyBinaryEncoder(types) : new CopyTextEncoder();
}
