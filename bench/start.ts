import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { BenchChild } from './child.js';
import { GatewayProcess } from './gateway-process.js';
import { formatTable, median } from './report.js';
import type { ClientRequest, ClientResult } from './row-client.js';

const DSN = `
dsn: bench
base_url: http://127.0.0.1:9
tables:
  orders: { path: /orders, columns: { id: bigint, status: text } }
`;

interface Start {
  readonly ms: number;
  readonly cpuMs: number | null;
}

/** How long it takes from starting the command to the first answered query: with nothing there, and with engine data. */
export async function benchStart(rounds: number, print: (line: string) => void, signal: AbortSignal): Promise<void> {
  const client = new BenchChild<ClientRequest, ClientResult>('./row-client.js');
  const times = { cold: [] as Start[], warm: [] as Start[] };
  try {
    for (let round = 1; round <= rounds; round++) {
      const folder = await mkdtemp(join(tmpdir(), 'tidegate-start-'));
      // As root the engine runs as another user, who has to reach its data directory through this folder.
      await chmod(folder, 0o755);
      try {
        for (const kind of ['cold', 'warm'] as const) {
          signal.throwIfAborted();
          times[kind].push(await timeStart(folder, `${kind} ${round}`, client));
        }
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    }
  } finally {
    await client.close();
  }
  print('');
  print(
    `start: medians of ${rounds} rounds, from the command to the first answered query; load ${loadavg()[0]!.toFixed(1)}`,
  );
  print('');
  const row = (name: string, starts: readonly Start[]): string[] => {
    const values = starts.map(({ ms }) => ms);
    const cpu = starts.flatMap(({ cpuMs }) => cpuMs ?? []);
    return [
      name,
      `${Math.round(median(values))} ms`,
      `${Math.round(Math.min(...values))} to ${Math.round(Math.max(...values))} ms`,
      cpu.length === 0 ? '-' : `${median(cpu)} ms`,
    ];
  };
  const rows = [row('no engine data', times.cold), row('engine data', times.warm)];
  print(formatTable(['start', 'median', 'range', "gateway's processor time"], rows));
}

async function timeStart(
  engineFolder: string,
  connection: string,
  client: BenchChild<ClientRequest, ClientResult>,
): Promise<Start> {
  const startedAt = performance.now();
  const gateway = await GatewayProcess.start(DSN, { data_dir: join(engineFolder, 'engine') });
  try {
    await client.ask({ connection, port: gateway.port, sql: 'SELECT 1' });
    return { ms: performance.now() - startedAt, cpuMs: gateway.cpuMs };
  } finally {
    await gateway.close();
  }
}
