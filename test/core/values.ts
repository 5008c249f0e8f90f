import type { ScalarName } from '../../src/core/sql-type.js';
import type { Random } from './random.js';

/** Values of a type as an API may write them, most valid, many at the edges, some broken. */
export type Generator = (random: Random) => string;

const two = (value: number): string => String(value).padStart(2, '0');

function integer(bits: number): Generator {
  return (random) => {
    const edge = 2n ** BigInt(bits - 1);
    const kind = random.int(0, 9);
    if (kind < 2) return String((random.chance(0.5) ? edge : -edge) + BigInt(random.int(-2, 2)));
    const digits = random.digits(random.int(1, kind < 8 ? 5 : 22));
    const sign = random.pick(['', '', '-', '+']);
    if (kind === 2)
      return `${sign}0${random.pick([`x${BigInt(digits).toString(16)}`, `o${BigInt(digits).toString(8)}`, `B${BigInt(digits).toString(2)}`])}`;
    if (kind === 3) return random.mutate(`${sign}${digits}`, ' _0x1e.-+\t');
    return `${random.pick(['', '', ' ', '\t\n'])}${sign}${digits}${random.pick(['', '', ' ', '\f'])}`;
  };
}

const numeric: Generator = (random) => {
  const kind = random.int(0, 19);
  if (kind === 0)
    return random.pick([
      'NaN',
      'nan',
      'Infinity',
      '-inf',
      '+INFINITY',
      'inf',
      '',
      '.',
      '-',
      '1e',
      '0x1F',
      '-0b11',
      '0o7_7',
    ]);
  const whole = random.digits(random.int(0, random.chance(0.05) ? 60 : 8));
  const fraction = random.chance(0.6) ? `.${random.digits(random.int(0, random.chance(0.05) ? 40 : 6))}` : '';
  const exponent = random.chance(0.2)
    ? `${random.pick(['e', 'E'])}${random.pick(['', '-', '+'])}${random.int(0, 30)}`
    : '';
  const text = `${random.pick(['', '', '-', '+'])}${whole}${fraction}${exponent}`;
  return kind === 1 ? random.mutate(text, ' _e.-+09x') : text;
};

const SCRATCH = new DataView(new ArrayBuffer(8));

const float: Generator = (random) => {
  const kind = random.int(0, 10);
  if (kind < 3) {
    SCRATCH.setUint32(0, random.int(0, 0xffffffff));
    SCRATCH.setUint32(4, random.chance(0.3) ? 0 : random.int(0, 0xffffffff));
    return String(SCRATCH.getFloat64(0));
  }
  if (kind < 5) {
    SCRATCH.setUint32(0, random.int(0, 0xffffffff));
    return String(SCRATCH.getFloat32(0));
  }
  if (kind === 5) return String(random.pick([1, -1]) * 2 ** random.int(-149, 128) * random.pick([1, 1, 3, 5]));
  // Decimals on and beside the middle between two float4s, subnormal ones too.
  if (kind === 8) {
    SCRATCH.setUint32(0, random.chance(0.3) ? random.int(0, 0x800000) : random.int(0, 0x7f7fffff));
    const low = SCRATCH.getFloat32(0);
    SCRATCH.setUint32(0, SCRATCH.getUint32(0) + 1);
    const middle = (low + Math.min(SCRATCH.getFloat32(0), 2 ** 128)) / 2;
    return middle.toExponential(random.pick([15, 16, 17, 20]));
  }
  // Quarters above 2^51 have two nearest decimals of 17 digits.
  if (kind === 9) return String(2 ** 51 + random.int(0, 2 ** 40) * 8 + random.pick([0.25, 0.75, 0.5, 1.25]));
  if (kind === 6) return `${random.int(1, 99999)}e${random.int(-50, 45)}`;
  if (kind === 7)
    return random.pick([
      'NaN',
      '-infinity',
      'inf',
      'Infinity',
      '-0',
      '0.0',
      '1e400',
      '1e-400',
      '-1e39',
      '1e-46',
      '1e23',
      '0x1p-3',
      '0x.8',
      '4.9e-324',
      '1.7976931348623157e308',
      '3.4028235e38',
      '3.4028236e38',
      '7.006492321624085e-46',
    ]);
  return numeric(random);
};

const date: Generator = (random) => {
  const kind = random.int(0, 19);
  if (kind === 0)
    return random.pick([
      'infinity',
      '-infinity',
      'epoch',
      '4714-11-24 BC',
      '4714-11-23 BC',
      '5874897-12-31',
      '5874898-01-01',
      '294277-01-01',
      '0000-01-01',
      '2023-02-29',
      '1900-02-29',
      '2000-02-29',
    ]);
  const year = kind < 14 ? random.int(1900, 2100) : kind < 16 ? random.int(1, 9999) : random.int(10000, 300000);
  const month = random.int(1, random.chance(0.02) ? 13 : 12);
  const day = random.int(random.chance(0.02) ? 0 : 1, random.chance(0.1) ? 32 : 28);
  const digits = String(year).padStart(4, '0');
  if (kind === 1) return `${digits}${two(month)}${two(day)}`;
  if (kind === 2 && year > 999 && year < 10000) return `${digits}/${month}/${day}`;
  return `${digits}-${two(month)}-${two(day)}${kind === 3 ? ' BC' : ''}`;
};

const time: Generator = (random) => {
  const kind = random.int(0, 19);
  if (kind === 0)
    return random.pick([
      '24:00:00',
      '24:00:01',
      '23:59:60',
      '23:59:59.9999999',
      '23:59:60.5',
      '25:00:00',
      '12:60:00',
      '12:00:61',
      '00:00:00',
      '23:59:59.999999',
      '12:00:60',
    ]);
  const hour = random.int(0, 23);
  const clock = `${two(hour)}:${two(random.int(0, 59))}`;
  if (kind === 1) return clock;
  const second = `${clock}:${two(random.int(0, 59))}`;
  if (kind === 2) return `${second.replaceAll(':', '')}`;
  if (kind === 3) return `${two(random.int(1, 12))}${second.slice(2)} ${random.pick(['AM', 'PM', 'am', 'pm'])}`;
  return random.chance(0.6) ? `${second}.${random.digits(random.int(1, 9))}` : second;
};

/** Behind a date, PostgreSQL's time type takes no basic form. */
function clockWithColons(random: Random): string {
  const clock = time(random);
  return clock.includes(':') ? clock : '12:34:56';
}

const ZONES = [
  '',
  '',
  'Z',
  '+00:00',
  '+00',
  '-05:00',
  '+0530',
  '+14:00',
  '-12',
  '+05:45',
  ' UTC',
  ' Europe/Berlin',
  ' America/New_York',
  '+01:02:03',
  '-15:59',
  '+16:00',
];

/**
 * Leaves out what we take and PostgreSQL does not or reads in a way of its own: basic times with an offset, and offsets right
 * behind AM and PM.
 */
const timestamp: Generator = (random) => {
  const day = date(random);
  if (/[a-z]$/.test(day)) return day;
  const clock = time(random);
  const zone = random.pick(/:/.test(clock) ? (/m$/i.test(clock) ? ['', ' UTC', ' Europe/Berlin'] : ZONES) : ['', 'Z']);
  const [plain, era] = day.endsWith(' BC') ? [day.slice(0, -3), ' BC'] : [day, ''];
  if (random.chance(0.1)) return day;
  return `${plain}${random.pick(['T', 'T', ' '])}${clock}${zone}${era}`;
};

const uuid: Generator = (random) => {
  const hex = random.text(random.chance(0.5) ? '0123456789abcdef' : '0123456789ABCDEF', 32);
  const parts = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  const kind = random.int(0, 9);
  if (kind === 0) return hex;
  if (kind === 1) return `{${random.pick([hex, parts])}}`;
  if (kind === 2) return hex.replace(/(....)(?!$)/g, random.chance(0.5) ? '$1-' : '$1');
  if (kind === 3) return random.mutate(parts, '-{} g0');
  return parts;
};

const bytea: Generator = (random) => {
  const kind = random.int(0, 4);
  const hex = random.text('0123456789abcdefABCDEF', 2 * random.int(0, 12));
  if (kind === 0) return `\\x${hex}`;
  if (kind === 1) return random.mutate(`\\x${hex}`, ' \n0g\\');
  if (kind === 2)
    return Array.from({ length: random.int(0, 6) }, () =>
      random.pick(['a', 'é', '\\\\', '\\001', '\\377', '\\400', '\\', "'", '"']),
    ).join('');
  return random.text('abc é€😀', random.int(0, 10));
};

const WORDS = ['a', 'b', 'aa', 'é', 'zz', 'B', 'key', '', 'ü', '😀', 'a b', '"', '\\'];

function json(random: Random, depth: number): string {
  const kind = random.int(0, depth > 3 ? 5 : 9);
  const space = () => random.pick(['', '', ' ', '\n', '\t ']);
  if (kind === 0) return random.pick(['null', 'true', 'false']);
  if (kind < 3)
    return random.pick([
      '0',
      '-0',
      '-0.0',
      '1e2',
      '1.50',
      '12345678901234567890.10',
      '1E-3',
      '-1.5e+1',
      String(random.int(-9999, 9999)),
    ]);
  if (kind < 6)
    return random.pick([
      JSON.stringify(random.pick(WORDS)),
      '"\\u00e9\\/\\b\\u001f"',
      '"\\ud83d\\ude00"',
      '"\\u0041\\n\\t\\r\\f"',
      '"\u007f\u2028"',
    ]);
  const count = random.int(0, 4);
  if (kind < 8)
    return `[${Array.from({ length: count }, () => space() + json(random, depth + 1) + space()).join(',')}]`;
  return `{${Array.from({ length: count }, () => `${space()}${JSON.stringify(random.pick(WORDS))}${space()}:${space()}${json(random, depth + 1)}`).join(',')}}`;
}

const jsonDocument: Generator = (random) => {
  const text = json(random, 0);
  if (random.chance(0.02))
    return random.pick([
      '"\\u0000"',
      '"\\ud800"',
      '"\\udc00x"',
      '{"\\u0000":1}',
      '1e200000',
      '[1,]',
      '{"a":1,}',
      '01',
      '1.',
      '.5',
      '+1',
      'nul',
      '"\t"',
      '',
      ' ',
      '[',
      '"\\x"',
    ]);
  return random.chance(0.05) ? random.mutate(text, '[]{},:"\\ 1e-') : text;
};

const boolean: Generator = (random) => {
  const word = random.pick([
    'true',
    'false',
    'yes',
    'no',
    'on',
    'off',
    '1',
    '0',
    'tr',
    'fal',
    'y',
    'n',
    'o',
    'of',
    'x',
    '',
    '2',
    'truee',
  ]);
  return `${random.pick(['', ' ', '\t'])}${random.chance(0.3) ? word.toUpperCase() : word}${random.pick(['', ' '])}`;
};

const text: Generator = (random) => random.text('ab  é€😀"\\\n{},', random.int(0, 12));

/** A generator per scalar type. */
export const GENERATORS: Readonly<Record<ScalarName, Generator>> = {
  text,
  varchar: (random) => random.text('ab é€😀    ', random.int(0, 9)),
  boolean,
  smallint: integer(16),
  integer: integer(32),
  bigint: integer(64),
  numeric,
  real: float,
  double: float,
  date: (random) => (random.chance(0.2) ? timestamp(random) : date(random)),
  time: (random) => (random.chance(0.1) ? `${random.int(1990, 2030)}-02-03 ${clockWithColons(random)}` : time(random)),
  timestamp,
  timestamptz: timestamp,
  uuid,
  json: jsonDocument,
  jsonb: jsonDocument,
  bytea,
};

/** Array literals; `isMutated`: some are broken. */
export function arrayLiteral(item: Generator, isMutated: boolean): Generator {
  const one = (random: Random): string => {
    const value = item(random);
    if (random.chance(0.1)) return random.pick(['NULL', 'null']);
    return random.chance(0.3) && /^[^\s{},"\\]+$/.test(value) ? value : `"${value.replace(/["\\]/g, '\\$&')}"`;
  };
  return (random) => {
    const space = () => random.pick(['', '', '', ' ']);
    const width = random.int(0, 3);
    const row = (length: number): string =>
      `{${Array.from({ length }, () => space() + one(random) + space()).join(',')}}`;
    const kind = random.int(0, 9);
    if (kind < 6) return row(width);
    const rows = Array.from({ length: random.int(1, 3) }, () => row(random.chance(0.9) ? width : width + 1));
    const nested = `{${rows.join(',')}}`;
    return kind === 9 && isMutated ? random.mutate(nested, '{},"\\ aN') : nested;
  };
}
