import { type ApiHandler, startApi, type TestApi } from '../support/api-server.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const DSN = `
dsn: v
base_url: "\${env:VALUES_URL}"
tables:
  people:
    path: /people
    primary_key: [id]
    columns: { id: bigint, code: text, share: numeric, boss: bigint, nick: text, born: timestamptz, flag: boolean }
    filters: { code: { operators: ["="], query: code } }
  texts:
    path: /texts/{t}
    columns: { t: { type: text, from: filter }, v: text }
    filters: { t: { operators: ["="], path: t } }
  numbers:
    path: /numbers
    columns: { x: numeric, v: text }
    filters: { x: { operators: ["="], query: x, required: true } }
  counts:
    path: /counts/{n}
    columns: { n: { type: bigint, from: filter }, v: text }
    filters: { n: { operators: ["="], path: n } }
  shorts:
    path: /shorts/{n}
    columns: { n: { type: integer, from: filter }, v: text }
    filters: { n: { operators: ["="], path: n } }
  days:
    path: /days/{d}
    columns: { d: { type: date, from: filter }, v: text }
    filters: { d: { operators: ["="], path: d } }
  marks:
    path: /marks
    columns: { m: { type: bigint, from: filter }, v: text }
    filters: { m: { operators: ["="], query: f, required: true, template: "{column} {operator} {value}" } }
  pairs:
    path: /pairs/{a}/{b}
    columns: { a: { type: text, from: filter }, b: { type: bigint, from: filter }, v: text }
    filters:
      a: { operators: ["="], path: a }
      b: { operators: ["="], path: b }
  events:
    path: /events
    columns: { id: bigint, at: timestamptz, local: timestamp, day: date, kind: text, size: integer, price: "numeric(10,2)", key: uuid, ok: boolean }
    filter_separator: " and "
    filters:
      id: { operators: ["=", in, "<>", "<", "<=", ">", ">="], query: f, template: "{column} {operator} {value}", separator: "|" }
      at: { operators: ["<", "<=", ">", ">="], query: f, template: "{column} {operator} {value}" }
      local: { operators: ["<", "<=", ">", ">="], query: f, template: "{column} {operator} {value}" }
      day: { operators: ["<", "<=", ">", ">="], query: f, template: "{column} {operator} {value}" }
      kind: { operators: ["=", in, "<>", is_null, like], query: f, template: "{column} {operator} {value}", separator: "|" }
      size: { operators: ["=", in, "<", "<=", ">", ">="], query: f, template: "{column} {operator} {value}", separator: "|" }
      price: { operators: ["=", in, "<", "<=", ">", ">="], query: f, template: "{column} {operator} {value}", separator: "|" }
      key: { operators: ["=", in], query: f, template: "{column} {operator} {value}", separator: "|" }
      ok: { operators: ["="], query: f, template: "{column} {operator} {value}" }
`;

export const PEOPLE = [
  { id: 1, code: '007', share: 2.4, boss: null, nick: 'A', born: '2026-01-05T23:30:00Z', flag: true },
  { id: 2, code: '8', share: 2.1, boss: 1, nick: 'b', born: '2026-01-06T10:00:00Z', flag: false },
  { id: 3, code: '8', share: null, boss: 1, nick: null, born: null, flag: null },
];

const NUMBERS = [2, 2.1, 2.4, 3].map((x) => ({ x, v: `x${x}` }));

/** Cuba's clocks went from 1:00 back to 0:00 on 1 November 2026: 04:30Z and 05:30Z were both half past midnight. */
export const EVENTS = [
  '2025-12-31T23:30:00Z',
  '2026-01-01T00:00:00Z',
  '2026-02-10T08:00:00Z',
  '2026-03-31T22:30:00Z',
  '2026-11-01T03:30:00Z',
  '2026-11-01T04:30:00Z',
  '2026-11-01T05:30:00Z',
  '2026-12-31T23:59:59Z',
].map((at, index) => ({
  id: index + 1,
  at,
  local: at.slice(0, -1),
  day: at.slice(0, 10),
  kind: ['open', 'paid', null, 'Open'][index % 4]!,
  size: index - 2,
  price: index / 2,
  key: `00000000-0000-0000-0000-00000000000${index}`,
  ok: index % 3 === 0 ? null : index % 2 === 0,
}));

const answer: ApiHandler = ({ path, query }) => {
  const [, table, ...values] = path.split('/').map(decodeURIComponent);
  switch (table) {
    case 'people':
      return { body: PEOPLE.filter(({ code }) => [null, code].includes(query.get('code'))) };
    case 'numbers':
      return { body: NUMBERS.filter(({ x }) => x === Number(query.get('x'))) };
    case 'events':
      return { body: EVENTS.filter((row) => passes(row, query.get('f'))) };
    case 'marks':
      return { body: [{ v: query.get('f') }] };
    default:
      return { body: [{ v: values.join('/') }] };
  }
};

/** An API that filters exactly. */
function passes(row: (typeof EVENTS)[number], filter: string | null): boolean {
  return (filter?.split(' and ') ?? []).every((part) => {
    const [, name, operator, text = ''] = /^(\w+) (<=|>=|<>|=|<|>|in|is null|like) (.*)$/.exec(part)!;
    const value = row[name as keyof typeof row];
    if (operator === 'is null') return value === null;
    if (value === null) return false;
    if (operator === 'like') return String(value).startsWith(text.replace('%', ''));
    if (operator === 'in') return text.split('|').some((item) => orderOf(name!, value, item) === 0);
    const order = orderOf(name!, value, text);
    if (operator === '<>') return order !== 0;
    if (operator === '=') return order === 0;
    return (operator!.startsWith('<') ? order < 0 : order > 0) || (operator!.endsWith('=') && order === 0);
  });
}

function orderOf(column: string, value: unknown, text: string): number {
  const keyOf = (item: unknown): string | number => {
    if (column === 'at' || column === 'local')
      return Date.parse(`${String(item).replace(/Z?$/, 'Z')}`.replace(' ', 'T'));
    return typeof value === 'number' ? Number(item) : String(item);
  };
  const [one, other] = [keyOf(value), keyOf(text)];
  return one < other ? -1 : one > other ? 1 : 0;
}

/** A gateway over an API that has tables which are asked by values, and one that filters by any operator. */
export interface ValuesWorld {
  readonly api: TestApi;
  readonly gateway: TestGateway;
  close(): Promise<void>;
}

export async function startValues(): Promise<ValuesWorld> {
  const api = await startApi(answer);
  const gateway = await startTestGateway({ dsns: { 'v.yaml': DSN }, env: { VALUES_URL: api.url } });
  return {
    api,
    gateway,
    close: async () => {
      await gateway.close();
      await api.close();
    },
  };
}
