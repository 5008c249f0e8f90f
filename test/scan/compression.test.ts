import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, crc32, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import type { CompressionModel, FilesSource } from '../../src/config/model.js';
import { matchesEntry } from '../../src/http/unzip.js';
import { api, failureOf, httpSource, ids, newHarness, records, scanAll, specOf, table } from './fixtures.js';

const folders: string[] = [];
const { scanner } = newHarness();
afterEach(async () => {
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })));
});

const page = (count: number): string => JSON.stringify({ data: records(count) });

interface ZipEntry {
  readonly name: string;
  readonly text: string;
  readonly checksum?: number;
  readonly flags?: number;
}

/** A zip archive, by APPNOTE.TXT 4.3: local headers with the data, then the table of contents. */
function zip(entries: readonly ZipEntry[]): Buffer {
  const files: Buffer[] = [];
  const contents: Buffer[] = [];
  let offset = 0;
  for (const { name, text, checksum = crc32(text), flags = 0 } of entries) {
    const data = deflateRawSync(text);
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(flags, 2);
    fields.writeUInt16LE(8, 4);
    fields.writeUInt32LE(checksum, 10);
    fields.writeUInt32LE(data.length, 14);
    fields.writeUInt32LE(Buffer.byteLength(text), 18);
    fields.writeUInt16LE(Buffer.byteLength(name), 22);
    files.push(Buffer.from('PK\x03\x04'), fields, Buffer.from(name), data);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    contents.push(Buffer.from('PK\x01\x02\x14\x00'), fields, tail, Buffer.from(name));
    offset += 30 + Buffer.byteLength(name) + data.length;
  }
  const directory = Buffer.concat(contents);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(entries.length, 4);
  end.writeUInt16LE(entries.length, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...files, directory, Buffer.from('PK\x05\x06'), end]);
}

async function rowsFrom(
  body: Buffer,
  compression: CompressionModel,
  headers: Record<string, string> = {},
  path = '/export',
) {
  const server = await api((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(body);
  });
  const model = table(httpSource(`${server.origin}${path}`, { compression }));
  return (await scanAll(scanner, specOf(model))).rows;
}

describe('compression of pages', () => {
  const auto = { type: 'auto', entry: null } as const;
  it.each<[string, Buffer, CompressionModel, Record<string, string>, string]>([
    ['gzip', gzipSync(page(30)), { type: 'gzip', entry: null }, {}, '/export'],
    [
      'gzip within gzip',
      gzipSync(gzipSync(page(30))),
      { type: 'gzip', entry: null },
      { 'content-encoding': 'gzip' },
      '/x',
    ],
    [
      'gzip that HTTP has undone',
      gzipSync(page(30)),
      { type: 'gzip', entry: null },
      { 'content-encoding': 'gzip' },
      '/x',
    ],
    ['brotli', brotliCompressSync(page(30)), { type: 'br', entry: null }, {}, '/export'],
    ['brotli told', brotliCompressSync(page(30)), { type: 'br', entry: null }, { 'content-encoding': 'br' }, '/export'],
    ['deflate', deflateSync(page(30)), { type: 'deflate', entry: null }, {}, '/export'],
    ['raw deflate', deflateRawSync(page(30)), { type: 'deflate', entry: null }, {}, '/export'],
    ['none of .gz', Buffer.from(page(30)), { type: 'none', entry: null }, {}, '/export.gz'],
    ['.gz by its name', gzipSync(page(30)), auto, {}, '/export.gz'],
    ['zip', zip([{ name: 'a.json', text: page(30) }]), { type: 'zip', entry: null }, {}, '/export'],
    ['zip by its name', zip([{ name: 'a.json', text: page(30) }]), auto, {}, '/export.zip'],
    ['gzip by its first bytes', gzipSync(page(30)), auto, {}, '/export'],
    ['zip by its first bytes', zip([{ name: 'a.json', text: page(30) }]), auto, {}, '/export'],
    [
      'zip by its first bytes within gzip',
      gzipSync(zip([{ name: 'a.json', text: page(30) }])),
      auto,
      { 'content-encoding': 'gzip' },
      '/export',
    ],
    ['zip by its type', zip([{ name: 'a.json', text: page(30) }]), auto, { 'content-type': 'application/zip' }, '/x'],
    [
      'the entry of a zip',
      zip([
        { name: 'read.me', text: 'no data' },
        { name: 'out/', text: '' },
        { name: 'out/a.json', text: page(30) },
        { name: '__MACOSX/out/a.json', text: 'x' },
      ]),
      { type: 'zip', entry: '*.json' },
      {},
      '/x',
    ],
  ])('reads %s', async (_name, body, model, headers, path) => {
    expect(await rowsFrom(body, model, headers, path)).toEqual(ids(30));
  });

  // What connections read goes through memory that is used again: a stream that kept it would see other bytes.
  const large = JSON.stringify({
    data: records(20_000).map(({ id }) => ({ id, pad: randomBytes(60).toString('hex') })),
  });
  it.each<[string, Buffer, CompressionModel, Record<string, string>]>([
    ['gzip', gzipSync(large), auto, { 'content-encoding': 'gzip' }],
    ['brotli', brotliCompressSync(large, { params: { 1: 1 } }), auto, { 'content-encoding': 'br' }],
    ['deflate', deflateSync(large), auto, { 'content-encoding': 'deflate' }],
    ['raw deflate', deflateRawSync(large), auto, { 'content-encoding': 'deflate' }],
    ['gzip by its first bytes', gzipSync(large), auto, {}],
    ['zip by its first bytes', zip([{ name: 'a.json', text: large }]), auto, {}],
    ['gzip within deflate', deflateSync(gzipSync(large)), auto, { 'content-encoding': 'deflate' }],
  ])('reads %s that comes in many pieces', async (_name, body, model, headers) => {
    expect(body.length).toBeGreaterThan(1_000_000);
    expect(await rowsFrom(body, model, headers)).toEqual(ids(20_000));
  });

  const two = [
    { name: 'a.json', text: page(1) },
    { name: 'b.json', text: page(2) },
  ];
  it.each<[string, Buffer, string | null, RegExp, RegExp?]>([
    ['several entries', zip(two), '*.json', /several entries of its zip fit: "a\.json", "b\.json"/, /^Set entry/],
    [
      'no such entry',
      zip(two),
      '*.csv',
      /no entry of its zip fits "\*\.csv", but there are "a\.json", "b\.json"/,
      /^Set entry/,
    ],
    ['an empty archive', zip([]), null, /without entries/],
    ['no archive', Buffer.from(page(3)), null, /zip cannot be read/, /compression of the table/],
    ['a cut archive', zip(two).subarray(0, 60), 'a.json', /zip cannot be read/],
    ['a wrong checksum', zip([{ name: 'a', text: page(9), checksum: 7 }]), null, /checksum of its entry "a" is wrong/],
    ['an encrypted entry', zip([{ name: 'a', text: page(9), flags: 1 }]), null, /entry "a" is encrypted/],
  ])('says of %s what is wrong', async (_name, body, entry, message, hint = /./) => {
    const before = (await readdir(tmpdir())).filter((name) => name.startsWith('tidegate-zip-'));
    const error = await failureOf(rowsFrom(body, { type: 'zip', entry }));
    expect(error.sqlstate).toBe('HV000');
    expect(error.message).toMatch(message);
    expect(error.hint).toMatch(hint);
    const after = (await readdir(tmpdir())).filter((name) => name.startsWith('tidegate-zip-'));
    expect(after.filter((name) => !before.includes(name))).toEqual([]);
  });

  it('reads zipped files', async () => {
    const baseDir = await mkdtemp(join(tmpdir(), 'tidegate-zipped-'));
    folders.push(baseDir);
    await writeFile(join(baseDir, 'a.zip'), zip([{ name: 'a.json', text: page(12) }]));
    await writeFile(join(baseDir, 'bad.zip'), zip(two).subarray(0, 60));
    const source = (name: string): FilesSource => ({
      type: 'files',
      patterns: [join(baseDir, name)],
      compression: { type: 'auto', entry: null },
      baseDir,
      allowPaths: [],
    });
    expect((await scanAll(scanner, specOf(table(source('a.zip'))))).rows).toEqual(ids(12));
    const error = await failureOf(scanAll(scanner, specOf(table(source('bad.zip')))));
    expect(error.message).toMatch(/file "bad\.zip" of table "shop\.orders" is damaged: its zip cannot be read/);
    await writeFile(join(baseDir, 'two.zip'), zip(two));
    const unchosen = await failureOf(scanAll(scanner, specOf(table(source('two.zip')))));
    expect(unchosen.message).toMatch(/file "two\.zip" of table "shop\.orders" cannot be unpacked: several entries/);
    expect(unchosen.hint).toMatch(/^Set entry/);
  });

  it('matches entries by name or by path', () => {
    expect(matchesEntry('out/a.csv', '*.csv')).toBe(true);
    expect(matchesEntry('out/a.csv', 'out/?.csv')).toBe(true);
    expect(matchesEntry('out/a.csv', 'o*.csv')).toBe(false);
    expect(matchesEntry('axcsv', 'a.csv')).toBe(false);
  });
});
