import { createReader } from '../../drivers/registry.js';
import { loadGateway } from '../config/load.js';
import type { GatewayModel, TableModel } from '../config/model.js';
import { errors, GatewayError } from '../core/errors.js';
import { newScanStatistics } from '../scan/scan.js';
import { createScanner } from '../scan/scanner.js';
import { openTokenStore } from '../server/token-store.js';

interface CheckFlags {
  readonly config?: string;
  readonly connect?: boolean;
}

/** How long one table's first page may take. */
const CONNECT_TIMEOUT_MS = 60_000;

/** `tidegate check`: says what is wrong with the configuration, or that nothing is. */
export async function runCheck(names: readonly string[], flags: CheckFlags): Promise<void> {
  const paths = names.filter((name) => /[./\\]/.test(name));
  const { model, warnings } = await loadGateway({
    configFile: flags.config ?? null,
    env: process.env,
    ...(paths.length === 0 ? {} : { dsnPaths: paths }),
  });
  for (const warning of warnings) print(`warning: ${warning}`);
  const chosen = names.filter((name) => !paths.includes(name));
  for (const name of chosen) {
    if (model.dsns.some((dsn) => dsn.name === name)) continue;
    throw errors.configuration(`there is no DSN "${name}"`, {
      hint: `Known DSNs: ${model.dsns.map((dsn) => dsn.name).join(', ') || 'none'}.`,
    });
  }
  const dsns = model.dsns.filter((dsn) => chosen.length === 0 || chosen.includes(dsn.name));
  for (const dsn of dsns) print(`${dsn.name}: ${dsn.tables.length} tables, ${dsn.views.length} views, valid`);
  if (flags.connect !== true) return;
  const failures = await connectAll(
    model,
    dsns.flatMap((dsn) => dsn.tables),
  );
  if (failures > 0) process.exitCode = 1;
}

/** Fetches the first page of each table; returns how many failed. */
async function connectAll(model: GatewayModel, tables: readonly TableModel[]): Promise<number> {
  const scanner = createScanner(model, { createReader, log: () => {}, tokens: openTokenStore(model) });
  let failures = 0;
  try {
    for (const table of tables) {
      const required = table.filters.filter((filter) => filter.required);
      const name = `${table.dsn}.${table.name}`;
      if (required.length > 0) {
        print(`${name}: skipped, it needs a filter on ${required.map((filter) => filter.column).join(', ')}`);
        continue;
      }
      const statistics = newScanStatistics();
      const signal = AbortSignal.timeout(CONNECT_TIMEOUT_MS);
      const columns = table.columns.map((column) => column.name);
      try {
        const rows = scanner.open({ table, columns, filters: [], limit: 1 }, { signal, statistics, notice: print });
        const first = await rows.next();
        await rows.return();
        print(`${name}: ok, ${first.done === true ? 'no rows' : 'rows arrive'}`);
      } catch (error) {
        failures++;
        print(`${name}: ${describe(error)}`);
      }
    }
  } finally {
    await scanner.close();
  }
  return failures;
}

function describe(error: unknown): string {
  if (!(error instanceof GatewayError)) return String(error);
  return [error.message, error.detail, error.hint].filter((text) => text !== undefined).join('\n    ');
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
