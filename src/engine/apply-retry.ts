import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { GatewayError } from '../core/errors.js';
import type { ConnectionPool } from './connection-pool.js';

/** While a lock is waited for, new readers queue behind; so waits are short and the pauses between them longer. */
const LOCK_TIMEOUT_MS = 300;
const LONGEST_PAUSE_MS = 1000;
/** lock_not_available, deadlock_detected, serialization_failure. */
const RETRIED = new Set(['55P03', '40P01', '40001']);

/**
 * Runs `work` in one transaction while clients are connected: it is tried again while a client's open transaction holds
 * a lock that it needs, until `patienceMs` have passed; then the error says who holds it.
 */
export async function applyWithRetry<T>(
  pool: ConnectionPool,
  work: (client: pg.Client) => Promise<T>,
  patienceMs: number,
): Promise<T> {
  const giveUpAt = Date.now() + patienceMs;
  for (let pauseMs = 50; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      return await pool.use(async (client) => {
        await client.query(`BEGIN; SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
        const result = await work(client);
        await client.query('COMMIT');
        return result;
      });
    } catch (error) {
      if (!RETRIED.has((error as { code?: string }).code ?? '')) throw error;
      if (Date.now() + pauseMs > giveUpAt) {
        const holders = await pool.use(readHolders).catch(() => []);
        throw new GatewayError('55P03', 'the catalogue cannot be changed while clients use it', {
          detail: holders.length === 0 ? undefined : holders.join('; '),
          hint: 'Let those clients end their transactions, or end the sessions with pg_terminate_backend, then reload again.',
          cause: error,
        });
      }
    }
    await delay(pauseMs);
  }
}

async function readHolders(client: pg.Client): Promise<readonly string[]> {
  const { rows } = await client.query<[string, string, string]>({
    text: `SELECT a.pid::text, a.usename, string_agg(DISTINCT n.nspname || '.' || c.relname, ', ')
      FROM pg_locks l JOIN pg_stat_activity a USING (pid) JOIN pg_class c ON c.oid = l.relation
      JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE l.granted AND l.relation >= 16384 AND a.pid <> pg_backend_pid() AND c.relkind IN ('r', 'v')
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      GROUP BY a.pid, a.usename ORDER BY a.pid LIMIT 5`,
    rowMode: 'array',
  });
  return rows.map(([pid, user, names]) => `session ${pid} of user "${user}" uses ${names}`);
}
