import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { referencePages } from '../../scripts/reference/pages.js';
import { readProxyEnvironment } from '../../src/http/proxy.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const matches = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map((match) => match[1]!);
const distinct = (names: readonly string[]): string[] => [...new Set(names)].sort();
/** What stands in backquotes in the first cell of a table's rows. */
const firstCells = (page: string): string => matches(page, /^\| (`.*?`) \|/gm).join(' ');

const files = (folder: string, ending: RegExp): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => ending.test(name))
    .map((name) => join(folder, name));
const SOURCES = ['src', 'drivers', 'demo', 'scripts', 'test', 'bench'].flatMap((folder) =>
  files(folder, /\.(ts|mjs)$/),
);
const DOCUMENTS = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...files('docs', /\.md$/)];

test.each(Object.entries(referencePages()))('%s is what npm run docs makes', (path, text) => {
  expect(read(path) === text, 'run: npm run docs').toBe(true);
});

test('docs/reference/environment.md has every variable that the code reads, and no other', () => {
  const code = [...SOURCES, 'vitest.config.ts'].map(read).join('\n');
  const used = matches(code, /process\.env\.([A-Za-z_]+)/g).filter((name) => name !== 'http_proxy');
  const proxies: string[] = [];
  readProxyEnvironment(new Proxy({}, { get: (_, name) => void proxies.push(String(name)) }));
  used.push(...proxies.filter((name) => name === name.toUpperCase()));
  used.push(...matches(read('src/cli/passphrase.ts'), /VARIABLE = '(\w+)'/g));
  used.push(
    ...matches(read('src/engine/data-directory.ts'), /\['(SystemRoot)', '(?:TEMP)', '(?:TMP)'\]/g),
    'TEMP',
    'TMP',
  );
  used.push(...matches(read('src/engine/data-directory.ts'), /'(SystemRoot|TEMP|TMP)'/g));
  // What tests set for themselves.
  const own = ['TIDEGATE_TEST_CANARY', 'TIDEGATE_TEST_CLOCK_SHIFT_S', 'DEMO_CLIENT_SECRET'];
  const listed = matches(firstCells(read('docs/reference/environment.md')), /`(\w+)(?:=1)?`/g);
  expect(distinct(listed)).toEqual(distinct(used).filter((name) => !own.includes(name)));
});

test('docs/reference/session-settings.md has every setting of the gateway, and no other', () => {
  const settings = matches(read('src/session/settings.ts'), /'(tidegate\.\w+)'/g);
  expect(matches(firstCells(read('docs/reference/session-settings.md')), /`([\w.]+)`/g)).toEqual(distinct(settings));
});

test('a variable of the tests that documents or scripts name is one', () => {
  const listed = new Set(matches(read('docs/reference/environment.md'), /`(TIDEGATE_\w+)/g));
  const named = [...DOCUMENTS, '.ci/run'].flatMap((path) => matches(read(path), /\b(TIDEGATE_[A-Z_]+)/g));
  expect(distinct(named.filter((name) => !listed.has(name) && name !== 'TIDEGATE_TOKEN_KEY'))).toEqual([]);
});

test('every link between documents leads to a file, and to a heading of it', () => {
  const broken = DOCUMENTS.flatMap((path) =>
    matches(read(path), /\]\(([^)\s]+)\)/g)
      .filter((target) => !/^[a-z]+:/.test(target))
      .filter((target) => !leads(path, target))
      .map((target) => `${path}: ${target}`),
  );
  expect(broken).toEqual([]);
});

function leads(from: string, target: string): boolean {
  const [file = '', anchor] = target.split('#');
  const path = file === '' ? from : normalize(join(dirname(from), file));
  if (!existsSync(join(ROOT, path))) return false;
  if (anchor === undefined) return true;
  const headings = matches(read(path), /^#+ (.*)$/gm).map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\- _]/gu, '')
      .replaceAll(' ', '-'),
  );
  return headings.includes(anchor);
}

test('tidegate --version says the version of the package', () => {
  const { version } = JSON.parse(read('package.json')) as { version: string };
  const command = join(ROOT, 'dist/src/cli/main.js');
  expect(execFileSync(process.execPath, [command, '--version'], { encoding: 'utf8' })).toBe(`${version}\n`);
});
