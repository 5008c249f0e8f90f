import { loadavg } from 'node:os';
import pg from 'pg';
import { BenchChild } from './child.js';
import { GatewayProcess } from './gateway-process.js';
import { formatTable, median } from './report.js';
import { tablesOf, tpchDsn, tpchQueries } from './tpch/service.js';
import { makeTpch, type TpchTable } from './tpch/tables.js';
import type { TpchRequest, TpchResponse } from './tpch-server.js';

/** A table loaded in full. */
interface Loaded {
  readonly ms: number;
  readonly requests: number;
}

interface Measured {
  readonly rows: string;
  readonly ms: number;
}

/**
 * TPC-H's 22 queries over tables from JSON, XML and CSV, against loading the tables that a query names in full and
 * running it over them: requests, time, and whether both give the same rows.
 */
export async function benchTpch(
  scale: number,
  rounds: number,
  print: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const tables = makeTpch(scale);
  const service = new BenchChild<TpchRequest, TpchResponse>('./tpch-server.js');
  try {
    const port = await service.ask({ type: 'start', scale });
    const gateway = await GatewayProcess.start(tpchDsn(tables, `http://127.0.0.1:${port}`));
    const client = new pg.Client({ host: '127.0.0.1', port: gateway.port, user: 'tidegate', database: 'tidegate' });
    try {
      await client.connect();
      const count = () => service.ask({ type: 'count' });
      const loaded = new Map<string, Loaded>();
      for (const table of tables) loaded.set(table.name, await loadTable(client, table, count));
      const virtual = tpchQueries(tables, 'tpch.');
      const ordinary = tpchQueries(tables, 'ordinary_');
      const rows: string[][] = [];
      for (const [index, sql] of virtual.entries()) {
        const named = tablesOf(tables, sql).map(({ name }) => loaded.get(name)!);
        const before = await count();
        let requests = 0;
        const times: { readonly own: number[]; readonly plain: number[] } = { own: [], plain: [] };
        for (let round = 0; round < rounds; round++) {
          signal.throwIfAborted();
          const own = await run(client, sql);
          if (round === 0) requests = (await count()) - before;
          const plain = await run(client, ordinary[index]!);
          if (own.rows !== plain.rows) throw new Error(`query ${index + 1} gives other rows than over ordinary tables`);
          times.own.push(own.ms);
          times.plain.push(plain.ms);
        }
        const everything = named.reduce((sum, { ms }) => sum + ms, median(times.plain));
        rows.push([
          `Q${index + 1}`,
          String(requests),
          String(named.reduce((sum, table) => sum + table.requests, 0)),
          shown(median(times.own)),
          shown(everything),
          `${(everything / median(times.own)).toFixed(2)} x`,
          shown(median(times.plain)),
        ]);
      }
      print('');
      print(
        `tpch: 22 queries at scale ${scale}, medians of ${rounds}, all with the rows of ordinary tables; load ${loadavg()[0]!.toFixed(1)}`,
      );
      print('');
      const header = ['query', 'requests', 'loading all', 'time', 'loading all', 'as fast', 'ordinary tables alone'];
      print(formatTable(header, rows));
    } finally {
      await client.end().catch(() => undefined);
      await gateway.close();
    }
  } finally {
    await service.close();
  }
}

/** Copies a virtual table into an ordinary one of the session, with its key and statistics. */
async function loadTable(client: pg.Client, { name, key }: TpchTable, count: () => Promise<number>): Promise<Loaded> {
  // The service makes each page when it is first asked for it; that is not to be measured.
  await client.query(`CREATE TEMP TABLE warming AS SELECT * FROM tpch.${name}`);
  await client.query('DROP TABLE warming');
  const before = await count();
  const startedAt = performance.now();
  await client.query(`CREATE TEMP TABLE ordinary_${name} AS SELECT * FROM tpch.${name}`);
  await client.query(`ALTER TABLE ordinary_${name} ADD PRIMARY KEY (${key.join(', ')})`);
  await client.query(`ANALYZE ordinary_${name}`);
  return { ms: performance.now() - startedAt, requests: (await count()) - before };
}

async function run(client: pg.Client, sql: string): Promise<Measured> {
  const startedAt = performance.now();
  const { rows } = await client.query({ text: sql, rowMode: 'array' });
  return { rows: JSON.stringify(rows), ms: performance.now() - startedAt };
}

function shown(ms: number): string {
  return `${Math.round(ms)} ms`;
}
