import { randomBytes } from 'node:crypto';
import { text as readAll } from 'node:stream/consumers';
import pg from 'pg';
import type { GatewayModel } from '../config/model.js';
import { errors } from '../core/errors.js';
import { Secret } from '../core/secret.js';
import { type Serving, serve } from '../server/serve.js';
import { cancelStatement } from './query/cancel-statement.js';
import { createOutput, FORMATS, type Format } from './query/output.js';
import { Progress } from './query/progress.js';
import { type Column, readRows } from './query/read-rows.js';

interface QueryFlags {
  readonly config?: string;
  readonly dsn?: string[];
  readonly format?: string;
}

const USER = 'tidegate';
/** As shells have it for a program that SIGINT ended. */
const INTERRUPTED = 130;

/** `tidegate query`: one statement, answered by a gateway of its own that ends with it. */
export async function runQuery(text: string, flags: QueryFlags): Promise<void> {
  const format = FORMATS.find((name) => name === (flags.format ?? 'table'));
  if (format === undefined) {
    throw errors.configuration(`unknown format "${flags.format}"`, { hint: `Use one of ${FORMATS.join(', ')}.` });
  }
  const sql = text === '-' ? await readAll(process.stdin) : text;
  const password = randomBytes(24).toString('base64url');
  const serving = await serve({
    configFile: flags.config ?? null,
    env: process.env,
    ...(flags.dsn === undefined ? {} : { dsnPaths: flags.dsn }),
    listen: '127.0.0.1:0',
    adapt: (model) => privateGateway(model, password),
    log: (level, _event, message) => {
      if (level === 'warn' || level === 'error') process.stderr.write(`warning: ${message}\n`);
    },
  });
  try {
    await answer(serving, password, sql, format);
  } finally {
    await serving.close();
  }
}

/** Nobody else can log in, and an engine that other gateways share is not touched. */
function privateGateway(model: GatewayModel, password: string): GatewayModel {
  return {
    ...model,
    tls: null,
    console: null,
    users: [{ name: USER, password: new Secret(password), dsns: 'all', isAdmin: true }],
    engine: model.engine.mode === 'embedded' ? model.engine : { mode: 'embedded', dataDir: null, binDir: null },
  };
}

async function answer(serving: Serving, password: string, sql: string, format: Format): Promise<void> {
  const { host, port } = serving.address;
  const client = new pg.Client({
    host,
    port,
    user: USER,
    password,
    database: 'tidegate',
    application_name: 'tidegate query',
  });
  client.on('error', () => {});
  client.on('notice', (notice) => process.stderr.write(`${notice.severity ?? 'NOTICE'}: ${notice.message}\n`));
  await client.connect();
  let wasInterrupted = false;
  const onInterrupt = (): void => {
    // A second one ends the program at once.
    if (wasInterrupted) process.exit(INTERRUPTED);
    wasInterrupted = true;
    cancelStatement(client, host, port);
  };
  process.on('SIGINT', onInterrupt);
  const progress = new Progress();
  try {
    const output = createOutput(format, process.stdout);
    let columns: readonly Column[] | null = null;
    for await (const batch of readRows(client, sql)) {
      if (columns === null) await output.begin(batch.columns);
      columns = batch.columns;
      progress.rows += batch.rows.length;
      progress.pause();
      await output.rows(batch.rows);
    }
    progress.end();
    await output.end(progress.rows);
  } catch (error) {
    progress.end();
    if (!(error instanceof pg.DatabaseError)) throw error;
    process.stderr.write(describeError(error, sql));
    process.exitCode = wasInterrupted ? INTERRUPTED : 1;
  } finally {
    process.off('SIGINT', onInterrupt);
    await client.end();
  }
}

/** As psql shows it, with the SQLSTATE. */
function describeError(error: pg.DatabaseError, sql: string): string {
  const lines = [`${error.severity ?? 'ERROR'}:  ${error.code}: ${error.message}`];
  const position = Number(error.position);
  if (position > 0) {
    const before = [...sql].slice(0, position - 1).join('');
    const number = before.split('\n').length;
    const line = sql.split('\n')[number - 1] ?? '';
    const head = `LINE ${number}: `;
    const column = [...(before.split('\n').at(-1) ?? '')].length;
    lines.push(`${head}${line}`, `${' '.repeat(head.length + column)}^`);
  }
  if (error.detail !== undefined) lines.push(`DETAIL:  ${error.detail}`);
  if (error.hint !== undefined) lines.push(`HINT:  ${error.hint}`);
  return `${lines.join('\n')}\n`;
}
