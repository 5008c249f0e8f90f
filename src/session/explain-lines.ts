import { whyNotPushed } from '../plan/not-pushed.js';
import { filterText } from '../plan/push-down.js';
import type { PlannedScan, StatementPlan } from '../plan/statement-plan.js';
import type { Scanner } from '../scan/scan.js';
import type { ScanEntry } from '../scan/scan-log.js';
import type { Frame } from '../wire/frames.js';
import { readDataRow } from '../wire/messages.js';
import { backend } from '../wire/write.js';
import type { ClientText } from './client-text.js';
import type { FrameTransform } from './engine-run.js';
import { type StatementScans, sumOf } from './statement-scans.js';

/**
 * What EXPLAIN shows besides PostgreSQL's own plan: each scan's request, what was pushed down, what is still checked.
 * @param kept per scan, what kept rows have to do with it
 * @param scans those that EXPLAIN ANALYZE has made; null: none were
 */
export function explainLines(
  plan: StatementPlan,
  streams: boolean,
  scanner: Scanner,
  kept: readonly (string | null)[],
  scans: StatementScans | null,
): string[] {
  const way = streams
    ? plan.stream?.aggregate != null
      ? 'rows are aggregated as they come from the API'
      : 'rows stream from the API to the client'
    : 'rows are fetched into the engine, which computes the result';
  const lines = plan.scans.flatMap((scan, index) => {
    const facts = scanLines(index, plan, scanner, kept[index] ?? null);
    const isMade = scan.spec !== null && scan.sharesWith === null;
    return scans === null || !isMade ? facts : [...facts, `    ${costLine(scans.madeFor(index))}`];
  });
  return [`Tidegate: ${way}`, ...lines];
}

/** What EXPLAIN ANALYZE says of the scans that were made for one of the plan's. */
function costLine(made: readonly ScanEntry[]): string {
  if (made.length === 0) return 'Actual: no request, a value it depends on has no rows';
  const { requests, pages, rows, bytes, retries, waitMs, cacheHits } = sumOf(made.map((entry) => entry.statistics));
  const ms = Math.max(...made.map((entry) => entry.durationMs ?? 0));
  const facts = [counted(requests, 'request'), counted(pages, 'page'), counted(rows, 'row'), counted(bytes, 'byte')];
  if (retries > 0) facts.push(counted(retries, 'retry', 'retries'));
  if (waitMs > 0) facts.push(`waited ${waitMs} ms`);
  if (cacheHits > 0) facts.push(counted(cacheHits, 'cache hit'));
  return `Actual: ${[...facts, `${ms} ms`].join(', ')}`;
}

function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

function scanLines(index: number, plan: StatementPlan, scanner: Scanner, kept: string | null): string[] {
  const scan = plan.scans[index]!;
  const { spec, sharesWith } = scan;
  // Scans that others share have to be told apart.
  const number = plan.scans.some((other) => other.sharesWith !== null) ? ` ${index + 1}` : '';
  const title = `  Scan${number} of ${tableName(scan)}`;
  if (spec === null) return [`${title}: not needed, no request`];
  const facts = [
    ...(sharesWith === null ? scanner.describe(spec) : [`Rows: those of scan ${sharesWith + 1}, no request`]),
    ...(kept === null || sharesWith !== null ? [] : [`Cache: ${kept}`]),
    `Columns: ${spec.columns.length === 0 ? 'none' : spec.columns.join(', ')}`,
    `Pushed down: ${scan.pushed.length === 0 ? 'nothing' : scan.pushed.map(filterText).join(', ')}`,
    ...scan.dependencies
      .flat()
      .map(
        ({ column, source, sourceColumn }) =>
          `Depends on: ${column} takes the values of ${tableName(plan.scans[source]!)}.${sourceColumn}`,
      ),
    ...whyNotPushed(spec.table, scan.conditions, scan.pushed).map((reason) => `Not pushed down: ${reason}`),
    `Residual: ${scan.residual.length === 0 ? 'nothing' : scan.residual.join(' AND ')}`,
  ];
  return [title, ...facts.map((fact) => `    ${fact}`)];
}

function tableName(scan: PlannedScan): string {
  return `${scan.reference.entry.schema}.${scan.reference.entry.name}`;
}

const DATA_ROW = 'D'.charCodeAt(0);
const COMMAND_COMPLETE = 'C'.charCodeAt(0);

/**
 * Puts lines above EXPLAIN's text output, or below it, and the virtual tables' names in the place of the tables that were
 * read for them.
 */
export function explainTransform(
  lines: readonly string[],
  tables: ReadonlyMap<string, string>,
  place: 'above' | 'below',
  client: Pick<ClientText, 'encode'>,
): FrameTransform {
  // The engine has written its lines in the client's encoding: all work is done on bytes.
  const bytesOf = (text: string): string => client.encode(text).toString('latin1');
  const names = new Map([...tables].map(([shown, name]) => [bytesOf(shown), bytesOf(name)]));
  const pattern = tablePattern([...names.keys()]);
  const own = lines.map(bytesOf);
  let above = place === 'above' && own.length > 0 ? [...own, ''] : [];
  const below = place === 'below' && own.length > 0 ? ['', ...own] : [];
  return (frame: Frame) => {
    if (frame.type === COMMAND_COMPLETE) return Buffer.concat([...below.map(textRow), frame.bytes]);
    if (frame.type !== DATA_ROW) return frame.bytes;
    const [text = ''] = readDataRow(frame.bytes, 'latin1');
    const renamed = pattern === null ? text : (text ?? '').replace(pattern, (name) => names.get(name) ?? name);
    const first = above;
    above = [];
    return Buffer.concat([...first.map(textRow), textRow(renamed)]);
  };
}

function textRow(bytes: string | null): Buffer {
  return backend.dataRow([bytes === null ? null : Buffer.from(bytes, 'latin1')]);
}

function tablePattern(names: readonly string[]): RegExp | null {
  if (names.length === 0) return null;
  const longestFirst = [...names].sort((a, b) => b.length - a.length);
  return new RegExp(longestFirst.map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|'), 'g');
}

/** Names as EXPLAIN may print them (with and without schema and quotes) of tables that stand for virtual ones. */
export function tableNamesShown(sqlNames: readonly string[], scans: readonly PlannedScan[]): Map<string, string> {
  const shown = new Map<string, string>();
  for (const [index, sqlName] of sqlNames.entries()) {
    const { schema, name } = scans[index]!.reference.entry;
    const [tableSchema = '', table = ''] = splitQualified(sqlName);
    shown.set(`${tableSchema}.${table}`, `${schema}.${name}`);
    shown.set(table, name);
    // `Seq Scan on table alias`, where the alias is the virtual table's name because the client gave none
    shown.set(`${table} ${name}`, name);
    shown.set(`${tableSchema}.${table} ${name}`, `${schema}.${name}`);
  }
  return shown;
}

function splitQualified(sqlName: string): string[] {
  return (sqlName.match(/"(?:[^"]|"")*"|[^".]+/g) ?? []).map((part) => part.replace(/^"|"$/g, ''));
}
