import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { afterEach, expect, test } from 'vitest';
import { checkLayers, formatViolations } from '../../scripts/check-layers.js';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const trees: string[] = [];
afterEach(() => {
  for (const tree of trees.splice(0)) rmSync(tree, { recursive: true });
});

function plant(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'layers-'));
  trees.push(root);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

const places = (files: Readonly<Record<string, string>>): readonly string[] =>
  checkLayers(plant(files)).map(({ file, line }) => `${file}:${line}`);

const LEAVES = Object.fromEntries(
  ['core', 'wire', 'config', 'http', 'oauth', 'scan', 'engine', 'plan', 'session', 'server', 'cli']
    .map((layer) => [`src/${layer}/leaf.ts`, 'export const x = 1;'])
    .concat([['drivers/json/leaf.ts', 'export const x = 1;']]),
);

test('this project keeps its layers and has no import cycles', () => {
  expect(formatViolations(checkLayers(PROJECT))).toBe('');
});

const importOf = (from: string, to: string): string => `import { x } from '${relative(from, to)}/leaf.js';`;

test.each([
  ['src/core', 'src/wire'],
  ['src/core', 'src/config'],
  ['src/wire', 'src/http'],
  ['src/config', 'src/http'],
  ['src/http', 'src/oauth'],
  ['src/oauth', 'drivers/json'],
  ['drivers/json', 'src/scan'],
  ['src/scan', 'src/engine'],
  ['src/engine', 'src/plan'],
  ['src/plan', 'src/session'],
  ['src/session', 'src/server'],
  ['src/server', 'src/cli'],
  ['src/core', 'src/cli'],
])('%s may not import %s, which may import it', (lower, higher) => {
  const violations = checkLayers(plant({ ...LEAVES, [`${lower}/a.ts`]: `\n${importOf(lower, higher)}` }));
  expect(violations).toMatchObject([{ file: `${lower}/a.ts`, line: 2 }]);
  expect(violations[0]!.message).toContain(`must not import ${higher.replace(/^src\/|\/json$/g, '')}:`);
  expect(places({ ...LEAVES, [`${higher}/a.ts`]: importOf(higher, lower) })).toEqual([]);
});

test('wire and config do not import each other', () => {
  expect(places({ ...LEAVES, 'src/wire/a.ts': importOf('src/wire', 'src/config') })).toEqual(['src/wire/a.ts:1']);
  expect(places({ ...LEAVES, 'src/config/a.ts': importOf('src/config', 'src/wire') })).toEqual(['src/config/a.ts:1']);
});

test.each([
  ['a side-effect import', "import '../plan/leaf.js';", 1],
  ['a re-export', "\n\nexport * from '../plan/leaf.js';", 3],
  ['a dynamic import', "export const f = () =>\n  import('../plan/leaf.js');", 2],
  ['a require', "const x = require('../plan/leaf.js');", 1],
  ['a type-only import', "import type { x } from '../plan/leaf.js';", 1],
  ['an import type node', "export type T = import('../plan/leaf.js').T;", 1],
  ['a specifier over several lines', "import {\n  x,\n} from '../plan/leaf.js';", 3],
  ['a specifier without an extension', "import { x } from '../plan/leaf';", 1],
])('%s counts as an import', (_, text, line) => {
  expect(places({ ...LEAVES, 'src/core/a.ts': text })).toEqual([`src/core/a.ts:${line}`]);
});

test('what only looks like an import does not count', () => {
  const text =
    "// import '../plan/leaf.js'\nexport const t = \"import '../plan/leaf.js'\";\nimport 'node:fs';\nimport 'yaml';";
  expect(places({ ...LEAVES, 'src/core/a.ts': text })).toEqual([]);
});

test('types of src/config/model.ts are open to all, its values and its neighbours are not', () => {
  const model = {
    'src/config/model.ts': 'export interface M {}\nexport const OPS = 1;',
    'src/config/other.ts': 'export {};',
  };
  expect(places({ ...model, 'src/wire/a.ts': "import type { M } from '../config/model.js';" })).toEqual([]);
  expect(places({ ...model, 'src/core/a.ts': "export type { M } from '../config/model.js';" })).toEqual([]);
  expect(places({ ...model, 'src/wire/a.ts': "import { OPS } from '../config/model.js';" })).toEqual([
    'src/wire/a.ts:1',
  ]);
  expect(places({ ...model, 'src/wire/a.ts': "import { type M } from '../config/model.js';" })).toEqual([
    'src/wire/a.ts:1',
  ]);
  expect(places({ ...model, 'src/wire/a.ts': "import type { M } from '../config/other.js';" })).toEqual([
    'src/wire/a.ts:1',
  ]);
});

test.each(['demo', 'bench', 'test', 'scripts'])(
  'src and drivers never import %s, which may import anything',
  (folder) => {
    const leaf = { ...LEAVES, [`${folder}/leaf.ts`]: "import '../src/cli/leaf.js';\nimport '../src/core/leaf.js';" };
    expect(places(leaf)).toEqual([]);
    expect(places({ ...leaf, 'src/cli/a.ts': `import '../../${folder}/leaf.js';` })).toEqual(['src/cli/a.ts:1']);
    expect(places({ ...leaf, 'drivers/a.ts': `import type { x } from '../${folder}/leaf.js';` })).toEqual([
      'drivers/a.ts:1',
    ]);
  },
);

test('a file in no layer is told, even if it imports nothing', () => {
  expect(places({ 'src/stray.ts': 'export {};' })).toEqual(['src/stray.ts:1']);
  expect(places({ 'src/newcomer/a.ts': 'export {};', 'src/drivers/a.ts': '' })).toEqual([
    'src/drivers/a.ts:1',
    'src/newcomer/a.ts:1',
  ]);
});

test('a cycle is told once, with its shortest way round, through type imports too', () => {
  const violations = checkLayers(
    plant({
      'src/core/a.ts': "import './z.js';\nimport type { B } from './b.js';",
      'src/core/b.ts': "import './c.js';\nimport './a.js';",
      'src/core/c.ts': "import './a.js';",
      'src/core/z.ts': 'export {};',
      'test/one.ts': "import './one.js';",
    }),
  );
  expect(formatViolations(violations)).toBe(
    'src/core/a.ts:2: files must not import each other in a cycle: src/core/a.ts > src/core/b.ts > src/core/a.ts\n' +
      'test/one.ts:1: files must not import each other in a cycle: test/one.ts > test/one.ts\n',
  );
});

test('two cycles are two violations, and a diamond is none', () => {
  expect(
    places({
      'demo/a.ts': "import './b.js';",
      'demo/b.ts': "import './a.js';\nimport './c.js';",
      'demo/c.ts': "import './d.js';",
      'demo/d.ts': "import './c.js';",
      'test/top.ts': "import './left.js';\nimport './right.js';",
      'test/left.ts': "import './bottom.js';",
      'test/right.ts': "import './bottom.js';",
      'test/bottom.ts': '',
    }),
  ).toEqual(['demo/a.ts:1', 'demo/c.ts:1']);
});

test('a folder without sources is an error, not a pass', () => {
  expect(() => checkLayers(plant({ 'docs/a.md': '' }))).toThrow('no TypeScript files');
});

test('the command prints file, line and rule, and exits 1 for violations alone', () => {
  const command = plant({
    'package.json': '{"type":"module"}',
    ...Object.fromEntries(SCRIPTS.map((name) => [`${name}.js`, compile(join(PROJECT, 'scripts', `${name}.ts`))])),
  });
  symlinkSync(join(PROJECT, 'node_modules'), join(command, 'node_modules'));
  const run = (root: string): readonly unknown[] => {
    const script = join(realpathSync(command), 'check-layers.js');
    const { status, stdout } = spawnSync(process.execPath, [script, root], { encoding: 'utf8', timeout: 20_000 });
    return [status, stdout];
  };
  expect(run(plant(LEAVES))).toEqual([0, '']);
  const [status, output] = run(plant({ ...LEAVES, 'src/core/a.ts': importOf('src/core', 'src/cli') }));
  expect(status).toBe(1);
  expect(output).toMatch(/^src\/core\/a\.ts:1: core must not import cli: .*\(imports src\/cli\/leaf\.ts\)\n$/);
});

const SCRIPTS = ['check-layers', 'layers/source-imports', 'layers/layer-order', 'layers/import-cycles'];

function compile(file: string): string {
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: true };
  return ts.transpileModule(readFileSync(file, 'utf8'), { compilerOptions }).outputText;
}
