// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the interpolations that DSN files hold.

import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { loadGateway } from '../../src/config/load.js';
import type { HttpSource } from '../../src/config/model.js';
import { reveal, Secret } from '../../src/core/secret.js';
import { failure, httpOf, load, makeFolder, problemsOf, takeMark } from './harness.js';

const CANARY = 'canary-7f3a';
const head = 'base_url: https://h.example\n';
const tables = 'tables: { t: { path: /t, columns: { id: bigint } } }\n';

test('interpolated texts are secret wherever the model can keep them so, and revealed whole', async () => {
  const { model } = await load(
    {
      'tidegate.yaml':
        'users: { u: { password: "${env:CANARY}", dsns: all } }\nengine: { url: "postgres://u:${env:CANARY}@h/d" }\n',
      'dsn/key.txt': `${CANARY}\r\n`,
      'dsn/s.yaml': `
base_url: https://\${env:CANARY}.example/v
headers: { A: "x \${env:CANARY} y", B: plain }
query: { k: "\${file:key.txt}", n: "\${env:NONE:-fallback}" }
auth: { type: basic, username: "\${env:CANARY}", password: "\${file:./key.txt}" }
tables:
  t:
    path: /t
    method: POST
    body: { json: { deep: [{ token: "\${env:CANARY}" }], plain: "$\${env:CANARY}" } }
    columns: { id: bigint }
`,
    },
    { CANARY },
  );
  const source = httpOf(model, 't');
  const texts = [source.url, source.headers.get('A')!, source.query.get('k')!, source.query.get('n')!];
  expect(texts.every((text) => text instanceof Secret)).toBe(true);
  expect(texts.map(reveal)).toEqual([`https://${CANARY}.example/v/t`, `x ${CANARY} y`, CANARY, 'fallback']);
  expect(source.headers.get('B')).toBe('plain');
  expect(source.auth.type === 'basic' && [reveal(source.auth.username), source.auth.password.reveal()]).toEqual([
    CANARY,
    CANARY,
  ]);
  const body = (source.body as Extract<HttpSource['body'], { type: 'json' }>).value as {
    deep: [{ token: Secret }];
    plain: string;
  };
  expect(body.deep[0].token.reveal()).toBe(CANARY);
  expect(body.plain).toBe('${env:CANARY}');
  expect(model.users[0]!.password!.reveal()).toBe(CANARY);
  expect(JSON.stringify(model) + inspect(model, { depth: null, showHidden: true })).not.toContain(CANARY);
});

const plainPlaces: readonly [string, string][] = [
  ['dsn: shop_${env:NAME}', 'shop_x1'],
  ['description: "${env:NAME:-d}"', 'x1'],
];
test.each(plainPlaces)('a plain place takes the environment as plain text: %s', async (line, expected) => {
  const { model } = await load({ 'dsn/s.yaml': `${line}\n${head}${tables}` }, { NAME: 'x1' });
  expect([model.dsns[0]!.name, model.dsns[0]!.description]).toContain(expected);
});

const bad: readonly [string, string, RegExp][] = [
  ['unset variable', 'headers: { A: ‸"x ${env:NOT_SET}" }', /^the environment variable "NOT_SET" is not set$/],
  ['bad name', 'headers: { A: ‸"${env:NOT-SET}" }', /^the name of the environment variable is not valid$/],
  ['not closed', 'headers: { A: ‸"${env:NOT_SET" }', /not closed/],
  ['other kind', 'headers: { A: ‸"${NOT_SET}" }', /^unknown interpolation$/],
  ['what no login tells', 'headers: { A: ‸"${auth:instance_url}" }', /^the login tells no "instance_url"$/],
  ['a bad name', 'headers: { A: ‸"${auth:in-stance}" }', /^the name in "\$\{auth:…\}" is not valid$/],
  ['a login in a plain place', 'description: ‸"${auth:x}"', /^"description" cannot hold "\$\{auth:x\}"$/],
  [
    'a login in its own settings',
    'auth: { type: bearer, token: ‸"${auth:x}" }',
    /^"token" cannot hold "\$\{auth:x\}"$/,
  ],
  ['absent file', 'headers: { A: ‸"${file:nope.txt}" }', /^the file "nope.txt" cannot be read$/],
  ['file above', 'headers: { A: ‸"${file:../secret.txt}" }', /outside the folder/],
  ['absolute file', 'headers: { A: ‸"${file:/etc/hostname}" }', /outside the folder/],
  ['a folder', 'headers: { A: ‸"${file:.}" }', /not a file of at most 1 MiB/],
  ['file in a plain place', 'description: ‸"${file:key.txt}"', /^"description" cannot be read from a file$/],
  ['broken text in a required place', 'auth: { type: bearer, token: ‸"${env:NOT_SET}" }', /NOT_SET/],
  ['empty secret', 'auth: { type: bearer, token: ‸"${env:EMPTY}" }', /^"token": expected a text that is not empty$/],
];
test.each(bad)('%s', async (_, line, message) => {
  const { text, place } = takeMark(`${line}\n${head}${tables}`);
  const problems = await problemsOf({ 'dsn/s.yaml': text, 'secret.txt': CANARY, 'dsn/key.txt': CANARY }, { EMPTY: '' });
  expect(problems.map((problem) => `${problem.file}:${problem.line}:${problem.column}`)).toEqual([
    `dsn/s.yaml:${place}`,
  ]);
  expect(problems[0]!.message).toMatch(message);
});

test('a link inside the folder cannot lead out of it, unless allow_paths has its target', async () => {
  const make = (settings: string) => {
    const folder = makeFolder({
      'tidegate.yaml': settings,
      'dsn/s.yaml': `headers: { A: "\${file:link.txt}" }\n${head}${tables}`,
    });
    mkdirSync(join(folder, 'outside'));
    writeFileSync(join(folder, 'outside/secret.txt'), CANARY);
    symlinkSync(join(folder, 'outside/secret.txt'), join(folder, 'dsn/link.txt'));
    return loadGateway({ configFile: join(folder, 'tidegate.yaml'), env: {} });
  };
  expect((await failure(make(''))).message).toMatch(/the file "link.txt" is outside/);
  const { model } = await make('allow_paths: [outside]');
  expect(reveal(httpOf(model, 't').headers.get('A')!)).toBe(CANARY);
});

// Every one of these makes the canary, from the environment, a file or the text itself, part of a value that is refused.
const leaks: readonly string[] = [
  'driver: "${env:CANARY}"',
  'timeout: "${env:CANARY}"',
  'encoding: "${env:CANARY}"',
  'base_url: "${env:CANARY}"',
  'base_url: "https://u:${env:CANARY}@h.example"',
  'base_url: "https://h.example/${env:BRACED}"',
  'base_url: "https://h.example#${env:CANARY}"',
  'auth: { type: "${env:CANARY}" }',
  'auth: { type: oauth2, grant: "${env:CANARY}" }',
  'auth: { type: bearer, token: "${env:LINES}" }',
  `auth: { type: bearer, token: *${CANARY} }`,
  `auth: { type: bearer, token: !${CANARY} x }`,
  `auth: { type: bearer, token: "\\q${CANARY}" }`,
  `auth: { type: bearer, token: @${CANARY} }`,
  `auth: { type: bearer, token: [${CANARY}] }`,
  `auth: { type: bearer, token: { ${CANARY}: 1 } }`,
  'auth: { type: basic, username: "${env:COLON}", password: p }',
  'auth: { type: oauth2, grant: client_credentials, client_id: a, client_secret: b, token_url: "${env:CANARY}" }',
  'headers: { A: "${env:LINES}" }',
  'headers: { A: "${file:key.bin}" }',
  'allow_origins: ["${env:CANARY}"]',
  'pagination: { type: page, parameter: p, stop: [{ match: "(${env:CANARY}" }] }',
];
test.each(leaks)('no value in what is said about %s', async (line) => {
  const env = { CANARY, LINES: `${CANARY}\n`, COLON: `${CANARY}:x`, BRACED: `{${CANARY}}` };
  const folder = makeFolder({
    'tidegate.yaml': '',
    'dsn/key.bin': Buffer.from(`${CANARY}\xff`, 'latin1'),
    'dsn/s.yaml': `${line}\n${line.startsWith('base_url') ? '' : head}${tables}`,
  });
  const error = await failure(loadGateway({ configFile: join(folder, 'tidegate.yaml'), env }));
  expect(error.problems.length).toBeGreaterThan(0);
  expect(inspect(error, { depth: null }) + error.message).not.toContain(CANARY);
});

test('nor in what is said about the gateway settings', async () => {
  const folder = makeFolder({
    'tidegate.yaml':
      'listen: "${env:CANARY}"\nengine: { url: "${env:CANARY}" }\nlog: { level: "${env:CANARY}" }\nusers: { u: { password: "SCRAM-SHA-256$4096:${env:CANARY}", dsns: ["${env:CANARY}"] } }\ntls: { cert: "${env:CANARY}", key: "${env:CANARY}" }\n',
  });
  const error = await failure(loadGateway({ configFile: join(folder, 'tidegate.yaml'), env: { CANARY } }));
  expect(error.problems.map(({ line }) => line)).toEqual([1, 2, 3, 4, 4, 5, 5]);
  expect(inspect(error, { depth: null }) + error.message).not.toContain(CANARY);
});
