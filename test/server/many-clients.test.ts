import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startupMessage } from '../../src/wire/startup.js';
import { frontend } from '../../src/wire/write.js';
import { startApi, type TestApi } from '../support/api-server.js';
import { canRunGatewayProcess, GatewayProcess } from '../support/gateway-process.js';
import { errorOf, RawClient, rowsOf } from '../support/raw-client.js';

/** TIDEGATE_CLIENTS for fewer, on a machine that is slow or busy. */
const CLIENTS = Number(process.env.TIDEGATE_CLIENTS ?? 500);
const ROWS = 300;
/** More than sockets hold. */
const LONG_ROWS = 100_000;
const ROW_BYTES = 45;
/** Everybody's rows come through two cores. */
const PATIENCE_MS = 60_000;

let api: TestApi;
let gateway: GatewayProcess;

const table = (path: string): string =>
  `{ path: ${path}, records: "$.rows[*]", columns: { id: bigint, owner: integer, name: text } }`;

describe.skipIf(!canRunGatewayProcess)(`${CLIENTS} clients at once`, () => {
  beforeAll(async () => {
    const rows = (count: number) =>
      Array.from({ length: count }, (_, id) => ({ id, owner: id % 7, name: `name ${id}` }));
    const pages = { short: JSON.stringify({ rows: rows(ROWS) }), long: JSON.stringify({ rows: rows(LONG_ROWS) }) };
    api = await startApi(({ path }) => ({
      headers: { 'content-type': 'application/json' },
      body: path === '/long' ? pages.long : pages.short,
    }));
    gateway = await GatewayProcess.start(
      `dsn: many\nbase_url: ${api.url}\ntables: { a: ${table('/a')}, b: ${table('/b')}, long: ${table('/long')} }`,
      `limits: { connections: ${CLIENTS + 20} }`,
    );
  });
  afterAll(async () => {
    await gateway?.close();
    await api?.close();
  });

  /** All clients connect, then each streams and joins at the same time, so many rounds; one that reads nothing holds nobody up. */
  async function stampede(rounds: number): Promise<void> {
    const clients = await Promise.all(Array.from({ length: CLIENTS }, () => RawClient.login(gateway.port)));
    const stuck = await RawClient.login(gateway.port);
    stuck.socket.pause();
    stuck.send(frontend.query('SELECT a.* FROM many.a, generate_series(1, 2000)'));
    for (let round = 0; round < rounds; round++) {
      await Promise.all(
        clients.map(async (client, index) => {
          const streamed = await client.query(`SELECT id, name FROM many.a WHERE owner = ${index % 7}`, PATIENCE_MS);
          expect(errorOf(streamed)).toBeNull();
          expect(rowsOf(streamed).every(([id]) => Number(id) % 7 === index % 7)).toBe(true);
          const joined = await client.query('SELECT count(*) FROM many.a JOIN many.b USING (id)', PATIENCE_MS);
          expect(errorOf(joined)).toBeNull();
          expect(rowsOf(joined)).toEqual([[String(ROWS)]]);
        }),
      );
    }
    for (const client of [...clients, stuck]) client.close();
  }

  it('are not slowed by those that read one row a second', async () => {
    const witness = await RawClient.login(gateway.port);
    const median = async (): Promise<number> => {
      const times: number[] = [];
      for (let tries = 0; tries < 15; tries++) {
        const startedAt = performance.now();
        expect(rowsOf(await witness.query('SELECT id FROM many.a WHERE owner = 3'))).not.toEqual([]);
        times.push(performance.now() - startedAt);
      }
      return times.sort((a, b) => a - b)[7]!;
    };
    await median();
    const alone = await median();
    const readers = await Promise.all(Array.from({ length: 20 }, () => RawClient.open(gateway.port)));
    const timers = readers.map(({ socket }, index) => {
      socket.pause();
      socket.removeAllListeners('data');
      socket.write(startupMessage(196608, Object.entries({ user: 'tidegate', database: 'tidegate' })));
      socket.write(frontend.query(`SELECT * FROM many.${index % 10 > 0 ? 'long' : 'long ORDER BY id'}`));
      return setInterval(() => socket.read(ROW_BYTES), 1000);
    });
    await expect.poll(() => api.requests.filter(({ path }) => path === '/long').length, { timeout: 10_000 }).toBe(20);
    // At first the gateway works for them too, until it cannot send them more.
    await expect.poll(median, { timeout: 30_000, interval: 500 }).toBeLessThan(alone * 2 + 10);
    for (const timer of timers) clearInterval(timer);
    for (const reader of readers) reader.close();
    witness.close();
  }, 60_000);

  it('all get their rows, and the memory comes back', async () => {
    // Until code is compiled, pools are filled and the heap has the size that such a load needs.
    await stampede(3);
    const settled = async (): Promise<number> => {
      let last = gateway.residentMegabytes();
      for (let quiet = 0; quiet < 10; ) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        const now = gateway.residentMegabytes();
        quiet = Math.abs(now - last) < 1 ? quiet + 1 : 0;
        last = now;
      }
      return last;
    };
    const before = await settled();
    await stampede(1);
    expect(await settled()).toBeLessThan(before * 1.1);
    const client = await RawClient.login(gateway.port);
    expect(rowsOf(await client.query("SELECT count(*) FROM pg_stat_activity WHERE usename = 'tidegate'"))).toEqual([
      ['1'],
    ]);
    await expect
      .poll(async () => rowsOf(await client.query("SELECT count(*) FROM pg_class WHERE relname ~ '^tidegate_scan_'")))
      .toEqual([['0']]);
    client.close();
  }, 180_000);
});
