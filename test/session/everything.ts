import { type ApiHandler, startApi, type TestApi } from '../support/api-server.js';

/** A column of every scalar type, and rows that are hard on each of them. */
export const EVERYTHING_DSN = `
dsn: t
base_url: \${env:API_URL}
tables:
  everything:
    path: /everything
    records: $.rows[*]
    pagination: { type: page, parameter: page, size_parameter: size, size: 7 }
    primary_key: [id]
    columns:
      id: bigint
      i: smallint
      n: integer
      amount: numeric(12,3)
      num: numeric
      r: real
      d: double precision
      s: text
      v: varchar(12)
      b: boolean
      day: date
      at: timestamptz
      ts: timestamp
      t: time
      u: uuid
      j: json
      jb: jsonb
      raw: bytea
      paid: { type: boolean, values: { true: [Y, yes, 1], false: [N, no, 0] } }
      tags: text[]
      sums: numeric[]
      grid: integer[]
      times: timestamptz[]
      flags: boolean[]
      notes: json[]
      ids: uuid[]
    filters:
      s: { operators: ["="], query: s }
      paid: { query: paid }
      n: { operators: ["=", in, ">="], query: n, separator: "," }
  pairs:
    path: /pairs
    records: $.rows[*]
    columns: { id: bigint, tag: text, qty: integer }
views:
  positive: { sql: "SELECT id, n, s FROM t.everything WHERE n > 0" }
`;

const TEXTS = [
  'plain',
  '',
  'tab\there',
  'line\nbreak',
  'back\\slash',
  '"quoted"',
  "it's",
  'ünï©ødé',
  '🦊',
  '\\N',
  ' padded ',
];
const DAYS = ['2026-01-31', '1999-12-31', '2000-02-29', '0001-01-01', '9999-12-31'];

/** Record `id` as the API sends it. */
function record(id: number): Record<string, unknown> {
  const isNull = (every: number): boolean => id % every === 0;
  const day = DAYS[id % DAYS.length]!;
  const time = `${String(id % 24).padStart(2, '0')}:${String((id * 7) % 60).padStart(2, '0')}:05`;
  return {
    id,
    i: isNull(9) ? null : [0, -32768, 32767, 12][id % 4],
    n: isNull(8) ? null : [2147483647, -2147483648, 0, id, -id][id % 5],
    amount: isNull(7) ? null : [0, 1.5, -99999.999, 0.001, 123456789.125][id % 5],
    num: isNull(6) ? null : ['0', '123456789012345678901234567890.123456789', '-0.00001', '1000'][id % 4],
    r: isNull(5) ? null : [0, 1.5, -1e-7, 3.4e38, 16777216][id % 5],
    d: isNull(11) ? null : [0, 0.1, 1e21, -1e-7, 123456.789, 1e15][id % 6],
    s: isNull(10) ? null : TEXTS[id % TEXTS.length],
    v: isNull(4) ? null : TEXTS[(id + 3) % TEXTS.length],
    b: isNull(3) ? null : id % 2 === 0,
    day: isNull(12) ? null : day,
    at: isNull(13) ? null : `${day}T${time}${['Z', '+02:00', '.123Z', '.123456-05:30'][id % 4]}`,
    ts: isNull(14) ? null : `${day}T${time}.5`,
    t: isNull(15) ? null : time,
    u: isNull(16) ? null : `a0eebc99-9c0b-4ef8-bb6d-${String(id).padStart(12, '0')}`,
    j: isNull(17) ? null : { k: [id, 'ü', null], z: 1.5 },
    jb: isNull(18) ? null : [{ bb: 1, a: [true, null, 1.5], c: 'q"' }, [], 'text', 7][id % 4],
    raw: isNull(19) ? null : `\\x${id.toString(16).padStart(4, '0')}ff`,
    paid: isNull(6) ? null : ['Y', 'no', 1, 0, 'yes', 'N', true][id % 7],
    tags: isNull(7)
      ? null
      : Array.from({ length: id % 5 }, (_, k) => (k === 2 ? null : TEXTS[(id + k) % TEXTS.length])),
    sums: isNull(8) ? null : [1.5, -99999.999, 0, '123456789012345678901234567890.5', 1e-7].slice(id % 5),
    grid: isNull(9)
      ? null
      : [
          [id, null, -id],
          [0, 2147483647, 7],
        ],
    times: isNull(10) ? null : [`${day}T${time}Z`, null, `${day}T${time}.25+02:00`].slice(id % 4),
    flags: isNull(11) ? null : [true, false, null],
    notes: isNull(12) ? null : [{ k: 'a"b\\' }, [1, 2], 'text', null, 7.5].slice(id % 3),
    ids: isNull(13) ? null : [`a0eebc99-9c0b-4ef8-bb6d-${String(id).padStart(12, '0')}`],
  };
}

/** What the API means by the texts that its filter takes. */
const PAID: Readonly<Record<string, readonly unknown[]>> = { Y: ['Y', 'yes', 1, true], N: ['N', 'no', 0] };

export const ROW_COUNT = 60;

const handler: ApiHandler = (request) => {
  if (request.path === '/pairs') {
    return { body: { rows: Array.from({ length: 40 }, (_, k) => ({ id: (k * 7) % 30, tag: `tag${k % 4}`, qty: k })) } };
  }
  const page = Number(request.query.get('page'));
  const size = Number(request.query.get('size'));
  const s = request.query.get('s');
  const n = request.query.get('n');
  const paid = request.query.get('paid');
  const rows = Array.from({ length: ROW_COUNT }, (_, k) => record(k + 1)).filter(
    (row) =>
      (s === null || row.s === s) &&
      (paid === null || (PAID[paid] ?? []).includes(row.paid)) &&
      (n === null || n.split(',').includes(String(row.n)) || Number(row.n) >= Number(n)),
  );
  return { body: { rows: rows.slice((page - 1) * size, page * size) } };
};

export const startEverythingApi = (): Promise<TestApi> => startApi(handler);
