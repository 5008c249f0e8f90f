import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startEngine } from '../src/engine/start-engine.js';
import { BenchChild } from './child.js';
import { GatewayProcess } from './gateway-process.js';
import type { PipeTarget } from './pipe.js';
import { formatTable, median } from './report.js';

const DSN = `
dsn: bench
base_url: http://127.0.0.1:9
tables:
  orders: { path: /orders, columns: { id: bigint, status: text } }
`;

const CATALOGUE =
  "SELECT relname, nspname, relkind FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind = 'r'";

const QUERIES: Readonly<Record<string, pg.QueryConfig>> = {
  'SELECT 1': { text: 'SELECT 1' },
  'SELECT $1, prepared': { name: 'one', text: 'SELECT $1::integer', values: [1] },
  catalogue: { text: CATALOGUE },
  'catalogue, prepared': { name: 'catalogue', text: CATALOGUE },
};

type Way = 'engine' | 'pipe' | 'gateway';

/** Short rounds, so that what else the machine does meets the three ways alike. */
const SLICES = 10;
const ROUNDS = 20;

/**
 * What the relay adds to a round trip: the same queries straight to the engine, through a process that passes bytes on
 * and knows nothing of them (what a process in between costs at the least), and through the gateway; all over TCP.
 */
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
    const pipe = new BenchChild<PipeTarget, number>('./pipe.js');
    closers.push(() => pipe.close());
    const pipePort = await pipe.ask({ host, port });
    const piped = new pg.Client({ host: '127.0.0.1', port: pipePort, user, database, password: password?.reveal() });
    await piped.connect();
    closers.push(() => piped.end());
    const clients: Readonly<Record<Way, pg.Client>> = { engine: direct, pipe: piped, gateway: through };
    const rows: string[][] = [];
    for (const [name, query] of Object.entries(QUERIES)) {
      const times: Record<Way, number[]> = { engine: [], pipe: [], gateway: [] };
      for (let round = 0; round <= ROUNDS; round++) {
        for (const way of ['engine', 'pipe', 'gateway'] as const) {
          signal.throwIfAborted();
          const ms = await time(clients[way], query, roundTrips / SLICES);
          if (round > 0) times[way].push(ms); // the first warms all up
        }
      }
      const ratio = (a: Way, b: Way): string => median(times[a].map((ms, index) => ms / times[b][index]!)).toFixed(2);
      const columns = (['engine', 'pipe', 'gateway'] as const).map((way) => micro(median(times[way])));
      rows.push([name, ...columns, ratio('pipe', 'engine'), ratio('gateway', 'engine'), ratio('gateway', 'pipe')]);
    }
    print('');
    print(`relay: round trips over TCP, medians of ${ROUNDS} rounds of ${roundTrips / SLICES}, the three in turn`);
    print('');
    const header = ['query', 'engine', 'bare pipe', 'gateway', 'pipe / engine', 'gateway / engine', 'gateway / pipe'];
    print(formatTable(header, rows));
  } finally {
    for (const close of closers.reverse()) await close().catch(() => {});
  }
}

/** Milliseconds of one round trip, on average. */
async function time(client: pg.Client, query: pg.QueryConfig, roundTrips: number): Promise<number> {
  const startedAt = performance.now();
  for (let trip = 0; trip < roundTrips; trip++) await client.query(query);
  return (performance.now() - startedAt) / roundTrips;
}

function micro(ms: number): string {
  return `${Math.round(ms * 1000)} µs`;
}
