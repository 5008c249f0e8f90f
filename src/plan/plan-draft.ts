import type { Catalogue, CatalogueEntry } from '../engine/engine.js';
import type { Statement } from './statement.js';
import { buildTemplate, type Resolve, renderTemplate, type StatementTemplate } from './template.js';

/** A statement as the engine is asked for its plan: with plan tables in the place of virtual ones. */
export interface PlanDraft {
  readonly template: StatementTemplate;
  /** Per scan of the template. */
  readonly planTables: readonly string[];
  /** Bytes as characters. */
  readonly text: string;
}

/** The template of what a statement queries: of the statement itself, or of the query in it. */
export function queryTemplate(statement: Statement, resolve: Resolve, catalogue: Catalogue): StatementTemplate {
  return buildTemplate(statement, statement.inner ?? statement, resolve, catalogue);
}

/** Null: a table is named more often than it has plan tables yet. */
export function draftWithKnownTables(template: StatementTemplate): PlanDraft | null {
  const planTables = template.scans.map(({ entry, ordinal }) => entry.planTables[ordinal]);
  return planTables.includes(undefined) ? null : draftOf(template, planTables as string[]);
}

/** @param ensure gives at least so many plan tables of a virtual table, making those that are not there yet */
export async function draftPlan(
  template: StatementTemplate,
  ensure: (entry: CatalogueEntry, count: number) => Promise<readonly string[]>,
): Promise<PlanDraft> {
  const known = draftWithKnownTables(template);
  if (known !== null) return known;
  const counts = new Map<CatalogueEntry, number>();
  for (const { entry, ordinal } of template.scans) counts.set(entry, Math.max(counts.get(entry) ?? 0, ordinal + 1));
  const tables = new Map<CatalogueEntry, readonly string[]>();
  for (const [entry, count] of counts) {
    const { planTables } = entry;
    tables.set(entry, planTables.length >= count ? planTables : await ensure(entry, count));
  }
  return draftOf(
    template,
    template.scans.map(({ entry, ordinal }) => tables.get(entry)![ordinal]!),
  );
}

function draftOf(template: StatementTemplate, planTables: readonly string[]): PlanDraft {
  return { template, planTables, text: renderTemplate(template, planTables).text };
}
