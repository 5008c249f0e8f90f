import type { ColumnModel, TableModel } from '../config/model.js';
import type { ScanSpec } from '../scan/scan.js';
import { columnsNamed } from './conditions.js';
import type { OutputSettings } from './constants.js';
import { standInRow } from './counting.js';
import type { Evaluations } from './evaluation.js';
import type { PlanShape } from './plan-shape.js';
import type { ScanNode } from './plan-tree.js';
import { pushDownFilters } from './push-down.js';
import { enoughRows } from './row-needs.js';
import { commonConditions, distinctConditions, type ScanSource } from './scan-source.js';
import type { PlannedScan } from './statement-plan.js';

/** What is decided when all scans are known. */
const UNSHARED = { dependencies: [], sharesWith: null, withPrimaryKey: false } as const;

/** What is asked of a table's API for one reference to it, as far as that does not depend on other scans. */
export function planScan(
  source: ScanSource,
  evaluations: Evaluations,
  shape: PlanShape,
  settings: OutputSettings,
): PlannedScan {
  const { reference, planTable, nodes, narrowest } = source;
  const table = reference.entry.table!;
  if (nodes.length === 0) {
    const unread = { spec: null, pushed: [], standIn: null, lookUps: [], conditions: [], residual: [] };
    return { reference, planTable, ...UNSHARED, ...unread };
  }
  const conditions = evaluations.resolve(commonConditions(narrowest), source.columns);
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
  const isCounted = nodes.length === 1 && narrowest === nodes;
  const standIn = isCounted ? standInRow(shape.root, nodes[0]!, spec, all, pushed) : null;
  const lookUps = nodes.map(({ alias }) => shape.lookUps.get(alias) ?? []).find((names) => names.length > 0) ?? [];
  return { reference, planTable, ...UNSHARED, spec: wanted, pushed, standIn, lookUps, conditions, residual };
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
