import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadGateway } from '../../src/config/load.js';
import { failure, makeFolder, problemsOf, takeMark } from './harness.js';

const bad: readonly [string, string, RegExp][] = [
  ['two documents', 'dsn: a\n‸---\ndsn: b\n', /more than one document/],
  ['tab', 'tables:\n‸\tt: {}\n', /tab/],
  ['unclosed list', 'tables: [a\n‸', /./],
  [
    'alias without an anchor',
    'tables: { t: { url: https://h.example, columns: { a: text } } }\ndsn: ‸*nobody\n',
    /no anchor/,
  ],
  ['an open bracket', 'tables: { t: { url: x }\n‸dsn: s\n', /"\{" or "\[" above is not closed/],
  ['unknown tag', 'dsn: ‸!secret x\n', /unknown tag/],
  [
    'key twice in a nested list',
    'tables: { t: { url: https://h.example, columns: { a: text }, pagination: { type: page, parameter: p, stop: [{ total: $.a, ‸total: $.b }] } } }',
    /duplicate key "total"/,
  ],
  ['empty file', '‸# nothing here\n', /the DSN file is empty/],
];
test.each(bad)('%s', async (_, marked, message) => {
  const { text, place } = takeMark(marked);
  const problems = await problemsOf({ 'dsn/s.yaml': text });
  expect(`${problems[0]!.line}:${problems[0]!.column}`).toBe(place);
  expect(problems).toHaveLength(1);
  expect(problems[0]!.message).toMatch(message);
});

const laughs = ['a: &a [x,x,x,x,x,x,x,x,x,x]'];
for (let i = 1; i < 12; i++) {
  const [name, last] = [String.fromCharCode(97 + i), String.fromCharCode(96 + i)];
  laughs.push(`${name}: &${name} [${Array(10).fill(`*${last}`).join(',')}]`);
}
const hostile: readonly [string, string | Buffer, RegExp][] = [
  ['aliases that double', laughs.join('\n'), /aliases repeat too much/],
  ['an alias of itself', 'tables: &t\n  x: *t\n', /nested too deeply|contains itself|repeat too much/],
  ['deep brackets', '['.repeat(100_000), /nested too deeply/],
  ['deep maps', '{a: '.repeat(5_000), /nested too deeply/],
  [
    'deep indentation',
    Array.from({ length: 1_500 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'),
    /nested too deeply/,
  ],
  ['deep lists', `${'- '.repeat(20_000)}a`, /nested too deeply/],
  ['bytes that are no text', Buffer.from([0x61, 0x3a, 0x20, 0xff, 0xfe]), /not valid UTF-8/],
  ['more than 4 MiB', Buffer.alloc(4 * 1024 * 1024 + 1, '#'), /larger than 4 MiB/],
];
test.each(hostile)('%s end quickly with a problem', { timeout: 5_000 }, async (_, text, message) => {
  const problems = await problemsOf({ 'dsn/s.yaml': text });
  expect(problems.map((problem) => problem.message).join('\n')).toMatch(message);
});

test('a pipe in place of a file is refused instead of waited for', { timeout: 5_000 }, async () => {
  const folder = makeFolder({ 'tidegate.yaml': '' });
  execFileSync('mkfifo', [join(folder, 'pipe.yaml')]);
  const error = await failure(loadGateway({ configFile: null, dsnPaths: [join(folder, 'pipe.yaml')], env: {} }));
  expect(error.message).toMatch(/this is not a file/);
});

test('one problem stays on one line, whatever a key holds', async () => {
  const problems = await problemsOf({ 'dsn/s.yaml': '"a\\nroot: fake\\u001b[31m": 1\n' });
  for (const { message } of problems) expect(message).not.toMatch(/[\n\x1b]/);
});
