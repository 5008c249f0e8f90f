import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { frontend } from '../../src/wire/write.js';
import { startApi, type TestApi } from '../support/api-server.js';
import { canRunGatewayProcess, GatewayProcess } from '../support/gateway-process.js';
import { errorOf, RawClient, rowsOf } from '../support/raw-client.js';

const CLIENTS = 500;
const ROWS = 300;
/** Everybody's rows come through two cores. */
const PATIENCE_MS = 60_000;

let api: TestApi;
let gateway: GatewayProcess;

const table = (path: string): string =>
  `{ path: ${path}, records: "$.rows[*]", columns: { id: bigint, owner: integer, name: text } }`;

describe.skipIf(!canRunGatewayProcess)(`${CLIENTS} clients at once`, () => {
  beforeAll(async () => {
    api = await startApi(() => ({
      body: { rows: Array.from({ length: ROWS }, (_, id) => ({ id, owner: id % 7, name: `name ${id}` })) },
    }));
    gateway = await GatewayProcess.start(
      `dsn: many\nbase_url: ${api.url}\ntables: { a: ${table('/a')}, b: ${table('/b')} }`,
      `limits: { connections: ${CLIENTS + 20} }`,
    );
  });
  afterAll(async () => {
    await gateway?.close();
    await api?.close();
  });

  /** All clients connect, then each streams and joins at the same time; a slow reader among them holds nobody up. */
  async function stampede(): Promise<void> {
    const clients = await Promise.all(Array.from({ length: CLIENTS }, () => RawClient.login(gateway.port)));
    const slow = await RawClient.login(gateway.port);
    slow.socket.pause();
    slow.send(frontend.query('SELECT a.* FROM many.a, generate_series(1, 2000)'));
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
    for (const client of [...clients, slow]) client.close();
  }

  it('all get their rows, and the memory comes back', async () => {
    // Until code is compiled, pools are filled and the heap has the size that such a load needs.
    for (let warmUp = 0; warmUp < 3; warmUp++) await stampede();
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
    await stampede();
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
