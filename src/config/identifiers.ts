import type { SourceLocation } from './model.js';
import type { ProblemList } from './problem.js';

/** PostgreSQL cuts longer names without an error, so that two could become one. */
const MAX_BYTES = 63;
/** PostgreSQL's own columns of every table. */
const SYSTEM_COLUMNS = new Set(['ctid', 'tableoid', 'xmin', 'xmax', 'cmin', 'cmax']);

/** Checks a name that becomes an SQL identifier; what it names goes into the message. */
export function checkIdentifier(
  name: string,
  kind: 'DSN' | 'table' | 'view' | 'column' | 'user',
  at: SourceLocation,
  problems: ProblemList,
): void {
  const bytes = Buffer.byteLength(name);
  if (bytes > MAX_BYTES) {
    problems.add(at, `the name of ${kind} "${shorten(name)}" has ${bytes} bytes`, `Use at most ${MAX_BYTES} bytes.`);
  }
  if (/[\0-\x1f\x7f]/.test(name) || name.trim() === '') {
    problems.add(at, `the name of a ${kind} is empty or holds a control character`, 'Use letters, digits and "_".');
  }
  if (kind === 'column' && SYSTEM_COLUMNS.has(name)) {
    problems.add(
      at,
      `"${name}" cannot be a column's name`,
      'PostgreSQL has such a column in every table; rename it and set "field".',
    );
  }
  if (kind === 'DSN') checkSchemaName(name, at, problems);
  if (kind === 'user') checkUserName(name, at, problems);
}

function checkSchemaName(name: string, at: SourceLocation, problems: ProblemList): void {
  const folded = name.toLowerCase();
  const isReserved =
    folded === 'information_schema' || folded === 'public' || folded.startsWith('pg_') || folded.startsWith('tidegate');
  if (isReserved) {
    problems.add(
      at,
      `"${name}" cannot be a DSN's name`,
      'pg_*, information_schema, tidegate* and public are reserved.',
    );
  }
  if (name.includes('.')) problems.add(at, `the name of DSN "${shorten(name)}" holds a "."`, 'Use "_" instead.');
}

function checkUserName(name: string, at: SourceLocation, problems: ProblemList): void {
  const isReserved = name === 'public' || name === 'none' || name.startsWith('pg_') || name.startsWith('tidegate_');
  if (isReserved) {
    problems.add(at, `"${name}" cannot be a user's name`, 'pg_*, tidegate_*, public and none are reserved.');
  }
}

function shorten(name: string): string {
  return name.length > 70 ? `${name.slice(0, 70)}…` : name;
}
