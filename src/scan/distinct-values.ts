import type { ColumnModel } from '../config/model.js';

/** A text that is equal for equal values of the type: `1.0` and `1.00` are one numeric. */
export function comparableText(text: string, column: ColumnModel): string {
  if (column.type.isArray) return text;
  const { scalar } = column.type;
  if (scalar === 'numeric') {
    const trimmed = text.includes('.') ? text.replace(/0+$/, '').replace(/\.$/, '') : text;
    return trimmed === '-0' ? '0' : trimmed;
  }
  return (scalar === 'real' || scalar === 'double') && text === '-0' ? '0' : text;
}

/** The values without repetitions, the first spelling of each kept. */
export function distinctValues(values: readonly string[], column: ColumnModel): readonly string[] {
  const byText = new Map<string, string>();
  for (const value of values) {
    const key = comparableText(value, column);
    if (!byText.has(key)) byText.set(key, value);
  }
  return [...byText.values()];
}

/** The values in groups of at most `size`. */
export function chunkValues(values: readonly string[], size: number): readonly (readonly string[])[] {
  const chunks: (readonly string[])[] = [];
  for (let at = 0; at < values.length; at += size) chunks.push(values.slice(at, at + size));
  return chunks;
}
