import type { TableModel } from '../config/model.js';
import { sqlTypeText } from '../core/sql-type.js';

/** Most characters of a line. */
const WIDTH = 100;

/** The columns that a sample told with their types, `id bigint, total numeric`, in lines of a terminal's width. */
export function inferredColumnTypes({ columns, inference }: TableModel): readonly string[] {
  const lines: string[] = [];
  for (const { name, type } of columns) {
    if (inference?.columns.has(name) !== true) continue;
    const text = `${name} ${sqlTypeText(type)}`;
    const last = lines.at(-1);
    if (last === undefined || last.length + text.length + 2 > WIDTH) lines.push(text);
    else lines[lines.length - 1] = `${last}, ${text}`;
  }
  return lines;
}
