import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeClient, runProgram } from '../support/programs.js';
import { type Shop, startShop } from './shop.js';

/** pgbench checks no values by itself: each script ends in an error unless its rows are right. */
const SCRIPTS = {
  'stream.sql': `
\\set id random(1, 450)
SELECT id AS found, amount * 4 AS quarters FROM shop.orders WHERE id = :id \\gset
\\set wrong 1 / case when :found = :id and :quarters = 5 * :id then 1 else 0 end
`,
  'join.sql': `
\\set id random(1, 5)
SELECT count(*) AS n FROM shop.orders o JOIN shop.customers c USING (id) WHERE o.id <= :id \\gset
\\set wrong 1 / case when :n = :id then 1 else 0 end
`,
  'transaction.sql': `
\\set id random(1, 400)
BEGIN;
SELECT count(*) AS n FROM shop.items WHERE order_id = :id \\gset
SELECT 1 AS one \\gset
END;
\\set wrong 1 / case when :n = 2 and :one = 1 then 1 else 0 end
`,
};

describeClient('pgbench', () => {
  let shop: Shop;
  let folder: string;
  beforeAll(async () => {
    shop = await startShop();
    folder = mkdtempSync(join(tmpdir(), 'tidegate-pgbench-'));
    for (const [name, text] of Object.entries(SCRIPTS)) writeFileSync(join(folder, name), text);
  });
  afterAll(async () => {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    await shop?.close();
  });

  const pgbench = (...options: string[]) =>
    runProgram(
      'pgbench',
      ['-n', '-h', '127.0.0.1', '-p', String(shop.gateway.port), '-U', 'tidegate', ...options, 'tidegate'],
      { timeoutMs: 60_000 },
    );
  const scripts = () => Object.keys(SCRIPTS).flatMap((name) => ['-f', join(folder, name)]);

  it.each(['simple', 'extended', 'prepared'])('runs its scripts on four connections in %s mode', async (mode) => {
    const { code, stdout, stderr } = await pgbench('-M', mode, '-c', '4', '-j', '2', '-t', '20', ...scripts());
    expect(stderr.replace(/^pgbench \(.*\n/m, '')).toBe('');
    expect(code).toBe(0);
    expect(stdout).toContain('number of transactions actually processed: 80/80');
    expect(stdout).toMatch(/number of failed transactions: 0 /);
    await expect.poll(() => shop.gateway.serving.gateway.sessionCount, { timeout: 5000 }).toBe(0);
    expect(shop.api.openResponses()).toBe(0);
  });

  it('fails when a row is wrong', async () => {
    writeFileSync(
      join(folder, 'wrong.txt'),
      'SELECT count(*) AS n FROM shop.rates \\gset\n\\set wrong 1 / case when :n = 3 then 1 else 0 end\n',
    );
    const { code, stderr } = await pgbench('-c', '1', '-t', '1', '-f', join(folder, 'wrong.txt'));
    expect(stderr).toContain('division by zero');
    expect(code).toBe(2);
  });

  it('makes pipelines', async () => {
    writeFileSync(
      join(folder, 'pipeline.txt'),
      '\\startpipeline\nSELECT id FROM shop.orders WHERE id = 4;\nSELECT 1;\nSELECT sku FROM shop.items WHERE order_id = 3;\n\\endpipeline\n',
    );
    const { code, stdout, stderr } = await pgbench(
      '-M',
      'extended',
      '-c',
      '4',
      '-t',
      '10',
      '-f',
      join(folder, 'pipeline.txt'),
    );
    expect(stderr.replace(/^pgbench \(.*\n/m, '')).toBe('');
    expect(code).toBe(0);
    expect(stdout).toContain('number of transactions actually processed: 40/40');
  });
});
