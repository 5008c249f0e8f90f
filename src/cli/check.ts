import { loadGateway } from '../config/load.js';
import type { GatewayModel, TableModel } from '../config/model.js';
import { findDsn } from './chosen-dsn.js';
import type { Step } from './connection-step.js';
import { ConnectionSteps } from './connection-steps.js';
import { print } from './print.js';

interface CheckFlags {
  readonly config?: string;
  readonly connect?: boolean;
}

const MARKS: Readonly<Record<Step['result'], string>> = { ok: 'ok', failed: 'FAILED', skipped: 'not tried' };

/** `tidegate check`: says what is wrong with the configuration, or that nothing is. */
export async function runCheck(names: readonly string[], flags: CheckFlags): Promise<void> {
  const paths = names.filter((name) => /[./\\]/.test(name));
  const { model, warnings } = await loadGateway({
    configFile: flags.config ?? null,
    env: process.env,
    ...(paths.length === 0 ? {} : { dsnPaths: paths }),
  });
  for (const warning of warnings) print(`warning: ${warning}`);
  const chosen = names.filter((name) => !paths.includes(name)).map((name) => findDsn(model, name));
  const dsns = chosen.length === 0 ? model.dsns : chosen;
  for (const dsn of dsns) print(`${dsn.name}: ${dsn.tables.length} tables, ${dsn.views.length} views, valid`);
  if (flags.connect === true)
    await connectAll(
      model,
      dsns.flatMap((dsn) => dsn.tables),
    );
}

/** Test Connection: each table's steps, and at the one that fails what to do. */
async function connectAll(model: GatewayModel, tables: readonly TableModel[]): Promise<void> {
  const steps = new ConnectionSteps(model);
  let failures = 0;
  try {
    for (const table of tables) {
      print(`${table.dsn}.${table.name}`);
      for await (const { name, result, text, lines } of steps.run(table)) {
        print(`  ${name.padEnd(10)}  ${MARKS[result].padEnd(9)}  ${text}`);
        for (const line of lines) print(`    ${line}`);
        if (result === 'failed') failures++;
      }
    }
  } finally {
    await steps.close();
  }
  print(`${tables.length} tables, ${failures} failed`);
  if (failures > 0) process.exitCode = 1;
}
