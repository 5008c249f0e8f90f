import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeVerifier } from '../../src/engine/scram.js';
import { startupMessage } from '../../src/wire/startup.js';
import { errorOf, RawClient } from '../support/raw-client.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const table = (name: string, view: string): string =>
  `dsn: ${name}\ntables: { rates: { driver: csv, files: ./rates.csv, primary_key: [id], columns: { id: bigint, name: text } } }\n` +
  `views: { ${view}: { sql: "SELECT id FROM ${name}.rates WHERE id > 1" } }\n`;
const DSNS = {
  'shop.yaml': table('shop', 'shop_view'),
  'bank.yaml': table('bank', 'bank_view'),
  'rates.csv': 'id,name\n1,one\n2,two\n',
};
const PASSWORDS = { analyst: 'canary-analyst §1', teller: 'canary-teller', ops: 'canary-ops' };

describe('users', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    const verifier = await makeVerifier(PASSWORDS.teller);
    gateway = await startTestGateway({
      dsns: DSNS,
      settings: `
users:
  analyst: { password: "\${env:ANALYST}", dsns: [shop] }
  teller: { password: "${verifier}", dsns: [bank] }
  ops: { password: "\${env:OPS}", dsns: all, admin: true }
limits: { connections: 4 }`,
      env: { ANALYST: PASSWORDS.analyst, OPS: PASSWORDS.ops },
    });
  });
  afterAll(() => gateway?.close());

  const open = (user: keyof typeof PASSWORDS): Promise<pg.Client> =>
    gateway.connect({ user, password: PASSWORDS[user] });
  const allGone = () => expect.poll(() => gateway.serving.gateway.sessionCount, { timeout: 5000 }).toBe(0);
  const closeAll = (...clients: pg.Client[]) => Promise.all(clients.map((client) => client.end()));

  it('logs in with a password or the verifier of one, and reads the DSNs that are granted', async () => {
    const [analyst, teller, ops] = [await open('analyst'), await open('teller'), await open('ops')];
    const shop = 'SELECT name FROM shop.rates WHERE id = 2';
    const bank = 'SELECT name FROM bank.rates WHERE id = 2';
    for (const [client, sql] of [
      [analyst, shop],
      [teller, bank],
      [ops, shop],
      [ops, bank],
    ] as const) {
      expect((await client.query(sql)).rows).toEqual([{ name: 'two' }]);
    }
    await closeAll(analyst, teller, ops);
  });

  it.each([
    'SELECT name FROM bank.rates',
    'SELECT count(*) FROM shop.rates s JOIN bank.rates b USING (id)',
    'SELECT * FROM bank.bank_view',
    'SELECT 1 WHERE EXISTS (SELECT FROM bank.rates)',
    'EXPLAIN SELECT * FROM bank.rates',
    'DECLARE c CURSOR WITH HOLD FOR SELECT * FROM bank.rates',
    'COPY bank.rates TO STDOUT',
    'CREATE TEMP TABLE copy AS SELECT * FROM bank.rates',
  ])('refuses what is not granted: %s', async (sql) => {
    const client = await open('analyst');
    await expect(client.query(sql)).rejects.toMatchObject({ code: '42501' });
    await expect(client.query({ text: sql, values: [], name: 'named' })).rejects.toMatchObject({ code: '42501' });
    await closeAll(client);
  });

  it("shows nothing of another DSN in information_schema, and the user's own with its keys", async () => {
    const client = await open('analyst');
    const shown = async (sql: string) => (await client.query({ text: sql, rowMode: 'array' })).rows.flat();
    expect(
      await shown(
        "SELECT table_schema || '.' || table_name FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1",
      ),
    ).toEqual(['shop.rates', 'shop.shop_view']);
    expect(
      await shown(
        "SELECT DISTINCT table_schema FROM information_schema.columns WHERE table_schema IN ('shop', 'bank')",
      ),
    ).toEqual(['shop']);
    expect(
      await shown(
        "SELECT constraint_name FROM information_schema.table_constraints WHERE table_schema = 'shop' AND constraint_type = 'PRIMARY KEY'",
      ),
    ).toEqual(['rates_pkey']);
    expect(
      await shown("SELECT table_name FROM information_schema.key_column_usage WHERE table_schema = 'bank'"),
    ).toEqual([]);
    await closeAll(client);
  });

  it('does not let a user become another, or reach what the gateway keeps', async () => {
    const client = await open('analyst');
    for (const sql of [
      'SET ROLE ops',
      'SET SESSION AUTHORIZATION ops',
      'ALTER ROLE analyst SUPERUSER',
      'CREATE TABLE shop.mine (a int)',
      'CREATE SCHEMA mine',
      'SELECT rolpassword FROM pg_authid',
    ]) {
      await expect(client.query(sql), sql).rejects.toMatchObject({ code: '42501' });
    }
    await closeAll(client);
  });

  it("says the same to a wrong password, an empty one, an unknown user and another user's password", async () => {
    const attempts = [
      { user: 'analyst', password: 'wrong' },
      { user: 'analyst', password: PASSWORDS.ops },
      { user: 'nobody', password: 'wrong' },
      { user: 'tidegate', password: 'any' },
      { user: 'postgres', password: '' },
    ];
    for (const attempt of attempts) {
      const error = await gateway
        .connect({ ...attempt, password: attempt.password || 'x' })
        .catch((failure: unknown) => failure);
      expect(error).toMatchObject({
        severity: 'FATAL',
        code: '28P01',
        message: `password authentication failed for user "${attempt.user}"`,
      });
    }
    await allGone();
    expect(gateway.log.filter(({ message }) => message.startsWith('login failed'))).toHaveLength(attempts.length);
  });

  it('slows a user down whose login has failed, and logs no password', async () => {
    const fail = () => gateway.connect({ user: 'teller', password: 'canary-guess' }).catch(() => {});
    for (let tries = 0; tries < 2; tries++) await fail();
    const startedAt = performance.now();
    const teller = await open('teller');
    expect(performance.now() - startedAt).toBeGreaterThan(400);
    expect((await teller.query('SELECT name FROM bank.rates WHERE id = 2')).rows).toEqual([{ name: 'two' }]);
    await closeAll(teller);
    await allGone();
    expect(JSON.stringify(gateway.log)).not.toContain('canary');
  });

  it('asks an unknown user for a password exactly as a known one', async () => {
    const challenges: string[] = [];
    for (const user of ['analyst', 'nobody']) {
      const client = await RawClient.open(gateway.port);
      client.socket.write(startupMessage(196608, Object.entries({ user, database: 'tidegate' })));
      const frames = await client.until('R');
      challenges.push(frames.map(({ bytes }) => bytes.toString('latin1')).join());
      client.close();
    }
    expect(challenges[0]).toContain('SCRAM-SHA-256');
    expect(challenges[1]).toBe(challenges[0]);
  });

  it('refuses another database, a replication connection and a missing user', async () => {
    const refusal = async (parameters: Record<string, string>) => {
      const client = await RawClient.open(gateway.port);
      client.socket.write(startupMessage(196608, Object.entries(parameters)));
      return errorOf(await client.untilClosed());
    };
    expect(await refusal({ user: 'analyst', database: 'shop' })).toMatchObject({
      severity: 'FATAL',
      sqlstate: '3D000',
    });
    expect(await refusal({ user: 'analyst', replication: 'database' })).toMatchObject({ sqlstate: '0A000' });
    expect(await refusal({ database: 'tidegate' })).toMatchObject({ sqlstate: '28000' });
  });

  it('takes as many clients as it may, then answers 53300 until one has left', async () => {
    await allGone();
    const results = await Promise.allSettled(Array.from({ length: 12 }, () => open('ops')));
    const clients = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const refusals = results.flatMap((result) =>
      result.status === 'rejected' ? [result.reason as pg.DatabaseError] : [],
    );
    expect(refusals.map(({ code, message }) => `${code} ${message}`)).toEqual(
      Array(8).fill('53300 sorry, too many clients already'),
    );
    expect(clients).toHaveLength(4);
    expect(refusals[0]!.hint).toContain('limits.connections is 4');
    await clients.pop()!.end();
    await expect.poll(() => gateway.serving.gateway.sessionCount, { timeout: 5000 }).toBe(3);
    clients.push(await open('analyst'));
    await closeAll(...clients);
    await allGone();
  });

  it('logs no password', () => {
    const text = JSON.stringify(gateway.log);
    for (const password of Object.values(PASSWORDS)) expect(text).not.toContain(password);
    expect(text).not.toContain('SCRAM-SHA-256$');
  });
});
