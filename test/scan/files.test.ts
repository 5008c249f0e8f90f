import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FilesSource } from '../../src/config/model.js';
import { column, failureOf, ids, newHarness, records, scanAll, specOf, table } from './fixtures.js';

let root = '';
const harness = newHarness();

const text = (count: number, from = 1): string => JSON.stringify({ data: records(count, from) });

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'tidegate-files-'));
  await mkdir(join(root, 'dsn/data/deep/er'), { recursive: true });
  await mkdir(join(root, 'outside'));
  await mkdir(join(root, 'dsn/data/orders-folder.json'));
  await writeFile(join(root, 'dsn/data/orders-2.json'), text(10, 11));
  await writeFile(join(root, 'dsn/data/orders-1.json'), text(10));
  await writeFile(join(root, 'dsn/data/orders-3.json.gz'), gzipSync(text(5, 21)));
  await writeFile(join(root, 'dsn/data/.hidden.json'), text(1));
  await writeFile(join(root, 'dsn/data/deep/er/x.json'), text(2, 100));
  await writeFile(join(root, 'dsn/data/cut.json.gz'), gzipSync(text(500)).subarray(0, 200));
  await writeFile(join(root, 'outside/secret.json'), text(1));
  await symlink(join(root, 'outside/secret.json'), join(root, 'dsn/data/link.json'));
});

afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

function source(patterns: string[], allowPaths: string[] = []): FilesSource {
  const baseDir = join(root, 'dsn');
  const compression = { type: 'auto', entry: null } as const;
  return {
    type: 'files',
    patterns: patterns.map((pattern) => join(baseDir, pattern)),
    compression,
    baseDir,
    allowPaths,
  };
}

describe('files', () => {
  it('reads what a glob finds in order, each file a page, compressed ones too', async () => {
    const columns = [
      column('id'),
      column('n', 'integer', { from: 'page_number' }),
      column('url', 'text', { from: 'page_url' }),
    ];
    const spec = specOf(table(source(['data/orders-*.json{,.gz}', 'data/orders-1.json']), { columns }));
    const { rows, statistics } = await scanAll(harness.scanner, spec);
    expect(rows.map(([id]) => [id])).toEqual(ids(25));
    expect(rows.at(-1)).toEqual(['25', '3', 'data/orders-3.json.gz']);
    expect(statistics).toMatchObject({ pages: 3, requests: 0, rows: 25 });
  });

  it('knows the usual wildcards', async () => {
    const run = async (pattern: string) => (await scanAll(harness.scanner, specOf(table(source([pattern]))))).rows;
    expect(await run('**/x.json')).toEqual(ids(2, 100));
    expect(await run('data/**/e?/*.json')).toEqual(ids(2, 100));
    expect(await run('data/orders-[!2-9].json')).toEqual(ids(10));
    expect(await run('data/.hid*')).toEqual(ids(1));
    expect((await failureOf(run('data/?hidden.json'))).sqlstate).toBe('HV000');
  });

  it('stops opening files when LIMIT is satisfied', async () => {
    const { statistics } = await scanAll(harness.scanner, specOf(table(source(['data/orders-?.json'])), { limit: 3 }));
    expect(statistics.pages).toBe(1);
  });

  it('says which pattern finds nothing, which file is damaged, and which lies outside', async () => {
    const none = await failureOf(scanAll(harness.scanner, specOf(table(source(['data/no-*.json'])))));
    expect(none.message).toBe('no file matches "data/no-*.json" of table "shop.orders"');
    const cut = await failureOf(scanAll(harness.scanner, specOf(table(source(['data/cut.json.gz'])))));
    expect(cut.message).toBe(
      'file "data/cut.json.gz" of table "shop.orders" is damaged: its compressed data ends too early',
    );
    const link = await failureOf(scanAll(harness.scanner, specOf(table(source(['data/link.json'])))));
    expect(link.sqlstate).toBe('F0000');
    expect(link.hint).toContain('allow_paths');
    const up = await failureOf(scanAll(harness.scanner, specOf(table(source(['../outside/*.json'])))));
    expect(up.sqlstate).toBe('F0000');
    const allowed = table(source(['data/link.json'], [join(root, 'outside')]));
    expect((await scanAll(harness.scanner, specOf(allowed))).rows).toEqual(ids(1));
  });

  it('shows the patterns in EXPLAIN without asking the disk', () => {
    expect(harness.scanner.describe(specOf(table(source(['nowhere/*.json'])), { limit: 2 }))).toEqual([
      'File nowhere/*.json',
      'Limit: reading ends after 2 rows',
    ]);
  });
});
