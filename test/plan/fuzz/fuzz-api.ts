import { crc32 } from 'node:zlib';
import {
  type ApiHandler,
  type RecordedRequest,
  type ScriptedResponse,
  startApi,
  type TestApi,
} from '../../support/api-server.js';
import type { Cell, FuzzColumn, FuzzTable, Row, World } from './world.js';

type Condition = (row: Row) => boolean;

/** An API over the rows of all worlds, which filters, sorts, limits and pages as each table declares it. */
export function startFuzzApi(worlds: readonly World[]): Promise<TestApi> {
  return startApi(handlerOf(worlds));
}

function handlerOf(worlds: readonly World[]): ApiHandler {
  return (request) => {
    const [, dsn, name, ...rest] = request.path.split('/');
    const world = worlds.find((candidate) => candidate.name === dsn);
    const table = world?.tables.find((candidate) => candidate.name === name);
    if (world === undefined || table === undefined) return { status: 404, body: { error: 'no such table' } };
    if (rest[0] === 'lookup') {
      const row = table.rows.find((candidate) => String(candidate.id) === rest[1]);
      return row === undefined ? { status: 404, body: { error: 'no such row' } } : { body: row };
    }
    return answer(world, table, request, rest[0] ?? null);
  };
}

function answer(world: World, table: FuzzTable, request: RecordedRequest, inPath: string | null): ScriptedResponse {
  const missing = table.filters.find(
    (filter) => filter.isRequired && !filter.isInPath && !request.query.has(filter.parameter),
  );
  if (missing !== undefined) return { status: 400, body: { error: `"${missing.column}" is required` } };
  const conditions = [...pathConditions(table, inPath), ...queryConditions(world, table, request.query)];
  const rows = table.rows.filter((row) => conditions.every((holds) => holds(row)));
  const sorted = sortRows(table, rows, request.query.get('sort'));
  const fields = request.query.get('fields')?.split(',') ?? null;
  const hidden = table.filters.find((filter) => filter.isInPath)?.column;
  const shown = sorted.map((row) =>
    Object.fromEntries(
      Object.entries(row).filter(([column]) => column !== hidden && (fields === null || fields.includes(column))),
    ),
  );
  return page(table, shown, request.query, rows.length);
}

function pathConditions(table: FuzzTable, inPath: string | null): Condition[] {
  const filter = table.filters.find((candidate) => candidate.isInPath);
  if (filter === undefined) return [];
  const column = table.columns.find((candidate) => candidate.name === filter.column)!;
  return [compare(column, '=', decodeURIComponent(inPath ?? ''))];
}

function queryConditions({ mode }: World, table: FuzzTable, query: URLSearchParams): Condition[] {
  const conditions: Condition[] = [];
  const isIgnored = (text: string): boolean => mode === 'ignores' || (mode === 'overfetches' && crc32(text) % 2 === 0);
  const parameters = new Set(table.filters.filter((filter) => !filter.isInPath).map((filter) => filter.parameter));
  for (const parameter of parameters) {
    const text = query.get(parameter);
    if (text === null || isIgnored(`${parameter}=${text}`)) continue;
    const filter = table.filters.find((candidate) => candidate.parameter === parameter)!;
    if (filter.operator === null) {
      for (const condition of readExpression(table, text))
        if (!isIgnored(condition.text)) conditions.push(condition.holds);
      continue;
    }
    const column = table.columns.find((candidate) => candidate.name === filter.column)!;
    if (filter.operator === 'in') conditions.push(anyOf(column, text.split('|').map(filter.decode)));
    else conditions.push(compare(column, filter.operator, filter.decode(text)));
  }
  return conditions;
}

const EXPRESSION = /(\w+) (=|<>|<=|>=|<|>|in|like|ilike|is null|is not null) ((?:'(?:[^']|'')*',?)+)(?: and |$)/g;

/** `k >= '3' and s in 'a','b'`. */
function readExpression(table: FuzzTable, text: string): { text: string; holds: Condition }[] {
  const parts = [...text.matchAll(EXPRESSION)];
  if (parts.map(([all]) => all).join('') !== text) throw new Error(`the API cannot read ${text}`);
  return parts.map(([all, name, operator, list]) => {
    const column = table.columns.find((candidate) => candidate.name === name)!;
    const values = [...list!.matchAll(/'((?:[^']|'')*)'/g)].map(([, value]) => value!.replaceAll("''", "'"));
    if (operator === 'is null') return { text: all, holds: (row) => row[column.name] === null };
    if (operator === 'is not null') return { text: all, holds: (row) => row[column.name] !== null };
    if (operator === 'in') return { text: all, holds: anyOf(column, values) };
    if (operator === 'like' || operator === 'ilike')
      return { text: all, holds: like(column, values[0]!, operator === 'ilike') };
    return { text: all, holds: compare(column, operator!, values[0]!) };
  });
}

function anyOf(column: FuzzColumn, values: readonly string[]): Condition {
  const conditions = values.map((value) => compare(column, '=', value));
  return (row) => conditions.some((holds) => holds(row));
}

function like(column: FuzzColumn, pattern: string, ignoresCase: boolean): Condition {
  const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
  const source = pattern.replace(/\\?./gs, (mark) => {
    if (mark === '%') return '.*';
    return mark === '_' ? '.' : literal(mark.startsWith('\\') ? mark.slice(1) : mark);
  });
  const expression = new RegExp(`^${source}$`, ignoresCase ? 'isu' : 'su');
  return (row) => row[column.name] !== null && expression.test(String(row[column.name]));
}

function compare(column: FuzzColumn, operator: string, text: string): Condition {
  const wanted = comparable(column, column.type === 'bool' ? text === 'true' : text);
  return (row) => {
    const value = row[column.name]!;
    if (value === null) return false;
    const order = orderOf(comparable(column, value), wanted);
    if (operator === '=') return order === 0;
    if (operator === '<>') return order !== 0;
    if (operator.startsWith('<')) return operator === '<=' ? order <= 0 : order < 0;
    return operator === '>=' ? order >= 0 : order > 0;
  };
}

function comparable({ type }: FuzzColumn, value: Exclude<Cell, null>): string | number {
  if (type === 'int' || type === 'num' || type === 'dbl' || type === 'bool') return Number(value);
  return type === 'ts' ? new Date(String(value)).getTime() : String(value);
}

function orderOf(a: string | number, b: string | number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** `day:desc,id:asc`. */
function sortRows(table: FuzzTable, rows: readonly Row[], text: string | null): readonly Row[] {
  if (text === null) return rows;
  const keys = text.split(',').map((key) => key.split(':') as [string, string]);
  const sorted = [...rows];
  sorted.sort((a, b) => {
    for (const [name, direction] of keys) {
      const column = table.columns.find((candidate) => candidate.name === name)!;
      const [x, y] = [a[name]!, b[name]!];
      if (x === null || y === null) {
        if (x === y) continue;
        return (x === null) === table.orderBy!.nullsFirst ? -1 : 1;
      }
      const order = orderOf(comparable(column, x), comparable(column, y));
      if (order !== 0) return direction === 'desc' ? -order : order;
    }
    return 0;
  });
  return sorted;
}

function page(table: FuzzTable, rows: readonly object[], query: URLSearchParams, total: number): ScriptedResponse {
  const number = (name: string): number | null => (query.has(name) ? Number(query.get(name)) : null);
  const size = Math.min(number('size') ?? Number.POSITIVE_INFINITY, number('limit') ?? Number.POSITIVE_INFINITY);
  const start =
    table.paging === 'page'
      ? ((number('page') ?? 1) - 1) * size
      : table.paging === 'offset'
        ? number('offset')!
        : table.paging === 'cursor'
          ? (number('cursor') ?? 0)
          : 0;
  const end = start + size;
  const next = table.paging === 'cursor' && end < rows.length ? end : null;
  return { body: { total, next, rows: rows.slice(Number.isNaN(start) ? 0 : start, end) } };
}
