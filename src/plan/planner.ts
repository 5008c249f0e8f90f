import type { ColumnModel, TableModel } from '../config/model.js';
import type { Catalogue, CatalogueEntry } from '../engine/engine.js';
import type { ScanSpec } from '../scan/scan.js';
import { readAggregate } from './aggregate-plan.js';
import type { Condition } from './conditions.js';
import { columnsNamed, readConditions } from './conditions.js';
import type { OutputSettings } from './constants.js';
import { standInRow, takesSubquery } from './counting.js';
import { addDependencies } from './dependent-scans.js';
import { type Evaluate, Evaluations } from './evaluation.js';
import { compileExpressions } from './expression-predicate.js';
import type { ParameterNumber, RowWindow } from './limit-window.js';
import { limitWindow, skipLimits } from './limit-window.js';
import type { PlanNode, ScanNode } from './plan-tree.js';
import { collectScans, readPlan, subplanExpressions, unquotedName } from './plan-tree.js';
import { compilePredicate, type RowPredicate } from './predicate.js';
import { pushDownFilters } from './push-down.js';
import { enoughRows, type RowNeeds, readSort } from './row-needs.js';
import type { Statement } from './statement.js';
import type { PlannedScan, StatementPlan, StreamPlan } from './statement-plan.js';
import { type ReadOutput, readOutput } from './stream-output.js';
import type { Resolve, ScanReference, StatementTemplate } from './template.js';
import { buildTemplate, renderTemplate } from './template.js';

/**
 * What the engine's planner is asked for: its best plan; with `nestedLoops` one that looks tables up in one another where
 * it can; with `sorted` one that sorts where an index would give the order.
 */
export type PlanKind = 'best' | 'nestedLoops' | 'sorted';

/** What planning needs from the session. */
export interface PlanContext {
  readonly catalogue: Catalogue;
  readonly resolve: Resolve;
  /** Called after `explain`. */
  readonly settings: () => OutputSettings;
  readonly parameterNumber: ParameterNumber;
  /** Names of enough plan tables for the n-th reference to each table. */
  readonly planTables: (entry: CatalogueEntry, count: number) => Promise<readonly string[]>;
  /**
   * Runs `EXPLAIN (VERBOSE, FORMAT JSON)` of the text (bytes as characters) with the client's parameters.
   */
  readonly explain: (byteText: string, how: PlanKind) => Promise<string>;
  readonly evaluate: Evaluate;
}

/**
 * Plans bytes `[start, end)` of a statement: asks the engine for its plan over plan tables and reads the scans off it.
 * Without scans there is nothing to take over.
 */
export async function planStatement(
  statement: Statement,
  range: { readonly start: number; readonly end: number },
  context: PlanContext,
): Promise<StatementPlan> {
  const template = buildTemplate(statement, range, context.resolve, context.catalogue);
  if (template.scans.length === 0) return { template, scans: [], stream: null };
  const planTables = await choosePlanTables(template, context);
  const text = renderTemplate(template, planTables).text;
  const best = readPlan(await context.explain(text, 'best'));
  const root = hidesSort(best, template) ? readPlan(await context.explain(text, 'sorted')) : best;
  const settings = context.settings();
  const nodes = collectScans(root);
  const shape = readShape(root, statement, template, context.parameterNumber);
  const sources = template.scans.map((reference, index): ScanSource => {
    const columns = new Map(reference.entry.table!.columns.map((column) => [column.name, column]));
    return {
      reference,
      planTable: planTables[index]!,
      columns,
      nodes: nodes.get(unquotedName(planTables[index]!)) ?? [],
    };
  });
  const evaluations = new Evaluations();
  for (const source of sources) evaluations.want(source.nodes.flatMap(conditionsOf), source.columns);
  await evaluations.run(context.evaluate);
  const independent = sources.map((source, index) => {
    const scan = planScan(source, evaluations, shape, settings);
    return scan.standIn === null || takesSubquery(template, index) ? scan : { ...scan, standIn: null };
  });
  const scans = await addDependencies(
    independent,
    async () => ({ root: readPlan(await context.explain(text, 'nestedLoops')), byteText: text }),
    settings,
  );
  const stream = statement.isPlainSelect ? planStream(scans, sources, evaluations, shape, settings) : null;
  return { template, scans, stream };
}

async function choosePlanTables(template: StatementTemplate, context: PlanContext): Promise<string[]> {
  const counts = new Map<CatalogueEntry, number>();
  for (const { entry, ordinal } of template.scans) counts.set(entry, Math.max(counts.get(entry) ?? 0, ordinal + 1));
  const tables = new Map<CatalogueEntry, readonly string[]>();
  for (const [entry, count] of counts) tables.set(entry, await context.planTables(entry, count));
  return template.scans.map(({ entry, ordinal }) => tables.get(entry)![ordinal]!);
}

/** What the top of the plan says about a statement that is nothing but one scan. */
interface Shape {
  readonly root: PlanNode;
  /** The scan below the Limit nodes, in the API's own order; null: there is more to the plan. */
  readonly scanNode: PlanNode | null;
  readonly window: RowWindow | null;
  /** Which rows of the one scan are taken, also in an order; null: there is more to the plan. */
  readonly needs: RowNeeds | null;
  /** The expressions in the plan's subplans. */
  readonly subplans: readonly string[];
}

const ORDERED_SCANS = new Set(['Index Scan', 'Index Only Scan']);
const UNORDERED_SCANS = new Set(['Seq Scan', 'Bitmap Heap Scan']);

/** Whether an index of the plan table stands in for a sort that the API could make. */
function hidesSort(root: PlanNode, { scans }: StatementTemplate): boolean {
  const { node, limitNodes } = skipLimits(root);
  const canSort = scans.length === 1 && scans[0]!.entry.table?.orderBy != null;
  return canSort && limitNodes > 0 && ORDERED_SCANS.has(node['Node Type']);
}

function readShape(
  root: PlanNode,
  statement: Statement,
  template: StatementTemplate,
  parameterNumber: ParameterNumber,
): Shape {
  const top = skipLimits(root);
  const { limitNodes } = top;
  const sort = limitNodes > 0 ? readSort(top.node) : null;
  const node = sort?.input ?? top.node;
  // An index of the plan table can stand in for a Sort that the API's order would need. A Sort that a constant makes
  // needless still leaves its column among the outputs, behind those of the statement.
  const isOrdered = template.parts.some((part) => 'text' in part && /\border\b/i.test(part.text));
  // Below a Sort the order of the scan is of no matter.
  const isOneScan = isSingleScan(node) && (sort !== null || !isOrdered) && template.scans.length === 1;
  const window = limitWindow(statement, limitNodes, parameterNumber);
  return {
    root,
    scanNode: isOneScan && sort === null ? node : null,
    needs: isOneScan && window !== null ? { window, sortKeys: sort?.keys ?? [] } : null,
    window,
    subplans: subplanExpressions(root),
  };
}

/** A reference to a virtual table, and where the plan reads it. */
interface ScanSource {
  readonly reference: ScanReference;
  readonly planTable: string;
  readonly columns: ReadonlyMap<string, ColumnModel>;
  readonly nodes: readonly ScanNode[];
}

function planScan(source: ScanSource, evaluations: Evaluations, shape: Shape, settings: OutputSettings): PlannedScan {
  const { reference, planTable, nodes } = source;
  const table = reference.entry.table!;
  if (nodes.length === 0) {
    const unread = { spec: null, pushed: [], dependencies: [], standIn: null, conditions: [], residual: [] };
    return { reference, planTable, ...unread };
  }
  const conditions = evaluations.resolve(commonConditions(nodes), source.columns);
  const pushed = pushDownFilters(table, conditions, settings);
  const hasConditions = nodes.some((node) => node.conditions.length > 0);
  const end = shape.scanNode !== null && !hasConditions ? shape.window?.end : undefined;
  const spec: ScanSpec = {
    table,
    columns: neededColumns(table, nodes, shape.subplans),
    filters: pushed,
    limit: end === undefined || end === Number.POSITIVE_INFINITY ? null : end,
  };
  const isLimited = spec.limit !== null || shape.needs === null || nodes.length !== 1;
  const all = nodes.length !== 1 ? [] : evaluations.resolve(distinctConditions(nodes[0]!), source.columns);
  const enough = isLimited ? undefined : enoughRows(spec, shape.needs, all, pushed, nodes[0]!.alias, settings);
  const residual = [...new Set(nodes.flatMap((node) => node.printed))];
  const wanted: ScanSpec = enough === undefined ? spec : { ...spec, enough };
  const standIn = nodes.length === 1 ? standInRow(shape.root, nodes[0]!, spec, all, pushed) : null;
  return { reference, planTable, spec: wanted, pushed, dependencies: [], standIn, conditions, residual };
}

/**
 * The conditions that every reading of the table applies. The planner may read one table in several places
 * (`min(x), max(x)` become two index look-ups); only what holds for all of them may narrow the scan.
 */
function commonConditions(nodes: readonly ScanNode[]): Condition[] {
  // TABLESAMPLE chooses among all rows of the table, not among those that a filter leaves.
  if (nodes.some((node) => node.nodeType === 'Sample Scan')) return [];
  const lists = nodes.map(conditionsOf);
  const [first = [], ...others] = lists;
  const keys = others.map((list) => new Set(list.map((condition) => JSON.stringify(condition))));
  return first.filter((condition) => keys.every((set) => set.has(JSON.stringify(condition))));
}

/** A bitmap scan shows its conditions twice. */
function distinctConditions(node: ScanNode): Condition[] {
  return [...new Map(conditionsOf(node).map((condition) => [JSON.stringify(condition), condition])).values()];
}

function conditionsOf(node: ScanNode): Condition[] {
  return node.conditions.flatMap((text) => readConditions(text, node.alias));
}

/** Columns that any reading of the table puts out or checks, or a subplan names, in the table's order. */
function neededColumns(table: TableModel, nodes: readonly ScanNode[], subplans: readonly string[]): string[] {
  const names = new Set<string>();
  for (const node of nodes) {
    for (const text of [...node.output, ...node.conditions, ...subplans]) {
      for (const name of columnsNamed(text, node.alias)) names.add(name);
    }
  }
  const all = table.columns.map((column) => column.name);
  const needed = names.has('*') ? all : all.filter((name) => names.has(name));
  // Rows without cells are loaded with a NULL in some column, and there must be one that may have it.
  const isNullable = ({ name, notNull }: ColumnModel): boolean => !notNull && !table.primaryKey.includes(name);
  return needed.length === 0 && !table.columns.some(isNullable) ? all.slice(0, 1) : needed;
}

function planStream(
  scans: readonly PlannedScan[],
  sources: readonly ScanSource[],
  evaluations: Evaluations,
  shape: Shape,
  settings: OutputSettings,
): StreamPlan | null {
  const spec = scans[0]?.spec;
  if (shape.window === null || scans.length !== 1 || spec === null || spec === undefined) return null;
  const { nodes, columns } = sources[0]!;
  const [node] = nodes;
  if (node === undefined || nodes.length > 1) return null;
  // Rows that the API counts need not be read at all.
  const isCounted = scans[0]!.standIn !== null;
  if (shape.scanNode === null) return isCounted ? null : planAggregate(spec, sources[0]!, evaluations, shape, settings);
  const read = (shape.root.Output ?? []).map((text) => readOutput(text, node.alias, columns, settings));
  if (read.includes(null)) return null;
  const outputs = read as ReadOutput[];
  const order = [
    ...new Set([...outputs.flatMap((output) => (output.type === 'column' ? output.column : [])), ...spec.columns]),
  ];
  const cellOf = (name: string): number => order.indexOf(name);
  const predicate = compileConditions(sources[0]!, evaluations, cellOf, settings);
  if (predicate === null) return null;
  return {
    spec: {
      ...spec,
      columns: order,
      ...(spec.enough === undefined ? {} : { enough: { ...spec.enough, counts: predicate } }),
    },
    outputs: outputs.map((output) =>
      output.type === 'column' ? { type: 'cell', cell: cellOf(output.column), as: output.as } : output,
    ),
    predicate: node.conditions.length === 0 ? null : predicate,
    window: shape.window,
    aggregate: null,
  };
}

/** A statement that only aggregates the rows of one scan. */
function planAggregate(
  spec: ScanSpec,
  source: ScanSource,
  evaluations: Evaluations,
  shape: Shape,
  settings: OutputSettings,
): StreamPlan | null {
  const { node } = skipLimits(shape.root);
  const input = node.Plans?.length === 1 ? node.Plans[0]! : null;
  const scan = source.nodes[0]!;
  if (input === null || !isSingleScan(input)) return null;
  const aggregate = readAggregate(node, scan.alias, source.columns);
  if (aggregate === null) return null;
  const order = [...new Set([...aggregate.columns, ...spec.columns])];
  const cellOf = (name: string): number => order.indexOf(name);
  const predicate = compileConditions(source, evaluations, cellOf, settings);
  if (predicate === null) return null;
  const { aggregation, outputs } = aggregate.bind(cellOf);
  return {
    spec: { ...spec, columns: order },
    outputs: [],
    predicate: scan.conditions.length === 0 ? null : predicate,
    window: { start: 0, end: Number.POSITIVE_INFINITY },
    aggregate: { ...aggregation, outputs, window: shape.window! },
  };
}

/** The conditions of a scan that is read in one place; null: the engine has to check them. */
function compileConditions(
  { nodes, columns }: ScanSource,
  evaluations: Evaluations,
  cellOf: (column: string) => number,
  settings: OutputSettings,
): RowPredicate | null {
  const node = nodes[0]!;
  const conditions = evaluations.resolve(conditionsOf(node), columns);
  return (
    compilePredicate(conditions, columns, cellOf, settings) ??
    compileExpressions(node.conditions, { alias: node.alias, columns, cellOf, settings })
  );
}

/** Whether a node reads a table and nothing stands below it but the index look-ups that it reads by. */
function isSingleScan(node: PlanNode): boolean {
  const type = node['Node Type'];
  const isScan = UNORDERED_SCANS.has(type) || ORDERED_SCANS.has(type);
  return isScan && (node.Plans ?? []).every((child) => child['Node Type'] === 'Bitmap Index Scan');
}
