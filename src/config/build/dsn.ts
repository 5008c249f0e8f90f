import { METADATA_TABLE } from '../complete-tree.js';
import { checkIdentifier } from '../identifiers.js';
import type { DsnModel, ServiceModel, TableModel, ViewModel } from '../model.js';
import type { DsnInput } from '../schema/dsn.js';
import { type BuildContext, isDamaged } from './context.js';
import { dsnName } from './dsn-name.js';
import { notSampled } from './inference.js';
import { buildTable } from './table.js';
import { reportTableProblems } from './table-problems.js';

/** Makes the model of a DSN file's valid parts. */
export function buildDsn(input: DsnInput, context: BuildContext): DsnModel {
  const { tree, problems } = context;
  const name = dsnName(tree);
  checkIdentifier(name, 'DSN', tree.at(['dsn']), problems);
  const service = buildService(input, context);
  const isCertain = !isDamaged(context, ['tables']) && !isDamaged(context, ['views']);
  if (isCertain && input.type !== 'odata' && tree.keys(['tables']).length === 0 && tree.keys(['views']).length === 0) {
    problems.add(
      tree.keyAt(['tables']),
      `DSN "${name}" has neither tables nor views`,
      'Declare at least one under "tables".',
    );
  }
  const tables = Object.entries(input.tables ?? {})
    // Without its address a service has one problem, not also those of a table that nobody wrote.
    .filter(([table]) => table !== METADATA_TABLE || service !== null)
    .map(([table, value]) => {
      const before = problems.size;
      const built = buildTable(table, name, input, value, context);
      if (problems.size === before) reportTableProblems(built, context);
      return built;
    });
  return {
    name,
    description: input.description ?? null,
    file: tree.file,
    tables: tables.filter(({ name: table }) => table !== METADATA_TABLE),
    ...(service === null ? {} : { service: service(tables.find(({ name: table }) => table === METADATA_TABLE)!) }),
    views: buildViews(name, input, context),
  };
}

/** What an OData service's tables are read from; null for other DSNs. */
function buildService(input: DsnInput, context: BuildContext): ((metadata: TableModel) => ServiceModel) | null {
  const { tree, problems } = context;
  if (input.type !== 'odata') {
    for (const key of ['url', 'entity_sets', 'expand'] as const) {
      if (input[key] === undefined || isDamaged(context, ['type'])) continue;
      problems.add(
        tree.keyAt([key]),
        `"${key}" needs "type: odata"`,
        'Add it, or use "base_url" and tables with "path".',
      );
    }
    return null;
  }
  if (input.url === undefined) {
    if (!isDamaged(context, ['url'])) {
      const hint = 'Add the address below which it has $metadata.';
      problems.add(tree.keyAt(['type']), 'an OData service needs "url"', hint);
    }
    return null;
  }
  const { part, completion } = context.parts.get(METADATA_TABLE)!;
  return (metadata) => ({
    fingerprint: part.fingerprint,
    metadata,
    entitySets: input.entity_sets ?? null,
    expand: input.expand ?? {},
    problem: completion === null ? notSampled(`OData service of DSN "${part.dsn}"`) : (completion.problem ?? null),
  });
}

function buildViews(dsn: string, input: DsnInput, { tree, problems }: BuildContext): readonly ViewModel[] {
  return Object.entries(input.views ?? {}).map(([name, view]) => {
    const location = tree.keyAt(['views', name]);
    checkIdentifier(name, 'view', location, problems);
    if (tree.keys(['tables']).includes(name)) {
      const { line, column } = tree.keyAt(['tables', name]);
      const message = `view "${name}" has the name of a table at line ${line}, column ${column}`;
      problems.add(location, message, 'Rename one of the two.');
    }
    return { dsn, name, sql: view.sql, description: view.description ?? null, location };
  });
}
