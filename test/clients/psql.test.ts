import { spawn } from 'node:child_process';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeClient, runProgram } from '../support/programs.js';
import { ORDER_COUNT, type Shop, startShop } from './shop.js';

describeClient('psql', () => {
  let shop: Shop;
  beforeAll(async () => {
    shop = await startShop();
  });
  afterAll(() => shop?.close());

  const connection = (): string => `host=127.0.0.1 port=${shop.gateway.port} user=tidegate dbname=tidegate`;
  const psql = (...commands: string[]) =>
    runProgram('psql', [
      connection(),
      '-X',
      '-At',
      '-F,',
      '-v',
      'VERBOSITY=verbose',
      ...commands.flatMap((text) => ['-c', text]),
    ]);
  const requestsFor = (path: string): number => shop.api.requests.filter((request) => request.path === path).length;

  it("lists tables and views, and none of the gateway's own", async () => {
    const { stdout } = await psql('\\d');
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.split(',').slice(0, 3).join()),
    ).toEqual([
      'shop,customers,table',
      'shop,items,table',
      'shop,open_orders,view',
      'shop,orders,table',
      'shop,rates,table',
      'shop,slow,table',
    ]);
  });

  it('describes a table with types, keys and comments', async () => {
    const { stdout } = await runProgram('psql', [connection(), '-X', '-A', '-F,', '-c', '\\d+ shop.orders']);
    expect(stdout).toContain('id,bigint,,not null');
    expect(stdout).toContain('status,character varying(20)');
    expect(stdout).toContain('amount,numeric(10,2)');
    expect(stdout).toContain('Free text');
    expect(stdout).toContain('"orders_pkey" PRIMARY KEY, btree (id)');
  });

  it('answers an aggregate over every page', async () => {
    const { stdout } = await psql('SELECT count(*), sum(amount) FROM shop.orders');
    expect(stdout).toBe(
      `${ORDER_COUNT},${((ORDER_COUNT * (ORDER_COUNT + 1)) / 2) * 1.25}\n`.replace(/(\.\d)\n/, '$10\n'),
    );
  });

  it('joins JSON, XML and CSV', async () => {
    const { stdout, stderr } = await psql(
      `SELECT o.id, c.name, r.rate FROM shop.orders o JOIN shop.customers c ON c.id = o.id
       JOIN shop.rates r ON r.currency = 'USD' WHERE o.status = 'open' ORDER BY o.id`,
    );
    expect(stderr).toBe('');
    expect(stdout).toBe('3,Customer 3,1.08\n');
  });

  it('asks for one page when LIMIT needs no more', async () => {
    const before = requestsFor('/orders');
    const { stdout } = await psql('SELECT id FROM shop.orders LIMIT 5');
    expect(stdout).toBe('1\n2\n3\n4\n5\n');
    expect(requestsFor('/orders') - before).toBe(1);
  });

  it('shows the request and the push-down in EXPLAIN', async () => {
    const before = shop.api.requests.length;
    const { stdout } = await psql("EXPLAIN SELECT id FROM shop.orders WHERE status = 'open' AND amount > 5");
    expect(stdout).toMatch(/^Tidegate: rows stream from the API to the client$/m);
    expect(stdout).toMatch(/^ {2}Scan of shop\.orders$/m);
    expect(stdout).toMatch(/GET http:\/\/127\.0\.0\.1:\d+\/orders\?.*status=open/);
    expect(stdout).toMatch(/^ {4}Pushed down: status = 'open'$/m);
    expect(stdout).toMatch(/^ {4}Residual: .*amount > '5'::numeric/m);
    expect(stdout).toMatch(/ on orders /);
    expect(shop.api.requests.length).toBe(before);
  });

  it('runs EXPLAIN ANALYZE with the rows fetched', async () => {
    const { stdout } = await psql(
      'EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off, BUFFERS off) SELECT count(*) FROM shop.orders',
    );
    expect(stdout).toMatch(new RegExp(`Seq Scan on orders \\(actual rows=${ORDER_COUNT}`));
  });

  it("gives PostgreSQL's own error for a missing column, at its place", async () => {
    const { stderr } = await psql('SELECT nope FROM shop.orders');
    expect(stderr).toContain(
      'ERROR:  42703: column "nope" does not exist\nLINE 1: SELECT nope FROM shop.orders\n               ^',
    );
  });

  it('points at the right place in the second statement of a text', async () => {
    const { stdout, stderr } = await psql("SELECT 'ü' AS x FROM shop.rates LIMIT 1; SELECT nope FROM shop.orders");
    expect(stdout).toBe('ü\n');
    expect(stderr).toMatch(/LINE 1: SELECT 'ü' AS x FROM shop\.rates LIMIT 1; SELECT nope FROM sh\.\.\.\n {56}\^/);
  });

  it('names the required filter that is missing', async () => {
    const { stderr } = await psql('SELECT * FROM shop.items');
    expect(stderr).toMatch(
      /HV00L: virtual table "shop.items" needs a filter on column "order_id"[\s\S]*HINT: .*WHERE order_id = 42/,
    );
    expect((await psql('SELECT * FROM shop.items WHERE order_id IN (7, 8)')).stdout).toBe('7,a7\n7,b7\n8,a8\n8,b8\n');
  });

  it.each([
    ['INSERT INTO shop.orders VALUES (1)'],
    ["UPDATE shop.orders SET status = 'x'"],
    ['DELETE FROM shop.orders'],
    ['TRUNCATE shop.orders'],
    ['COPY shop.orders FROM STDIN'],
    ['SELECT * FROM shop.orders FOR UPDATE'],
  ])('refuses a write: %s', async (sql) => {
    const { stderr } = await psql(sql);
    expect(stderr).toMatch(/ERROR: {2}25006: virtual table "shop.orders" cannot be (written to|locked)[\s\S]*HINT/);
  });

  it('reads virtual tables in every place a statement can have them', async () => {
    const { stdout, stderr } = await psql(
      'CREATE TEMP TABLE copy AS SELECT id FROM shop.orders WHERE id <= 3',
      'BEGIN; DECLARE c CURSOR FOR SELECT id FROM shop.orders ORDER BY id; FETCH 2 FROM c; CLOSE c; COMMIT',
    );
    expect(stderr).toBe('');
    expect(stdout).toContain('1\n2\n');
    const script = [
      'CREATE TEMP TABLE copy AS SELECT id FROM shop.orders WHERE id <= 3;',
      'INSERT INTO copy SELECT id FROM shop.orders WHERE id = 9;',
      'SELECT * INTO TEMP copy2 FROM shop.customers;',
      'SELECT (SELECT count(*) FROM copy), (SELECT count(*) FROM copy2);',
      'PREPARE p(int) AS SELECT id, status FROM shop.orders WHERE id = $1;',
      'EXECUTE p(2 + 2); EXECUTE p(5);',
      'DEALLOCATE p;',
      'COPY (SELECT id, note FROM shop.orders WHERE id < 3) TO STDOUT (FORMAT csv, HEADER);',
      'COPY shop.rates (rate) TO STDOUT;',
      '\\copy (SELECT id FROM shop.open_orders LIMIT 2) TO STDOUT',
      '\\set FETCH_COUNT 2',
      'SELECT id FROM shop.orders WHERE id > 447;',
      "SELECT 1; SELECT id FROM shop.orders LIMIT 1; SELECT 'end';",
    ].join('\n');
    const result = await runProgram('psql', [connection(), '-X', '-Atq', '-F,', '-v', 'ON_ERROR_STOP=1'], {
      input: script,
    });
    expect(result).toEqual({
      code: 0,
      stderr: '',
      stdout: '4,5\n4,paid\n5,shipped\nid,note\n1,nöte 1\n2,nöte 2\n1\n1.08\n3\n6\n448\n449\n450\n1\n1\nend\n',
    });
  });

  it('stops at Ctrl-C: 57014, and the request ends', async () => {
    const child = spawn('psql', [connection(), '-X', '-At'], { stdio: 'pipe' });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const closed = new Promise((resolve) => child.on('close', resolve));
    child.stdin.write('SELECT count(*) FROM shop.slow;\n');
    while (requestsFor('/slow') < 3) await new Promise((resolve) => setTimeout(resolve, 10));
    child.kill('SIGINT');
    const startedAt = Date.now();
    while (!stderr.includes('\n') && Date.now() - startedAt < 5000)
      await new Promise((resolve) => setTimeout(resolve, 5));
    expect(Date.now() - startedAt).toBeLessThan(1000);
    const requests = requestsFor('/slow');
    child.stdin.end();
    await closed;
    expect(stderr.replace('Cancel request sent\n', '')).toBe('ERROR:  canceling statement due to user request\n');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(requestsFor('/slow')).toBeLessThanOrEqual(requests + 1);
    expect(shop.api.openResponses()).toBe(0);
  });
});
