import type { OutputSettings } from './constants.js';
import { addDependencies } from './dependent-scans.js';
import { type Evaluate, Evaluations } from './evaluation.js';
import { groupsByKey } from './grouped-key.js';
import { computesQueries, withInlinedQueries } from './inlined-queries.js';
import type { ParameterNumber } from './limit-window.js';
import type { PlanDraft } from './plan-draft.js';
import { hidesSort, readShape } from './plan-shape.js';
import { collectScans, readPlan, unquotedName } from './plan-tree.js';
import { planScan } from './scan-plan.js';
import { conditionsOf, type ScanSource } from './scan-source.js';
import { shareScans } from './shared-scans.js';
import type { Statement } from './statement.js';
import type { StatementPlan } from './statement-plan.js';
import { planStream } from './stream-plan.js';
import { takesSubqueries, takesSubquery } from './subquery-places.js';

/**
 * What the engine's planner is asked for: its best plan; with `nestedLoops` one that looks tables up in one another where
 * it can; with `sorted` one that sorts where an index would give the order.
 */
export type PlanKind = 'best' | 'nestedLoops' | 'sorted';

/** What planning needs from the session. */
export interface PlanContext {
  readonly settings: OutputSettings;
  readonly parameterNumber: ParameterNumber;
  /** Runs EXPLAIN of the draft's text, or of another one with the same parameters, VERBOSE and in JSON, with the client's parameters. */
  readonly explain: (how: PlanKind, byteText?: string) => Promise<string>;
  readonly evaluate: Evaluate;
}

/** Asks the engine for its plan of a statement over plan tables, of which there is at least one, and reads the scans off it. */
export async function planStatement(
  statement: Statement,
  { template, planTables, text }: PlanDraft,
  context: PlanContext,
): Promise<StatementPlan> {
  const { settings } = context;
  const best = readPlan(await context.explain('best'));
  const root = hidesSort(best, template) ? readPlan(await context.explain('sorted')) : best;
  const nodes = collectScans(root);
  const inlined = computesQueries(root) ? withInlinedQueries(text) : null;
  const inlinedNodes = inlined === null ? nodes : collectScans(readPlan(await context.explain('best', inlined)));
  const shape = readShape(root, statement, template, context.parameterNumber);
  const sources = template.scans.map((reference, index): ScanSource => {
    const columns = new Map(reference.entry.table!.columns.map((column) => [column.name, column]));
    const planTable = planTables[index]!;
    const name = unquotedName(planTable);
    const own = nodes.get(name) ?? [];
    return { reference, planTable, columns, nodes: own, narrowest: inlinedNodes.get(name) ?? own };
  });
  const evaluations = new Evaluations();
  for (const { nodes: own, narrowest, columns } of sources) {
    evaluations.want([...new Set([...own, ...narrowest])].flatMap(conditionsOf), columns);
  }
  await evaluations.run(context.evaluate);
  const independent = sources.map((source, index) => {
    const scan = planScan(source, evaluations, shape, settings);
    const standIn = takesSubquery(template, index) ? scan.standIn : null;
    return { ...scan, standIn, withPrimaryKey: scan.spec !== null && groupsByKey(template, scan.spec) };
  });
  const { parameterNumber } = context;
  const explainNestedLoops = async () => {
    const byteText = inlined ?? text;
    return { root: readPlan(await context.explain('nestedLoops', byteText)), byteText, parameterNumber };
  };
  const scans = shareScans(await addDependencies(independent, explainNestedLoops, settings, context.evaluate));
  const stream = statement.isPlainSelect ? planStream(scans, sources, evaluations, shape, settings) : null;
  return { template, scans, stream, takesSubqueries: takesSubqueries(template) };
}
