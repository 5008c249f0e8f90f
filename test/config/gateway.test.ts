// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the interpolations that the settings hold.
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ConfigurationError, loadGateway } from '../../src/config/load.js';
import { failure, load, makeFolder, problemsOf, takeMark } from './harness.js';

const dsn = 'tables: { t: { url: https://h.example/t, columns: { id: bigint } } }\n';
const users = 'users: { u: { password: p, dsns: all } }\n';

test('reads every setting; paths are relative to the file', async () => {
  const verifier = `SCRAM-SHA-256$4096:c2FsdA==$${'A'.repeat(43)}=:${'B'.repeat(43)}=`;
  const { model, warnings, folder } = await load(
    {
      'tidegate.yaml': `
listen: "[::1]:0"
tls: { cert: tls/a.crt, key: tls/a.key, required: true }
dsn: [shops, one.yaml]
users:
  analyst: { password: "\${env:PASSWORD}", dsns: [shop, one] }
  ops: { password: "${verifier}", dsns: all, admin: true }
engine: { data_dir: data, bin_dir: /opt/pg/bin }
limits: { connections: 5, rows_per_scan: 1000, bytes_per_scan: 2000, pages_per_scan: 3, statement_timeout: 5m }
log: { level: debug, format: pretty }
`,
      'tls/a.crt': '',
      'tls/a.key': '',
      'shops/shop.yaml': dsn,
      'one.yaml': dsn,
      'dsn/not-read.yaml': '{',
    },
    { PASSWORD: 'pw' },
  );
  expect(warnings).toEqual([]);
  expect(model).toMatchObject({
    listen: { host: '::1', port: 0 },
    tls: { certFile: join(folder, 'tls/a.crt'), keyFile: join(folder, 'tls/a.key'), required: true },
    engine: { mode: 'embedded', dataDir: join(folder, 'data'), binDir: '/opt/pg/bin' },
    limits: {
      connections: 5,
      rowsPerScan: 1000,
      bytesPerScan: 2000,
      pagesPerScan: 3,
      statementTimeoutMs: 300_000,
      cacheBytes: 2 ** 30,
    },
    log: { level: 'debug', format: 'pretty' },
    users: [
      { name: 'analyst', dsns: ['shop', 'one'], isAdmin: false },
      { name: 'ops', dsns: 'all', isAdmin: true },
    ],
  });
  expect(model.users.map(({ password }) => password?.reveal())).toEqual(['pw', verifier]);
  expect(model.dsns.map(({ name }) => name)).toEqual(['shop', 'one']);
});

const bad: readonly [string, string, string | RegExp][] = [
  ['listen: ‸5488', '', /"listen" must be text/],
  ['listen: ‸localhost', '', '"localhost" is not an address and port'],
  ['listen: ‸127.0.0.1:70000', '', 'the port of "127.0.0.1:70000" is larger than 65535'],
  ['listen: ‸"[::g]:1"', '', /not an address and port/],
  ['listen: ‸0.0.0.0:5488', '', '"0.0.0.0:5488" can be reached from other machines, and there are no users'],
  ['listen: ‸"[::]:5488"\nusers: {}', '', /there are no users/],
  ['listen: ‸127.0.0.1.example.com:1', '', /there are no users/],
  ['‸consle: {}', '', 'unknown key "consle" in the gateway settings; did you mean "console"?'],
  ['console: { listen: ‸"127.0.0.1" }', '', '"127.0.0.1" is not an address and port'],
  ['‸console: {}', '', 'missing key "listen" in "console"'],
  ['tokens: { ‸fil: x }', '', 'unknown key "fil" in "tokens"; did you mean "file"?'],
  ['users: { a: { password: p, dsns: [‸shp] } }', '', 'user "a" may read an unknown DSN "shp"; did you mean "shop"?'],
  ['users: { a: { password: p, dsns: ‸shop } }', '', 'unknown value "shop" of "dsns" of user "a"'],
  ['users: { ‸a: { dsns: all } }', '', 'missing key "password" in user "a"'],
  ['users: { a: { password: ‸12, dsns: all } }', '', '"password" must be text, not a number'],
  ['users: { a: { password: ‸"", dsns: all } }', '', /not empty/],
  [
    'users: { a: { password: ‸"SCRAM-SHA-256$4096:abc", dsns: all } }',
    '',
    'the SCRAM-SHA-256 verifier of user "a" is not complete',
  ],
  [
    'users:\n  a: { password: p, dsns: all }\n  ‸a: { password: q, dsns: all }',
    '',
    'duplicate user "a"; it is first at tidegate.yaml:2:3',
  ],
  ['users: { ‸pg_x: { password: p, dsns: all } }', '', '"pg_x" cannot be a user\'s name'],
  ['tls: { cert: ‸no.crt, key: ok.key }', '', 'the file "no.crt" cannot be read'],
  ['‸tls: { cert: ok.key }', '', 'missing key "key" in "tls"'],
  ['engine: { mode: embedded, ‸url: postgres://h/d }', '', 'an embedded engine has no "url"'],
  ['engine: { url: ‸mysql://h/d }', '', '"url" is not a PostgreSQL connection URL'],
  ['‸engine: { mode: external }', '', 'an external engine needs "url"'],
  ['engine: { url: postgres://h/d, ‸data_dir: x }', '', 'an external engine has no "data_dir"'],
  ['limits: { connections: ‸0 }', '', '"connections": expected at least 1'],
  ['limits: { statement_timeout: ‸5 minutes }', '', '"statement_timeout" is not a duration'],
  ['log: { level: ‸verbose }', '', 'unknown value "verbose" of "level" of "log"'],
  ['dsn: [dsn, ‸./dns]', '', 'the DSN path "./dns" does not exist'],
];
test.each(bad)('%s', async (settings, _, message) => {
  const { text, place } = takeMark(settings);
  const problems = await problemsOf({ 'tidegate.yaml': text, 'dsn/shop.yaml': dsn, 'ok.key': '' });
  expect(problems.map(({ file, line, column }) => `${file}:${line}:${column}`)).toEqual([`tidegate.yaml:${place}`]);
  if (message === 'the DSN path "./dns" does not exist')
    expect(problems[0]!.message).toMatch(/^the DSN path "(.*\/)?dns" does not exist$/);
  else if (typeof message === 'string') expect(problems[0]!.message).toBe(message);
  else expect(problems[0]!.message).toMatch(message);
});

describe('addresses', () => {
  const listen = async (settings: string, option?: string) => {
    const folder = makeFolder({ 'tidegate.yaml': settings, 'dsn/shop.yaml': dsn });
    return loadGateway({
      configFile: join(folder, 'tidegate.yaml'),
      env: {},
      ...(option === undefined ? {} : { listen: option }),
    });
  };
  test.each(['127.0.0.1:1', '127.8.9.10:1', 'localhost:1', '[::1]:1', '[0:0:0:0:0:0:0:1]:1'])(
    '%s is loopback',
    async (address) => {
      expect((await listen(`listen: "${address}"`)).warnings).toEqual([]);
    },
  );
  test('a public address with users and without TLS warns', async () => {
    const { model, warnings } = await listen(`listen: 0.0.0.0:5488\n${users}`);
    expect(model.listen).toEqual({ host: '0.0.0.0', port: 5488 });
    expect(warnings).toEqual([expect.stringContaining('without TLS')]);
  });
  test('the option wins over the settings, and is checked as they are', async () => {
    expect((await listen('listen: 127.0.0.1:1', 'localhost:2')).model.listen).toEqual({ host: 'localhost', port: 2 });
    const error = await failure(listen('', '0.0.0.0:1'));
    expect(error.message).toMatch(
      /^--listen: "0\.0\.0\.0:1" can be reached from other machines, and there are no users\n {2}hint: Add "users"/,
    );
  });
});

describe('which files are read', () => {
  test('a settings file that was named must be there', async () => {
    const error = await failure(loadGateway({ configFile: '/nonexistent/tidegate.yaml', env: {} }));
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.sqlstate).toBe('F0000');
    expect(error.message).toMatch(/nonexistent\/tidegate\.yaml: there is no such file/);
  });
  test('DSN paths of the command line replace those of the settings', async () => {
    const folder = makeFolder({ 'tidegate.yaml': 'dsn: nowhere', 'x/shop.yaml': dsn });
    const { model } = await loadGateway({
      configFile: join(folder, 'tidegate.yaml'),
      dsnPaths: [join(folder, 'x')],
      env: {},
    });
    expect(model.dsns.map(({ name }) => name)).toEqual(['shop']);
    const error = await failure(
      loadGateway({ configFile: join(folder, 'tidegate.yaml'), dsnPaths: [join(folder, 'y')], env: {} }),
    );
    expect(error.message).toMatch(/^--dsn: the DSN path ".*y" does not exist/);
  });
  test('without any DSN there is a warning', async () => {
    const { model, warnings } = await load({ 'tidegate.yaml': '# nothing\n' });
    expect([model.dsns, warnings.length]).toEqual([[], 1]);
  });
  test('the settings in the DSN folder are no DSN', async () => {
    const { model } = await load({ 'tidegate.yaml': 'dsn: .', 'shop.yaml': dsn });
    expect(model.dsns.map(({ name }) => name)).toEqual(['shop']);
  });
  test('what a file that cannot be read would declare is not called unknown', async () => {
    const problems = await problemsOf({
      'tidegate.yaml': 'users: { a: { password: p, dsns: [other] } }',
      'dsn/broken.yaml': 'dsn: other\ntables: {',
      'dsn/shop.yaml':
        'tables: { t: { url: https://h.example, columns: { a: { type: text, references: other.x(y) } } } }',
    });
    expect(problems.map(({ file }) => file)).toEqual(['dsn/broken.yaml']);
  });
});
