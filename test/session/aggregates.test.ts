import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ExactSum } from '../../src/core/aggregate/exact-sum.js';
import { likeMatcher } from '../../src/plan/like-matcher.js';
import { startApi, type TestApi } from '../support/api-server.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const DSN = `
dsn: big
base_url: \${env:API_URL}
tables:
  events:
    path: /events
    records: $.rows[*]
    pagination: { type: page, parameter: page, size: 20000 }
    columns: { id: bigint, name: text, amount: numeric }
  slow:
    path: /slow
    columns: { id: bigint }
`;

const ROWS = 60_000;

let api: TestApi;
let gateway: TestGateway;

beforeAll(async () => {
  api = await startApi(async (request) => {
    if (request.path === '/slow') await new Promise((resolve) => setTimeout(resolve, 20_000).unref());
    const from = (Number(request.query.get('page')) - 1) * 20_000;
    const rows = Array.from({ length: Math.max(0, Math.min(20_000, ROWS - from)) }, (_, k) => {
      const id = from + k;
      return { id, name: `event ${id}`, amount: `${id % 7}.${'0'.repeat(id % 3)}5` };
    });
    return { body: { rows } };
  });
  gateway = await startTestGateway({ dsns: { 'big.yaml': DSN }, env: { API_URL: api.url } });
});

afterAll(async () => {
  await gateway?.close();
  await api?.close();
});

describe('aggregates of a stream', () => {
  const ways = () =>
    gateway.log.filter(({ message }) => message === 'statement').map(({ event }) => (event as { way: string }).way);

  it('need no table in the engine', async () => {
    const client = await gateway.connect();
    const { rows } = await client.query('SELECT count(*), sum(id), min(name) FROM big.events');
    expect(rows).toEqual([{ count: '60000', sum: '1799970000', min: 'event 0' }]);
    const few = await client.query('SELECT amount > 3 AS x, count(*) FROM big.events WHERE amount > 3 GROUP BY 1');
    expect(few.rows).toEqual([{ x: true, count: '34284' }]);
    expect((await client.query('SELECT sum(amount), count(*) FROM big.events')).rows).toHaveLength(1);
    expect(ways().at(-1)).toBe('stream');
    await client.end();
  });

  it('of more groups than memory should hold are left to the engine, with the same result', async () => {
    const client = await gateway.connect();
    const before = api.requests.length;
    const { rows } = await client.query('SELECT name, count(*) FROM big.events GROUP BY name');
    expect(rows).toHaveLength(ROWS);
    expect(new Set(rows.map(({ name }) => name)).size).toBe(ROWS);
    expect(rows.every(({ count }) => count === '1')).toBe(true);
    // The first time it was read until it was known that there are too many groups.
    expect(api.requests.length - before).toBeLessThanOrEqual(8);
    await client.end();
  });

  it('are cancelled with the request', async () => {
    const client = await gateway.connect();
    await client.query('SET statement_timeout = 300');
    const startedAt = performance.now();
    await expect(client.query('SELECT count(*) FROM big.slow')).rejects.toMatchObject({ code: '57014' });
    expect(performance.now() - startedAt).toBeLessThan(5000);
    await expect.poll(() => api.openResponses()).toBe(0);
    await client.end();
  });

  it('can be read in portions', async () => {
    const client = await gateway.connect();
    await client.query('BEGIN; DECLARE c CURSOR FOR SELECT count(*), sum(amount) FROM big.events');
    expect((await client.query('FETCH 5 FROM c')).rows).toHaveLength(1);
    await client.query('COMMIT');
    await client.end();
  });
});

describe('what is computed here is what the engine computes', () => {
  /** A small generator of the linear congruential kind, so that a failure can be repeated. */
  function seeded(seed: number): (below: number) => number {
    let state = seed;
    return (below) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
  }

  it('LIKE, for 4,000 random texts and patterns', async () => {
    const random = seeded(7);
    const letters = ['a', 'b', 'ä', '🦊', '\\', '_', '%', ''];
    const text = (most: number): string =>
      Array.from({ length: random(most) }, () => letters[random(letters.length)]).join('');
    const pattern = (): string => text(7).replace(/\\+$/, '');
    const pairs = Array.from({ length: 4000 }, () => [text(6), pattern()] as const);
    const valid = pairs.filter(([, like]) => likeMatcher(like) !== null);
    expect(valid.length).toBeGreaterThan(3500);
    const answers = await gateway.serving.gateway.engine.query(
      'SELECT (a LIKE b)::text FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS p (a, b, n) ORDER BY n',
      [0, 1].map((place) => arrayText(valid.map((pair) => pair[place]!))),
    );
    for (const [index, [value, like]] of valid.entries()) {
      const bytes = Buffer.from(`x${value}x`);
      const matches = likeMatcher(like)!(bytes, 1, bytes.length - 1);
      expect([value, like, String(matches)]).toEqual([value, like, answers[index]![0]]);
    }
  });

  it('sums of numerics, to the last digit', async () => {
    const random = seeded(11);
    const digits = (most: number): string => Array.from({ length: 1 + random(most) }, () => random(10)).join('');
    for (let round = 0; round < 60; round++) {
      const cells = Array.from({ length: 1 + random(60) }, () => {
        if (random(200) === 0) return ['NaN', 'Infinity', '-Infinity'][random(3)]!;
        const text = `${random(2) === 0 ? '-' : ''}${digits(20)}${random(2) === 0 ? `.${digits(18)}` : ''}`;
        return text;
      });
      const canonical = await gateway.serving.gateway.engine.query('SELECT c::text FROM unnest($1::numeric[]) AS c', [
        arrayText(cells),
      ]);
      const sum = new ExactSum();
      for (const [cell] of canonical) {
        const bytes = Buffer.from(cell!);
        sum.add(bytes, 0, bytes.length);
      }
      const [[expected]] = (await gateway.serving.gateway.engine.query(
        'SELECT sum(c)::text FROM unnest($1::numeric[]) AS c',
        [arrayText(cells)],
      )) as [[string]];
      expect(sum.text).toBe(expected);
    }
  });
});

function arrayText(items: readonly string[]): string {
  return `{${items.map((item) => `"${item.replace(/["\\]/g, '\\$&')}"`).join(',')}}`;
}
