import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { RowBatch } from '../src/core/row-batch.js';
import { RowBatchBuilder } from '../src/core/row-batch.js';
import { parseSqlType, sqlTypeText } from '../src/core/sql-type.js';
import { CopyBinaryEncoder } from '../src/engine/copy-binary.js';
import type { CopyEncoder } from '../src/engine/copy-frame.js';
import { CopyIn } from '../src/engine/copy-in.js';
import { CopyTextEncoder } from '../src/engine/copy-text.js';
import { startEngine } from '../src/engine/start-engine.js';
import { TABLES } from './loading/tables.js';
import { readCpuMs } from './processor-time.js';
import { formatTable } from './report.js';

const ROUNDS = 5;
const BATCH_ROWS = 500;

/** Nanoseconds per cell, of the round that took the least. */
interface Cost {
  encoding: number;
  engine: number;
}

/**
 * What it takes to load rows of each type by COPY in text and in binary: processor time of the gateway's encoder, and of the
 * engine that makes rows of it.
 */
export async function benchLoading(rows: number, print: (line: string) => void, signal: AbortSignal): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-bench-'));
  // As root the engine runs as another user, who has to reach its data directory through this folder.
  await chmod(folder, 0o711);
  const engine = await startEngine({ mode: 'embedded', dataDir: folder, binDir: null }, { connections: 2 });
  try {
    const { host, port, user, database, password } = engine.connectionInfo;
    const client = new pg.Client({ host, port, user, database, password: password?.reveal() ?? '' });
    await client.connect();
    const pid = Number((await client.query('SELECT pg_backend_pid() AS pid')).rows[0].pid);
    if (readCpuMs(pid) === null) throw new Error('this system does not tell the processor time of processes');
    const lines: string[][] = [];
    for (const { name, cells, columns } of TABLES) {
      const types = columns.map(({ type }) => parseSqlType(type)!);
      const batches = makeBatches(columns, rows);
      const ddl = types.map((type, index) => `c${index} ${sqlTypeText(type)}`).join(', ');
      const costs: Record<CopyEncoder['format'], Cost> = {
        text: { encoding: Number.POSITIVE_INFINITY, engine: Number.POSITIVE_INFINITY },
        binary: { encoding: Number.POSITIVE_INFINITY, engine: Number.POSITIVE_INFINITY },
      };
      for (let round = 0; round < ROUNDS; round++) {
        for (const encoder of [new CopyTextEncoder(), new CopyBinaryEncoder(types)]) {
          signal.throwIfAborted();
          const cost = costs[encoder.format];
          const perCell = (ms: number): number => (ms * 1e6) / (rows * columns.length);
          const frames: Buffer[] = [];
          const startedAt = process.cpuUsage();
          for (const batch of batches) encoder.encode(batch, (frame) => frames.push(frame));
          encoder.finish((frame) => frames.push(frame));
          const { user: own, system } = process.cpuUsage(startedAt);
          cost.encoding = Math.min(cost.encoding, perCell((own + system) / 1000));
          const before = readCpuMs(pid)!;
          await load(client, `CREATE UNLOGGED TABLE t (${ddl})`, encoder.format, frames);
          cost.engine = Math.min(cost.engine, perCell(readCpuMs(pid)! - before));
          await client.query('ROLLBACK');
        }
      }
      lines.push([name, String(cells), ...shown(costs.text), ...shown(costs.binary), ...ratios(costs)]);
    }
    await client.end();
    print('');
    print(`loading: nanoseconds of processor time per cell, ${rows} rows, the best of ${ROUNDS} rounds in turn`);
    print('');
    const header = ['columns', 'cells a row', 'text: gateway', 'engine', 'binary: gateway', 'engine'];
    print(formatTable([...header, 'engine, of text', 'both, of text'], lines));
  } finally {
    await engine.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function load(client: pg.Client, create: string, format: string, frames: readonly Buffer[]): Promise<void> {
  const copy = CopyIn.begin(
    client,
    `BEGIN; SET LOCAL search_path = public; ${create}; COPY t FROM STDIN (FORMAT ${format}, FREEZE)`,
  );
  for (const frame of frames) await copy.write(frame);
  await copy.end('SELECT');
}

function makeBatches(columns: (typeof TABLES)[number]['columns'], rows: number): RowBatch[] {
  const builder = new RowBatchBuilder(columns.length, BATCH_ROWS);
  const batches: RowBatch[] = [];
  for (let row = 0; row < rows; row++) {
    builder.beginRow();
    for (const { text } of columns) builder.writeText(text(row));
    builder.endRow();
    if ((row + 1) % BATCH_ROWS === 0) batches.push(builder.finish());
  }
  batches.push(builder.finish());
  return batches;
}

function shown({ encoding, engine }: Cost): string[] {
  return [encoding.toFixed(0), engine.toFixed(0)];
}

function ratios({ text, binary }: Record<CopyEncoder['format'], Cost>): string[] {
  const both = (binary.encoding + binary.engine) / (text.encoding + text.engine);
  return [(binary.engine / text.engine).toFixed(2), both.toFixed(2)];
}
