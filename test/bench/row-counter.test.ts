import { expect, test } from 'vitest';
import { formatTable, median } from '../../bench/report.js';
import { RowCounter } from '../../bench/row-counter.js';

const message = (type: string, body: Buffer): Buffer => {
  const header = Buffer.from(`${type}\0\0\0\0`);
  header.writeInt32BE(4 + body.length, 1);
  return Buffer.concat([header, body]);
};

const rows = [Buffer.from([0, 0]), Buffer.alloc(300, 0x5a), Buffer.from('D\0\0\0\x04Z')].map((body) =>
  message('D', body),
);
const stream = Buffer.concat([
  message('R', Buffer.from([0, 0, 0, 0])),
  ...rows,
  message('C', Buffer.from('SELECT 3\0')),
  message('Z', Buffer.from('I')),
]);

test.each([1, 2, 3, 4, 5, 7, 64, 299, 10_000])('counts the same rows and bytes in chunks of %i', (size) => {
  const others: string[] = [];
  const counter = new RowCounter((type, body) => others.push(`${type} ${body.toString('hex')}`));
  for (let at = 0; at < stream.length; at += size) counter.push(stream.subarray(at, at + size));
  expect(counter.rows).toBe(3);
  expect(counter.bytes).toBe(rows.reduce((sum, { length }) => sum + length, 0));
  expect(others).toEqual(['R 00000000', `C ${Buffer.from('SELECT 3\0').toString('hex')}`, 'Z 49']);
});

test('what is not the protocol is an error, not a wait for gigabytes', () => {
  expect(() => new RowCounter(() => {}).push(Buffer.from('HTTP/1.1 400'))).toThrow('not the PostgreSQL protocol');
});

test('medians and tables', () => {
  expect([median([3, 1, 2]), median([4, 1])]).toEqual([2, 2.5]);
  expect(() => median([])).toThrow();
  expect(formatTable(['way', 'n'], [['stream', '12.5']])).toBe(
    '| way    |    n |\n| ------ | ---: |\n| stream | 12.5 |',
  );
});
