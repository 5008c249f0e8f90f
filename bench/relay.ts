import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startEngine } from '../src/engine/start-engine.js';
import { GatewayProcess } from './gateway-process.js';
import { formatTable, median } from './report.js';

const DSN = `
dsn: bench
base_url: http://127.0.0.1:9
tables:
  orders: { path: /orders, columns: { id: bigint, status: text } }
`;

const QUERIES: Readonly<Record<string, string>> = {
  'SELECT 1': 'SELECT 1',
  catalogue:
    "SELECT relname, nspname, relkind FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind = 'r'",
};

const ROUNDS = 5;

/** What the relay adds to a round trip: the same queries through the gateway and straight to its engine, both over TCP. */
export async function benchRelay(
  roundTrips: number,
  print: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-relay-'));
  // As root the engine runs as another user, who has to reach its data directory through this folder.
  await chmod(folder, 0o755);
  const closers: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  try {
    const model = { mode: 'embedded', dataDir: join(folder, 'engine'), binDir: null } as const;
    const engine = await startEngine(model, { connections: 20, listener: 'tcp' });
    closers.push(() => engine.close());
    const { host, port, user, password, database } = engine.connectionInfo;
    const direct = new pg.Client({ host, port, user, database, password: password?.reveal() });
    await direct.connect();
    closers.push(() => direct.end());
    const url = `postgres://${user}:${encodeURIComponent(password?.reveal() ?? '')}@${host}:${port}/${database}`;
    const gateway = await GatewayProcess.start(DSN, { url });
    closers.push(() => gateway.close());
    const through = new pg.Client({ host: '127.0.0.1', port: gateway.port, user: 'tidegate', database: 'tidegate' });
    await through.connect();
    closers.push(() => through.end());
    const rows: string[][] = [];
    for (const [name, sql] of Object.entries(QUERIES)) {
      const times = { direct: [] as number[], through: [] as number[] };
      for (let round = 0; round <= ROUNDS; round++) {
        signal.throwIfAborted();
        const directMs = await time(direct, sql, roundTrips);
        const throughMs = await time(through, sql, roundTrips);
        if (round === 0) continue; // warms both up
        times.direct.push(directMs);
        times.through.push(throughMs);
      }
      const ratios = times.through.map((ms, index) => ms / times.direct[index]!);
      rows.push([name, micro(median(times.direct)), micro(median(times.through)), median(ratios).toFixed(2)]);
    }
    print('');
    print(`relay: round trips over TCP, medians of ${ROUNDS} rounds of ${roundTrips}`);
    print('');
    print(formatTable(['query', 'engine', 'through the gateway', 'ratio'], rows));
  } finally {
    for (const close of closers.reverse()) await close().catch(() => {});
  }
}

/** Milliseconds of one round trip, on average. */
async function time(client: pg.Client, sql: string, roundTrips: number): Promise<number> {
  const startedAt = performance.now();
  for (let trip = 0; trip < roundTrips; trip++) await client.query(sql);
  return (performance.now() - startedAt) / roundTrips;
}

function micro(ms: number): string {
  return `${Math.round(ms * 1000)} µs`;
}
