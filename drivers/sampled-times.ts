import type { ColumnModel, TableModel } from '../src/config/model.js';
import type { Coercer } from '../src/core/coerce/contract.js';
import { invalidDatetime } from '../src/core/coerce/failure.js';

/** As long as a time with minutes; behind it stand seconds or a zone, and no hyphen of a date. */
const SHORTEST_WITH_ZONE = 16;
const ZONE = /\d(?:z|[+-]\d{1,2}(?::?\d{2}){0,2}|\s+(?![ap]\.?m|bc)\S+)\s*$/i;

/** What a column's type, which a sample told, would silently drop of a value: a date the time, a timestamp the zone. */
export type DroppedPart = 'time' | 'zone' | null;

/**
 * PostgreSQL's date takes the date of a longer text, and its timestamp ignores a zone. Who declares the type asks for that; a
 * type from a sample only means that the sample had nothing else.
 */
export function droppedPart(table: Pick<TableModel, 'inference'>, { name, type }: ColumnModel): DroppedPart {
  if (table.inference?.columns.has(name) !== true) return null;
  return type.scalar === 'date' ? 'time' : type.scalar === 'timestamp' ? 'zone' : null;
}

/** The coercer, but that a value with more than its type holds is 22007. */
export function keepingAll(coercer: Coercer, part: Exclude<DroppedPart, null>): Coercer {
  const typeName = part === 'time' ? 'date' : 'timestamp';
  const hasMore = (text: string): boolean =>
    part === 'time' ? text.trim().length > 10 : text.length > SHORTEST_WITH_ZONE && ZONE.test(text.slice(11));
  return {
    ...coercer,
    fromString: (text) => {
      const cell = coercer.fromString(text);
      if (cell !== null && hasMore(text)) throw invalidDatetime(typeName, text);
      return cell;
    },
    writeString: (source, start, end, target, at) => {
      const size = end - start;
      if (part === 'time' ? size > 10 : size > SHORTEST_WITH_ZONE && mayEndInZone(source, end)) return -1;
      return coercer.writeString(source, start, end, target, at);
    },
  };
}

function mayEndInZone(source: Uint8Array, end: number): boolean {
  const last = source[end - 1]!;
  if (last < 0x30 || last > 0x39) return true;
  for (let i = end - 6; i < end; i++) if (source[i] === 0x2b || source[i] === 0x2d) return true;
  return false;
}
