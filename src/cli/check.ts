import { OpenParts } from '../discover/open-parts.js';
import { openTokenStore } from '../server/token-store.js';
import { findDsn } from './chosen-dsn.js';
import type { Step } from './connection-step.js';
import { ConnectionSteps } from './connection-steps.js';
import { counted, describeProblem, print } from './print.js';

interface CheckFlags {
  readonly config?: string;
  readonly connect?: boolean;
}

const MARKS: Readonly<Record<Step['result'], string>> = { ok: 'ok', failed: 'FAILED', skipped: 'not tried' };

/** `tidegate check`: says what is wrong with the configuration, or that nothing is. */
export async function runCheck(names: readonly string[], flags: CheckFlags): Promise<void> {
  const paths = names.filter((name) => /[./\\]/.test(name));
  const options = { configFile: flags.config ?? null, env: process.env };
  const parts = new OpenParts({ ...options, ...(paths.length === 0 ? {} : { dsnPaths: paths }) }, openTokenStore);
  const { model, warnings } = await parts.load();
  for (const warning of warnings) print(`warning: ${warning}`);
  const chosen = names.filter((name) => !paths.includes(name)).map((name) => findDsn(model, name));
  const dsns = chosen.length === 0 ? model.dsns : chosen;
  for (const dsn of dsns) {
    print(`${dsn.name}: ${counted(dsn.tables.length, 'table')}, ${counted(dsn.views.length, 'view')}, valid`);
  }
  if (flags.connect === true) await connectAll(parts, new Set(dsns.map((dsn) => dsn.name)));
}

/** Test Connection: samples what has no columns yet, then goes through each table's steps, and says at the one that fails what to do. */
async function connectAll(parts: OpenParts, names: ReadonlySet<string>): Promise<void> {
  const { signal } = new AbortController();
  const outcomes = await parts.sample({ signal, isWanted: (dsn) => names.has(dsn) });
  const sampled = new Set(outcomes.map(({ dsn, table }) => `${dsn}.${table}`));
  const { model } = await parts.load();
  const dsns = model.dsns.filter((dsn) => names.has(dsn.name));
  const tables = dsns.flatMap((dsn) => dsn.tables);
  const steps = new ConnectionSteps(model);
  let failures = 0;
  for (const { name, service } of dsns) {
    if (service === undefined) continue;
    failures += service.problem === null ? 0 : 1;
    print(service.problem === null ? `${name}: the service was read` : describeProblem(name, service.problem));
  }
  try {
    for (const table of tables) {
      print(`${table.dsn}.${table.name}`);
      for await (const { name, result, text, lines } of steps.run(table, sampled.has(`${table.dsn}.${table.name}`))) {
        print(`  ${name.padEnd(10)}  ${MARKS[result].padEnd(9)}  ${text}`);
        for (const line of lines) print(`    ${line}`);
        if (result === 'failed') failures++;
      }
    }
  } finally {
    await steps.close();
  }
  print(`${counted(tables.length, 'table')}, ${failures} failed`);
  if (failures > 0) process.exitCode = 1;
}
