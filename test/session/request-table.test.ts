import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errorOf, RawClient } from '../support/raw-client.js';
import { type Hub, startHub } from './hub.js';

let hub: Hub;
let client: RawClient;

beforeAll(async () => {
  hub = await startHub();
  client = await RawClient.login(hub.gateway.port);
});
afterAll(async () => {
  client?.close();
  await hub?.close();
});

/** Each statement with the number of its rows and the requests that it makes, in any order. */
const SHAPES: readonly (readonly [string, number, readonly string[]])[] = [
  ['SELECT id, status FROM hub.orders WHERE id = 7', 1, ['/orders?id=7&fields=id,status&page=1&size=10']],
  ['SELECT id, status FROM hub.orders WHERE id IN (7, 3, 7)', 2, ['/orders?id=7,3&fields=id,status&page=1&size=10']],
  [
    'SELECT id FROM hub.orders WHERE id IN (1, 2, 3, 4, 5)',
    5,
    ['/orders?id=1,2,3&fields=id&page=1&size=10', '/orders?id=4,5&fields=id&page=1&size=10'],
  ],
  ['SELECT id FROM hub.orders WHERE id = 4 OR id = 9', 2, ['/orders?id=4,9&fields=id&page=1&size=10']],
  // the last of three pages may be full, so one more is asked for
  [
    "SELECT id FROM hub.orders WHERE status = 'open' OR status IN ('sent')",
    20,
    [
      '/orders?status=open%7Csent&fields=id,status&page=1&size=10',
      '/orders?status=open%7Csent&fields=id,status&page=2&size=10',
      '/orders?status=open%7Csent&fields=id,status&page=3&size=10',
    ],
  ],
  [
    "SELECT id FROM hub.orders WHERE (status)::text = 'open' AND id = 1",
    1,
    ['/orders?id=1&status=open&fields=id,status&page=1&size=10'],
  ],
  ["SELECT id FROM hub.orders WHERE id::text = '7'", 1, ['/orders?id=7&fields=id&page=1&size=10']],
  [
    'SELECT id FROM hub.orders WHERE stock::numeric < -8.5 AND stock::numeric >= -9.2',
    1,
    ['/orders?stock=%3C%3D-9%20and%20%3E%3D-9&fields=id,stock&page=1&size=10'],
  ],
  [
    'SELECT id FROM hub.orders WHERE id = 2 AND stock::numeric <> 1.0',
    1,
    ['/orders?id=2&stock=%3C%3E1&fields=id,stock&page=1&size=10'],
  ],
  // once sent as <= 1
  [
    'SELECT id FROM hub.orders WHERE id = 20 AND stock::numeric <> 1.5',
    1,
    ['/orders?id=20&fields=id,stock&page=1&size=10'],
  ],
  [
    "SELECT id FROM hub.orders WHERE created >= '2026-01-05' AND created < '2026-01-08'",
    3,
    ['/orders?created=%3E%3D2026-01-05T00:00:00Z%20and%20%3C2026-01-08T00:00:00Z&fields=id,created&page=1&size=10'],
  ],
  [
    "SELECT id FROM hub.orders WHERE created BETWEEN date '2026-01-29' AND date '2026-01-30'",
    2,
    ['/orders?created=%3E%3D2026-01-29T00:00:00Z&fields=id,created&page=1&size=10'],
  ],
  [
    "SELECT id FROM hub.orders WHERE created::date = date '2026-01-03'",
    1,
    ['/orders?created=%3E%3D2026-01-03T00:00:00Z%20and%20%3C2026-01-04T00:00:00Z&fields=id,created&page=1&size=10'],
  ],
  [
    "SELECT id FROM hub.orders WHERE created >= timestamptz '2026-01-30 00:00Z' - interval '2 days' AND paid",
    1,
    ['/orders?created=%3E%3D2026-01-28T00:00:00Z&paid=1&fields=id,created,paid&page=1&size=10'],
  ],
  ['SELECT id FROM hub.orders WHERE NOT paid AND id = 2', 1, ['/orders?id=2&paid=0&fields=id,paid&page=1&size=10']],
  [
    'SELECT id FROM hub.orders WHERE (id = 1 AND paid) OR (id = 2 AND amount > 3)',
    2,
    ['/orders?id=1,2&fields=id,amount,paid&page=1&size=10'],
  ],
  ['SELECT id, amount FROM hub.orders LIMIT 3', 3, ['/orders?fields=id,amount&page=1&size=3']],
  [
    "SELECT id FROM hub.orders WHERE status = 'open' LIMIT 3",
    3,
    ['/orders?status=open&fields=id,status&page=1&size=3'],
  ],
  [
    "SELECT upper(status) FROM hub.orders WHERE status = 'open' LIMIT 2 OFFSET 1",
    2,
    ['/orders?status=open&fields=id,status&page=1&size=3'],
  ],
  [
    'SELECT id FROM hub.orders ORDER BY amount DESC LIMIT 4',
    4,
    ['/orders?fields=id,amount&sort=-amount&page=1&size=4'],
  ],
  [
    "SELECT id FROM hub.orders WHERE status = 'open' ORDER BY created LIMIT 2",
    2,
    ['/orders?status=open&fields=id,status,created&sort=created&page=1&size=2'],
  ],
  [
    'SELECT id FROM hub.orders ORDER BY amount, id DESC LIMIT 3',
    3,
    ['/orders?fields=id,amount&sort=amount,-id&page=1&size=3'],
  ],
  [
    'SELECT id FROM hub.orders ORDER BY amount, customer_id LIMIT 3',
    3,
    ['/orders?fields=id,customer_id,amount&sort=amount&page=1&size=4'],
  ],
  ['SELECT id FROM hub.orders ORDER BY id LIMIT 2', 2, ['/orders?fields=id&sort=id&page=1&size=2']],
  ['SELECT count(*) FROM hub.orders', 1, ['/orders?fields=id&page=1&size=1']],
  ["SELECT count(*) FROM hub.orders WHERE status = 'open'", 1, ['/orders?status=open&fields=id&page=1&size=1']],
  // the API cannot count by amount; its first page is full, so one more is asked for
  [
    "SELECT count(*) FROM hub.orders WHERE status = 'open' AND amount > 3",
    1,
    [
      '/orders?status=open&fields=id,status,amount&page=1&size=10',
      '/orders?status=open&fields=id,status,amount&page=2&size=10',
    ],
  ],
  ['SELECT name FROM hub.customers WHERE id = 3', 1, ['/customers/3']],
  ['SELECT name FROM hub.customers WHERE id IN (3, 5)', 2, ['/customers/3', '/customers/5']],
  // more than `max` of the lookup: the whole list is one request
  ['SELECT name FROM hub.customers WHERE id IN (1, 2, 3, 4)', 4, ['/customers']],
  ['SELECT name FROM hub.customers WHERE id = 99', 0, ['/customers/99']],
  [
    'SELECT c.name FROM hub.orders o JOIN hub.customers c ON c.id = o.customer_id WHERE o.id IN (2, 8)',
    2,
    ['/customers/2', '/orders?id=2,8&fields=id,customer_id&page=1&size=10'],
  ],
  [
    "SELECT c.name FROM hub.orders o JOIN hub.customers c ON c.id = o.customer_id WHERE o.status = 'open' AND o.paid",
    5,
    ['/customers/1', '/orders?status=open&paid=1&fields=id,customer_id,status,paid&page=1&size=10'],
  ],
  [
    'SELECT c.name, o.id FROM hub.customers c LEFT JOIN hub.orders o ON o.customer_id = c.id WHERE c.id = 2',
    5,
    ['/customers/2', '/orders?customer=2&fields=id,customer_id&page=1&size=10'],
  ],
  ["SELECT name FROM hub.repos WHERE org = 'a'", 2, ['/orgs/a/repos']],
  ["SELECT name FROM hub.repos WHERE org IN ('a', 'b')", 4, ['/orgs/a/repos', '/orgs/b/repos']],
  ['SELECT r.name FROM hub.orgs o JOIN hub.repos r ON r.org = o.login', 4, ['/orgs', '/orgs/a/repos', '/orgs/b/repos']],
  [
    "SELECT r.name FROM hub.orgs o LEFT JOIN hub.repos r ON r.org = o.login WHERE o.plan = 'team'",
    2,
    ['/orgs/b/repos', '/orgs?plan=team'],
  ],
  [
    "SELECT name FROM hub.repos WHERE org IN (SELECT login FROM hub.orgs WHERE plan = 'team')",
    2,
    ['/orgs/b/repos', '/orgs?plan=team'],
  ],
  [
    "SELECT login, (SELECT max(stars) FROM hub.repos r WHERE r.org = o.login) FROM hub.orgs o WHERE plan = 'free'",
    1,
    ['/orgs/a/repos', '/orgs?plan=free'],
  ],
  [
    'SELECT login FROM hub.orgs o WHERE EXISTS (SELECT FROM hub.repos r WHERE r.org = o.login AND stars > 9)',
    2,
    ['/orgs', '/orgs/a/repos', '/orgs/b/repos'],
  ],
  [
    'SELECT o.login, x.name FROM hub.orgs o, LATERAL (SELECT name FROM hub.repos r WHERE r.org = o.login ORDER BY stars DESC LIMIT 1) x',
    2,
    ['/orgs', '/orgs/a/repos', '/orgs/b/repos'],
  ],
  [
    "WITH o AS (SELECT login FROM hub.orgs WHERE plan = 'team') SELECT r.name FROM o JOIN hub.repos r ON r.org = o.login",
    2,
    ['/orgs/b/repos', '/orgs?plan=team'],
  ],
  // values by a WITH query that is computed once, and through subqueries that choose rows
  [
    "WITH o AS MATERIALIZED (SELECT login FROM hub.orgs WHERE plan = 'team') SELECT r.name FROM o JOIN hub.repos r ON r.org = o.login",
    2,
    ['/orgs/b/repos', '/orgs?plan=team'],
  ],
  [
    'WITH o AS MATERIALIZED (SELECT plan, login AS key FROM hub.orgs) SELECT r.name FROM o JOIN hub.repos r ON r.org = o.key',
    4,
    ['/orgs', '/orgs/a/repos', '/orgs/b/repos'],
  ],
  [
    'WITH o AS MATERIALIZED (SELECT * FROM hub.orgs) SELECT r.name, o.plan FROM o JOIN hub.repos r ON r.org = o.login',
    4,
    ['/orgs', '/orgs/a/repos', '/orgs/b/repos'],
  ],
  [
    'WITH o AS (SELECT login FROM hub.orgs) SELECT r.name FROM o JOIN hub.repos r ON r.org = o.login JOIN o p ON p.login = o.login',
    4,
    ['/orgs', '/orgs/a/repos', '/orgs/b/repos'],
  ],
  [
    'WITH RECURSIVE t AS (SELECT login FROM hub.orgs UNION SELECT o.login FROM hub.orgs o JOIN t ON t.login > o.login) SELECT r.name FROM t JOIN hub.repos r ON r.org = t.login',
    4,
    ['/orgs', '/orgs/a/repos', '/orgs/b/repos'],
  ],
  [
    "SELECT name FROM hub.repos WHERE org = (SELECT login FROM hub.orgs WHERE plan = 'team' LIMIT 1)",
    2,
    ['/orgs/b/repos', '/orgs?plan=team'],
  ],
  [
    'SELECT name FROM hub.repos WHERE org = ANY (ARRAY(SELECT login FROM hub.orgs))',
    4,
    ['/orgs', '/orgs/a/repos', '/orgs/b/repos'],
  ],
  [
    'SELECT r.name FROM (SELECT plan, max(login) AS login FROM hub.orgs GROUP BY plan) o JOIN hub.repos r ON r.org = o.login',
    4,
    ['/orgs', '/orgs/a/repos', '/orgs/b/repos'],
  ],
  [
    'SELECT r.name FROM (SELECT login, row_number() OVER (ORDER BY plan) AS n FROM hub.orgs) o JOIN hub.repos r ON r.org = o.login WHERE n = 1',
    2,
    ['/orgs', '/orgs/a/repos', '/orgs/b/repos'],
  ],
  [
    "SELECT i.number FROM hub.orgs o JOIN LATERAL (SELECT org, name FROM hub.repos r WHERE r.org = o.login ORDER BY stars LIMIT 1) r ON true JOIN hub.issues i ON i.org = r.org AND i.repo = r.name WHERE i.state = 'open'",
    2,
    [
      '/orgs',
      '/orgs/a/repos',
      '/orgs/b/repos',
      '/repos/a/a1/issues?state=open',
      '/repos/a/a2/issues?state=open',
      '/repos/b/b1/issues?state=open',
      '/repos/b/b2/issues?state=open',
    ],
  ],
  // conditions behind a WITH query that is computed once are those of its tables
  ["WITH r AS MATERIALIZED (SELECT * FROM hub.repos) SELECT name FROM r WHERE org = 'a'", 2, ['/orgs/a/repos']],
  [
    "WITH r AS (SELECT * FROM hub.repos) SELECT x.name, y.name FROM r x, r y WHERE x.org = 'a' AND y.org = 'b'",
    4,
    ['/orgs/a/repos', '/orgs/b/repos'],
  ],
  [
    'WITH r AS MATERIALIZED (SELECT * FROM hub.repos) SELECT r.name FROM r JOIN hub.orgs o ON o.login = r.org',
    4,
    ['/orgs', '/orgs/a/repos', '/orgs/b/repos'],
  ],
  [
    "WITH r (o, n) AS MATERIALIZED (SELECT org, name FROM hub.repos), p AS (SELECT * FROM hub.orgs WHERE plan = 'team') SELECT x.n, y.n FROM r x JOIN r y ON y.o = x.o JOIN p ON p.login = x.o",
    4,
    ['/orgs/b/repos', '/orgs?plan=team'],
  ],
  [
    "WITH o AS MATERIALIZED (SELECT login, plan FROM hub.orgs) SELECT r.name FROM o JOIN hub.repos r ON r.org = o.login WHERE o.plan = 'team'",
    2,
    ['/orgs/b/repos', '/orgs?plan=team'],
  ],
  [
    "WITH r AS (SELECT * FROM hub.orders) SELECT id FROM r WHERE status = 'open' AND id < 5 UNION ALL SELECT id FROM r WHERE status = 'open' AND paid",
    7,
    ['/orders?status=open&page=1&size=10', '/orders?status=open&page=2&size=10'],
  ],
  // which is not the same where it must be computed
  [
    "WITH r AS MATERIALIZED (SELECT *, random() FROM hub.orders WHERE id = 4) SELECT id FROM r WHERE status = 'paid'",
    0,
    ['/orders?id=4&page=1&size=10'],
  ],
  // of the first rows only, and of those that are equal to the last of them
  [
    'SELECT name FROM hub.repos WHERE org IN (SELECT login FROM hub.orgs ORDER BY plan DESC LIMIT 1)',
    2,
    ['/orgs', '/orgs/b/repos'],
  ],
  ['SELECT name FROM hub.repos WHERE org = (SELECT max(login) FROM hub.orgs)', 2, ['/orgs', '/orgs/b/repos']],
  [
    'WITH o AS MATERIALIZED (SELECT login AS x FROM hub.orgs ORDER BY x LIMIT 1) SELECT r.name FROM hub.repos r JOIN o ON o.x = r.org',
    2,
    ['/orgs', '/orgs/a/repos'],
  ],
  [
    'SELECT login, (SELECT count(*) FROM hub.repos r WHERE r.org = o.login) FROM hub.orgs o ORDER BY login LIMIT 1',
    1,
    ['/orgs', '/orgs/a/repos'],
  ],
  [
    "SELECT i.number FROM hub.issues i JOIN (SELECT org, name FROM hub.repos WHERE org IN ('a', 'b') ORDER BY stars DESC LIMIT 1) r ON r.org = i.org AND r.name = i.repo",
    2,
    ['/orgs/a/repos', '/orgs/b/repos', '/repos/a/a2/issues', '/repos/b/b2/issues'],
  ],
  [
    'SELECT name FROM hub.repos WHERE org IN (SELECT login FROM hub.orgs LIMIT 1)',
    2,
    ['/orgs', '/orgs/a/repos', '/orgs/b/repos'],
  ],
  // the order is another query's
  [
    'SELECT p.login, x.name FROM hub.orgs p, LATERAL (SELECT name FROM hub.repos r WHERE r.org IN (SELECT login FROM hub.orgs q ORDER BY p.plan LIMIT 1)) x',
    4,
    ['/orgs', '/orgs/a/repos', '/orgs/b/repos'],
  ],
  // a UNION has the values of all its parts
  [
    "SELECT r.name FROM (SELECT login FROM hub.orgs WHERE plan = 'free' UNION ALL SELECT login FROM hub.orgs WHERE plan = 'team') o JOIN hub.repos r ON r.org = o.login",
    4,
    ['/orgs/a/repos', '/orgs/b/repos', '/orgs?plan=free', '/orgs?plan=team'],
  ],
  // also where its first part takes its column from elsewhere
  [
    "SELECT name FROM hub.repos r WHERE EXISTS (SELECT FROM (SELECT min(login) AS o FROM hub.orgs WHERE plan = 'free' UNION SELECT login FROM hub.orgs WHERE plan = 'team') u WHERE u.o = r.org)",
    4,
    ['/orgs/a/repos', '/orgs/b/repos', '/orgs?plan=free', '/orgs?plan=team'],
  ],
  [
    "SELECT r.name FROM hub.orgs o, LATERAL (SELECT o.login AS x UNION ALL SELECT login FROM hub.orgs p WHERE p.plan = 'team') u JOIN hub.repos r ON r.org = u.x WHERE o.plan = 'free'",
    4,
    ['/orgs/a/repos', '/orgs/b/repos', '/orgs?plan=free', '/orgs?plan=team'],
  ],
  [
    'SELECT name FROM hub.repos WHERE org IN (SELECT login FROM hub.orgs UNION SELECT login FROM hub.orgs)',
    4,
    ['/orgs', '/orgs/a/repos', '/orgs/b/repos'],
  ],
  [
    "SELECT i.number FROM (SELECT org, name FROM hub.repos WHERE org = 'a' UNION ALL SELECT org, name FROM hub.repos WHERE org = 'b' AND stars > 9) r JOIN hub.issues i ON i.org = r.org AND i.repo = r.name",
    6,
    ['/orgs/a/repos', '/orgs/b/repos', '/repos/a/a1/issues', '/repos/a/a2/issues', '/repos/b/b2/issues'],
  ],
  [
    "SELECT i.number FROM hub.repos r JOIN hub.issues i ON i.org = r.org AND i.repo = r.name WHERE r.org = 'a' AND i.state = 'open'",
    2,
    ['/orgs/a/repos', '/repos/a/a1/issues?state=open', '/repos/a/a2/issues?state=open'],
  ],
  [
    "SELECT i.number FROM hub.orgs o JOIN hub.repos r ON r.org = o.login JOIN hub.issues i ON i.org = r.org AND i.repo = r.name WHERE o.plan = 'team' AND r.stars > 9",
    2,
    ['/orgs/b/repos', '/orgs?plan=team', '/repos/b/b2/issues'],
  ],
  [
    "SELECT c.body FROM hub.orgs o JOIN hub.repos r ON r.org = o.login JOIN hub.issues i ON i.org = r.org AND i.repo = r.name JOIN hub.comments c ON c.org = i.org AND c.repo = i.repo AND c.number = i.number WHERE o.plan = 'free' AND i.state = 'open'",
    2,
    [
      '/orgs/a/repos',
      '/orgs?plan=free',
      '/repos/a/a1/issues/1/comments',
      '/repos/a/a1/issues?state=open',
      '/repos/a/a2/issues/1/comments',
      '/repos/a/a2/issues?state=open',
    ],
  ],
  [
    'SELECT "_"."id", "_"."status" FROM (SELECT "id", "status", "amount" FROM "hub"."orders" "$Table") "_" WHERE "_"."id" = 5 AND "_"."id" IS NOT NULL',
    1,
    ['/orders?id=5&fields=id,status&page=1&size=10'],
  ],
  [
    'SELECT "_"."id" FROM (SELECT "rows"."id" AS "id", "rows"."status" AS "status" FROM "hub"."orders" "rows") "_" WHERE "_"."status" = \'open\' LIMIT 4',
    4,
    ['/orders?status=open&fields=id,status&page=1&size=4'],
  ],
  [
    'SELECT "rows"."status" AS "status" FROM (SELECT "status" FROM "hub"."orders" "$Table" WHERE "status" = \'sent\') "rows" GROUP BY "status" LIMIT 1000001',
    1,
    ['/orders?status=sent&fields=id,status&page=1&size=10', '/orders?status=sent&fields=id,status&page=2&size=10'],
  ],
  ['SELECT count(*) FROM hub.open_orders', 1, ['/orders?status=open&fields=id&page=1&size=1']],
  ['SELECT id FROM hub.open_orders WHERE id = 4', 1, ['/orders?id=4&status=open&fields=id,status&page=1&size=10']],
  [
    'SELECT a.id FROM hub.orders a JOIN hub.orders b ON b.customer_id = a.customer_id WHERE a.id = 1',
    5,
    ['/orders?customer=1&fields=id,customer_id&page=1&size=10', '/orders?id=1&fields=id,customer_id&page=1&size=10'],
  ],
  [
    'SELECT id FROM hub.orders WHERE id = 1 UNION ALL SELECT id FROM hub.orders WHERE id = 2',
    2,
    ['/orders?id=1&fields=id&page=1&size=10', '/orders?id=2&fields=id&page=1&size=10'],
  ],
  // references to one table share a scan of which one needs all that the others do
  ['SELECT a.name FROM hub.customers a JOIN hub.customers b ON b.name = a.name', 6, ['/customers']],
  ['WITH c AS (SELECT id FROM hub.customers) SELECT x.id FROM c x JOIN c y ON y.id > x.id', 15, ['/customers']],
  ['WITH c AS MATERIALIZED (SELECT id FROM hub.customers) SELECT x.id FROM c x, c y', 36, ['/customers']],
  [
    "SELECT a.id FROM hub.orders a JOIN hub.orders b ON b.amount = a.amount WHERE a.status = 'open' AND b.status = 'open'",
    10,
    [
      '/orders?status=open&fields=id,status,amount&page=1&size=10',
      '/orders?status=open&fields=id,status,amount&page=2&size=10',
    ],
  ],
  [
    'SELECT id FROM hub.orders WHERE id IN (1, 2, 3) AND amount > (SELECT min(amount) FROM hub.orders WHERE id = 2)',
    1,
    ['/orders?id=1,2,3&fields=id,amount&page=1&size=10'],
  ],
  [
    "SELECT id FROM hub.orders WHERE created >= '2026-01-29' AND amount >= ALL (SELECT amount FROM hub.orders WHERE created >= '2026-01-30')",
    1,
    ['/orders?created=%3E%3D2026-01-29T00:00:00Z&fields=id,amount,created&page=1&size=10'],
  ],
  [
    "SELECT (SELECT count(*) FROM hub.open_orders), (SELECT count(*) FROM hub.open_orders WHERE status = 'open')",
    1,
    ['/orders?status=open&fields=id&page=1&size=1'],
  ],
  [
    'SELECT (SELECT count(*) FROM hub.orders WHERE id IN (1, 2)), (SELECT max(amount) FROM hub.orders WHERE id IN (1, 2))',
    1,
    ['/orders?id=1,2&fields=id,amount&page=1&size=10'],
  ],
  // a lookup and the list may not know the same rows
  [
    'SELECT a.name FROM hub.customers a JOIN hub.customers b ON b.name = a.name WHERE a.id = 2',
    1,
    ['/customers', '/customers/2'],
  ],
  [
    'SELECT a.id FROM hub.orders a JOIN hub.orders b USING (amount) WHERE a.id IN (1, 2) AND b.id IN (2, 3)',
    1,
    ['/orders?id=1,2&fields=id,amount&page=1&size=10', '/orders?id=2,3&fields=id,amount&page=1&size=10'],
  ],
];

describe('the requests of a statement', () => {
  it.each(SHAPES)('%s', async (sql, rows, requests) => {
    const from = hub.api.requests.length;
    const frames = await client.query(sql);
    expect(errorOf(frames)).toBeNull();
    expect(
      hub.api.requests
        .slice(from)
        .map(({ url }) => url)
        .sort(),
    ).toEqual([...requests].sort());
    expect(frames.filter(({ type }) => type === 'D')).toHaveLength(rows);
  });

  it.each([
    'SELECT * FROM hub.repos',
    'SELECT r.name FROM hub.repos r LEFT JOIN hub.orgs o ON o.login = r.org',
    'SELECT r.name FROM (SELECT login FROM hub.orgs UNION ALL SELECT upper(login) FROM hub.orgs) o JOIN hub.repos r ON r.org = o.login',
    "SELECT r.name FROM (SELECT login FROM hub.orgs UNION ALL SELECT 'b') o JOIN hub.repos r ON r.org = o.login",
    'WITH r AS (SELECT * FROM hub.repos) SELECT x.name FROM hub.orgs o JOIN r x ON x.org = o.login, r y JOIN r z ON z.org = y.org',
  ])('none, but a hint that shows a working WHERE: %s', async (sql) => {
    const from = hub.api.requests.length;
    const error = errorOf(await client.query(sql));
    expect(error).toMatchObject({
      sqlstate: 'HV00L',
      message: 'virtual table "hub.repos" needs a filter on column "org"',
    });
    expect(error?.hint).toContain("WHERE org = '…'");
    expect(hub.api.requests.slice(from)).toEqual([]);
  });
});

/** Each has once been read as a filter by one value: the first of the rows, or that of a row of its own. */
const COMPUTED: readonly (readonly [string, number])[] = [
  ['SELECT o.id FROM (SELECT 1 AS c UNION ALL SELECT 2) u JOIN hub.orders o ON o.customer_id = u.c', 10],
  [
    'SELECT o.id FROM (SELECT 1 AS c UNION ALL SELECT id FROM hub.customers) u JOIN hub.orders o ON o.customer_id = u.c',
    35,
  ],
  [
    'SELECT c, (SELECT id FROM hub.orders o WHERE o.id = u.c) FROM (SELECT 1 AS c UNION ALL SELECT 2) u WHERE (SELECT id FROM hub.orders o WHERE o.id = u.c) > 0',
    2,
  ],
  ['SELECT o.id FROM (SELECT unnest(ARRAY[1, 2]) AS c) u JOIN hub.orders o ON o.id = u.c', 2],
  ['SELECT o.id FROM (SELECT generate_series(1, 3) AS c) u JOIN hub.orders o ON o.id = u.c', 3],
  ['SELECT o.id FROM (SELECT count(*) AS c FROM hub.customers) u JOIN hub.orders o ON o.id = u.c AND o.id = 6', 1],
  ['SELECT o.id FROM hub.orders o WHERE o.id IN (SELECT count(*) FROM hub.customers)', 1],
];

describe('values of the statement itself', () => {
  beforeAll(async () => {
    const sql =
      "CREATE TEMP TABLE mine (o text, n int); INSERT INTO mine VALUES ('a', 1), ('b', 2), (NULL, 3), ('a', 4)";
    expect(errorOf(await client.query(sql))).toBeNull();
    expect(errorOf(await client.query("CREATE TEMP VIEW listed AS VALUES ('a'), ('b')"))).toBeNull();
  });

  it.each<[string, number, string[]]>([
    ['SELECT r.name FROM mine JOIN hub.repos r ON r.org = mine.o WHERE n < 3', 4, ['/orgs/a/repos', '/orgs/b/repos']],
    ['SELECT name FROM hub.repos WHERE org IN (SELECT o FROM mine)', 4, ['/orgs/a/repos', '/orgs/b/repos']],
    [
      "SELECT r.name FROM (VALUES (1, 'a'), (2, 'b'::varchar)) v (n, o) JOIN hub.repos r ON r.org = v.o",
      4,
      ['/orgs/a/repos', '/orgs/b/repos'],
    ],
    [
      "SELECT r.name FROM unnest(ARRAY['a', 'b', 'a']) o JOIN hub.repos r ON r.org = o",
      6,
      ['/orgs/a/repos', '/orgs/b/repos'],
    ],
    [
      "SELECT c.body FROM generate_series(1, 2) i JOIN hub.comments c ON c.number = i WHERE c.org = 'a' AND c.repo = 'a1'",
      2,
      ['/repos/a/a1/issues/1/comments', '/repos/a/a1/issues/2/comments'],
    ],
    [
      'SELECT r.name FROM (SELECT o FROM mine LIMIT 0) m JOIN hub.repos r ON r.org = m.o',
      0,
      ['/orgs/a/repos', '/orgs/b/repos'],
    ],
  ])('%s', async (sql, rows, requests) => {
    const from = hub.api.requests.length;
    const frames = await client.query(sql);
    expect(errorOf(frames)).toBeNull();
    const urls = hub.api.requests.slice(from).map(({ url }) => url);
    expect(urls.sort()).toEqual(requests);
    expect(frames.filter(({ type }) => type === 'D')).toHaveLength(rows);
  });

  it('are those of the moment', async () => {
    const sql = 'SELECT r.name FROM mine JOIN hub.repos r ON r.org = mine.o';
    await client.query("BEGIN; DELETE FROM mine WHERE o = 'a'");
    expect((await client.query(sql)).filter(({ type }) => type === 'D')).toHaveLength(2);
    await client.query('ROLLBACK');
    expect((await client.query(sql)).filter(({ type }) => type === 'D')).toHaveLength(6);
  });

  it.each([
    "SELECT r.body FROM ROWS FROM (unnest(ARRAY[1]), unnest(ARRAY[2])) u (x, y) JOIN hub.comments r ON r.number = u.x AND r.org = 'a' AND r.repo = 'a1'",
    // a list that may be the view's
    "SELECT r.name FROM listed l JOIN hub.repos r ON r.org = l.column1 WHERE 'a' IN (VALUES ('a'), ('c'))",
    // whose numbers are another column
    "SELECT c.body FROM unnest(ARRAY[7, 8]) WITH ORDINALITY u (x, i) JOIN hub.comments c ON c.number = u.i AND c.org = 'a' AND c.repo = 'a1'",
    'SELECT r.name FROM (SELECT o FROM mine UNION ALL SELECT login FROM hub.orgs) u JOIN hub.repos r ON r.org = u.o',
  ])('are not taken for others: %s', async (sql) => {
    expect(errorOf(await client.query(sql))).toMatchObject({ sqlstate: 'HV00L' });
  });
});

describe('what another part of the statement computes is no constant', () => {
  it.each(COMPUTED)('%s', async (sql, rows) => {
    const frames = await client.query(sql);
    expect(errorOf(frames)).toBeNull();
    expect(frames.filter(({ type }) => type === 'D')).toHaveLength(rows);
  });
});

describe('counts of the API', () => {
  it.each([
    ['SELECT count(*) FROM hub.orders', '30'],
    // The planner knows that a key is never NULL, and says nothing of it.
    ['SELECT count(*) FROM hub.orders WHERE id IS NOT NULL AND id = id', '30'],
    ['SELECT count(*) FROM hub.orders WHERE created IS NOT NULL AND amount = amount', '30'],
    ['SELECT count(*) FROM hub.orders WHERE id IS NULL', '0'],
    // Nor of a condition that cannot matter, which what stands for a key would fail.
    ['SELECT count(*) FROM hub.orders WHERE (1 / id > 0 AND false) OR id IS NOT NULL', '30'],
  ])('%s', async (sql, count) => {
    const frames = await client.query(sql);
    expect(errorOf(frames)).toBeNull();
    expect(frames.find(({ type }) => type === 'D')!.bytes.toString('latin1', 11)).toBe(count);
  });
});
