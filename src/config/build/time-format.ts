import type { SqlType } from '../../core/sql-type.js';
import { didYouMean } from '../nearest.js';
import type { SourcePath } from '../source-tree.js';
import type { BuildContext } from './context.js';

const NAMED_FORMATS: readonly string[] = ['rfc3339', 'unix', 'unix_ms', 'rfc2822'];
const BYTEA_FORMATS: readonly string[] = ['base64', 'hex'];
const TIME_TYPES = new Set(['date', 'time', 'timestamp', 'timestamptz']);

/** Whether a type holds a date or time. */
export function isTimeType(type: SqlType): boolean {
  return TIME_TYPES.has(type.scalar);
}

/** Checks the `format` of a column: of bytea how its bytes are written, else as of a filter. */
export function checkFormat(format: string, type: SqlType, path: SourcePath, context: BuildContext): void {
  const { tree, problems } = context;
  if (isTimeType(type)) {
    checkTimeFormat(format, type, path, context);
    return;
  }
  if (type.scalar !== 'bytea') {
    const hint = 'Remove it, or change the type of the column.';
    problems.add(tree.at(path), 'only a date, a time or bytea has a "format"', hint);
    return;
  }
  if (BYTEA_FORMATS.includes(format)) return;
  const written = tree.written(path);
  problems.add(
    tree.at(path),
    `unknown format "${written}"${didYouMean(written, BYTEA_FORMATS)}`,
    `Use ${BYTEA_FORMATS.join(' or ')}, or leave it out for PostgreSQL's own forms.`,
  );
}

/** Checks the `format` of a column or filter: a known name, or a pattern that has at least one date or time field. */
export function checkTimeFormat(
  format: string,
  type: SqlType,
  path: SourcePath,
  { tree, problems }: BuildContext,
): void {
  if (!isTimeType(type)) {
    problems.add(tree.at(path), 'only a date or time has a "format"', 'Remove it, or change the type of the column.');
    return;
  }
  if (NAMED_FORMATS.includes(format)) return;
  // A name mistyped has no repeated pattern letters; `yyyyMMdd` and `HH:mm` have.
  if (/yy|MM?|dd|HH?|mm|ss/.test(format) && !/\d/.test(format)) return;
  const written = tree.written(path);
  problems.add(
    tree.at(path),
    `unknown format "${written}"${didYouMean(written, NAMED_FORMATS)}`,
    `Use one of ${NAMED_FORMATS.join(', ')}, or a pattern such as dd/MM/yyyy HH:mm.`,
  );
}
