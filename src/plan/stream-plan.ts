import type { ScanSpec } from '../scan/scan.js';
import { readAggregate } from './aggregate-plan.js';
import type { OutputSettings } from './constants.js';
import type { Evaluations } from './evaluation.js';
import { compileExpressions } from './expression-predicate.js';
import { skipLimits } from './limit-window.js';
import { isSingleScan, type PlanShape } from './plan-shape.js';
import { compilePredicate, type RowPredicate } from './predicate.js';
import { conditionsOf, type ScanSource } from './scan-source.js';
import type { PlannedScan, StreamPlan } from './statement-plan.js';
import { type ReadOutput, readOutput } from './stream-output.js';

/** The statement as a stream of one scan's rows, or an aggregate of them; null: the engine has more to do. */
export function planStream(
  scans: readonly PlannedScan[],
  sources: readonly ScanSource[],
  evaluations: Evaluations,
  shape: PlanShape,
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
  shape: PlanShape,
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
