import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type {
  ColumnModel,
  DsnModel,
  FilterModel,
  GatewayModel,
  TableModel,
  UserModel,
  ViewModel,
} from '../../src/config/model.js';
import { plainColumn, plainFilter, plainTable } from '../../src/config/plain-model.js';
import { type RowBatch, RowBatchBuilder } from '../../src/core/row-batch.js';
import { Secret } from '../../src/core/secret.js';
import { type EngineOptions, type RunningEngine, startEngine } from '../../src/engine/start-engine.js';

/** A folder for one test file that the engine's user can enter. */
export function makeDataFolder(): { folder: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'tge-'));
  chmodSync(folder, 0o711);
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** An embedded engine in a folder of its own; `stop` removes both. */
export async function startTestEngine(
  options: Partial<EngineOptions> = {},
): Promise<{ engine: RunningEngine; folder: string; stop: () => Promise<void> }> {
  const { folder, remove } = makeDataFolder();
  const engine = await startEngine(
    { mode: 'embedded', dataDir: folder, binDir: null },
    { connections: 20, ...options },
  );
  return {
    engine,
    folder,
    stop: async () => {
      await engine.close();
      remove();
    },
  };
}

/** A connected client of a gateway user, straight to the engine. */
export async function login(engine: RunningEngine, user: string, password?: string): Promise<pg.Client> {
  const { host, port, database } = engine.connectionInfo;
  const client = new pg.Client({ host, port, database, user, password: password ?? 'none' });
  await client.connect();
  client.on('error', () => undefined);
  return client;
}

/** What a promise was rejected with. */
export async function failure(
  promise: Promise<unknown>,
): Promise<Error & { code?: string; sqlstate?: string; hint?: string; detail?: string }> {
  try {
    await promise;
  } catch (error) {
    return error as Error & { code?: string };
  }
  throw new Error('expected a failure');
}

export function column(name: string, type: string, extra: Partial<ColumnModel> = {}): ColumnModel {
  return plainColumn(name, type, extra);
}

export function filter(name: string, extra: Partial<FilterModel> = {}): FilterModel {
  return plainFilter(name, extra);
}

export function table(
  dsn: string,
  name: string,
  columns: readonly ColumnModel[],
  extra: Partial<TableModel> = {},
): TableModel {
  const location = { file: `/dsn/${dsn}.yaml`, line: 7, column: 3 };
  return plainTable(dsn, name, { location, columns, ...extra });
}

export function view(dsn: string, name: string, sql: string, description: string | null = null): ViewModel {
  return { dsn, name, sql, description, location: { file: `/dsn/${dsn}.yaml`, line: 40, column: 5 } };
}

export function dsn(name: string, tables: readonly TableModel[], views: readonly ViewModel[] = []): DsnModel {
  return { name, description: `The ${name}`, file: `/dsn/${name}.yaml`, tables, views };
}

export function user(
  name: string,
  password: string | null,
  dsns: readonly string[] | 'all',
  isAdmin = false,
): UserModel {
  return { name, password: password === null ? null : new Secret(password), dsns, isAdmin };
}

export function gateway(dsns: readonly DsnModel[], users: readonly UserModel[] = []): GatewayModel {
  return {
    listen: { host: '127.0.0.1', port: 5488 },
    tls: null,
    users,
    engine: { mode: 'embedded', dataDir: null, binDir: null },
    tokens: { file: '/nonexistent/tokens', key: null },
    limits: {
      connections: 20,
      rowsPerScan: null,
      bytesPerScan: null,
      pagesPerScan: null,
      secondsPerScan: null,
      statementTimeoutMs: null,
      cacheBytes: 2 ** 30,
    },
    console: null,
    log: { level: 'info', format: 'json' },
    dsns,
  };
}

/** The tables that most tests use. */
export function shop(): DsnModel {
  const orders = table(
    'shop',
    'orders',
    [
      column('id', 'bigint', { notNull: true, description: "The order's number" }),
      column('status', 'text'),
      column('customer_id', 'integer', { references: { dsn: 'shop', table: 'customers', column: 'id' } }),
      column('total', 'numeric(10,2)'),
    ],
    {
      primaryKey: ['id'],
      description: 'One row per order',
      filters: [filter('status', { operators: ['=', 'in'] }), filter('id')],
    },
  );
  const customers = table('shop', 'customers', [column('id', 'integer'), column('name', 'varchar(40)')], {
    primaryKey: ['id'],
  });
  return dsn(
    'shop',
    [orders, customers],
    [view('shop', 'open_orders', "SELECT * FROM orders WHERE status = 'open'", 'Open ones')],
  );
}

/** Batches of text cells. */
export async function* rows(
  ...batches: readonly (readonly (readonly (string | null)[])[])[]
): AsyncGenerator<RowBatch> {
  for (const cells of batches) {
    const builder = new RowBatchBuilder(cells[0]?.length ?? 0);
    for (const row of cells) {
      builder.beginRow();
      for (const cell of row) cell === null ? builder.writeNull() : builder.writeText(cell);
      builder.endRow();
    }
    yield builder.finish();
  }
}
